"""Sites as a table: one base case, and a row a site whose columns are inputs of the case. Blank means as in the base.

A table that cannot be used at all (no names, unknown columns) is refused whole, with every fault. What is wrong with
one row stays with that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from allocator.case import LISTS, Case, case_from_document, case_near
from allocator.files import document_with_settings, read_document, with_forward_read, with_prices_read
from allocator.sites.cells import Unreadable, cell_value, is_blank
from allocator.sites.columns import NAME, Column, Columns, read_columns
from allocator.sites.reading import Sheet, read_sheet
from models.assumptions import Fault, InputFaultsError

LONGEST_NAME = 300


@dataclass(frozen=True)
class Base:
    """The case that every site starts from."""

    document: Mapping[str, Any]
    """As a case file holds it, files that it names read, without its sources."""
    case: Case


@dataclass(frozen=True)
class SiteRow:
    """One row of a table."""

    number: int
    """As a spreadsheet counts: the heads are row 1."""
    name: str
    """"row 7" where the row gives none."""
    given: Mapping[str, Any]
    """Inputs by path, in the order of the columns; blank cells are not in it."""
    portfolio: Mapping[str, Any] = field(default_factory=dict)
    """What a portfolio asks of this site, by the head without ``portfolio.``."""
    faults: tuple[Fault, ...] = ()
    """What is wrong with the row by itself; the case that it leads to may have more."""


@dataclass(frozen=True)
class SitesTable:
    """Sites over a base case, in the order of the file."""

    base: Base
    columns: Columns
    rows: tuple[SiteRow, ...]

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Inputs that sites may change, in the order of the columns."""
        return tuple(column.path for column in self.columns.inputs)


def read_base(source: str, settings: list[str]) -> Base:
    """The base case: a TOML file, a template's name or an exported workbook, with ``PATH=VALUE`` settings.

    Raises
    ------
    InputFaultsError
        With every fault found.
    """
    path, faults = Path(source), list[Fault]()
    if path.suffix.lower() in (".xlsx", ".xlsm") and path.exists():
        from allocator.workbook import read_document as read_pack  # noqa: PLC0415  (openpyxl only where it is needed)

        document = read_pack(path)
    else:
        document = read_document(source)
    folder = path.parent if path.is_file() else Path()
    return base_of(document_with_settings(document, settings, folder, faults), faults)


def base_of(document: Mapping[str, Any], found_before: list[Fault] | None = None) -> Base:
    """A parsed case as the base of sites; raises as :func:`allocator.case.case_from_document` does."""
    case = case_from_document(document, found_before or [])
    return Base({key: value for key, value in document.items() if key != "sources"}, case)


def read_sites(path: Path, base: Base) -> SitesTable:
    """Every site of a CSV, XLSX or Parquet file.

    Raises
    ------
    InputFaultsError
        For a table that cannot be used: with every fault of the file or of its heads.
    """
    return sites_of(read_sheet(path), base, path.parent)


def sites_of(sheet: Sheet, base: Base, folder: Path) -> SitesTable:
    """Every site of a table that was read; files that its cells name are read from ``folder``."""
    faults: list[Fault] = []
    columns = read_columns(sheet.heads, base.document, faults)
    if faults:
        raise InputFaultsError(faults)
    files = _Files(folder)
    first_with: dict[str, int] = {}
    rows = []
    for number, cells in sheet.rows:
        row = _row(number, cells, len(sheet.heads), columns, files)
        if row.name in first_with:
            rule = f"is also the name of row {first_with[row.name]}"
            row = replace(row, faults=(*row.faults, row_fault(number, NAME, repr(row.name), rule, "rename one")))
        first_with.setdefault(row.name, number)
        rows.append(row)
    return SitesTable(base, columns, tuple(rows))


def row_fault(number: int, column: str, value: str, rule: str, remedy: str) -> Fault:
    """What is wrong with a cell, with its row and its column."""
    return Fault(f"row {number}, {column}" if column else f"row {number}", value, rule, remedy)


def _row(number: int, cells: tuple[Any, ...], width: int, columns: Columns, files: _Files) -> SiteRow:
    faults: list[Fault] = []
    beyond = [cell for cell in cells[width:] if not is_blank(cell)]
    if len(cells) < width or beyond:
        held = width + len(beyond) if beyond else len(cells)
        rule = f"has {held} cells where the heads are {width}"
        faults.append(row_fault(number, "", "", rule, "quote text that holds commas, and give every column"))
        cells = (*cells, *[None] * (width - len(cells)))
    name = _name(number, cells[columns.name], faults)
    given = _given(number, cells, columns.inputs, faults)
    asked = _given(number, cells, columns.portfolio, faults)
    files.put_in(number, given, faults)
    portfolio = {path.removeprefix("portfolio."): value for path, value in asked.items()}
    return SiteRow(number, name, given, portfolio, tuple(faults))


def _name(number: int, cell: Any, faults: list[Fault]) -> str:
    value = None if is_blank(cell) else cell_value(cell, as_text=True)
    shown, rule, remedy = "", "", "give the site a short name"
    if value is None:
        rule = "is empty"
    elif isinstance(value, Unreadable):
        shown, rule, remedy = value.shown, value.rule, value.remedy
    elif not isinstance(value, str):
        rule = "is not a text"
    elif len(value) > LONGEST_NAME:
        rule = f"is longer than {LONGEST_NAME} characters"
    elif not value.isprintable():
        shown, rule = repr(value), "holds characters that cannot be shown"
    if rule:
        faults.append(row_fault(number, NAME, shown, rule, remedy))
        return f"row {number}"
    return str(value)


def _given(number: int, cells: tuple[Any, ...], columns: tuple[Column, ...], faults: list[Fault]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for column in columns:
        cell = cells[column.place]
        if is_blank(cell):
            continue
        value = cell_value(cell, as_text=column.is_text)
        if isinstance(value, Unreadable):
            faults.append(row_fault(number, column.path, value.shown, value.rule, value.remedy))
        else:
            given[column.path] = value
    return given


class _Files:
    """Price files and forward curves that cells name, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, str], Any] = {}

    def put_in(self, number: int, given: dict[str, Any], faults: list[Fault]) -> None:
        """Replace the names of files by what is in them."""
        for path in ("power.hourly_prices", "market.forward"):
            if isinstance(name := given.get(path), str):
                found = self._contents(path, name)
                if isinstance(found, InputFaultsError):
                    faults.extend(row_fault(number, path, f.field, f.rule, f.remedy) for f in found.faults)
                    del given[path]
                else:
                    given[path] = found

    def _contents(self, path: str, name: str) -> Any:
        if (path, name) not in self._read:
            table, key = path.split(".")
            faults: list[Fault] = []
            read = with_prices_read if table == "power" else with_forward_read
            document = read({table: {key: name}}, self._folder, faults)
            self._read[path, name] = InputFaultsError(faults) if faults else document[table][key]
        return self._read[path, name]


def site_case(table: SitesTable, row: SiteRow) -> Case:
    """The case of one row: the base case with the row's inputs, checked as any case is.

    Raises
    ------
    InputFaultsError
        With every fault of the row and of the case, each with its row and column.
    """
    faults = list(row.faults)
    document, changed = _document(table, row, faults)
    try:
        found = case_near(table.base.case, document, changed)
    except InputFaultsError as error:
        faults += [replace(fault, field=f"row {row.number}, {fault.field}") for fault in error.faults]
    if faults:
        raise InputFaultsError(faults)
    return found


def _document(
    table: SitesTable, row: SiteRow, faults: list[Fault]
) -> tuple[Mapping[str, Any], list[tuple[str, int | None]]]:
    """The row's document, only the parts that it changes copied; and these parts."""
    columns = [column for column in table.columns.inputs if column.path in row.given]
    parts = dict.fromkeys(column.part for column in columns)
    document = {**table.base.document, NAME: row.name}
    for key in LISTS:
        held = len(table.base.document.get(key, []))
        asked = sorted(index for name, index in parts if name == key and index is not None and index >= held)
        if asked != list(range(held, held + len(asked))):
            rule = f"gives {key}[{asked[0]}] but nothing of {key}[{held}]"
            faults.append(row_fault(row.number, key, "", rule, "fill items in their order"))
            asked = []
        document[key] = [*table.base.document.get(key, []), *({} for _ in asked)]
        if asked:
            parts = dict.fromkeys([*(part for part in parts if part[0] != key), (key, None)])
    for column in columns:
        _put(document, column.parts, row.given[column.path])
    return document, [(NAME, None), *parts]


def _put(node: dict[str, Any], parts: tuple[str | int, ...], value: Any) -> None:
    """Put a value at its place, copying the tables on the way: the base case is not touched."""
    here: Any = node
    for part, following in pairwise(parts):
        if isinstance(part, int):
            if part >= len(here):
                return  # an item that the row does not have; said already
            below = here[part]
        else:
            below = here.get(part, [] if isinstance(following, int) else {})
        copied = list(below) if isinstance(below, list) else dict(below)
        here[part] = copied
        here = copied
    here[parts[-1]] = value
