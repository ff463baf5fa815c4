"""Why no plan exists: which limits conflict, the least change to each alone, and the cheapest change to several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.program.build import Program
from allocator.program.limits import Limit
from allocator.program.solve import LiveProgram, Status

USD_PER_STEP = 1e6
"""Dollars are relaxed by the million, so that the relaxation's column is of the size of the others."""
NOTHING = 1e-6
"""A change below this share of a step is rounding."""


@dataclass(frozen=True)
class Repair:
    """A limit and how much it must give for a plan to exist; ``None`` if it cannot cure the conflict alone."""

    limit: Limit
    change: float | None


@dataclass(frozen=True)
class Infeasibility:
    """What is known of a case without a plan."""

    conflict: tuple[Limit, ...]
    """Limits that no plan meets together, though any plan meets them once one of them is taken away."""
    alone: tuple[Repair, ...]
    """Each limit's least change if only it gives."""
    together: tuple[Repair, ...]
    """The cheapest change of several at once, a change counted by its share of the limit; empty if nothing cures it."""


def infeasibility(program: Program) -> Infeasibility:
    """Conflict and repairs from one elastic program, re-solved warm.

    Every limit gives the same in every quarter. Machines owned or on sale are facts and no limits that could give: they
    are not asked about.
    """
    asked = [limit for limit in program.limits if not limit.key.startswith(("fleet__", "purchase__"))]
    live = LiveProgram(program.form)
    for limit in asked:
        live.add_relaxation(limit.moves, _scale(limit))
    alone = tuple(Repair(limit, _least(live, number, limit)) for number, limit in enumerate(asked))
    together = _together(program, live, asked)
    return Infeasibility(_conflict(live, asked), alone, together)


def _scale(limit: Limit) -> float:
    return USD_PER_STEP if limit.unit == "USD" else 1.0


def _least(live: LiveProgram, number: int, limit: Limit) -> float | None:
    found = live.relax({number: 1.0})
    return found.objective * _scale(limit) if found.status is Status.OPTIMAL else None


def _together(program: Program, live: LiveProgram, asked: list[Limit]) -> tuple[Repair, ...]:
    found = live.relax({number: 1.0 / _size(program, limit) for number, limit in enumerate(asked)})
    if found.status is not Status.OPTIMAL:
        return ()
    changes = found.y[len(program.form.cost) :]
    return tuple(
        Repair(limit, float(change) * _scale(limit))
        for limit, change in zip(asked, changes, strict=True)
        if change > NOTHING
    )


def _size(program: Program, limit: Limit) -> float:
    """How large a limit is, in its steps: its largest right-hand side, at least one step."""
    numbers = [program.form.row_number[name] for name, _ in limit.moves]
    sides = np.concatenate([program.form.row_lower[numbers], program.form.row_upper[numbers]])
    return max(1.0, float(np.abs(sides[np.isfinite(sides)]).max(initial=0.0)) / _scale(limit))


def _conflict(live: LiveProgram, asked: list[Limit]) -> tuple[Limit, ...]:
    """One limit after the other is taken away for good where the rest still admits no plan; what stays is needed."""
    kept = list(range(len(asked)))
    gone: dict[int, float] = {}
    if live.relax(dict.fromkeys(kept, 0.0)).status is not Status.OPTIMAL:
        return tuple(asked)
    for number in range(len(asked)):
        without = {**gone, number: 0.0}
        if live.relax(without).status is not Status.OPTIMAL:
            gone = without
            kept.remove(number)
    return tuple(asked[number] for number in kept)
