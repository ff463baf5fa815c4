"""The finished table: every form holds the same rows, user text stays text, and the bytes hang on nothing else."""

from __future__ import annotations

import csv
import json
import time
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.escape import unescape

from allocator.sites.batch import Progress, Solved
from allocator.sites.outcome import UNITS, Outcome, SiteStatus
from allocator.sites.reading import Sheet
from allocator.sites.results import FILES, WORDS, checked_folder, heads, site_results, write_results
from allocator.sites.table import base_of, sites_of
from models.assumptions import InputFaultsError
from tests.allocator.small import document

PLAN = Outcome(
    SiteStatus.OPTIMAL, "", "mine", 1.25e8, 0.0, 1.25e8, 2e8, 1.9e8, 0.65, 0.153, 4.5, 0.0, 0.0, 12.5, 7.5
)  # fmt: skip
NONE = Outcome(SiteStatus.BAD_INPUT, "row 3, site.grid_mw: -1 must be above 0; give more")
NAMES = ("=cmd|' /C calc'!A0", "+1", "-1", "@sum", 'Ørsted, "Süd"\u2028', "_x0041_", "plain")


@pytest.fixture
def solved():
    columns = ("name", "site.grid_mw", "leases[0].tenant", "leases[0].earliest_start", "policy.capital_usd")
    cells = [
        (name, 20 + i if i % 2 else 20.5, "=A1" if i == 0 else "Acme", "2027-05-07" if i else "2027Q2", None)
        for i, name in enumerate(NAMES[:4] + NAMES[5:])
    ]
    table = sites_of(Sheet(columns, tuple((i + 2, c) for i, c in enumerate(cells))), base_of(document()), Path())
    outcomes = tuple(PLAN if i != 1 else NONE for i in range(len(cells)))
    return Solved(table, outcomes, Progress(len(cells), len(cells), 0, 1.0))


def test_every_form_holds_the_same_rows(solved, tmp_path):
    written = write_results(solved, tmp_path)
    assert [path.name for path in written] == list(FILES)
    columns = heads(solved.table)
    rows = [result.cells for result in site_results(solved)]
    assert columns[: len(WORDS)] == ("name", "status", "reason", "decision")
    assert columns[len(WORDS) : len(WORDS) + len(UNITS)] == tuple(UNITS)
    parquet = pq.read_table(tmp_path / "results.parquet")
    assert tuple(parquet.column_names) == columns
    assert [tuple(row.values()) for row in parquet.to_pylist()] == rows
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    assert tuple(head) == columns
    for line, row in zip(lines, rows, strict=True):
        for text, cell in zip(line, row, strict=True):
            if isinstance(cell, float):
                assert float(text) == cell
            else:
                assert text.removeprefix("'") == ("" if cell is None else str(cell))
    answer = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert set(answer["provenance"]) == {"version", "solver", "case_sha256"}
    for site, row in zip(answer["sites"], rows, strict=True):
        inputs = site.pop("inputs")
        assert (*site.values(), *inputs.values()) == row
    book = openpyxl.load_workbook(tmp_path / "results.xlsx")
    inputs = [tuple(cell.value for cell in row)[2:] for row in book["Inputs"].iter_rows(min_row=5)]
    given = [
        tuple(str(c).lower() if isinstance(c, bool) else c for c in row[-len(solved.table.paths) :]) for row in rows
    ]
    assert inputs == given
    ranking = {unescape(row[1].value): row for row in book["Ranking"].iter_rows(min_row=6)}
    reasons = {unescape(row[1].value): row[3].value for row in book["Not solved"].iter_rows(min_row=5)}
    for name, status, reason, decision, *figures in rows:
        if status == "optimal":
            found = ranking[name]
            assert found[-1].value == decision
            assert found[7].value == pytest.approx(figures[0], rel=1e-14)
            assert found[7].number_format.startswith("#,##0")
            assert found[11].number_format == "0.0%"
        else:
            assert reasons[name] == reason
    assert len(ranking) + len(reasons) == len(rows)
    assert book["Ranking"].freeze_panes == "C6"


def test_text_of_users_is_never_a_formula(solved, tmp_path):
    write_results(solved, tmp_path)
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for line in list(csv.reader(file))[1:] for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert "'-1" in cells
    sheet = openpyxl.load_workbook(tmp_path / "results.xlsx")["Inputs"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}
    assert sheet["B5"].value == NAMES[0]


def test_the_same_table_has_the_same_bytes_at_any_time(solved, tmp_path):
    first = [path.read_bytes() for path in write_results(solved, tmp_path)]
    time.sleep(2.1)  # zip entries count in steps of two seconds
    assert [path.read_bytes() for path in write_results(solved, tmp_path)] == first
    with zipfile.ZipFile(tmp_path / "results.xlsx") as book:
        assert {part.date_time for part in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputFaultsError, match="is not a folder"):
        checked_folder(tmp_path / "file")
    (tmp_path / "results.csv").mkdir()
    with pytest.raises(InputFaultsError, match="it is a folder"):
        checked_folder(tmp_path, "base.toml")
    (tmp_path / "results.csv").rmdir()
    (tmp_path / "results.csv").write_text("name\nA\n", encoding="utf-8")
    with pytest.raises(InputFaultsError, match="is the case that is read"):
        checked_folder(tmp_path, "base.toml", str(tmp_path / "results.csv"))
    checked_folder(tmp_path / "new" / "deep", "base.toml")
    assert (tmp_path / "new" / "deep").is_dir()


def test_a_bad_cell_does_not_turn_a_column_of_numbers_into_text(tmp_path):
    rows = ((2, ("A", 20)), (3, ("B", "a lot")), (4, ("C", float("nan"))))
    table = sites_of(Sheet(("name", "site.grid_mw"), rows), base_of(document()), Path())
    write_results(Solved(table, (PLAN, NONE, NONE), Progress(3, 3, 0, 1.0)), tmp_path)
    assert pq.read_table(tmp_path / "results.parquet")["site.grid_mw"].to_pylist() == [20.0, None, None]
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        assert [row["site.grid_mw"] for row in csv.DictReader(file)] == ["20", "a lot", "nan"]
