"""A process that has everything imported and from which workers are forked: they start, and start again, at once.

Where there is no fork (Windows) workers are started afresh, as Dask does by default.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

METHOD = "forkserver"
IMPORTED = ("distributed", "distributed.nanny", "allocator.sites.work")
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""A worker is one thread: linear algebra in several has other last digits, and workers would wait for each other."""


def begin() -> None:
    """Start it, if it can be had; returns at once, and what comes next is done while it imports."""
    if METHOD not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver  # noqa: PLC0415  (absent where there is no fork)

    with _one_thread(), _deaf_to_ctrl_c():
        forkserver.set_forkserver_preload(list(IMPORTED))
        forkserver.ensure_running()


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started within ignores Ctrl-C, which a terminal sends to all: the batch stops its workers itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def used_for_processes() -> Iterator[str | None]:
    """Within it, new processes come from there; yields how Dask has to be told, or its own way without fork."""
    if METHOD not in multiprocessing.get_all_start_methods():
        yield "spawn"
        return
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(METHOD, force=True)
    try:
        yield None  # the default method: named, Dask would import everything that it might ever need
    finally:
        multiprocessing.set_start_method(before, force=True)
