"""Work beside the pages: in processes of their own, so that an edit never waits for an explanation.

Threads would not do: an explanation is seconds of Python, and a page drawn beside it would be held up at every step.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar

import streamlit as st

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

WORKERS = 2
NICENESS = 10
"""Pages are drawn first, whatever is being worked out."""


def submit(work: Callable[Given, Answer], *given: Given.args, **named: Given.kwargs) -> Future[Answer]:
    """Begin a function of some module with values that can be pickled; workers that died are replaced."""
    try:
        return _workers().submit(work, *given, **named)
    except BrokenExecutor:
        _workers.clear()
        return _workers().submit(work, *given, **named)


def is_lost(job: Future[Any]) -> bool:
    """Whether a job was called off, or its worker died: it gives no answer, but could be begun again."""
    return job.cancelled() or (job.done() and isinstance(job.exception(), BrokenExecutor))


@st.cache_resource(max_entries=1, show_spinner=False)
def _workers() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a fork would copy threads of the server in the midst of work
    return ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_begin)


def _begin() -> None:
    """In a worker: stand back behind the pages, end at once with Ctrl-C, and with the server whatever ends it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_end_with_server, daemon=True).start()


def _end_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(0)
