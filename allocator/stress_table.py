"""What becomes of a plan in each named stress: its value, its cash, its cover, and what would have been better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.activities import Activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.optima import SAME_VALUE
from allocator.program.build import build
from allocator.program.constraints import by_quarter, cash_for_loans_usd, stepped
from allocator.program.solve import LiveProgram
from allocator.stress import STRESSES, Stress
from models.lender_view import DUST
from models.timeline import MONTHS_PER_QUARTER


@dataclass(frozen=True)
class StressOutcome:
    """The recommended mix, kept as it is, under one stress."""

    stress: Stress
    words: str
    npv_usd: float
    """Of the same mix, each use at its own rate."""
    change_usd: float
    """Against the NPV without the stress."""
    least_cash_usd: float | None
    """Capital and all cash so far, in its lowest quarter; ``None`` where capital is without limit."""
    least_cover: float | None
    """Operating cash that counts towards cover over debt service of the whole site, in its lowest quarter.

    Service on the dates agreed, as published notes have it: a late hall moves none of it, and neither interest that
    could be added to the debt nor the reserve is counted. ``None`` without debt.
    """
    best_npv_usd: float | None
    """Of the plan that would have been best, had the stress been known; ``None`` where there is none."""

    @property
    def regret_usd(self) -> float | None:
        """What knowing the stress would have been worth; ``None`` where no plan, or none as it is, could be paid for.

        The kept mix may break a limit of the stressed world, its capital above all; then it can be worth more than the
        best plan that keeps them all, and there is nothing to regret against.
        """
        if self.best_npv_usd is None or self.best_npv_usd < self.npv_usd - SAME_VALUE * (1.0 + abs(self.npv_usd)):
            return None
        return max(0.0, self.best_npv_usd - self.npv_usd)


def stress_table(plan: Allocation) -> tuple[StressOutcome, ...]:
    """Every named stress, in their order."""
    return tuple(_outcome(plan, stress) for stress in Stress)


def _outcome(plan: Allocation, stress: Stress) -> StressOutcome:
    worse = plan.choices.under(stress)
    npv = float(worse.npv_usd @ plan.units)
    found = LiveProgram(build(worse).form).value()
    return StressOutcome(
        stress,
        STRESSES[stress].words,
        npv,
        npv - plan.npv_usd,
        _least_cash(plan, worse),
        _least_cover(plan, worse),
        None if found is None else -found,
    )


def _least_cash(plan: Allocation, worse: Activities) -> float | None:
    """Capital at hand plus cash to the owner so far, losses carried forward, at the end of the lowest quarter."""
    case = plan.case
    if case.policy.capital_usd is None:
        return None
    ends = slice(MONTHS_PER_QUARTER - 1, None, MONTHS_PER_QUARTER)
    cash = np.cumsum(worse.equity_cash_flow_usd @ plan.units)[ends][: case.timeline.quarters]
    cash = cash + np.cumsum(plan.treasury_sold_btc * worse.treasury_proceeds_usd_per_btc)
    return float((stepped(case, case.policy.capital_usd) + cash).min())


def _least_cover(plan: Allocation, worse: Activities) -> float | None:
    """Lowest quarter of operating cash under stress over the debt service of the case itself."""
    taken = plan.units > TAKEN_MW
    due = by_quarter(plan.choices.debt_service_usd)[:, taken] @ plan.units[taken]
    cash = cash_for_loans_usd(plan.choices, worse)[:, taken] @ plan.units[taken]
    owed = due > DUST * max(1.0, float(due.max(initial=0.0)))
    return float((cash[owed] / due[owed]).min()) if owed.any() else None
