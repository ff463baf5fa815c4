"""How far a batch is, on standard error: a bar where somebody watches, a line now and then where nobody does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from allocator.sites.batch import Progress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """Yields what is to be told of every chunk that came back."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting workers", total=None)
        yield lambda so_far: bar.update(
            task, completed=so_far.done, total=so_far.sites, description=progress_words(so_far)
        )


class _Lines:
    """Says the first and the last, and between them one line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_at = -SECONDS_BETWEEN_LINES

    def __call__(self, so_far: Progress) -> None:
        now = time.monotonic()
        if now - self._said_at >= SECONDS_BETWEEN_LINES or so_far.done == so_far.sites:
            self._said_at = now
            self._console.print(progress_words(so_far), soft_wrap=True)


def progress_words(so_far: Progress) -> str:
    """Done, rate and time left.

    >>> progress_words(Progress(600, 150, 0, 5.0))
    '150 of 600 sites, 30 a second, 15 s left'
    >>> progress_words(Progress(600, 150, 150, 0.0))
    '150 of 600 sites, all found before'
    """
    words = [f"{so_far.done:,} of {so_far.sites:,} sites"]
    if so_far.done == so_far.known_before:
        return f"{words[0]}, all found before" if so_far.done else words[0]
    rate = so_far.sites_per_second
    words.append(f"{rate:,.0f} a second" if rate >= 9.5 else f"{rate:.1f} a second")
    if so_far.seconds_left and so_far.done < so_far.sites:
        words.append(f"{_duration(so_far.seconds_left)} left")
    return ", ".join(words)


def _duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever says it.

    >>> _duration(8.2), _duration(200.0), _duration(9000.0)
    ('9 s', '3 min', '2.5 h')
    """
    if seconds < 100.0:
        return f"{math.ceil(seconds)} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5_400.0 else f"{seconds / 3600.0:.1f} h"
