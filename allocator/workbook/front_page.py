"""The first page of a pack of many sites: title, sentences, six figures, two charts, short tables, all on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.brand import Brand
from allocator.workbook.style import HOSTING, INK, PAPER, PLAIN, QUIET, STRONG, THIN, print_setup, put, put_text
from allocator.workbook.summary_sheet import place_logo

SHEET = "Summary"
COLUMNS = "ABCDEFGHIJKL"
CHARTS = ("A", "G")
"""Where charts begin."""
CHART_ROWS = 16
BOLD_LETTERS, LETTERS = 100, 165
"""In a line of the first sentence, and of the others, with some to spare for other fonts."""
LONGEST_NAME = 29


@dataclass(frozen=True)
class Figure:
    """One of the six large figures."""

    label: str
    formula: str
    form: str
    note: str


@dataclass(frozen=True)
class ShortTable:
    """A few rows under their heads; the first column is as wide as ``wide`` columns of the page."""

    left: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]
    """Text of the first column comes from users; text beginning with ``=`` in others is a formula of ours."""
    forms: Sequence[str]
    wide: int = 2


def write_front(
    sheet: Worksheet, title: str, note: str, sentences: Sequence[str], figures: Sequence[Figure], brand: Brand
) -> int:
    """From the title down to the figures; returns the row where charts go."""
    sheet.sheet_view.showGridLines = False
    for column in COLUMNS:
        sheet.column_dimensions[column].width = 12.2
    sheet.merge_cells("A1:I1")
    put_text(sheet, "A1", title, bold=True, size=17)
    sheet.row_dimensions[1].height = 26
    if brand.logo_png:
        place_logo(sheet, brand.logo_png)
    put(sheet, "A2", note, colour=QUIET, below=THIN)
    for column in COLUMNS[1:]:
        put(sheet, f"{column}2", None, below=THIN)
    row = _sentences(sheet, sentences, 4)
    return _figures(sheet, figures, row + 1)


def _sentences(sheet: Worksheet, sentences: Sequence[str], row: int) -> int:
    for i, sentence in enumerate(sentences):
        sheet.merge_cells(f"A{row}:L{row}")
        size = 12 if i == 0 else 9
        put_text(sheet, f"A{row}", sentence, bold=i == 0, size=size, wrap=True, vertical="top")
        lines = 1 + len(sentence) // (BOLD_LETTERS if i == 0 else LETTERS) + sentence.count("\n")
        sheet.row_dimensions[row].height = min(200.0, (16.5 if i == 0 else 12.5) * lines + 1)
        row += 1
    return row


def _figures(sheet: Worksheet, figures: Sequence[Figure], row: int) -> int:
    for i, figure in enumerate(figures):
        left, right = COLUMNS[2 * i], COLUMNS[2 * i + 1]
        quiet: dict[str, Any] = {"colour": QUIET, "fill": PAPER, "align": "center"}
        put(sheet, f"{left}{row}", figure.label, **quiet)
        looks: dict[str, Any] = {
            "bold": True,
            "size": 16,
            "fill": PAPER,
            "align": "center",
            "colour": INK if i else HOSTING,
        }
        put(sheet, f"{left}{row + 1}", figure.formula, form=figure.form, **looks)
        put(sheet, f"{left}{row + 2}", figure.note, size=8, **quiet)
        for line in range(row, row + 3):
            sheet.merge_cells(f"{left}{line}:{right}{line}")
    sheet.row_dimensions[row + 1].height = 24
    return row + 4


def write_short_table(sheet: Worksheet, table: ShortTable, row: int) -> None:
    """Heads over a rule, then the rows."""
    start = COLUMNS.index(table.left)
    columns = [COLUMNS[start], *COLUMNS[start + table.wide : start + table.wide + len(table.heads) - 1]]
    for column in COLUMNS[start : start + table.wide + len(table.heads) - 1]:
        put(sheet, f"{column}{row}", None, below=STRONG)
    for column, head in zip(columns, table.heads, strict=True):
        put(sheet, f"{column}{row}", head, bold=True, size=8.5, below=STRONG, align=_side(column, table.left))
    for i, values in enumerate(table.rows, start=row + 1):
        sheet.merge_cells(f"{columns[0]}{i}:{COLUMNS[start + table.wide - 1]}{i}")
        put_text(sheet, f"{columns[0]}{i}", shortened(str(values[0])), size=8.5)
        for column, value, form in zip(columns[1:], values[1:], table.forms, strict=True):
            put(sheet, f"{column}{i}", value, form=form or PLAIN, size=8.5, align="right")


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """A name in one line, as long as the column has room."""
    line = " ".join(name.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _side(column: str, left: str) -> str:
    return "left" if column == left else "right"


def finish_front(sheet: Worksheet, row: int, words: str, colours: str) -> None:
    """A line at the foot, and the page set up to be one page."""
    for column in COLUMNS:
        put(sheet, f"{column}{row}", None, above=THIN)
    put(sheet, f"A{row}", words, colour=QUIET, size=8, above=THIN)
    put(sheet, f"L{row}", colours, colour=QUIET, size=8, align="right", above=THIN)
    sheet.print_area = f"A1:L{row}"
    print_setup(sheet, pages_high=1)
    sheet.print_options.horizontalCentered = True
