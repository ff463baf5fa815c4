"""A batch: what the ledger does not know yet is solved, written down as it comes, and read back as one table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from allocator.report import package_version
from allocator.sites.cluster import Dispatch, SolveChunk, Workers, connected
from allocator.sites.ledger import Ledger, fingerprints, is_open_question
from allocator.sites.outcome import Outcome
from allocator.sites.table import SitesTable
from allocator.sites.work import packed, solve_chunk
from models.assumptions import Fault, InputFaultsError

SECONDS_A_SITE = 60.0


@dataclass(frozen=True)
class Progress:
    """How far a batch is."""

    sites: int
    done: int
    """With those that the ledger knew before."""
    known_before: int
    seconds: float
    """Since the first chunk was handed out."""

    @property
    def sites_per_second(self) -> float:
        """Of those solved now; 0 before the first."""
        return (self.done - self.known_before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; ``None`` while there is none."""
        return (self.sites - self.done) / self.sites_per_second if self.sites_per_second > 0 else None


@dataclass(frozen=True)
class Solved:
    """Every site of a table with its outcome, in the order of the table."""

    table: SitesTable
    outcomes: tuple[Outcome, ...]
    progress: Progress


def solve_sites(
    table: SitesTable,
    folder: Path,
    workers: Workers,
    *,
    time_limit_s: float = SECONDS_A_SITE,
    again: bool = False,
    say: Callable[[Progress], None] = lambda _: None,
    solve: SolveChunk = solve_chunk,
) -> Solved:
    """Solve what the folder's ledger does not hold, and return the whole table.

    Parameters
    ----------
    again : solve rows again that failed or ran out of time.
    say : is told of every chunk that came back.
    solve : what a worker does with a chunk.

    Raises
    ------
    InputFaultsError
        If the folder is in use, its ledger is none, or the workers cannot be had.
    allocator.sites.cluster.ClusterLostError
        If the cluster went away; what came back is in the ledger, and the same call goes on from there.
    """
    if faults := [*workers.faults(), *_limit_faults(time_limit_s)]:
        raise InputFaultsError(faults)
    keys = fingerprints(table, package_version())
    with Ledger(folder) as ledger:
        known = ledger.found(keys)
        places = [i for i, key in enumerate(keys) if is_open_question(known.get(key), time_limit_s, again=again)]
        before = len(keys) - len(places)
        progress = Progress(len(keys), before, before, 0.0)
        say(progress)
        if places:
            with connected(workers) as client:
                began = time.monotonic()
                dispatch = Dispatch(client, solve, packed(table), table.rows, time_limit_s)
                for found in dispatch.outcomes(places, lambda at: ledger.hand_out([keys[i] for i in at])):
                    ledger.record({keys[i]: outcome for i, outcome in found.items()}, time_limit_s)
                    seconds = time.monotonic() - began
                    progress = Progress(len(keys), progress.done + len(found), before, seconds)
                    say(progress)
        found_at_last = ledger.found(keys)
        return Solved(table, tuple(found_at_last[key].outcome for key in keys), progress)


def _limit_faults(seconds: float) -> list[Fault]:
    if 0.0 < seconds <= 86_400.0:
        return []
    return [Fault("--time-limit", f"{seconds:g}", "is not between 0 and 86,400 seconds", "give seconds a site")]
