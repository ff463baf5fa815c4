"""Why no plan exists: for each limit alone, the smallest change to it that makes one possible."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.program.build import Program
from allocator.program.limits import Limit
from allocator.program.solve import LiveProgram, Status

USD_PER_STEP = 1e6
"""Dollars are relaxed by the million, so that the relaxation's column is of the size of the others."""


@dataclass(frozen=True)
class Repair:
    """A limit and how much it must give for a plan to exist; ``None`` if it cannot cure the conflict alone."""

    limit: Limit
    change: float | None


def repairs(program: Program) -> tuple[Repair, ...]:
    """The least relaxation of each limit alone, the same in every quarter, from an elastic re-solve.

    Machines owned or on sale are facts and no limits that could give: they are not asked about.
    """
    asked = [limit for limit in program.limits if not limit.key.startswith(("fleet__", "purchase__"))]
    return tuple(Repair(limit, _least_relaxation(program, limit)) for limit in asked)


def _least_relaxation(program: Program, limit: Limit) -> float | None:
    live = LiveProgram(program.form)
    scale = USD_PER_STEP if limit.unit == "USD" else 1.0
    live.add_relaxation(limit.moves, scale)
    found = live.answer()
    return found.objective * scale if found.status is Status.OPTIMAL else None
