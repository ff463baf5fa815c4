"""A real browser and a real server for the tests marked ``browser``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.page_session import served_pages

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the installed Chromium; without one the test is skipped, except where CI=true promises it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing = "no Chromium is installed: apt-get install -y --no-install-recommends chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The pages, served on a free loopback port for as long as the tests run."""
    with served_pages() as (port, _):
        yield f"http://127.0.0.1:{port}"
