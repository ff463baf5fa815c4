"""The rent at which an offer enters the best plan, or leaves it: by pricing its columns, then by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from allocator.activities import Activities, Kind, activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.case import replaced
from allocator.flip_points import closed
from allocator.optima import difference
from allocator.program.build import Program, StandardForm, build
from allocator.program.solve import Answer, LiveProgram, Status, solve_form
from models.timeline import Vector

TOLERANCE_USD_PER_KW_MONTH = 1e-3
BISECTION_TOLERANCE_USD_PER_KW_MONTH = 0.01
HIGHEST_RENT_USD_PER_KW_MONTH = 5_000.0
PRICING_STEPS = 30
TRIED_ABOVE, PRICED_TO = 1e-3, 1e-4
"""Share of a rent at which the offer is first tried above its bound, and to which that bound is found."""


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
class Point:
    """The gap ``V(rent) - V(without)`` and its slope at a rent."""

    rent: float
    gap_usd: float
    slope_usd: float


def break_evens(plan: Allocation) -> tuple[BreakEven, ...]:
    """The break-even rent of every offer, taken or refused."""
    return tuple(_break_even(plan, offer) for offer in range(len(plan.case.leases)))


def _break_even(plan: Allocation, offer: int) -> BreakEven:
    lease = plan.case.leases[offer]
    taken = plan.taken_mw(Kind.LEASE, offer) > TAKEN_MW
    result = partial(BreakEven, offer, lease.name, current_usd_per_kw_month=lease.rent_usd_per_kw_month, taken=taken)
    if lease.committed:
        return result(rent_usd_per_kw_month=None, reason="signed: it is delivered at any rent")
    live = LiveProgram(plan.program.form)
    live.move_rows(closed(plan.case, [offer]), -1.0)
    without = live.answer()
    if without.status is Status.INFEASIBLE:
        return result(rent_usd_per_kw_month=None, reason="no plan without it")
    search = RentSearch(plan.choices, offer, -without.objective)
    low = 0.0 if live.has_integers else search.priced_out_below(plan.program, without)
    rent = search.break_even(low, search.known(plan) if taken else None)
    return result(
        rent_usd_per_kw_month=rent,
        reason="" if rent is not None else "no rent up to 5,000 USD/kW-month brings it in",
    )


@dataclass(frozen=True)
class RentSearch:
    """The break-even rent of one offer, given what the plan without it is worth."""

    choices: Activities
    offer: int
    worth_without_usd: float

    def break_even(self, low: float, known: Point | None) -> float | None:
        """The rent, between one that certainly refuses the offer and one that takes it (``known``, if there is one).

        A thousandth above ``low`` is tried first: where prices are not degenerate the offer is wanted there, a step or
        two from the end. From there, or from ``known``, Newton's method comes down: V is convex and increasing in the
        rent and flat below the break-even, so that steps stop on it. Capital rows can spoil exact convexity: a step
        that lands on the flat part is accepted only if the offer is wanted just above it; a bracket guards the rest.
        """
        point = known
        if low > 0.0:
            near = self.at(low * (1.0 + TRIED_ABOVE))
            low, point = (low, near) if near.gap_usd > 0.0 else (near.rent, known)
        point = point or self._taken_above(low)
        if point is None:
            return None
        while True:
            trial = point.rent - point.gap_usd / point.slope_usd if point.slope_usd > 0.0 else low
            if trial >= point.rent - TOLERANCE_USD_PER_KW_MONTH:
                return trial
            if trial <= low:
                break
            found = self.at(trial)
            if found.gap_usd > 0.0:
                point = found
                continue
            low = trial
            if self.at(min(point.rent, trial + TOLERANCE_USD_PER_KW_MONTH)).gap_usd > 0.0:
                return trial
            break
        return self._bisected(low, point.rent)

    def known(self, plan: Allocation) -> Point:
        """The plan itself, which has been solved, as a point."""
        rent = plan.case.leases[self.offer].rent_usd_per_kw_month
        gap = difference(plan.npv_usd, self.worth_without_usd)
        return Point(rent, gap, self._slope(plan.program.form, plan.answer, rent))

    def at(self, rent: float) -> Point:
        """Solve at a rent."""
        form = self._program(rent).form
        found = solve_form(form, second_look=False)
        if found.status is Status.INFEASIBLE:
            return Point(rent, -np.inf, 0.0)
        return Point(rent, difference(-found.objective, self.worth_without_usd), self._slope(form, found, rent))

    def priced_out_below(self, program: Program, without: Answer) -> float:
        """Largest rent at which no column of the offer pays at the prices of the plan without it: a lower bound.

        ``max_j (npv_j - A_j' p)`` over the offer's columns, without the row that shut it, is increasing in the rent;
        its zero is found by false position without solving anything. With degenerate prices the bound is loose.
        """
        mine = np.array([a.kind is Kind.LEASE and a.owner == self.offer for a in self.choices.items])
        columns = program.activity_column[mine]
        price = without.row_price.copy()
        price[program.form.row_number[f"offer__{self.offer}"]] = 0.0

        def profit(rent: float) -> float:
            form = self._program(rent).form
            return float((form.transposed_times(price) - form.cost)[columns].max())

        low, high = 0.0, 2.0 * self.choices.case.leases[self.offer].rent_usd_per_kw_month + 1.0
        at_low, at_high = profit(low), profit(high)
        if at_low >= 0.0:
            return 0.0
        while at_high < 0.0:
            low, at_low, high = high, at_high, 2.0 * high
            if high > HIGHEST_RENT_USD_PER_KW_MONTH:
                return low
            at_high = profit(high)
        for _ in range(PRICING_STEPS):
            middle = high - at_high * (high - low) / (at_high - at_low)
            found = profit(middle)
            # Illinois: an end that stays is believed half, so that both ends close in.
            if found >= 0.0:
                high, at_high, at_low = middle, found, at_low / 2.0
            else:
                low, at_low, at_high = middle, found, at_high / 2.0
            if high - low < PRICED_TO * high:
                break
        return low

    def _taken_above(self, low: float) -> Point | None:
        """A rent that brings the offer in, from one and a half times the present one up."""
        rent = max(1.5 * self.choices.case.leases[self.offer].rent_usd_per_kw_month, 1.1 * low)
        while rent <= HIGHEST_RENT_USD_PER_KW_MONTH:
            point = self.at(rent)
            if point.gap_usd > 0.0:
                return point
            rent *= 2.0
        return None

    def _bisected(self, low: float, high: float) -> float:
        """Where the offer begins to be wanted between a rent that refuses it and one that takes it.

        Needed where the value jumps: with whole halls a rent can suddenly make a hall affordable.
        """
        while high - low > BISECTION_TOLERANCE_USD_PER_KW_MONTH:
            middle = 0.5 * (low + high)
            if self.at(middle).gap_usd > 0.0:
                high = middle
            else:
                low = middle
        return high

    def _program(self, rent: float) -> Program:
        changed = replaced(self.choices.case, f"leases[{self.offer}].rent_usd_per_kw_month", rent)
        return build(activities(changed, reuse=self.choices))

    def _slope(self, form: StandardForm, found: Answer, rent: float) -> float:
        """Change of the Lagrangian with the rent at the plan found: in the objective and, through cash, in the rows."""
        change = max(1e-3, 1e-5 * rent)
        beside = self._program(rent + change).form
        return _lagrangian_change(form, beside, found.y, found.row_price) / change


def _lagrangian_change(form: StandardForm, beside: StandardForm, y: Vector, price: Vector) -> float:
    """Change of the worth between two nearby programs at fixed plan and prices."""
    return float((form.cost - beside.cost) @ y + price @ (beside.times(y) - form.times(y)))
