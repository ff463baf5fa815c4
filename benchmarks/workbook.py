"""Workbooks: the board pack of brownfield beside openpyxl alone; that of a batch of 10,000 sites; seconds, size."""

from __future__ import annotations

import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from openpyxl import Workbook

from allocator.allocation import allocate
from allocator.explain import explain
from allocator.files import load_case, read_document
from allocator.sensitivity import sensitivities
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.results import SiteResult
from allocator.sites.table import SitesTable
from allocator.workbook import write_pack
from allocator.workbook.sites_pack import write_sites_pack
from benchmarks.sites import sites

SITES, BAD_EVERY, LIMIT_S = 10_000, 50, 30.0


def drawn_results(table: SitesTable, seed: int = 7) -> list[SiteResult]:
    """Outcomes as a batch has them, drawn instead of solved; one row in fifty has no plan."""
    rng = np.random.default_rng(seed)
    found = []
    for i, row in enumerate(table.rows):
        hosting, mining, idle = (float(v) for v in rng.uniform(0, 200, 3) * (rng.random(3) > 0.3))
        capital = float(rng.uniform(1e6, 9e8))
        npv = capital * float(rng.exponential(0.5))
        outcome = Outcome(
            SiteStatus.OPTIMAL, "", f"lease {hosting:.1f} MW (critical IT) of Hall from Q2 2027; mine up to "
            f"{mining:.1f} MW (facility) from Q1 2026 until Q4 2029: S21", npv, npv * 0.7, npv * 0.3, capital * 3,
            capital, npv / capital, 0.12, 6.5, hosting, hosting / 1.35, mining, idle,
        )  # fmt: skip
        if i % BAD_EVERY == 0:
            outcome = Outcome(SiteStatus.INFEASIBLE, "What must be done does not fit the limits of the site.")
        found.append(SiteResult(row.name, outcome, dict.fromkeys(table.paths)))
    return found


def board_pack(rounds: int = 3) -> None:
    """The live pack with a value beside every formula, beside openpyxl writing as many numbers and no formula."""
    plan = allocate(load_case("brownfield"))
    explanation, moved = explain(plan), sensitivities(plan)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.xlsx"
        seconds = min(_seconds(lambda: write_pack(plan, explanation, path, None, moved)) for _ in range(rounds))
        megabytes = path.stat().st_size / 1e6
        with zipfile.ZipFile(path) as archive:
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
            cells = sum(archive.read(name).count(b"<f>") for name in sheets)
        bare = min(_seconds(lambda: _numbers_alone(cells, path)) for _ in range(rounds))
    print(
        f"Board pack of brownfield: {cells:,} live formulas with values in {seconds:.2f} s, {megabytes:.2f} MB", end=" "
    )
    print(f"(openpyxl alone, as many numbers: {bare:.2f} s; {seconds / bare:.1f} x)")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _numbers_alone(cells: int, path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for start in range(0, cells, 250):
        sheet.append([float(i) for i in range(start, start + 250)])
    book.save(path)


def main(arguments: Sequence[str] = ()) -> None:
    board_pack()
    count = int(arguments[0]) if arguments else SITES
    table = sites(count, read_document("brownfield"))
    results = drawn_results(table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.xlsx"
        began = time.perf_counter()
        write_sites_pack(table, results, path)
        seconds, megabytes = time.perf_counter() - began, path.stat().st_size / 1e6
    print(f"Workbook of a batch: {count:,} sites in {seconds:.1f} s and {megabytes:.1f} MB, one core", end=" ")
    print(f"(at most {LIMIT_S:g} s: {'met' if seconds <= LIMIT_S * count / SITES else 'missed'})")


if __name__ == "__main__":
    main(sys.argv[1:])
