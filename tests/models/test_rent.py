"""Rent and what the landlord pays out of it, against term sheets written out month by month."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rent import (
    Recovery,
    Rent,
    average_rent_usd_per_kw_month,
    base_rent_usd,
    credited,
    first_year_rent_usd_per_kw_month,
    implied_escalator,
    landlord_bears_running_cost,
    power_cost_usd,
    prepayment_usd,
    rent_index,
    running_cost_usd,
)

K = np.arange(-3.0, 12 * 30 + 1)
"""Months since a hall's delivery."""


def terms(**changed) -> Rent:
    return Rent(**{"rent_usd_per_kw_month": 100.0, "escalator_per_year": 0.03, **changed})


def month(line: np.ndarray, k: int) -> float:
    return float(line[np.flatnonzero(k == K)[0]])


# The published rent of a contract


@given(st.floats(1e6, 1e11), st.floats(1, 1000), st.integers(1, 40), st.floats(-0.1, 0.2))
def test_the_first_years_rent_and_the_contract_value_are_inverses(value, mw, years, escalator):
    rent = first_year_rent_usd_per_kw_month(value, mw, years, escalator)
    paid = sum(rent * (1 + escalator) ** y for y in range(years)) * 12 * 1000 * mw
    assert paid == pytest.approx(value, rel=1e-9)


def test_without_an_escalator_every_year_pays_the_same():
    assert first_year_rent_usd_per_kw_month(12e6, 1, 10, 0.0) == pytest.approx(100.0, rel=1e-12)
    assert average_rent_usd_per_kw_month(100.0, 10, 0.0) == pytest.approx(100.0, rel=1e-12)


@given(st.floats(0.001, 0.2), st.integers(1, 15), st.integers(1, 15))
def test_the_implied_escalator_is_recovered(escalator, years, more):
    def worth(n: int) -> float:
        return sum((1 + escalator) ** y for y in range(n))

    found = implied_escalator(worth(years), years, worth(years + more), years + more)
    assert found == pytest.approx(escalator, abs=1e-9)


# The index


def test_rent_steps_up_on_each_anniversary():
    found = rent_index(terms(), K)
    assert month(found, 1) == month(found, 12) == 1.0
    assert month(found, 13) == pytest.approx(1.03, rel=1e-12)
    assert month(found, 24) == pytest.approx(1.03, rel=1e-12)
    assert month(found, 169) == pytest.approx(1.03**14, rel=1e-12)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=8), st.floats(-0.1, 0.1))
def test_a_list_is_paid_as_it_is_written_and_the_escalator_goes_on_after_it(listed, escalator):
    found = rent_index(terms(rent_by_year=listed, escalator_per_year=escalator), K)
    level = 0.0
    for k in range(1, 361):
        year = (k - 1) // 12
        if year < len(listed):
            level = listed[year]
        elif (k - 1) % 12 == 0:
            level *= 1 + escalator
        assert month(found, k) == pytest.approx(level, rel=1e-9, abs=1e-12)


def test_a_list_of_one_year_is_the_escalator_alone():
    np.testing.assert_allclose(rent_index(terms(rent_by_year=(1.0,)), K)[4:], rent_index(terms(), K)[4:], rtol=1e-12)


def test_an_index_of_many_leases_is_that_of_each():
    escalators = np.array([-0.02, 0.0, 0.03, 0.03])
    together = rent_index(terms().model_copy(update={"escalator_per_year": escalators}), K[:, None])
    for i, escalator in enumerate(escalators):
        np.testing.assert_allclose(together[:, i], rent_index(terms(escalator_per_year=escalator), K), rtol=1e-12)


# What is billed


@given(st.integers(0, 60), st.floats(0, 1), st.floats(0, 1))
def test_rent_is_billed_after_the_free_months_for_what_is_used_or_must_be_paid(free, take_or_pay, use):
    found = base_rent_usd(terms(free_rent_months=free, take_or_pay_share=take_or_pay, expected_use=use), K)
    for k in (1, free, free + 1, free + 12, 100, 360):
        share = max(take_or_pay, use)
        expected = 1000 * 100 * 1.03 ** ((k - 1) // 12) * share if k > free else 0.0
        assert month(found, k) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert month(found, 0) == 0.0


def test_free_rent_does_not_put_off_the_anniversary():
    found = base_rent_usd(terms(free_rent_months=6), K)
    assert month(found, 12) == pytest.approx(100_000, rel=1e-12)
    assert month(found, 13) == pytest.approx(103_000, rel=1e-12)


@given(st.floats(0, 120), st.integers(1, 240), st.integers(0, 60))
def test_a_prepayment_is_credited_to_the_last_dollar(months_prepaid, over, free):
    paid = prepayment_usd(terms(prepaid_rent_months=months_prepaid))
    assert paid == pytest.approx(months_prepaid * 100_000, rel=1e-12)
    back = credited(paid, K, free, over)
    assert back.sum() == pytest.approx(float(paid), rel=1e-9, abs=1e-9)
    parts = [month(back, k) for k in range(free + 1, free + over + 1)]
    np.testing.assert_allclose(parts, float(paid) / over, rtol=1e-9, atol=1e-12)


# What the landlord pays


def test_running_cost_grows_on_its_own_anniversaries_from_delivery_on():
    found = running_cost_usd(terms(running_cost_usd_per_kw_month=17.9, running_cost_growth_per_year=0.04), K)
    assert month(found, 0) == 0.0
    assert month(found, 1) == pytest.approx(17_900, rel=1e-12)
    assert month(found, 25) == pytest.approx(17_900 * 1.04**2, rel=1e-12)
    assert not running_cost_usd(terms(), K).any()


@pytest.mark.parametrize(
    ("recovery", "running", "power"),
    [(Recovery.NNN, False, False), (Recovery.MODIFIED_GROSS, True, False), (Recovery.GROSS, True, True)],
)
def test_a_landlord_bears_what_the_recovery_leaves_him(recovery, running, power):
    given_terms = terms(recovery=recovery, load_factor=0.8, pue=1.25)
    assert landlord_bears_running_cost(given_terms) is running
    paid = power_cost_usd(given_terms, np.array([40.0, -10.0]))
    # One critical IT MW at 80 % load draws 0.8 x 1.25 = 1 MW at the meter, 730.5 hours a month.
    np.testing.assert_allclose(paid, np.array([40.0, -10.0]) * 730.5 * power, rtol=1e-12)
