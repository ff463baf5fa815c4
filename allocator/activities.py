"""The only bridge from economics to the program: a case becomes activities.

An activity is one unit of something the site can do, started in one quarter and stopped in another:
one facility MW of a fleet run until 2028Q2, one facility MW of a machine bought in 2026Q3 and run for
five years, one critical IT MW of an offer let from 2027Q2. Everything that the program knows of the world is
in their vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from allocator.case import Case
from allocator.case_rules import start_window
from models import lease as leasing
from models import mining as mine
from models.debt import DebtSchedule, schedule
from models.machines import SUCCESSOR
from models.network import NetworkPath, network_path
from models.power import (
    available_share,
    calendar_months,
    demand_charge_usd_per_mw_month,
    demand_response_usd,
    margin_usd_per_mwh,
    price_level,
)
from models.tax import depreciation, tax_at_once, tax_carried_forward, yearly_rates
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector, discount_factors


class Kind(StrEnum):
    """What an activity is made of."""

    FLEET = "fleet"
    PURCHASE = "purchase"
    LEASE = "lease"


class Use(StrEnum):
    """What the megawatts do."""

    MINING = "mining"
    HOSTING = "hosting"


USE = {Kind.FLEET: Use.MINING, Kind.PURCHASE: Use.MINING, Kind.LEASE: Use.HOSTING}


@dataclass(frozen=True)
class Activity:
    """One column of the program; a unit is a facility MW (mining) or a critical IT MW (hosting)."""

    key: str
    """Name in the program: letters, digits and underscores only."""
    name: str
    """Name for people."""
    kind: Kind
    owner: int
    """Position of the fleet, purchase or offer in the case."""
    owner_name: str
    start: int
    """First quarter of use."""
    stop: int
    """First quarter after it."""
    facility_mw_per_unit: float

    @property
    def use(self) -> Use:
        """What the megawatts do."""
        return USE[self.kind]


@dataclass(frozen=True)
class Bundle:
    """Activities of one fleet, purchase or offer with their vectors; arrays are per unit, one column an activity."""

    activities: tuple[Activity, ...]
    cash_flow_usd: Vector
    """Unlevered, after tax with losses used at once; (M + 1, J)."""
    equity_cash_flow_usd: Vector
    """After debt, and after tax with losses carried forward; (M + 1, J). What the capital rows see."""
    capex_usd: Vector
    """Undiscounted, (J,)."""
    occupied: Vector
    """Share of a unit's facility MW in use in each quarter, (Q, J)."""
    noi_usd: Vector
    """Net operating income of hosting, (M + 1, J); zero for mining."""
    debt_service_usd: Vector
    """(M + 1, J); zero for mining."""


@dataclass(frozen=True)
class Activities:
    """Every activity of a case, in the order of its bundles."""

    case: Case
    network: NetworkPath
    bundles: tuple[Bundle, ...]

    @cached_property
    def items(self) -> tuple[Activity, ...]:
        """All activities."""
        return tuple(a for bundle in self.bundles for a in bundle.activities)

    @cached_property
    def cash_flow_usd(self) -> Vector:
        """Unlevered cash flow per unit, (M + 1, J)."""
        return self._joined([b.cash_flow_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def equity_cash_flow_usd(self) -> Vector:
        """Equity cash flow per unit, (M + 1, J)."""
        return self._joined([b.equity_cash_flow_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def noi_usd(self) -> Vector:
        """NOI of hosting per unit, (M + 1, J)."""
        return self._joined([b.noi_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def debt_service_usd(self) -> Vector:
        """Debt service per unit, (M + 1, J)."""
        return self._joined([b.debt_service_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def facility_mw(self) -> Vector:
        """Facility MW in use per unit, (Q, J)."""
        per_unit: Vector = np.array([a.facility_mw_per_unit for a in self.items])
        return np.asarray(self._joined([b.occupied for b in self.bundles], self.case.timeline.quarters) * per_unit)

    @cached_property
    def capex_usd(self) -> Vector:
        """Capex per unit, (J,)."""
        return np.concatenate([b.capex_usd for b in self.bundles]) if self.bundles else np.zeros(0)

    @cached_property
    def hosting(self) -> NDArrayBool:
        """Which activities host, (J,)."""
        return np.array([a.kind is Kind.LEASE for a in self.items], dtype=bool)

    @cached_property
    def npv_usd(self) -> Vector:
        """NPV per unit, each at the rate of its use, (J,)."""
        months, finance = self.case.timeline.month_index, self.case.finance
        rates = {Use.MINING: finance.discount_rate_mining, Use.HOSTING: finance.discount_rate_hosting}
        factors = {use: discount_factors(rate, months) for use, rate in rates.items()}
        parts = [factors[b.activities[0].use] @ b.cash_flow_usd for b in self.bundles if b.activities]
        return np.concatenate(parts) if parts else np.zeros(0)

    @cached_property
    def capital_used_usd(self) -> Vector:
        """Equity paid in less the reinvested share of what came back, (Q, J), to just before the next quarter.

        A flow on the day on which a quarter begins (machines that start to run) counts in that quarter.
        """
        flow = self.equity_cash_flow_usd
        used = np.cumsum(np.maximum(-flow, 0.0) - self.case.policy.reinvested_share * np.maximum(flow, 0.0), axis=0)
        return used[MONTHS_PER_QUARTER - 1 :: MONTHS_PER_QUARTER][: self.case.timeline.quarters]

    def _joined(self, parts: list[Vector], rows: int) -> Vector:
        return np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0))


NDArrayBool = np.ndarray[tuple[int], np.dtype[np.bool_]]


def activities(case: Case, reuse: Activities | None = None) -> Activities:
    """Every way in which this case's site can be used.

    ``reuse`` gives the network and the mining bundles of a case that differs from this one only in its leases.
    """
    if reuse is None:
        path = network_path(case.market, case.timeline)
        mining = (*_fleets(case, path), *_purchases(case, path))
    else:
        path = reuse.network
        mining = tuple(b for b in reuse.bundles if b.activities[0].use is Use.MINING)
    return Activities(case, path, tuple(b for b in (*mining, *_leases(case)) if b.activities))


def key_text(name: str) -> str:
    """A name with everything but letters, digits and underscores replaced, for use in the program."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:40]


# Mining


def operating_cash_flow_usd(
    case: Case, path: NetworkPath, efficiency: Vector, site_pue: float, start_month: Vector
) -> Vector:
    """Cash of a facility MW in every month, pre-tax; (M + 1, n) for n efficiencies in J/TH and first months of use.

    ``max(0, margin x hours x uptime x share without outage - demand charge) + demand response - fixed opex``: in a
    month that does not carry its demand charge the machines stay off.
    """
    months, power = case.timeline.month_index, case.power
    revenue = mine.revenue_usd_per_mwh(
        path.hashprice_usd_per_ph_day[:, None], efficiency[None, :], site_pue, case.mining.pool_fee
    )
    level, calendar = price_level(power, months), calendar_months(case.timeline)
    kept = mine.hashrate_kept(case.mining.degradation_per_year, months[:, None] - start_month[None, :])
    net = revenue * kept - case.mining.variable_opex_usd_per_mwh
    margin = margin_usd_per_mwh(net, power, level, calendar)
    operating = mine.operating_margin_usd(margin, case.mining.uptime) * available_share(power, calendar)[:, None]
    operating = np.maximum(0.0, operating - demand_charge_usd_per_mw_month(power, level)[:, None])
    standing = demand_response_usd(power, level) - mine.fixed_opex_usd(case.mining, months)
    flow = operating + standing[:, None]
    flow[0] = 0.0
    return flow


def _fleets(case: Case, path: NetworkPath) -> Iterator[Bundle]:
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
        pre_tax = np.where(months[:, None] <= ends, running, 0.0)
        pre_tax[ends, np.arange(len(ends))] += resale
        found = tuple(
            Activity(
                f"fleet__{owner}_{key_text(fleet.name)}__to_{stop:03d}",
                f"sell fleet {fleet.name} now"
                if stop == 0
                else f"fleet {fleet.name} run until {timeline.quarter_label(int(stop))}",
                Kind.FLEET,
                owner,
                fleet.name,
                0,
                int(stop),
                1.0,
            )
            for stop in stops
        )
        rate = case.finance.tax_rate
        yield _mining_bundle(
            case,
            found,
            pre_tax - tax_at_once(rate, pre_tax),
            pre_tax - tax_carried_forward(rate, pre_tax),
            np.zeros(len(stops)),
        )


def _resale_market(case: Case, path: NetworkPath) -> Vector:
    elasticity = case.mining.resale_elasticity_to_hashprice
    return mine.resale_market(path.hashprice_usd_per_ph_day, path.entry_cost_usd_per_ph_day, elasticity)


def _mining_bundle(case: Case, found: tuple[Activity, ...], cash: Vector, equity: Vector, capex: Vector) -> Bundle:
    quarters = np.arange(case.timeline.quarters)[:, None]
    starts = np.array([a.start for a in found])
    stops = np.array([a.stop for a in found])
    occupied = ((quarters >= starts) & (quarters < stops)).astype(float)
    none = np.zeros_like(cash)
    return Bundle(found, cash, equity, capex, occupied, none, none)


def purchase_starts(case: Case, owner: int) -> list[int]:
    """Quarters in which machines of a purchase may start to run: quarterly, a successor's once a year."""
    purchase = case.purchases[owner]
    first = -(-purchase.lead_months // MONTHS_PER_QUARTER)
    last = min(int(purchase.latest_start_years * 4), case.timeline.quarters - 4)
    step = 4 if purchase.machine == SUCCESSOR else 1
    return list(range(first, last + 1, step))


def _purchases(case: Case, path: NetworkPath) -> Iterator[Bundle]:
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
        columns: list[tuple[Activity, Vector, Vector, float]] = []
        for i, start in enumerate(starts):
            price = mine.price_usd_per_th(purchase.machine, purchase.price_usd_per_th, case.mining, start / 4)
            price *= float(market[start * MONTHS_PER_QUARTER] / market[0])
            machines = mine.machine_cost_usd_per_mw(price, float(efficiency[i]), site_pue, purchase.hashrate_factor)
            cost = machines + purchase.infrastructure_usd_per_mw
            begin = start * MONTHS_PER_QUARTER
            age = months - begin
            deducted = depreciation(cost, age, rates)
            stops = [start + 4 * y for y in range(1, purchase.life_years + 1) if start + 4 * y <= timeline.quarters]
            ends = np.array(stops) * MONTHS_PER_QUARTER
            inside = (age[:, None] > 0) & (months[:, None] <= ends)
            resale = mine.resale_usd(machines, case.mining.resale_decline_per_year, (ends - begin).astype(float))
            resale = (
                resale
                * market[ends]
                / market[begin]
                * mine.hashrate_kept(case.mining.degradation_per_year, ends - begin)
            )
            written_off = cost - np.cumsum(deducted)[ends]
            column = np.arange(len(ends))
            operating = np.where(inside, running[:, [i]], 0.0)
            operating[ends, column] += resale
            taxable = operating - np.where(inside, deducted[:, None], 0.0)
            taxable[ends, column] -= written_off
            pre_tax = operating
            pre_tax[begin] -= cost
            rate = case.finance.tax_rate
            cash, equity = pre_tax - tax_at_once(rate, taxable), pre_tax - tax_carried_forward(rate, taxable)
            for j, stop in enumerate(stops):
                activity = Activity(
                    f"buy__{owner}_{key_text(purchase.name)}__from_{start:03d}_to_{stop:03d}",
                    f"buy {purchase.name} in {timeline.quarter_label(start)}, run {(stop - start) // 4} years",
                    Kind.PURCHASE,
                    owner,
                    purchase.name,
                    start,
                    stop,
                    1.0,
                )
                columns.append((activity, cash[:, j], equity[:, j], cost))
        found = tuple(c[0] for c in columns)
        yield _mining_bundle(
            case,
            found,
            np.stack([c[1] for c in columns], axis=1),
            np.stack([c[2] for c in columns], axis=1),
            np.array([c[3] for c in columns]),
        )


# Hosting


@dataclass(frozen=True)
class LeaseCashFlows:
    """One critical IT MW of an offer by month, arrays (M + 1,) in USD, for one first delivery."""

    rent_usd: Vector
    noi_usd: Vector
    capex_usd: Vector
    depreciation_usd: Vector
    tax_usd: Vector
    cash_flow_usd: Vector
    debt: DebtSchedule
    levered_tax_usd: Vector
    equity_cash_flow_usd: Vector
    occupied_share: Vector


def lease_cash_flows(case: Case, lease: leasing.Lease, start: int) -> LeaseCashFlows:
    """Value lines of one critical IT MW whose first delivery falls at the start of quarter ``start``.

    Unlevered: ``NOI - capex - tax``, tax on ``NOI - depreciation`` with losses used at once. Equity: ``NOI - capex
    + debt drawn - debt service - tax``, tax on ``NOI - depreciation - interest`` with losses carried forward.
    Depreciation starts after the last delivery; what is left is written off when the last rent is paid.
    """
    months = case.timeline.month_index
    since = months - start * MONTHS_PER_QUARTER
    rent = leasing.rent_usd(lease, since)
    noi = leasing.noi_usd(rent, lease.noi_margin)
    capex = leasing.capex_draws_usd(lease, since)
    closing = leasing.last_delivery_offset_months(lease)
    maturity = lease.term_years * MONTHS_PER_YEAR
    end = min(len(months) - 1, start * MONTHS_PER_QUARTER + closing + maturity)
    cost = lease.capex_usd_per_kw * leasing.KW_PER_MW
    rates = yearly_rates(case.finance.data_centre_short_life_share, case.finance.bonus_depreciation)
    deducted = depreciation(cost, since - closing, rates)
    deducted[end + 1 :] = 0.0
    deducted[end] += cost - deducted.sum()
    loan = schedule(
        capex,
        noi,
        since,
        closing_month=closing,
        maturity_month=max(maturity, closing + 1),
        ltc=lease.ltc,
        debt_rate=lease.debt_rate,
        dscr=lease.dscr,
    )
    rate = case.finance.tax_rate
    tax = tax_at_once(rate, noi - deducted)
    levered_tax = tax_carried_forward(rate, noi - deducted - loan.interest_usd)
    cash = noi - capex - tax
    equity = noi - capex + loan.draw_usd - loan.service_usd - levered_tax
    return LeaseCashFlows(
        rent, noi, capex, deducted, tax, cash, loan, levered_tax, equity, leasing.occupied_share(lease, since)
    )


def _leases(case: Case) -> Iterator[Bundle]:
    timeline = case.timeline
    for owner, lease in enumerate(case.leases):
        first, last = start_window(timeline, lease)
        base = lease_cash_flows(case, lease, first)
        shifts = range(last - first + 1)
        length = -(-(leasing.last_delivery_offset_months(lease)) // MONTHS_PER_QUARTER) + 4 * lease.term_years
        found = tuple(
            Activity(
                f"lease__{owner}_{key_text(lease.name)}__from_{first + s:03d}",
                f"lease {lease.name} from {timeline.quarter_label(first + s)}",
                Kind.LEASE,
                owner,
                lease.name,
                first + s,
                first + s + length,
                lease.provisioning_ratio,
            )
            for s in shifts
        )
        # The largest share of the quarter's three months counts: a hall handed over mid-quarter needs its power then.
        by_quarter = base.occupied_share[1:].reshape(-1, MONTHS_PER_QUARTER).max(axis=1)

        def moved(line: Vector, months: int = MONTHS_PER_QUARTER, steps: range = shifts) -> Vector:
            return np.stack(
                [np.concatenate([np.zeros(s * months), line[: len(line) - s * months]]) for s in steps],
                axis=1,
            )

        yield Bundle(
            found,
            moved(base.cash_flow_usd),
            moved(base.equity_cash_flow_usd),
            np.full(len(found), float(base.capex_usd.sum())),
            moved(by_quarter, 1),
            moved(base.noi_usd),
            moved(base.debt.service_usd),
        )
