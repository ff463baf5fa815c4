"""Many sites: the rate of a core, what a second worker brings, what the batch itself costs; PuLP with CBC in a loop."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Barrier

import numpy as np
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from allocator.activities import activities
from allocator.allocation import allocation_of
from allocator.case import Case, case_from_document, override
from allocator.files import read_document
from allocator.program.build import as_pulp, build
from allocator.sites.batch import solve_sites
from allocator.sites.cluster import Workers
from allocator.sites.ledger import Ledger, fingerprints
from allocator.sites.outcome import Outcome
from allocator.sites.reading import Sheet
from allocator.sites.table import SitesTable, base_of, site_case, sites_of
from allocator.sites.work import Shared, outcome_of, packed, solve_site, unpacked
from benchmarks.program import HALLS_MW, raw_highs

HEADS = (
    "name", "site.grid_mw[1].grid_mw", "power.price_usd_per_mwh", "leases[0].rent_usd_per_kw_month",
    "leases[1].rent_usd_per_kw_month", "leases[0].capex_usd_per_kw",
)  # fmt: skip
LIMIT_S = 600.0


def sites(count: int, document: dict, seed: int = 9) -> SitesTable:
    """Brownfield's neighbours: another grid, power price, rents and capex each."""
    rng = np.random.default_rng(seed)
    low, high = (240, 25, 110, 130, 9_000), (340, 50, 150, 170, 12_000)
    drawn = rng.uniform(low, high, (count, len(low))).round(3).tolist()
    rows = tuple((i + 2, (f"Site {i:05d}", *row)) for i, row in enumerate(drawn))
    return sites_of(Sheet(HEADS, rows), base_of(document), Path())


def in_halls(document: dict) -> dict:
    for i, size in enumerate(HALLS_MW):
        document = override(document, f"leases[{i}].block_mw", size)
    return document


def plain_loop(table: SitesTable) -> list[float]:
    """The same sites as a script would do them: override, read, build a PuLP problem, solve it with CBC."""
    found = []
    for row in table.rows:
        document = table.base.document
        for path, value in {"name": row.name, **row.given}.items():
            document = override(document, path, value)
        problem = as_pulp(build(activities(case_from_document(document))).form)
        problem.solve(pulp.COIN_CMD(msg=False, path=pulp_cbc_path))
        found.append(-float(pulp.value(problem.objective)))
    return found


def seconds(work, runs: int = 3) -> float:
    """The least of some runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def on_one_core(shared: Shared, table: SitesTable) -> list[float]:
    return [solve_site(shared, row, LIMIT_S).npv_usd or 0.0 for row in table.rows]


def economics_and_solve(shared: Shared, cases: Sequence[Case]) -> None:
    """What no batch can do without: activities, program, solve, and the figures of the row."""
    for case in cases:
        outcome_of(allocation_of(build(activities(case, reuse=shared.choices)), near=shared.solved))


def book_keeping(shared: Shared, table: SitesTable, outcome: Outcome) -> None:
    """Everything else: rows become cases and fingerprints, outcomes go into the ledger and come back."""
    cases = [site_case(shared.table, row) for row in table.rows]
    assert len(cases) == len(table.rows)
    keys = fingerprints(table, "benchmark")
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder)) as ledger:
        for first in range(0, len(keys), 25):
            ledger.hand_out(keys[first : first + 25])
            ledger.record(dict.fromkeys(keys[first : first + 25], outcome), LIMIT_S)
        ledger.found(keys)


def with_workers(table: SitesTable, jobs: int) -> float:
    """Seconds from the first chunk handed out to the last that came back, once the workers stand."""
    with tempfile.TemporaryDirectory() as folder:
        return solve_sites(table, Path(folder), Workers(jobs=jobs), time_limit_s=LIMIT_S).progress.seconds


def _half(common: bytes, table: SitesTable, first: int, start: Barrier, took: Connection) -> None:
    shared = unpacked(common)
    start.wait()
    began = time.perf_counter()
    on_one_core(shared, replace(table, rows=table.rows[first::2]))
    took.send(time.perf_counter() - began)


def side_by_side(table: SitesTable) -> float:
    """The ideal of this machine just now: two processes that know nothing of each other, half of the sites each."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    ends, processes = [], []
    for first in (0, 1):
        receiver, sender = context.Pipe(duplex=False)
        processes.append(context.Process(target=_half, args=(packed(table), table, first, start, sender)))
        processes[-1].start()
        ends.append(receiver)
    slower = max(end.recv() for end in ends)
    for process in processes:
        process.join()
    return slower


def line(words: str, value: str, note: str = "") -> str:
    return f"  {words:62}{value:>14}  {note}"


def raw_seconds(shared: Shared, table: SitesTable) -> float:
    """Raw HiGHS from scratch on the same matrices."""
    forms = [build(activities(site_case(shared.table, row), reuse=shared.choices)).form for row in table.rows]
    return seconds(lambda: [raw_highs(form) for form in forms])


def main(arguments: Sequence[str] = ()) -> None:
    count = int(arguments[0]) if arguments else 400
    document = read_document("brownfield")
    table, few = sites(count, document), sites(40, document)
    shared = unpacked(packed(table))
    size = len(shared.choices.items)
    ours = seconds(lambda: on_one_core(shared, few)) / len(few.rows)
    cases = [site_case(shared.table, row) for row in few.rows]
    needed = seconds(lambda: economics_and_solve(shared, cases)) / len(few.rows)
    outcome = solve_site(shared, few.rows[0], LIMIT_S)
    kept = seconds(lambda: book_keeping(shared, table, outcome)) / count
    began = time.perf_counter()
    loop = plain_loop(few)
    theirs = (time.perf_counter() - began) / len(few.rows)
    worst = max(abs(a - b) / abs(b) for a, b in zip(on_one_core(shared, few), loop, strict=True))
    raw = raw_seconds(shared, few) / len(few.rows)
    halls = sites(8, in_halls(document))
    in_blocks = seconds(lambda: on_one_core(unpacked(packed(halls)), halls), runs=1) / len(halls.rows)
    runs = [(side_by_side(table), with_workers(table, 2), with_workers(table, 1)) for _ in range(3)]
    ideal, two, one = (min(times) for times in zip(*runs, strict=True))
    print(f"Many sites: brownfield's neighbours, {size} activities each, one core")
    print(line("sites a second, continuous", f"{1 / ours:.0f}", f"{ours * 1e3:.1f} ms a site"))
    print(line("raw HiGHS alone on the same matrices", f"{raw * 1e3:.1f} ms", f"{ours / raw:.2f} x raw, all included"))
    print(line("beside economics and solve", f"{kept * 1e3:.2f} ms", f"needed {needed * 1e3:.1f} ms"))
    against = f"ours {theirs / ours:.1f} x as fast; NPVs agree to {worst:.0e}"
    print(line("PuLP with CBC in a plain loop", f"{1 / theirs:.1f}", against))
    print(line("sites a second in whole halls", f"{1 / in_blocks:.1f}"))
    apart = f"of two processes side by side: {two:.1f} s, {ideal:.1f} s; one worker {one:.1f} s"
    print(line(f"two workers on {count} sites", f"{ideal / two:.0%}", apart))


if __name__ == "__main__":
    main(sys.argv[1:])
