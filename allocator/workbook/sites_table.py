"""Sites as one plain sheet: a row a site, heads frozen, a number format for each unit, text that stays text."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter

from allocator.workbook.style import HOSTING, MEGAWATTS, MONEY, PLAIN, SHARE, SMALL, WHITE, font, safe_text

SHEET = "Sites"
LONGEST_TEXT = 32_000
"""Characters; a cell holds 32,767."""
_WIDE = {"name": 26.0, "status": 11.0, "reason": 40.0, "decision": 60.0}
_FORMS = {"USD": MONEY, "per year": SHARE, "facility MW": MEGAWATTS, "critical IT MW": MEGAWATTS}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def write_sites_table(
    heads: Sequence[str], units: Sequence[str], rows: Sequence[Sequence[str | float | bool | None]], path: Path
) -> None:
    """Write the table; ``units`` says of each column what its numbers are, "" where nothing is known of them.

    The same table gives the same bytes: no time is in the file.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
    for i, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = _WIDE.get(head, 16.0)
    sheet.row_dimensions[1].height = 30
    sheet.append(list(_head_cells(sheet, heads, units)))
    forms = [_form(unit) for unit in units]
    for row in rows:
        sheet.append([_cell(sheet, value, form) for value, form in zip(row, forms, strict=True)])
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".sites-") as folder:
        dated = Path(folder) / "dated.xlsx"
        book.save(dated)
        _write_without_times(dated, path)


def _head_cells(sheet: Any, heads: Sequence[str], units: Sequence[str]) -> Iterator[Any]:
    for head, unit in zip(heads, units, strict=True):
        cell = WriteOnlyCell(sheet, None)
        cell.value = safe_text(f"{head} ({unit})" if unit and unit not in ("USD", "years") else head)
        cell.data_type = "s"
        cell.font = font(bold=True, colour=WHITE)
        cell.fill = PatternFill("solid", start_color=HOSTING.of_cell, end_color=HOSTING.of_cell)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        yield cell


def _form(unit: str) -> str:
    return _FORMS.get(unit, SMALL if unit else PLAIN)


def _cell(sheet: Any, value: str | float | bool | None, form: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    cell = WriteOnlyCell(sheet, None)
    if isinstance(value, str):
        cell.value = safe_text(value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "...")
        cell.data_type = "s"
    else:
        cell.value = value
        if form != PLAIN:
            cell.number_format = form
    return cell


def _write_without_times(source: Path, target: Path) -> None:
    """Copy a workbook with every time in it set to one long ago."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as taken:
        for name in given.namelist():
            part = zipfile.ZipInfo(name, _LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            if name == "docProps/core.xml":
                taken.writestr(part, _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", given.read(name)))
                continue
            with given.open(name) as content, taken.open(part, "w") as copy:
                shutil.copyfileobj(content, copy)
