"""Formulae of the method worked out in the reader's own figures, by their name in :mod:`allocator.method_words`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.case import Case
from allocator.formats import day, megawatts, money, percent, rent, table_money
from models.lease import KW_PER_MW, Lease
from models.machines import SUCCESSOR
from models.mining import Fleet, Purchase, efficiency_j_per_th, hashrate_th_per_mw, pue, revenue_usd_per_mwh
from models.network import (
    BLOCKS_PER_DAY,
    hashprice_usd_per_ph_day,
    hashrate_eh_s,
    subsidy_on,
    total_reward_btc,
)


def worked(case: Case, plan: Allocation | None) -> dict[str, str]:
    """A sentence for each formula that the case has figures for; those of a plan only where there is one."""
    return {**dict(_of_case(case)), **(dict(_of_plan(plan)) if plan else {})}


def hashprice_today_usd_per_ph_day(case: Case) -> float:
    """Hashprice on the valuation date."""
    market = case.market
    reward = total_reward_btc(subsidy_on(case.valuation_date), market.fee_share)
    return hashprice_usd_per_ph_day(market.btc_price_usd, market.difficulty, reward)


def _of_case(case: Case) -> Iterator[tuple[str, str]]:
    yield "Hashprice", _hashprice(case)
    machines: list[Fleet | Purchase] = [*case.fleets, *case.purchases]
    if known := [machine for machine in machines if machine.machine != SUCCESSOR]:
        yield "Machines", _machines(case, known[0])
        yield "Mining margin", _mining_margin(case, known[0])
    if case.leases:
        yield "Rent", _rent(case.leases[0])


def _of_plan(plan: Allocation) -> Iterator[tuple[str, str]]:
    yield "Value of a plan", _value(plan)
    if plan.minimum_dscr is not None:
        yield "Cover (DSCR)", f"{plan.minimum_dscr:.2f}x at the least, in any month of any lease taken."
    yield "Capital tied up", f"Peak equity of the plan, nothing reinvested: {table_money(plan.peak_equity_usd)}."
    reason = plan.irr_reason
    yield "IRR", f"{reason[:1].upper()}{reason[1:]}." if reason else f"{percent(plan.irr)}, unlevered and after tax."


def _hashprice(case: Case) -> str:
    market = case.market
    subsidy = subsidy_on(case.valuation_date)
    fees = total_reward_btc(subsidy, market.fee_share) - subsidy
    running = hashrate_eh_s(market.difficulty)
    return (
        f"${market.btc_price_usd:,.0f} × ({subsidy:g} + {fees:.4f}) BTC × {BLOCKS_PER_DAY:g} / (1,000 × "
        f"{running:,.1f} EH/s) = ${hashprice_today_usd_per_ph_day(case):,.2f} /PH/day on {day(case.valuation_date)}."
    )


def _efficiency(case: Case, machine: Fleet | Purchase) -> float:
    return efficiency_j_per_th(machine.machine, case.mining) * machine.efficiency_factor


def _machines(case: Case, machine: Fleet | Purchase) -> str:
    efficiency, site_pue = _efficiency(case, machine), pue(machine.machine, case.mining)
    found = hashrate_th_per_mw(efficiency, site_pue)
    return f"{machine.name}: 1,000,000 / ({efficiency:.4g} J/TH × {site_pue:g}) = {found:,.0f} TH/s per facility MW."


def _mining_margin(case: Case, machine: Fleet | Purchase) -> str:
    hashprice = np.array(hashprice_today_usd_per_ph_day(case))
    site_pue = pue(machine.machine, case.mining)
    earned = float(revenue_usd_per_mwh(hashprice, _efficiency(case, machine), site_pue, case.mining.pool_fee))
    return (
        f"{machine.name} earns ${earned:,.2f} per facility MWh at today's hashprice, after the pool's fee; power and "
        "variable cost come off that."
    )


def _rent(offer: Lease) -> str:
    monthly = offer.critical_it_mw * KW_PER_MW * offer.rent_usd_per_kw_month
    return (
        f"{offer.name}: {megawatts(offer.critical_it_mw)} (critical IT) × {KW_PER_MW:,.0f} kW × "
        f"{rent(offer.rent_usd_per_kw_month)} = {money(monthly)} a month in year one, all of it let and paid."
    )


def _value(plan: Allocation) -> str:
    finance = plan.case.finance
    return (
        f"Hosting {table_money(plan.npv_of(Use.HOSTING))} at {percent(finance.discount_rate_hosting)} + mining "
        f"{table_money(plan.npv_of(Use.MINING))} at {percent(finance.discount_rate_mining)} = NPV "
        f"{table_money(plan.npv_usd)}, from {len(plan.mix)} of {len(plan.choices.items):,} activities that were open."
    )
