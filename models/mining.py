"""Mining, per facility MW of one machine: revenue, margin, opex, capex, resale; and the figures the trade quotes."""

from __future__ import annotations

import numpy as np

from models.assumptions import Assumptions, Number, Whole, assumption
from models.machines import SUCCESSOR, Cooling, machines_by_name
from models.timeline import HOURS_PER_MONTH, MONTHS_PER_YEAR, Vector, growth_factors


class Mining(Assumptions):
    """What all machines at the site share."""

    uptime: Number = assumption(
        0.97, unit="share of hours", gt=0, le=1, meaning="Hours in which machines can run",
        because="a machine cannot run more than every hour",
    )  # fmt: skip
    pool_fee: Number = assumption(
        0.01, unit="share of revenue", ge=0, lt=1, meaning="Pool fee",
        source="0-2 %; Antpool's table implies about 1.4 %", status="derived", dated="2026-02",
    )  # fmt: skip
    pue_air: Number = assumption(
        1.06, unit="ratio", ge=1, le=2, meaning="Facility energy over machine energy, air cooling",
        source="well-run free air 1.05-1.10 (d-central.tech)", status="sourced", dated="2026",
        because="facility load cannot be less than machine load",
    )  # fmt: skip
    pue_liquid: Number = assumption(
        1.05, unit="ratio", ge=1, le=2, meaning="Facility energy over machine energy, hydro and immersion",
        source="vendor figures for liquid cooling", status="sourced", dated="2026-05",
        because="facility load cannot be less than machine load",
    )  # fmt: skip
    variable_opex_usd_per_mwh: Number = assumption(
        2.0, unit="USD/MWh", ge=0, le=200, meaning="Repairs and consumables per MWh used",
    )  # fmt: skip
    fixed_opex_usd_per_mw_year: Number = assumption(
        25_000.0, unit="USD/facility MW-year", ge=0, le=1e6,
        meaning="Staff, site, insurance, per facility MW that is mined",
    )  # fmt: skip
    opex_growth_per_year: Number = assumption(
        0.02, unit="per year", ge=-0.2, le=0.5, meaning="Growth of operating costs",
    )  # fmt: skip
    resale_decline_per_year: Number = assumption(
        0.5, unit="per year", ge=0, lt=1, meaning="Yearly fall of a machine's resale price",
        source="6 % (3-10 %) left after 3.5 years: S19 XP 60 USD/TH (2022-07), S19 class 3-4 (2026-02)",
        status="derived", dated="2026-02",
    )  # fmt: skip
    resale_elasticity_to_hashprice: Number = assumption(
        0.5, unit="ratio of logs", ge=0, le=5,
        meaning="How prices of new and used machines follow hashprice over entry cost; 0 switches it off",
    )  # fmt: skip
    degradation_per_year: Number = assumption(
        0.0, unit="per year", ge=0, lt=0.5, meaning="Hashrate that a machine loses a year at the same power",
    )  # fmt: skip
    successor_efficiency_j_per_th: Number = assumption(
        9.5, unit="J/TH", gt=0, le=50, meaning="Efficiency of the best machine on the valuation date",
        source="Antminer S23 Hyd", status="sourced", dated="2026-01",
    )  # fmt: skip
    efficiency_gain_per_year: Number = assumption(
        0.107, unit="per year", ge=0, lt=0.5,
        meaning="Yearly fall of J/TH and of USD/TH of the newest machine on sale",
        source="1 - 1 / 1.12: as fast as entry cost falls; 20 % a year from 29.55 J/TH (2020-05) to 9.5 (2026-01)",
    )  # fmt: skip


class Fleet(Assumptions):
    """Machines owned today."""

    name: str = assumption(..., unit="", meaning="A name for the fleet")
    machine: str = assumption(..., unit="", meaning="A model of the catalogue (allocator machines)")
    facility_mw: Number = assumption(
        ..., unit="facility MW", ge=0, le=1e5, meaning="Facility MW the fleet draws when it runs"
    )
    resale_usd_per_th: Number = assumption(
        3.0, unit="USD/TH", ge=0, le=1_000, meaning="What the machines fetch on the valuation date",
        source="S19 units 3-4 USD/TH (yellow.com)", status="sourced", dated="2026-02",
    )  # fmt: skip
    efficiency_factor: Number = assumption(
        1.0, unit="x label", gt=0.3, le=2, meaning="J/TH over the label: below 1 undervolted, above 1 overclocked",
    )  # fmt: skip
    hashrate_factor: Number = assumption(
        1.0, unit="x label", gt=0.1, le=2, meaning="Hashrate of a machine over its label at that setting",
    )  # fmt: skip
    remaining_life_years: Whole = assumption(
        6, unit="years", ge=0, le=40, meaning="Years the machines can still run",
        source="release to shutdown 3.6-5.8 years", status="derived", dated="2026-02",
    )  # fmt: skip


class Purchase(Assumptions):
    """Machines that can be bought."""

    name: str = assumption(..., unit="", meaning="A name for the purchase")
    machine: str = assumption(
        ..., unit="", meaning='A model of the catalogue, or "successor" for machines not yet on sale',
    )  # fmt: skip
    max_facility_mw: Number = assumption(
        ..., unit="facility MW", ge=0, le=1e5, meaning="Most facility MW that run at one time"
    )
    price_usd_per_th: Number = assumption(
        ..., unit="USD/TH", ge=0, le=1_000,
        meaning="Price, delivered; a successor's is that of the valuation date and falls as machines improve",
    )  # fmt: skip
    efficiency_factor: Number = assumption(
        1.0, unit="x label", gt=0.3, le=2, meaning="J/TH over the label: below 1 undervolted, above 1 overclocked",
    )  # fmt: skip
    hashrate_factor: Number = assumption(
        1.0, unit="x label", gt=0.1, le=2,
        meaning="Hashrate of a machine over its label at that setting: undervolted, more machines fill a megawatt",
    )  # fmt: skip
    infrastructure_usd_per_mw: Number = assumption(
        350_000.0, unit="USD/facility MW", ge=0, le=1e7, meaning="Site works per facility MW for these machines",
        source="0.30-0.43 million (Sabre56, CleanSpark, 2024)", status="sourced", dated="2024-09",
    )  # fmt: skip
    lead_months: Whole = assumption(
        3, unit="months", ge=0, le=120, meaning="Months from the decision to machines that run",
    )  # fmt: skip
    latest_start_years: Number = assumption(
        3.0, unit="years", ge=0, le=40, meaning="Last year, from the valuation date, in which they can be bought",
    )  # fmt: skip
    life_years: Whole = assumption(
        5, unit="years", ge=1, le=15, meaning="Longest time that they run before they are sold",
        source="release to shutdown 3.6-5.8 years", status="derived", dated="2026-02",
    )  # fmt: skip


def pue(machine: str, mining: Mining) -> float:
    """The PUE of the machine's cooling; a successor is liquid-cooled."""
    if machine == SUCCESSOR:
        return mining.pue_liquid
    return mining.pue_air if machines_by_name()[machine].cooling is Cooling.AIR else mining.pue_liquid


def efficiency_j_per_th(machine: str, mining: Mining, years_ahead: float = 0.0) -> float:
    """J/TH of a machine bought ``years_ahead`` from now; only a successor's changes: ``J0 (1 - g) ** years``."""
    if machine == SUCCESSOR:
        return mining.successor_efficiency_j_per_th * float((1.0 - mining.efficiency_gain_per_year) ** years_ahead)
    return machines_by_name()[machine].efficiency_j_per_th


def price_usd_per_th(machine: str, price_today_usd_per_th: float, mining: Mining, years_ahead: float) -> float:
    """USD/TH of a machine bought ``years_ahead`` from now; only a successor's falls."""
    if machine == SUCCESSOR:
        return price_today_usd_per_th * float((1.0 - mining.efficiency_gain_per_year) ** years_ahead)
    return price_today_usd_per_th


def hashrate_th_per_mw(efficiency: float, site_pue: float) -> float:
    """TH/s that one facility MW carries: ``1e6 / (J/TH x PUE)``."""
    return 1e6 / (efficiency * site_pue)


def revenue_usd_per_mwh(
    hashprice_usd_per_ph_day: Vector, efficiency: float | Vector, site_pue: float = 1.0, pool_fee: float = 0.0
) -> Vector:
    """What a facility MWh earns: ``hashprice x 1000 / (24 x J/TH x PUE)``, less the pool's fee.

    >>> round(float(revenue_usd_per_mwh(np.array([39.53]), 17.0)[0]), 1)  # Hashrate Index, 12 January 2026: 97
    96.9
    """
    return hashprice_usd_per_ph_day * 1000.0 / (24.0 * efficiency * site_pue) * (1.0 - pool_fee)


def operating_margin_usd(margin_usd_per_mwh: Vector, uptime: float) -> Vector:
    """Margin of a month per facility MW: mean margin an hour x hours in a month x uptime."""
    return margin_usd_per_mwh * HOURS_PER_MONTH * uptime


def fixed_opex_usd(mining: Mining, month_index: Vector) -> Vector:
    """Fixed operating cost of a month per facility MW, growing smoothly."""
    growth = growth_factors(mining.opex_growth_per_year, month_index)
    return mining.fixed_opex_usd_per_mw_year / MONTHS_PER_YEAR * growth


def resale_usd(resale_now_usd: float | Vector, decline_per_year: float, month_index: Vector) -> Vector:
    """What machines fetch after so many months: ``value now x (1 - decline) ** (months / 12)``."""
    return resale_now_usd * growth_factors(-decline_per_year, month_index)


def resale_market(hashprice_usd_per_ph_day: Vector, entry_cost_usd_per_ph_day: Vector, elasticity: float) -> Vector:
    """How a month's machine prices stand to an ordinary month's: ``(hashprice / entry cost) ** elasticity``.

    New and used machines cost more while mining earns more than entry costs, and less after a halving.
    """
    return np.asarray((hashprice_usd_per_ph_day / entry_cost_usd_per_ph_day) ** elasticity)


def hashrate_kept(degradation_per_year: float, months_in_use: Vector) -> Vector:
    """Share of its hashrate that a machine still has: ``(1 - d) ** (months / 12)``; 1 before it is used."""
    return growth_factors(-degradation_per_year, np.maximum(months_in_use, 0.0))


def machine_cost_usd_per_mw(price: float, efficiency: float, site_pue: float, hashrate_factor: float = 1.0) -> float:
    """Machines for one facility MW: ``USD/TH x TH per MW / hashrate factor`` (prices are per TH on the label)."""
    return price * hashrate_th_per_mw(efficiency, site_pue) / hashrate_factor


def electricity_usd_per_ph_day(efficiency: float, power_price_usd_per_mwh: float, site_pue: float = 1.0) -> float:
    """Power for one PH/s for a day: ``J/TH x 24 / 1000 x USD/MWh x PUE`` (1 J/TH is 1 kW per PH/s)."""
    return efficiency * 24.0 / 1000.0 * power_price_usd_per_mwh * site_pue


def electricity_share_of_revenue(
    efficiency: float, power_price_usd_per_mwh: float, hashprice_usd_per_ph_day: float, pool_fee: float = 0.0
) -> float:
    """Electricity over revenue after the pool's fee; above 1 the machine loses money on power alone."""
    return electricity_usd_per_ph_day(efficiency, power_price_usd_per_mwh) / (
        hashprice_usd_per_ph_day * (1.0 - pool_fee)
    )


def shutdown_hashprice_usd_per_ph_day(
    efficiency: float, power_price_usd_per_mwh: float, pool_fee: float = 0.0
) -> float:
    """Hashprice at which revenue just pays for power."""
    return electricity_usd_per_ph_day(efficiency, power_price_usd_per_mwh) / (1.0 - pool_fee)


def shutdown_btc_price_usd(
    efficiency: float, power_price_usd_per_mwh: float, hashprice_btc_per_ph_day: float, pool_fee: float = 0.0
) -> float:
    """Bitcoin price at which revenue just pays for power, at the difficulty and fees in the BTC hashprice."""
    return shutdown_hashprice_usd_per_ph_day(efficiency, power_price_usd_per_mwh, pool_fee) / hashprice_btc_per_ph_day


def shutdown_power_price_usd_per_mwh(
    efficiency: float, hashprice_usd_per_ph_day: float, pool_fee: float = 0.0
) -> float:
    """Power price above which the machine loses money: its revenue per MWh."""
    return float(revenue_usd_per_mwh(np.asarray(hashprice_usd_per_ph_day), efficiency, 1.0, pool_fee))
