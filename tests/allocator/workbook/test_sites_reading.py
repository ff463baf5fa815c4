"""A sites table in a workbook: the values of the CSV, formulas by the value saved with them, nothing unsafe opened."""

from __future__ import annotations

import csv
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from openpyxl import Workbook

from allocator.files import parse_value
from allocator.sites.cells import Unreadable
from allocator.sites.table import read_base, read_sites
from allocator.workbook.sites_reading import sheet_rows
from models.assumptions import InputFaultsError

SHIPPED = Path(str(files("templates") / "sites.csv"))


def book(path, rows, **cells):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for address, value in cells.items():
        made.active[address] = value
    made.save(path)
    return path


def typed(text):
    value = parse_value(text)
    return value if isinstance(value, (int, float)) else text


def test_a_workbook_gives_the_rows_of_the_csv(tmp_path):
    with SHIPPED.open(encoding="utf-8") as file:
        rows = [[typed(text) for text in row] for row in csv.reader(file)]
    base = read_base("river-bend", [])
    found = read_sites(book(tmp_path / "sites.xlsx", rows), base).rows
    for row, expected in zip(found, read_sites(SHIPPED, base).rows, strict=True):
        assert (row.number, row.name, row.faults) == (expected.number, expected.name, ())
        for path, value in expected.given.items():
            # openpyxl writes sixteen digits
            assert row.given[path] == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)


def test_a_formula_without_a_saved_value_is_said_and_not_taken_for_blank(tmp_path):
    path = book(tmp_path / "sites.xlsx", [["name", "site.grid_mw"], ["A", 20], ["B", None]], B3="=B2*2")
    _, _, row = sheet_rows(path, 100, 10)
    assert isinstance(row[1], Unreadable)
    table = read_sites(path, read_base("river-bend", []))
    assert "row 3, site.grid_mw: =B2*2 is a formula without a value" in str(table.rows[1].faults[0])


def test_a_formula_gives_the_value_saved_with_it(tmp_path):
    path = book(tmp_path / "sites.xlsx", [["name", "site.grid_mw"], ["A", 20]], B2="=10*33")
    saved = tmp_path / "saved.xlsx"
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(saved, "w") as taken:
        for name in given.namelist():
            content = given.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"<v />", b"<v>330</v>").replace(b"<v></v>", b"<v>330</v>")
                assert b"<v>330</v>" in content
            taken.writestr(name, content)
    assert sheet_rows(saved, 100, 10)[1][:2] == ("A", 330)


def test_a_sheet_formatted_a_million_rows_down_ends_with_its_text(tmp_path):
    path = book(tmp_path / "sites.xlsx", [["name"], ["A"]], A5000=" ")
    assert len(sheet_rows(path, 100_000, 10)) < 1_100


def test_macros_and_bombs_are_refused_with_a_remedy_for_tables(tmp_path):
    path = book(tmp_path / "sites.xlsx", [["name"], ["A"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(InputFaultsError, match="holds macros; give a table with one row a site"):
        read_sites(path, read_base("river-bend", []))
