"""Tax and depreciation, against IRS tables and a loss pool kept month by month."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tax import FIFTEEN_YEAR, FIVE_YEAR, depreciation, tax, tax_at_once, tax_carried_forward, yearly_rates

# IRS Publication 946 (2023), appendix A, table A-1, half-year convention, percent: 5-year and 15-year property.
PUBLICATION_946 = (20.00, 32.00, 19.20, 11.52, 11.52, 5.76)
PUBLICATION_946_15 = (
    5.00, 9.50, 8.55, 7.70, 6.93, 6.23, 5.90, 5.90, 5.91, 5.90, 5.91, 5.90, 5.91, 5.90, 5.91, 2.95,
)  # fmt: skip


def half_year_table(life: int, declining: float) -> list[float]:
    """Declining balance from the middle of year one, straight line over what is left as soon as that is more."""
    left, rates = 1.0, []
    for year in range(life + 1):
        in_service = 0.5 if year == 0 else 1.0  # share of the tax year; the last one is cut by what is left of the life
        life_left = float(life) if year == 0 else life - year + 0.5
        by_declining = left * declining / life * in_service
        by_straight_line = left * min(1.0, in_service / life_left)
        rates.append(max(by_declining, by_straight_line))
        left -= rates[-1]
    return rates


INCOME = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


def test_the_five_year_class_is_the_table_of_publication_946():
    np.testing.assert_allclose(np.array(FIVE_YEAR) * 100, PUBLICATION_946, rtol=1e-12)


def test_the_fifteen_year_class_is_the_table_of_publication_946():
    np.testing.assert_allclose(np.array(FIFTEEN_YEAR) * 100, PUBLICATION_946_15, rtol=1e-12)


@pytest.mark.parametrize(
    ("life", "declining", "table", "rounding"),
    [(5, 2.0, PUBLICATION_946, 5e-5), (15, 1.5, PUBLICATION_946_15, 5.2e-5)],
    ids=["5", "15"],
)
def test_a_class_is_its_declining_balance_with_a_half_year(life, declining, table, rounding):
    # Two decimals of a percent; where straight line is 5.9049 a year the 15-year table alternates 5.90 and 5.91 to end
    # on 100, so that some years are 0.0051 off.
    worked_out = half_year_table(life, declining)
    assert sum(worked_out) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(worked_out, np.array(table) / 100, atol=rounding)


def test_the_switch_to_straight_line_of_the_fifteen_year_class_is_in_year_seven():
    level = half_year_table(15, 1.5)[6:15]
    np.testing.assert_allclose(level, level[0], rtol=1e-12)
    assert level[0] == pytest.approx(0.059049, rel=1e-12)


SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: (pair[0], (1 - pair[0]) * pair[1]))


@given(SHARES, st.floats(0, 1))
def test_the_whole_cost_is_deducted_and_no_more(shares, bonus):
    rates = yearly_rates(shares[0], bonus, shares[1])
    assert rates.sum() == pytest.approx(1.0, rel=1e-9)
    assert (rates >= -1e-12).all()


@given(SHARES, st.floats(0, 1))
def test_each_class_is_deducted_at_its_own_pace(shares, bonus):
    short, fifteen = shares
    found = yearly_rates(short, bonus, fifteen)
    for year in range(40):
        expected = (1 - short - fifteen) / 39 if year < 39 else 0.0
        expected += (short + fifteen) * bonus if year == 0 else 0.0
        expected += short * (1 - bonus) * (PUBLICATION_946[year] / 100 if year < 6 else 0.0)
        expected += fifteen * (1 - bonus) * (PUBLICATION_946_15[year] / 100 if year < 16 else 0.0)
        assert found[year] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(SHARES, st.floats(0, 0.9), st.integers(1, 39))
def test_more_bonus_is_never_later(shares, bonus, years):
    more, less = (yearly_rates(shares[0], b, shares[1]).cumsum() for b in (bonus + 0.1, bonus))
    assert more[years] >= less[years] - 1e-12


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


def test_the_choice_is_one_of_the_two():
    income = np.array([-100.0, 50.0, 80.0])
    np.testing.assert_array_equal(tax(0.2, income, losses_used_by_parent=True), tax_at_once(0.2, income))
    np.testing.assert_allclose(tax(0.2, income, losses_used_by_parent=False), [0.0, 0.0, 6.0], atol=1e-12)
