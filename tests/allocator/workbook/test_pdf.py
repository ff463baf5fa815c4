"""The pack on paper, by LibreOffice."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli import app
from allocator.workbook import pdf as printing
from models.assumptions import InputFaultsError

run = CliRunner().invoke


def pages(path: Path) -> int:
    """Pages of a PDF, counted in its objects, packed or not."""
    data = path.read_bytes()
    parts = [data]
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b(?!s)", part)) for part in parts)


@pytest.mark.libreoffice
def test_the_pack_prints_without_its_monthly_sheets(pack: Path, soffice: str, tmp_path: Path) -> None:
    printing.print_pack(pack, tmp_path / "pack.pdf")
    assert (tmp_path / "pack.pdf").read_bytes().startswith(b"%PDF")
    assert 8 <= pages(tmp_path / "pack.pdf") <= 40
    assert [p.name for p in tmp_path.iterdir()] == ["pack.pdf"]


def test_without_libreoffice_it_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(printing, "PROGRAMS", ("no-such-program",))
    with pytest.raises(InputFaultsError, match="--pdf: needs LibreOffice"):
        printing.checked_printer()
    found = run(app, ["solve", "river-bend", "--pdf", str(tmp_path / "a.pdf"), "--template", "missing.xlsx"])
    assert found.exit_code != 0
    text = str(found.exception)
    assert "needs LibreOffice" in text
    assert "missing.xlsx" in text
    assert not list(tmp_path.iterdir())


def test_a_template_without_a_pack_is_refused() -> None:
    found = run(app, ["solve", "river-bend", "--template", "templates/board-pack.xlsx"])
    assert "is of use for a pack only" in str(found.exception)
