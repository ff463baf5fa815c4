"""Small sites in any number: a base case in a file, and tables whose rows are drawn from a seed."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from allocator.case import Case, case_from_document, override
from allocator.files import dump_case
from allocator.sites import nursery
from tests.allocator.small import document, lease

ROOT = Path(__file__).resolve().parents[3]
HEADS = ("name", "site.grid_mw", "power.price_usd_per_mwh", "leases[0].rent_usd_per_kw_month", "leases[0].ltc")
FILES = ("results.parquet", "results.csv", "results.json", "results.xlsx")


def base_document() -> dict[str, Any]:
    """Two years of quarters, a fleet, a purchase and an offer: some milliseconds a site."""
    return document(horizon_years=2, leases=[lease(term_years=1, build_months=3, deliveries=1)])


def base_file(folder: Path) -> Path:
    path = folder / "base.toml"
    path.write_text(dump_case(case_from_document(base_document())), encoding="utf-8")
    return path


def rows(count: int, seed: int = 1) -> list[list[Any]]:
    rng = np.random.default_rng(seed)
    return [
        [
            f"Site {i:04d}", round(float(rng.uniform(12, 40)), 3), round(float(rng.uniform(15, 60)), 3),
            round(float(rng.uniform(60, 260)), 3), round(float(rng.uniform(0.2, 0.8)), 3),
        ]
        for i in range(count)
    ]  # fmt: skip


def sites_file(folder: Path, table: Sequence[Sequence[Any]], heads: Sequence[str] = HEADS) -> Path:
    path = folder / "sites.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *table])
    return path


def case_of(row: Sequence[Any], heads: Sequence[str] = HEADS) -> Case:
    """The case of a row by way of overrides of the whole document: nothing of the tables' own code."""
    changed: dict[str, Any] = base_document()
    for path, value in zip(heads, row, strict=True):
        changed = override(changed, path, value)
    return case_from_document(changed)


def batch_command(case: Path, sites: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "allocator.cli", "batch", str(case), str(sites), "--out", str(out), *options]


def run_batch(case: Path, sites: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = batch_command(case, sites, out, *options)
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


def _as_at_a_terminal() -> None:
    """Tests that a shell began in the background have Ctrl-C ignored, and so would all that they begin."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Driver:
    """A batch in a process of its own, to be killed or interrupted."""

    def __init__(self, case: Path, sites: Path, out: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            batch_command(case, sites, out, *options),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
            preexec_fn=_as_at_a_terminal,  # noqa: PLW1509
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=60)

    def interrupt(self) -> tuple[int, str]:
        """Exit code and standard error after what a terminal does on Ctrl-C: workers hear it too."""
        os.killpg(self._process.pid, signal.SIGINT)
        said = self._process.communicate(timeout=60)[1]
        return self._process.returncode, said

    def wait(self) -> int:
        self._process.communicate(timeout=120)
        return self._process.returncode


class ForkedDriver(Driver):
    """The same, forked from a process that has imported everything, and so are its workers: it starts at once."""

    def __init__(self, case: Path, sites: Path, out: Path, *options: str) -> None:
        nursery.begin()
        arguments = batch_command(case, sites, out, *options)[3:]
        self._forked = multiprocessing.get_context(nursery.METHOD).Process(target=_drive, args=(arguments,))
        self._forked.start()

    @property
    def pid(self) -> int:
        return self._forked.pid or 0

    def is_running(self) -> bool:
        return self._forked.is_alive()

    def kill(self) -> None:
        self._forked.kill()
        self._forked.join(60)
        self._forked.close()


def _drive(arguments: list[str]) -> None:
    from multiprocessing import forkserver

    from allocator import cli

    # Its workers come from the process from which it was forked itself, not from a second one of that kind.
    forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        sys.argv = ["allocator", *arguments]
        cli.main()


def wait_until(driver: Driver, reached: Callable[[], bool], seconds: float = 120.0) -> None:
    """Until something came about; fails where the batch ended before, or stands still."""
    end = time.monotonic() + seconds
    while not reached():
        assert driver.is_running(), "the batch ended before"
        assert time.monotonic() < end, "the batch stands still"
        time.sleep(0.003)


def ledger_counts(out: Path) -> tuple[int, int, int]:
    """Rows with an outcome, all hand-outs, rows handed out without an outcome; read beside the running batch."""
    file = out / "ledger.sqlite"
    if not file.exists():
        return 0, 0, 0
    known = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5.0)
    try:
        query = "select count(outcome), coalesce(sum(handed_out), 0), count(*) - count(outcome) from sites"
        found, handed, open_rows = known.execute(query).fetchone()
    except sqlite3.OperationalError:  # the table is not there yet
        return 0, 0, 0
    finally:
        known.close()
    return int(found), int(handed), int(open_rows)


def contents(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in FILES]
