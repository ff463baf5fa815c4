"""Solved templates, their packs, and LibreOffice forced to recalculate."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.allocation import Allocation, allocate
from allocator.explain import Explanation, Twins, explain
from allocator.files import load_case
from allocator.workbook import write_pack

TEMPLATES = ("river-bend", "brownfield")
ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
Recalculate = Callable[..., list[Path]]


@pytest.fixture(scope="session", params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_solved: dict[str, tuple[Allocation, Explanation]] = {}


@pytest.fixture(scope="session")
def solved(template: str) -> tuple[Allocation, Explanation]:
    if template not in _solved:
        plan = allocate(load_case(template))
        _solved[template] = plan, explain(plan)
    return _solved[template]


@pytest.fixture(scope="session")
def plan(solved: tuple[Allocation, Explanation]) -> Allocation:
    return solved[0]


@pytest.fixture(scope="session")
def pack(solved: tuple[Allocation, Explanation], template: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packs") / f"{template}.xlsx"
    write_pack(*solved, path)
    return path


@pytest.fixture
def unexplained() -> Explanation:
    """An explanation without figures, for packs whose summary is not the point."""
    return Explanation((), (), (), Twins(None, None))


@pytest.fixture(scope="session")
def recalculate(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> Recalculate:
    """Open workbooks in LibreOffice with every formula recalculated, whatever is cached; all files in one call."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, encoding="utf-8")

    def run(*paths: Path) -> list[Path]:
        out = tmp_path_factory.mktemp("recalculated")
        command = [soffice, f"-env:UserInstallation=file://{profile}", "--headless", "--norestore"]
        command += ["--convert-to", "xlsx", "--outdir", str(out), *map(str, paths)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return [out / path.name for path in paths]

    return run
