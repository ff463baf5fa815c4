"""Construction draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.capex import drawn_share, draws


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
