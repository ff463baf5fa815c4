"""Sources and uses, against sums over the months of the loan and a hand calculation without interest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.debt import Amortisation
from models.funding import construction_usd, funded_cost_usd, sponsor_cost_usd
from models.lease import lease_cash_flows
from tests.models.offers import FINANCE, months_for, offer, sheet_of

OFFERS = st.builds(
    offer,
    contingency_share=st.floats(0, 0.3),
    tenant_capex_share=st.floats(0, 0.9),
    tenant_capex_credit_share=st.floats(0, 0.1),
    prepaid_rent_months=st.integers(0, 6),
    free_rent_months=st.integers(0, 12),
    ltc=st.floats(0, 0.9),
    debt_fee_share=st.floats(0, 0.05),
    debt_reserve_months=st.integers(0, 12),
    balloon_share=st.floats(0, 0.5),
    equity_first=st.booleans(),
    amortisation=st.sampled_from(Amortisation),
    delay_months=st.integers(0, 6),
    deliveries=st.integers(1, 3),
)


@given(OFFERS)
def test_sources_are_uses(lease):
    found = sheet_of(lease).funding
    assert found.sources_usd == pytest.approx(found.uses_usd, rel=1e-9)
    assert min(found.interest_use_usd, found.fee_use_usd, found.reserve_use_usd, found.debt_source_usd) >= 0


@given(OFFERS)
def test_equity_is_what_leaves_the_owners_pocket_until_rent_begins(lease):
    lease = lease.model_copy(update={"deliveries": 1})
    since = months_for(lease)
    flows = lease_cash_flows(lease, FINANCE, since, np.zeros_like(since))
    until = since - lease.delay_months <= lease.free_rent_months
    paid = flows.capex_usd + flows.fee_usd + flows.reserve_usd - flows.draw_usd - flows.prepayment_usd
    assert sheet_of(lease).funding.equity_source_usd == pytest.approx(paid[until].sum(), rel=1e-9, abs=1e-3)


def test_without_interest_debt_is_the_loan_to_cost_of_construction():
    found = sheet_of(offer(debt_rate=0.0)).funding
    assert (found.construction_use_usd, found.interest_use_usd) == (8e6, 0.0)
    assert found.debt_source_usd == pytest.approx(0.6 * 8e6, rel=1e-12)
    assert found.equity_source_usd == pytest.approx(0.4 * 8e6, rel=1e-12)


def test_the_tenant_pays_its_share_and_prepaid_rent_replaces_equity():
    lease = offer(debt_rate=0.0, contingency_share=0.1, tenant_capex_share=0.25, prepaid_rent_months=3)
    found = sheet_of(lease).funding
    assert found.tenant_source_usd == pytest.approx(0.25 * 8.8e6, rel=1e-12)
    assert found.prepayment_source_usd == 3 * 100_000
    assert found.equity_source_usd == pytest.approx(0.75 * 8.8e6 * 0.4 - 300_000, rel=1e-9)


def test_a_cancellation_leaves_the_contract_as_it_is():
    assert sheet_of(offer(cancellation_probability=0.3)).funding == sheet_of(offer()).funding


def test_funded_cost_is_construction_and_all_that_financing_adds():
    lease = offer(tenant_capex_share=0.5, debt_fee_share=0.02, debt_reserve_months=6)
    found = sheet_of(lease).funding
    assert sponsor_cost_usd(lease) == pytest.approx(0.5 * construction_usd(lease), rel=1e-12)
    added = found.interest_use_usd + found.fee_use_usd + found.reserve_use_usd
    assert funded_cost_usd(lease, found) == pytest.approx(4e6 + added, rel=1e-12)
    assert found.debt_source_usd == pytest.approx(lease.ltc * funded_cost_usd(lease, found), rel=1e-9)
