"""What would change a portfolio: the next dollar of budget, more or less of it, each site taken away.

Every figure is a difference of two plans found, with the bounds of both; where a gap is open the figures say how far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.allocation import TAKEN_MW
from allocator.portfolio.answer import Portfolio, SiteResult
from allocator.portfolio.plan import Plan
from allocator.portfolio.search import GAP, Question
from allocator.program.solve import Status
from models.timeline import Vector

CURVE_POINTS = 12
BEYOND = 1.25
"""How far past saturation the curve goes."""
UNLIMITED_USD = 1e13
STEP_SHARE, LEAST_STEP_USD = 1e-4, 1e5
WHOLE_STEP_SHARE, LEAST_WHOLE_STEP_USD = 1e-2, 1e7
"""Of the budget: by how much it is moved to price it; with whole numbers less may change nothing."""
SOLVED_AGAIN = 4_000
"""Sites entered times sites, up to which the portfolio without each of them is solved; beyond, prices bracket it."""
CURVE_GAP = 1e-4
"""Of the points of the curve where sites are many."""


@dataclass(frozen=True)
class BudgetPrice:
    """What one dollar of budget in every quarter is worth, each side by re-solving."""

    step_usd: float
    gain_of_one_more_usd: float
    loss_of_one_less_usd: float | None
    """``None`` where there is no plan with less."""
    open_usd: float
    """By how much either may be off, per dollar: the gaps left open; 0 where plans are proven optimal."""


@dataclass(frozen=True)
class CurvePoint:
    """The portfolio at another budget, all stages of it in proportion."""

    budget_usd: float
    """The largest of its quarters."""
    npv_usd: float | None
    """``None`` where what must be done does not fit."""
    bound_usd: float | None
    capital_used_usd: float
    """The most that is used of it in any quarter."""
    sites: int
    """How many are entered."""


@dataclass(frozen=True)
class Contribution:
    """NPV of the portfolio less its NPV without one site: between two figures, which are one where it was solved.

    Of a site that must be done it may be negative: what the obligation costs.
    """

    site: str
    least_usd: float
    most_usd: float | None
    """``None`` where the site gives the others capital, so that its own NPV is no upper figure."""


@dataclass(frozen=True)
class Questions:
    """Everything that is asked of a portfolio; each is answered when it is first looked at."""

    answer: Portfolio

    @cached_property
    def base(self) -> Plan:
        """The plan that others are compared with: where the search stopped early, the one that it leads to."""
        answer = self.answer
        if answer.search.has_halls or answer.gap <= GAP:
            return answer.plan
        found = answer.search.best(Question(answer.common.limits))
        return found if found.npv_usd >= answer.npv_usd else answer.plan

    @cached_property
    def budget_price(self) -> BudgetPrice:
        """``V(B + step) - V(B)`` and ``V(B) - V(B - step)`` per dollar, in all quarters at once.

        More budget never lowers a plan's worth: where whole numbers are searched the better of the two plans counts.
        """
        answer, budget = self.answer, self.answer.common.budget_usd
        whole = not answer.search.is_continuous
        share, least = (WHOLE_STEP_SHARE, LEAST_WHOLE_STEP_USD) if whole else (STEP_SHARE, LEAST_STEP_USD)
        step = max(least, share * float(budget.max()))
        more, less = self._with(budget + step), self._with(np.maximum(0.0, budget - step))
        plans = [self.base, more, *([less] if less.status is Status.OPTIMAL else [])]
        worth = self.base.npv_usd
        gain = max(0.0, more.npv_usd - worth) / step
        loss = max(0.0, worth - less.npv_usd) / step if less.status is Status.OPTIMAL else None
        gaps = sum(max(0.0, p.bound_usd - p.npv_usd) for p in plans)
        return BudgetPrice(step, gain, loss, gaps / step if gaps > GAP * (1.0 + abs(worth)) else 0.0)

    @cached_property
    def saturation(self) -> Plan:
        """The plan that an unlimited budget would have."""
        return self._with(np.full(self.answer.common.quarters, UNLIMITED_USD), thorough=False)

    @cached_property
    def curve(self) -> tuple[CurvePoint, ...]:
        """NPV against the budget, from nothing to beyond the point from which no more of it is used."""
        answer, budget = self.answer, self.answer.common.budget_usd
        shape = budget / budget.max() if budget.max() > 0 else np.ones_like(budget)
        wanted = self._capital(self.saturation)
        counted = shape > 0
        full = float(np.max(wanted[counted] / shape[counted], initial=0.0))
        top = max(BEYOND * full, float(budget.max()))
        amounts = sorted({*np.linspace(0.0, top, CURVE_POINTS - 1).tolist(), float(budget.max())})
        gap = None if len(answer.sites) * len(amounts) <= SOLVED_AGAIN else CURVE_GAP
        points, best = [], -np.inf
        for amount in amounts:
            same = amount == float(budget.max()) and budget.max() > 0
            plan = self.base if same else self._with(shape * amount, gap, thorough=False)
            if plan.status is Status.INFEASIBLE:
                points.append(CurvePoint(amount, None, None, 0.0, 0))
                continue
            best = max(best, plan.npv_usd)
            used = max(0.0, float(self._capital(plan).max()))
            entered = sum(bool(y.any()) for y in self._units(plan))
            points.append(CurvePoint(amount, best, max(best, plan.bound_usd), used, entered))
        return tuple(points)

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """What each site entered brings to the portfolio, the most first."""
        found = [self._contribution(site) for site in self.answer.entered]
        return tuple(sorted(found, key=lambda c: -c.least_usd))

    def ask_everything(self) -> None:
        """Work out all of it now, so that what follows only reads."""
        _ = self.budget_price, self.curve, self.contributions

    @property
    def contributions_are_solved(self) -> bool:
        """Whether the portfolio without each site was solved; else, and with whole halls, prices bracket it."""
        return not self.answer.search.has_halls and len(self.answer.entered) * len(self.answer.sites) <= SOLVED_AGAIN

    def _contribution(self, site: SiteResult) -> Contribution:
        answer = self.answer
        number = self._number[site.name]
        asked = Question(answer.common.limits, shut=frozenset({number}))
        floor = -np.inf if site.candidate.is_required else 0.0
        if self.contributions_are_solved:
            without = answer.search.best(asked)
            if without.status is Status.OPTIMAL:
                least = max(floor, self.base.npv_usd - without.bound_usd)
                return Contribution(site.name, least, max(least, self.base.bound_usd - without.npv_usd))
        least = max(floor, self.base.npv_usd - answer.search.known_bound(asked))
        most = max(least, site.npv_usd + answer.bound_usd - answer.npv_usd) if (site.use >= 0).all() else None
        return Contribution(site.name, least, most)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {p.name: s for s, p in enumerate(self.answer.search.problems)}

    def _with(self, budget_usd: Vector, gap: float | None = None, *, thorough: bool = True) -> Plan:
        return self.answer.search.best(Question(self.answer.common.limits_with(budget_usd)), gap, thorough=thorough)

    def _capital(self, plan: Plan) -> Vector:
        """Used of the budget by quarter, (Q,)."""
        common, found = self.answer.common, np.zeros(self.answer.common.quarters)
        for problem, y in zip(self.answer.search.problems, plan.solution, strict=True):
            found += problem.use(y, len(common.names))[: common.quarters]
        return found

    def _units(self, plan: Plan) -> list[Vector]:
        return [
            np.where(units > TAKEN_MW, units, 0.0)
            for units in (p.choices.units(y) for p, y in zip(self.answer.search.problems, plan.solution, strict=True))
        ]
