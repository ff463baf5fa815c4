"""Every term of an offer in the pack: engine, cached values and LibreOffice agree on every line of the statement."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator.activities import Kind, activities
from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document, override
from allocator.explain import Explanation, Twins
from allocator.files import dump_case, parse_document
from allocator.workbook import read_document, write_pack
from allocator.workbook.entries import Entry, entries
from allocator.workbook.lease_lines import LeaseUnit, lease_statement
from allocator.workbook.lines import Heading, Single, StatementValues
from models.lease import Lease
from tests.allocator.workbook.quick_book import QuickBook
from tests.allocator.workbook.term_sheets import TERM_SHEETS, term_sheet_case
from tests.allocator.workbook.typing_in import type_inputs

RELATIVE = 1e-9
FIRST_MONTH = 5
Packs = Mapping[str, tuple[Allocation, Path]]
NOT_IN_THE_PACK = {
    "name", "tenant", "critical_it_mw", "provisioning_ratio", "earliest_start", "latest_start", "block_mw", "min_mw",
    "committed", "first_offer_with", "exclusive_group", "signed_deal", "delay_spread_months",
}  # fmt: skip
"""What an offer is, and what only the program and the random paths read."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder = tmp_path_factory.mktemp("term-sheets")
    found = {}
    for number, name in enumerate(TERM_SHEETS):
        plan = allocate(term_sheet_case(name))
        write_pack(plan, Explanation((), (), (), Twins(None, None)), folder / f"{number}.xlsx")
        found[name] = plan, folder / f"{number}.xlsx"
    return found


def numbers(page: Any, row: int, columns: range) -> np.ndarray:
    """Values of a row; a text, such as the cover of a month without debt service, is no number."""
    found = [page.cell(row, column).value for column in columns]
    return np.array([np.nan if value is None or isinstance(value, str) else value for value in found], dtype=float)


def assert_statement_equals_engine(book: Any, entry: Entry, expected: Mapping[str, Any]) -> int:
    """Every number and every month of every line; returns how many lines there are."""
    page, count = book[entry.here.title], 0
    for row in entry.statement:
        if isinstance(row, Heading):
            continue
        value, at = expected[row.name], entry.here.rows[row.name]
        columns = range(3, 4) if isinstance(row, Single) else range(FIRST_MONTH, FIRST_MONTH + entry.here.months + 1)
        found, value = numbers(page, at, columns), np.atleast_1d(np.asarray(value, dtype=float))
        slack = 1e-12 * float(np.nanmax(np.abs(value), initial=0.0)) + (1e-9 if isinstance(row, Single) else 1e-6)
        close = np.isclose(found, value, rtol=RELATIVE, atol=slack, equal_nan=True)
        assert close.all(), (row.name, np.flatnonzero(~close)[:3], found[~close][:3], value[~close][:3])
        count += 1
    return count


def singles(page: Any) -> dict[str, Any]:
    return {page.cell(row, 1).value: page.cell(row, 3).value for row in range(1, page.max_row + 1)}


def assert_pack_equals_engine(path: Path, plan: Allocation) -> None:
    book = QuickBook(path)
    checked = sum(assert_statement_equals_engine(book, entry, entry.values) for entry in entries(plan))
    assert checked > 100
    monthly = book["Monthly"]
    rows = {monthly.cell(row, 1).value: row for row in range(1, monthly.max_row + 1)}
    columns = range(FIRST_MONTH, FIRST_MONTH + plan.case.timeline.months + 1)
    owner = numbers(monthly, rows["Cash flow to the owner"], columns)
    np.testing.assert_allclose(owner, plan.equity_cash_flow_usd, rtol=RELATIVE, atol=1e-4)
    new_money = numbers(monthly, rows["Cash flow of what is built or bought"], columns)
    np.testing.assert_allclose(new_money, plan.investment_cash_flow_usd, rtol=RELATIVE, atol=1e-4)
    lowest = singles(monthly)["Lowest DSCR of any lease"]
    assert lowest == ("n/a" if plan.minimum_dscr is None else pytest.approx(plan.minimum_dscr, rel=RELATIVE))
    checks = book["Checks"]
    failed = [checks.cell(r, 1).value for r in range(6, checks.max_row + 1) if checks.cell(r, 4).value not in (True, 1)]
    assert not failed


def test_the_term_sheets_switch_on_every_term() -> None:
    plain = Lease(name="Plain", tenant="T", critical_it_mw=1.0, rent_usd_per_kw_month=1.0)
    given = [term_sheet_case(name).leases[0] for name in TERM_SHEETS]
    for field in set(Lease.model_fields) - NOT_IN_THE_PACK:
        assert any(getattr(lease, field) != getattr(plain, field) for lease in given), field
    assert {lease.recovery for lease in given} == {"nnn", "modified gross", "gross"}
    assert {lease.after_term for lease in given} == {"back to mining", "none", "sold"}


@pytest.mark.parametrize("name", TERM_SHEETS)
def test_cached_values_equal_the_engine(name: str, packs: Packs) -> None:
    plan, path = packs[name]
    assert plan.mix
    assert_pack_equals_engine(path, plan)


@pytest.mark.libreoffice
def test_every_line_recalculated_by_libreoffice_equals_the_engine(packs: Packs, recalculate: Any) -> None:
    for done, (plan, _) in zip(recalculate(*(path for _, path in packs.values())), packs.values(), strict=True):
        assert_pack_equals_engine(done, plan)


@pytest.mark.parametrize("name", TERM_SHEETS)
def test_a_term_sheet_reads_back_as_the_same_case(name: str, packs: Packs) -> None:
    plan, path = packs[name]
    found = case_from_document(read_document(path))
    assert found.leases == plan.case.leases
    assert found.sha256() == plan.case.sha256()


FIRST, SECOND, GROSS, CANCELLED, DEFAULTED, FOR_SURE = list(TERM_SHEETS)[:6]
EDITS: dict[str, tuple[str, dict[str, Any]]] = {
    "rent": (FIRST, {"leases[0].rent_usd_per_kw_month": 171.25}),
    "lists, halls": (
        FIRST,
        {
            "leases[0].rent_by_year[2]": 1.4,
            "leases[0].draw_curve[0]": 0.3,
            "leases[0].draw_curve[3]": 0.2,
            "leases[0].halls[1].months_after_first": 3,
            "leases[0].halls[1].share": 0.1,
            "leases[0].halls[2].share": 0.4,
        },
    ),
    "no shorter tenor, level": (FIRST, {"leases[0].debt_tenor_years": None, "leases[0].amortisation": "level"}),
    "a delay": (DEFAULTED, {"leases[0].delay_months": 8}),
    "another number of deliveries": (SECOND, {"leases[0].deliveries": 5, "leases[0].delivery_interval_months": 3}),
    "one delivery": (SECOND, {"leases[0].deliveries": 1}),
    "sculpted, pro rata": (SECOND, {"leases[0].amortisation": "sculpted", "leases[0].equity_first": False}),
    "default": (CANCELLED, {"leases[0].tenant_default_per_year": 0.12, "leases[0].guarantor_cap_share": 0.3}),
    "cap rate": (GROSS, {"leases[0].exit_cap_rate": 0.055}),
    "sold instead of empty": (DEFAULTED, {"leases[0].after_term": "sold", "leases[0].exit_cap_rate": 0.09}),
    "fee": (DEFAULTED, {"leases[0].debt_fee_share": 0.05, "leases[0].debt_reserve_months": 9}),
    "no right to leave, no default": (
        FOR_SURE,
        {"leases[0].termination_after_years": None, "leases[0].tenant_default_after_years": None},
    ),
    "gross, tax at once": (
        SECOND,
        {
            "leases[0].recovery": "gross",
            "power.price_usd_per_mwh": 52.0,
            "finance.losses_used_by_parent": True,
            "finance.data_centre_fifteen_year_share": 0.35,
            "finance.bonus_depreciation": 0.6,
        },
    ),
}


def edited(case: Case, values: Mapping[str, Any]) -> Case:
    document = parse_document(dump_case(case).encode(), "case")
    for path, value in values.items():
        if value is None:
            table, _, field = path.rpartition(".")
            del document["leases"][int(table.partition("[")[2][:-1])][field]
        else:
            document = override(document, path, value)
    return case_from_document(document)


@pytest.mark.libreoffice
def test_typing_other_terms_recalculates_to_the_engine(packs: Packs, recalculate: Any, tmp_path: Path) -> None:
    files = [
        type_inputs(packs[name][1], tmp_path / f"{number}.xlsx", values)
        for number, (name, values) in enumerate(EDITS.values())
    ]
    for done, (label, (name, values)) in zip(recalculate(*files), EDITS.items(), strict=True):
        plan, book = packs[name][0], QuickBook(done)
        case = edited(plan.case, values)
        choices = activities(case)
        worth, key = 0.0, {a.key: j for j, a in enumerate(choices.items)}
        for entry in entries(plan):
            worth += entry.recommended_mw * choices.npv_usd[key[entry.activity.key]]
            if entry.activity.kind is Kind.LEASE:
                statement = lease_statement(case, entry.activity.owner)
                expected = StatementValues(statement, LeaseUnit(case, entry.activity))
                assert assert_statement_equals_engine(book, entry, expected) > 100, label
        sheet, _, cell = book.defined_names["out__your_npv_usd"].attr_text.rpartition("!")
        found = book[sheet.strip("'")][cell.replace("$", "")].value
        assert found == pytest.approx(worth, rel=RELATIVE), label
        assert book["Checks"]["D3"].value in (True, 1), label


REFUSED: dict[str, dict[str, Any]] = {
    "its deliveries hand over the whole offer (share)": {"leases[0].halls[1].share": 0.4},
    "the whole cost is drawn (share)": {"leases[0].draw_curve[0]": 0.2},
    "its loan matures within the term (months)": {"leases[0].debt_tenor_years": 6},
    "its last renewal ends within the 132 months planned": {"leases[0].term_years": 12},
}
"""Names of checks, and what turns them false."""


@pytest.fixture(scope="module")
def refused(packs: Packs, recalculate: Any, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("refused")
    files = [type_inputs(packs[FIRST][1], folder / f"{n}.xlsx", values) for n, values in enumerate(REFUSED.values())]
    return dict(zip(REFUSED, recalculate(*files), strict=True))


@pytest.mark.libreoffice
@pytest.mark.parametrize("words", REFUSED)
def test_a_term_that_reading_back_would_refuse_turns_a_check_false(words: str, refused: Mapping[str, Path]) -> None:
    page = QuickBook(refused[words])["Checks"]
    checks = {page.cell(r, 1).value: page.cell(r, 4).value for r in range(6, 200)}
    failed = [said for said, holds in checks.items() if said and not holds]
    assert any(said.endswith(words) for said in failed), failed


def test_each_lease_is_covered_by_itself(tmp_path: Path) -> None:
    """Two loans sized at 1.3x and 2.0x: the lowest cover is 1.3x in all months, whatever both have together."""
    case = term_sheet_case(list(TERM_SHEETS)[7], debt_rate=0.08, amortisation="sculpted", balloon_share=0.0, ltc=1.0)
    document = parse_document(dump_case(case).encode(), "case")
    document["leases"].append(document["leases"][0] | {"name": "Other", "dscr": 2.0, "rent_usd_per_kw_month": 150.0})
    document["leases"][0] |= {"dscr": 1.3, "rent_usd_per_kw_month": 120.0}
    document["finance"]["discount_rate_hosting"] = 0.0
    plan = allocate(case_from_document(document))
    write_pack(plan, Explanation((), (), (), Twins(None, None)), tmp_path / "two.xlsx")
    book = QuickBook(tmp_path / "two.xlsx")
    found = {label: value for label, value in singles(book["Monthly"]).items() if label and label.startswith("Lowest")}
    assert sum(isinstance(value, float) for value in found.values()) == 3
    assert found["Lowest DSCR of any lease"] == pytest.approx(1.3, rel=1e-9)
    assert max(found.values()) == pytest.approx(2.0, rel=1e-9)
    assert plan.minimum_dscr == pytest.approx(1.3, rel=1e-9)
