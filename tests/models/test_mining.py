"""A facility MW that mines, from joules and hashes by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import mining
from models.mining import Mining

EFFICIENCY = st.floats(5, 120)
PRICE = st.floats(1, 500)
HASHPRICE = st.floats(1, 500)


@given(EFFICIENCY, st.floats(1, 2), HASHPRICE, st.floats(0, 0.1))
def test_revenue_per_mwh_is_the_hashes_of_a_megawatt_in_an_hour_at_the_hashprice(efficiency, pue, hashprice, fee):
    terahashes = 1e6 / pue / efficiency  # 1 MW = 1e6 J/s
    expected = terahashes / 1000 * hashprice / 24 * (1 - fee)
    found = mining.revenue_usd_per_mwh(np.array([hashprice]), efficiency, pue, fee)[0]
    assert found == pytest.approx(expected, rel=1e-12)
    assert mining.hashrate_th_per_mw(efficiency, pue) == pytest.approx(terahashes, rel=1e-12)


@given(EFFICIENCY, PRICE)
def test_a_ph_uses_its_efficiency_in_kilowatts(efficiency, price):
    kilowatts = efficiency * 1000 / 1000  # J/TH x 1,000 TH/s = W, over 1,000
    assert mining.electricity_usd_per_ph_day(efficiency, price) == pytest.approx(
        kilowatts * 24 * price / 1000, rel=1e-12
    )


@given(EFFICIENCY, PRICE, HASHPRICE, st.floats(0, 0.1))
def test_at_each_shutdown_price_electricity_is_all_of_revenue(efficiency, price, hashprice, fee):
    share = mining.electricity_share_of_revenue
    at_hashprice = mining.shutdown_hashprice_usd_per_ph_day(efficiency, price, fee)
    assert share(efficiency, price, at_hashprice, fee) == pytest.approx(1.0, rel=1e-9)
    at_power = mining.shutdown_power_price_usd_per_mwh(efficiency, hashprice, fee)
    assert share(efficiency, at_power, hashprice, fee) == pytest.approx(1.0, rel=1e-9)
    btc_per_ph_day = 5e-4
    at_btc = mining.shutdown_btc_price_usd(efficiency, price, btc_per_ph_day, fee)
    assert share(efficiency, price, at_btc * btc_per_ph_day, fee) == pytest.approx(1.0, rel=1e-9)


def test_a_month_of_margin_is_730_and_a_half_hours_times_uptime():
    assert mining.operating_margin_usd(np.array([10.0]), 0.97)[0] == pytest.approx(
        10 * 365.25 * 24 / 12 * 0.97, rel=1e-12
    )


def test_a_year_of_fixed_opex_without_growth_is_its_yearly_figure():
    assumptions = Mining(fixed_opex_usd_per_mw_year=25_000, opex_growth_per_year=0)
    assert mining.fixed_opex_usd(assumptions, np.arange(1.0, 13.0)).sum() == pytest.approx(25_000, rel=1e-12)
    grown = mining.fixed_opex_usd(Mining(opex_growth_per_year=0.02), np.array([0.0, 12.0, 24.0]))
    np.testing.assert_allclose(grown / grown[0], [1, 1.02, 1.02**2], rtol=1e-12)


def test_resale_halves_every_year_at_a_decline_of_one_half():
    np.testing.assert_allclose(mining.resale_usd(800.0, 0.5, np.array([0.0, 12.0, 36.0])), [800, 400, 100], rtol=1e-12)


def test_a_used_machine_keeps_about_6_percent_after_three_and_a_half_years():
    # S19 XP 60 USD/TH in July 2022, S19 class 3-4 in February 2026: 5-6.7 %.
    kept = mining.resale_usd(60.0, Mining().resale_decline_per_year, np.array([43.0]))[0]
    assert 3 <= kept <= 6


def test_machines_for_a_megawatt_cost_their_price_times_the_hashrate_it_carries():
    # S21 XP Hyd at 10.45 USD/TH and 12 J/TH, PUE 1.05: 79,365 TH per facility MW, 0.83 M USD.
    cost = mining.machine_cost_usd_per_mw(10.45, 12.0, 1.05)
    assert cost == pytest.approx(10.45 * 1e6 / 12.6, rel=1e-12)
    assert cost == pytest.approx(0.83e6, abs=0.005e6)


def test_only_a_successor_improves_and_cheapens_with_the_years():
    assumptions = Mining(successor_efficiency_j_per_th=9.5, efficiency_gain_per_year=0.12)
    assert mining.efficiency_j_per_th("successor", assumptions, 3.0) == pytest.approx(9.5 * 0.88**3, rel=1e-12)
    assert mining.price_usd_per_th("successor", 18.95, assumptions, 3.0) == pytest.approx(18.95 * 0.88**3, rel=1e-12)
    assert mining.efficiency_j_per_th("S21 XP Hyd", assumptions, 3.0) == pytest.approx(12.0, rel=1e-9)
    assert mining.price_usd_per_th("S21 XP Hyd", 10.45, assumptions, 3.0) == 10.45


def test_air_and_liquid_cooling_have_their_own_pue():
    assumptions = Mining(pue_air=1.1, pue_liquid=1.02)
    assert mining.pue("S19 Pro", assumptions) == 1.1
    assert mining.pue("S21 XP Hyd", assumptions) == 1.02
    assert mining.pue("successor", assumptions) == 1.02
