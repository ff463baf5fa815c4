"""Sheets of rows: Not solved, each row with its reason, and Inputs, the table as it was given."""

from __future__ import annotations

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.sites.results import shown_cell
from allocator.workbook.long_table import Column, Value, write_long_table
from allocator.workbook.ranked_sites import MOST_LISTED, Batch
from allocator.workbook.style import WHOLE, heading, print_setup

NOT_SOLVED, INPUTS = "Not solved", "Inputs"
HEAD_ROW = 4
WIDTH_OF_PAGE = 190.0
"""Widths of columns that a landscape page holds and can be read."""
INPUT_WIDTH, TEXT_WIDTH = 15.0, 22.0


def write_not_solved(sheet: Worksheet, batch: Batch) -> None:
    """Every row without a plan."""
    count = len(batch.unsolved)
    note = "Every row has a plan." if not count else "Rows without a plan, in the order of the table, with the reason."
    heading(sheet, "Not solved", note)
    columns = [
        Column("Row in the table", 9, WHOLE),
        Column("Site", 30, wraps=True, is_text=True),
        Column("Status", 13, is_text=True),
        Column("Reason", 110, wraps=True, is_text=True),
    ]
    rows = ((row.number, row.name, found.status.value, found.reason) for row, found in batch.unsolved)
    write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def write_inputs(sheet: Worksheet, batch: Batch) -> None:
    """What each row gave; blank where it is as in the base case."""
    table = batch.table
    heading(sheet, "Inputs", f"The table as it was read, at most {MOST_LISTED:,} rows. Blank: as in the base case.")
    columns = [Column("Row in the table", 9, WHOLE), Column("name", 28, is_text=True, wraps=True)]
    rows = [
        (row.number, row.name, *(_value(shown_cell(row.given.get(path))) for path in table.paths))
        for row in table.rows[:MOST_LISTED]
    ]
    for place, path in enumerate(table.paths, start=2):
        is_text = any(isinstance(row[place], str) for row in rows)
        columns.append(Column(path, TEXT_WIDTH if is_text else INPUT_WIDTH, wraps=is_text, is_text=is_text))
    last = write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"C{HEAD_ROW + 1}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(columns))}{last}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}", title_columns="A:B")
    width = sum(column.width for column in columns)
    sheet.page_setup.fitToWidth = max(1, round(width / WIDTH_OF_PAGE + 0.3))


def _value(cell: str | float | bool | None) -> Value:
    return str(cell).lower() if isinstance(cell, bool) else cell
