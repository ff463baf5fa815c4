"""Rows of a sites table in a workbook: its first sheet, read without believing what the file says of itself."""

from __future__ import annotations

import zipfile
import zlib
from itertools import chain
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from allocator.sites.cells import Unreadable, is_blank
from allocator.workbook.archive import check_archive
from models.assumptions import Fault, InputFaultsError

MOST_BLANK_ROWS = 1_000
"""Blank rows in a row after which nothing is looked for: sheets are often formatted a million rows down."""


def sheet_rows(path: Path, most_rows: int, most_columns: int) -> list[tuple[Any, ...]]:
    """Cells of the first sheet, row by row; a formula gives the value saved with it, or says that it has none.

    Raises
    ------
    InputFaultsError
        For a file that is no workbook, or unsafe to open.
    """
    check_archive(path)
    try:
        written = _rows(path, most_rows, most_columns, data_only=False)
        if not any(map(_is_formula, chain.from_iterable(written))):
            return written
        saved = _rows(path, len(written), most_columns, data_only=True)
    except (KeyError, ValueError, TypeError, IndexError, SyntaxError, OSError, zlib.error, zipfile.BadZipFile) as error:
        rule = f"is not a workbook that can be read ({type(error).__name__})"
        raise InputFaultsError([Fault(str(path), "", rule, "save it again")]) from error
    return [tuple(map(_cell, *pair)) for pair in zip(saved, written, strict=True)]


def _rows(path: Path, most_rows: int, most_columns: int, *, data_only: bool) -> list[tuple[Any, ...]]:
    book = load_workbook(path, read_only=True, data_only=data_only)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a sheet says of its size is not believed
        heads = next(iter(sheet.iter_rows(max_row=1, max_col=most_columns, values_only=True)), ())
        width = max((place for place, head in enumerate(heads, start=1) if not is_blank(head)), default=0) + 1
        found: list[tuple[Any, ...]] = []
        blank = 0
        for row in sheet.iter_rows(max_row=most_rows, max_col=width, values_only=True):
            blank = blank + 1 if all(map(is_blank, row)) else 0
            if blank > MOST_BLANK_ROWS and not data_only:
                break
            found.append(row)
        return found
    finally:
        book.close()


def _is_formula(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith("=")


def _cell(saved: Any, written: Any) -> Any:
    if saved is None and _is_formula(written):
        remedy = "open and save the table in a spreadsheet program, or type the value"
        return Unreadable(written[:60], "is a formula without a value", remedy)
    return saved
