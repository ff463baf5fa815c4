from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from allocator.sites.cells import LONGEST_CELL, Unreadable, cell_value, is_blank


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("330", 330), ("330.0", 330), (" 3.5 ", 3.5), (".5", 0.5), ("5.", 5), ("+7", 7), ("1E+09", 10**9),
        ("-12.25", -12.25), ("TRUE", True), ("false", False), ("2027-05-07", date(2027, 5, 7)), ("2027Q2", "2027Q2"),
        ("[1, 2.5]", [1, 2.5]), ("nnn", "nnn"), (429.0, 429), (2.5, 2.5), (True, True), (Decimal("1.5"), 1.5),
        (datetime.fromisoformat("2027-05-07"), date(2027, 5, 7)), (date(2027, 5, 7), date(2027, 5, 7)),
        ([{"from": date(2026, 2, 7), "grid_mw": 220.0, "x": None}], [{"from": date(2026, 2, 7), "grid_mw": 220}]),
    ],
)  # fmt: skip
def test_a_cell_says_what_a_case_file_would(cell, value):
    found = cell_value(cell, as_text=False)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("cell", "text"), [("007", "007"), (" TRUE ", "TRUE"), (7.0, "7"), ("=sum", "=sum")])
def test_text_stays_what_it_is(cell, text):
    assert cell_value(cell, as_text=True) == text


@pytest.mark.parametrize(
    ("cell", "as_text", "rule"),
    [
        ("#REF!", False, "is an error of the spreadsheet"), ("#n/a", True, "is an error of the spreadsheet"),
        ("=B2*2", False, "is a formula"), ("x" * (LONGEST_CELL + 1), True, "is longer than"),
        (datetime.fromisoformat("2027-05-07T13:00"), False, "has an hour"), (b"12", False, "is no number"),
        (Unreadable("=A1", "is a formula without a value", "save it"), False, "without a value"),
    ],
)  # fmt: skip
def test_what_is_no_value_says_why(cell, as_text, rule):
    found = cell_value(cell, as_text=as_text)
    assert isinstance(found, Unreadable)
    assert rule in found.rule


def test_thousands_separators_and_units_are_no_numbers():
    assert [cell_value(text, as_text=False) for text in ("1,234", "45 %", "45,5", "330 MW")] == [
        "1,234", "45 %", "45,5", "330 MW",
    ]  # fmt: skip


@pytest.mark.parametrize(("cell", "blank"), [(None, True), ("", True), (" \t", True), (0, False), (False, False)])
def test_nothing_and_spaces_are_blank_and_zero_is_not(cell, blank):
    assert is_blank(cell) is blank
