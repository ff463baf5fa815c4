"""NPV, IRR, payback and MOIC against numpy-financial, closed forms and textbook flows."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.returns import irr, irr_reason, moic, npv, payback_years, yield_on_cost

FLOWS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)
RATES = st.floats(-0.5, 2.0)


def yearly(*flows: float) -> np.ndarray:
    """Annual flows as monthly ones: each at the end of its year."""
    monthly = np.zeros(12 * (len(flows) - 1) + 1)
    monthly[::12] = flows
    return monthly


@given(RATES, FLOWS)
def test_npv_equals_numpy_financials_at_the_monthly_rate(rate, flow):
    expected = npf.npv((1 + rate) ** (1 / 12) - 1, flow)
    assert npv(rate, flow) == pytest.approx(expected, rel=1e-9, abs=1e-9 * float(np.abs(flow).sum() + 1) * 2**5)


@given(RATES, FLOWS, st.floats(-100, 100), st.floats(-100, 100))
def test_npv_is_linear_in_the_flows(rate, flow, a, b):
    other = flow[::-1].copy()
    size = float(np.abs(flow).sum() + 1) * 200 * 32
    assert npv(rate, a * flow + b * other) == pytest.approx(
        a * npv(rate, flow) + b * npv(rate, other), abs=1e-12 * size
    )


def test_month_zero_is_not_discounted():
    assert npv(0.5, np.array([-7.0])) == -7.0


@given(
    st.lists(st.floats(1.0, 1e5), min_size=2, max_size=60),
    st.integers(1, 24),
    st.floats(0.3, 4.0),
)
def test_irr_equals_numpy_financials_monthly_irr_made_annual(inflows, build_months, multiple):
    outlay = np.full(build_months, sum(inflows) / multiple / build_months)
    flow = np.concatenate([-outlay, inflows])
    monthly = npf.irr(flow)
    annual = (1 + monthly) ** 12 - 1
    found = irr(flow)
    if -0.9 < annual < 50:  # the range that is searched
        assert found == pytest.approx(annual, rel=1e-7, abs=1e-9)
    else:
        assert found is None


@pytest.mark.parametrize(
    ("flow", "rate"),
    [
        (yearly(-100, 110), 0.10),
        (
            yearly(-100, 60, 60),
            0.1306623862918074,
        ),  # (3 + sqrt(9 + 60)) / 10 - 1, the quadratic solved by hand
        (yearly(-1000, 0, 0, 0, 0, 2000), 2 ** (1 / 5) - 1),
        (yearly(-100, 39, 59, 55, 20), 0.280948421159961),  # numpy-financial's own documentation: 0.28095
        (yearly(-100, 50), -0.5),
        (np.array([-100.0, 101.0]), 1.01**12 - 1),
        (np.array([0.0, 0.0, -100.0, 0.0, 102.0]), 1.02**6 - 1),
    ],
)
def test_known_returns(flow, rate):
    assert irr(flow) == pytest.approx(rate, abs=1e-9)
    assert irr_reason(flow) == ""


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=40), st.floats(0.5, 3))
def test_npv_at_the_irr_is_zero(inflows, multiple):
    flow = np.array([-sum(inflows) / multiple, *inflows])
    rate = irr(flow)
    if rate is not None:
        factors = (1 + rate) ** (-np.arange(len(flow)) / 12)
        assert npv(rate, flow) == pytest.approx(0.0, abs=1e-9 * float(factors @ np.abs(flow)))


def test_irr_is_a_multiple_of_nothing_when_money_is_scaled():
    flow = np.array([-5.0, 1.0, 3.0, 4.0])
    assert irr(1e9 * flow) == pytest.approx(irr(flow), rel=1e-12)


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (yearly(10, 20), "nothing is invested"),
        (yearly(-10, -20), "never comes back"),
        (np.zeros(5), "nothing is invested"),
        (yearly(-100, 5), "never comes back"),  # -95 % a year, below the range that is searched
    ],
)
def test_without_a_rate_there_is_no_number_but_a_reason(flow, words):
    assert irr(flow) is None
    assert words in irr_reason(flow)


def test_two_rates_are_said_and_not_one_of_them_chosen():
    # -1000 + 2500/1.1.. : 1000 x^2 - 2500 x + 1560 = 0 has the roots x = 1.2 and 1.3.
    flow = yearly(-1000, 2500, -1560)
    np.testing.assert_allclose([npv(0.2, flow), npv(0.3, flow)], 0, atol=1e-9)
    assert irr(flow) is None
    assert "2 rates" in irr_reason(flow)


def test_three_rates_are_said_too():
    # (x - 1.1)(x - 1.25)(x - 1.4): roots at 10 %, 25 % and 40 %.
    flow = yearly(*(-1000 * np.poly([1.1, 1.25, 1.4])))
    assert irr(flow) is None
    assert "3 rates" in irr_reason(flow)


@pytest.mark.parametrize(
    ("flow", "years"),
    [
        (np.array([-100.0, 50.0, 50.0]), 2 / 12),
        (np.array([-100.0, 50.0, 100.0]), 1.5 / 12),
        (yearly(-100, 0, 100), 2.0),
        (np.array([0.0, 0.0, -10.0, 10.0]), 3 / 12),
        (
            np.array([-10.0, 20.0, -15.0, 10.0]),
            2.5 / 12,
        ),  # -10, 10, -5, 5: positive, negative again, then for good
        (np.array([5.0, 1.0]), 0.0),
    ],
)
def test_payback_is_when_the_sum_turns_positive_for_good(flow, years):
    assert payback_years(flow) == pytest.approx(years, rel=1e-12)


def test_money_that_does_not_come_back_has_no_payback():
    assert payback_years(np.array([-10.0, 9.0])) is None


def test_moic_is_what_comes_out_over_what_goes_in():
    assert moic(np.array([-50.0, -50.0, 30.0, 220.0])) == pytest.approx(2.5, rel=1e-12)
    assert moic(np.array([1.0, 2.0])) is None


def test_yield_on_cost_is_noi_over_cost():
    assert yield_on_cost(1.5, 10.0) == pytest.approx(0.15, rel=1e-12)
