"""Waiting for the background without holding the page up."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import streamlit as st

LOOK_EVERY_SECONDS = 0.4


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def redraw_when_done(jobs: Sequence[Future[Any]], words: str) -> None:
    """Look now and then whether a job has ended, and draw the page again when one has."""
    if any(job.done() for job in jobs):
        st.rerun()
    st.caption(f":material/hourglass_top: {words}")
