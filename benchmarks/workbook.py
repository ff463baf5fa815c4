"""The workbook of a batch of 10,000 sites: seconds on one core, and its size."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from allocator.files import read_document
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.results import SiteResult
from allocator.sites.table import SitesTable
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


def main(arguments: Sequence[str] = ()) -> None:
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
