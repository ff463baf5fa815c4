"""Dispatch against a price curve equals the sum hour by hour."""

from __future__ import annotations

import numpy as np
import pytest

from models.hourly_prices import HourlyPrices, dispatch_curve

HOURS = np.random.default_rng(7).gamma(1.5, 30.0, 8_760) - 20.0  # negative prices and a long tail


@pytest.mark.parametrize("prices", [HOURS, np.repeat(HOURS, 4) + 0.01, np.full(24, 45.0), np.array([-5.0, -5.0, 3.0])])
@pytest.mark.parametrize("worth", [-100.0, -5.0, 0.0, 37.21, 45.0, 96.9, 5_000.0])
def test_margin_and_running_share_equal_the_hour_by_hour_sum(prices, worth):
    curve = dispatch_curve(prices)
    by_hour = sum(max(0.0, worth - p) for p in prices.tolist()) / len(prices)
    assert curve.margin_usd_per_mwh(np.array([worth]))[0] == pytest.approx(by_hour, rel=1e-12, abs=1e-9)
    assert curve.running_share(np.array([worth]))[0] == pytest.approx(np.mean(prices < worth), abs=1e-15)


@pytest.mark.parametrize("called", [1, 7, 100, 4_380])
@pytest.mark.parametrize("worth", [0.0, 40.0, 1_000.0])
def test_called_off_hours_are_the_dearest(called, worth):
    open_hours = np.sort(HOURS)[: len(HOURS) - called]
    by_hour = np.maximum(0.0, worth - open_hours).sum() / len(HOURS)
    curve = dispatch_curve(HOURS)
    open_share = 1.0 - called / len(HOURS)
    assert curve.margin_usd_per_mwh(np.array([worth]), open_share)[0] == pytest.approx(by_hour, rel=1e-12)
    ran = np.sum(open_hours < worth) / len(HOURS)
    assert curve.running_share(np.array([worth]), open_share)[0] == pytest.approx(ran, abs=1e-12)


def test_a_part_of_an_interval_called_off_counts_in_part():
    curve = dispatch_curve(np.array([10.0, 20.0]))
    # Three quarters of the time is open: all of the 10 and half of the 20.
    margin = curve.margin_usd_per_mwh(np.array([30.0]), 0.75)[0]
    assert margin == pytest.approx(0.5 * 20.0 + 0.25 * 10.0, rel=1e-15)


def test_the_mean_price_is_the_time_average():
    assert dispatch_curve(HOURS).mean_price_usd_per_mwh == pytest.approx(HOURS.mean(), rel=1e-12)


def test_twelve_months_are_needed():
    with pytest.raises(ValueError, match="12"):
        HourlyPrices(months=((1.0,),) * 11)


@pytest.mark.parametrize("count", [1, 2, 20, 400, 5_000])
def test_many_values_at_once_are_worth_the_sum_over_prices(count):
    random = np.random.default_rng(count)
    prices = np.sort(random.uniform(-20.0, 90.0, count)) if count > 20 else np.linspace(-20.0, 90.0, count)
    worth = np.concatenate([random.uniform(-60.0, 140.0, 9_000), prices[:500], [-1e7, 1e7]])
    expected = np.array([np.maximum(0.0, x - prices).mean() for x in worth])
    assert dispatch_curve(prices).margin_usd_per_mwh(worth) == pytest.approx(expected, rel=1e-12, abs=1e-10)
