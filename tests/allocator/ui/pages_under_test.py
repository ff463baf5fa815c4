"""Drives a page without a browser, as a reader would: open it, wait for what is computed beside it, read the screen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[3] / "app.py"
RENT = "leases[0].rent_usd_per_kw_month"
PATIENCE_SECONDS = 120.0


class EveryPart(dict[str, bool]):
    """Choices of a reader who has every part of the term sheet open."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, name.startswith(("group_", "section_")) or default)

    def __or__(self, other: Any) -> Any:
        return EveryPart({**self, **other})


def opened(page: str = "", *, closed: bool = False) -> AppTest:
    """The pages as a new reader sees them, with every part of the term sheet open unless ``closed``."""
    at = AppTest.from_file(str(APP), default_timeout=60)
    if not closed:
        at.session_state["choices"] = EveryPart()
    at = at.run()
    if page:
        at = at.switch_page(f"allocator/ui/pages/{page}.py").run()
    return without_exception(at)


def explained(at: AppTest) -> AppTest:
    """The same page once the background has explained the plan."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while figure(at, "Over mining only") == "…":
        assert time.monotonic() < deadline, "the explanation never came"
        time.sleep(0.6)
        at.run()
    return without_exception(at)


def without_exception(at: AppTest) -> AppTest:
    assert not at.exception, [e.value for e in at.exception]
    return at


def figure(at: AppTest, label: str) -> str:
    """What a metric says."""
    (found,) = [metric.value for metric in at.metric if metric.label == label]
    return str(found).replace("\\", "")


def on_tab(at: AppTest, name: str) -> AppTest:
    """The market page with another of its tabs open."""
    at.session_state["market_tab"] = name
    return without_exception(at.run())


def words(at: AppTest) -> str:
    """All text on the page, as it is read."""
    elements: list[Any] = [*at.subheader, *at.markdown, *at.error, *at.warning, *at.caption]
    return "\n".join(str(element.value) for element in elements).replace("\\", "")


def key(at: AppTest, path: str) -> str:
    """Key of an input's widget: its path, and the edition once a template, a reset or a repair has set the inputs."""
    edition = at.session_state["desk"].edition
    return f"{path}~{edition}" if edition else path
