"""Why the plan is what it is: what limits it, what a limit is worth, at which rent or price it would change.

Every figure here is a difference of two optima, never a dual: with ties a dual has two sides and says one of
them (River Bend's grid dual is what one MW less costs, many times what one more is worth).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from allocator.activities import Activities, Kind, activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.alternatives import NearOptimal, near_optimal
from allocator.case import Case
from allocator.flip_points import SAME_VALUE, FlipPoint, closed, flip_points
from allocator.program.build import Program, StandardForm, build
from allocator.program.limits import Limit
from allocator.program.solve import LiveProgram, SolverError, Status, solve_form
from allocator.stress_table import StressOutcome, stress_table
from models.timeline import Vector

RENT_TOLERANCE_USD_PER_KW_MONTH = 1e-3
BISECTION_TOLERANCE_USD_PER_KW_MONTH = 0.01
HIGHEST_RENT_USD_PER_KW_MONTH = 5_000.0
CONTRADICTION = 1e-6


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
class BreakEven:
    """The rent at which the first megawatt of an offer enters the best plan."""

    offer: int
    name: str
    rent_usd_per_kw_month: float | None
    """``None`` where no rent up to 5,000 USD/kW-month brings it in, or the offer is signed."""
    current_usd_per_kw_month: float
    taken: bool
    reason: str = ""


@dataclass(frozen=True)
class Twins:
    """What the site is worth with one use only; ``None`` where a signed lease forbids it."""

    mine_only_usd: float | None
    host_only_usd: float | None


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
    base = _worth(live)
    if base is None:
        raise SolverError("a plan that was found is infeasible when solved again")
    return tuple(_shadow_price(plan, live, limit, base) for limit in plan.program.limits)


def _shadow_price(plan: Allocation, live: LiveProgram, limit: Limit, base: float) -> ShadowPrice:
    step = _step(plan.case, limit, whole=live.has_integers)
    live.move_rows(limit.moves, step)
    more = _worth(live)
    live.move_rows(limit.moves, -step)
    less = _worth(live)
    live.move_rows(limit.moves, 0.0)
    if more is None:
        raise SolverError(f"more room for {limit.label} leaves no plan, which cannot be")
    gain = _difference(more, base) / step
    loss = None if less is None else _difference(base, less) / step
    return ShadowPrice(limit, gain, loss, step)


def _step(case: Case, limit: Limit, *, whole: bool) -> float:
    if limit.unit == "USD":
        return 1e7 if whole else 1e5
    if not whole:
        return 1.0
    if limit.key.startswith("offer__"):
        return case.leases[int(limit.key.removeprefix("offer__"))].block_mw or 10.0
    return 10.0


def _worth(live: LiveProgram) -> float | None:
    found = live.value()
    return None if found is None else -found


def _difference(better: float, worse: float) -> float:
    """A difference of optima that theory says is not negative; solver noise is zero.

    Raises
    ------
    SolverError
        Where it is negative beyond an integer program's gap: then one of the two is not an optimum.
    """
    gap, scale = better - worse, 1.0 + abs(better)
    if gap < -CONTRADICTION * scale:
        raise SolverError(f"two optima contradict each other: {better:,.2f} USD with more room, {worse:,.2f} with less")
    return gap if gap > SAME_VALUE * scale else 0.0


# Break-even rents


def break_evens(plan: Allocation) -> tuple[BreakEven, ...]:
    """The break-even rent of every offer, taken or refused."""
    return tuple(_break_even(plan, offer) for offer in range(len(plan.case.leases)))


def _break_even(plan: Allocation, offer: int) -> BreakEven:
    lease = plan.case.leases[offer]
    taken = plan.taken_mw(Kind.LEASE, offer) > TAKEN_MW
    result = partial(BreakEven, offer, lease.name, current_usd_per_kw_month=lease.rent_usd_per_kw_month, taken=taken)
    if lease.committed:
        return result(rent_usd_per_kw_month=None, reason="signed: it is delivered at any rent")
    without = _worth_without(plan.program, offer)
    if without is None:
        return result(rent_usd_per_kw_month=None, reason="no plan without it")
    start = lease.rent_usd_per_kw_month * (1.0 if taken else 1.5)
    rent = break_even_rent(plan.choices, offer, without, max(start, 1.0))
    return result(
        rent_usd_per_kw_month=rent,
        reason="" if rent is not None else "no rent up to 5,000 USD/kW-month brings it in",
    )


def break_even_rent(choices: Activities, offer: int, worth_without_usd: float, start: float) -> float | None:
    """Newton's method from above on ``V(rent) - V(without the offer)``.

    V is convex and increasing in the rent and flat below the break-even, so steps come down on it and stop; the
    slope is that of the Lagrangian at the plan, rent in the objective and (through reinvested cash) in the capital
    rows. Capital rows can spoil exact convexity: a step that lands on the flat part is accepted only if the offer
    is wanted just above it, and a bracket guards the rest.
    """
    low, rent = 0.0, start
    gap, slope = _gap_and_slope(choices, offer, rent, worth_without_usd)
    while gap <= 0.0:
        low, rent = rent, 2.0 * rent
        if rent > HIGHEST_RENT_USD_PER_KW_MONTH:
            return None
        gap, slope = _gap_and_slope(choices, offer, rent, worth_without_usd)
    while True:
        trial = rent - gap / slope if slope > 0.0 else low
        if trial >= rent - RENT_TOLERANCE_USD_PER_KW_MONTH:
            return trial
        if trial <= low:
            break
        found, slope_there = _gap_and_slope(choices, offer, trial, worth_without_usd)
        if found > 0.0:
            rent, gap, slope = trial, found, slope_there
            continue
        low = trial
        above = min(rent, trial + RENT_TOLERANCE_USD_PER_KW_MONTH)
        if _gap_and_slope(choices, offer, above, worth_without_usd)[0] > 0.0:
            return trial
        break
    return _bisected_rent(choices, offer, worth_without_usd, low, rent)


def _bisected_rent(choices: Activities, offer: int, without: float, low: float, high: float) -> float:
    """Where the offer begins to be wanted between a rent that refuses it and one that takes it.

    Needed where the value jumps: with whole halls a rent can suddenly make a hall affordable.
    """
    while high - low > BISECTION_TOLERANCE_USD_PER_KW_MONTH:
        middle = 0.5 * (low + high)
        if _gap_and_slope(choices, offer, middle, without)[0] > 0.0:
            high = middle
        else:
            low = middle
    return high


def _gap_and_slope(choices: Activities, offer: int, rent: float, without: float) -> tuple[float, float]:
    change = max(1e-3, 1e-5 * rent)
    program = build(with_lease_input(choices, offer, "rent_usd_per_kw_month", rent))
    found = solve_form(program.form)
    if found.status is Status.INFEASIBLE:
        return -np.inf, 0.0
    gap = _difference(-found.objective, without)
    beside = build(with_lease_input(choices, offer, "rent_usd_per_kw_month", rent + change)).form
    return gap, _lagrangian_slope(program.form, beside, found.y, found.row_price) / change


def _lagrangian_slope(form: StandardForm, beside: StandardForm, y: Vector, price: Vector) -> float:
    """Change of the worth between two nearby programs at fixed plan and prices."""
    return float((form.cost - beside.cost) @ y + price @ (beside.times(y) - form.times(y)))


def with_lease_input(choices: Activities, offer: int, field: str, value: float) -> Activities:
    """The activities of the same case with one input of one offer changed; the network and all mining are reused."""
    case = choices.case
    leases = tuple(
        lease.model_copy(update={field: value}) if i == offer else lease for i, lease in enumerate(case.leases)
    )
    changed = case.model_copy(update={"leases": leases})
    return activities(changed, reuse=choices)


def _worth_without(program: Program, offer: int) -> float | None:
    live = LiveProgram(program.form)
    live.move_rows(closed(program.choices.case, [offer]), -1.0)
    return _worth(live)


# One use only


def twins(plan: Allocation) -> Twins:
    """The same case with every offer closed, and with every machine left alone."""
    case = plan.case
    live = LiveProgram(plan.program.form)
    shut = closed(case, list(range(len(case.leases))))
    live.move_rows(shut, -1.0)
    mine = _worth(live)
    live.move_rows(shut, 0.0)
    machines = [(f"fleet__{i}", fleet.facility_mw) for i, fleet in enumerate(case.fleets)]
    for i in plan.program.columns.purchase_running:
        rows = [r for r in plan.program.form.row_names if r.startswith(f"purchase__{i}__")]
        machines += [(r, case.purchases[i].max_facility_mw) for r in rows]
    live.move_rows(machines, -1.0)
    return Twins(mine, _worth(live))
