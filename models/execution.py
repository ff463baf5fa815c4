"""What becomes of a lease on a random path: late, cancelled, abandoned by its tenant; and what it is then worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models import tenancy
from models.capex import LONGEST_DELAY_MONTHS
from models.lease import Lease, Recovery, lease_cash_flows
from models.returns import Finance
from models.scenarios import MARKET_STREAM, PATHS_PER_BLOCK, Risk, generator
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Timeline, Vector, discount_factors

Counts = NDArray[np.int64]
_WITHOUT_CHANCE = {"tenant_default_per_year": 0.0, "ltc": 0.0}
"""Terms of a lease whose fate is known; unlevered, so that no loan need be sized."""


@dataclass(frozen=True)
class Chances:
    """What can happen to one lease; its own terms where it states them, else those of the case's risk table."""

    delay_mean_months: float
    delay_deviation_months: float
    cancellation_probability: float
    default_per_year: float

    @classmethod
    def of(cls, lease: Lease, risk: Risk) -> Chances:
        """A term that the lease leaves at nothing is taken from the risk table, the two of the delay together."""
        own_delay = lease.delay_months > 0 or lease.delay_spread_months > 0
        return cls(
            float(lease.delay_months) if own_delay else risk.delay_mean_months,
            lease.delay_spread_months if own_delay else risk.delay_deviation_months,
            lease.cancellation_probability or risk.cancellation_probability,
            lease.tenant_default_per_year or risk.tenant_default_per_year,
        )

    def without(self, *, delay: bool = False, cancellation: bool = False, default: bool = False) -> Chances:
        """The same with some of them frozen: a delay at its mean, the others never."""
        return replace(
            self,
            delay_deviation_months=0.0 if delay else self.delay_deviation_months,
            cancellation_probability=0.0 if cancellation else self.cancellation_probability,
            default_per_year=0.0 if default else self.default_per_year,
        )


@dataclass(frozen=True)
class Outcomes:
    """What happens to one lease on each path of a block, arrays (paths,)."""

    delay_months: Counts
    cancelled: NDArray[np.bool_]
    paid_quarters: Counts
    """Quarters from a hall's delivery that the tenant pays for if nothing else ends its stay."""


@dataclass(frozen=True)
class ExecutionModel:
    """Draws what happens to one lease; independent of the market and of other leases."""

    chances: Chances
    lease: Lease
    seed: int
    position: int
    """Of the lease in its case: each has its own stream of random numbers."""

    @property
    def quarters(self) -> int:
        """Quarters of the longest stay; a default after it is none."""
        return tenancy.longest_stay_months(self.lease, self.lease.term_years) // MONTHS_PER_QUARTER

    def block(self, number: int, paths: int = PATHS_PER_BLOCK) -> Outcomes:
        """The first ``paths`` paths of a block.

        Delays are gamma-distributed with the mean and deviation given, in whole months; a default comes at the end of a
        quarter of the stay, with the same chance in each.
        """
        random, chances = generator(self.seed, MARKET_STREAM + 1 + self.position, number), self.chances
        chance = random.random((2, PATHS_PER_BLOCK))
        standard = random.gamma(self._shape, size=PATHS_PER_BLOCK) if self._shape else np.ones(PATHS_PER_BLOCK)
        scale = chances.delay_mean_months / (self._shape or 1.0)
        delay = np.minimum(np.rint(standard * scale), LONGEST_DELAY_MONTHS).astype(np.int64)
        paid = np.full(PATHS_PER_BLOCK, self.quarters)
        if chances.default_per_year > 0.0:
            stays = (1.0 - chances.default_per_year) ** (MONTHS_PER_QUARTER / MONTHS_PER_YEAR)
            paid = np.minimum(np.floor(np.log1p(-chance[1]) / np.log(stays)), self.quarters).astype(np.int64)
        return Outcomes(delay[:paths], (chance[0] < chances.cancellation_probability)[:paths], paid[:paths])

    @property
    def _shape(self) -> float:
        """Shape of the gamma distribution; 0 where the delay is certain."""
        mean, deviation = self.chances.delay_mean_months, self.chances.delay_deviation_months
        return (mean / deviation) ** 2 if mean > 0.0 and deviation > 0.0 else 0.0


@dataclass(frozen=True)
class OutcomeValues:
    """What one critical IT MW of a lease is worth in each outcome, for every quarter in which it may start.

    Unlevered, after tax, at one rate for everything; losses are used at once, as those of machines are, whatever the
    case says. Chances that the tenant uses its own rights (renewal, leaving early) stay expected values.
    """

    lease: Lease
    finance: Finance
    timeline: Timeline
    power_price_usd_per_mwh: Vector
    starts: tuple[int, ...]

    @cached_property
    def _factors(self) -> Vector:
        return discount_factors(self.finance.discount_rate_risk, self.timeline.month_index)

    @cached_property
    def _taxed(self) -> Finance:
        return self.finance.model_copy(update={"losses_used_by_parent": True})

    @cached_property
    def _paid_months(self) -> Vector:
        """Months of the stay after which the tenant stops, half a month on; the last stands for never."""
        stay = tenancy.longest_stay_months(self.lease, self.lease.term_years)
        return np.append(np.arange(0.0, stay, MONTHS_PER_QUARTER), 1e6) + 0.5

    def with_delay(self, months: int) -> Vector:
        """Values by start and by quarters paid, (starts, quarters + 1), delivered so many months late."""
        return self._worth(self._late(months), self._factors[None, :])[:, 0]

    def cancelled(self, months: int) -> Vector:
        """Values by start, (starts,), where the lease falls away before delivery: the sunk share is lost."""
        return np.asarray(self._worth(self._fallen_away(months), self._factors[None, :])[:, 0, 0])

    def cash_by_year(self, months: int, years: int) -> Vector:
        """Cash flow by start, year and quarters paid, (starts, years, quarters + 1), not discounted."""
        return self._worth(self._late(months), year_masks(self.timeline.month_index, years))

    def cancelled_cash_by_year(self, months: int, years: int) -> Vector:
        """Cash flow by start and year where the lease falls away, (starts, years)."""
        return self._worth(self._fallen_away(months), year_masks(self.timeline.month_index, years))[:, :, 0]

    def power_cost(self, months: int, start: int) -> Vector:
        """What the landlord pays for power, by month and quarters paid, (M + 1, quarters + 1), at expected prices."""
        since = (self.timeline.month_index - start * MONTHS_PER_QUARTER)[:, None]
        price = self.power_price_usd_per_mwh[:, None]
        return lease_cash_flows(self._late(months), self.finance, since, price).power_cost_usd

    def _late(self, months: int) -> Lease:
        certain = {**_WITHOUT_CHANCE, "delay_months": months, "cancellation_probability": 0.0}
        paid = self._paid_months / MONTHS_PER_YEAR
        return self.lease.model_copy(update={**certain, "tenant_default_after_years": paid})

    def _fallen_away(self, months: int) -> Lease:
        certain = {**_WITHOUT_CHANCE, "delay_months": months, "cancellation_probability": 1.0}
        return self.lease.model_copy(update=certain)

    def _worth(self, lease: Lease, weights: Vector) -> Vector:
        """Sums weighted by month, (starts, weights, columns); later starts are the first one moved, but for power."""
        found = []
        moves = lease.recovery is not Recovery.GROSS
        first = self._flows(lease, self.starts[0])
        for start in self.starts:
            if moves:
                moved = (start - self.starts[0]) * MONTHS_PER_QUARTER
                found.append(weights[:, moved:] @ first[: len(first) - moved])
            else:
                found.append(weights @ self._flows(lease, start))
        return np.array(found)

    def _flows(self, lease: Lease, start: int) -> Vector:
        since = (self.timeline.month_index - start * MONTHS_PER_QUARTER)[:, None]
        flows = lease_cash_flows(lease, self._taxed, since, self.power_price_usd_per_mwh[:, None]).cash_flow_usd
        return np.asarray(flows if flows.ndim > 1 else flows[:, None])


def year_masks(month_index: Vector, years: int) -> Vector:
    """Which months each year from the valuation date holds, (years, M + 1); the first day counts in the first."""
    of_month = np.maximum(0, (month_index.astype(int) - 1) // MONTHS_PER_YEAR)
    return np.asarray((of_month[None, :] == np.arange(years)[:, None]).astype(float))
