"""What stands apart on sheet Deals, and why: figures left out, GPU-cloud contracts, deals not signed."""

from __future__ import annotations

from collections.abc import Iterable

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.comparison import links
from allocator.workbook.style import HOSTING, QUIET, THIN, font, header_row, put, put_text
from models.deals import Deal, DealKind, colocation_deals, deals
from models.rent import Recovery

LAST_COLUMN = 19
TEXT_WIDTHS, LINE_HEIGHT = (30, 21, 24, 24), 10.5
"""Letters that fit columns B to E, and the height of a line, in points."""
STRUCTURES: tuple[Recovery | None, ...] = (*Recovery, None)


def by_structure() -> list[Deal]:
    """Signed deals, those of one structure together, else in the order of the table."""
    return sorted(colocation_deals(), key=lambda deal: STRUCTURES.index(deal.recovery))


def write_left_out(sheet: Worksheet, row: int) -> int:
    """Three lists with their reasons; returns the next row."""
    row = _reasons(
        sheet, row, "Signed, and some figures left out", (d for d in by_structure() if d.not_compared_because)
    )
    sold = (deal for deal in deals() if deal.kind is DealKind.GPU_CLOUD)
    row = _reasons(sheet, row, "GPU-cloud contracts: not compared, for they sell the GPUs with the building", sold)
    open_ = (deal for deal in deals() if deal.kind is DealKind.UNSIGNED)
    return _reasons(sheet, row, "Not signed, or not yet in effect: not compared", open_)


def _reasons(sheet: Worksheet, row: int, title: str, found: Iterable[Deal]) -> int:
    title_row(sheet, row, title)
    header_row(sheet, row + 1, ["Deal", "Landlord", "Tenant", "Site", "Source dated", "Source", "", "", "Why"])
    row += 2
    for deal in found:
        put_text(sheet, f"A{row}", deal.deal_id, bold=True)
        for letter, text in zip("BCD", (deal.landlord, deal.tenant, deal.site), strict=True):
            put_text(sheet, f"{letter}{row}", text, wrap=True, size=8)
        put_text(sheet, f"E{row}", deal.source_date, size=8, colour=QUIET)
        if addresses := links(deal):
            link(sheet, f"F{row}", addresses[0])
        put_text(sheet, f"I{row}", sentence(deal.not_compared_because), size=8)
        sheet.row_dimensions[row].height = height(deal.landlord, deal.tenant, deal.site)
        row += 1
    return row + 1


def height(*texts: str) -> float:
    """Room for the longest of wrapped texts in columns B, C, ..."""
    lines = (-(-len(text) // TEXT_WIDTHS[i]) for i, text in enumerate(texts))
    return LINE_HEIGHT * max(1, *lines) + 3


def sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def link(sheet: Worksheet, address: str, target: str) -> None:
    """The site's name, with the whole address behind it."""
    cell = put_text(sheet, address, target.partition("://")[2].partition("/")[0].removeprefix("www."), size=8)
    cell.hyperlink = target
    cell.font = font(size=8, colour=HOSTING, link=True)


def title_row(sheet: Worksheet, row: int, title: str) -> None:
    """Title of a part of the sheet."""
    for column in range(1, LAST_COLUMN + 1):
        put(sheet, f"{get_column_letter(column)}{row}", title if column == 1 else None, bold=True, below=THIN)
