"""A statement as a sheet: labels left, months to the right, one formula a row copied across."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.lines import (
    FIRST_MONTH_COLUMN,
    LABEL_COLUMN,
    OPENING_COLUMN,
    SINGLE_COLUMN,
    UNIT_COLUMN,
    Formula,
    Heading,
    Line,
    Placed,
    Row,
    Single,
    Statement,
    StatementValues,
    resolved,
)
from allocator.workbook.style import (
    FAINT,
    INK,
    MONTH,
    PAPER,
    QUIET,
    WHOLE,
    Colour,
    heading,
    number_format,
    print_setup,
    put,
)

FIRST_ROW = 6
"""Rows 1 and 2 say what the sheet is, 3 and 4 hold month and date, 5 is empty."""
LAST_HEAD_ROW = 4
MONTHS_PER_PAGE = 12
NARROWEST_LABEL, WIDEST_LABEL, LABEL_LETTER = 44.0, 72.0, 0.9
WIDE_SHEETS = ("Network", "Monthly")
"""Sheets with numbers of fifteen digits: difficulty, dollars of a whole plan."""


def placed(statement: Statement[Any], title: str, months: int) -> Placed:
    """Where every line of a statement will lie on its sheet. The calendar's own lines lie in the head."""
    rows: dict[str, int] = {}
    row = FIRST_ROW
    for item in statement:
        if isinstance(item, Heading):
            row += 1 if row > FIRST_ROW else 0
        elif item.name in _HEAD:
            rows[item.name] = _HEAD[item.name]
            continue
        else:
            rows[item.name] = row
        row += 1
    singles = frozenset(item.name for item in statement if isinstance(item, Single))
    return Placed(title, rows, singles, months)


_HEAD = {"month": 3, "date": 4}


def write_statement(
    sheet: Worksheet,
    statement: Statement[Any],
    here: Placed,
    others: Mapping[str, Placed],
    *,
    title: str,
    note: str,
    own_inputs: str = "",
    properties: StatementValues | None = None,
) -> dict[int, Formula]:
    """Write a statement up to its first month; returns the formulas that are copied across from there, by row.

    ``properties`` gives the values of numbers that have no formula. The copies, a hundred thousand cells, are made in
    the saved file (:mod:`allocator.workbook.across`).
    """
    across: dict[int, Formula] = {}
    heading(sheet, title, note)
    _widths(sheet, here, max(len(item.label) for item in statement))
    if "month" not in here.rows:
        across.update(_calendar(sheet, here, others["network"]))
    row = FIRST_ROW
    for item in statement:
        if isinstance(item, Heading):
            row += 1 if row > FIRST_ROW else 0
            put(sheet, f"A{row}", item.label, bold=True)
            row += 1
            continue
        _labels(sheet, here.rows[item.name], item)
        if isinstance(item, Single):
            _write_single(sheet, item, here, others, own_inputs, properties)
        else:
            across[here.rows[item.name]] = _write_line(sheet, item, here, others, own_inputs)
        row = max(row, here.rows[item.name] + 1)
    sheet.freeze_panes = sheet.cell(LAST_HEAD_ROW + 1, FIRST_MONTH_COLUMN)
    print_setup(sheet, titles_rows="1:4", title_columns="A:D")
    sheet.page_setup.fitToWidth = max(1, -(-here.months // MONTHS_PER_PAGE))
    return across


def _widths(sheet: Worksheet, here: Placed, longest_label: int) -> None:
    labels = min(WIDEST_LABEL, max(NARROWEST_LABEL, longest_label * LABEL_LETTER))
    for column, width in ((LABEL_COLUMN, labels), (UNIT_COLUMN, 16), (SINGLE_COLUMN, 15), (OPENING_COLUMN, 3)):
        sheet.column_dimensions[get_column_letter(column)].width = width
    first = get_column_letter(FIRST_MONTH_COLUMN)
    group = sheet.column_dimensions[first]
    wide = 17.0 if here.title in WIDE_SHEETS else 13.0
    group.width, group.min, group.max = wide, FIRST_MONTH_COLUMN, FIRST_MONTH_COLUMN + here.months


def _labels(sheet: Worksheet, row: int, item: Row[Any]) -> None:
    assert not isinstance(item, Heading)
    strong = isinstance(item, Line) and item.name in _STRONG
    put(sheet, f"A{row}", item.label, bold=strong)
    put(sheet, f"B{row}", item.unit, colour=QUIET)


_STRONG = {"cash_flow_usd", "equity_cash_flow_usd", "noi_usd", "operating_cash_usd", "hashprice", "npv_usd"}


def _calendar(sheet: Worksheet, here: Placed, network: Placed) -> Iterator[tuple[int, Formula]]:
    for label, row, form in (("month", 3, WHOLE), ("date", 4, MONTH)):
        put(sheet, f"A{row}", "Month" if label == "month" else "Flows fall on", bold=True, fill=PAPER)
        put(sheet, f"B{row}", None, fill=PAPER)
        put(sheet, f"C{row}", "Total" if row == LAST_HEAD_ROW else None, bold=True, fill=PAPER, align="right")
        put(sheet, f"D{row}", None, fill=PAPER)
        formula = resolved(f"=[network:{label}]", here, {"network": network})
        _first_month(sheet, row, formula, form, bold=True, fill=PAPER)
        yield row, formula


def _write_single(
    sheet: Worksheet,
    item: Single[Any],
    here: Placed,
    others: Mapping[str, Placed],
    own_inputs: str,
    properties: StatementValues | None,
) -> None:
    row = here.rows[item.name]
    if item.formula is None:
        assert properties is not None
        put(sheet, f"C{row}", properties[item.name], form=number_format(item.unit))
    else:
        put(
            sheet,
            f"C{row}",
            resolved(item.formula, here, others, own_inputs).text,
            form=number_format(item.unit),
            bold=item.name in _STRONG,
        )


def _write_line(
    sheet: Worksheet, item: Line[Any], here: Placed, others: Mapping[str, Placed], own_inputs: str
) -> Formula:
    row = here.rows[item.name]
    form = number_format(item.unit)
    if item.total:
        put(sheet, f"C{row}", f"=SUM({here.all_months(item.name).partition('!')[2]})", form=form, bold=True)
    elif item.beside:
        beside = resolved(item.beside, here, others, own_inputs).text
        put(sheet, f"C{row}", beside, form=number_format("share"))
    if item.opening is not None:
        put(sheet, f"D{row}", item.opening, form=form, colour=FAINT, size=7)
    formula = resolved(item.formula, here, others, own_inputs)
    in_head = item.name in _HEAD
    _first_month(sheet, row, formula, form, bold=in_head or item.name in _STRONG, fill=PAPER if in_head else None)
    return formula


def _first_month(
    sheet: Worksheet, row: int, formula: Formula, form: str, *, bold: bool = False, fill: Colour | None = None
) -> None:
    """The first of the row's formulas, with the looks that its copies will share."""
    address = sheet.cell(row, FIRST_MONTH_COLUMN).coordinate
    put(sheet, address, formula.at(FIRST_MONTH_COLUMN), form=form, bold=bold, colour=INK, fill=fill)
