"""Sheet Prices: hourly prices by calendar month, where a case has them."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.assumptions_sheet import define
from allocator.workbook.style import header_row, heading, mark_input, print_setup, put, put_text
from models.hourly_prices import CALENDAR_MONTHS, HourlyPrices

SHEET = "Prices"
FILE_CELL = "C3"
HEAD_ROW, FIRST_ROW = 5, 6
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def write_prices(book: Workbook, sheet: Worksheet, prices: HourlyPrices) -> None:
    """A column a calendar month, USD/MWh, every interval; named ``prices__hourly``."""
    heading(sheet, "Prices", "USD/MWh of every interval, by calendar month; the order within a month does not matter.")
    put(sheet, "A3", "read from")
    put_text(sheet, FILE_CELL, prices.file)
    header_row(sheet, HEAD_ROW, MONTHS)
    longest = max(len(month) for month in prices.months)
    for column, month in enumerate(prices.months, start=1):
        if month:
            looks = mark_input(put(sheet, f"{get_column_letter(column)}{FIRST_ROW}", month[0], form="0.00"))
            for row, price in enumerate(month[1:], start=FIRST_ROW + 1):
                sheet.cell(row, column, price)._style = looks  # noqa: SLF001  (openpyxl's shared style record)
    last = get_column_letter(CALENDAR_MONTHS)
    define(book, "prices__hourly", SHEET, f"$A${FIRST_ROW}:${last}${FIRST_ROW + longest - 1}")
    sheet.freeze_panes = f"A{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def read_prices(book: Any, most_rows: int) -> dict[str, Any]:
    """The prices of an opened pack, as a case document holds them."""
    rows = list(book[SHEET].iter_rows(min_row=3, max_row=most_rows, max_col=CALENDAR_MONTHS, values_only=True))
    name = rows[0][2] if rows and len(rows[0]) > 2 else None
    held = rows[FIRST_ROW - 3 :]
    months = [[row[m] for row in held if m < len(row) and row[m] is not None] for m in range(CALENDAR_MONTHS)]
    return {"file": "" if name is None else str(name), "months": months}
