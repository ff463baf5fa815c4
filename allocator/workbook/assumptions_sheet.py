"""Sheet Assumptions: every input with unit, bounds, source and status, typed over in blue; and its defined names.

The sheet is also what an edited pack is read back from (:mod:`allocator.workbook.reading`), so that the columns are
declared once, here.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from allocator.case import Case, Input, inputs
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
PATH, MEANING, UNIT, VALUE, BOUNDS, STATUS, SOURCE, AS_SOLVED, CHANGED, STATED_IN = range(1, 11)
HEADS = [
    "Input",
    "Meaning",
    "Unit",
    "Value",
    "Allowed",
    "Status",
    "Source, date",
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
_WIDTHS = (44, 50, 20, 22, 24, 10, 64, 21, 10, 15)
INPUTS_CHANGED = "pack__inputs_changed"


def input_name(path: str) -> str:
    """Defined name of an input: ``leases[0].ltc`` is ``in__leases_0__ltc``."""
    return "in__" + path.replace("[", "_").replace("]", "").replace(".", "__")


def define(book: Workbook, name: str, sheet: str, address: str) -> None:
    """Give a cell or range a name for the whole workbook."""
    book.defined_names[name] = DefinedName(name, attr_text=f"'{sheet}'!{address}")


def write_assumptions(book: Workbook, sheet: Worksheet, case: Case) -> None:
    """Every input of the case, in the order of the file."""
    heading(
        sheet,
        "Assumptions",
        "Blue cells may be typed over: every sheet recalculates. Reading the pack back solves the case again.",
    )
    for column, width in zip("ABCDEFGHIJ", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    header_row(sheet, HEAD_ROW, HEADS)
    row = FIRST_ROW
    table = ""
    for item in inputs(case):
        if row > FIRST_ROW and _table(item.path) != table:
            for position in range(PATH, STATED_IN + 1):
                put(sheet, sheet.cell(row, position).coordinate, None, above=THIN)
        table = _table(item.path)
        _write_input(book, sheet, row, item, stated=case.sources.get(item.path))
        row += 1
    last = row - 1
    define(book, INPUTS_CHANGED, SHEET, "$I$2")
    put(sheet, "H2", "any changed:", colour=QUIET, align="right")
    put(sheet, "I2", f"=COUNTIF($I${FIRST_ROW}:$I${last},TRUE)>0", bold=True, colour=LOSS)
    known = {item.path for item in inputs(case)}
    _other_sources(sheet, row + 1, {path: text for path, text in case.sources.items() if path not in known})
    sheet.freeze_panes = f"E{FIRST_ROW}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:J{last}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def _table(path: str) -> str:
    return path.partition(".")[0]


def _write_input(book: Workbook, sheet: Worksheet, row: int, item: Input, *, stated: str | None) -> None:
    def at(column: int) -> str:
        return str(sheet.cell(row, column).coordinate)

    known = item.declaration
    put(sheet, at(PATH), item.path)
    put(sheet, at(MEANING), known.meaning, wrap=True)
    put(sheet, at(UNIT), known.unit, colour=QUIET, wrap=True)
    for column in (VALUE, AS_SOLVED):
        _write_value(sheet, at(column), item.value, quiet=column == AS_SOLVED)
    mark_input(sheet[at(VALUE)])
    define(book, input_name(item.path), SHEET, f"$D${row}")
    put(sheet, at(BOUNDS), known.bounds, colour=QUIET, wrap=True, align="left", indent=1)
    put(sheet, at(STATUS), item.status, colour=LOSS if item.status == "assumed" else QUIET)
    put_text(sheet, at(SOURCE), item.source if stated is None else stated, colour=QUIET, wrap=True)
    put(sheet, at(CHANGED), f"={at(VALUE)}<>{at(AS_SOLVED)}", colour=QUIET, align="center")
    put(sheet, at(STATED_IN), DECLARATION if stated is None else CASE, colour=QUIET)
    shown = ON_PRICES_SHEET if isinstance(item.value, HourlyPrices) else str(item.value)
    lengths = (
        (MEANING, known.meaning),
        (UNIT, known.unit),
        (BOUNDS, known.bounds),
        (SOURCE, item.source),
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
    elif isinstance(value, (int, float)) and known.lower is not None and known.upper is not None:
        rule = DataValidation(
            type="decimal", operator="between", formula1=repr(known.lower), formula2=repr(known.upper), allow_blank=True
        )
    else:
        return
    rule.error = f"{known.bounds or 'TRUE or FALSE'}"[:200]
    rule.errorTitle = "Outside the allowed range"
    sheet.add_data_validation(rule)
    rule.add(address)


def _other_sources(sheet: Worksheet, row: int, sources: dict[str, str]) -> None:
    if not sources:
        return
    put(sheet, f"A{row}", OTHER_SOURCES, bold=True)
    for i, (path, text) in enumerate(sources.items(), start=row + 1):
        put_text(sheet, f"A{i}", path)
        put_text(sheet, f"G{i}", text, colour=QUIET, wrap=True)
        put(sheet, f"J{i}", CASE, colour=QUIET)
