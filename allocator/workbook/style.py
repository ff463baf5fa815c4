"""How the pack looks: one font, colours of the uses, number formats with units, print set-up."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.chart.shapes import ColorChoice
from openpyxl.drawing.colors import SchemeColor
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Protection, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.brand import A4, Brand, shipped_brand


@dataclass(frozen=True)
class Swatch:
    """A colour of the brand's theme, as cells number it and as charts name it."""

    number: int
    name: str

    @property
    def of_cell(self) -> Color:
        """For fonts, fills and borders."""
        return Color(theme=self.number)

    @property
    def of_chart(self) -> ColorChoice:
        """For lines, bars and text of charts."""
        return ColorChoice(schemeClr=SchemeColor(val=self.name))


WHITE, INK, PAPER, QUIET = Swatch(0, "bg1"), Swatch(1, "tx1"), Swatch(2, "bg2"), Swatch(3, "tx2")
HOSTING, MINING, IDLE = Swatch(4, "accent1"), Swatch(5, "accent2"), Swatch(6, "accent3")
GAIN, LOSS, RULE = Swatch(7, "accent4"), Swatch(8, "accent5"), Swatch(9, "accent6")
INPUT_BLUE, INPUT_PAPER = "0000FF", "FFFBE6"
"""Inputs look alike whatever the brand: an analyst knows them by it."""
FAINT = IDLE
"""Openings of running sums, in the empty column before the first month."""
Colour = Swatch | str
"""A colour of the theme, or a fixed one (six hex digits)."""
CHART_FONT = "+mn-lt"
"""The theme's body font, as charts name it."""

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


def font(
    *, bold: bool = False, size: float = 9, colour: Colour = INK, italic: bool = False, link: bool = False
) -> Font:
    """The brand's body font."""
    line = "single" if link else None
    return Font(
        scheme="minor", name="Arial", size=size, bold=bold, italic=italic, color=of_cell(colour), underline=line
    )


def of_cell(colour: Colour) -> Color | str:
    """A colour as cells take it."""
    return colour.of_cell if isinstance(colour, Swatch) else colour


@cache
def _fill(colour: Colour) -> PatternFill:
    return PatternFill("solid", start_color=of_cell(colour), end_color=of_cell(colour))


THIN = Side(style="thin", color=RULE.of_cell)
STRONG = Side(style="medium", color=INK.of_cell)
_looks: WeakKeyDictionary[Workbook, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()
"""Style records by what was asked for, of each workbook: openpyxl takes a fifth of a millisecond to find one again."""


def put(
    sheet: Worksheet,
    address: str,
    value: Any,
    *,
    form: str = PLAIN,
    bold: bool = False,
    size: float = 9,
    colour: Colour = INK,
    italic: bool = False,
    align: str | None = None,
    wrap: bool = False,
    fill: Colour | None = None,
    above: Side | None = None,
    below: Side | None = None,
    indent: int = 0,
    vertical: str = "center",
) -> Cell:
    """Write a number, date or formula of ours with its looks."""
    cell: Cell = sheet[address]
    cell.value = value
    known = _looks.setdefault(sheet.parent, {})
    asked = (form, bold, size, colour, italic, align, wrap, fill, id(above), id(below), indent, vertical)
    if asked in known:
        cell._style = copy(known[asked])  # noqa: SLF001  (openpyxl's shared style record has no public name)
        return cell
    cell._style = StyleArray()  # noqa: SLF001  (looks are what is asked for here, whatever the cell had before)
    cell.font = font(bold=bold, size=size, colour=colour, italic=italic)
    cell.number_format = form
    cell.alignment = Alignment(horizontal=align, vertical=vertical, wrap_text=wrap, indent=indent)
    if fill:
        cell.fill = _fill(fill)
    if above or below:
        cell.border = Border(top=above, bottom=below)
    known[asked] = copy(cell._style)  # noqa: SLF001
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
            colour=WHITE,
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
) -> None:
    """Landscape, fit to the width, page numbers, repeated heads; ``pages_high`` 0 lets it run on."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
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


def new_workbook(brand: Brand | None = None) -> Workbook:
    """An empty workbook with the brand's theme, recalculated by whoever opens it."""
    book = Workbook()
    book.remove(book.active)
    book.loaded_theme = (brand or shipped_brand()).theme_xml.encode()
    normal = book._named_styles["Normal"]  # noqa: SLF001  (openpyxl has no public way to change the default font)
    normal.font = font()
    book.calculation.fullCalcOnLoad = True
    return book


def finish(book: Workbook, brand: Brand | None = None) -> None:
    """Give every sheet the brand's paper and footer, and every font the brand's name for programs without themes."""
    known = brand or shipped_brand()
    for sheet in book.worksheets:
        sheet.page_setup.paperSize = known.paper
        if known.footer:
            sheet.oddFooter.center.text = known.footer
            sheet.oddFooter.center.size = 8
    for each in book._fonts:  # noqa: SLF001
        if each.scheme == "minor":
            each.name = known.body_font
