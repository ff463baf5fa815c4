"""What a petahash and a bitcoin cost, against published bottom-up figures and written-out sums."""

from __future__ import annotations

import numpy as np
import pytest

from models import production_cost as cost
from models.network import Market, network_path
from models.timeline import Timeline, date


def present_value(annuity: float, rate: float, decline: float, years: float) -> float:
    """Monthly twelfths of an annuity that falls smoothly, paid at the start of each month."""
    months = np.arange(round(years * 12))
    return float(np.sum(annuity / 12 * ((1 - decline) / (1 + rate)) ** (months / 12)))


@pytest.mark.parametrize(("rate", "decline", "years"), [(0.20, 0.12, 5), (0.0, 0.0, 5), (0.1, 0.0, 10), (0.0, 0.2, 3)])
def test_the_tilted_annuity_is_worth_the_cost(rate, decline, years):
    assert present_value(cost.tilted_annuity(rate, decline, years), rate, decline, years) == pytest.approx(
        1.0, rel=1e-9
    )


@pytest.mark.parametrize(
    ("efficiency", "usd_per_th", "published"),
    # Prototype figures at 55 USD/MWh, 20 %, 5 years, 0.5 M USD/MW; its overheads were not stated.
    [(12.0, 10.45, 31.4), (9.5, 18.95, 35.8), (9.45, 9.0, 25.5), (17.0, 3.8, 33.2)],
)
def test_full_cost_of_the_newest_machines_is_where_hashprice_lay(efficiency, usd_per_th, published):
    bare = cost.full_cost_usd_per_ph_day(efficiency, 55.0, 0.0, 1.0, usd_per_th, 500_000.0)
    loaded = cost.full_cost_usd_per_ph_day(efficiency, 55.0, 2.0, 1.05, usd_per_th, 500_000.0)
    assert bare < published < loaded


def test_cash_cost_is_power_over_its_share_over_bitcoin_found():
    average = cost.NetworkAverage(efficiency_j_per_th=20.0, power_price_usd_per_mwh=60.0, pue=1.0, other_cash_share=0.2)
    # 20 J/TH is 20 kW per PH/s: 480 kWh a day at 6 cents is 28.8 USD; with 20 % other cash 36 USD; 0.0005 BTC a day.
    assert cost.cash_cost_usd_per_btc(average, 0.0005) == pytest.approx(72_000.0, rel=1e-12)
    assert cost.all_in_cost_usd_per_btc(average, 0.0005) > 72_000.0


def test_the_defaults_bracket_the_costs_that_miners_report():
    # CoinShares, Q4 2025: weighted average cash cost 79,995 USD/BTC of listed miners; JPMorgan, February 2026: 77,000.
    reward = 3.125 / 0.994
    btc_hashprice = reward * 86_400e15 / (148.26e12 * 2**32)  # difficulty of December 2025
    assert cost.cash_cost_usd_per_btc(cost.NetworkAverage(), btc_hashprice) == pytest.approx(80_000, rel=0.10)


def test_the_security_budget_is_the_revenue_that_was_reported():
    # CryptoQuant, 5 February 2026: 28 M USD a day, when blocks took 11.6 minutes and BTC was at 70,000-71,800.
    budget = cost.security_budget_usd_per_day(71_000, 3.125 / 0.994, 1440 / 11.6)
    assert budget == pytest.approx(28e6, rel=0.02)


@pytest.mark.parametrize("price", [30_000.0, 50_000.0, 71_000.0, 100_000.0])
def test_hashrate_that_leaves_at_a_price_is_what_the_network_path_shows(price):
    market = Market(hashrate_leaving_for_ai=0.0, network_growth_per_year=0.0, entry_speed_per_year=0.0)
    timeline = Timeline(date(2026, 2, 7), 1)
    path = network_path(market, timeline, np.r_[market.btc_price_usd, np.full(12, price)])
    left = 1.0 - path.running_eh_s[1] / path.running_eh_s[0]
    assert cost.hashrate_leaving_at(market, price) == pytest.approx(left, abs=1e-12)
