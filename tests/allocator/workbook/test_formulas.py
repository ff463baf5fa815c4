"""What a formula of the pack may hold: references, named inputs, named constants, and five numbers."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from allocator.allocation import Allocation

ALLOWED = {"0", "1", "12", "24", "1000"}
MODEL_SHEETS_END = "Assumptions"
_TEXT = re.compile(r'"[^"]*"')
_SHEET = re.compile(r"'[^']*'!")
_NAME_OR_CELL = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_]*\$?[0-9]*|\$?[A-Z]{1,3}\$?[0-9]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


@pytest.fixture(scope="module")
def book(pack: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(pack)


@pytest.fixture(scope="module")
def found(book: openpyxl.Workbook) -> list[tuple[str, str, str]]:
    """Sheet, address and text of every formula."""
    return [
        (sheet.title, cell.coordinate, str(cell.value))
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def numbers_in(formula: str) -> set[str]:
    """Literal numbers of a formula; those of cell addresses, sheet titles, names and texts are none."""
    bare = _NAME_OR_CELL.sub("x", _SHEET.sub("", _TEXT.sub("", formula)))
    return set(_NUMBER.findall(bare))


def test_numbers_in_is_not_fooled() -> None:
    assert numbers_in("=$E$7*2.5+'9 x'!B12-in__leases_0__ltc^INT((F9-1)/12)&\"77\"") == {"2.5", "1", "12"}


def test_no_economic_number_is_typed_into_a_formula(found: list[tuple[str, str, str]]) -> None:
    """No sheet is excepted: figures as solved stand in cells of their own, tolerances and conversions have names."""
    assert not [(sheet, cell, formula) for sheet, cell, formula in found if not numbers_in(formula) <= ALLOWED]


def test_every_named_number_is_explained_on_the_method_sheet(book: openpyxl.Workbook) -> None:
    meanings = {row[0].value: row[2].value for row in book["Method"].iter_rows(max_col=3)}
    for name in (n for n in book.defined_names if n.startswith("const__")):
        assert len(str(meanings[name])) > 8, name


def test_formulas_use_only_functions_that_every_spreadsheet_program_has(found: list[tuple[str, str, str]]) -> None:
    classic = re.compile(
        "ABS|AND|COUNT|COUNTIF|EDATE|EXP|IF|IFERROR|INDEX|INT|IRR|ISNUMBER|LEFT|LN|MATCH|MAX|MIN|MOD|MONTH|OR|PMT|ROUND|ROUNDUP"
        "|ROWS|SMALL|SUM|SUMIFS|SUMPRODUCT|TEXT|YEAR"
    )
    for sheet, cell, formula in found:
        used = set(re.findall(r"([A-Z][A-Z0-9.]*)\(", _TEXT.sub("", formula)))
        assert all(classic.fullmatch(name) for name in used), (sheet, cell, formula)


def test_every_month_of_a_row_holds_the_same_formula(book: openpyxl.Workbook, plan: Allocation) -> None:
    """FAST: relative to its column, a row has one formula."""
    from openpyxl.formula.translate import Translator

    last = 5 + plan.case.timeline.months
    titles = book.sheetnames
    for title in titles[titles.index("Monthly") : titles.index(MODEL_SHEETS_END)]:
        sheet = book[title]
        for row in range(3, sheet.max_row + 1):
            first = sheet.cell(row, 5)
            if first.data_type == "f":
                for column in (6, last // 2, last):
                    there = sheet.cell(row, column)
                    assert there.value == Translator(first.value, first.coordinate).translate_formula(
                        there.coordinate
                    ), (title, there.coordinate)


def test_user_text_is_in_no_formula_and_no_name(
    book: openpyxl.Workbook, plan: Allocation, found: list[tuple[str, str, str]]
) -> None:
    texts = [lease.tenant for lease in plan.case.leases]
    for _, _, formula in found:
        assert not any(text in _SHEET.sub("", formula) for text in texts)
    assert all(
        re.fullmatch(r"(in|use|flex|solved|out|mix|const|tables|pack)__[a-z0-9_]+", name) or name.startswith("_xlnm")
        for name in book.defined_names
    )


def test_sheets_stand_in_reading_order(book: openpyxl.Workbook, plan: Allocation) -> None:
    titles = book.sheetnames
    assert titles[:5] == ["Summary", "Mix", "Schedule", "Cash flow", "Sensitivity"]
    assert titles[5:9] == ["Offers", "Deals", "Monthly", "Network"]
    assert titles[-4:] == ["Assumptions", "Tables", "Checks", "Method"]
    owners = {
        *(f.name for f in plan.case.fleets),
        *(p.name for p in plan.case.purchases),
        *(offer.name for offer in plan.case.leases),
    }
    assert len(titles) - 13 >= len(owners)


def test_every_sheet_is_set_up_for_print(book: openpyxl.Workbook) -> None:
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in (sheet.oddFooter.right.text or "")
