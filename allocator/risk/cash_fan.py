"""Cash flow of a plan by year on every path: what the fan chart shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.activities import Kind
from allocator.risk.factors import ValueMap
from models.execution import OutcomeValues
from models.power import paid_price_usd_per_mwh
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector

PERCENTS = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class CashFan:
    """Unlevered cash flow after tax by year from the valuation date."""

    years: tuple[int, ...]
    percentiles_usd: Vector
    """(percents, years), not discounted."""
    mean_usd: Vector
    """(years,)."""
    paths: int


def cash_by_year(mapped: ValueMap, units: Vector) -> Vector:
    """Unlevered cash flow of a plan by year, (years, paths); what falls on the first day counts in the first year."""
    timeline = mapped.case.timeline
    years, months = timeline.months // MONTHS_PER_YEAR, timeline.month_index
    year_of_month = np.maximum(0, (months.astype(int) - 1) // MONTHS_PER_YEAR)
    quarters = np.arange(timeline.quarters) * MONTHS_PER_QUARTER // MONTHS_PER_YEAR
    mining = np.where(mapped.choices.hosting, 0.0, units)
    loads, certain = np.zeros((years, mapped.count)), np.zeros(years)
    for year in range(years):
        weights, constant = mapped.loading_of((year_of_month == year).astype(float), (quarters == year).astype(float))
        loads[year], certain[year] = weights @ mining, float(constant @ mining)
    used = loads.any(axis=0).astype(float)
    leases = _lease_cash(mapped, units, years)

    def block(number: int) -> Vector:
        factors = np.zeros((mapped.count, mapped.futures.sizes[number]))
        if used.any():
            mapped.mining_factors(number, factors, np.ones(timeline.months + 1), used)
        cash = loads @ factors + certain[:, None]
        for offer, by_delay in leases.items():
            outcomes = mapped.futures.outcomes[offer][number]
            for delay in np.unique(outcomes.delay_months):
                late = np.flatnonzero(outcomes.delay_months == delay)
                kept, lost = by_delay[int(delay)]
                cash[:, late] += np.where(
                    outcomes.cancelled[late], lost[:, None], kept[:, outcomes.paid_quarters[late]]
                )
        return np.asarray(cash)

    return np.concatenate(list(mapped.futures.each_block(block)), axis=1)


def _lease_cash(mapped: ValueMap, units: Vector, years: int) -> dict[int, dict[int, tuple[Vector, Vector]]]:
    """For each offer of the plan and each delay: cash by year and quarters paid, and where it is cancelled."""
    case, found = mapped.case, {}
    taken: dict[int, list[tuple[int, float]]] = {}
    for j, activity in enumerate(mapped.choices.items):
        if activity.kind is Kind.LEASE and units[j] > 0.0:
            taken.setdefault(activity.owner, []).append((activity.start, float(units[j])))
    power = paid_price_usd_per_mwh(case.power, case.timeline)
    for offer, starts in taken.items():
        values = OutcomeValues(case.leases[offer], case.finance, case.timeline, power, tuple(s for s, _ in starts))
        share = np.array([mw for _, mw in starts])
        found[offer] = {
            delay: (
                np.tensordot(share, values.cash_by_year(delay, years), axes=1),
                np.tensordot(share, values.cancelled_cash_by_year(delay, years), axes=1),
            )
            for delay in mapped.lease_values[offer]
        }
    return found


def cash_fan(mapped: ValueMap, units: Vector, paths: int) -> CashFan:
    """The fan of a plan's cash flow on so many of the paths."""
    fewer = replace(mapped.futures, paths=min(paths, mapped.futures.paths))
    cash = cash_by_year(replace(mapped, futures=fewer), units)
    years = tuple(mapped.case.valuation_date.year + 1 + y for y in range(len(cash)))
    return CashFan(years, np.percentile(cash, PERCENTS, axis=1), cash.mean(axis=1), fewer.paths)
