"""What a petahash and a bitcoin cost: the newest machine's full cost, a site's, the network's average."""

from __future__ import annotations

from datetime import date

from models.assumptions import Assumptions, Number, assumption
from models.mining import electricity_usd_per_ph_day
from models.network import (
    ANCHOR_DATE,
    BLOCKS_PER_DAY,
    Market,
    hashprice_usd_per_ph_day,
    subsidy_on,
    total_reward_btc,
)
from models.timeline import MONTHS_PER_YEAR

DAYS_PER_YEAR = 365.25
QUOTED_PRODUCTION_COST_USD_PER_BTC = 87_000.0
"""The figure in the news of February 2026 (Checkonchain): a regression of price on difficulty, not a cost build-up."""


class NetworkAverage(Assumptions):
    """The assumptions of the network's average production cost, each of them a choice that is shown."""

    efficiency_j_per_th: Number = assumption(
        21.75, unit="J/TH", gt=0, le=200, meaning="Average efficiency of the machines that run",
        source="JPMorgan: 21.5-22 in the third quarter of 2025 (ainvest.com)", status="sourced", dated="2026-01",
    )  # fmt: skip
    power_price_usd_per_mwh: Number = assumption(
        55.0, unit="USD/MWh", ge=-500, le=5_000, meaning="Average power price of miners",
        source="between US wholesale (38-51) and the 60-80 that pools assume",
    )  # fmt: skip
    pue: Number = assumption(1.06, unit="ratio", ge=1, le=2, meaning="Facility energy over machine energy")
    other_cash_share: Number = assumption(
        0.17, unit="share of cash cost", ge=0, lt=1, meaning="Cash cost other than power, as a share of all cash cost",
        source="Riot, first quarter of 2025: 12.988 of 74.818 million", status="sourced", dated="2025-05",
    )  # fmt: skip
    machine_usd_per_th: Number = assumption(
        14.0, unit="USD/TH", ge=0, le=1_000, meaning="What the running machines cost when bought",
        source="S21 class of 2023-24: 14-16 USD/TH (CleanSpark)", status="sourced", dated="2023-10",
    )  # fmt: skip
    machine_life_years: Number = assumption(
        4.7, unit="years", gt=0, le=20, meaning="Years over which machines are recovered",
        source="release to shutdown 3.6-5.8 years", status="derived", dated="2026-02",
    )  # fmt: skip
    infrastructure_usd_per_mw: Number = assumption(
        350_000.0, unit="USD/facility MW", ge=0, le=1e7, meaning="Site works per facility MW",
        source="0.30-0.43 million (Sabre56, CleanSpark, 2024)", status="sourced", dated="2024-09",
    )  # fmt: skip
    return_on_capital: Number = assumption(
        0.15, unit="per year", ge=0, le=1, meaning="Return that the capital must earn",
    )  # fmt: skip


def tilted_annuity(rate_per_year: float, decline_per_year: float, years: float) -> float:
    """First year's share of a cost whose recovery falls ``g`` a year.

    ``12 (1 - q**(1/12)) / (1 - q**L)`` with ``q = (1 - g) / (1 + r)``.

    Monthly payments of a twelfth each, falling smoothly, worth the cost at rate ``r``. At ``q = 1`` it is ``1 / L``.

    >>> round(tilted_annuity(0.0, 0.0, 5), 12)
    0.2
    """
    q = (1.0 - decline_per_year) / (1.0 + rate_per_year)
    if q == 1.0:
        return 1.0 / years
    return float(MONTHS_PER_YEAR * (1.0 - q ** (1.0 / MONTHS_PER_YEAR)) / (1.0 - q**years))


def full_cost_usd_per_ph_day(
    efficiency_j_per_th: float,
    power_price_usd_per_mwh: float,
    variable_opex_usd_per_mwh: float,
    site_pue: float,
    machine_usd_per_th: float,
    infrastructure_usd_per_mw: float,
    *,
    rate_per_year: float = 0.20,
    decline_per_year: float = 0.12,
    machine_life_years: float = 5.0,
    infrastructure_life_years: float = 10.0,
) -> float:
    """What one PH/s of a machine costs a day, capital included: the hashprice at which entry just pays.

    ``power = J 24/1000 (p + opex) PUE``; ``machine = 1000 K a(r, g, L) / 365``;
    ``infrastructure = J PUE / 1000 x USD-per-MW x a(r, 0, 10) / 365`` (1 PH/s at 1 J/TH is 1 kW).
    """
    power = electricity_usd_per_ph_day(
        efficiency_j_per_th, power_price_usd_per_mwh + variable_opex_usd_per_mwh, site_pue
    )
    annuity = tilted_annuity(rate_per_year, decline_per_year, machine_life_years)
    machine = 1000.0 * machine_usd_per_th * annuity / DAYS_PER_YEAR
    works = tilted_annuity(rate_per_year, 0.0, infrastructure_life_years) / DAYS_PER_YEAR
    return power + machine + efficiency_j_per_th * site_pue / 1000.0 * infrastructure_usd_per_mw * works


def cash_cost_usd_per_btc(average: NetworkAverage, btc_hashprice: float) -> float:
    """Power and other cash cost of one bitcoin: ``power / (1 - other share) / BTC per PH-day``."""
    power = electricity_usd_per_ph_day(average.efficiency_j_per_th, average.power_price_usd_per_mwh, average.pue)
    return power / (1.0 - average.other_cash_share) / btc_hashprice


def all_in_cost_usd_per_btc(average: NetworkAverage, btc_hashprice: float) -> float:
    """Cash cost plus the recovery of machines and works with their return; no general overhead, no stock pay."""
    machine = average.machine_usd_per_th * 1000.0
    works = average.efficiency_j_per_th * average.pue / 1000.0 * average.infrastructure_usd_per_mw
    recovery = tilted_annuity(average.return_on_capital, 0.0, average.machine_life_years)
    capital = (machine + works) * recovery / DAYS_PER_YEAR
    return cash_cost_usd_per_btc(average, btc_hashprice) + capital / btc_hashprice


def security_budget_usd_per_day(
    btc_price_usd: float, reward_btc: float, blocks_per_day: float = BLOCKS_PER_DAY
) -> float:
    """What the network pays its miners in a day: ``price x reward x blocks``."""
    return btc_price_usd * reward_btc * blocks_per_day


def running_share_at(market: Market, hashprice_usd_per_ph_day: float) -> float:
    """Share of installed hashrate that runs at a hashprice: ``min(1, (h / (theta h*)) ** e)``."""
    ceiling = market.full_run_multiple * market.entry_cost_usd_per_ph_day
    return float(min(1.0, (hashprice_usd_per_ph_day / ceiling) ** market.switch_off_elasticity_to_hashprice))


def hashrate_leaving_at(market: Market, new_btc_price_usd: float) -> float:
    """Share of today's running hashrate that switches off if price moves at once, the network having settled.

    With all installed hashrate running hashprice would move with price; ``u`` then solves
    ``u = min(1, (h / (theta h*)) ** e)`` with ``h = a / u``. Negative where idle machines switch on.
    """
    e = market.switch_off_elasticity_to_hashprice
    damping = e / (1.0 + e)
    ceiling = market.full_run_multiple * market.entry_cost_usd_per_ph_day
    now = hashprice_now_usd_per_ph_day(market)
    running = running_share_at(market, now)
    full_run_hashprice = now * running * new_btc_price_usd / market.btc_price_usd
    then = float(min(1.0, (full_run_hashprice / ceiling) ** damping))
    return 1.0 - then / running


def hashprice_now_usd_per_ph_day(market: Market, day: date = ANCHOR_DATE) -> float:
    """Hashprice at the price and difficulty of a market and the subsidy of a day."""
    reward = total_reward_btc(subsidy_on(day), market.fee_share)
    return hashprice_usd_per_ph_day(market.btc_price_usd, market.difficulty, reward)
