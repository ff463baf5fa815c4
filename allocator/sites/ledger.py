"""What has been found so far, on disk: a batch that is killed loses nothing that was written here.

SQLite in write-ahead mode: a row is whole or absent, whatever happens to the process. Outcomes are kept by a
fingerprint of (row, base case, version), so that the same command goes on where it stopped, an edited row alone is
solved again, and no result of another base case or version is ever shown as one of this.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from allocator.sites.outcome import Outcome, SiteStatus, from_json
from allocator.sites.table import SiteRow, SitesTable
from models.assumptions import Assumptions, Fault, InputFaultsError

FILE, LOCK = "ledger.sqlite", ".in-use.sqlite"
_TABLE = """
create table if not exists sites (
    fingerprint text primary key,
    handed_out integer not null default 0,  -- how many times it was given to a worker
    time_limit_s real,
    outcome text
) without rowid
"""
_HAND_OUT = (
    "insert into sites (fingerprint, handed_out) values (?, 1) "
    "on conflict (fingerprint) do update set handed_out = handed_out + 1"
)
_RECORD = (
    "insert into sites (fingerprint, time_limit_s, outcome) values (?, ?, ?) on conflict (fingerprint) "
    "do update set time_limit_s = excluded.time_limit_s, outcome = excluded.outcome"
)


def fingerprints(table: SitesTable, version: str) -> tuple[str, ...]:
    """What each row's outcome hangs on, hashed: its name and inputs, what is wrong with it, the base case, the version.

    Where a row stands matters only to faults that name it.
    """
    common = f"{version}\n{table.base.case.sha256()}\n".encode()
    return tuple(hashlib.sha256(common + _content(row)).hexdigest() for row in table.rows)


def _content(row: SiteRow) -> bytes:
    parts = [row.name, dict(row.given), [str(fault) for fault in row.faults]]
    return json.dumps(parts, sort_keys=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Assumptions):
        return value.model_dump(mode="json")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a cell holds a {type(value).__name__}")


@dataclass(frozen=True)
class Recorded:
    """An outcome and the seconds that were allowed for it."""

    outcome: Outcome
    time_limit_s: float


class Ledger:
    """The ledger of one folder, held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or begin it.

        Raises
        ------
        InputFaultsError
            If another run holds it, or the file is not a ledger.
        """
        self._lock = _held(folder)
        self._file = folder / FILE
        try:
            self._known = sqlite3.connect(self._file, isolation_level=None)
            self._known.execute("pragma journal_mode = wal")
            self._known.execute("pragma synchronous = normal")
            self._known.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            self._lock.close()
            raise self._unreadable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have it."""
        self._known.close()
        self._lock.close()

    def found(self, wanted: Iterable[str]) -> dict[str, Recorded]:
        """Outcomes by fingerprint, of those wanted that have one."""
        asked = set(wanted)
        try:
            rows = self._known.execute("select fingerprint, outcome, time_limit_s from sites where outcome not null")
            return {key: Recorded(from_json(text), limit) for key, text, limit in rows if key in asked}
        except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
            raise self._unreadable(error) from error

    def hand_out(self, keys: Sequence[str]) -> None:
        """Note that rows were given to a worker."""
        self._write(_HAND_OUT, [(key,) for key in keys])

    def record(self, outcomes: Mapping[str, Outcome], time_limit_s: float) -> None:
        """Keep outcomes, all of them or none."""
        self._write(_RECORD, [(key, time_limit_s, outcome.as_json()) for key, outcome in outcomes.items()])

    def times_handed_out(self) -> dict[str, int]:
        """How often each row was given to a worker."""
        return dict(self._known.execute("select fingerprint, handed_out from sites"))

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._known.execute("begin immediate")
        try:
            self._known.executemany(statement, rows)
        except BaseException:
            self._known.execute("rollback")
            raise
        self._known.execute("commit")

    def _unreadable(self, error: Exception) -> InputFaultsError:
        rule = f"is not a ledger that can be read ({error})"
        return InputFaultsError([Fault(str(self._file), "", rule, "move it away, or name another folder with --out")])


def _held(folder: Path) -> sqlite3.Connection:
    """A lock that ends with the process, however it ends."""
    lock = sqlite3.connect(folder / LOCK, timeout=0.0, isolation_level=None)
    try:
        lock.execute("begin exclusive")
    except sqlite3.OperationalError as error:
        lock.close()
        remedy = "wait for it, or name another folder with --out"
        raise InputFaultsError([Fault(str(folder), "", "is being written by another run", remedy)]) from error
    return lock


def is_open_question(known: Recorded | None, time_limit_s: float, *, again: bool) -> bool:
    """Whether a row is still to be solved: without outcome, or out of time with more now, or asked for again."""
    if known is None:
        return True
    if known.outcome.status is SiteStatus.OVER_TIME:
        return again or time_limit_s > known.time_limit_s
    return again and known.outcome.status is SiteStatus.FAILED


def sites_in(folder: Path) -> int:
    """How many outcomes a folder's ledger holds, without taking hold of it; 0 where there is none."""
    if not (folder / FILE).exists():
        return 0
    with closing(sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)) as known:
        return int(known.execute("select count(outcome) from sites").fetchone()[0])
