"""The terminal that people read: as wide as it is, or of a fixed width where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

PIPED_WIDTH = 120


def terminal() -> Console:
    """Standard output as a rich console; plain text when piped."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Says on standard error what is being done: one line that changes, or nothing where nobody is watching."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield status.update
