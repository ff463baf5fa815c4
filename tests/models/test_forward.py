"""Forward curves: what a user expects of price, difficulty or hashprice, and where the model goes on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models.network import ForwardPoint, Market, hashrate_eh_s, network_path
from models.timeline import Timeline, add_months

TIMELINE = Timeline(date(2026, 2, 7), 5)


def point(months: int, **figures: float) -> ForwardPoint:
    return ForwardPoint(from_date=add_months(TIMELINE.valuation_date, months), **figures)


def test_prices_pass_through_the_points_and_grow_after_the_last():
    market = Market(forward=(point(6, btc_price_usd=80_000), point(18, btc_price_usd=100_000)), btc_growth_per_year=0.2)
    price = network_path(market, TIMELINE).btc_price_usd
    assert price[[0, 6, 18]] == pytest.approx([71_000, 80_000, 100_000], rel=1e-12)
    assert price[30] == pytest.approx(120_000, rel=1e-12)
    days = [(add_months(TIMELINE.valuation_date, m) - TIMELINE.valuation_date).days for m in (12, 6, 18)]
    share = (days[0] - days[1]) / (days[2] - days[1])
    assert price[12] == pytest.approx(80_000 * (100_000 / 80_000) ** share, rel=1e-12)


def test_hashprice_is_the_curve_until_its_end_and_the_models_after():
    market = Market(forward=(point(6, hashprice_usd_per_ph_day=38.0), point(12, hashprice_usd_per_ph_day=33.0)))
    given, free = network_path(market, TIMELINE), network_path(Market(), TIMELINE)
    assert given.hashprice_usd_per_ph_day[[6, 12]] == pytest.approx([38.0, 33.0], rel=1e-12)
    assert given.hashprice_usd_per_ph_day[0] == pytest.approx(free.hashprice_usd_per_ph_day[0], rel=1e-12)
    # 144 blocks of the reward are shared by what runs, whoever fixes the hashprice.
    reward = given.subsidy_btc + given.fees_btc
    shared = 144 * reward * given.btc_price_usd / (given.running_eh_s * 1000)
    np.testing.assert_allclose(given.hashprice_usd_per_ph_day, shared, rtol=1e-12)
    assert abs(given.hashprice_usd_per_ph_day[60] / free.hashprice_usd_per_ph_day[60] - 1) < 0.05


def test_difficulty_fixes_the_hashrate_that_finds_a_block_every_ten_minutes():
    market = Market(forward=(point(12, difficulty=160e12),))
    path = network_path(market, TIMELINE)
    assert path.running_eh_s[12] == pytest.approx(hashrate_eh_s(160e12), rel=1e-12)
    assert path.difficulty[12] == pytest.approx(160e12, rel=1e-12)


def test_a_hashprice_counts_before_a_difficulty():
    both = Market(forward=(point(12, difficulty=160e12, hashprice_usd_per_ph_day=30.0),))
    assert network_path(both, TIMELINE).hashprice_usd_per_ph_day[12] == pytest.approx(30.0, rel=1e-12)


@pytest.mark.parametrize("responds", [True, False])
def test_installed_hashrate_is_at_least_what_a_curve_needs(responds):
    market = Market(forward=(point(12, hashprice_usd_per_ph_day=15.0),), network_responds=responds)
    path = network_path(market, TIMELINE)
    assert np.all(path.installed_eh_s >= path.running_eh_s * (1 - 1e-12))
    assert path.hashprice_usd_per_ph_day[12] == pytest.approx(15.0, rel=1e-12)


def test_without_points_nothing_changes():
    plain, empty = network_path(Market(), TIMELINE), network_path(Market(forward=()), TIMELINE)
    np.testing.assert_array_equal(plain.hashprice_usd_per_ph_day, empty.hashprice_usd_per_ph_day)
