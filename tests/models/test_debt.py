"""Debt, against numpy-financial, annuity closed forms and a balance rolled forward month by month."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.debt import (
    Amortisation,
    DebtSchedule,
    ProjectDebt,
    SizedBy,
    Sizing,
    annuity,
    level_payment,
    monthly_rate,
    schedule,
    sculpted_debt,
    tenor_months,
)

LEVEL, SCULPTED = Amortisation.LEVEL, Amortisation.SCULPTED
BUILD, COST = 18, 1e7


def terms(**changed) -> ProjectDebt:
    return ProjectDebt(**{"ltc": 0.8, "debt_rate": 0.06, "dscr": 1.3, **changed})


def site(start: int = BUILD, noi: float = 1.5e5, growth: float = 0.0, free: int = 0, years: int = 10):
    """Months since delivery, straight-line capex over the months before it, level or growing NOI after free rent."""
    since = np.arange(-start, 12 * years + 13, dtype=float)
    capex = np.where((since > -BUILD) & (since <= 0), COST / BUILD, 0.0)
    paid = (since > free) & (since <= 12 * years)
    return since, capex, np.where(paid, noi * (1 + growth) ** np.floor((since - 1) / 12), 0.0)


def lent(given_terms: ProjectDebt, free: int = 0, years: int = 10, **changed) -> tuple[DebtSchedule, Sizing]:
    since, capex, cfads = site(free=free, years=years, **changed)
    return schedule(given_terms, capex, cfads, since, build_months=BUILD, free_months=free, term_years=years)


TERMS = st.builds(
    terms,
    ltc=st.floats(0.05, 1),
    debt_rate=st.floats(0, 0.3),
    dscr=st.floats(1, 3),
    amortisation=st.sampled_from(Amortisation),
    debt_tenor_years=st.integers(1, 10),
    balloon_share=st.floats(0, 1),
    equity_first=st.booleans(),
    debt_fee_share=st.floats(0, 0.1),
    debt_reserve_months=st.integers(0, 12),
)
NOI = st.floats(1e4, 1e6)


# Annuities


@given(st.floats(1, 1e10), st.floats(0.0001, 0.05), st.integers(1, 480))
def test_a_level_payment_is_numpy_financials(debt, rate, periods):
    assert level_payment(debt, rate, periods) == pytest.approx(-npf.pmt(rate, periods, debt), rel=1e-9)
    assert annuity(rate, periods) == pytest.approx(-npf.pv(rate, periods, 1.0), rel=1e-9)


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-18, 1e-12])
def test_a_level_payment_without_interest_is_a_share(rate):
    assert level_payment(1200.0, rate, 12) == pytest.approx(100.0, rel=1e-9)
    assert annuity(rate, 12) == pytest.approx(12.0, rel=1e-9)


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


def test_without_a_tenor_the_loan_runs_as_long_as_the_rent():
    assert tenor_months(terms(), 15, 6) == 174
    assert tenor_months(terms(debt_tenor_years=7), 15, 6) == 84


# The balance, rolled forward


@pytest.mark.parametrize("start", [18, 18 + 15, 60])
@pytest.mark.parametrize("growth", [0.0, 0.03])
def test_the_balance_rolls_forward_and_is_zero_at_maturity(start, growth):
    since, _, _ = site(start=start)
    loan, _ = lent(terms(), start=start, growth=growth)
    balance = 0.0
    for m in range(len(since)):
        interest = balance * 0.06 / 12
        assert loan.interest_usd[m] == pytest.approx(interest, rel=1e-9, abs=1e-3)
        balance += loan.draw_usd[m] + interest - loan.service_usd[m]
        assert loan.balance_usd[m] == pytest.approx(balance, rel=1e-9, abs=1e-3)
    assert loan.balance_usd[since == 120][0] == pytest.approx(0.0, abs=1e-3)
    assert loan.balance_usd[since == 119][0] > 1000.0


@given(TERMS, NOI, st.integers(0, 11), st.floats(-0.05, 0.05))
def test_any_loan_is_its_draws_and_interest_less_what_is_paid(given_terms, noi, free, growth):
    given_terms = given_terms.model_copy(update={"debt_tenor_years": min(given_terms.debt_tenor_years, 9)})
    loan, _ = lent(given_terms, noi=noi, free=free, growth=growth)
    since, _, _ = site()
    maturity = free + 12 * given_terms.debt_tenor_years
    balance, scale = 0.0, 1e-9 * COST
    for m, k in enumerate(since):
        interest = balance * given_terms.debt_rate / 12
        assert loan.interest_usd[m] == pytest.approx(interest, rel=1e-9, abs=scale)
        balance += interest + loan.draw_usd[m] - loan.service_usd[m] - loan.balloon_usd[m]
        assert loan.balance_usd[m] == pytest.approx(balance, rel=1e-9, abs=scale)
        if k == free:
            assert balance == pytest.approx(loan.debt_usd, rel=1e-9, abs=scale)
    assert balance == pytest.approx(0.0, abs=10 * scale)
    assert not loan.balance_usd[since >= maturity].any()
    assert not loan.service_usd[since > maturity].any()
    paid = loan.service_usd.sum() + loan.balloon_usd.sum()
    assert paid == pytest.approx(loan.draw_usd.sum() + loan.interest_usd.sum(), rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("rate", [0.5, 1.0])
@pytest.mark.parametrize("amortisation", Amortisation)
def test_at_any_coupon_the_last_month_owes_exactly_its_own_service(rate, amortisation):
    # Rolled backwards by hand: what is owed a month before maturity is the last payment discounted once.
    since, _, _ = site(years=40)
    loan, _ = lent(terms(debt_rate=rate, amortisation=amortisation), years=40, noi=1e6)
    last = loan.service_usd[since == 480][0]
    assert last > 0
    assert loan.balance_usd[since == 479][0] == pytest.approx(last / (1 + rate / 12), rel=1e-9)
    assert loan.interest_usd[since == 480][0] == pytest.approx(last - last / (1 + rate / 12), rel=1e-9)


def test_service_is_interest_and_principal_and_repays_every_dollar_drawn():
    loan, _ = lent(terms())
    assert loan.service_usd.sum() == pytest.approx(loan.draw_usd.sum() + loan.interest_usd.sum(), rel=1e-9)


def test_the_same_loan_later_is_the_same_loan():
    a, _ = lent(terms(), start=18)
    b, _ = lent(terms(), start=18 + 21)
    for line in ("draw_usd", "interest_usd", "service_usd", "balance_usd"):
        np.testing.assert_allclose(getattr(b, line)[21:], getattr(a, line), rtol=1e-9, atol=1e-6)


def test_interest_during_construction_of_a_straight_line_draw_is_the_annuitys():
    # Level draws d at the ends of 18 months grow to d ((1 + i)^18 - 1) / i: numpy-financial's future value.
    since, _, _ = site()
    loan, _ = lent(terms(), noi=1e6)
    i, d = 0.06 / 12, loan.advance_rate * 1e7 / 18
    at_closing = d * ((1 + i) ** 18 - 1) / i
    assert at_closing == pytest.approx(npf.fv(i, 18, -d, 0.0), rel=1e-9)
    assert loan.balance_usd[since == 0][0] == pytest.approx(at_closing, rel=1e-9)
    assert loan.interest_usd[since <= 0].sum() == pytest.approx(at_closing - 18 * d, rel=1e-9)


def test_through_free_rent_the_balance_goes_on_growing():
    since, _, _ = site()
    loan, _ = lent(terms(), noi=1e6, free=6)
    at_delivery, at_rent = loan.balance_usd[since == 0][0], loan.balance_usd[since == 6][0]
    assert at_rent == pytest.approx(at_delivery * (1 + 0.06 / 12) ** 6, rel=1e-9)
    assert not loan.service_usd[since <= 6].any()
    assert loan.service_usd[since == 7][0] > 0


# Amortisation


@pytest.mark.parametrize("rate", [0.0, 0.06])
def test_level_noi_makes_sculpted_service_a_level_annuity(rate):
    since, _, _ = site()
    for amortisation in Amortisation:
        loan, _ = lent(terms(debt_rate=rate, amortisation=amortisation), noi=1e6)
        at_closing = loan.balance_usd[since == 0][0]
        paid = loan.service_usd[(since >= 1) & (since <= 120)]
        np.testing.assert_allclose(paid, -npf.pmt(rate / 12, 120, at_closing), rtol=1e-9)


@pytest.mark.parametrize("balloon", [0.0, 0.3, 1.0])
def test_level_service_is_the_payment_that_leaves_the_balloon(balloon):
    since, _, _ = site()
    loan, _ = lent(terms(amortisation=LEVEL, balloon_share=balloon, debt_tenor_years=7), growth=0.03, noi=1e6)
    debt = float(loan.debt_usd)
    payment = -npf.pmt(0.06 / 12, 84, debt, -balloon * debt)
    np.testing.assert_allclose(loan.service_usd[(since >= 1) & (since <= 84)], payment, rtol=1e-9)
    assert loan.balloon_usd[since == 84][0] == pytest.approx(balloon * debt, rel=1e-9)
    assert loan.balloon_usd.sum() == pytest.approx(balloon * debt, rel=1e-9)
    owed_before = loan.balance_usd[since == 83][0] * (1 + 0.06 / 12)
    assert owed_before == pytest.approx(payment + balloon * debt, rel=1e-9)


def test_cover_is_the_same_in_every_month_of_a_sculpted_loan():
    _, _, cfads = site(growth=0.03)
    loan, _ = lent(terms(), growth=0.03)
    due = loan.service_usd > 0
    cover = cfads[due] / loan.service_usd[due]
    np.testing.assert_allclose(cover, cover[0], rtol=1e-9)


# Sizing


@pytest.mark.parametrize("amortisation", Amortisation)
@pytest.mark.parametrize(("fee", "reserve"), [(0.0, 0), (0.03, 0), (0.0, 6), (0.02, 12)])
@pytest.mark.parametrize(("balloon", "free"), [(0.0, 0), (0.4, 0), (0.2, 5)])
def test_where_ltc_binds_the_debt_is_that_share_of_every_cost(amortisation, fee, reserve, balloon, free):
    since, capex, _ = site()
    given_terms = terms(
        amortisation=amortisation, debt_fee_share=fee, debt_reserve_months=reserve, balloon_share=balloon
    )
    loan, size = lent(given_terms, noi=1e6, free=free)
    assert size.limited_by is SizedBy.LTC
    before = since <= free
    gathered, filled = loan.interest_usd[before].sum(), loan.reserve_usd[before].sum()
    cost = capex.sum() + gathered + loan.fee_usd.sum() + filled
    assert loan.balance_usd[since == free][0] / cost == pytest.approx(0.8, rel=1e-9)
    assert loan.ltc == pytest.approx(0.8, rel=1e-9)
    assert loan.fee_usd[since == 1 - BUILD][0] == pytest.approx(fee * loan.debt_usd, rel=1e-9)
    service = loan.service_usd[(since > free) & (since <= free + reserve)].sum()
    assert filled == pytest.approx(service, rel=1e-9, abs=1e-6)
    assert loan.reserve_usd.sum() == pytest.approx(0.0, abs=1e-6)
    assert loan.reserve_usd[since == 120][0] == pytest.approx(-filled, rel=1e-9)


@pytest.mark.parametrize("amortisation", Amortisation)
@pytest.mark.parametrize("growth", [-0.02, 0.0, 0.03])
@pytest.mark.parametrize("balloon", [0.0, 0.3])
def test_where_cover_binds_it_is_exactly_the_one_asked(amortisation, growth, balloon):
    _, _, cfads = site(noi=8e4, growth=growth)
    loan, size = lent(terms(amortisation=amortisation, balloon_share=balloon), noi=8e4, growth=growth)
    assert size.limited_by is SizedBy.DSCR
    assert loan.ltc < 0.8
    due = loan.service_usd > 0
    assert np.min(cfads[due] / loan.service_usd[due]) == pytest.approx(1.3, rel=1e-9)
    # Another way to the same size: what the services and the balloon are worth at the coupon.
    i, paid = 0.06 / 12, [float(c) / 1.3 for c in cfads[site()[0] >= 1][:120]]
    paid = [min(paid)] * 120 if amortisation is LEVEL else paid
    worth = npf.npv(i, [0.0, *paid]) / (1 - balloon * (1 + i) ** -120)
    assert float(loan.debt_usd) == pytest.approx(worth, rel=1e-9)


@given(TERMS, NOI)
def test_debt_is_never_more_than_its_share_of_cost_nor_than_its_cover(given_terms, noi):
    since, capex, cfads = site(noi=noi, growth=0.02)
    loan, _ = lent(given_terms, noi=noi, growth=0.02)
    assert (loan.draw_usd <= capex * (1 + 1e-12)).all()
    gathered = loan.interest_usd[since <= 0].sum()
    cost = COST + gathered + loan.fee_usd.sum() + loan.reserve_usd[since == 0][0]
    assert loan.debt_usd <= min(given_terms.ltc * cost, COST + gathered) * (1 + 1e-9)
    assert (loan.service_usd * given_terms.dscr <= cfads * (1 + 1e-9) + 1e-6).all()


@given(st.floats(0.1, 1), st.floats(1, 3), st.floats(0, 0.2))
def test_more_loan_to_cost_or_less_cover_never_lends_less(ltc, dscr, rate):
    base = lent(terms(ltc=ltc, dscr=dscr, debt_rate=rate))[0].debt_usd
    assert lent(terms(ltc=min(1.0, ltc + 0.1), dscr=dscr, debt_rate=rate))[0].debt_usd >= base * (1 - 1e-12)
    assert lent(terms(ltc=ltc, dscr=dscr + 0.2, debt_rate=rate))[0].debt_usd <= base * (1 + 1e-12)


def test_all_of_the_cost_can_be_lent_but_no_more():
    # At 100 % of a cost that holds fee and reserve too, the loan would be larger than what is built: it stops there.
    loan, size = lent(terms(ltc=1.0, debt_fee_share=0.1, debt_reserve_months=12), noi=1e6)
    assert size.limited_by is SizedBy.COST
    np.testing.assert_allclose(loan.draw_usd, site()[1], rtol=1e-12)
    assert loan.ltc < 1.0


@pytest.mark.parametrize("amortisation", Amortisation)
@pytest.mark.parametrize(("noi", "ltc", "why"), [
    (0.0, 0.8, SizedBy.NO_CASH), (-5.0, 0.8, SizedBy.NO_CASH), (1e5, 0.0, SizedBy.LTC),
])  # fmt: skip
def test_without_income_or_without_ltc_there_is_no_debt_and_a_reason(amortisation, noi, ltc, why):
    loan, size = lent(terms(ltc=ltc, amortisation=amortisation, balloon_share=0.2, debt_reserve_months=6), noi=noi)
    for line in ("draw_usd", "fee_usd", "reserve_usd", "interest_usd", "service_usd", "balloon_usd", "balance_usd"):
        assert not getattr(loan, line).any()
    assert size.limited_by is why


def test_a_level_loan_needs_cash_in_every_month_and_a_sculpted_one_waits():
    since, capex, cfads = site(noi=1e6)
    gap = np.where(since == 30, -1e4, cfads)
    common = {"build_months": BUILD, "free_months": 0, "term_years": 10}
    level, size = schedule(terms(amortisation=LEVEL), capex, gap, since, **common)
    assert (float(level.debt_usd), size.limited_by) == (0.0, SizedBy.DSCR)
    sculpted, _ = schedule(terms(), capex, gap, since, **common)
    assert sculpted.service_usd[since == 30][0] == 0.0
    assert sculpted.balance_usd[since == 30][0] > sculpted.balance_usd[since == 29][0] > 0


def test_where_nothing_is_built_nothing_is_lent():
    since, capex, cfads = site()
    loan, size = schedule(terms(), 0 * capex, cfads, since, build_months=BUILD, free_months=0, term_years=10)
    assert size.limited_by is SizedBy.NO_COST
    assert not loan.draw_usd.any()
    assert loan.ltc == 0.0


@pytest.mark.parametrize("noi", [8e4, 1e6])
def test_equity_first_draws_the_same_dollars_later_and_gathers_less_interest(noi):
    since, capex, _ = site()
    together, size = lent(terms(), noi=noi)
    after, _ = lent(terms(equity_first=True), noi=noi)
    assert after.draw_usd.sum() == pytest.approx(together.draw_usd.sum(), rel=1e-9)
    own = (1 - float(size.advance_rate)) * COST
    spent = 0.0
    for drawn, bill in zip(after.draw_usd, capex, strict=True):
        from_equity = min(bill, max(0.0, own - spent))
        spent += bill
        assert drawn == pytest.approx(bill - from_equity, rel=1e-9, abs=1e-6)
    assert after.interest_usd[since <= 0].sum() < together.interest_usd[since <= 0].sum()
    assert after.ltc <= together.ltc
