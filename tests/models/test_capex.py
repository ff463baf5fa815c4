"""Construction draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.capex import (
    Construction,
    delay_chances,
    deliveries,
    drawn_share,
    draws,
    landlord_cost_usd,
    last_delivery_offset_months,
    late_damages_usd,
    tenant_capex_credit_usd,
)

CURVES = st.lists(st.floats(0.01, 1), min_size=1, max_size=12).map(
    lambda weights: tuple(w / sum(weights) for w in weights)
)


@given(st.floats(0, 1e10), st.integers(1, 60), st.integers(0, 30))
def test_draws_sum_to_the_cost_and_end_at_delivery(cost, build_months, spare):
    since = np.arange(-build_months - spare, spare + 1, dtype=float)
    monthly = draws(cost, since, build_months)
    assert monthly.sum() == pytest.approx(cost, rel=1e-9)
    assert (monthly >= -1e-9 * cost).all()
    assert not monthly[since > 0].any()
    assert not monthly[since <= -build_months].any()


def test_the_draw_curve_is_the_integral_of_its_own_parabola():
    # 6u(1 - u) is the rate whose integral is u^2 (3 - 2u): integrated here by the midpoint rule.
    n = 200_000
    mid = (np.arange(n) + 0.5) / n
    cumulative = np.cumsum(6 * mid * (1 - mid)) / n
    for share in (0.1, 0.25, 0.5, 0.9, 1.0):
        assert drawn_share(np.array([share]))[0] == pytest.approx(cumulative[round(share * n) - 1], abs=1e-9)


def test_half_is_drawn_at_half_time_and_the_curve_is_symmetric():
    u = np.linspace(0, 1, 101)
    np.testing.assert_allclose(drawn_share(u) + drawn_share(1 - u), 1.0, rtol=1e-12)


def test_nothing_before_the_start_and_all_after_delivery():
    np.testing.assert_array_equal(drawn_share(np.array([-3.0, 0.0, 1.0, 7.0])), [0, 0, 1, 1])


def test_a_build_of_one_month_is_one_draw():
    assert draws(9.0, np.array([-1.0, 0.0, 1.0]), 1).tolist() == [0.0, 9.0, 0.0]


# A curve of one's own


@given(CURVES, st.floats(0, 1e8), st.integers(1, 60))
def test_draws_on_an_own_curve_sum_to_the_cost(curve, cost, build_months):
    since = np.arange(-build_months - 5, 6.0)
    monthly = draws(cost, since, build_months, curve)
    assert monthly.sum() == pytest.approx(cost, rel=1e-9)
    assert not monthly[(since > 0) | (since <= -build_months)].any()


def test_a_curve_with_a_part_a_month_is_drawn_as_it_is_written():
    since = np.arange(-4.0, 2.0)
    found = draws(200.0, since, 4, (0.1, 0.4, 0.3, 0.2))
    np.testing.assert_allclose(found, [0, 20, 80, 60, 40, 0], rtol=1e-12, atol=1e-9)


@given(CURVES, st.integers(1, 40), st.integers(0, 40))
def test_each_part_of_a_curve_is_spent_evenly(curve, build_months, at):
    # By hand: whole parts that are over, and of the one under way as much as has passed of it.
    u = min(1.0, at / build_months)
    width = 1 / len(curve)
    spent = sum(part * min(1.0, max(0.0, (u - i * width) / width)) for i, part in enumerate(curve))
    assert drawn_share(np.array([u]), curve)[0] == pytest.approx(spent, rel=1e-9, abs=1e-9)


# Cost, deliveries


def test_cost_is_with_contingency_and_without_what_the_tenant_pays():
    # 10,000 USD/kW + 5 %; the tenant pays 40 % and is given half of that back.
    terms = Construction(
        capex_usd_per_kw=10_000.0, contingency_share=0.05, tenant_capex_share=0.4, tenant_capex_credit_share=0.5
    )
    assert landlord_cost_usd(terms) == pytest.approx(6.3e6, rel=1e-12)
    assert tenant_capex_credit_usd(terms) == pytest.approx(2.1e6, rel=1e-12)


def test_equal_deliveries_and_halls_of_their_own_size():
    assert deliveries(Construction(deliveries=4, delivery_interval_months=2)) == (
        (0, 0.25), (2, 0.25), (4, 0.25), (6, 0.25),
    )  # fmt: skip
    own = Construction(halls=[{"months_after_first": 0, "share": 0.7}, {"months_after_first": 7, "share": 0.3}])
    assert deliveries(own) == ((0, 0.7), (7, 0.3))
    assert last_delivery_offset_months(own) == 7


# Late


@pytest.mark.parametrize(
    ("late", "grace", "most", "months"),
    [
        (0, 0, 6, []),
        (4, 0, 6, [1, 2, 3, 4]),
        (4, 2, 6, [3, 4]),
        (9, 0, 6, [1, 2, 3, 4, 5, 6]),
        (12, 2, 3, [3, 4, 5]),
        (2, 2, 6, []),
        (5, 0, 0, []),
    ],
)
def test_damages_are_due_each_month_late_after_the_grace_and_up_to_their_most(late, grace, most, months):
    terms = Construction(delay_months=late, late_damages_share=0.5, late_grace_months=grace, late_damages_months=most)
    since = np.arange(-5.0, 30.0)
    paid = late_damages_usd(terms, np.array(1000.0), since)
    assert since[paid > 0].tolist() == months
    assert paid.sum() == pytest.approx(500.0 * len(months), rel=1e-12)


@given(st.floats(1.0, 12.0), st.floats(0.3, 6.0))
def test_chances_of_delay_have_the_stated_mean_and_spread(mean, spread):
    # A whole month is a rounded one: the mean moves by less than its half, the variance by about 1/12.
    chances, months = delay_chances(mean, spread), np.arange(61.0)
    assert chances.sum() == pytest.approx(1.0, rel=1e-12)
    assert (chances >= 0).all()
    if mean + 8 * spread < 60 and spread > 1 and mean > spread:
        found = chances @ months
        assert found == pytest.approx(mean, abs=0.05)
        assert chances @ (months - found) ** 2 == pytest.approx(spread**2 + 1 / 12, rel=0.05)
    else:
        assert chances @ months == pytest.approx(mean, abs=0.5)


@pytest.mark.parametrize(("mean", "spread"), [(6.0, 0.0), (0.0, 5.0), (0.0, 0.0)])
def test_without_a_spread_or_a_delay_it_is_known(mean, spread):
    chances = delay_chances(mean, spread)
    assert chances[int(mean)] == 1.0
    assert chances.sum() == 1.0


def test_chances_of_delay_are_those_of_a_million_draws():
    mean, spread = 6.0, 4.0
    sigma = np.sqrt(np.log(1 + (spread / mean) ** 2))
    drawn = np.random.default_rng(1).lognormal(np.log(mean) - sigma**2 / 2, sigma, 1_000_000)
    counted = np.bincount(np.minimum(np.round(drawn), 60).astype(int), minlength=61) / 1e6
    np.testing.assert_allclose(delay_chances(mean, spread), counted, atol=0.003)
