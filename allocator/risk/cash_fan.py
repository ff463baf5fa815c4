"""Cash flow of a plan by year on every path: what the fan chart shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.activities import Kind
from allocator.risk.factors import ValueMap
from models.execution import OutcomeValues, year_masks
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
    years = timeline.months // MONTHS_PER_YEAR
    masks = year_masks(timeline.month_index, years)
    quarters = np.arange(timeline.quarters) * MONTHS_PER_QUARTER // MONTHS_PER_YEAR
    mining = np.where(mapped.choices.hosting, 0.0, units)
    loads, certain = np.zeros((years, mapped.count)), np.zeros(years)
    for year in range(years):
        weights, constant = mapped.loading_of(masks[year], (quarters == year).astype(float))
        loads[year], certain[year] = weights @ mining, float(constant @ mining)
    used = loads.any(axis=0).astype(float)
    leases = _lease_cash(mapped, units, years)
    let = {offer: _let_by_start(mapped, offer, units) for offer in mapped.gross_power}
    mapped.prepare()

    def block(number: int) -> Vector:
        factors = np.zeros((mapped.count, mapped.futures.sizes[number]))
        market = mapped.market_paths(number)
        if market is not None:
            mapped.mining_factors(market, factors, np.ones(timeline.months + 1), used)
        cash = loads @ factors + certain[:, None]
        for offer, by_delay in leases.items():
            outcomes = mapped.futures.outcomes[offer][number]
            for delay in np.unique(outcomes.delay_months):
                late = np.flatnonzero(outcomes.delay_months == delay)
                kept, lost = by_delay[int(delay)]
                cash[:, late] += np.where(
                    outcomes.cancelled[late], lost[:, None], kept[:, outcomes.paid_quarters[late]]
                )
        if market is not None:
            for offer, power in mapped.gross_power.items():
                added = power.surprise(mapped.futures.outcomes[offer][number], market.power_level, masks)
                cash += np.tensordot(let[offer], added, axes=([0], [1]))
        return np.asarray(cash)

    return np.concatenate(list(mapped.futures.each_block(block)), axis=1)


def _let_by_start(mapped: ValueMap, offer: int, units: Vector) -> Vector:
    """Critical IT MW of an offer in a plan by the quarter in which they start, (starts,)."""
    found = np.zeros(len(mapped.windows[offer]))
    for activity, mw in zip(mapped.choices.items, units, strict=True):
        if activity.kind is Kind.LEASE and activity.owner == offer:
            found[activity.start - mapped.windows[offer].start] += mw
    return found


def _lease_cash(mapped: ValueMap, units: Vector, years: int) -> dict[int, dict[int, tuple[Vector, Vector]]]:
    """For each offer of the plan and each delay: cash by year and quarters paid, and where it is cancelled."""
    case, found = mapped.case, {}
    power = paid_price_usd_per_mwh(case.power, case.timeline)
    for offer, lease in enumerate(case.leases):
        share = _let_by_start(mapped, offer, units)
        starts = np.flatnonzero(share)
        if not starts.size:
            continue
        window = mapped.windows[offer]
        values = OutcomeValues(lease, case.finance, case.timeline, power, tuple(window[int(s)] for s in starts))
        found[offer] = {
            delay: (
                np.tensordot(share[starts], values.cash_by_year(delay, years), axes=1),
                np.tensordot(share[starts], values.cancelled_cash_by_year(delay, years), axes=1),
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
