"""What runs in a process of its own: a batch, the files of what it found, a portfolio. Started by ``sites_job`` alone.

Each message is a line of JSON on standard output. Standard input says whether the pages are still there: when they
close it, or end however they end, this process removes its folder and ends with every process it started.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from models.assumptions import InputFaultsError

if TYPE_CHECKING:
    from allocator.portfolio.mandate import Candidate
    from allocator.portfolio.questions import Questions
    from allocator.portfolio.site_problem import SiteProblem
    from allocator.sites.batch import Progress, Solved
    from allocator.sites.table import SitesTable

BATCH, FILES, PORTFOLIO = "batch", "files", "portfolio"
FOUND, PARTIAL, SPENT = "found", "partial", "spent"
"""Folders of the ledger with the finished table, of what a stopped batch found, and of a portfolio."""
PACK, ANSWER = "portfolio.xlsx", "portfolio.json"
POLITENESS = 2
"""Pages go first: priority is given up by so much."""
SITES_AT_ONCE, MOST_TRIES = 4, 3
"""Sites between two messages, and hand-outs without an outcome after which a site is suspected to end its process."""

Say = Callable[..., None]


def asked_file(folder: Path, what: str) -> Path:
    """Where the pages leave what is asked."""
    return folder / f"{what}.asked"


def main() -> None:
    """Do what is asked; whatever goes wrong is a message."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    Thread(target=_end_with_the_pages, args=(folder,), daemon=True).start()
    say = _messages()
    with suppress(OSError, AttributeError):
        os.nice(POLITENESS)
    works: dict[str, Callable[[Path, Any, Say], None]] = {BATCH: batch, FILES: files, PORTFOLIO: portfolio}
    try:
        given = pickle.loads(asked_file(folder, what).read_bytes())  # noqa: S301  (written by the pages, in their folder)
        works[what](folder, given, say)
    except InputFaultsError as error:
        say("faults", faults=[asdict(fault) for fault in error.faults])
    except Exception as error:  # noqa: BLE001  (the last line of defence: a reader sees words)
        say("failed", words=str(error) or type(error).__name__)
    else:
        say("done")


def _messages() -> Say:
    """A way to say something that what solvers print cannot disturb."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def say(kind: str, **figures: Any) -> None:
        lines.write(json.dumps({"kind": kind, **figures}) + "\n")

    return say


def _end_with_the_pages(folder: Path) -> None:
    with suppress(OSError, ValueError):
        os.read(0, 1)
    shutil.rmtree(folder, ignore_errors=True)
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def batch(folder: Path, given: tuple[SitesTable, int, int], say: Say) -> None:
    """Solve what the ledger does not hold yet, few sites here and more on workers; then write the finished table."""
    table, processes, few = given
    out = folder / FOUND
    out.mkdir(exist_ok=True)

    def tell(so_far: Progress) -> None:
        say("progress", **asdict(so_far))

    if len(table.rows) > few or not _solved_here(table, out, tell):
        _solved_on_workers(table, out, processes, tell)
    say("words", words="Writing the workbook", share=1.0)
    _write_table(found_so_far(table, folder), out)


def _solved_here(table: SitesTable, out: Path, tell: Callable[[Progress], None]) -> bool:
    """Solve a few sites before workers would have started; ``False`` where one of them ended this process before.

    The ledger says so: workers, whose end is a row with a reason, take such a table over.
    """
    from allocator.report import package_version  # noqa: PLC0415
    from allocator.sites.batch import SECONDS_A_SITE, Progress  # noqa: PLC0415
    from allocator.sites.ledger import Ledger, fingerprints  # noqa: PLC0415
    from allocator.sites.work import packed, solve_chunk  # noqa: PLC0415

    keys, common = fingerprints(table, package_version()), packed(table)
    with Ledger(out) as ledger:
        known, before = ledger.found(keys), ledger.times_handed_out()
        places = [i for i, key in enumerate(keys) if key not in known]
        if any(before.get(keys[i], 0) >= MOST_TRIES for i in places):
            return False
        found, began = len(keys) - len(places), time.monotonic()
        progress = Progress(len(keys), found, found, 0.0)
        tell(progress)
        for first in range(0, len(places), SITES_AT_ONCE):
            chunk = places[first : first + SITES_AT_ONCE]
            ledger.hand_out([keys[i] for i in chunk])
            answer = solve_chunk(common, [table.rows[i] for i in chunk], SECONDS_A_SITE)
            ledger.record(dict(zip((keys[i] for i in chunk), answer.outcomes, strict=True)), SECONDS_A_SITE)
            progress = replace(progress, done=progress.done + len(chunk), seconds=time.monotonic() - began)
            tell(progress)
    return True


def _solved_on_workers(table: SitesTable, out: Path, processes: int, tell: Callable[[Progress], None]) -> None:
    from allocator.sites import nursery  # noqa: PLC0415

    nursery.begin()
    from allocator.sites.batch import solve_sites  # noqa: PLC0415  (heavy: the workers' start is not held up)
    from allocator.sites.cluster import Workers  # noqa: PLC0415

    solve_sites(table, out, Workers(jobs=processes), say=tell)


def _write_table(solved: Solved, out: Path) -> None:
    """Workbook and CSV, as ``allocator batch`` writes them."""
    from allocator.sites.results import heads, site_results, write_csv, write_xlsx  # noqa: PLC0415

    results = site_results(solved)
    write_csv(results, heads(solved.table), out / "results.csv")
    write_xlsx(solved.table, results, out / "results.xlsx")


def found_so_far(table: SitesTable, folder: Path) -> Solved:
    """The sites of a table that a ledger holds, in the order of the table; nothing is solved.

    Raises
    ------
    InputFaultsError
        If a batch is still writing the ledger.
    """
    from allocator.report import package_version  # noqa: PLC0415
    from allocator.sites.batch import Progress, Solved  # noqa: PLC0415
    from allocator.sites.ledger import Ledger, fingerprints  # noqa: PLC0415

    out = folder / FOUND
    out.mkdir(exist_ok=True)
    keys = fingerprints(table, package_version())
    with Ledger(out) as ledger:
        known = ledger.found(keys)
    rows = tuple(row for row, key in zip(table.rows, keys, strict=True) if key in known)
    outcomes = tuple(known[key].outcome for key in keys if key in known)
    return Solved(replace(table, rows=rows), outcomes, Progress(len(keys), len(rows), len(rows), 0.0))


def files(folder: Path, given: SitesTable, say: Say) -> None:
    """Workbook and CSV of what a stopped batch found."""
    say("words", words="Writing the workbook", share=1.0)
    out = folder / PARTIAL
    out.mkdir(exist_ok=True)
    _write_table(found_so_far(given, folder), out)


def portfolio(folder: Path, given: tuple[SitesTable, dict[str, float | None], int], say: Say) -> None:
    """Spend one budget over the sound rows of a table, ask what would change the answer, write it."""
    from allocator.portfolio.answer import NoPlanError  # noqa: PLC0415
    from allocator.portfolio.answer import portfolio as best_portfolio  # noqa: PLC0415
    from allocator.portfolio.candidates import read_portfolio  # noqa: PLC0415
    from allocator.portfolio.infeasible import portfolio_infeasibility  # noqa: PLC0415
    from allocator.portfolio.questions import Questions  # noqa: PLC0415
    from allocator.portfolio.sentences import infeasible  # noqa: PLC0415
    from allocator.portfolio.workers import sites_on  # noqa: PLC0415
    from allocator.sites.cluster import Workers  # noqa: PLC0415

    table, options, processes = given
    sound, left_out = sound_rows(table)
    say("words", words=f"Reading {len(sound.rows):,} sites", share=0.0)
    candidates, mandate = read_portfolio(sound, None, options)

    def counted(function: Callable[[Candidate], SiteProblem], sites: Sequence[Candidate]) -> Iterator[SiteProblem]:
        for done, problem in enumerate(map_sites(function, sites), start=1):
            say("words", words=f"Economics of {done:,} of {len(sites):,} sites", share=0.5 * done / len(sites))
            yield problem
        say("words", words="Pricing the limits until plan and bound meet", share=0.5)

    try:
        with sites_on(Workers(jobs=processes), len(candidates)) as map_sites:
            asked = Questions(best_portfolio(candidates, mandate, map_sites=counted))
    except NoPlanError as error:
        say("infeasible", sentences=infeasible(portfolio_infeasibility(error)))
        return
    _ask(asked, say)
    _write(asked, table, left_out, folder / SPENT)


def sound_rows(table: SitesTable) -> tuple[SitesTable, list[str]]:
    """The table without rows that lead to no case, and their names."""
    from allocator.sites.table import site_case  # noqa: PLC0415

    kept, left_out = [], []
    for row in table.rows:
        try:
            site_case(table, row)
        except InputFaultsError:
            left_out.append(row.name)
        else:
            kept.append(row)
    return replace(table, rows=tuple(kept)), left_out


def _ask(asked: Questions, say: Say) -> None:
    say("words", words="Asking what one more dollar is worth", share=0.6)
    _ = asked.budget_price
    say("words", words="Following NPV from no budget to more than is used", share=0.65)
    _ = asked.curve
    say("words", words="Asking what each site brings", share=0.85)
    _ = asked.contributions


def _write(asked: Questions, table: SitesTable, left_out: list[str], out: Path) -> None:
    from allocator.portfolio.report import as_json  # noqa: PLC0415
    from allocator.portfolio.sentences import decision, mix_words  # noqa: PLC0415
    from allocator.workbook.portfolio_pack import write_portfolio_pack  # noqa: PLC0415

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    answer = as_json(asked, table.base.case.sha256())
    answer["sentences"] = decision(asked, with_passed_over=False)
    answer["plans"] = {site.name: mix_words(site) for site in asked.answer.sites}
    answer["left_out"] = left_out
    write_portfolio_pack(asked, out / PACK)
    (out / ANSWER).write_text(json.dumps(answer, allow_nan=False, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
