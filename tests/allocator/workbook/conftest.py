"""Solved templates, their packs, and LibreOffice forced to recalculate."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from allocator.allocation import Allocation, allocate
from allocator.explain import Explanation, Twins, explain
from allocator.files import load_case
from allocator.workbook import write_pack
from tests.allocator.workbook.made_once import made_once

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


@cache
def solved(name: str) -> Allocation:
    """The plan of a template."""
    return allocate(load_case(name))


@pytest.fixture(scope="session")
def plan(template: str) -> Allocation:
    return solved(template)


@pytest.fixture(scope="session")
def pack_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A template's pack by its name, one file for all tests of a run: to be read or copied, never changed."""

    def pack(name: str) -> Path:
        plan = solved(name)
        return made_once(tmp_path_factory, f"{name}.xlsx", lambda path: write_pack(plan, explain(plan), path))

    return pack


@pytest.fixture(scope="session")
def pack(template: str, pack_of: Callable[[str], Path]) -> Path:
    return pack_of(template)


@pytest.fixture(scope="session")
def recalculated_pack(template: str, pack: Path, recalculate: Recalculate, tmp_path_factory: Any) -> Path:
    """The template's pack after LibreOffice has recalculated it, to be read only."""

    def make(path: Path) -> None:
        recalculate(pack)[0].replace(path)

    return made_once(tmp_path_factory, f"{template}-recalculated.xlsx", make)


NINE_YEARS = (
    "horizon_years=9",
    *(f"leases[{i}].{term}" for i in range(2) for term in ("term_years=4", "rent_usd_per_kw_month=320")),
)
"""Brownfield over fewer years, at rents that still bring both offers in: all that it is made of, in half the cells."""


@pytest.fixture(scope="session", params=["river-bend", "brownfield in nine years"])
def edited_pack(
    request: pytest.FixtureRequest, pack_of: Callable[[str], Path], tmp_path_factory: Any
) -> tuple[Allocation, Path]:
    """A plan and its pack into which tests type; River Bend over all its years."""
    if request.param in TEMPLATES:
        return solved(request.param), pack_of(request.param)
    plan = allocate(load_case("brownfield", NINE_YEARS))
    nothing = Explanation((), (), (), Twins(None, None))
    return plan, made_once(tmp_path_factory, "nine-years.xlsx", lambda path: write_pack(plan, nothing, path))


@pytest.fixture
def unexplained() -> Explanation:
    """An explanation without figures, for packs whose summary is not the point."""
    return Explanation((), (), (), Twins(None, None))


_ROW = re.compile(rb"<row (?![^>]* ht=)")


def _with_heights(source: Path, folder: Path) -> Path:
    target = folder / source.name
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                content = _ROW.sub(b'<row ht="12" customHeight="1" ', content)
            new.writestr(item.filename, content)
    return target


@pytest.fixture(scope="session")
def recalculate(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> Recalculate:
    """Open workbooks in LibreOffice with every formula recalculated, whatever is cached; all files in one call.

    Every row is given a height, so that LibreOffice measures no text: that would be a quarter of its time.
    """
    profile = tmp_path_factory.mktemp("profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, encoding="utf-8")

    def run(*paths: Path) -> list[Path]:
        given, out = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("recalculated")
        command = [soffice, f"-env:UserInstallation=file://{profile}", "--headless", "--norestore"]
        command += ["--convert-to", "xlsx", "--outdir", str(out), *(str(_with_heights(path, given)) for path in paths)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return [out / path.name for path in paths]

    return run
