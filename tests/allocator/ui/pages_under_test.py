"""Drives a page without a browser, as a reader would: open it, wait for what is computed beside it, read the screen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[3] / "app.py"
RENT = "leases[0].rent_usd_per_kw_month"
PATIENCE_SECONDS = 120.0


def opened(page: str = "") -> AppTest:
    """The pages as a new reader sees them."""
    at = AppTest.from_file(str(APP), default_timeout=60).run()
    if page:
        at = at.switch_page(f"allocator/ui/pages/{page}.py").run()
    return without_exception(at)


def explained(at: AppTest) -> AppTest:
    """The same page once the background has explained the plan."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while figure(at, "Over mining only") == "…":
        assert time.monotonic() < deadline, "the explanation never came"
        time.sleep(0.2)
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
