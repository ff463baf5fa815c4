"""A process that works beside the pages: how it begins, and what it does. It needs nothing of the pages themselves."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from typing import Any

NICENESS = 10
"""Pages are drawn first, whatever is being worked out."""


def begin() -> None:
    """Stand back behind the pages, end at once with Ctrl-C, and with the server whatever ends it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_end_with_server, daemon=True).start()


def _end_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def call(content: bytes) -> Any:
    """Do what was sent, by the server that began this process: a function and what it is given."""
    work, given, named = pickle.loads(content)  # noqa: S301
    return work(*given, **named)
