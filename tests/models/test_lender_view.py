"""The lender's figures, against River Bend's notes, numpy-financial and hand arithmetic."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest

from models.debt import Amortisation, SizedBy
from models.lease import lease_cash_flows
from models.lender_view import cover_by_month, level_first_year_cover, level_service_usd_per_year
from tests.models.offers import FINANCE, months_for, offer, sheet_of

NOI = 100 * 12 * 1000 * 0.95
"""Of one critical IT MW a year."""


def test_river_bends_notes_paid_level_cost_335_8_million_a_year():
    # 3.25 bn at 6.192 %, semi-annual, over the 15 years of the lease (notes of 30 April 2026)
    assert level_service_usd_per_year(3.25e9, 0.06192, 15, 2) == pytest.approx(335.8e6, abs=0.05e6)


def test_river_bends_notes_paid_level_are_covered_1_10_times_in_year_one():
    # published_figures.csv L15: 376.4 M x 0.986 over annual payments gives 1.0952
    yearly = level_service_usd_per_year(3.25e9, 0.06192, 15, 1)
    assert level_first_year_cover(376.4e6 * 0.986, yearly) == pytest.approx(1.0952, abs=5e-4)


@pytest.mark.parametrize("balloon", [0.0, 0.4, 1.0])
def test_level_service_is_the_annuity_with_a_future_value(balloon):
    found = level_service_usd_per_year(1e6, 0.06, 10, 12, balloon)
    assert found == pytest.approx(-12 * npf.pmt(0.06 / 12, 120, 1e6, -balloon * 1e6), rel=1e-9)


def test_a_loan_limited_by_cost_says_so_and_reaches_its_ltc():
    view = sheet_of(offer()).lender
    assert view.sized_by is SizedBy.LTC
    assert view.ltc_achieved == pytest.approx(0.6, rel=1e-9)
    assert view.debt_yield == pytest.approx(NOI / view.debt_usd_per_critical_it_mw, rel=1e-12)
    assert view.debt_usd == pytest.approx(10 * view.debt_usd_per_critical_it_mw, rel=1e-12)


def test_with_equity_first_the_dollars_are_limited_and_the_limit_itself_is_not_reached():
    """Pro rata debt reaches 60 % of cost, the same dollars drawn last gather less."""
    together, last = (sheet_of(offer(equity_first=first)) for first in (False, True))
    assert last.lender.sized_by is SizedBy.LTC_IN_DOLLARS
    assert last.lender.ltc_achieved < 0.6 == pytest.approx(together.lender.ltc_achieved, rel=1e-9)
    drawn = [s.funding.debt_source_usd - s.funding.interest_use_usd for s in (together, last)]
    assert drawn[1] == pytest.approx(drawn[0], rel=1e-9)
    covered = sheet_of(offer(ltc=1.0, capex_usd_per_kw=20_000.0, dscr=1.25, equity_first=True)).lender
    assert covered.sized_by is SizedBy.DSCR_IN_DOLLARS
    assert covered.minimum_dscr > 1.25


def test_a_loan_limited_by_cover_has_that_cover_in_every_month():
    view = sheet_of(offer(ltc=1.0, capex_usd_per_kw=20_000.0, dscr=1.25)).lender
    assert view.sized_by is SizedBy.DSCR
    assert view.minimum_dscr == pytest.approx(1.25, rel=1e-9)
    assert view.average_dscr == pytest.approx(1.25, rel=1e-9)
    assert view.sculpted_cover == pytest.approx(1.25, rel=1e-9)
    assert view.debt_usd_per_critical_it_mw == pytest.approx(-npf.pv(0.005, 120, NOI / 12) / 1.25, rel=1e-9)


def test_flat_rent_makes_level_and_sculpted_the_same():
    view = sheet_of(offer()).lender
    assert view.level_first_year_cover == pytest.approx(view.sculpted_cover, rel=1e-9)
    assert view.level_first_year_cover * view.level_service_usd_per_year == pytest.approx(10 * NOI, rel=1e-12)


def test_rising_rent_leaves_level_service_thinnest_in_year_one():
    level = sheet_of(offer(escalator_per_year=0.03, amortisation=Amortisation.LEVEL)).lender
    assert level.minimum_dscr == pytest.approx(level.level_first_year_cover, rel=1e-9)
    assert level.minimum_dscr < level.sculpted_cover < level.average_dscr
    mean = level.minimum_dscr * np.mean(1.03 ** np.arange(10))
    assert level.average_dscr == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("amortisation", Amortisation)
def test_the_sculpted_cover_is_pv_of_cfads_over_pv_of_the_service_actually_paid(amortisation):
    lease = offer(escalator_per_year=0.03, balloon_share=0.3, amortisation=amortisation)
    since = months_for(lease)
    flows = lease_cash_flows(lease, FINANCE, since, np.zeros_like(since))
    paid = (since >= 1) & (since <= 120)
    factors = 1.005 ** -since[paid]
    expected = (flows.cfads_usd[paid] * factors).sum() / (flows.service_usd[paid] * factors).sum()
    assert sheet_of(lease).lender.sculpted_cover == pytest.approx(expected, rel=1e-9)


def test_the_balloon_is_the_balance_at_maturity():
    view = sheet_of(offer(balloon_share=0.25, debt_tenor_years=5)).lender
    assert (view.tenor_years, view.balance_at_maturity_usd) == (5.0, pytest.approx(0.25 * view.debt_usd, rel=1e-12))


def test_years_add_up_to_the_contracts_noi_and_the_loans_service():
    view = sheet_of(offer(deliveries=2, delivery_interval_months=6, debt_rate=0.0)).lender
    years, earned, due, _ = zip(*view.cover_by_year, strict=True)
    assert years == tuple(range(1, 12))
    assert earned[0] == pytest.approx(10 * NOI * 0.75, rel=1e-9)
    assert sum(earned) == pytest.approx(10 * NOI * 10, rel=1e-9)
    assert sum(due) == pytest.approx(view.debt_usd, rel=1e-9)


def test_a_cancellation_changes_no_figure_of_the_contract():
    safe, risky = (sheet_of(offer(cancellation_probability=p)).lender for p in (0.0, 0.4))
    assert risky.minimum_dscr == pytest.approx(safe.minimum_dscr, rel=1e-12)
    assert [row[2] for row in risky.cover_by_year] == pytest.approx([row[2] for row in safe.cover_by_year], rel=1e-12)
    assert sheet_of(offer(cancellation_probability=1.0)).lender == safe


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"ltc": 0.0}, "no debt: the terms allow none"),
        ({"capex_usd_per_kw": 0.0}, "no debt: nothing is built"),
        ({"rent_usd_per_kw_month": 0.0}, "no debt: no cash flow could serve it"),
        (
            {"prepaid_rent_months": 12, "noi_margin": 1.0, "amortisation": Amortisation.LEVEL},
            "no debt: some month has no cash that could serve it",
        ),
    ],
)
def test_without_debt_every_ratio_is_missing_for_a_reason_in_words(terms, reason):
    view = sheet_of(offer(**terms)).lender
    assert view.debt_usd == 0.0
    assert (view.debt_yield_reason, view.cover_reason) == (reason, reason)
    assert view.debt_yield is view.minimum_dscr is view.average_dscr is view.sculpted_cover is None
    assert view.level_service_usd_per_year is view.level_first_year_cover is None


def test_a_free_loan_due_at_maturity_has_no_cover_and_says_why():
    view = sheet_of(offer(debt_rate=0.0, balloon_share=1.0)).lender
    assert view.debt_yield is not None
    assert view.minimum_dscr is view.sculpted_cover is None
    assert view.cover_reason == "no cover: nothing is due before maturity"


def test_months_without_service_have_no_cover():
    np.testing.assert_array_equal(cover_by_month(np.array([5.0, 6.0, 7.0]), np.array([0.0, 3.0, 1e-12])), [2.0])
