"""Tables of many rows: looks are worked out once a column, texts stay texts, each column has one formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.style import PLAIN, THIN, WHOLE, header_row, put, safe_text

LONGEST_TEXT = 32_000
"""Characters; a cell holds 32,767."""
LINE_HEIGHT, CHARACTERS_PER_WIDTH = 12.0, 1.1
"""Points of a line of text, and letters of the body font in one unit of a column's width."""
MOST_LINES = 30
"""A row is at most 409 points high."""


@dataclass(frozen=True)
class Column:
    """A column: its head, how wide it is, how numbers look in it."""

    head: str
    width: float = 11.0
    form: str = PLAIN
    wraps: bool = False
    is_text: bool = False

    @property
    def side(self) -> str:
        """Text left, counts in the middle so that they do not touch the text beside them, figures right."""
        return "left" if self.is_text else "center" if self.form == WHOLE else "right"


@dataclass(frozen=True)
class Live:
    """A formula of ours, with ``{row}`` for its own row and ``{above}`` for the one above."""

    formula: str


Value = str | float | bool | date | Live | None


def write_long_table(
    sheet: Worksheet, columns: Sequence[Column], rows: Iterable[Sequence[Value]], head_row: int
) -> int:
    """Heads and rows under them; returns the last row written, or the row of the heads where there are none.

    Text is written as text, whatever it begins with; only :class:`Live` becomes a formula.
    """
    header_row(sheet, head_row, [column.head for column in columns])
    lines = max(_head_lines(column) for column in columns)
    sheet.row_dimensions[head_row].height = LINE_HEIGHT * max(2, lines) + 2
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    looks = [_looks(sheet, column, head_row + 1, place) for place, column in enumerate(columns, start=1)]
    row = head_row
    for row, values in enumerate(rows, start=head_row + 1):
        lines = 1
        for place, (value, column, look) in enumerate(zip(values, columns, looks, strict=True), start=1):
            cell = sheet.cell(row, place)
            cell._style = copy(look)  # noqa: SLF001  (openpyxl's shared style record has no public name)
            if isinstance(value, Live):
                cell.value = value.formula.format(row=row, above=row - 1)
            elif isinstance(value, str):
                _write_text(cell, value)
                if column.wraps:
                    lines = max(lines, lines_of(value, column.width))
            else:
                cell.value = _shown(value)
        if lines > 1:
            sheet.row_dimensions[row].height = LINE_HEIGHT * min(lines, MOST_LINES) + 2
    return row


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a column, with some to spare for other fonts."""
    room = max(4.0, width * CHARACTERS_PER_WIDTH)
    return sum(1 + int(len(part) / room) for part in text.split("\n"))


def _head_lines(column: Column) -> int:
    """Lines that a bold head takes: whole words where they fit."""
    room, lines, used = max(4.0, column.width - 2.0), 1, 0.0
    for word in column.head.split():
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, 0.0
        lines += int((len(word) - 1) / room)
        used += len(word) + 1
    return lines


def _looks(sheet: Worksheet, column: Column, row: int, place: int) -> Any:
    cell = put(
        sheet,
        f"{get_column_letter(place)}{row}",
        None,
        form=column.form,
        align=column.side,
        wrap=column.wraps,
        indent=1 if column.is_text and place > 1 else 0,
        vertical="top",
        below=THIN,
    )
    return copy(cell._style)  # noqa: SLF001


def _write_text(cell: Any, text: str) -> None:
    cell.value = safe_text(text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "...")
    cell.data_type = "s"


def _shown(value: float | date | None) -> float | date | str | None:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
