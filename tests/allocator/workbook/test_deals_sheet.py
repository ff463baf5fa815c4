"""Sheet Deals, recalculated by LibreOffice: deals, bands, flags and notes are the library's, and follow an edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation, allocate
from allocator.files import load_case
from allocator.workbook import deals_apart, write_pack
from allocator.workbook.deal_rows import COLUMNS, deal_places
from allocator.workbook.deals_apart import sentence
from allocator.workbook.deals_sheet import SHEET, offer_rows
from models.deals import MEASURES, DealKind, band, colocation_deals, compare, deal_named, deals, notes_figures
from models.lease import Lease
from models.rent import Recovery
from tests.allocator import small
from tests.allocator.workbook.quick_book import load_only
from tests.allocator.workbook.typing_in import type_inputs

EXACT = 1e-9


@pytest.fixture(scope="module")
def sheet(recalculated_pack: Path) -> Worksheet:
    return figures(recalculated_pack)


def figures(path: Path) -> Worksheet:
    """The sheet's values."""
    return load_only(path, SHEET, data_only=True)[SHEET]


def same(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=EXACT)


def compared(sheet: Worksheet, row: int) -> list[tuple[object, ...]]:
    """Measure, figure, place, low, whose, high, whose and deals of each line of an offer."""
    return [
        tuple(sheet.cell(r, c).value for c in (1, 3, 4, 5, 6, 7, 8, 9)) for r in range(row + 2, row + 2 + len(MEASURES))
    ]


def of_library(lease: Lease) -> list[tuple[object, ...]]:
    return [
        (c.measure.label, same(c.value), c.place.value, same(c.band.low), c.band.lowest, same(c.band.high),
         c.band.highest, c.band.count)
        for c in compare(lease)
    ]  # fmt: skip


def notes_below(sheet: Worksheet, row: int) -> dict[str, object]:
    first = row + 3 + len(MEASURES)
    return {sheet.cell(r, 1).value: sheet.cell(r, 3).value for r in range(first, first + 9)}


@pytest.mark.libreoffice
def test_offers_beside_the_bands_are_the_library_s(sheet: Worksheet, plan: Allocation) -> None:
    leases = plan.case.leases
    for lease, row in zip(leases, offer_rows(leases), strict=False):
        assert sheet[f"A{row}"].value == lease.name
        assert compared(sheet, row) == of_library(lease)
    outside = sum(c.place.value != "inside" for lease in leases for c in compare(lease))
    assert sheet["A3"].value.startswith(f"{outside} of {len(MEASURES) * len(leases)} figures")


@pytest.mark.libreoffice
def test_every_figure_of_every_signed_deal_is_the_library_s(sheet: Worksheet, plan: Allocation) -> None:
    places = deal_places(offer_rows(plan.case.leases)[-1])
    assert set(places.rows) == {deal.deal_id for deal in colocation_deals()}
    for deal in colocation_deals():
        row = places.rows[deal.deal_id]
        texts = [sheet[f"{letter}{row}"].value for letter in "ABCDE"]
        assert texts == [deal.deal_id, deal.landlord, deal.tenant, deal.site, deal.structure]
        assert sheet[f"F{row}"].value == deal.critical_it_mw
        assert sheet[f"P{row}"].value == same(deal.debt_usd_per_mw), deal.deal_id
        for measure in MEASURES:
            ends = measure.ends(deal) or (None, None)
            for letter, end in zip(COLUMNS[measure.key], ends, strict=True):
                assert sheet[f"{letter}{row}"].value == same(end), (deal.deal_id, measure.key)
        stated = places.announced[deal.deal_id]
        assert sheet[f"B{stated}"].hyperlink.target in deal.source
        assert sheet[f"E{stated}"].value == deal.source_date


@pytest.mark.libreoffice
def test_bands_of_margins_by_structure_are_the_library_s(sheet: Worksheet, plan: Allocation) -> None:
    margin = next(m for m in MEASURES if m.key == "noi_margin")
    first = deal_places(offer_rows(plan.case.leases)[-1]).structures
    for row, recovery in enumerate(Recovery, start=first):
        assert sheet[f"A{row}"].value == recovery.value
        alike = [d for d in colocation_deals() if d.recovery is recovery and margin.ends(d)]
        assert sheet[f"F{row}"].value == len(alike)
        if len(alike) > 1:
            found = band(margin, recovery)
            assert [sheet[f"{c}{row}"].value for c in "BCDE"] == [
                same(found.low), found.lowest, same(found.high), found.highest,
            ]  # fmt: skip


@pytest.mark.libreoffice
def test_the_notes_of_a_signed_deal_are_the_library_s_and_only_where_there_is_one(
    sheet: Worksheet, plan: Allocation
) -> None:
    titles = [sheet.cell(row, 1).value for row in range(1, sheet.max_row + 1)]
    noted = [lease for lease in plan.case.leases if lease.signed_deal]
    assert sum(str(title).startswith("Published notes of") for title in titles) == len(noted)
    for lease, row in zip(plan.case.leases, offer_rows(plan.case.leases), strict=False):
        if lease in noted:
            assert_notes(sheet, row, lease)


def assert_notes(sheet: Worksheet, row: int, lease: Lease) -> None:
    expected, found = notes_figures(deal_named(lease.signed_deal), lease), notes_below(sheet, row)
    assert found["Notes issued"] == same(expected.debt_usd)
    assert found["Coupon"] == same(expected.coupon_per_year)
    assert found["Paid level: service"] == same(expected.level_payment_usd_per_year)
    assert found["Paid level: first-year cover"] == same(expected.first_year_level_cover)
    assert found["Paid sculpted: cover"] == same(expected.sculpted_cover)
    assert found["Debt yield"] == same(expected.debt_yield)
    assert found["Yield on construction"] == same(expected.yield_on_sponsor_cost)
    assert found["Yield on funded cost"] == same(expected.yield_on_funded_cost)


@pytest.mark.libreoffice
def test_notes_that_pay_for_two_deals_are_set_beside_the_megawatts_of_both(
    tmp_path: Path, recalculate, unexplained
) -> None:
    case = small.case(leases=[small.lease(signed_deal="WULF-LM")])  # 3.2 bn for 200 MW and CB-5's 160
    write_pack(allocate(case), unexplained, tmp_path / "pack.xlsx")
    sheet = figures(recalculate(tmp_path / "pack.xlsx")[0])
    assert_notes(sheet, offer_rows(case.leases)[0], case.leases[0])


@pytest.mark.libreoffice
def test_what_is_typed_moves_figures_and_flags_and_no_check(pack_of, recalculate, unexplained, tmp_path: Path) -> None:
    """In River Bend, whose offer is a signed deal, and in a case of two offers that are none."""
    edits = {"rent_usd_per_kw_month": 200.0, "free_rent_months": 13, "take_or_pay_share": 0.9, "expected_use": 0.8,
             "capex_usd_per_kw": 3_000.0, "ltc": 0.6, "term_years": 13, "escalator_per_year": 0.02, "noi_margin": 0.84,
             "running_cost_usd_per_kw_month": 9.0, "debt_rate": 0.1}  # fmt: skip
    two = small.case(leases=[small.lease(), small.lease(name="Other")])
    write_pack(allocate(two), unexplained, tmp_path / "two.xlsx")
    asked = [
        (case, pack, given)
        for case, pack, term in ((load_case("river-bend"), pack_of("river-bend"), 13), (two, tmp_path / "two.xlsx", 2))
        for given in ({"rent_usd_per_kw_month": 200.0}, edits | {"term_years": term})
    ]
    typed = [
        type_inputs(pack, tmp_path / f"{n}.xlsx", {f"leases[0].{name}": value for name, value in given.items()})
        for n, (_, pack, given) in enumerate(asked)
    ]
    for path, (case, _, given) in zip(recalculate(*typed), asked, strict=True):
        found, row = figures(path), offer_rows(case.leases)[0]
        lease = Lease.model_validate({**case.leases[0].model_dump(), **given})
        assert compared(found, row) == of_library(lease)
        assert compared(found, row)[0][2] == "above"
        if lease.signed_deal:
            assert_notes(found, row, lease)
        for other, below in list(zip(case.leases, offer_rows(case.leases), strict=False))[1:]:
            assert compared(found, below) == of_library(other)
    assert {bool(case.leases[0].signed_deal) for case, _, _ in asked} == {True, False}


def test_no_check_hangs_on_the_bands(pack: Path) -> None:
    book = load_only(pack, "Checks")
    assert SHEET not in book.defined_names["out__checks_passed"].attr_text
    assert not any(f"{SHEET}!" in str(cell.value) for r in book["Checks"].iter_rows() for cell in r)


@pytest.mark.libreoffice
def test_listed_rents_gross_and_rent_of_nothing(tmp_path: Path, recalculate, unexplained) -> None:
    listed = small.lease(
        rent_by_year=[1.0, 1.3, 1.1], recovery="gross", running_cost_usd_per_kw_month=7.0, signed_deal="WULF-LM",
        free_rent_months=9, contingency_share=0.1, tenant_capex_share=0.3, take_or_pay_share=0.9, expected_use=0.8,
    )  # fmt: skip
    free = small.lease(name="Free", rent_usd_per_kw_month=0.0, recovery="modified gross", noi_margin=0.82)
    case = small.case(leases=[listed, free])
    write_pack(allocate(case), unexplained, tmp_path / "pack.xlsx")
    sheet = figures(recalculate(tmp_path / "pack.xlsx")[0])
    for lease, row in zip(case.leases, offer_rows(case.leases), strict=False):
        assert compared(sheet, row) == of_library(lease)
    assert_notes(sheet, offer_rows(case.leases)[0], case.leases[0])


def test_gpu_cloud_and_unsigned_rows_stand_apart_with_the_reason(pack: Path, plan: Allocation) -> None:
    sheet = figures(pack)
    places = deal_places(offer_rows(plan.case.leases)[-1])
    below = max(places.announced.values())
    reasons = {sheet.cell(r, 1).value: sheet.cell(r, 9).value for r in range(below + 1, sheet.max_row + 1)}
    apart = [deal for deal in deals() if deal.kind is not DealKind.COLOCATION]
    assert {"IREN-MSFT", "KEEL-WA"} <= {deal.deal_id for deal in apart}
    for deal in apart:
        assert deal.deal_id not in places.rows
        assert reasons[deal.deal_id] == sentence(deal.not_compared_because)


def test_text_of_deals_and_users_stays_text(tmp_path: Path, unexplained, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = replace(deal_named("HUT-RB"), landlord="=1+1", tenant="@SUM(1)", site="+2", structure="-3", source="=x")
    others = colocation_deals()[1:]
    monkeypatch.setattr(deals_apart, "colocation_deals", lambda: (odd, *others))
    case = small.case(leases=[small.lease(name="=1+1", tenant="=2+2")])
    write_pack(allocate(case), unexplained, tmp_path / "pack.xlsx")
    sheet = load_only(tmp_path / "pack.xlsx", SHEET)[SHEET]
    row = deal_places(offer_rows(case.leases)[-1]).rows["HUT-RB"]
    cells = [sheet[f"{letter}{row}"] for letter in "BCDE"] + [sheet[f"A{offer_rows(case.leases)[0]}"]]
    assert [cell.value for cell in cells] == ["=1+1", "@SUM(1)", "+2", "-3", "=1+1"]
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_case_without_offers_has_no_such_sheet(tmp_path: Path, unexplained) -> None:
    write_pack(allocate(small.case(leases=[])), unexplained, tmp_path / "bare.xlsx")
    assert SHEET not in openpyxl.load_workbook(tmp_path / "bare.xlsx", read_only=True).sheetnames
