"""Sheet Offers: the term sheet of each offer, one column an offer, as sponsor, lender and tenant quote it.

What is an input, or a plain function of inputs, or on sheet Mix, is a formula and follows an edit; everything else is
the engine's figure and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Kind
from allocator.allocation import Allocation
from allocator.formats import quarter
from allocator.offers import OfferTerms, offer_terms
from allocator.term_lines import (
    Form,
    TermLine,
    lender_lines,
    notes_lines,
    source_lines,
    sponsor_lines,
    tenant_lines,
    use_lines,
)
from allocator.workbook.assumptions_sheet import INPUTS_CHANGED
from allocator.workbook.entries import MIX_SHEET, Entry
from allocator.workbook.flex import input_name
from allocator.workbook.style import (
    HOSTING,
    INK,
    LOSS,
    MEGAWATTS,
    MONEY_MILLIONS,
    QUIET,
    SHARE,
    STRONG,
    THIN,
    WHITE,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)

SHEET = "Offers"
HEAD_ROW = 5
FIRST_OFFER_COLUMN = 4
MILLIONS_EACH = '"$"#,##0.00,,"\u00a0M";("$"#,##0.00,,"\u00a0M");"–"'
FORMATS = {
    Form.MONEY: MONEY_MILLIONS,
    Form.RENT: '"$"#,##0.00',
    Form.RATE: SHARE,
    Form.POINTS: SHARE,
    Form.COVER: '0.00"x"',
    Form.YEARS: "0.0",
    Form.TEXT: "General",
}
LIVE = {
    "capex_usd_per_critical_it_mw": "=1000*{capex_usd_per_kw}*(1+{contingency_share})*(1-{tenant_capex_share})",
    "guarantor_cap_years_of_rent": "={guarantor_cap_share}*{term_years}",
    "debt_rate": "={debt_rate}",
    "tenor_years": "=IF(ISNUMBER({debt_tenor_years}),{debt_tenor_years},{term_years}-{free_rent_months}/12)",
}
"""Figures that are plain functions of an offer's inputs, named in braces."""
LISTED_RENT = "first_year_rent_usd_per_kw_month"
FIRST_YEAR_RENT = (
    "={rent_usd_per_kw_month}*MAX({take_or_pay_share},{expected_use})"
    "*(1+{escalator_per_year})^INT({free_rent_months}/12)"
)
PER_MW = "USD per critical IT MW"


@dataclass(frozen=True)
class Block:
    """A part of the sheet: its title, the lines of an offer in it, whether they end in a sum."""

    title: str
    lines: Callable[[OfferTerms], Iterator[TermLine]]
    total: str = ""


NOTES = Block("Published notes of the signed deal", notes_lines)
BLOCKS = (
    Block("Sponsor", sponsor_lines),
    Block("Lender", lender_lines),
    NOTES,
    Block("Tenant", tenant_lines),
    Block(f"Uses, {PER_MW}", use_lines, "Uses"),
    Block(f"Sources, {PER_MW}", source_lines, "Sources"),
)


def write_offers(sheet: Worksheet, plan: Allocation, entries: Sequence[Entry]) -> None:
    """Every offer side by side, from the offer itself to what a delay costs."""
    found = offer_terms(plan.case, plan)
    run = f"case {plan.case.sha256()[:12]}, solver {plan.solver}"
    note = f"Whole offers, taken or not. Live: follows the inputs. As solved: the engine's figures of {run}."
    heading(sheet, "Offers", note)
    said = "An input was changed: rows marked as solved still hold the figures of the case as it was solved."
    put(sheet, "A3", f'=IF({INPUTS_CHANGED},"{said}","")', colour=LOSS, bold=True)
    for column, width in zip("ABC", (30, 22, 10), strict=True):
        sheet.column_dimensions[column].width = width
    for i in range(len(found)):
        sheet.column_dimensions[get_column_letter(FIRST_OFFER_COLUMN + i)].width = 21
    meaning = get_column_letter(FIRST_OFFER_COLUMN + len(found))
    sheet.column_dimensions[meaning].width = 74
    header_row(sheet, HEAD_ROW, ["Figure", "Unit", "Basis", *["" for _ in found], "What it is"])
    for i, terms in enumerate(found):
        address = f"{get_column_letter(FIRST_OFFER_COLUMN + i)}{HEAD_ROW}"
        name = terms.sheet.lease.name
        put_text(sheet, address, name, bold=True, colour=WHITE, fill=HOSTING, align="right", wrap=True)
    sheet[f"{meaning}{HEAD_ROW}"].alignment = Alignment(horizontal="left", vertical="center", indent=1)
    row = _offer(sheet, found, HEAD_ROW + 1)
    noted = any(terms.notes is not None for terms in found)
    for block in (b for b in BLOCKS if noted or b is not NOTES):
        row = _block(sheet, block, found, entries, row, meaning)
    _delays(sheet, found, row, meaning)
    sheet.freeze_panes = sheet.cell(HEAD_ROW + 1, FIRST_OFFER_COLUMN)
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def _offer(sheet: Worksheet, found: Sequence[OfferTerms], row: int) -> int:
    """What is offered, and what the plan does with it."""
    _row_head(sheet, row, "Offered", "critical IT MW", live=True)
    _row_head(sheet, row + 1, "Recommended", "critical IT MW", live=False)
    _row_head(sheet, row + 2, "Quoted from", "first delivery", live=False)
    _row_head(sheet, row + 3, "Tenant", "", live=False)
    _row_head(sheet, row + 4, "Term", "years", live=True)
    for i, terms in enumerate(found):
        column = get_column_letter(FIRST_OFFER_COLUMN + i)
        put(sheet, f"{column}{row}", _input("={critical_it_mw}", terms), form=MEGAWATTS, align="right")
        put(sheet, f"{column}{row + 1}", terms.taken_mw, form=MEGAWATTS, align="right")
        put(sheet, f"{column}{row + 2}", quarter(terms.start_label), align="right")
        put_text(sheet, f"{column}{row + 3}", terms.sheet.lease.tenant, align="right", wrap=True)
        put(sheet, f"{column}{row + 4}", _input("={term_years}", terms), form="0", align="right")
    return row + 6


def _block(
    sheet: Worksheet, block: Block, found: Sequence[OfferTerms], entries: Sequence[Entry], row: int, meaning: str
) -> int:
    _title(sheet, block.title, row, meaning)
    by_offer = [list(block.lines(terms)) for terms in found]
    first = row + 1
    for n, line in enumerate(by_offer[0] if by_offer else []):
        at = first + n
        live = False
        for i, terms in enumerate(found):
            here = by_offer[i][n]
            formula = _formula(here, terms, entries)
            live = live or formula is not None
            _figure(sheet, f"{get_column_letter(FIRST_OFFER_COLUMN + i)}{at}", here, formula)
        _row_head(sheet, at, line.label, _unit(line), live=live)
        put(sheet, f"{meaning}{at}", line.meaning, colour=QUIET, size=8, align="left", indent=1)
    row = first + (len(by_offer[0]) if by_offer else 0)
    if block.total:
        for i in range(len(found)):
            column = get_column_letter(FIRST_OFFER_COLUMN + i)
            total = f"=SUM({column}{first}:{column}{row - 1})"
            put(sheet, f"{column}{row}", total, form=MILLIONS_EACH, bold=True, align="right", above=THIN)
        _row_head(sheet, row, block.total, "USD", live=False, bold=True)
        row += 1
    return row + 1


def _delays(sheet: Worksheet, found: Sequence[OfferTerms], row: int, meaning: str) -> int:
    _title(sheet, "NPV by months late", row, meaning)
    months = [late for late, _ in found[0].sheet.sponsor.npv_by_delay_usd] if found else []
    for n, late in enumerate(months, start=row + 1):
        _row_head(sheet, n, "On time" if not late else f"{late} months late", "USD", live=False)
        for i, terms in enumerate(found):
            worth = dict(terms.sheet.sponsor.npv_by_delay_usd)[late]
            address = f"{get_column_letter(FIRST_OFFER_COLUMN + i)}{n}"
            put(sheet, address, worth, form=MONEY_MILLIONS, align="right")
    last = row + 1 + len(months)
    _row_head(sheet, last, "Expected", "USD", live=False)
    for i, terms in enumerate(found):
        address = f"{get_column_letter(FIRST_OFFER_COLUMN + i)}{last}"
        worth = terms.sheet.sponsor.npv_expected_over_delays_usd
        put(sheet, address, worth, form=MONEY_MILLIONS, align="right", bold=True)
    said = "Mean over the delays that the offer's expected delay and its spread make likely"
    put(sheet, f"{meaning}{last}", said, colour=QUIET, size=8, align="left", indent=1)
    return last + 1


def _title(sheet: Worksheet, title: str, row: int, meaning: str) -> None:
    last = sheet[f"{meaning}{row}"].column
    for column in range(1, last + 1):
        put(sheet, sheet.cell(row, column).coordinate, title if column == 1 else None, bold=True, below=STRONG)


def _row_head(sheet: Worksheet, row: int, label: str, unit: str, *, live: bool, bold: bool = False) -> None:
    put(sheet, f"A{row}", label, bold=bold, align="left", indent=1 if label[:1].islower() else 0)
    put(sheet, f"B{row}", unit, colour=QUIET, size=8)
    put(sheet, f"C{row}", "live" if live else "as solved", colour=QUIET, size=8)


def _unit(line: TermLine) -> str:
    if line.form is Form.RATE:
        return "% a year" if line.key == "debt_rate" or line.key.startswith(("irr", "notes_coupon")) else "%"
    return {Form.POINTS: "% points", Form.COVER: "ratio"}.get(line.form, str(line.form))


def _figure(sheet: Worksheet, address: str, line: TermLine, formula: str | None) -> None:
    """A formula, a number, or the words that stand for a number that does not exist."""
    each = line.key.endswith(("_use_usd", "_source_usd", "_per_critical_it_mw"))
    form = MILLIONS_EACH if each else FORMATS[line.form]
    if formula is not None:
        put(sheet, address, formula, form=form, align="right")
    elif line.value is None or isinstance(line.value, str):
        there = isinstance(line.value, str)
        words = line.value if isinstance(line.value, str) else line.reason
        put_text(
            sheet, address, words, align="right", wrap=True, colour=INK if there else QUIET, size=9 if there else 8
        )
    else:
        put(sheet, address, line.value, form=form, align="right")


def _formula(line: TermLine, terms: OfferTerms, entries: Sequence[Entry]) -> str | None:
    """The live formula of a figure, where it has one."""
    if line.value is None:
        return None
    if line.key == "npv_usd":
        here = next(
            (
                e
                for e in entries
                if e.activity.kind is Kind.LEASE and (e.activity.owner, e.activity.start) == (terms.offer, terms.start)
            ),
            None,
        )
        return None if here is None else _input(f"='{MIX_SHEET}'!$I${here.mix_row}*{{critical_it_mw}}", terms)
    if line.key == LISTED_RENT:
        return None if terms.sheet.lease.rent_by_year else _input(FIRST_YEAR_RENT, terms)
    return _input(LIVE[line.key], terms) if line.key in LIVE else None


def _input(formula: str, terms: OfferTerms) -> str:
    """Put the defined names of an offer's inputs for the names in braces."""
    named = {name: input_name(f"leases[{terms.offer}].{name}") for name in type(terms.sheet.lease).model_fields}
    return formula.format(**named)
