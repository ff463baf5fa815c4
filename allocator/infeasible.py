"""Why no plan exists: which limits conflict, the least change to each alone, and the cheapest change to several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from allocator.program.build import Program, StandardForm
from allocator.program.constraints import grid_mw
from allocator.program.limits import Limit
from allocator.program.solve import Answer, LiveProgram, SolverError, Status

Moves = tuple[tuple[str, float], ...]
"""Rows by name, and what one unit more room adds to each."""

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
    elastic = Elastic(program, asked)
    alone = tuple(Repair(limit, _least(elastic, number, limit)) for number, limit in enumerate(asked))
    return Infeasibility(_conflict(elastic, asked), alone, _together(program, elastic, asked))


class Elastic:
    """The program with a column for each limit asked about, by which that limit gives.

    Where less is energised than the flexible floor nothing can host: ``max(0, grid - floor)`` gives only what grid and
    floor give beyond the difference. There the program is solved once more for each stage below the floor, with the
    quarters of that stage and of all above it held at ``grid - floor``; the best of these answers is the answer. A
    minimum of cash gives no more than all of it: what is owed beyond must come from elsewhere.
    """

    def __init__(self, program: Program, asked: list[Limit]) -> None:
        self._asked = asked
        cash = program.choices.case.policy.minimum_cash_usd
        self._most = {n: cash / _scale(limit) for n, limit in enumerate(asked) if limit.key.startswith("liquidity__")}
        self._openings = list(_openings(program))
        self._lives = [self._opened(form, rows) for form, rows in self._openings]

    def _opened(self, form: StandardForm, rows: Moves) -> LiveProgram:
        live = LiveProgram(form)
        for limit in self._asked:
            moves = (*limit.moves, *rows) if limit.key in ("grid", "flexible") else limit.moves
            live.add_relaxation(moves, _scale(limit))
        return live

    def relax(self, costs: Mapping[int, float]) -> Answer | None:
        """The cheapest way in which some limits, by number, give enough for a plan; ``None`` if there is none."""
        found = [self._answer(number, costs) for number in range(len(self._lives))]
        return min((f for f in found if f.status is Status.OPTIMAL), key=lambda f: f.objective, default=None)

    def _answer(self, number: int, costs: Mapping[int, float]) -> Answer:
        try:
            return self._lives[number].relax(costs, self._most)
        except SolverError:
            # The solver proved neither from where the question before left it: afresh, and by the other simplex.
            live = self._opened(*self._openings[number])
            live.by_primal_simplex()
            return live.relax(costs, self._most)


def _openings(program: Program) -> Iterator[tuple[StandardForm, Moves]]:
    """The program, and with each stage below the flexible floor opened; the rows opened, which grid and floor move."""
    yield program.form, ()
    case, form = program.choices.case, program.form
    if not any(limit.key == "flexible" for limit in program.limits):
        return
    room = grid_mw(case) - case.policy.min_flexible_mw
    for level in np.unique(room[room < 0.0])[::-1]:
        opened = np.flatnonzero((room < 0.0) & (room >= level))
        names = [f"flexible__{q:03d}" for q in opened]
        upper = form.row_upper.copy()
        upper[[form.row_number[name] for name in names]] = room[opened]
        yield replace(form, row_upper=upper), tuple((name, 1.0) for name in names)


def _scale(limit: Limit) -> float:
    return USD_PER_STEP if limit.unit == "USD" else 1.0


def _least(elastic: Elastic, number: int, limit: Limit) -> float | None:
    found = elastic.relax({number: 1.0})
    return None if found is None else found.objective * _scale(limit)


def _together(program: Program, elastic: Elastic, asked: list[Limit]) -> tuple[Repair, ...]:
    found = elastic.relax({number: 1.0 / _size(program, limit) for number, limit in enumerate(asked)})
    if found is None:
        return ()
    changes = found.y[-len(asked) :]
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


def _conflict(elastic: Elastic, asked: list[Limit]) -> tuple[Limit, ...]:
    """One limit after the other is taken away for good where the rest still admits no plan; what stays is needed."""
    kept = list(range(len(asked)))
    gone: dict[int, float] = {}
    if elastic.relax(dict.fromkeys(kept, 0.0)) is None:
        return tuple(asked)
    for number in range(len(asked)):
        without = {**gone, number: 0.0}
        if elastic.relax(without) is None:
            gone = without
            kept.remove(number)
    return tuple(asked[number] for number in kept)
