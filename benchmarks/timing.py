"""The least time of several runs: what the work costs when nothing else is in the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timed:
    name: str
    seconds: float


def best(name: str, work: Callable[[], object], runs: int = 7) -> Timed:
    work()  # imports, caches
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return Timed(name, min(times))


def table(title: str, base: Timed, others: list[Timed]) -> str:
    lines = [title, f"  {'':58}{'ms':>9}{'x base':>9}"]
    lines += [f"  {t.name:58}{t.seconds * 1e3:9.2f}{t.seconds / base.seconds:9.2f}" for t in [base, *others]]
    return "\n".join(lines)
