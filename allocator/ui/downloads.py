"""The answer to take away: board pack, case, JSON."""

from __future__ import annotations

import json
from concurrent.futures import Future
from functools import partial
from typing import Any

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.files import dump_case
from allocator.report import as_json
from allocator.ui.answers import pack_job
from allocator.ui.sidebar import file_stem
from allocator.ui.terms import plain

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show(plan: Allocation, explanation: Explanation | None) -> Future[bytes] | None:
    """Draw the buttons; returns the pack while it is being written."""
    stem = file_stem(plan.case.name)
    pack = None if explanation is None else pack_job(plan, explanation)
    reason = failure_of(pack)
    ready = pack is not None and pack.done() and not reason
    first, second, third = st.columns(3)
    first.download_button(
        "Board pack .xlsx" if ready or reason else "Board pack .xlsx · being written",
        pack.result() if ready and pack is not None else b"",
        f"{stem}.xlsx",
        XLSX,
        key="download_pack",
        type="primary",
        icon=":material/table_view:",
        disabled=not ready,
        on_click="ignore",
        width="stretch",
    )
    second.download_button(
        "Case .toml",
        partial(dump_case, plan.case, with_prices=True),
        f"{stem}.toml",
        "application/toml",
        key="download_case",
        icon=":material/description:",
        on_click="ignore",
        width="stretch",
    )
    third.download_button(
        "JSON",
        "" if explanation is None else partial(json_text, plan, explanation),
        f"{stem}.json",
        "application/json",
        key="download_json",
        icon=":material/data_object:",
        disabled=explanation is None,
        on_click="ignore",
        width="stretch",
    )
    if reason:
        st.caption(f"The board pack could not be written: {plain(reason)}")
    return pack if pack is not None and not pack.done() else None


def json_text(plan: Allocation, explanation: Explanation) -> str:
    """The answer as a program reads it."""
    return json.dumps(as_json(plan, explanation), indent=2)


def failure_of(job: Future[Any] | None) -> str:
    """Why a job that is done gave nothing; empty if it gave something or is still running."""
    if job is None or not job.done() or job.cancelled():
        return ""
    error = job.exception()
    return "" if error is None else str(error) or type(error).__name__
