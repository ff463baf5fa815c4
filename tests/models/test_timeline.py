"""The calendar, against calendars counted by hand and the standard library's dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.timeline import (
    Timeline,
    add_months,
    anniversary_steps,
    discount_factors,
    due_in,
    growth_factors,
    increases,
    parse_quarter,
    quarter_ends,
)

DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 2, 7), 240, date(2046, 2, 7)),
        (date(2026, 5, 15), 0, date(2026, 5, 15)),
    ],
)
def test_a_day_moves_by_months_and_stops_at_the_end_of_a_short_one(day, months, expected):
    assert add_months(day, months) == expected


@given(DAYS, st.integers(-600, 600))
def test_moving_by_months_moves_the_month_by_exactly_that_many(day, months):
    moved = add_months(day, months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day == min(day.day, monthrange(moved.year, moved.month)[1])


def test_the_last_day_of_january_does_not_drift_after_february():
    timeline = Timeline(date(2026, 1, 31), 2)
    ends = [timeline.month_end(m) for m in range(5)]
    assert ends == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quarter", "label"),
    [(0, "2026Q1"), (1, "2026Q2"), (3, "2026Q4"), (4, "2027Q1"), (5, "2027Q2"), (79, "2045Q4")],
)
def test_a_quarter_is_called_by_the_calendar_quarter_it_begins_in(quarter, label):
    assert Timeline(date(2026, 2, 7), 20).quarter_label(quarter) == label


@pytest.mark.parametrize(
    ("month", "label"),
    [(1, "Q1"), (3, "Q1"), (4, "Q2"), (6, "Q2"), (7, "Q3"), (9, "Q3"), (10, "Q4"), (12, "Q4")],
)
def test_every_month_lies_in_its_calendar_quarter(month, label):
    assert Timeline(date(2026, month, 1), 1).quarter_label(0) == f"2026{label}"


def test_a_horizon_has_twelve_months_and_four_quarters_a_year():
    timeline = Timeline(date(2026, 2, 7), 20)
    assert (timeline.months, timeline.quarters, len(timeline.month_index)) == (240, 80, 241)


@given(DAYS, DAYS)
def test_quarter_from_is_the_first_quarter_that_begins_on_or_after_a_day(valuation, day):
    timeline = Timeline(valuation, 20)
    quarter = 0
    while timeline.quarter_start(quarter) < day:
        quarter += 1
    assert timeline.quarter_from(day) == quarter


@given(DAYS, st.integers(0, 7000))
def test_quarter_of_is_the_quarter_that_holds_a_day(valuation, ahead):
    timeline = Timeline(valuation, 20)
    day = valuation + timedelta(days=ahead)
    quarter = timeline.quarter_of(day)
    assert timeline.quarter_start(quarter) <= day < timeline.quarter_start(quarter + 1)


@pytest.mark.parametrize("last", [date(2026, 1, 31), date(2026, 8, 31), date(2025, 11, 30), date(2024, 11, 29)])
def test_quarters_that_start_on_a_31st_keep_their_edges(last):
    timeline = Timeline(last, 3)
    for quarter in range(timeline.quarters):
        start = timeline.quarter_start(quarter)
        assert timeline.quarter_from(start) == timeline.quarter_of(start) == quarter
        assert timeline.quarter_from(start + timedelta(days=1)) == quarter + 1
        if quarter:
            assert timeline.quarter_of(start - timedelta(days=1)) == quarter - 1


def test_a_day_in_the_past_is_quarter_zero():
    assert Timeline(date(2026, 2, 7), 20).quarter_from(date(2020, 1, 1)) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027Q2", date(2027, 4, 1)),
        (" 2027-q4 ", date(2027, 10, 1)),
        ("Q1 2030", date(2030, 1, 1)),
        ("2027Q5", None),
        ("2027", None),
        ("2027-04-01", None),
        ("", None),
    ],
)
def test_a_quarter_in_words_is_its_first_day(text, expected):
    assert parse_quarter(text) == expected


def test_a_year_of_discounting_is_the_annual_rate():
    months = np.array([0.0, 6.0, 12.0, 24.0])
    expected = [1.0, 1 / 1.1**0.5, 1 / 1.1, 1 / 1.21]
    np.testing.assert_allclose(discount_factors(0.10, months), expected, rtol=1e-12)
    np.testing.assert_allclose(growth_factors(0.10, months), 1 / np.array(expected), rtol=1e-12)


def test_rent_steps_on_the_anniversary_and_not_before():
    steps = anniversary_steps(0.03, np.array([1.0, 12.0, 13.0, 24.0, 25.0]))
    np.testing.assert_allclose(steps, [1.0, 1.0, 1.03, 1.03, 1.03**2], rtol=1e-12)


def test_quarter_ends_are_every_third_month_after_the_valuation_date():
    assert quarter_ends(np.arange(13.0)).tolist() == [3.0, 6.0, 9.0, 12.0]


# What is due, and what rises


def test_steps_of_many_rates_are_those_of_each():
    k, rates = np.arange(-3.0, 61.0), np.array([-0.02, 0.0, 0.03])
    together = anniversary_steps(rates, k[:, None])
    for i, rate in enumerate(rates):
        expected = [(1 + rate) ** ((int(month) - 1) // 12) for month in k]
        np.testing.assert_allclose(together[:, i], expected, rtol=1e-12)


def test_an_amount_is_due_in_its_months_and_nothing_takes_one_column():
    months = np.array([False, True, True])
    np.testing.assert_array_equal(due_in(months, np.array(5.0)), [0, 5, 5])
    np.testing.assert_array_equal(due_in(months[:, None], np.array([5.0, 0.0])), [[0, 0], [5, 0], [5, 0]])
    assert due_in(months[:, None], np.zeros(2)).shape == (3, 1)
    assert not due_in(months, np.array(0.0)).any()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_increases_add_up_to_the_level(level):
    found = increases(np.array(level))
    np.testing.assert_allclose(found.cumsum(), level, atol=1e-9 * (1 + np.abs(level).sum()))
    assert found[0] == level[0]
