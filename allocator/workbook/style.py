"""How the pack looks: one font, colours of the uses, number formats with units, print set-up."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

MINING, HOSTING, IDLE, GAIN, LOSS = "E69F00", "0072B2", "BBBBBB", "009E73", "D55E00"
INK, QUIET, RULE, PAPER, INPUT_BLUE, INPUT_PAPER = "1A1A1A", "6B6B6B", "C8C8C8", "F3F5F7", "0000FF", "FFFBE6"
FONT = "Arial"

MONEY = "#,##0;(#,##0);0"
MONEY_MILLIONS = '"$"#,##0.0,,"\u00a0M";("$"#,##0.0,,"\u00a0M");"–"'
PLAIN = "General"
MEGAWATTS = "#,##0.0;(#,##0.0);0.0"
RATIO = "0.000"
SHARE = "0.0%"
DATE = "d mmm yyyy"
MONTH = "mmm yy"
WHOLE = "0"
SMALL = "#,##0.00;(#,##0.00);0.00"
LOG = "0.0000;-0.0000;0"

_FORMATS = (
    ("USD/", SMALL),
    ("USD", MONEY),
    ("date", MONTH),
    ("year", WHOLE),
    ("months", WHOLE),
    ("quarters", WHOLE),
    ("blocks", "#,##0"),
    ("log", LOG),
    ("share", RATIO),
    ("facility MW", MEGAWATTS),
    ("critical IT MW", MEGAWATTS),
    ("BTC", "#,##0.0000"),
    ("EH/s", "#,##0.0"),
)


def number_format(unit: str) -> str:
    """Number format of a line, by its unit."""
    for start, form in _FORMATS:
        if unit.startswith(start):
            return form
    return "#,##0.0000;(#,##0.0000);0"


def font(*, bold: bool = False, size: float = 9, colour: str = INK, italic: bool = False, link: bool = False) -> Font:
    """The one font of the pack."""
    return Font(name=FONT, size=size, bold=bold, italic=italic, color=colour, underline="single" if link else None)


@cache
def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour, end_color=colour)


A4, A3 = 9, 8
"""Paper sizes as OOXML numbers them."""
THIN = Side(style="thin", color=RULE)
STRONG = Side(style="medium", color=INK)


def put(
    sheet: Worksheet,
    address: str,
    value: Any,
    *,
    form: str = PLAIN,
    bold: bool = False,
    size: float = 9,
    colour: str = INK,
    italic: bool = False,
    align: str | None = None,
    wrap: bool = False,
    fill: str | None = None,
    above: Side | None = None,
    below: Side | None = None,
    indent: int = 0,
    vertical: str = "center",
) -> Cell:
    """Write a number, date or formula of ours with its looks."""
    cell: Cell = sheet[address]
    cell.value = value
    cell.font = font(bold=bold, size=size, colour=colour, italic=italic)
    cell.number_format = form
    if align or wrap or indent or vertical != "bottom":
        cell.alignment = Alignment(horizontal=align, vertical=vertical, wrap_text=wrap, indent=indent)
    if fill:
        cell.fill = _fill(fill)
    if above or below:
        cell.border = Border(top=above, bottom=below)
    return cell


def put_text(sheet: Worksheet, address: str, text: str, **looks: Any) -> Cell:
    """Write text that came from a user or a file: it stays text, whatever it begins with."""
    cell = put(sheet, address, None, **looks)
    cell.value = safe_text(text)
    cell.data_type = "s"
    return cell


def safe_text(text: str) -> str:
    """Text as a cell can hold it: what XML forbids, and what looks like an escape, in OOXML's ``_x0000_`` form."""
    shown = []
    for i, c in enumerate(text):
        forbidden = (ord(c) < 32 and c not in "\t\n") or c in "\ufffe\uffff"
        looks_escaped = c == "_" and text[i + 1 : i + 2] == "x" and text[i + 6 : i + 7] == "_"
        shown.append(f"_x{ord(c):04X}_" if forbidden or looks_escaped else c)
    return "".join(shown)


def mark_input(cell: Cell) -> Any:
    """Blue on pale yellow, unlocked: a reader may type here. Returns the style record, for cells that look the same."""
    looks = copy(cell.font)
    looks.color = INPUT_BLUE
    cell.font = looks
    cell.fill = _fill(INPUT_PAPER)
    cell.protection = Protection(locked=False)
    return cell._style  # noqa: SLF001  (openpyxl has no public name for it)


def heading(sheet: Worksheet, title: str, note: str) -> None:
    """Title and one line of explanation at the top of a sheet."""
    put_text(sheet, "A1", title, bold=True, size=14)
    put(sheet, "A2", note, colour=QUIET, italic=True)
    sheet.sheet_view.showGridLines = False


def header_row(sheet: Worksheet, row: int, labels: list[str], first_column: int = 1) -> None:
    """Column heads of a table."""
    for i, label in enumerate(labels):
        cell = sheet.cell(row, first_column + i)
        text = i == 0
        put(
            sheet,
            cell.coordinate,
            label,
            bold=True,
            colour="FFFFFF",
            fill=HOSTING,
            align="left" if text else "center",
            wrap=True,
        )


def print_setup(
    sheet: Worksheet,
    *,
    titles_rows: str | None = None,
    title_columns: str | None = None,
    pages_high: int = 0,
    paper: int = A4,
) -> None:
    """Landscape, fit to the width, page numbers, repeated heads; ``pages_high`` 0 lets it run on."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = paper
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = pages_high
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.45, 0.7, 0.35
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "Page &P of &N"
    sheet.oddFooter.left.size = sheet.oddFooter.right.size = 8
    if titles_rows:
        sheet.print_title_rows = titles_rows
    if title_columns:
        sheet.print_title_cols = title_columns


def new_workbook() -> Workbook:
    """An empty workbook in the pack's font, recalculated by whoever opens it."""
    book = Workbook()
    book.remove(book.active)
    normal = book._named_styles["Normal"]  # noqa: SLF001  (openpyxl has no public way to change the default font)
    normal.font = font()
    book.calculation.fullCalcOnLoad = True
    return book
