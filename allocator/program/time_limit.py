"""How long whoever asks will wait: known to every solve within, however deep, and to no other thread."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Within it, what is not done in time is given up."""
    before = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def seconds_left() -> float:
    """Until the limit in force; infinite where there is none, not above 0 where it has passed."""
    return _DEADLINE.get() - time.monotonic()
