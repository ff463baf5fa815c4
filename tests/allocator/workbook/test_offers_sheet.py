"""Sheet Offers: every figure is the library's; what is called live follows an edit, the rest says that it does not."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation, allocate
from allocator.files import load_case
from allocator.offers import offer_terms
from allocator.term_lines import lender_lines, source_lines, sponsor_lines, tenant_lines, use_lines
from allocator.workbook import write_pack
from allocator.workbook.offers_sheet import FIRST_OFFER_COLUMN, HEAD_ROW, SHEET
from tests.allocator import small
from tests.allocator.workbook.quick_book import load_only
from tests.allocator.workbook.typing_in import type_inputs

VIEWS = (sponsor_lines, lender_lines, tenant_lines, use_lines, source_lines)


def rows_of(sheet: Worksheet) -> list[int]:
    """Rows of figures: those with a basis."""
    return [row for row in range(HEAD_ROW + 1, sheet.max_row + 1) if sheet.cell(row, 3).value]


def column_of(sheet: Worksheet, offer: int, basis: str = "") -> list[tuple[str, object]]:
    """Label and figure of each row of an offer, of one basis if asked."""
    return [
        (sheet.cell(row, 1).value, sheet.cell(row, FIRST_OFFER_COLUMN + offer).value)
        for row in rows_of(sheet)
        if not basis or sheet.cell(row, 3).value == basis
    ]


def test_every_figure_of_every_offer_is_the_library_s(pack: Path, plan: Allocation) -> None:
    sheet = load_only(pack, SHEET, data_only=True)[SHEET]
    for i, terms in enumerate(offer_terms(plan.case, plan)):
        assert sheet.cell(HEAD_ROW, FIRST_OFFER_COLUMN + i).value == terms.sheet.lease.name
        found = dict(column_of(sheet, i))
        for line in (line for view in VIEWS for line in view(terms)):
            expected = line.reason if line.value is None else line.value
            wanted = expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-9)
            assert found[line.label] == wanted, line.label
        assert found["Uses"] == pytest.approx(terms.sheet.funding.uses_usd, rel=1e-9)
        assert found["Sources"] == pytest.approx(found["Uses"], rel=1e-9)
        assert found["6 months late"] == pytest.approx(dict(terms.sheet.sponsor.npv_by_delay_usd)[6], rel=1e-9)
        assert found["Recommended"] == pytest.approx(terms.taken_mw)


def test_a_row_is_called_live_where_it_holds_formulas_and_as_solved_where_it_holds_values(pack: Path) -> None:
    sheet = load_only(pack, SHEET)[SHEET]
    for row in rows_of(sheet):
        cell = sheet.cell(row, FIRST_OFFER_COLUMN)
        summed = str(cell.value).startswith("=SUM(")
        assert (sheet.cell(row, 3).value == "live") == (cell.data_type == "f" and not summed), sheet.cell(row, 1).value


@pytest.mark.libreoffice
def test_live_rows_follow_an_edit_and_the_sheet_warns_of_the_others(tmp_path: Path, recalculate, pack_of) -> None:
    edits = {
        "rent_usd_per_kw_month": 140.0, "capex_usd_per_kw": 10_000.0, "contingency_share": 0.05,
        "guarantor_cap_share": 0.4, "free_rent_months": 13, "debt_rate": 0.07,
    }  # fmt: skip
    typed = {f"leases[0].{name}": value for name, value in edits.items()}
    (path,) = recalculate(type_inputs(pack_of("river-bend"), tmp_path / "edited.xlsx", typed))
    sheet = load_only(path, SHEET, data_only=True)[SHEET]
    assert "as solved still hold" in sheet["A3"].value
    edited = load_case("river-bend", [f"leases[0].{name}={value}" for name, value in edits.items()])
    (terms,) = offer_terms(edited)
    known = {line.label: line.value for view in VIEWS for line in view(terms)}
    live = {label: figure for label, figure in column_of(sheet, 0, "live") if label in known}
    assert {"First-year rent", "Capex per critical IT MW", "Coupon", "Tenor", "NPV"} <= live.keys()
    for label, figure in live.items():
        assert figure == pytest.approx(known[label], rel=1e-9), label


def test_a_case_without_offers_has_no_such_sheet(tmp_path: Path, unexplained) -> None:
    write_pack(allocate(small.case(leases=[])), unexplained, tmp_path / "bare.xlsx")
    assert SHEET not in openpyxl.load_workbook(tmp_path / "bare.xlsx", read_only=True).sheetnames


def test_text_of_a_user_stays_text(tmp_path: Path, unexplained) -> None:
    case = small.case(leases=[small.lease(name="=1+1", tenant="=2+2")], policy={})
    write_pack(allocate(case), unexplained, tmp_path / "pack.xlsx")
    sheet = load_only(tmp_path / "pack.xlsx", SHEET)[SHEET]
    assert sheet.cell(HEAD_ROW, FIRST_OFFER_COLUMN).value == "=1+1"
    assert sheet.cell(HEAD_ROW, FIRST_OFFER_COLUMN).data_type == "s"
