from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, max_examples=30, deadline=None, database=None)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice's command; without it a test is skipped, but never where CI=true."""
    found = shutil.which("soffice")
    if found is None:
        reason = "LibreOffice (soffice) is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
