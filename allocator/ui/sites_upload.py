"""A sites table that a reader hands in: within limits, without files of the server, with every fault of every row."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from allocator.sites.cells import is_blank
from allocator.sites.reading import Sheet, read_sheet
from allocator.sites.table import SiteRow, SitesTable, base_of, row_fault, site_case, sites_of
from allocator.ui.desk import Desk, document_of
from models.assumptions import Fault, InputFaultsError

SAMPLE = "sites.csv"
MOST_SITES = 5_000
MOST_BYTES, MOST_UNPACKED_BYTES = 5_000_000, 30_000_000
KINDS = ("csv", "xlsx")
FORM = "give a CSV (UTF-8, commas) or an XLSX with one row a site; the sample table is one"
FROM_FILES = ("power.hourly_prices", "market.forward")
"""Inputs that may name a file: on the pages there is none to be read."""


def sample() -> bytes:
    """The sample table: twelve signed deals as if the choice were still open."""
    return (files("templates") / SAMPLE).read_bytes()


@dataclass(frozen=True)
class Loaded:
    """A table that was handed in, read over the case that was on the desk then."""

    name: str
    content: bytes
    desk: Desk
    """As it was: where a reader gets back to."""
    table: SitesTable

    @property
    def base_name(self) -> str:
        """Name of the base case."""
        return self.table.base.case.name

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with single rows: their cells, and the cases that they lead to."""
        return tuple(fault for row in self.table.rows for fault in _faults_of(self.table, row))

    @cached_property
    def faulty(self) -> int:
        """How many rows have a fault."""
        return len({place(fault)[0] for fault in self.faults})

    def row(self, name: str) -> SiteRow | None:
        """The first row of that name."""
        return next((row for row in self.table.rows if row.name == name), None)


def _faults_of(table: SitesTable, row: SiteRow) -> tuple[Fault, ...]:
    try:
        site_case(table, row)
    except InputFaultsError as error:
        return error.faults
    return ()


def place(fault: Fault) -> tuple[str, str]:
    """Row and column that a fault names; the whole of it where it names no row.

    >>> place(Fault("row 3, site.grid_mw", "-1", "is below 0", "")), place(Fault("sites.csv", "", "is empty", ""))
    (('3', 'site.grid_mw'), ('', 'sites.csv'))
    """
    row, comma, column = fault.field.partition(", ")
    if row.startswith("row ") and (comma or row == fault.field):
        return row.removeprefix("row "), column
    return "", fault.field


def read_upload(name: str, content: bytes, desk: Desk) -> Loaded:
    """A table over the case on the desk.

    Raises
    ------
    InputFaultsError
        For a table that cannot be used at all: with every fault of the file or of its heads.
    """
    ending = Path(name).suffix.lower()
    if ending.removeprefix(".") not in KINDS:
        raise _refused(name, "is neither CSV nor XLSX")
    if len(content) > MOST_BYTES:
        rule = f"has {len(content):,} bytes, more than {MOST_BYTES:,}"
        raise _refused(name, rule, "split the table; the command line takes larger ones")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{ending}"
        path.write_bytes(content)
        try:
            _check_unpacked(path, name)
            sheet = read_sheet(path)
        except InputFaultsError as error:
            raise InputFaultsError([_as_uploaded(fault, path, name) for fault in error.faults]) from error
    if len(sheet.rows) > MOST_SITES:
        rule = f"has {len(sheet.rows):,} rows, more than {MOST_SITES:,}"
        raise _refused(name, rule, "split the table; the command line takes 100,000")
    base = base_of(document_of(desk.case))
    kept, named = without_files(sheet)
    table = sites_of(kept, base, Path("/nonexistent"))
    rows = (replace(row, faults=(*row.faults, *named.get(row.number, ()))) for row in table.rows)
    return Loaded(name, content, desk, replace(table, rows=tuple(rows)))


def without_files(sheet: Sheet) -> tuple[Sheet, Mapping[int, list[Fault]]]:
    """The sheet without cells that name a file of the server, each of them a fault of its row."""
    places = {i: head.strip() for i, head in enumerate(sheet.heads) if isinstance(head, str)}
    places = {i: head for i, head in places.items() if head in FROM_FILES}
    named: dict[int, list[Fault]] = {}

    def kept(number: int, cells: tuple[Any, ...]) -> Iterator[Any]:
        for i, cell in enumerate(cells):
            if i in places and isinstance(cell, str) and not is_blank(cell) and cell.strip()[0] not in "[{":
                remedy = "leave it blank, and give the base case the prices"
                named.setdefault(number, []).append(
                    row_fault(number, places[i], cell[:60], "names a file, and none is read here", remedy)
                )
                yield None
            else:
                yield cell

    rows = tuple((number, tuple(kept(number, cells))) for number, cells in sheet.rows)
    return Sheet(sheet.heads, rows), named


def _check_unpacked(path: Path, name: str) -> None:
    """Refuse a workbook whose parts are larger than any table of so few sites; the rest is checked where it is read."""
    if path.suffix != ".xlsx" or not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _refused(name, "is damaged: its list of parts cannot be read", "save it again, or as CSV") from error
    if unpacked > MOST_UNPACKED_BYTES:
        raise _refused(name, f"unpacks to {unpacked:,} bytes, more than {MOST_UNPACKED_BYTES:,}", "save it as CSV")


def _as_uploaded(fault: Fault, path: Path, name: str) -> Fault:
    """A fault in the reader's terms: the file's own name, and forms that this page takes."""
    remedy = FORM if "templates/" in fault.remedy else fault.remedy
    return replace(fault, field=fault.field.replace(str(path), name), remedy=remedy)


def _refused(name: str, rule: str, remedy: str = FORM) -> InputFaultsError:
    return InputFaultsError([Fault(name, "", rule, remedy)])
