"""Work beside the pages: in processes of their own, so that an edit never waits for an explanation.

Threads would not do: an explanation is seconds of Python, and a page drawn beside it would be held up at every step.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from allocator.ui import worker

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

WORKERS = 2
ATTEMPTS, PAUSE_S = 20, 0.01
MOST_LOSSES = 2


def submit(work: Callable[Given, Answer], *given: Given.args, **named: Given.kwargs) -> Future[Answer]:
    """Begin a function of some module with values that can be pickled; workers that died are replaced."""
    content = _packed((work, given, named))
    try:
        job = _workers().submit(worker.call, content)
    except BrokenExecutor:
        _workers.clear()
        job = _workers().submit(worker.call, content)
    _losses().watch(job, hashlib.sha256(content).digest())
    return job


def _packed(task: Any) -> bytes:
    """The task as bytes, now: a plan that other sessions read keeps what they ask of it while it is written."""
    for _ in range(ATTEMPTS - 1):
        try:
            return pickle.dumps(task)
        except RuntimeError:  # a property of the plan was worked out meanwhile
            time.sleep(PAUSE_S)
    return pickle.dumps(task)


def is_lost(job: Future[Any]) -> bool:
    """Whether a job was called off, or its worker died of something else: it could be begun again."""
    return job.cancelled() or (job.done() and _is_broken(job) and not _losses().kills(job))


def _is_broken(job: Future[Any]) -> bool:
    return not job.cancelled() and isinstance(job.exception(), BrokenExecutor)


class Losses:
    """Which tasks were in hand when workers died: one that was there every time is not begun for ever."""

    def __init__(self) -> None:
        self._tasks: WeakKeyDictionary[Future[Any], bytes] = WeakKeyDictionary()
        self._counts: Counter[bytes] = Counter()

    def watch(self, job: Future[Any], task: bytes) -> None:
        """Count it if its worker dies."""
        self._tasks[job] = task
        job.add_done_callback(self._note)

    def _note(self, job: Future[Any]) -> None:
        if _is_broken(job):
            self._counts[self._tasks[job]] += 1

    def kills(self, job: Future[Any]) -> bool:
        """Whether its workers died as often as is tried."""
        return self._counts[self._tasks[job]] >= MOST_LOSSES


@st.cache_resource(max_entries=1, show_spinner=False)
def _losses() -> Losses:
    return Losses()


@st.cache_resource(max_entries=1, show_spinner=False)
def _workers() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a fork would copy threads of the server in the midst of work
    return ProcessPoolExecutor(WORKERS, mp_context=context, initializer=worker.begin)
