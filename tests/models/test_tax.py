"""Tax and depreciation, against IRS tables and a loss pool kept month by month."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tax import FIVE_YEAR, depreciation, tax_at_once, tax_carried_forward, yearly_rates

# IRS Publication 946 (2023), appendix A, table A-1, 5-year property, half-year convention, percent.
PUBLICATION_946 = (20.00, 32.00, 19.20, 11.52, 11.52, 5.76)

INCOME = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


def test_the_five_year_class_is_the_table_of_publication_946():
    np.testing.assert_allclose(np.array(FIVE_YEAR) * 100, PUBLICATION_946, rtol=1e-12)


def test_the_five_year_class_is_double_declining_balance_with_a_half_year():
    left, rates = 1.0, []
    for year in range(6):
        remaining_life = 5.0 if year == 0 else 5.0 - year + 0.5
        declining = left * 0.4 * (0.5 if year == 0 else 1.0)
        straight = left / remaining_life * (0.5 if year == 0 else min(1.0, remaining_life))
        rates.append(max(declining, straight))
        left -= rates[-1]
    np.testing.assert_allclose(rates, np.array(PUBLICATION_946) / 100, atol=5e-5)  # the table is rounded


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_whole_cost_is_deducted_and_no_more(short_life, bonus):
    assert yearly_rates(short_life, bonus).sum() == pytest.approx(1.0, rel=1e-9)


def test_first_year_of_a_half_short_lived_asset_with_half_bonus():
    # 0.5 x (0.5 + 0.5 x 0.20) + 0.5 / 39
    assert yearly_rates(0.5, 0.5)[0] == pytest.approx(0.3 + 0.5 / 39, rel=1e-12)
    assert yearly_rates(0.0, 1.0)[38] == pytest.approx(1 / 39, rel=1e-12)
    assert yearly_rates(0.0, 1.0)[39] == 0.0


def test_deductions_start_in_the_first_month_of_service_and_end_with_the_table():
    months = np.arange(-5.0, 100.0)
    monthly = depreciation(1200.0, months, yearly_rates(1.0, 0.0))
    assert not monthly[months < 1].any()
    for year, rate in enumerate(PUBLICATION_946):
        inside = (months > 12 * year) & (months <= 12 * (year + 1))
        np.testing.assert_allclose(monthly[inside], rate, rtol=1e-12)  # 1200 x rate % / 12
    assert not monthly[months > 72].any()


@given(st.floats(0, 0.6), INCOME)
def test_carried_forward_is_a_loss_pool_kept_month_by_month(rate, income):
    pool, expected = 0.0, []
    for amount in income:
        used = min(pool, max(amount, 0.0))
        pool += max(-amount, 0.0) - used
        expected.append(rate * (max(amount, 0.0) - used))
    np.testing.assert_allclose(tax_carried_forward(rate, income), expected, atol=1e-9 * (np.abs(income).sum() + 1))


@given(st.floats(0, 0.6), INCOME)
def test_carried_forward_is_never_a_refund_and_never_earlier_than_at_once(rate, income):
    kept, at_once = tax_carried_forward(rate, income), tax_at_once(rate, income)
    slack = 1e-9 * (np.abs(income).sum() + 1)
    assert (kept >= -slack).all()
    assert (np.cumsum(kept) >= np.cumsum(at_once) - slack).all()


def test_columns_are_taxed_apart():
    income = np.array([[-10.0, 5.0], [4.0, -5.0], [10.0, 8.0]])
    expected = np.array([[0.0, 1.0], [0.0, 0.0], [0.8, 0.6]])
    np.testing.assert_allclose(tax_carried_forward(0.2, income), expected, atol=1e-12)


def test_a_loss_used_at_once_is_worth_its_tax():
    np.testing.assert_allclose(tax_at_once(0.21, np.array([-100.0, 50.0])), [-21.0, 10.5], rtol=1e-12)
