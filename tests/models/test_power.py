"""Dispatch against a loop over hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.power import Power, PriceDurationCurve, flat_curve, margin_usd_per_mwh, price_level, running_share

PRICES = st.lists(st.floats(-200, 4000), min_size=1, max_size=40)


def curve_of(hourly: np.ndarray) -> PriceDurationCurve:
    """Distinct prices of a year and the share of hours that have them."""
    prices, hours = np.unique(hourly, return_counts=True)
    return PriceDurationCurve(prices, hours / len(hourly))


@pytest.mark.parametrize("seed", range(3))
def test_the_margin_is_that_of_a_loop_over_every_hour_of_a_year(seed):
    rng = np.random.default_rng(seed)
    hourly = rng.choice(np.round(rng.normal(45, 60, 300), 1), 8760)
    curve = curve_of(hourly)
    for revenue, level, opex in [(60.0, 1.0, 2.0), (97.0, 1.3, 0.0), (20.0, 0.5, 5.0), (0.0, 1.0, 0.0)]:
        earned, hours_run = 0.0, 0
        for price in hourly:
            if revenue > level * price + opex:
                earned += revenue - level * price - opex
                hours_run += 1
        margin = margin_usd_per_mwh(np.array([revenue]), curve, np.array([level]), opex)
        share = running_share(np.array([revenue]), curve, np.array([level]), opex)
        assert margin[0] == pytest.approx(earned / 8760, rel=1e-9, abs=1e-9)
        assert share[0] == pytest.approx(hours_run / 8760, rel=1e-9)


@given(PRICES, st.floats(0, 500), st.floats(0, 50))
def test_choosing_hours_is_never_worse_than_running_always_or_never(hourly, revenue, opex):
    curve = curve_of(np.array(hourly))
    margin = margin_usd_per_mwh(np.array([revenue]), curve, np.ones(1), opex)[0]
    assert margin >= 0
    assert margin >= revenue - float(np.mean(hourly)) - opex - 1e-9 * 5000


@given(PRICES, st.floats(0, 500), st.floats(0, 500))
def test_more_revenue_never_lowers_the_margin_and_adds_at_most_itself(hourly, revenue, more):
    curve = curve_of(np.array(hourly))
    low, high = margin_usd_per_mwh(np.array([revenue, revenue + more]), curve, np.ones(2), 2.0)
    assert -1e-9 <= high - low <= more + 1e-9


def test_negative_prices_pay_the_load_that_runs():
    curve = PriceDurationCurve(np.array([-30.0, 100.0]), np.array([0.25, 0.75]))
    assert margin_usd_per_mwh(np.array([10.0]), curve, np.ones(1), 0.0)[0] == pytest.approx(0.25 * 40, rel=1e-12)


def test_a_flat_tariff_is_one_block_of_every_hour():
    curve = flat_curve(Power(price_usd_per_mwh=45))
    margin = margin_usd_per_mwh(np.array([60.0, 40.0]), curve, np.ones(2), 2.0)
    np.testing.assert_allclose(margin, [13.0, 0.0], rtol=1e-12)


def test_the_price_level_grows_with_the_escalation():
    level = price_level(Power(escalation_per_year=0.02), np.array([0.0, 12.0, 120.0]))
    np.testing.assert_allclose(level, [1.0, 1.02, 1.02**10], rtol=1e-12)


def test_months_and_machines_broadcast_against_blocks():
    rng = np.random.default_rng(0)
    revenue, level = rng.uniform(0, 100, (5, 3)), rng.uniform(0.5, 2, (5, 1)) * np.ones((5, 3))
    curve = PriceDurationCurve(np.array([20.0, 50.0, 90.0]), np.array([0.5, 0.3, 0.2]))
    found = margin_usd_per_mwh(revenue, curve, level, 1.0)
    for m in range(5):
        for k in range(3):
            expected = sum(
                w * max(0.0, revenue[m, k] - level[m, k] * p - 1.0)
                for p, w in zip((20.0, 50.0, 90.0), (0.5, 0.3, 0.2), strict=True)
            )
            assert found[m, k] == pytest.approx(expected, rel=1e-12, abs=1e-12)
