"""Values of a saved workbook by sheet, row and column: openpyxl takes ten seconds for what is read here in one."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import column_index_from_string
from openpyxl.utils.cell import coordinate_to_tuple

from allocator.workbook.across import sheet_parts

_CELL = re.compile(
    r'<c r="([A-Z]+)([0-9]+)"([^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?(?:<v>([^<]*)</v>|<v */>|<is>(.*?)</is>)',
    re.DOTALL,
)
_TEXT = re.compile(r"<t[^>]*>([^<]*)</t>")
_STRING = re.compile(r"<si>(.*?)</si>", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    value: Any


class Page:
    """One sheet; dates are numbers, as they are saved."""

    def __init__(self, xml: str, strings: list[str]) -> None:
        self._cells: dict[tuple[int, int], Any] = {}
        for letters, row, looks, value, inline in _CELL.findall(xml):
            kind = re.search(r' t="([A-Za-z]+)"', looks)
            self._cells[int(row), column_index_from_string(letters)] = _value(
                kind[1] if kind else "n", value, inline, strings
            )
        self.max_row = max((row for row, _ in self._cells), default=1)
        self.max_column = max((column for _, column in self._cells), default=1)

    def cell(self, row: int, column: int) -> Cell:
        return Cell(self._cells.get((row, column)))

    def __getitem__(self, address: str) -> Any:
        if ":" not in address:
            return self.cell(*coordinate_to_tuple(address))
        (top, left), (bottom, right) = map(coordinate_to_tuple, address.split(":"))
        return tuple(tuple(self.cell(r, c) for c in range(left, right + 1)) for r in range(top, bottom + 1))

    def iter_rows(self) -> Any:
        return (tuple(self.cell(r, c) for c in range(1, self.max_column + 1)) for r in range(1, self.max_row + 1))


def _value(kind: str, value: str, inline: str, strings: list[str]) -> Any:
    if kind == "s":
        return strings[int(value)]
    if kind == "inlineStr":
        return unescape("".join(_TEXT.findall(inline)))
    if kind in ("str", "e"):
        return unescape(value)
    if kind == "b":
        return value == "1"
    return None if value == "" else float(value)


class QuickBook:
    """Sheets by title, each read when it is first asked for, and the defined names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.defined_names = openpyxl.load_workbook(path, read_only=True).defined_names
        self._pages: dict[str, Page] = {}
        with zipfile.ZipFile(path) as archive:
            self._parts = {title: part for part, title in sheet_parts(archive)}
            known = "xl/sharedStrings.xml" in archive.namelist()
            text = archive.read("xl/sharedStrings.xml").decode() if known else ""
        self._strings = [unescape("".join(_TEXT.findall(item))) for item in _STRING.findall(text)]

    @property
    def sheetnames(self) -> list[str]:
        return list(self._parts)

    def __getitem__(self, title: str) -> Page:
        if title not in self._pages:
            with zipfile.ZipFile(self.path) as archive:
                self._pages[title] = Page(archive.read(self._parts[title]).decode(), self._strings)
        return self._pages[title]


_ROWS = re.compile(rb"<sheetData>.*</sheetData>", re.DOTALL)


def load_only(path: Path, *titles: str, data_only: bool = False) -> openpyxl.Workbook:
    """The workbook with cells on some of its sheets alone, for tests that need what openpyxl knows of them."""
    copy = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        others = {part for part, title in sheet_parts(old) if title not in titles}
        for item in old.infolist():
            content = old.read(item)
            new.writestr(item.filename, _ROWS.sub(b"<sheetData/>", content) if item.filename in others else content)
    return openpyxl.load_workbook(copy, data_only=data_only)


def day(serial: float) -> dt.date:
    """A day as Excel counts it."""
    return dt.date(1899, 12, 30) + dt.timedelta(days=round(serial))
