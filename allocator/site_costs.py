"""What a bitcoin costs at the site today, by fleet and purchase: in cash, and with machines and works recovered."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.case import Case
from models import mining as mine
from models import network as net
from models import power
from models.production_cost import DAYS_PER_YEAR, tilted_annuity

WORKS_LIFE_YEARS = 10.0
"""Years over which site works are recovered. Assumed."""


@dataclass(frozen=True)
class SiteCost:
    """Costs of one bitcoin on the valuation date, running in every hour (what is dear may be curtailed away)."""

    name: str
    owned: bool
    cash_usd_per_btc: float
    """Power at its mean price with adders, variable and fixed opex, after the pool's fee."""
    all_in_usd_per_btc: float
    """Cash cost plus tilted annuities of machines (owned ones at resale) and, if bought, of site works."""


def site_costs(case: Case) -> tuple[SiteCost, ...]:
    """One row for every fleet and purchase of a case, in its order."""
    fleets = [
        _cost(case, f, owned=True, usd_per_th=f.resale_usd_per_th, works=0.0, life=f.remaining_life_years)
        for f in case.fleets
    ]
    bought = [
        _cost(case, p, owned=False, usd_per_th=p.price_usd_per_th, works=p.infrastructure_usd_per_mw, life=p.life_years)
        for p in case.purchases
    ]
    return (*fleets, *bought)


def _cost(
    case: Case, row: mine.Fleet | mine.Purchase, *, owned: bool, usd_per_th: float, works: float, life: float
) -> SiteCost:
    """``(energy + opex) / BTC found``, per PH/s and day: 1 PH/s at 1 J/TH draws ``PUE`` kW."""
    mining, finance = case.mining, case.finance
    kw_per_ph = mine.efficiency_j_per_th(row.machine, mining) * row.efficiency_factor * mine.pue(row.machine, mining)
    energy = power.mean_price_usd_per_mwh(case.power) + power.adders_usd_per_mwh(case.power)
    energy += mining.variable_opex_usd_per_mwh
    fixed = mining.fixed_opex_usd_per_mw_year / mining.uptime / DAYS_PER_YEAR
    cash = kw_per_ph / 1000.0 * (24.0 * energy + fixed)
    rate, decline = finance.discount_rate_mining, mining.efficiency_gain_per_year
    machines = 1000.0 * usd_per_th / row.hashrate_factor * tilted_annuity(rate, decline, max(life, 1.0))
    plant = kw_per_ph / 1000.0 * works * tilted_annuity(rate, 0.0, WORKS_LIFE_YEARS)
    capital = (machines + plant) / mining.uptime / DAYS_PER_YEAR
    reward = net.total_reward_btc(net.subsidy_on(case.valuation_date), case.market.fee_share)
    found = net.hashprice_btc_per_ph_day(case.market.difficulty, reward) * (1.0 - mining.pool_fee)
    return SiteCost(row.name, owned, cash / found, (cash + capital) / found)
