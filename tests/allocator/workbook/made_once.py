"""Files that take seconds to make and that several test files read: made once a run, whichever worker comes first."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

PATIENCE_SECONDS = 900.0


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file of that name, which every worker of the run shares; nobody may write to it after it is made.

    Another worker that makes it just now is waited for. The lock ends with the process that holds it.
    """
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made-once"
    folder.mkdir(exist_ok=True)
    path = folder / name
    with closing(sqlite3.connect(folder / f"{name}.lock", timeout=PATIENCE_SECONDS, isolation_level=None)) as lock:
        lock.execute("begin exclusive")
        if not path.exists():
            unfinished = folder / f"unfinished-{name}"
            make(unfinished)
            unfinished.replace(path)
    return path
