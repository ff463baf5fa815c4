"""Sheet Assumptions: every input with unit, bounds, source and status, typed over in blue; and its defined names.

The sheet is also what an edited pack is read back from (:mod:`allocator.workbook.reading`), so that the columns are
declared once, here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from allocator.case import Case, Input, inputs
from allocator.sensitivity import Driver
from allocator.workbook.flex import ANY_FLEX, drivers_by_path, in_use_formula, input_name, use_name
from allocator.workbook.style import (
    DATE,
    INPUT_BLUE,
    LOSS,
    QUIET,
    THIN,
    header_row,
    heading,
    mark_input,
    print_setup,
    put,
    put_text,
)
from models.hourly_prices import HourlyPrices

SHEET = "Assumptions"
HEAD_ROW = 4
FIRST_ROW = HEAD_ROW + 1
(
    PATH, MEANING, UNIT, VALUE, IN_USE, BOUNDS, STATUS, SOURCE, DATED, AGE, AS_SOLVED, CHANGED, STATED_IN
) = range(1, 14)  # fmt: skip
LETTERS = "ABCDEFGHIJKLM"
HEADS = [
    "Input",
    "Meaning",
    "Unit",
    "Value",
    "In use (what if)",
    "Allowed",
    "Status",
    "Source",
    "Dated",
    "Age, months",
    "As solved",
    "Changed",
    "Source stated in",
]
CASE, DECLARATION = "case", "default"
"""Who states a source: the case file, or the declaration of the default."""
ON_PRICES_SHEET = "on sheet Prices"
"""Stands for hourly prices, which have a sheet of their own."""
OTHER_SOURCES = "Sources of whole tables and lists"
LETTER_WIDTH, LINE_HEIGHT = 1.15, 11.5
"""Room for a letter in column widths, and for a line in points, with some to spare for other fonts."""
_WIDTHS = (42, 44, 17, 19, 13, 19, 9, 50, 10, 8, 19, 10, 12)
_PRINTED = AGE
"""The last column that is printed; beyond it lies what reading the pack back needs."""
_DATES = re.compile(r"\b(20\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?\b")
LONGEST_LIST = 250
DATED_FORM = "mmm yyyy"
INPUTS_CHANGED = "pack__inputs_changed"


def define(book: Workbook, name: str, sheet: str, address: str) -> None:
    """Give a cell or range a name for the whole workbook."""
    book.defined_names[name] = DefinedName(name, attr_text=f"'{sheet}'!{address}")


def write_assumptions(book: Workbook, sheet: Worksheet, case: Case) -> None:
    """Every input of the case, in the order of the file."""
    heading(
        sheet,
        "Assumptions",
        "Blue cells may be typed over: every sheet recalculates. Reading the pack back solves the case again. "
        "Age counts from the source's date to the valuation date; below 0 the source is younger.",
    )
    for column, width in zip(LETTERS, _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    header_row(sheet, HEAD_ROW, HEADS)
    sheet.row_dimensions[HEAD_ROW].height = 26
    row = FIRST_ROW
    table = ""
    flexed = drivers_by_path(case)
    for item in inputs(case):
        _write_input(book, sheet, row, item, flexed, stated=case.sources.get(item.path))
        if row > FIRST_ROW and _table(item.path) != table:
            for position in range(PATH, STATED_IN + 1):
                sheet.cell(row, position).border = Border(top=THIN)
        table = _table(item.path)
        row += 1
    last = row - 1
    changed = LETTERS[CHANGED - 1]
    define(book, INPUTS_CHANGED, SHEET, f"${changed}$2")
    put(sheet, f"{LETTERS[AS_SOLVED - 1]}2", "any changed:", colour=QUIET, align="right")
    anything = f"COUNTIF(${changed}${FIRST_ROW}:${changed}${last},TRUE)>0"
    put(sheet, f"{changed}2", f"=OR({anything},{ANY_FLEX})", bold=True, colour=LOSS)
    known = {item.path for item in inputs(case)}
    _other_sources(sheet, row + 1, {path: text for path, text in case.sources.items() if path not in known})
    sheet.freeze_panes = f"E{FIRST_ROW}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{LETTERS[-1]}{last}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    sheet.print_area = f"A1:{LETTERS[_PRINTED - 1]}{sheet.max_row}"


def _table(path: str) -> str:
    return path.partition(".")[0]


def _write_input(
    book: Workbook, sheet: Worksheet, row: int, item: Input, flexed: Mapping[str, Driver], *, stated: str | None
) -> None:
    def at(column: int) -> str:
        return str(sheet.cell(row, column).coordinate)

    known = item.declaration
    put(sheet, at(PATH), item.path)
    put(sheet, at(MEANING), known.meaning, wrap=True)
    put(sheet, at(UNIT), known.unit, colour=QUIET, wrap=True)
    for column in (VALUE, AS_SOLVED):
        _write_value(sheet, at(column), item.value, quiet=column == AS_SOLVED)
    mark_input(sheet[at(VALUE)])
    define(book, input_name(item.path), SHEET, f"${LETTERS[VALUE - 1]}${row}")
    driver = flexed.get(item.path)
    if driver is not None:
        put(sheet, at(IN_USE), in_use_formula(driver, at(VALUE)), form=sheet[at(VALUE)].number_format, align="right")
        sheet[at(IN_USE)].alignment = Alignment(horizontal="right", vertical="center", shrink_to_fit=True)
        define(book, use_name(item.path), SHEET, f"${LETTERS[IN_USE - 1]}${row}")
    put(sheet, at(BOUNDS), known.bounds, colour=QUIET, wrap=True, align="left", indent=1)
    put(sheet, at(STATUS), item.status, colour=LOSS if item.status == "assumed" else QUIET)
    source = item.source if stated is None else stated
    put_text(sheet, at(SOURCE), source, colour=QUIET, wrap=True)
    dated = date_of(source)
    if dated is not None:
        put(sheet, at(DATED), dated, form=DATED_FORM, colour=QUIET, align="right")
        valued, of = "in__valuation_date", at(DATED)
        age = f"=(YEAR({valued})-YEAR({of}))*12+MONTH({valued})-MONTH({of})"
        put(sheet, at(AGE), age, form="0", colour=QUIET, align="right")
    put(sheet, at(CHANGED), f"={at(VALUE)}<>{at(AS_SOLVED)}", colour=QUIET, align="center")
    put(sheet, at(STATED_IN), DECLARATION if stated is None else CASE, colour=QUIET)
    shown = ON_PRICES_SHEET if isinstance(item.value, HourlyPrices) else str(item.value)
    lengths = (
        (MEANING, known.meaning),
        (UNIT, known.unit),
        (BOUNDS, known.bounds),
        (SOURCE, source),
        (PATH, item.path),
        (VALUE, shown),
    )
    lines = max(-(-len(text) * LETTER_WIDTH // _WIDTHS[column - 1]) for column, text in lengths)
    sheet.row_dimensions[row].height = LINE_HEIGHT * min(12, max(1, lines)) + 1
    _validation(sheet, at(VALUE), item)


def _write_value(sheet: Worksheet, address: str, value: Any, *, quiet: bool) -> None:
    colour = QUIET if quiet else INPUT_BLUE
    if isinstance(value, bool):
        put(sheet, address, value, align="right", colour=colour)
    elif isinstance(value, date):
        put(sheet, address, value, form=DATE, align="right", colour=colour)
    elif isinstance(value, HourlyPrices):
        put(sheet, address, ON_PRICES_SHEET, align="right", colour=colour)
    elif isinstance(value, (StrEnum, str)):
        put_text(sheet, address, str(value), align="right", colour=colour, wrap=True)
    elif value is None:
        put(sheet, address, None, colour=colour)
    else:
        whole = float(value).is_integer() and abs(value) >= 1000
        put(sheet, address, value, form="#,##0" if whole else "General", align="right", colour=colour)


def _validation(sheet: Worksheet, address: str, item: Input) -> None:
    """The declared bounds, so that a slip is refused where it is typed; rules between inputs wait for reading."""
    known, value = item.declaration, item.value
    if isinstance(value, bool):
        rule = DataValidation(type="list", formula1='"TRUE,FALSE"', allow_blank=False)
    elif isinstance(value, StrEnum) and len(choices := ",".join(map(str, type(value)))) <= LONGEST_LIST:
        rule = DataValidation(type="list", formula1=f'"{choices}"', allow_blank=False)
    elif item.path.endswith(".machine"):  # a maker's family name may be left out: a warning, no refusal
        rule = DataValidation(type="list", formula1="tables__machine", allow_blank=False, errorStyle="warning")
    elif isinstance(value, (int, float)) and known.lower is not None and known.upper is not None:
        rule = DataValidation(
            type="decimal", operator="between", formula1=repr(known.lower), formula2=repr(known.upper), allow_blank=True
        )
    else:
        return
    rule.error = f"Allowed: {known.bounds or 'what the list holds'}"[:200]
    rule.errorTitle = "Outside what is allowed"
    sheet.add_data_validation(rule)
    rule.add(address)


def date_of(source: str) -> date | None:
    """The last day that a source names as 2026-02-07 or 2026-02 (its last known month begins then).

    >>> date_of("Hut 8 8-K of 2025-12-17, read 2026-01")
    datetime.date(2026, 1, 1)
    """
    days = [date(int(y), int(m), min(int(d or 1), 28)) for y, m, d in _DATES.findall(source)]
    return max(days, default=None)


def _other_sources(sheet: Worksheet, row: int, sources: dict[str, str]) -> None:
    if not sources:
        return
    put(sheet, f"A{row}", OTHER_SOURCES, bold=True)
    for i, (path, text) in enumerate(sources.items(), start=row + 1):
        put_text(sheet, f"A{i}", path)
        put_text(sheet, f"{LETTERS[SOURCE - 1]}{i}", text, colour=QUIET, wrap=True)
        put(sheet, f"{LETTERS[STATED_IN - 1]}{i}", CASE, colour=QUIET)
