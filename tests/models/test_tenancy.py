"""How long a tenant stays, against every course that events can take, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tenancy import (
    Tenancy,
    guarantor_payment_usd,
    in_place_share,
    left_early_share,
    longest_stay_months,
    may_default,
    relet_share,
    renewed_share,
    solvent_share,
    termination_fee_usd,
)

YEARS = 6
MONTHS = 12 * YEARS
K = np.arange(-4.0, 12 * 20 + 1)
"""Months since a hall's delivery."""
AT = {int(k): i for i, k in enumerate(K)}
RENT = np.where((K >= 1) & (K <= MONTHS), 100.0 * 1.03 ** np.floor((K - 1) / 12), 0.0)

TERMS = st.builds(
    Tenancy,
    tenant_default_per_year=st.floats(0.001, 0.6),
    guarantor_cap_share=st.floats(0, 1),
    reletting_months=st.integers(0, 80),
    reletting_rent_ratio=st.floats(0, 2),
    termination_after_years=st.none() | st.integers(1, YEARS - 1),
    termination_probability=st.floats(0, 1),
    termination_fee_months=st.floats(0, 24),
)


def courses(terms: Tenancy) -> list[tuple[float, int, str]]:
    """Chance, first month not paid by the tenant, and why, of everything that can happen in the base term."""
    alive = 1.0
    found = []
    for j in range(1, MONTHS + 1):
        if terms.termination_after_years is not None and j == 12 * terms.termination_after_years + 1:
            found.append((alive * terms.termination_probability, j, "leaves"))
            alive *= 1 - terms.termination_probability
        fails = alive * (1 - (1 - terms.tenant_default_per_year) ** (1 / 12))
        found.append((fails, j, "fails"))
        alive -= fails
    return [*found, (alive, MONTHS + 1, "stays")]


def enumerated(terms: Tenancy) -> dict[str, np.ndarray]:
    """Expected shares and payments: each course followed month by month, then weighted with its chance."""
    lines = {name: np.zeros(len(K)) for name in ("in_place", "relet", "guarantor", "fee")}
    cap = terms.guarantor_cap_share * RENT.sum()
    for chance, gone, why in courses(terms):
        left = cap
        for k in range(1, MONTHS + 1):
            at = AT[k]
            let_again = k >= gone + terms.reletting_months
            lines["in_place"][at] += chance * (k < gone)
            lines["relet"][at] += chance * let_again
            if why == "leaves" and k == gone - 1:
                lines["fee"][at] += chance * terms.termination_fee_months * RENT[at]
            if why == "fails" and k >= gone:
                missing = RENT[at] * (max(0.0, 1 - terms.reletting_rent_ratio) if let_again else 1.0)
                pays = min(left, missing)
                left -= pays
                lines["guarantor"][at] += chance * pays
    return lines


def test_without_entries_the_tenant_stays_for_the_term_and_leaves():
    expected = ((K >= 1) & (K <= MONTHS)).astype(float)
    np.testing.assert_array_equal(in_place_share(Tenancy(), K, YEARS), expected)
    for share in (left_early_share, relet_share):
        assert not share(Tenancy(), K, YEARS).any()
    assert longest_stay_months(Tenancy(), YEARS) == MONTHS
    assert not may_default(Tenancy())


@given(TERMS)
def test_shares_and_payments_are_those_of_every_course_weighted_with_its_chance(terms):
    expected = enumerated(terms)
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(in_place_share(terms, K, YEARS), expected["in_place"], **close)
    np.testing.assert_allclose(relet_share(terms, K, YEARS), expected["relet"], **close)
    np.testing.assert_allclose(termination_fee_usd(terms, RENT, K), expected["fee"], **close)
    paid = guarantor_payment_usd(terms, RENT, K, YEARS)
    np.testing.assert_allclose(paid, expected["guarantor"], rtol=1e-9, atol=1e-9 * RENT.sum())


@given(TERMS)
def test_a_tenant_is_there_or_has_left(terms):
    both = in_place_share(terms, K, YEARS) + left_early_share(terms, K, YEARS)
    np.testing.assert_allclose(both, (K >= 1) & (K <= MONTHS), rtol=1e-12)
    assert (relet_share(terms, K, YEARS) <= left_early_share(terms, K, YEARS) + 1e-12).all()


def test_the_chance_to_be_solvent_after_a_year_is_one_less_the_yearly_default():
    solvent = solvent_share(Tenancy(tenant_default_per_year=0.1), K)
    assert solvent[AT[12]] == pytest.approx(0.9, rel=1e-12)
    assert solvent[AT[60]] == pytest.approx(0.9**5, rel=1e-12)
    assert solvent[AT[0]] == solvent[AT[-3]] == 1.0


@pytest.mark.parametrize("years", [0, 2])
def test_a_default_that_is_known_comes_in_the_first_month_after_its_years(years):
    terms = Tenancy(tenant_default_after_years=years)
    np.testing.assert_array_equal(in_place_share(terms, K, YEARS), (K >= 1) & ((K - 12 * years) <= 0))
    assert may_default(terms)


# Renewal


def test_each_renewal_hangs_on_the_one_before():
    terms = Tenancy(renewal_options=2, renewal_years=3, renewal_probability=0.6)
    share = in_place_share(terms, K, YEARS)
    assert longest_stay_months(terms, YEARS) == MONTHS + 72
    for k, expected in [(MONTHS, 1), (MONTHS + 1, 0.6), (MONTHS + 36, 0.6), (MONTHS + 37, 0.36), (MONTHS + 72, 0.36)]:
        assert share[AT[k]] == pytest.approx(expected, rel=1e-12)
    assert share[AT[MONTHS + 73]] == 0.0
    assert renewed_share(terms, K, YEARS)[AT[5]] == 1.0


def test_an_option_that_nobody_will_use_is_none():
    assert longest_stay_months(Tenancy(renewal_options=2, renewal_probability=0.0), YEARS) == MONTHS


def test_who_has_left_or_failed_does_not_renew():
    terms = Tenancy(
        renewal_options=1, renewal_years=2, renewal_probability=0.5, tenant_default_per_year=0.1,
        termination_after_years=3, termination_probability=0.25,
    )  # fmt: skip
    share = in_place_share(terms, K, YEARS)
    assert share[AT[MONTHS + 12]] == pytest.approx(0.5 * 0.75 * 0.9**7, rel=1e-9)


# The right to leave


def test_who_leaves_by_right_pays_a_fee_in_the_rent_of_that_day():
    terms = Tenancy(termination_after_years=3, termination_probability=0.25, termination_fee_months=9)
    fee = termination_fee_usd(terms, RENT, K)
    assert fee[AT[36]] == pytest.approx(0.25 * 9 * 100 * 1.03**2, rel=1e-12)
    assert np.count_nonzero(fee) == 1
    share = in_place_share(terms, K, YEARS)
    assert (share[AT[36]], share[AT[37]]) == (1.0, 0.75)


def test_a_guarantor_does_not_pay_for_a_tenant_that_leaves_by_right():
    terms = Tenancy(termination_after_years=3, termination_probability=1.0, guarantor_cap_share=1.0)
    assert not guarantor_payment_usd(terms, RENT, K, YEARS).any()


# The guarantor


@given(st.floats(0.001, 0.9))
def test_a_guarantor_without_a_limit_pays_exactly_the_rent_that_is_lost(default):
    terms = Tenancy(tenant_default_per_year=default, guarantor_cap_share=1.0, reletting_months=240)
    lost = RENT * (1 - in_place_share(terms, K, YEARS))
    paid = guarantor_payment_usd(terms, RENT, K, YEARS)
    np.testing.assert_allclose(paid, lost, rtol=1e-9, atol=1e-9 * RENT.sum())


@pytest.mark.parametrize("change", [{"guarantor_cap_share": 0.0}, {"tenant_default_per_year": 0.0}])
def test_no_cap_or_no_default_no_payment(change):
    terms = Tenancy(**{"tenant_default_per_year": 0.1, "guarantor_cap_share": 0.5, **change})
    assert not guarantor_payment_usd(terms, RENT, K, YEARS).any()


@given(TERMS)
def test_payments_are_never_negative_and_never_above_the_cap(terms):
    paid = guarantor_payment_usd(terms, RENT, K, YEARS)
    assert (paid >= -1e-9 * RENT.sum()).all()
    assert paid.sum() <= terms.guarantor_cap_share * RENT.sum() * (1 + 1e-9)


@given(TERMS, st.floats(0, 0.3))
def test_a_higher_cap_never_pays_less(terms, more):
    higher = terms.model_copy(update={"guarantor_cap_share": min(1.0, terms.guarantor_cap_share + more)})
    less, found = (guarantor_payment_usd(t, RENT, K, YEARS).cumsum() for t in (terms, higher))
    assert (found >= less - 1e-9 * RENT.sum()).all()


def test_a_better_rent_from_the_next_tenant_is_not_handed_to_the_guarantor():
    # Failed at once, let again after a year at 150 %: twelve rents are missed, and nothing is paid back.
    terms = Tenancy(
        tenant_default_after_years=0, guarantor_cap_share=1.0, reletting_months=12, reletting_rent_ratio=1.5
    )
    paid = guarantor_payment_usd(terms, RENT, K, YEARS)
    np.testing.assert_allclose(paid, np.where(K <= 12, RENT, 0.0), rtol=1e-12)


def test_a_known_default_is_paid_month_by_month_until_the_cap_is_used():
    # 40 % of six years of a flat rent are 28.8 rents, of months 25, 26, ..
    flat = np.where((K >= 1) & (K <= MONTHS), 50.0, 0.0)
    terms = Tenancy(tenant_default_after_years=2, guarantor_cap_share=0.4, reletting_months=240)
    paid = guarantor_payment_usd(terms, flat, K, YEARS)
    np.testing.assert_allclose(paid[AT[25] : AT[53]], 50.0, rtol=1e-12)
    assert paid[AT[53]] == pytest.approx(0.8 * 50, rel=1e-9)
    assert paid.sum() == pytest.approx(28.8 * 50, rel=1e-12)


def test_payments_for_many_leases_are_those_of_each():
    chances, caps, ratios = np.array([0.01, 0.1, 0.5]), np.array([0.1, 0.5, 1.0]), np.array([0.5, 1.0, 1.6])
    wide = Tenancy().model_copy(
        update={"tenant_default_per_year": chances, "guarantor_cap_share": caps, "reletting_rent_ratio": ratios}
    )
    together = guarantor_payment_usd(wide, RENT[:, None], K[:, None], YEARS)
    for i in range(3):
        alone = Tenancy(tenant_default_per_year=chances[i], guarantor_cap_share=caps[i], reletting_rent_ratio=ratios[i])
        np.testing.assert_allclose(together[:, i], guarantor_payment_usd(alone, RENT, K, YEARS), rtol=1e-9, atol=1e-9)
