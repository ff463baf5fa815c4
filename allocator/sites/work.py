"""One site's work, and a chunk of it: what runs on a worker. Whatever happens to a site becomes its row."""

from __future__ import annotations

import faulthandler
import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from allocator.activities import Activities, Use, activities
from allocator.allocation import TAKEN_MW, Allocation, InfeasibleError, MixLine, allocation_of
from allocator.formats import megawatts, quarter
from allocator.infeasible import infeasibility
from allocator.program.build import build
from allocator.program.constraints import grid_mw
from allocator.program.solve import LiveProgram, OverTimeError, SolverError, Status, check_time
from allocator.program.time_limit import time_limit
from allocator.report import package_version
from allocator.sentences import infeasible
from allocator.sites.columns import Columns
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.table import Base, SiteRow, SitesTable, site_case
from models.assumptions import InputFaultsError

BETWEEN_FAULTS = " | "
STUCK, GRACE_S = 3.0, 60.0
"""A site that takes this many times its limit, and this much longer, is stuck."""
SHOWN_MW = 0.05
"""Less is not named in words."""
MOST_NAMED = 4
"""Offers, and machines, that a decision names; the rest are counted."""


@dataclass(frozen=True)
class Shared:
    """What all sites of a table have in common, worked out once a worker."""

    table: SitesTable
    """Without its rows."""
    choices: Activities
    """Of the base case: what a site does not change is taken over from it."""
    solved: LiveProgram | None
    """The base case where it has a plan: searches for those of its sites start there, which takes a third of the time.

    Always the base case and never the site before, so that an answer does not hang on what a worker did before.
    """


@dataclass(frozen=True)
class ChunkAnswer:
    """Outcomes of a chunk in the order of its rows, and the version of the software that found them."""

    version: str
    outcomes: tuple[Outcome, ...]


def packed(table: SitesTable) -> bytes:
    """Base case and columns as they are sent with every chunk."""
    return pickle.dumps((table.base, table.columns))


@lru_cache(maxsize=2)
def unpacked(common: bytes) -> Shared:
    """What :func:`packed` sent, with the activities of the base case; kept from chunk to chunk."""
    base: Base
    columns: Columns
    base, columns = pickle.loads(common)  # noqa: S301  (a Dask worker takes whole functions; that is what TLS is for)
    choices = activities(base.case)
    return Shared(SitesTable(base, columns, ()), choices, _solved(choices))


def _solved(choices: Activities) -> LiveProgram | None:
    live = LiveProgram(build(choices).form)
    if live.has_integers:
        return None
    try:
        return live if live.answer().status is Status.OPTIMAL else None
    except SolverError:
        return None  # the base case need not have a plan for its sites to have one


def solve_chunk(common: bytes, rows: Sequence[SiteRow], time_limit_s: float) -> ChunkAnswer:
    """Outcomes of some rows, one after the other; no row keeps the next from being looked at."""
    shared = unpacked(common)
    outcomes = []
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        try:
            for row in rows:
                # Ends this process, should a site hang where no limit is looked at: others then take its chunk over.
                faulthandler.dump_traceback_later(STUCK * time_limit_s + GRACE_S, exit=True, file=nowhere)
                outcomes.append(solve_site(shared, row, time_limit_s))
        finally:
            faulthandler.cancel_dump_traceback_later()
    return ChunkAnswer(package_version(), tuple(outcomes))


def solve_site(shared: Shared, row: SiteRow, time_limit_s: float) -> Outcome:
    """A row's plan, or the reason why it has none."""
    try:
        case = site_case(shared.table, row)
        with time_limit(time_limit_s):
            choices = activities(case, reuse=shared.choices)
            check_time()
            return outcome_of(allocation_of(build(choices), near=shared.solved))
    except InputFaultsError as error:
        return Outcome(SiteStatus.BAD_INPUT, BETWEEN_FAULTS.join(map(str, error.faults)))
    except InfeasibleError as error:
        return _impossible(error, time_limit_s)
    except OverTimeError:
        return Outcome(SiteStatus.OVER_TIME, f"took longer than {time_limit_s:g} seconds; raise --time-limit")
    except SolverError as error:
        return Outcome(SiteStatus.FAILED, str(error))
    except Exception as error:  # noqa: BLE001  (a fault of the program in one site must not lose the others)
        return Outcome(SiteStatus.FAILED, f"{type(error).__name__}: {error}")


def _impossible(error: InfeasibleError, time_limit_s: float) -> Outcome:
    try:
        with time_limit(time_limit_s):
            reason = " ".join(infeasible(infeasibility(error.program)))
    except SolverError:
        reason = "No plan meets every limit; what would cure it was not found in time."
    return Outcome(SiteStatus.INFEASIBLE, reason)


def outcome_of(plan: Allocation) -> Outcome:
    """A plan in one row: only what the table shows is worked out."""
    choices = plan.choices
    units = np.where(plan.units > TAKEN_MW, plan.units, 0.0)
    hosting = choices.facility_mw[:, choices.hosting] @ units[choices.hosting]
    mining = choices.facility_mw[:, ~choices.hosting] @ units[~choices.hosting]
    idle = np.maximum(0.0, grid_mw(plan.case) - hosting - mining)
    peak = plan.peak_equity_usd
    return Outcome(
        SiteStatus.OPTIMAL,
        decision=decision_words(plan),
        npv_usd=plan.npv_usd,
        hosting_npv_usd=plan.npv_of(Use.HOSTING),
        mining_npv_usd=plan.npv_of(Use.MINING),
        capex_usd=plan.capex_usd,
        peak_equity_usd=peak,
        npv_per_peak_equity=plan.npv_usd / peak if peak > 0 else None,
        irr=plan.irr,
        payback_years=plan.payback_years,
        hosting_mw=float(hosting.max(initial=0.0)),
        hosting_critical_it_mw=float(units[choices.hosting].sum()),
        mining_mw=float(mining.max(initial=0.0)),
        mean_idle_mw=float(idle.mean()),
    )


def decision_words(plan: Allocation) -> str:
    """Which offers are taken, how much of each and from when; what mines, and until when.

    >>> from allocator.allocation import allocate
    >>> from allocator.files import load_case
    >>> decision_words(allocate(load_case("river-bend")))
    'from Q2 2027 lease 245 MW (critical IT) of River Bend'
    """
    label = plan.case.timeline.quarter_label
    lines = [line for line in plan.mix if line.units_mw >= SHOWN_MW]
    words = []
    for owner in dict.fromkeys(line.activity.owner for line in lines if line.activity.use is Use.HOSTING):
        taken = [line for line in lines if line.activity.use is Use.HOSTING and line.activity.owner == owner]
        offer = plan.case.leases[owner]
        units = sum(line.units_mw for line in taken)
        of = "" if units >= offer.critical_it_mw - SHOWN_MW else f"{offer.critical_it_mw:g} of "
        start = quarter(label(min(line.activity.start for line in taken)))
        words.append(f"from {start} lease {megawatts(units)} (critical IT) of {of}{offer.name}")
    mined = [line for line in lines if line.activity.use is Use.MINING]
    if mined:
        words.append(_mining_words(plan, mined))
    hidden = len(words) - MOST_NAMED
    if hidden > 0:
        words = [*words[:MOST_NAMED], f"{hidden} more"]
    return "; ".join(words) or "leave the site idle"


def _mining_words(plan: Allocation, mined: Sequence[MixLine]) -> str:
    label = plan.case.timeline.quarter_label
    most = float(plan.used_mw[:, ~plan.choices.hosting].sum(axis=1).max(initial=0.0))
    start, stop = min(line.activity.start for line in mined), max(line.activity.stop for line in mined)
    names = list(dict.fromkeys(line.activity.owner_name for line in mined))
    named = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    return f"from {quarter(label(start))} to {quarter(label(stop))} mine up to {megawatts(most)} (facility): {named}"
