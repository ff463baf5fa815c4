"""Why the plan is what it is: what limits it, what a limit is worth, at which rent or price it would change.

Every figure here is a difference of two optima, never a dual: with ties a dual has two sides and says one of
them (River Bend's grid dual is what one MW less costs, many times what one more is worth).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.allocation import Allocation
from allocator.alternatives import NearOptimal, near_optimal
from allocator.break_even import BreakEven, break_evens
from allocator.case import Case
from allocator.flip_points import FlipPoint, closed, flip_points
from allocator.optima import difference, worth
from allocator.program.limits import Limit
from allocator.program.solve import LiveProgram, SolverError, Status
from allocator.stress_table import StressOutcome, stress_table

TIGHT, AGREE = 1e-9, 1e-3
"""A row is tight, and two sides of a price agree, within these shares."""
ONCE = ("fleet__", "offer__", "committed__", "treasury")
"""Limits on what is owned or offered once, not by the quarter."""


@dataclass(frozen=True)
class ShadowPrice:
    """What one unit of a limit is worth, each side by re-solving.

    More always means more room: of a floor (a commitment, flexible megawatts) it is one unit less.
    """

    limit: Limit
    gain_of_one_more_usd: float
    loss_of_one_less_usd: float | None
    """``None`` where there is no plan with less."""
    step: float
    """Units by which the limit was moved; the values are per unit."""


@dataclass(frozen=True)
class OneUse:
    """What the best plan with one use only asks of its owner."""

    capex_usd: float
    peak_equity_usd: float


@dataclass(frozen=True)
class Twins:
    """What the site is worth with one use only; ``None`` where a signed lease forbids it."""

    mine_only_usd: float | None
    host_only_usd: float | None
    mine_only: OneUse | None = None
    host_only: OneUse | None = None


@dataclass(frozen=True)
class Explanation:
    """Everything that :mod:`allocator.sentences` puts into words."""

    shadow_prices: tuple[ShadowPrice, ...]
    break_evens: tuple[BreakEven, ...]
    flips: tuple[FlipPoint, ...]
    twins: Twins
    near: NearOptimal | None = None
    stresses: tuple[StressOutcome, ...] = ()


def explain(plan: Allocation) -> Explanation:
    """Prices of every limit, break-even rents, flip points, one-use twins, plans nearly as good, stresses."""
    return Explanation(
        shadow_prices(plan), break_evens(plan), flip_points(plan), twins(plan), near_optimal(plan), stress_table(plan)
    )


# The worth of a limit


def shadow_prices(plan: Allocation) -> tuple[ShadowPrice, ...]:
    """``V(limit + step) - V`` and ``V - V(limit - step)`` per unit, by warm re-solves, for every limit.

    The limit moves in every quarter at once: one more megawatt means for the whole horizon. Steps are 1 MW
    and 100,000 USD; with whole halls 10 MW (an offer: one hall) and 10 million USD, since less may change nothing.
    """
    live = LiveProgram(plan.program.form)
    base = worth(live)
    if base is None:
        raise SolverError("a plan that was found is infeasible when solved again")
    return tuple(_shadow_price(plan, live, limit, base) for limit in plan.program.limits)


def _shadow_price(plan: Allocation, live: LiveProgram, limit: Limit, base: float) -> ShadowPrice:
    step = _step(plan.case, limit, whole=live.has_integers)
    live.move_rows(limit.moves, step)
    more = worth(live)
    live.move_rows(limit.moves, -step)
    less = worth(live)
    live.move_rows(limit.moves, 0.0)
    if more is None:
        raise SolverError(f"more room for {limit.label} leaves no plan, which cannot be")
    gain = difference(more, base) / step
    loss = None if less is None else difference(base, less) / step
    return ShadowPrice(limit, gain, loss, step)


@dataclass(frozen=True)
class QuarterPrice:
    """What one unit of a limit is worth in one quarter alone, where one more and one less agree on it."""

    quarter: int
    usd_per_unit: float


def quarterly_prices(plan: Allocation, limit: Limit) -> tuple[QuarterPrice, ...]:
    """Prices of a limit by quarter, by warm re-solves of one quarter's row at a time; only where both sides agree.

    Elsewhere a price would be the answer to one question only, and to the other one wrong: those quarters are left out,
    as are those in which nothing is tight. What a quarter's megawatt also moves (the share of the grid that may host)
    moves with it. With whole halls no quarter has a price, and what is owned or offered once has no quarters.
    """
    live = LiveProgram(plan.program.form)
    base = worth(live)
    if base is None or live.has_integers:
        return ()
    step = _step(plan.case, limit, whole=False)
    found = []
    for quarter, moves in _tight_moves(plan, limit).items():
        sides = []
        for amount in (step, -step):
            live.move_rows(moves, amount)
            moved = worth(live)
            live.move_rows(moves, 0.0)
            sides.append(None if moved is None else abs(moved - base) / step)
        more, less = sides
        if more is not None and less is not None and abs(more - less) <= AGREE * max(more, less, 1e-9):
            found.append(QuarterPrice(quarter, more))
    return tuple(found)


def tight_quarters(plan: Allocation, limit: Limit) -> tuple[int, ...]:
    """Quarters in which the plan uses a limit up."""
    return tuple(_tight_moves(plan, limit))


def _tight_moves(plan: Allocation, limit: Limit) -> dict[int, list[tuple[str, float]]]:
    """What one unit of a limit moves in each quarter in which at least one of those rows is tight."""
    form, used = plan.program.form, plan.program.form.times(plan.answer.y)
    moves: dict[int, list[tuple[str, float]]] = {}
    tight: dict[int, bool] = {}
    for name, coefficient in () if limit.key.startswith(ONCE) else limit.moves:
        row, quarter = form.row_number[name], int(name.rsplit("__", 1)[1])
        moves.setdefault(quarter, []).append((name, coefficient))
        full = used[row] >= form.row_upper[row] - TIGHT * (1.0 + abs(form.row_upper[row]))
        tight[quarter] = tight.get(quarter, False) or bool(full)
    return {quarter: rows for quarter, rows in moves.items() if tight[quarter]}


def _step(case: Case, limit: Limit, *, whole: bool) -> float:
    if limit.unit == "USD":
        return 1e7 if whole else 1e5
    if not whole:
        return 1.0
    if limit.key.startswith("offer__"):
        return case.leases[int(limit.key.removeprefix("offer__"))].block_mw or 10.0
    return 10.0


# One use only


def twins(plan: Allocation) -> Twins:
    """The same case with every offer closed, and with every machine left alone."""
    case = plan.case
    live = LiveProgram(plan.program.form)
    shut = closed(case, list(range(len(case.leases))))
    live.move_rows(shut, -1.0)
    mine, asks = worth(live), _one_use(plan, live)
    live.move_rows(shut, 0.0)
    machines = [(f"fleet__{i}", fleet.facility_mw) for i, fleet in enumerate(case.fleets)]
    for i in plan.program.columns.purchase_running:
        rows = [r for r in plan.program.form.row_names if r.startswith(f"purchase__{i}__")]
        machines += [(r, case.purchases[i].max_facility_mw) for r in rows]
    live.move_rows(machines, -1.0)
    return Twins(mine, worth(live), asks, _one_use(plan, live))


def _one_use(plan: Allocation, live: LiveProgram) -> OneUse | None:
    """Capex and peak equity of the plan that a live program has just found."""
    found = live.answer()
    if found.status is not Status.OPTIMAL:
        return None
    units = np.maximum(found.y[plan.program.activity_column], 0.0) * plan.program.columns.units_per_step
    running = np.cumsum(plan.choices.equity_cash_flow_usd @ units)
    return OneUse(float(plan.choices.capex_usd @ units), max(0.0, -float(running.min(initial=0.0))))
