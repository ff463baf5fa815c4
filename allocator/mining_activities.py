"""Activities that mine: fleets run until a quarter, machines bought in one quarter and run until another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from allocator.activity import Activity, Bundle, Kind, key_text
from allocator.case import Case
from models import mining as mine
from models.machines import SUCCESSOR
from models.network import NetworkPath
from models.power import (
    available_share,
    calendar_months,
    demand_charge_usd_per_mw_month,
    demand_response_usd,
    margin_usd_per_mwh,
    price_level,
)
from models.tax import depreciation, tax, tax_carried_forward, yearly_rates
from models.timeline import MONTHS_PER_QUARTER, Timeline, Vector


def operating_cash_flow_usd(
    case: Case, path: NetworkPath, efficiency: Vector, site_pue: float, start_month: Vector
) -> Vector:
    """Cash of a facility MW in every month, pre-tax; (M + 1, n) for n efficiencies in J/TH and first months of use."""
    months = case.timeline.month_index
    kept = mine.hashrate_kept(case.mining.degradation_per_year, months[:, None] - start_month[None, :])
    hashprice = path.hashprice_usd_per_ph_day[:, None]
    flow = month_of_mining_usd(case, months, hashprice, efficiency, site_pue, kept, price_level(case.power, months))
    flow[0] = 0.0
    return flow


def month_of_mining_usd(
    case: Case, months: Vector, hashprice: Vector, efficiency: Vector | float, site_pue: float, kept: Vector,
    level: Vector,
) -> Vector:  # fmt: skip
    """Cash of a facility MW in the months named, pre-tax; (months, n).

    ``max(0, margin x hours x uptime x share without outage - demand charge) + demand response - fixed opex``: in a
    month that does not carry its demand charge the machines stay off.

    Parameters
    ----------
    hashprice, kept : USD/PH/day and share of hashrate that machines still have; (months, n) or one column.
    level : price level of power, (months,) or (months, n).
    """
    power, calendar = case.power, calendar_months(case.timeline)[months.astype(int)]
    revenue = mine.revenue_usd_per_mwh(hashprice, efficiency, site_pue, case.mining.pool_fee)
    net = revenue * kept - case.mining.variable_opex_usd_per_mwh
    margin = margin_usd_per_mwh(net, power, level, calendar)
    operating = mine.operating_margin_usd(margin, case.mining.uptime) * available_share(power, calendar)[:, None]
    wide = level if level.ndim > 1 else level[:, None]
    operating = np.maximum(0.0, operating - demand_charge_usd_per_mw_month(power, wide))
    return np.asarray(
        operating + (demand_response_usd(power, wide) - mine.fixed_opex_usd(case.mining, months)[:, None])
    )


def fleet_bundles(case: Case, path: NetworkPath) -> Iterator[Bundle]:
    """For each fleet, one activity a quarter in which it may be sold; the first is to sell it now."""
    timeline, months = case.timeline, case.timeline.month_index
    market = _resale_market(case, path)
    for owner, fleet in enumerate(case.fleets):
        site_pue = mine.pue(fleet.machine, case.mining)
        efficiency = mine.efficiency_j_per_th(fleet.machine, case.mining) * fleet.efficiency_factor
        running = operating_cash_flow_usd(case, path, np.array([efficiency]), site_pue, np.zeros(1))
        stops = np.arange(min(timeline.quarters, fleet.remaining_life_years * 4) + 1)
        ends = stops * MONTHS_PER_QUARTER
        resale_now = mine.machine_cost_usd_per_mw(fleet.resale_usd_per_th, efficiency, site_pue, fleet.hashrate_factor)
        resale = mine.resale_usd(resale_now, case.mining.resale_decline_per_year, ends.astype(float))
        resale = (
            resale * market[ends] / market[0] * mine.hashrate_kept(case.mining.degradation_per_year, ends.astype(float))
        )
        operating = np.where(months[:, None] <= ends, running, 0.0)
        pre_tax = operating.copy()
        pre_tax[ends, np.arange(len(ends))] += resale
        found = _runs(owner, fleet.name, tuple(stops.tolist()), timeline)
        yield _mining_bundle(
            case,
            found,
            pre_tax - value_tax(case, pre_tax),
            pre_tax - tax_carried_forward(case.finance.tax_rate, pre_tax),
            np.zeros(len(stops)),
            operating,
        )


def value_tax(case: Case, taxable_income_usd: Vector) -> Vector:
    """Tax as the value of an activity counts it: losses used by the parent at once, or carried forward."""
    finance = case.finance
    return tax(finance.tax_rate, taxable_income_usd, losses_used_by_parent=finance.losses_used_by_parent)


def _resale_market(case: Case, path: NetworkPath) -> Vector:
    elasticity = case.mining.resale_elasticity_to_hashprice
    return mine.resale_market(path.hashprice_usd_per_ph_day, path.entry_cost_usd_per_ph_day, elasticity)


def _mining_bundle(
    case: Case, found: tuple[Activity, ...], cash: Vector, equity: Vector, capex: Vector, operating: Vector
) -> Bundle:
    quarters = np.arange(case.timeline.quarters)[:, None]
    starts = np.array([a.start for a in found])
    stops = np.array([a.stop for a in found])
    occupied = ((quarters >= starts) & (quarters < stops)).astype(float)
    none = np.zeros_like(cash)
    return Bundle(found, cash, equity, capex, occupied, operating, none, none)


@lru_cache(maxsize=256)
def _runs(owner: int, name: str, stops: tuple[int, ...], timeline: Timeline) -> tuple[Activity, ...]:
    """Ways to run a fleet: many sites have the same ones."""
    return tuple(
        Activity(
            f"fleet__{owner}_{key_text(name)}__to_{stop:03d}",
            f"fleet {name} run until {timeline.quarter_label(stop)}" if stop else f"sell fleet {name} now",
            Kind.FLEET,
            owner,
            name,
            0,
            stop,
            1.0,
        )
        for stop in stops
    )


@lru_cache(maxsize=4096)
def _buys(owner: int, name: str, start: int, stops: tuple[int, ...], timeline: Timeline) -> tuple[Activity, ...]:
    """Ways to buy at one start: many sites have the same ones."""
    return tuple(
        Activity(
            f"buy__{owner}_{key_text(name)}__from_{start:03d}_to_{stop:03d}",
            f"buy {name} in {timeline.quarter_label(start)}, run {(stop - start) // 4} years",
            Kind.PURCHASE,
            owner,
            name,
            start,
            stop,
            1.0,
        )
        for stop in stops
    )


def purchase_starts(case: Case, owner: int) -> list[int]:
    """Quarters in which machines of a purchase may start to run: quarterly, a successor's once a year."""
    purchase = case.purchases[owner]
    first = -(-purchase.lead_months // MONTHS_PER_QUARTER)
    last = min(int(purchase.latest_start_years * 4), case.timeline.quarters - 4)
    step = 4 if purchase.machine == SUCCESSOR else 1
    return list(range(first, last + 1, step))


def purchase_bundles(case: Case, path: NetworkPath) -> Iterator[Bundle]:
    """For each purchase, one activity for every start and every whole number of years that it may run."""
    timeline, months = case.timeline, case.timeline.month_index
    rates = yearly_rates(1.0, case.finance.bonus_depreciation)
    market = _resale_market(case, path)
    for owner, purchase in enumerate(case.purchases):
        starts = purchase_starts(case, owner)
        if not starts:
            continue
        site_pue = mine.pue(purchase.machine, case.mining)
        label = np.array([mine.efficiency_j_per_th(purchase.machine, case.mining, s / 4) for s in starts])
        efficiency = label * purchase.efficiency_factor
        first_months = np.array(starts, dtype=float) * MONTHS_PER_QUARTER
        running = operating_cash_flow_usd(case, path, efficiency, site_pue, first_months)
        machines = np.array(
            [_machines_usd_per_mw(case, owner, s, e, market) for s, e in zip(starts, efficiency, strict=True)]
        )
        cost = machines + purchase.infrastructure_usd_per_mw
        begins = np.array(starts) * MONTHS_PER_QUARTER
        age = months[:, None] - begins
        deducted = depreciation(cost, age, rates)
        stops = [
            tuple(s + 4 * y for y in range(1, purchase.life_years + 1) if s + 4 * y <= timeline.quarters)
            for s in starts
        ]
        # From here on one column an activity: of = the start that it has, begin and end in months.
        of = np.repeat(np.arange(len(starts)), [len(ends) for ends in stops])
        begin, end = begins[of], np.concatenate(stops) * MONTHS_PER_QUARTER
        column = np.arange(len(of))
        inside = (age > 0)[:, of] & (months[:, None] <= end)
        resale = mine.resale_usd(machines[of], case.mining.resale_decline_per_year, (end - begin).astype(float))
        resale = (
            resale * market[end] / market[begin] * mine.hashrate_kept(case.mining.degradation_per_year, end - begin)
        )
        written_off = (cost - np.cumsum(deducted, axis=0))[end, of]
        operating = np.where(inside, running[:, of], 0.0)
        pre_tax = operating.copy()
        pre_tax[end, column] += resale
        taxable = pre_tax - np.where(inside, deducted[:, of], 0.0)
        taxable[end, column] -= written_off
        pre_tax[begin, column] -= cost[of]
        yield _mining_bundle(
            case,
            tuple(
                a for s, ends in zip(starts, stops, strict=True) for a in _buys(owner, purchase.name, s, ends, timeline)
            ),
            pre_tax - value_tax(case, taxable),
            pre_tax - tax_carried_forward(case.finance.tax_rate, taxable),
            cost[of],
            operating,
        )


def _machines_usd_per_mw(case: Case, owner: int, start: int, efficiency_j_per_th: float, market: Vector) -> float:
    """What the machines of a facility MW cost at a start: the list price as machines improve, moved by the market."""
    purchase = case.purchases[owner]
    price = mine.price_usd_per_th(purchase.machine, purchase.price_usd_per_th, case.mining, start / 4)
    price *= float(market[start * MONTHS_PER_QUARTER] / market[0])
    site_pue = mine.pue(purchase.machine, case.mining)
    return mine.machine_cost_usd_per_mw(price, float(efficiency_j_per_th), site_pue, purchase.hashrate_factor)
