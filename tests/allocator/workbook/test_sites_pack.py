"""The workbook of a batch: LibreOffice, a plain loop and the rows themselves agree; names stay text; same bytes."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.reading import Sheet
from allocator.sites.results import SiteResult
from allocator.sites.table import SitesTable, base_of, sites_of
from allocator.sites.work import packed, solve_site, unpacked
from allocator.workbook.ranked_sites import Batch, batch_of
from allocator.workbook.sites_pack import write_sites_pack
from tests.allocator.sites.many import HEADS, base_document, rows
from tests.allocator.workbook.conftest import Recalculate
from tests.allocator.workbook.test_formulas import numbers_in

HOSTILE = (
    '=HYPERLINK("http://x.example","x")', "+1+1", "@SUM(A1)", "-2+3", "x" * 300, '🏗️ Nord\'s "hall" & <b>', "'quoted",
    "{row}", "_x0041_", "two\nlines",
)  # fmt: skip
SITES = 40
ALLOWED = {"0", "1", "12", "24", "100", "1000"}


def table_of(names: list[str]) -> SitesTable:
    drawn = rows(len(names), seed=3)
    cells = tuple((i + 2, (f"Row {i}", *row[1:])) for i, row in enumerate(drawn))
    table = sites_of(Sheet(HEADS, cells), base_of(base_document()), Path())
    named = tuple(replace(row, name=name) for row, name in zip(table.rows, names, strict=True))
    return replace(table, rows=named)  # reading a table refuses some of these names; the workbook holds them all


def results_of(table: SitesTable) -> list[SiteResult]:
    shared = unpacked(packed(table))
    return [SiteResult(row.name, solve_site(shared, row, 60.0), {}) for row in table.rows]


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Solved sites, some with hostile names, and rows of every kind without a plan."""
    table = table_of([*HOSTILE, *(f"Site {i}" for i in range(SITES - len(HOSTILE)))])
    found = results_of(table)
    reasons = {10: SiteStatus.INFEASIBLE, 11: SiteStatus.BAD_INPUT, 12: SiteStatus.FAILED, 13: SiteStatus.OVER_TIME}
    for place, status in reasons.items():
        found[place] = SiteResult(found[place].name, Outcome(status, f"=1+1 {status.value}"), {})
    return batch_of(table, found)


def results(batch: Batch) -> list[SiteResult]:
    known = {site.row.number: site.outcome for site in batch.ranked} | {r.number: o for r, o in batch.unsolved}
    return [SiteResult(row.name, known[row.number], {}) for row in batch.table.rows]


@pytest.fixture(scope="module")
def pack(batch: Batch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sites") / "results.xlsx"
    write_sites_pack(batch.table, results(batch), path, site_sheets=2)
    return path


def values(path: Path) -> dict[tuple[str, str], Any]:
    book = openpyxl.load_workbook(path, data_only=True)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row if c.value is not None}


@pytest.fixture(scope="module")
def cached(pack: Path) -> dict[tuple[str, str], Any]:
    return values(pack)


def formulas(path: Path) -> dict[tuple[str, str], str]:
    book = openpyxl.load_workbook(path)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row if c.data_type == "f"}


def column(
    cached: dict[tuple[str, str], Any], sheet: str, head_row: int, head: str, first: int, last: int
) -> list[Any]:
    letter = next(a for (s, a), v in cached.items() if s == sheet and v == head and a.endswith(str(head_row)))
    letter = re.sub(r"\d", "", letter)
    return [cached.get((sheet, f"{letter}{row}")) for row in range(first, last + 1)]


def test_libreoffice_recalculates_what_is_cached(pack: Path, cached: dict, recalculate: Recalculate) -> None:
    again = values(recalculate(pack)[0])
    found = formulas(pack)
    assert len(found) > 8 * (SITES - 4)
    for address in found:
        before, after = cached[address], again.get(address)
        if isinstance(before, str):
            assert after == before, (address, found[address])
        else:
            assert after == pytest.approx(before, rel=1e-9, abs=1e-6), (address, found[address])


def test_the_ranking_is_the_rows(batch: Batch, cached: dict) -> None:
    last = 5 + len(batch.ranked)
    npv = column(cached, "Ranking", 5, "NPV, USD", 6, last)
    assert npv == pytest.approx([site.npv_usd for site in batch.ranked], rel=1e-14)
    assert npv == sorted(npv, reverse=True)
    names = column(cached, "Ranking", 5, "Site", 6, last)
    assert [unescape(name) for name in names] == [site.name for site in batch.ranked]
    ratio = column(cached, "Ranking", 5, "NPV per $ of capital", 6, last)
    for site, shown in zip(batch.ranked, ratio, strict=True):
        assert shown == (pytest.approx(site.outcome.npv_per_peak_equity) if site.capital_usd > 0 else "–")


def test_the_counts_are_those_of_the_rows(batch: Batch, cached: dict) -> None:
    found = Counter(site.doing.value for site in batch.ranked)
    for row in range(5, 9):
        label = cached["Decisions", f"A{row}"]
        assert cached["Decisions", f"B{row}"] == found[label]
        mw = sum(site.hosting_mw for site in batch.ranked if site.doing.value == label)
        assert cached["Decisions", f"D{row}"] == pytest.approx(mw)
    assert cached["Decisions", "B9"] == len(batch.ranked)
    assert [cached["Decisions", f"B{row}"] for row in range(13, 17)] == [1, 1, 1, 1]


def test_the_map_counts_every_site_once(batch: Batch, cached: dict) -> None:
    first = 23
    bins = 0
    while isinstance(cached.get(("Decisions", f"H{first + bins}")), (int, float)):
        bins += 1
    assert bins >= 3
    assert sum(cached["Decisions", f"H{first + i}"] for i in range(bins)) == len(batch.ranked)


@pytest.mark.parametrize("share", [0.0, 0.13, 0.5, 2.0])
def test_another_budget_gives_what_a_loop_gives(
    batch: Batch, pack: Path, share: float, recalculate: Recalculate, tmp_path: Path
) -> None:
    budget = share * sum(site.capital_usd for site in batch.ranked)
    book = openpyxl.load_workbook(pack)
    book["Budget"]["C4"] = budget
    typed = tmp_path / "typed.xlsx"
    book.save(typed)
    shown = values(recalculate(typed)[0])
    count, used, worth = 0, 0.0, 0.0
    ratio = {s.rank: s.npv_usd / s.capital_usd if s.capital_usd else np.inf for s in batch.ranked}
    for site in sorted(batch.ranked, key=lambda s: -ratio[s.rank]):
        if site.npv_usd > 0 and used + site.capital_usd <= budget:
            count, used, worth = count + 1, used + site.capital_usd, worth + site.npv_usd
    assert shown.get(("Budget", "C5"), 0) == count
    assert shown.get(("Budget", "C7"), 0) == pytest.approx(used, abs=1e-6)
    assert shown.get(("Budget", "C9"), 0) == pytest.approx(worth, abs=1e-6)
    assert shown["Summary", next(a for (s, a), v in formulas_at(pack) if v == "=budget__npv_usd")] == pytest.approx(
        worth
    )


def formulas_at(path: Path) -> list[tuple[tuple[str, str], str]]:
    return [(at, formula) for at, formula in formulas(path).items() if at[0] == "Summary"]


def test_names_stay_text(batch: Batch, pack: Path) -> None:
    book = openpyxl.load_workbook(pack)
    for (sheet, address), formula in formulas(pack).items():
        assert not any(name in formula for name in HOSTILE if len(name) > 5), (sheet, address)
        assert "HYPERLINK" not in formula
    assert all(re.fullmatch(r"budget__[a-z_]+", name) for name in book.defined_names)
    for sheet in book:
        assert re.fullmatch(r"[A-Za-z0-9 .-]{1,31}", sheet.title)
        assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)
    texts = {unescape(c.value) for row in book["Inputs"].iter_rows() for c in row if c.data_type == "s"}
    assert set(HOSTILE) <= texts
    assert len(batch.ranked) == SITES - 4


def test_reasons_stand_beside_their_rows(batch: Batch, cached: dict) -> None:
    shown = [tuple(cached["Not solved", f"{c}{row}"] for c in "ABCD") for row in range(5, 9)]
    assert shown == [(r.number, r.name, o.status.value, o.reason) for r, o in batch.unsolved]


def test_formulas_hold_no_typed_number(pack: Path) -> None:
    for address, formula in formulas(pack).items():
        assert numbers_in(formula) <= ALLOWED, (address, formula)


def test_every_site_of_the_budget_has_the_same_formula(pack: Path, batch: Batch) -> None:
    from openpyxl.formula.translate import Translator

    found = formulas(pack)
    for letter in "FGHIJK":
        first = found["Budget", f"{letter}22"]
        for row in (23, 21 + len(batch.by_dollar)):
            there = Translator(first, f"{letter}22").translate_formula(f"{letter}{row}")
            assert found["Budget", f"{letter}{row}"] == there


def test_the_same_results_give_the_same_bytes(batch: Batch, pack: Path, tmp_path: Path) -> None:
    write_sites_pack(batch.table, results(batch), tmp_path / "again.xlsx", site_sheets=2)
    assert (tmp_path / "again.xlsx").read_bytes() == pack.read_bytes()
    with zipfile.ZipFile(pack) as archive:
        assert {part.date_time[0] for part in archive.infolist()} == {1980}


def test_a_sheet_of_a_site_says_what_its_row_says(batch: Batch, pack: Path) -> None:
    book = openpyxl.load_workbook(pack, data_only=True)
    for site, title in zip(batch.ranked[:2], book.sheetnames[4:6], strict=True):
        sheet = book[title]
        assert title.startswith(f"{site.rank}")
        assert sheet["C6"].value == pytest.approx(site.npv_usd)
        assert sheet["C10"].value == pytest.approx(site.capital_usd)
        total = next(row for row in range(18, 60) if sheet[f"A{row}"].value == "Total")
        assert sheet[f"H{total}"].value == pytest.approx(site.npv_usd)


def test_every_sheet_is_set_up_for_print(pack: Path) -> None:
    for sheet in openpyxl.load_workbook(pack):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in (sheet.oddFooter.right.text or "")
        if sheet.title in ("Ranking", "Budget", "Not solved", "Inputs"):
            assert sheet.print_title_rows


def test_a_batch_without_a_plan_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    table = table_of(["A", "B"])
    bad = [SiteResult(row.name, Outcome(SiteStatus.BAD_INPUT, "site.grid_mw: is missing"), {}) for row in table.rows]
    write_sites_pack(table, bad, tmp_path / "none.xlsx")
    shown = values(tmp_path / "none.xlsx")
    assert "None of the 2 sites has a plan" in shown["Summary", "A4"]
    assert shown["Budget", "C5"] == 0


def test_one_site_is_a_workbook(tmp_path: Path) -> None:
    table = table_of(["Alone"])
    write_sites_pack(table, results_of(table), tmp_path / "one.xlsx", site_sheets=5)
    shown = values(tmp_path / "one.xlsx")
    assert shown["Decisions", "B9"] == 1


def test_more_sites_than_a_workbook_holds_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.workbook.ranked_sites.MOST_LISTED", 3)
    table = table_of(["A", "B", "C", "D", "E"])
    found = results_of(table)
    write_sites_pack(table, found, tmp_path / "many.xlsx")
    shown = values(tmp_path / "many.xlsx")
    assert shown["Decisions", "B9"] == 3
    best = sorted((r.outcome.npv_usd or 0.0 for r in found), reverse=True)[:3]
    assert [shown["Ranking", f"H{row}"] for row in (6, 7, 8)] == pytest.approx(best)
    assert any("2 rows are too many" in str(v) for (s, _), v in shown.items() if s == "Summary")
