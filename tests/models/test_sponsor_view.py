"""The sponsor's figures, against River Bend's published ones and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from models.capex import delay_chances
from models.lease import lease_cash_flows
from models.returns import Finance, npv
from models.sponsor_view import (
    average_rent_usd_per_kw_month,
    contract_value_with_renewals_usd,
    development_spread,
    first_year_rent_usd_per_kw_month,
    guarantor_cap_usd,
    lease_npv_usd,
    peak_equity_usd,
)
from tests.models.offers import FINANCE, months_for, offer, sheet_of

RIVER_BEND = {"critical_it_mw": 245.0, "term_years": 15, "rent_usd_per_kw_month": 128.0157, "escalator_per_year": 0.03}


def test_river_bend_is_7_0_billion_128_00_in_year_one_and_158_70_on_average():
    lease = offer(**RIVER_BEND)
    sheet = sheet_of(lease).sponsor
    assert sheet.contract_value_usd == pytest.approx(7.0e9, rel=1e-5)
    assert first_year_rent_usd_per_kw_month(lease) == pytest.approx(128.0, abs=0.05)
    assert average_rent_usd_per_kw_month(lease) == pytest.approx(158.7, abs=0.05)


def test_river_bend_with_its_three_renewals_is_17_9_billion_at_3_percent_throughout():
    # published_figures.csv L03: 17.7 bn is stated; 3 % over 30 years on 7.0 bn gives 17.906
    lease = offer(**RIVER_BEND, renewal_options=3, renewal_years=5)
    assert contract_value_with_renewals_usd(lease) == pytest.approx(17.906e9, rel=1e-4)
    assert contract_value_with_renewals_usd(offer(**RIVER_BEND)) == pytest.approx(7.0e9, rel=1e-5)


def test_a_renewal_at_half_the_rent_adds_half():
    lease = offer(renewal_options=2, renewal_years=5, renewal_rent_ratio=0.5)
    assert contract_value_with_renewals_usd(lease) == pytest.approx(1.5 * 10 * 10 * 1000 * 100 * 12, rel=1e-12)


def test_free_months_lower_the_average_rent_and_not_the_first_years():
    lease = offer(free_rent_months=12)
    assert first_year_rent_usd_per_kw_month(lease) == 100.0
    assert average_rent_usd_per_kw_month(lease) == pytest.approx(90.0, rel=1e-12)


def test_yields_are_stabilised_noi_over_construction_and_over_all_that_is_funded():
    sheet = sheet_of(offer(debt_fee_share=0.02))
    noi = 100 * 12 * 1000 * 0.95
    view, funded = sheet.sponsor, sheet.funding.uses_usd
    assert view.stabilised_noi_usd_per_year == pytest.approx(10 * noi, rel=1e-12)
    assert view.noi_margin == pytest.approx(0.95, rel=1e-12)
    assert view.yield_on_sponsor_cost == pytest.approx(noi / 8e6, rel=1e-12)
    assert view.yield_on_funded_cost == pytest.approx(noi / funded, rel=1e-12)
    assert view.development_spread == pytest.approx(noi / funded - 0.08, rel=1e-12)
    assert development_spread(0.11, 0.08) == pytest.approx(0.03)


def test_power_and_running_costs_lower_the_noi_of_a_gross_lease():
    lease = offer(recovery="gross", running_cost_usd_per_kw_month=10.0, load_factor=0.8, pue=1.25)
    power = 0.8 * 1.25 * 730.5 * 50.0
    expected = 12 * (95_000 - 10_000 - power)
    assert sheet_of(lease).sponsor.stabilised_noi_usd_per_year == pytest.approx(10 * expected, rel=1e-12)


def test_what_does_not_exist_is_missing_for_a_reason_in_words():
    nothing_built = sheet_of(offer(capex_usd_per_kw=0.0)).sponsor
    assert nothing_built.yield_on_funded_cost is nothing_built.development_spread is None
    assert nothing_built.yield_reason == "no yield: the landlord builds nothing"
    assert nothing_built.equity_moic is nothing_built.irr_equity is None
    assert nothing_built.equity_moic_reason == "no MOIC: no equity is paid in"
    assert nothing_built.irr_equity_reason == "no IRR: nothing is invested"
    no_rent = sheet_of(offer(rent_usd_per_kw_month=0.0), finance=Finance(tax_rate=0.0)).sponsor
    assert (no_rent.noi_margin, no_rent.noi_margin_reason) == (None, "no margin: no rent is paid")
    assert (no_rent.payback_years, no_rent.payback_reason) == (None, "no payback: the money never comes back")
    assert no_rent.irr_unlevered_reason == "no IRR: the money never comes back"


def test_moic_and_peak_equity_without_debt_and_tax_are_rent_over_cost():
    sheet = sheet_of(offer(ltc=0.0), finance=Finance(tax_rate=0.0)).sponsor
    assert sheet.equity_moic == pytest.approx(10 * 1_140_000 / 8e6, rel=1e-9)
    assert sheet.peak_equity_usd == pytest.approx(80e6, rel=1e-9)
    assert sheet.irr_equity == pytest.approx(sheet.irr_unlevered, rel=1e-9)
    assert peak_equity_usd(np.array([-5.0, 3.0, -4.0, 9.0])) == 6.0
    assert peak_equity_usd(np.array([1.0, 2.0])) == 0.0


def test_the_guarantors_cap_is_its_share_of_the_contract_in_usd_and_in_years():
    # Cipher and Fluidstack at Barber Lake: Google covers 1.4 bn of 3.0 bn, 4.67 of 10 years
    lease = offer(guarantor_cap_share=1.4 / 3.0)
    assert guarantor_cap_usd(lease) == pytest.approx(1.4 / 3.0 * 120e6, rel=1e-12)
    assert sheet_of(lease).sponsor.guarantor_cap_years_of_rent == pytest.approx(4.67, abs=0.005)


def test_a_default_costs_nothing_where_none_is_expected_and_less_with_a_guarantor():
    risky = {"tenant_default_per_year": 0.05, "noi_margin": 1.0}
    assert sheet_of(offer()).sponsor.loss_from_default_usd == 0.0
    alone = sheet_of(offer(**risky)).sponsor.loss_from_default_usd
    backed = sheet_of(offer(**risky, guarantor_cap_share=0.1)).sponsor.loss_from_default_usd
    assert 0 < backed < alone
    # A year empty and a fifth of the rent for nine more is 28 % of the contract: half of it makes good all of that.
    whole = sheet_of(offer(**risky, guarantor_cap_share=0.5)).sponsor.loss_from_default_usd
    assert whole == pytest.approx(0.0, abs=1e-6 * alone)


def test_the_loss_from_default_is_the_discounted_rent_that_is_missed_where_nobody_else_pays():
    # Never let again before the term ends, nobody guarantees, no tax: loss = sum of margin x rent x chance gone.
    lease = offer(tenant_default_per_year=0.04, reletting_months=240, ltc=0.0)
    months = np.arange(1.0, 121)
    missed = 10 * 95_000 * (1 - 0.96 ** (months / 12))
    expected = (missed * 1.08 ** (-(months + 30) / 12)).sum()
    found = sheet_of(lease, finance=Finance(tax_rate=0.0)).sponsor.loss_from_default_usd
    assert found == pytest.approx(expected, rel=1e-9)


def test_each_quoted_delay_is_the_value_of_the_offer_that_late():
    lease = offer(delay_months=2)
    since = months_for(lease)
    view = sheet_of(lease).sponsor
    worth = dict(view.npv_by_delay_usd)
    assert list(worth) == [0, 3, 6, 9, 12, 18]
    for late, found in worth.items():
        flows = lease_cash_flows(offer(delay_months=late), FINANCE, since, np.full_like(since, 50.0))
        assert found == pytest.approx(10 * npv(0.08, flows.cash_flow_usd), rel=1e-12)
    assert sorted(worth.values(), reverse=True) == list(worth.values())
    assert view.npv_expected_over_delays_usd == pytest.approx(view.npv_usd, rel=1e-12)


def test_the_expected_value_weighs_each_delay_with_its_chance():
    lease = offer(delay_months=4, delay_spread_months=3.0)
    since = months_for(lease)
    chances = delay_chances(4.0, 3.0)
    by_hand = sum(
        chance * lease_npv_usd(offer(delay_months=late), FINANCE, since, np.full_like(since, 50.0))
        for late, chance in enumerate(chances)
    )
    assert sheet_of(lease).sponsor.npv_expected_over_delays_usd == pytest.approx(by_hand, rel=1e-9)
