"""What a reader has on page Sites, kept while the page is left: the table, its run, a portfolio; and how each changes.

Every callback may be called twice, and does nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import streamlit as st

from allocator.case import Case
from allocator.sites.table import site_case
from allocator.ui import state
from allocator.ui.desk import Desk, document_of
from allocator.ui.sites_job import Bench, Job, processes
from allocator.ui.sites_upload import SAMPLE, Loaded, read_upload, sample
from allocator.ui.sites_worker import BATCH, FILES, PORTFOLIO, found_so_far
from models.assumptions import Fault, InputFaultsError

if TYPE_CHECKING:
    from allocator.sites.batch import Solved

BENCH, LOADED, FAULTS = "sites_bench", "sites_loaded", "sites_faults"
RUN, FILES_OF, SPENDING, CHOICES = "sites_run", "sites_files", "sites_spending", "sites_choices"
FEW = 100
"""Sites that are solved before workers would have started."""
UPLOAD, TAKEN = "sites_upload", "sites_taken"


@dataclass(frozen=True)
class Run:
    """A table being solved, solved, or stopped."""

    loaded: Loaded
    job: Job

    @cached_property
    def solved(self) -> Solved:
        """What the ledger holds of it; asked only when the job has ended."""
        return found_so_far(self.loaded.table, self.job.folder)


@dataclass(frozen=True)
class Spending:
    """One budget being spent over a table, or spent."""

    loaded: Loaded
    options: dict[str, float | None]
    job: Job


def bench() -> Bench:
    """The reader's own folder and runs."""
    if BENCH not in st.session_state:
        st.session_state[BENCH] = Bench()
    found: Bench = st.session_state[BENCH]
    return found


def loaded() -> Loaded | None:
    """The table that was handed in last and could be used."""
    found: Loaded | None = st.session_state.get(LOADED)
    return found


def table_faults() -> tuple[Fault, ...]:
    """Why the table that was handed in last could not be used."""
    found: tuple[Fault, ...] = st.session_state.get(FAULTS, ())
    return found


def run() -> Run | None:
    """The run over the present table."""
    found: Run | None = st.session_state.get(RUN)
    return found


def spending() -> Spending | None:
    """The portfolio of the present table."""
    found: Spending | None = st.session_state.get(SPENDING)
    return found


def choice(name: str, default: Any) -> Any:
    """What the reader chose on this page."""
    return st.session_state.get(CHOICES, {}).get(name, default)


def choose(name: str, value: Any) -> None:
    """Callback: a choice on this page."""
    st.session_state[CHOICES] = {**st.session_state.get(CHOICES, {}), name: value}


def take_upload() -> None:
    """Callback of the upload; a file is taken once."""
    uploaded = st.session_state.get(UPLOAD)
    if uploaded is None:
        st.session_state.pop(FAULTS, None)
    if uploaded is None or uploaded.file_id == st.session_state.get(TAKEN):
        return
    st.session_state[TAKEN] = uploaded.file_id
    _take(uploaded.name, uploaded.getvalue(), state.desk())


def take_sample() -> None:
    """Callback: the sample table over the case on the desk."""
    _take(SAMPLE, sample(), state.desk())


def take_again() -> None:
    """Callback: the same table over the case that is on the desk now."""
    if (before := loaded()) is not None:
        _take(before.name, before.content, state.desk())


def _take(name: str, content: bytes, desk: Desk) -> None:
    try:
        found = read_upload(name, content, desk)
    except InputFaultsError as error:
        st.session_state[FAULTS] = error.faults
        return
    put_away()
    st.session_state[LOADED] = found


def put_away() -> None:
    """Callback: no table; whatever runs is ended."""
    for held in (run(), spending()):
        if held is not None:
            held.job.stop()
    for key in (LOADED, FAULTS, RUN, FILES_OF, SPENDING):
        st.session_state.pop(key, None)


def solve() -> None:
    """Callback: begin, or go on where a run stopped; files of what it found are no longer wanted then."""
    table, before = loaded(), run()
    if table is None or (before is not None and (before.job.complete or not before.job.ended)):
        return
    st.session_state[RUN] = Run(table, bench().begin(BATCH, (table.table, processes(), FEW), {FILES}))


def stop() -> None:
    """Callback: end the run; what was found stays."""
    if (held := run()) is not None:
        held.job.stop()


def files_of_what_was_found() -> Job:
    """The files of a stopped run, being written or written; begun once a run."""
    held = run()
    known: tuple[Job, Job] | None = st.session_state.get(FILES_OF)
    if held is None:
        raise LookupError("nothing was run")
    if known is None or known[0] is not held.job:
        known = (held.job, bench().begin(FILES, held.loaded.table))
        st.session_state[FILES_OF] = known
    return known[1]


def spend(options: dict[str, float | None]) -> None:
    """Begin to spend one budget over the present table; an earlier portfolio gives way."""
    if (table := loaded()) is not None:
        job = bench().begin(PORTFOLIO, (table.table, options, processes()))
        st.session_state[SPENDING] = Spending(table, options, job)


def stop_spending() -> None:
    """Callback: no portfolio after all."""
    if (held := spending()) is not None:
        held.job.stop()


def open_site(name: str) -> None:
    """Callback: the case of one site becomes the one on the desk, with the site's name as its origin."""
    if (case := case_of_site(name)) is not None:
        state.put_anew(Desk.opened(document_of(case), name))


def case_of_site(name: str) -> Case | None:
    """The case of one site of the table; ``None`` where it has none that is sound."""
    table = loaded()
    row = table.row(name) if table else None
    if table is None or row is None:
        return None
    try:
        return site_case(table.table, row)
    except InputFaultsError:
        return None


def is_on_desk(name: str) -> bool:
    """Whether this site of this table is what the reader works on, edited or not."""
    desk = state.desk()
    return desk.origin == name and desk.base == case_of_site(name)


def back_to_base() -> None:
    """Callback: the base case as it was on the desk when the table was read."""
    if (table := loaded()) is not None:
        state.put_anew(table.desk)
