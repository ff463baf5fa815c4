"""The finished table: a row a site in the order of the table, as Parquet, CSV, JSON and XLSX.

The same outcomes give the same bytes: no time of day, no order of completion, nothing of the machine is in a file.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.case import Case
from allocator.outputs import checked_targets, write_all
from allocator.report import package_version
from allocator.sites.batch import Solved
from allocator.sites.outcome import UNITS, Outcome, SiteStatus
from allocator.sites.table import SitesTable
from models.assumptions import Assumptions, Fault, InputFaultsError
from models.hourly_prices import HourlyPrices

if TYPE_CHECKING:
    from allocator.workbook.brand import Brand

WORDS = ("name", "status", "reason", "decision")
FILES = ("results.parquet", "results.csv", "results.json", "results.xlsx")
SOLVER = "HiGHS"
_READ_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | float | int | bool | None


@dataclass(frozen=True)
class SiteResult:
    """One row of the finished table."""

    name: str
    outcome: Outcome
    inputs: Mapping[str, Cell]
    """What the row gave, by path in the order of the columns; ``None`` where it is as in the base case."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Words, figures, inputs: in the order of :func:`heads`."""
        found = self.outcome
        words = (self.name, found.status.value, found.reason, found.decision)
        return (*words, *(getattr(found, figure) for figure in UNITS), *self.inputs.values())


def heads(table: SitesTable) -> tuple[str, ...]:
    """Names of the columns of the finished table."""
    return (*WORDS, *UNITS, *table.paths)


def site_results(solved: Solved) -> tuple[SiteResult, ...]:
    """Rows of the finished table, in the order of the sites."""
    paths = solved.table.paths
    return tuple(
        SiteResult(row.name, outcome, {path: shown_cell(row.given.get(path)) for path in paths})
        for row, outcome in zip(solved.table.rows, solved.outcomes, strict=True)
    )


def shown_cell(value: Any) -> Cell:
    """An input of a row as a file shows it: text and numbers as they are, dates and lists as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, float, int)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, HourlyPrices):
        return value.file
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, Assumptions) else str(value)


def checked_folder(folder: Path, *read: str) -> list[Path]:
    """The files that a batch writes into a folder, which is made; refused before any work if one cannot be.

    Raises
    ------
    InputFaultsError
        With the reason. The files that are ``read`` must not be among them.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = "is not a folder" if isinstance(error, FileExistsError) else f"cannot be made ({error.strerror})"
        raise InputFaultsError([Fault("--out", str(folder), rule, "name another folder")]) from error
    targets = [folder / name for name in FILES]
    for source in read:
        checked_targets(None, *targets, read_from=source)
    return targets


def write_results(solved: Solved, folder: Path, *, site_sheets: int = 0, brand: Brand | None = None) -> list[Path]:
    """Write every form of the table, all of them or none; returns their paths.

    ``site_sheets`` of the best sites get a sheet of their own in the workbook, which looks as the brand says.
    """
    results, columns = site_results(solved), heads(solved.table)
    case = solved.table.base.case
    writers: tuple[Callable[[Path], Any], ...] = (
        lambda path: write_parquet(results, columns, path),
        lambda path: write_csv(results, columns, path),
        lambda path: write_json(results, case, path),
        lambda path: write_xlsx(solved.table, results, path, site_sheets, brand),
    )
    targets = [folder / name for name in FILES]
    write_all(list(zip(targets, writers, strict=True)))
    return targets


def write_parquet(results: Sequence[SiteResult], columns: Sequence[str], path: Path) -> None:
    """One column a head: numbers in double precision, or text where a sound row holds a text, a date or a list.

    What a row of bad input holds where its column holds numbers is absent: its reason quotes it.
    """
    import pyarrow as pa  # noqa: PLC0415  (heavy, and only files need it)
    import pyarrow.parquet as pq  # noqa: PLC0415

    sound = [result.outcome.status is not SiteStatus.BAD_INPUT for result in results]
    by_column = list(zip(*(result.cells for result in results), strict=True))
    arrays = [
        pa.array(_figures(cells), pa.float64())
        if name in UNITS or _is_numbers(list(compress(cells, sound)))
        else pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())
        for name, cells in zip(columns, by_column, strict=True)
    ]
    pq.write_table(pa.table(arrays, names=list(columns)), path)


def _is_numbers(cells: Sequence[Cell]) -> bool:
    return all(cell is None or _is_number(cell) for cell in cells) and any(cell is not None for cell in cells)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _figures(cells: Sequence[Cell]) -> list[float | None]:
    return [float(cell) if cell is not None and _is_number(cell) else None for cell in cells]


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return cell if isinstance(cell, str) else repr(cell)


def write_csv(results: Sequence[SiteResult], columns: Sequence[str], path: Path) -> None:
    """UTF-8 with commas; text that a spreadsheet would run as a formula is prefixed with ``'``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_cell(cell) for cell in result.cells] for result in results)


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    text = _text(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_READ_AS_FORMULA) else text


def write_json(results: Sequence[SiteResult], case: Case, path: Path) -> None:
    """``{provenance, sites: [{name, status, reason, decision, figures, inputs}]}``."""
    provenance = {"version": package_version(), "solver": SOLVER, "case_sha256": case.sha256()}
    figures = (*WORDS, *UNITS)
    sites = [{**dict(zip(figures, result.cells, strict=False)), "inputs": dict(result.inputs)} for result in results]
    answer = {"provenance": provenance, "sites": sites}
    path.write_text(json.dumps(answer, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def write_xlsx(
    table: SitesTable, results: Sequence[SiteResult], path: Path, site_sheets: int = 0, brand: Brand | None = None
) -> None:
    """The workbook of the batch: summary, ranking, budget, decisions, rows without a plan, inputs."""
    from allocator.workbook.sites_pack import write_sites_pack  # noqa: PLC0415  (openpyxl lives there)

    write_sites_pack(table, results, path, site_sheets=site_sheets, brand=brand)
