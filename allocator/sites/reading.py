"""A sites table as it lies in a file: heads and rows of cells from CSV, XLSX or Parquet, within limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from allocator.sites.cells import is_blank
from models.assumptions import Fault, InputFaultsError

MOST_ROWS, MOST_COLUMNS = 100_000, 500
MOST_BYTES, MOST_UNPACKED_BYTES = 100_000_000, 1_000_000_000
"""Of a CSV or Parquet file, and of a Parquet file unpacked; 100,000 sites of forty columns need a tenth of either."""
KINDS = {".csv": "CSV", ".xlsx": "XLSX", ".xlsm": "XLSX", ".parquet": "Parquet", ".pq": "Parquet"}
_FORM = "give a table with one row a site: CSV (UTF-8, commas), XLSX or Parquet; templates/sites.csv is one"


@dataclass(frozen=True)
class Sheet:
    """Heads, and the rows that hold anything, each with its number as a spreadsheet counts (the heads are row 1)."""

    heads: tuple[Any, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]
    """Cells of a row may be fewer or more than the heads."""


def read_sheet(path: Path) -> Sheet:
    """Heads and rows of a table.

    Raises
    ------
    InputFaultsError
        For a file that is missing, unsafe, too large, of another kind, or empty.
    """
    kind = KINDS.get(path.suffix.lower())
    if not path.exists():
        raise refused(path, "does not exist")
    if not path.is_file():
        raise refused(path, "is not a file")
    if kind is None:
        raise refused(path, f"is not one of {', '.join(KINDS)}")
    if kind == "XLSX":
        rows: Iterable[tuple[Any, ...]] = _xlsx_rows(path)
    elif path.stat().st_size > MOST_BYTES:
        raise refused(path, f"is larger than {MOST_BYTES:,} bytes", "split the table into several")
    else:
        rows = _csv_rows(path) if kind == "CSV" else _parquet_rows(path)
    return _sheet(path, rows)


def refused(path: Path, rule: str, remedy: str = _FORM) -> InputFaultsError:
    """A table that cannot be used at all."""
    return InputFaultsError([Fault(str(path), "", rule, remedy)])


def _sheet(path: Path, rows: Iterable[tuple[Any, ...]]) -> Sheet:
    numbered = ((number, cells) for number, cells in enumerate(rows, start=1) if not all(map(is_blank, cells)))
    head = next(numbered, None)
    if head is None:
        raise refused(path, "is empty")
    if head[0] != 1:
        raise refused(path, f"has its first text in row {head[0]}", "put the heads of the columns into row 1")
    heads = head[1]
    while heads and is_blank(heads[-1]):
        heads = heads[:-1]
    if len(heads) > MOST_COLUMNS:
        raise refused(path, f"has {len(heads):,} columns, more than {MOST_COLUMNS}", "leave out what no site changes")
    found = tuple(islice(numbered, MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise refused(path, f"has more than {MOST_ROWS:,} rows", "split the table into several")
    if not found:
        raise refused(path, "has heads but no row", "give at least one site")
    return Sheet(heads, found)


def _csv_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise refused(path, f"is not UTF-8 text (line {line})", "save it as CSV UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in lines:
            if lines.line_num == 1 and len(row) == 1 and (";" in row[0] or "\t" in row[0]):
                raise refused(path, "has one column: its heads hold ; or tabs", "save it with commas between columns")
            yield tuple(row)
    except csv.Error as error:
        raise refused(path, f"cannot be read at line {lines.line_num}: {error}") from error


def _parquet_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    import pyarrow as pa  # noqa: PLC0415  (heavy, and most tables are no Parquet)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            known = file.metadata
            unpacked = sum(known.row_group(i).total_byte_size for i in range(known.num_row_groups))
            if known.num_rows > MOST_ROWS:
                raise refused(path, f"has {known.num_rows:,} rows, more than {MOST_ROWS:,}", "split the table")
            if known.num_columns > MOST_COLUMNS:
                raise refused(path, f"has {known.num_columns:,} columns, more than {MOST_COLUMNS}")
            if unpacked > MOST_UNPACKED_BYTES:
                raise refused(path, f"unpacks to {unpacked:,} bytes, more than {MOST_UNPACKED_BYTES:,}")
            table = file.read()
            columns = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputFaultsError):
            raise
        words = str(error).splitlines() or [type(error).__name__]
        raise refused(path, f"is no Parquet file that can be read ({words[0][:120]})") from error
    yield tuple(table.column_names)
    yield from zip(*columns, strict=True)


def _xlsx_rows(path: Path) -> list[tuple[Any, ...]]:
    from allocator.workbook.sites_reading import sheet_rows  # noqa: PLC0415  (openpyxl lives there)

    try:
        return sheet_rows(path, MOST_ROWS + 2, MOST_COLUMNS + 1)
    except InputFaultsError as error:
        raise InputFaultsError([replace(fault, remedy=_FORM) for fault in error.faults]) from error
