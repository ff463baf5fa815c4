"""The terminal that people read: as wide as it is, or of a fixed width where the output is piped."""

from __future__ import annotations

import sys

from rich.console import Console

PIPED_WIDTH = 120


def terminal() -> Console:
    """Standard output as a rich console; plain text when piped."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
