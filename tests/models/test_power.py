"""Power: what an hour costs and when a load runs, against loops over hours written out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.hourly_prices import HourlyPrices
from models.power import (
    Power,
    adders_usd_per_mwh,
    available_share,
    calendar_months,
    demand_charge_usd_per_mw_month,
    demand_response_usd,
    margin_usd_per_mwh,
    mean_price_usd_per_mwh,
    price_level,
)
from models.timeline import Timeline

TIMELINE = Timeline(date(2026, 2, 7), 2)
MONTHS = calendar_months(TIMELINE)
RNG = np.random.default_rng(11)
HOURLY = HourlyPrices(months=tuple(tuple(RNG.gamma(1.2, 40.0, n).tolist()) for n in (744, 672, 744, 720, 744, 720) * 2))


def by_hour(power: Power, net: float, level: float, month: int) -> float:
    """Mean margin of a month's hours: the called-off ones are the dearest, the others run where they pay."""
    prices = [power.price_usd_per_mwh] if power.hourly_prices is None else list(power.hourly_prices.months[month])
    prices.sort()
    called = power.curtailment_hours_per_year / 8766
    total, left, ran = 0.0, 1.0 - called, 0.0
    for price in prices:
        share = min(1 / len(prices), left)
        left -= share
        cost = level * (price + power.transmission_usd_per_mwh + power.riders_usd_per_mwh)
        total += share * max(0.0, net - cost)
        ran += share if net > cost else 0.0
    return total + called * level * power.curtailment_credit_usd_per_mwh * ran / (1.0 - called)


@pytest.mark.parametrize(
    "power",
    [
        Power(price_usd_per_mwh=45),
        Power(price_usd_per_mwh=-20, riders_usd_per_mwh=3),
        Power(hourly_prices=HOURLY),
        Power(hourly_prices=HOURLY, transmission_usd_per_mwh=7.5, riders_usd_per_mwh=1.5),
        Power(hourly_prices=HOURLY, curtailment_hours_per_year=300, curtailment_credit_usd_per_mwh=250),
        Power(price_usd_per_mwh=45, curtailment_hours_per_year=300.5, curtailment_credit_usd_per_mwh=250),
    ],
)
@pytest.mark.parametrize("net", [-5.0, 30.0, 71.3, 400.0])
def test_margin_equals_the_loop_over_hours_in_every_month(power, net):
    level = price_level(power, TIMELINE.month_index)
    found = margin_usd_per_mwh(np.full(len(MONTHS), net), power, level, MONTHS)
    expected = [by_hour(power, net, level[m], MONTHS[m]) for m in range(len(MONTHS))]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-10)


def test_margin_of_many_machines_is_the_margin_of_each():
    power, level = Power(hourly_prices=HOURLY), np.ones(len(MONTHS))
    net = RNG.uniform(0, 150, (len(MONTHS), 4))
    together = margin_usd_per_mwh(net, power, level, MONTHS)
    for i in range(4):
        np.testing.assert_array_equal(together[:, i], margin_usd_per_mwh(net[:, i], power, level, MONTHS))


@given(st.floats(-100, 500), st.floats(0, 100))
def test_more_revenue_never_lowers_the_margin(net, more):
    power = Power(hourly_prices=HOURLY, curtailment_hours_per_year=100)
    both = np.full((len(MONTHS), 2), net)
    both[:, 1] += more
    low, high = margin_usd_per_mwh(both, power, np.ones(len(MONTHS)), MONTHS).T
    assert np.all(high >= low - 1e-12)


def test_curtailment_earns_more_than_running_through_every_hour():
    power = Power(hourly_prices=HOURLY)
    mean = mean_price_usd_per_mwh(power)
    margin = margin_usd_per_mwh(np.full(len(MONTHS), mean), power, np.ones(len(MONTHS)), MONTHS)
    assert np.all(margin > 0)  # running through would earn nothing on average


def test_load_that_never_runs_is_paid_nothing_for_not_running():
    power = Power(price_usd_per_mwh=500, curtailment_hours_per_year=400, curtailment_credit_usd_per_mwh=1_000)
    assert not margin_usd_per_mwh(np.full(len(MONTHS), 90.0), power, np.ones(len(MONTHS)), MONTHS).any()


def test_a_12_by_24_shape_is_twelve_lists_of_24_prices():
    shape = HourlyPrices(months=tuple(tuple(30.0 + m + h for h in range(24)) for m in range(12)))
    margin = margin_usd_per_mwh(np.full(len(MONTHS), 45.0), Power(hourly_prices=shape), np.ones(len(MONTHS)), MONTHS)
    # The first month begins in February: prices 31..54, 14 of them below 45, whose margins are 14, 13, .. 1.
    assert margin[1] == pytest.approx(sum(range(15)) / 24, rel=1e-14)


def test_months_are_named_by_the_day_on_which_they_begin():
    assert MONTHS[1] == 1  # 7 February to 7 March 2026
    assert MONTHS[11] == 11
    assert MONTHS[12] == 0
    assert len(MONTHS) == 25


def test_the_price_level_grows_with_the_escalation():
    level = price_level(Power(escalation_per_year=0.02), np.array([0.0, 12.0, 120.0]))
    np.testing.assert_allclose(level, [1.0, 1.02, 1.02**10], rtol=1e-14)


def test_charges_and_credits_by_month():
    power = Power(demand_charge_usd_per_kw_month=6.0, demand_response_usd_per_mw_year=24_000.0)
    assert demand_charge_usd_per_mw_month(power, np.array([1.0, 1.1])).tolist() == pytest.approx([6_000.0, 6_600.0])
    assert demand_response_usd(power, np.array([1.0])).tolist() == pytest.approx([2_000.0])
    assert adders_usd_per_mwh(Power(transmission_usd_per_mwh=4, riders_usd_per_mwh=1.5)) == 5.5


def test_a_winter_storm_takes_its_hours_out_of_its_month():
    hours = (36.0, *(0.0,) * 11)
    share = available_share(Power(outage_hours=hours), MONTHS)
    assert share[12] == pytest.approx(1 - 36 / 730.5, rel=1e-14)
    assert np.all(np.delete(share, [0, 12, 24]) == 1.0)
    assert np.all(available_share(Power(), MONTHS) == 1.0)
