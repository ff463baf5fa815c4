"""Debt, against numpy-financial, annuity closed forms and a balance rolled forward month by month."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.debt import level_payment, monthly_rate, schedule, sculpted_debt


def terms(**changed):
    given_terms = {"closing_month": 0, "maturity_month": 120, "ltc": 0.8, "debt_rate": 0.06, "dscr": 1.3}
    return {**given_terms, **changed}


def build(
    start: int = 18,
    deliver: int = 18,
    life: int = 120,
    noi: float = 1.5e5,
    cost: float = 1e7,
    growth: float = 0.0,
):
    """Months since delivery, straight-line capex over the months before it, level or growing NOI after."""
    since = np.arange(-start, life + 13, dtype=float)
    capex = np.where((since > -deliver) & (since <= 0), cost / deliver, 0.0)
    cfads = np.where((since >= 1) & (since <= life), noi * (1 + growth) ** np.floor((since - 1) / 12), 0.0)
    return since, capex, cfads


@given(st.floats(1, 1e10), st.floats(0.0001, 0.05), st.integers(1, 480))
def test_a_level_payment_is_numpy_financials(debt, rate, periods):
    assert level_payment(debt, rate, periods) == pytest.approx(-npf.pmt(rate, periods, debt), rel=1e-9)


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-18, 1e-12])
def test_a_level_payment_without_interest_is_a_share(rate):
    assert level_payment(1200.0, rate, 12) == pytest.approx(100.0, rel=1e-9)


def test_level_service_of_river_bends_notes_covers_1_10_in_the_first_year():
    # USD 3.25 bn at 6.192 %, 30 half-years: 335.8 M a year. First-year NOI = 128.016 x 245,000 kW x 12 x 98.6 %.
    yearly = 2 * level_payment(3.25e9, 0.06192 / 2, 30)
    assert yearly == pytest.approx(335.8e6, abs=0.05e6)
    assert 128.0157 * 245_000 * 12 * 0.986 / yearly == pytest.approx(1.10, abs=0.01)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.floats(0.0001, 0.03), st.floats(1, 3))
def test_sculpted_debt_is_the_present_value_of_its_own_service(cfads, rate, dscr):
    flows = np.array(cfads)
    periods = np.arange(1.0, len(cfads) + 1)
    service = flows / dscr
    assert sculpted_debt(flows, periods, rate, dscr) == pytest.approx(
        npf.npv(rate, [0.0, *service]), rel=1e-9, abs=1e-6
    )


def test_a_coupon_is_paid_in_twelve_parts():
    assert monthly_rate(0.06192) * 12 == pytest.approx(0.06192, rel=1e-12)


@pytest.mark.parametrize("start", [18, 18 + 15, 60])
@pytest.mark.parametrize("growth", [0.0, 0.03])
def test_the_balance_rolls_forward_and_is_zero_at_maturity(start, growth):
    since, capex, cfads = build(start=start, growth=growth)
    loan = schedule(capex, cfads, since, **terms())
    balance = 0.0
    for m in range(len(since)):
        interest = balance * 0.06 / 12
        assert loan.interest_usd[m] == pytest.approx(interest, rel=1e-9, abs=1e-3)
        balance += loan.draw_usd[m] + interest - loan.service_usd[m]
        assert loan.balance_usd[m] == pytest.approx(balance, rel=1e-9, abs=1e-3)
    assert loan.balance_usd[since == 120][0] == pytest.approx(0.0, abs=1e-3)
    assert loan.balance_usd[since == 119][0] > 1000.0


def test_service_is_interest_and_principal_and_repays_every_dollar_drawn():
    since, capex, cfads = build()
    loan = schedule(capex, cfads, since, **terms())
    assert loan.service_usd.sum() == pytest.approx(loan.draw_usd.sum() + loan.interest_usd.sum(), rel=1e-9)


def test_the_same_loan_later_is_the_same_loan():
    early, late = build(start=18), build(start=18 + 21)
    a, b = schedule(early[1], early[2], early[0], **terms()), schedule(late[1], late[2], late[0], **terms())
    for line in ("draw_usd", "interest_usd", "service_usd", "balance_usd"):
        np.testing.assert_allclose(getattr(b, line)[21:], getattr(a, line), rtol=1e-9, atol=1e-6)


def test_interest_during_construction_of_a_straight_line_draw_is_the_annuitys():
    # Level draws d at the ends of 18 months grow to d ((1 + i)^18 - 1) / i.
    since, capex, cfads = build(noi=1e6)
    loan = schedule(capex, cfads, since, **terms())
    i, d = 0.06 / 12, 0.8 * 1e7 / 18
    at_closing = d * ((1 + i) ** 18 - 1) / i
    assert loan.balance_usd[since == 0][0] == pytest.approx(at_closing, rel=1e-9)
    assert loan.interest_usd[since <= 0].sum() == pytest.approx(at_closing - 0.8e7, rel=1e-9)


def test_level_noi_makes_sculpted_service_a_level_annuity():
    since, capex, cfads = build(noi=1e6)
    loan = schedule(capex, cfads, since, **terms())
    at_closing = loan.balance_usd[since == 0][0]
    paid = loan.service_usd[(since >= 1) & (since <= 120)]
    np.testing.assert_allclose(paid, -npf.pmt(0.06 / 12, 120, at_closing), rtol=1e-9)


def test_ltc_binds_where_cover_is_ample_and_cover_where_it_is_not():
    since, capex, cfads = build(noi=1e6)
    ample = schedule(capex, cfads, since, **terms())
    assert ample.advance_rate == pytest.approx(0.8, rel=1e-12)
    assert ample.cover > 1.3
    since, capex, cfads = build(noi=8e4)
    tight = schedule(capex, cfads, since, **terms())
    assert tight.advance_rate < 0.8
    assert tight.cover == pytest.approx(1.3, rel=1e-9)
    at_closing = tight.balance_usd[since == 0][0]
    worth = sum(c / (1 + 0.06 / 12) ** k for c, k in zip(cfads, since, strict=True) if 1 <= k <= 120)
    assert at_closing == pytest.approx(worth / 1.3, rel=1e-9)


def test_cover_is_the_same_in_every_month_of_a_sculpted_loan():
    since, capex, cfads = build(growth=0.03)
    loan = schedule(capex, cfads, since, **terms())
    due = loan.service_usd > 0
    np.testing.assert_allclose(cfads[due] / loan.service_usd[due], loan.cover, rtol=1e-9)


@pytest.mark.parametrize(("noi", "ltc"), [(0.0, 0.8), (-5.0, 0.8), (1e5, 0.0)])
def test_without_income_or_without_ltc_there_is_no_debt(noi, ltc):
    since, capex, cfads = build(noi=noi)
    loan = schedule(capex, cfads, since, **terms(ltc=ltc))
    assert not loan.draw_usd.any()
    assert not loan.service_usd.any()
    assert loan.cover is None


@given(st.floats(0.1, 1), st.floats(1, 3), st.floats(0, 0.2))
def test_debt_is_never_more_than_its_share_of_cost(ltc, dscr, rate):
    since, capex, cfads = build()
    loan = schedule(capex, cfads, since, **terms(ltc=ltc, dscr=dscr, debt_rate=rate))
    assert loan.draw_usd.sum() <= ltc * 1e7 * (1 + 1e-12)
    assert (loan.cover or dscr) >= dscr * (1 - 1e-9)
