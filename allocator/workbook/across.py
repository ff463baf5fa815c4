"""Formulas copied across the months, in the saved file: openpyxl would spend seconds on a hundred thousand cell objects."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring
from openpyxl.utils import get_column_letter

from allocator.workbook.lines import FIRST_MONTH_COLUMN, Formula

_RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FIRST = get_column_letter(FIRST_MONTH_COLUMN)
_FIRST_MONTH = re.compile(rf'<c r="{_FIRST}([0-9]+)"( s="[0-9]+")?><f>.*?</f><v ?/?>(?:</v>)?</c>', re.DOTALL)
_DIMENSION = re.compile(r'(<dimension ref="[A-Z]+[0-9]+:)[A-Z]+([0-9]+")')


@dataclass(frozen=True)
class Across:
    """Which rows of which sheets go on to month ``months`` with the formula of their first month."""

    months: int
    formulas: Mapping[str, Mapping[int, Formula]]


def copy_across(source: Path, target: Path, across: Across) -> None:
    """Copy a workbook with every formula of ``across`` in every month."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        titles = dict(sheet_parts(old))
        for item in old.infolist():
            content = old.read(item)
            formulas = across.formulas.get(titles.get(item.filename, ""))
            if formulas:
                content = _widened(content.decode(), formulas, across.months).encode()
            new.writestr(item.filename, content)


def sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Part name and title of each sheet, in their order."""
    book, links = fromstring(archive.read("xl/workbook.xml")), fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target") for link in links}
    for sheet in book.find("{*}sheets"):
        target = targets[sheet.get(_RELATIONSHIP)].removeprefix("/xl/")
        yield f"xl/{target}", sheet.get("name")


def _widened(xml: str, formulas: Mapping[int, Formula], months: int) -> str:
    columns = range(FIRST_MONTH_COLUMN, FIRST_MONTH_COLUMN + months + 1)
    letters = [get_column_letter(column) for column in columns]

    def row_of(found: re.Match[str]) -> str:
        row, style = found[1], found[2] or ""
        formula = formulas.get(int(row))
        if formula is None:
            return found[0]
        cells = (
            f'<c r="{letter}{row}"{style}><f>{escape(formula.at(column)[1:])}</f><v/></c>'
            for letter, column in zip(letters, columns, strict=True)
        )
        return "".join(cells)

    return _DIMENSION.sub(rf"\g<1>{letters[-1]}\g<2>", _FIRST_MONTH.sub(row_of, xml), count=1)
