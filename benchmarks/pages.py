"""From an edit to a redrawn recommendation, the first page after a cold start, and many readers at once.

``python -m benchmarks.pages`` measures the first two; ``python -m benchmarks.pages --readers 25 --seconds 120`` has so
many sessions edit cases of their own and holds every figure that they are shown against the library's.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import threading
import time
from pathlib import Path

from allocator.allocation import allocate
from allocator.files import load_case
from allocator.formats import table_money
from benchmarks.page_session import PageSession, served_pages

CASE = "brownfield"
RENT = "leases[0].rent_usd_per_kw_month"
EDITS, PAUSE_S, OPENS_WITHIN_S = 15, 3.0, 120.0
BASES_USD_PER_KW_MONTH = (110.0, 111.0, 112.0)
"""Rents between which each reader moves, with cents of the reader's own."""


def opened(port: int, query: str = "") -> PageSession:
    """A session with the rent of the first offer on the screen."""
    session = PageSession(port, query)
    session.run()
    session.click("open_group_leases_0")
    session.click("open_section_leases_0_Rent")
    return session


def measure_one() -> None:
    """Print the cold start and the median edit."""
    with served_pages() as (port, _):
        with PageSession(port) as first:
            seconds = first.run()
        figures_s = first.first_figures_s
        print(f"first page after a cold start: {seconds:.2f} s, its figures after {figures_s:.2f} s (3 s asked)")
        with opened(port, f"case={CASE}") as session:
            session.settle(8.0)
            whole, drawn, figures = [], [], []
            for i in range(EDITS):
                whole.append(session.enter(RENT, 120.0 + 0.25 * i))
                figures.append(session.first_figures_s)
                drawn.append(session.main_drawn_s)
                session.settle(1.0)
            plan = [_seconds_of_plan(i) for i in range(5)]
            print(f"edit to redrawn recommendation, {CASE}, median of {EDITS} (300 ms asked):")
            print(f"  {'':32}{'ms':>8}{'x allocate()':>14}")
            base = statistics.median(plan)
            rows = (
                ("allocate() alone", plan),
                ("sentence and figures", figures),
                ("recommendation, with its charts", drawn),
                ("whole page, with its inputs", whole),
            )
            for name, times in rows:
                middle = statistics.median(times)
                print(f"  {name:32}{middle * 1e3:8.0f}{middle / base:14.2f}")


def _seconds_of_plan(i: int) -> float:
    case = load_case(CASE, [f"{RENT}={130.0 + i}"])
    began = time.perf_counter()
    allocate(case)
    return time.perf_counter() - began


def expected(rents: list[float]) -> dict[float, str]:
    """NPV on the screen at each rent, from the library."""
    return {rent: table_money(allocate(load_case(CASE, [f"{RENT}={rent}"])).npv_usd) for rent in rents}


def readers(count: int, seconds: float, pause_s: float = PAUSE_S) -> tuple[int, list[str], list[float]]:
    """Edits made, faults (wrong figures too), and the server's memory in MB over the time.

    Memory is the resident size from ``/proc``, sampled ten times; empty where there is no ``/proc``.
    """
    rents = {i: [base + i / 100.0 for base in BASES_USD_PER_KW_MONTH] for i in range(count)}
    known = expected(sorted(rent for own in rents.values() for rent in own))
    faults: list[str] = []
    edits = [0] * count

    with served_pages() as (port, server):
        begin = threading.Barrier(count + 1)

        def read(i: int) -> None:
            luck = random.Random(i)
            try:
                with opened(port, f"case={CASE}") as session:
                    begin.wait(OPENS_WITHIN_S)
                    until = time.monotonic() + seconds
                    while time.monotonic() < until:
                        rent = luck.choice(rents[i])
                        session.enter(RENT, rent)
                        edits[i] += 1
                        if session.metrics["NPV"] != known[rent]:
                            faults.append(f"reader {i} at {rent}: {session.metrics['NPV']}, not {known[rent]}")
                        faults.extend(session.faults)
                        session.faults.clear()
                        session.settle(luck.uniform(0.5, 1.5) * pause_s)
                        session.run()  # as the browser's timer does once an explanation is there
                        if session.metrics["NPV"] != known[rent]:
                            faults.append(f"reader {i} at {rent}, drawn again: {session.metrics['NPV']}")
            except Exception as error:  # noqa: BLE001  (whatever a reader meets is what is counted)
                faults.append(f"reader {i}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=read, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        with contextlib.suppress(threading.BrokenBarrierError):  # a reader that could not open has said why
            begin.wait(OPENS_WITHIN_S)
        memory = []
        for _ in range(10):
            time.sleep(seconds / 10)
            memory.append(_resident_mb(server.pid))
        for thread in threads:
            thread.join()
    return sum(edits), faults, [mb for mb in memory if mb > 0.0]


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024.0


def main() -> None:
    """Print the page's speed."""
    measure_one()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--readers", type=int, default=0)
    arguments.add_argument("--seconds", type=float, default=120.0)
    asked = arguments.parse_args()
    if asked.readers:
        made, wrong, held = readers(asked.readers, asked.seconds)
        print(f"{asked.readers} readers, {asked.seconds:g} s: {made} edits, {len(wrong)} faults")
        print("\n".join(wrong[:20]))
        print("memory, MB: " + ", ".join(f"{mb:.0f}" for mb in held))
    else:
        main()
