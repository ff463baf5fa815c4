"""Text that no page and no file can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from models.assumptions import Fault

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


def unreadable_text(node: Any, path: str = "") -> Iterator[Fault]:
    """Halves of characters: a link or a workbook can hold them, but no page and no file can."""
    if isinstance(node, str):
        if _HALF_A_CHARACTER.search(node):
            yield Fault(path, "", "holds half a character, which cannot be shown", "type the text again")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from unreadable_text(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, (list, tuple)):
        for i, value in enumerate(node):
            yield from unreadable_text(value, f"{path}[{i}]")
