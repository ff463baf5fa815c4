"""What a cell of a sites table says, in the terms of a case file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from allocator.files import parse_value

LONGEST_CELL = 20_000
"""Characters; a list of halls written into one cell has some hundreds."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SPREADSHEET_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)


@dataclass(frozen=True)
class Unreadable:
    """A cell that holds something, but no value."""

    shown: str
    rule: str
    remedy: str


def is_blank(cell: Any) -> bool:
    """Nothing, or nothing but spaces."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def cell_value(cell: Any, *, as_text: bool) -> Any:
    """A value as a case file would hold it, or why the cell has none; never for a blank cell.

    ``as_text`` keeps text as it stands, for inputs that are text; else text is read as a value is after ``=`` in a case
    file, and as spreadsheets write TRUE, FALSE and ``.5``. Whole floats are whole numbers, days have no hours.

    >>> cell_value("330", as_text=False), cell_value("TRUE", as_text=False), cell_value("330", as_text=True)
    (330, True, '330')
    """
    value: Any = cell
    if isinstance(cell, str):
        value = _unreadable(cell.strip(), as_text=as_text) or (cell.strip() if as_text else _parsed(cell.strip()))
    elif isinstance(cell, datetime):
        value = cell.date() if cell.time() == time() else Unreadable(str(cell), "has an hour", "give the day alone")
    elif isinstance(cell, (list, tuple)):
        value = [cell_value(item, as_text=as_text) for item in cell]
    elif isinstance(cell, dict):
        value = {str(key): cell_value(item, as_text=as_text) for key, item in cell.items() if item is not None}
    elif isinstance(cell, Decimal):
        value = float(cell)
    elif not isinstance(cell, (Unreadable, bool, int, float, date)):
        value = Unreadable(type(cell).__name__, "is no number, text, date or list", "write what a case file holds")
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return str(value) if as_text and isinstance(value, (int, float, date)) else value


def _unreadable(text: str, *, as_text: bool) -> Unreadable | None:
    if text.upper() in _SPREADSHEET_ERRORS:
        return Unreadable(text, "is an error of the spreadsheet", "correct its formula, or leave the cell blank")
    if len(text) > LONGEST_CELL:
        return Unreadable(text[:20] + "...", f"is longer than {LONGEST_CELL:,} characters", "shorten it")
    if text.startswith("=") and not as_text:
        return Unreadable(text[:60], "is a formula", "give the value that it has")
    return None


def _parsed(text: str) -> Any:
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    value = parse_value(text)
    return float(text) if isinstance(value, str) and _NUMBER.fullmatch(text) else value
