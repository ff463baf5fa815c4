"""The wait for a run beside the page: its turn, how far it is, a button that ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from allocator.ui.sites_job import AT_ONCE, Job
from allocator.ui.terms import plain
from allocator.ui.waiting import LOOK_EVERY_SECONDS

if TYPE_CHECKING:
    from allocator.sites.batch import Progress


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def wait_for(job: Job, key: str, on_stop: Callable[[], None]) -> None:
    """A bar with words and a button; the page is drawn again when the run ends."""
    if job.ended:
        st.rerun()
    share, words = how_far(job)
    bar, button = st.columns([5, 1], vertical_alignment="bottom")
    bar.progress(share, f":material/hourglass_top: {plain(words)} …")
    button.button("Stop", key=key, icon=":material/stop:", width="stretch", on_click=on_stop)


def how_far(job: Job) -> tuple[float, str]:
    """Share done and words for it."""
    if ahead := job.ahead:
        others = "1 run is" if ahead == 1 else f"{ahead} runs are"
        return 0.0, f"Waiting for its turn: {others} before this one ({AT_ONCE} at a time on this server)"
    last = job.last
    if last.get("kind") == "progress":
        return _progress(last)
    if last.get("kind") == "words":
        return min(1.0, max(0.0, float(last["share"]))), str(last["words"])
    return 0.0, "Starting the workers"


def _progress(last: dict[str, Any]) -> tuple[float, str]:
    from allocator.sites.batch import Progress  # noqa: PLC0415  (brings Dask along)
    from allocator.sites.progress import progress_words  # noqa: PLC0415

    so_far: Progress = Progress(**{name: last[name] for name in ("sites", "done", "known_before", "seconds")})
    return so_far.done / max(1, so_far.sites), progress_words(so_far)


def stopped(words: str) -> None:
    """It was ended before it was done."""
    st.info(f"Stopped. {words}", icon=":material/stop_circle:")
