"""A whole term sheet: its parts agree with each other and with the cash flows of the same offer."""

from __future__ import annotations

import numpy as np
import pytest

from models.funding import funded_cost_usd
from models.lease import lease_cash_flows
from models.returns import npv
from models.term_sheet import months_needed_after_delivery, term_sheet
from tests.models.offers import FINANCE, months_for, offer, sheet_of
from tests.models.random_leases import random_lease


def test_months_that_end_too_early_are_refused():
    lease = offer()
    since = months_for(lease)[:-1]
    with pytest.raises(ValueError, match="the months end 1 too early"):
        term_sheet(lease, FINANCE, since, np.zeros_like(since))


def test_the_months_needed_hold_the_longest_delay_the_halls_and_the_renewals():
    assert months_needed_after_delivery(offer()) == 18 + 120
    later = offer(deliveries=3, delivery_interval_months=3, renewal_options=1, renewal_years=5, renewal_probability=0.5)
    assert months_needed_after_delivery(later) == 6 + 18 + 180
    assert months_needed_after_delivery(offer(delay_months=6, delay_spread_months=12.0)) == 60 + 120


def test_more_months_change_no_figure():
    lease = offer(deliveries=2, escalator_per_year=0.03, tenant_default_per_year=0.02, guarantor_cap_share=0.3)
    since = months_for(lease)
    longer = np.arange(since[0], since[-1] + 61)
    found = term_sheet(lease, FINANCE, longer, np.full_like(longer, 50.0))
    assert found.sponsor.npv_usd == pytest.approx(sheet_of(lease).sponsor.npv_usd, rel=1e-12)
    assert found.lender == sheet_of(lease).lender
    assert found.tenant == sheet_of(lease).tenant


def test_value_debt_and_cost_agree_across_the_views():
    lease = offer(debt_fee_share=0.01, debt_reserve_months=6)
    sheet, since = sheet_of(lease), months_for(lease)
    flows = lease_cash_flows(lease, FINANCE, since, np.full_like(since, 50.0))
    assert sheet.sponsor.npv_usd == pytest.approx(10 * npv(0.08, flows.cash_flow_usd), rel=1e-12)
    assert sheet.lender.debt_usd == pytest.approx(10 * sheet.funding.debt_source_usd, rel=1e-12)
    ltc = sheet.funding.debt_source_usd / funded_cost_usd(lease, sheet.funding)
    assert sheet.lender.ltc_achieved == pytest.approx(ltc, rel=1e-9)
    noi = sheet.sponsor.stabilised_noi_usd_per_year
    assert sheet.lender.level_first_year_cover * sheet.lender.level_service_usd_per_year == pytest.approx(noi, rel=1e-9)


def test_twice_the_megawatts_double_the_totals_and_leave_the_ratios():
    one, two = sheet_of(offer()), sheet_of(offer(critical_it_mw=20.0))
    assert two.sponsor.npv_usd == pytest.approx(2 * one.sponsor.npv_usd, rel=1e-9)
    assert two.lender.debt_usd == pytest.approx(2 * one.lender.debt_usd, rel=1e-9)
    assert two.sponsor.yield_on_funded_cost == pytest.approx(one.sponsor.yield_on_funded_cost, rel=1e-12)
    assert (two.funding, two.tenant) == (one.funding, one.tenant)


@pytest.mark.parametrize("seed", range(40))
def test_any_lease_within_its_bounds_has_a_term_sheet_that_adds_up_and_says_why_a_figure_is_missing(seed):
    lease = random_lease(seed)
    since = np.arange(-190.0, months_needed_after_delivery(lease) + 1)
    sheet = term_sheet(lease, FINANCE, since, np.full_like(since, 40.0))
    size = max(1.0, sheet.funding.uses_usd, sheet.funding.prepayment_source_usd)
    assert sheet.funding.sources_usd == pytest.approx(sheet.funding.uses_usd, abs=1e-9 * size)
    s, v = sheet.sponsor, sheet.lender
    for figure, reason in (
        (s.noi_margin, s.noi_margin_reason),
        (s.yield_on_funded_cost, s.yield_reason),
        (s.irr_unlevered, s.irr_unlevered_reason),
        (s.irr_equity, s.irr_equity_reason),
        (s.payback_years, s.payback_reason),
        (s.equity_moic, s.equity_moic_reason),
        (v.debt_yield, v.debt_yield_reason),
        (v.minimum_dscr, v.cover_reason),
        (v.sculpted_cover, v.cover_reason),
        (v.level_first_year_cover, v.cover_reason),
    ):
        assert (figure is None) == bool(reason)
