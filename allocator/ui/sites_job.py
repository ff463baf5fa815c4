"""Long work beside the pages, in a process of its own: begun in turn, told line by line, ended at once when called off.

Pages never wait for it, whatever it computes. Ending it loses nothing: what was found is in the ledger. It is ended
with all its workers when the reader stops it, when nobody is looking at the page any more, and when the pages end.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Container
from contextlib import suppress
from pathlib import Path
from threading import Condition, Event, Thread
from typing import IO, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

import allocator
from allocator.sites.nursery import ONE_THREAD
from allocator.ui.sites_worker import asked_file
from models.assumptions import Fault

AT_ONCE = 2
"""Runs of all readers together; others wait for their turn."""
SECONDS_AWAY = 30.0
"""So long may a browser be away, as when a network hiccups, before its run is stopped."""
LOOK_EVERY_SECONDS = 0.05
ENDS = frozenset({"done", "faults", "failed"})
"""Messages after which nothing more is done."""
ROOT = Path(allocator.__file__).parents[1]


def processes() -> int:
    """Workers of one run: its share of the cores."""
    return max(1, (os.cpu_count() or 1) // AT_ONCE)


class Line:
    """Who runs and who waits, first come first served. The one thing that readers have in common."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._standing: list[Job] = []
        self._changed = Condition()

    def join(self, job: Job) -> None:
        """Stand at the end."""
        with self._changed:
            self._standing.append(job)

    def wait_for_turn(self, job: Job) -> bool:
        """Wait until few enough are before this one; ``False`` if it is called off before."""
        with self._changed:
            while self._ahead(job) and not job.is_over():
                self._changed.wait(timeout=LOOK_EVERY_SECONDS * 4)
            return not job.is_over()

    def leave(self, job: Job) -> None:
        """Let the next one begin."""
        with self._changed:
            self._standing.remove(job)
            self._changed.notify_all()

    def ahead(self, job: Job) -> int:
        """How many must end before this one begins."""
        with self._changed:
            return self._ahead(job)

    def _ahead(self, job: Job) -> int:
        return max(0, self._standing.index(job) - self._at_once + 1) if job in self._standing else 0


@st.cache_resource(max_entries=1, show_spinner=False)
def line() -> Line:
    """The line in which all readers stand."""
    return Line(AT_ONCE)


class Job:
    """One run: waiting for its turn, running, ended or stopped."""

    def __init__(self, what: str, folder: Path, asked: Any, standing: Line, is_watched: Callable[[], bool]) -> None:
        self.what, self.folder = what, folder
        self.told: dict[str, dict[str, Any]] = {}
        """The last message of each kind."""
        self.last: dict[str, Any] = {}
        self._line, self._is_watched = standing, is_watched
        self._errors = folder / f"{what}.errors"
        self._stop, self._ended = Event(), Event()
        asked_file(folder, what).write_bytes(pickle.dumps(asked))
        standing.join(self)
        # A daemon: pages that end do not wait for it, and the process sees that they are gone.
        Thread(target=self._work, name=f"sites {what}", daemon=True).start()

    def is_over(self) -> bool:
        """Whether nobody wants it any more: stopped, or its reader is gone."""
        if not self._is_watched():
            self._stop.set()
        return self._stop.is_set()

    def stop(self) -> None:
        """End it now; what it found stays in the ledger."""
        self._stop.set()

    @property
    def ended(self) -> bool:
        """Whether no process of it is left."""
        return self._ended.is_set()

    @property
    def complete(self) -> bool:
        """Whether it did all that was asked."""
        return self.ended and "done" in self.told

    @property
    def stopped(self) -> bool:
        """Whether it was ended before it was done, by the reader or because nobody looked."""
        return self.ended and self._stop.is_set() and not ENDS & set(self.told)

    @property
    def ahead(self) -> int:
        """How many other runs must end before it begins."""
        return self._line.ahead(self)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What of the input it refused."""
        return tuple(Fault(**fault) for fault in self.told.get("faults", {}).get("faults", ()))

    @property
    def failure(self) -> str:
        """Why it gave nothing, in words; empty otherwise."""
        if not self.ended or self.complete or self.stopped or self.faults:
            return ""
        return str(
            self.told.get("failed", {}).get("words", "its process ended unexpectedly, perhaps for lack of memory")
        )

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came."""
        return self._ended.wait(seconds)

    def _work(self) -> None:
        try:
            if self._line.wait_for_turn(self) and self.folder.is_dir():
                self._run()
        except OSError as error:
            self._hear({"kind": "failed", "words": f"no process could be started ({error.strerror or error})"})
        finally:
            self._line.leave(self)
            self._ended.set()

    def _run(self) -> None:
        found = os.environ.get("PYTHONPATH")
        paths = os.pathsep.join([str(ROOT), found] if found else [str(ROOT)])
        with self._errors.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603  (this very software, by its full path)
                [sys.executable, "-m", "allocator.ui.sites_worker", self.what, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONPATH": paths, "TMPDIR": str(self.folder)},
                start_new_session=True,
            )
        listener = Thread(target=self._listen, args=(process.stdout,), daemon=True)
        listener.start()
        try:
            while not (_has_ended(process) or ENDS & set(self.told) or self.is_over()):
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            _end(process)
            listener.join()
            if process.stdin:
                process.stdin.close()

    def _listen(self, lines: IO[bytes] | None) -> None:
        if lines is None:
            return
        with lines:
            for line_ in lines:
                with suppress(ValueError):
                    self._hear(json.loads(line_))

    def _hear(self, message: dict[str, Any]) -> None:
        self.told[message["kind"]] = message
        self.last = message


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has; it is left unreaped, so that its number is not given to another meanwhile."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with everything that it started: they are a group of their own."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


class Bench:
    """A reader's private folder and the runs in it; both end with whoever holds it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sites-"))
        self._jobs: list[Job] = []
        self._is_watched = _watcher()
        self._close = weakref.finalize(self, _close, self.folder, self._jobs)

    def begin(self, what: str, asked: Any, ends: Container[str] = ()) -> Job:
        """Begin a run; one of the same kind that is still going is ended first, and those of kinds that it ``ends``."""
        for job in self._jobs:
            if (job.what == what or job.what in ends) and not job.ended:
                job.stop()
                job.wait(10.0)
        self._jobs[:] = [job for job in self._jobs if not job.ended]
        self._is_watched = _watcher()
        job = Job(what, self.folder, asked, line(), self._is_watched)
        self._jobs.append(job)
        return job


def _close(folder: Path, jobs: list[Job]) -> None:
    for job in jobs:
        job.stop()
    for job in jobs:
        job.wait(5.0)
    shutil.rmtree(folder, ignore_errors=True)


def _watcher() -> Callable[[], bool]:
    """Whether somebody still looks at the page that is being drawn."""
    drawn = get_script_run_ctx()
    session = drawn.session_id if drawn else ""
    seen = time.monotonic()

    def is_watched() -> bool:
        nonlocal seen
        now = time.monotonic()
        if not session or not runtime.exists() or runtime.get_instance().is_active_session(session):
            seen = now
        return now - seen < SECONDS_AWAY

    return is_watched
