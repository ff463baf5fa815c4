"""An exported pack, edited or not, read back as a case document."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from allocator.case import case_from_document, path_parts
from allocator.sensitivity import DRIVERS, Driver
from allocator.workbook.archive import check_archive
from allocator.workbook.assumptions_sheet import (
    AS_SOLVED,
    CASE,
    FIRST_ROW,
    HEAD_ROW,
    HEADS,
    ON_PRICES_SHEET,
    OTHER_SOURCES,
    PATH,
    SHEET,
    SOURCE,
    STATED_IN,
    VALUE,
)
from allocator.workbook.prices_sheet import SHEET as PRICES
from allocator.workbook.prices_sheet import read_prices
from allocator.workbook.sensitivity_sheet import FIRST_ROW as FIRST_FLEX_ROW
from allocator.workbook.sensitivity_sheet import SHEET as SENSITIVITY
from models.assumptions import Fault, InputFaultsError

MOST_ROWS, MOST_COLUMNS, MOST_PRICES = 5_000, len(HEADS), 50_000
"""Rows of Assumptions and of Prices that are read; a large case has a few hundred, and 744 of hourly prices."""
_POSITION = re.compile(r"\[[0-9]+\]")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Flexed:
    """A what-if change as typed, and its cell."""

    driver: Driver
    typed: Any
    cell: str

    def faults(self) -> Iterator[Fault]:
        """What is wrong with it."""
        low, high = self.driver.lower, self.driver.upper
        if isinstance(self.typed, bool) or not isinstance(self.typed, (int, float)):
            yield Fault(self.cell, repr(self.typed)[:40], "is not a number", "type a change, or 0 for none")
        elif not low <= self.typed <= high:
            yield Fault(self.cell, f"{self.typed:g}", f"is not between {low:g} and {high:g}", "type a smaller change")

    def moved(self, value: Any) -> Any:
        """An input after the change; what is no number is left to be refused."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return self.driver.moved(value, self.typed) if is_number else value


def read_document(path: Path) -> dict[str, Any]:
    """The inputs of sheet Assumptions as :func:`allocator.case.case_from_document` takes them.

    A value that was typed over, or that a what-if cell moves, loses its source, as an override does.

    Raises
    ------
    InputFaultsError
        If the file is no pack, is unsafe to open, or holds inputs that a case refuses; faults name their cells.
    """
    check_archive(path)
    rows, prices, changes = _rows(path)
    document, cells, faults = _document(path, rows, changes)
    power = document.get("power", {})
    if prices is not None and power.get("hourly_prices") == ON_PRICES_SHEET:
        power["hourly_prices"] = prices | {"file": _text(prices["file"])}
    if not faults:
        try:
            case_from_document(document)
        except InputFaultsError as error:
            faults = [_located(fault, cells) for fault in error.faults]
    if faults:
        raise InputFaultsError(faults)
    return document


def _rows(path: Path) -> tuple[list[list[Any]], dict[str, Any] | None, dict[str, Flexed]]:
    """Rows of sheet Assumptions, the prices of sheet Prices where there is one, and what-if changes by input."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, SyntaxError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _refused(path, f"is not a workbook that can be read ({type(error).__name__})") from error
    try:
        rows = list(_cells(book[SHEET])) if SHEET in book.sheetnames else None
        prices = read_prices(book, MOST_PRICES) if PRICES in book.sheetnames else None
        changes = _changes(book[SENSITIVITY]) if SENSITIVITY in book.sheetnames else {}
    except (KeyError, ValueError, TypeError, SyntaxError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise _refused(path, f"has a sheet {SHEET} that cannot be read ({type(error).__name__})") from error
    finally:
        book.close()
    if rows is None:
        raise _refused(path, f"has no sheet {SHEET}")
    if len(rows) > MOST_ROWS:
        raise _refused(path, f"has more than {MOST_ROWS:,} rows on sheet {SHEET}")
    padded = [row + [None] * (MOST_COLUMNS - len(row)) for row in rows]
    if len(padded) < FIRST_ROW or padded[HEAD_ROW - 1][PATH - 1] != HEADS[PATH - 1]:
        raise _refused(path, f"has no table of inputs below A{HEAD_ROW} of sheet {SHEET}")
    return padded, prices, changes


def _changes(sheet: Any) -> dict[str, Flexed]:
    """What-if changes that are not 0, by the input's path with ``[*]``; a change that is none is kept to be refused."""
    known = {path: driver for driver in DRIVERS for path in driver.inputs}
    found: dict[str, Flexed] = {}
    sheet.reset_dimensions()
    rows = sheet.iter_rows(min_row=FIRST_FLEX_ROW, max_row=FIRST_FLEX_ROW + len(DRIVERS), max_col=4, values_only=True)
    for number, row in enumerate(rows, start=FIRST_FLEX_ROW):
        cells = [*row, None, None, None, None]
        driver = known.get(str(cells[3]))
        if driver is not None and cells[2] not in (None, 0):
            found[str(cells[3])] = Flexed(driver, cells[2], f"{SENSITIVITY}!C{number} ({driver.label})")
    return found


def _cells(sheet: Any) -> Iterator[list[Any]]:
    sheet.reset_dimensions()  # what a sheet says of its size is not believed
    for row in sheet.iter_rows(min_row=1, max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True):
        yield list(row)


def _refused(path: Path, rule: str) -> InputFaultsError:
    return InputFaultsError([Fault(str(path), "", rule, "give a board pack written by allocator solve --excel")])


def _document(
    path: Path, rows: list[list[Any]], changes: Mapping[str, Flexed]
) -> tuple[dict[str, Any], dict[str, str], list[Fault]]:
    """The document, the cell of each input, and faults of the sheet itself."""
    tree: dict[Any, Any] = {}
    sources: dict[str, str] = {}
    cells: dict[str, str] = {}
    faults = [fault for flexed in changes.values() for fault in flexed.faults()]
    inputs_end = False
    formulas = (
        _formulas(path)
        if any(row[VALUE - 1] is None and row[AS_SOLVED - 1] is not None for row in rows[HEAD_ROW:])
        else {}
    )
    for number, row in enumerate(rows[HEAD_ROW:], start=FIRST_ROW):
        name = _text(row[PATH - 1])
        if name == OTHER_SOURCES:
            inputs_end = True
        if not name or name == OTHER_SOURCES:
            continue
        value, before = _value(row[VALUE - 1]), _value(row[AS_SOLVED - 1])
        if not faults and (flexed := changes.get(_POSITION.sub("[*]", name))) is not None:
            value = _value(flexed.moved(value))
        if row[STATED_IN - 1] == CASE and (inputs_end or value == before):
            sources[name] = _text(row[SOURCE - 1])
        if inputs_end:
            continue
        cells[name] = f"{SHEET}!{get_column_letter(VALUE)}{number}"
        if number in formulas:
            faults.append(
                Fault(
                    f"{cells[name]} ({name})",
                    formulas[number],
                    "has no value yet",
                    "open and save the pack in a spreadsheet program, or type a number",
                )
            )
        else:
            faults.extend(_placed(tree, name, value, cells[name]))
    document = dict(_listed(tree, "", faults))
    if sources:
        document["sources"] = sources
    return document, cells, faults


def _formulas(path: Path) -> dict[int, str]:
    """Formulas typed into blue cells, by row: without a value beside them they cannot be read."""
    book = load_workbook(path, read_only=True)
    try:
        sheet = book[SHEET]
        sheet.reset_dimensions()
        column = sheet.iter_rows(min_row=FIRST_ROW, max_row=MOST_ROWS, min_col=VALUE, max_col=VALUE, values_only=True)
        return {
            number: str(cell)
            for number, (cell,) in enumerate(column, start=FIRST_ROW)
            if isinstance(cell, str) and cell.startswith("=")
        }
    finally:
        book.close()


def _text(value: Any) -> str:
    return (
        _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
        if isinstance(value, str)
        else ""
        if value is None
        else str(value)
    )


def _value(value: Any) -> Any:
    """A cell's value in the terms of a case file: days without hours, whole numbers as such."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return _text(value) if isinstance(value, str) else value


def _placed(tree: dict[Any, Any], name: str, value: Any, cell: str) -> Iterator[Fault]:
    """Put a value at its path; a list is a table of positions until the end, since rows may stand in any order."""
    try:
        parts = path_parts(name)
    except InputFaultsError as error:
        yield Fault(f"{cell} ({name})", "", error.faults[0].rule, "restore the path in column A, or delete the row")
        return
    node: Any = tree
    for part in parts[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            yield Fault(
                f"{cell} ({name})", "", "lies within an input that is a single value", "delete one of the two rows"
            )
            return
    if parts[-1] in node:
        yield Fault(f"{cell} ({name})", "", "stands twice on the sheet", "delete one of the two rows")
    elif value is not None:
        node[parts[-1]] = value


def _listed(node: Any, where: str, faults: list[Fault]) -> Any:
    """Tables of positions as lists; a missing position is a fault."""
    if not isinstance(node, dict):
        return node
    items = {
        key: _listed(item, f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}".lstrip("."), faults)
        for key, item in node.items()
    }
    positions = [key for key in items if isinstance(key, int)]
    if not positions:
        return items
    if sorted(positions) != list(range(len(items))):
        faults.append(
            Fault(
                f"{SHEET}!A ({where})",
                "",
                f"has positions {sorted(positions)}",
                "number the rows of a list from [0] without gaps",
            )
        )
        return []
    return [items[i] for i in range(len(items))]


def _located(fault: Fault, cells: dict[str, str]) -> Fault:
    """A fault with the cell to which it belongs, or the first cell of its table."""
    cell = cells.get(fault.field) or next((cell for path, cell in cells.items() if path.startswith(fault.field)), "")
    return replace(fault, field=f"{cell} ({fault.field})") if cell else fault
