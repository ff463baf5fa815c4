"""Sheet Deals: each offer beside the bands of signed deals, live; what the notes of its own deal mean; the deals.

What lies outside a band is a note for the reader and enters no check: a first deal of its kind is outside every band.
"""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation
from allocator.workbook.deal_rows import COLUMNS, COUPON, FORMATS, DealPlaces, deal_places, write_deals
from allocator.workbook.deals_apart import title_row
from allocator.workbook.flex import input_name
from allocator.workbook.hall_cost_lines import BORNE
from allocator.workbook.hall_rent_lines import BILLED, rent_index_formula
from allocator.workbook.style import (
    HOSTING,
    INK,
    LOSS,
    MONEY_MILLIONS,
    QUIET,
    SHARE,
    WHITE,
    WHOLE,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)
from models.assumptions import describe
from models.deals import MEASURES, Measure, Place, deal_named, notes_figures
from models.lease import Lease
from models.rent import Recovery

SHEET = "Deals"
FIRST_ROW = 5
HEADS = ["Measure", "Unit", "Offer", "Beside signed deals", "Lowest", "whose", "Highest", "whose", "Deals"]
COVER = '0.00"x"'
_WIDTHS = (24, 28, 20, 22, 22, 12, 12, 13, 12, 12, 12, 10, 10, 11, 11, 11, 9, 9, 11)


@dataclass(frozen=True)
class Schedule:
    """An offer's rent by year of its term, at the foot of the sheet: each column over the longest term."""

    years: str
    index: str
    """Rent of the year over that of the first."""
    months: str
    """Months of rent paid in it."""
    second: str
    """Of them in its second half."""


@dataclass(frozen=True)
class OfferBlock:
    """Where an offer stands on the sheet."""

    number: int
    lease: Lease
    row: int
    schedule: Schedule

    def named(self, formula: str) -> str:
        """Put defined names for the inputs that ``@`` marks."""
        return formula.replace("@", input_name(f"leases[{self.number}]") + "__")

    def cell(self, key: str) -> str:
        """Cell of one of its measures."""
        return f"$C${self.row + 2 + [m.key for m in MEASURES].index(key)}"


def write_signed_deals(sheet: Worksheet, plan: Allocation) -> None:
    """The offers first, then the notes of each one's own deal, the deals with their bands, and what is apart."""
    leases = plan.case.leases
    rows = offer_rows(leases)
    foot = rows.pop()
    places = deal_places(foot)
    said = "Each offer beside the colocation deals signed so far. Blue links open the sources; notes, not checks."
    heading(sheet, "Deals", said)
    for i, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    below = write_deals(sheet, foot, places)
    schedules = _schedules(sheet, below, leases)
    for i, lease in enumerate(leases):
        _offer(sheet, OfferBlock(i, lease, rows[i], schedules[i]), places)
    flags = f"D{FIRST_ROW}:D{places.bands}"
    count = f'(COUNTIF({flags},"{Place.ABOVE}")+COUNTIF({flags},"{Place.BELOW}"))'
    every = f'({count}+COUNTIF({flags},"{Place.INSIDE}"))'
    put(sheet, "A3", f'={count}&" of "&{every}&" figures of the offers lie outside what has been signed."', bold=True)
    outside = Font(color=LOSS.of_cell, bold=True)
    for place in (Place.ABOVE, Place.BELOW):
        rule = CellIsRule(operator="equal", formula=[f'"{place}"'], font=outside)
        sheet.conditional_formatting.add(flags, rule)
    print_setup(sheet)


def offer_rows(leases: tuple[Lease, ...]) -> list[int]:
    """First row of each offer, and the row after the last."""
    rows = [FIRST_ROW]
    for lease in leases:
        rows.append(rows[-1] + len(MEASURES) + 3 + (len(NOTES) + 1 if _has_notes(lease) else 0))
    return rows


def _has_notes(lease: Lease) -> bool:
    deal = deal_named(lease.signed_deal)
    return deal is not None and notes_figures(deal, lease) is not None


def _offer(sheet: Worksheet, block: OfferBlock, places: DealPlaces) -> None:
    row = block.row
    title_row(sheet, row, "")
    put_text(sheet, f"A{row}", block.lease.name, bold=True, size=11)
    put(sheet, f"B{row}", block.named("=@recovery"), colour=QUIET, align="left")
    header_row(sheet, row + 1, HEADS)
    for n, measure in enumerate(MEASURES, start=row + 2):
        _measure(sheet, n, measure, block, places)
    if _has_notes(block.lease):
        _notes(sheet, row + 2 + len(MEASURES), block, places)


def _measure(sheet: Worksheet, row: int, measure: Measure, block: OfferBlock, places: DealPlaces) -> None:
    form = FORMATS[COLUMNS[measure.key][0]]
    put(sheet, f"A{row}", measure.label)
    put(sheet, f"B{row}", measure.unit, colour=QUIET, size=8)
    put(sheet, f"C{row}", f"={_figure(measure.key, block)}", form=form, align="right", bold=True)
    slack = f"const__band_rounding*MAX(ABS(E{row}),ABS(G{row}))"
    words = f'=IF(C{row}<E{row}-{slack},"{Place.BELOW}",IF(C{row}>G{row}+{slack},"{Place.ABOVE}","{Place.INSIDE}"))'
    put(sheet, f"D{row}", words, align="center")
    forms = (form, "General", form, "General", WHOLE)
    cells = [*places.band(measure)]
    if measure.key == "noi_margin":
        cells = [_of_structure(cell, own, block, places) for cell, own in zip(cells, "BCDEF", strict=True)]
    for letter, source, look in zip("EFGHI", cells, forms, strict=True):
        put(sheet, f"{letter}{row}", f"={source}", form=look, align="right", colour=QUIET if letter in "FH" else INK)


def _of_structure(everywhere: str, column: str, block: OfferBlock, places: DealPlaces) -> str:
    """A cell of the margins of the offer's own structure, where two deals or more state one."""
    at = block.named(f"MATCH(@recovery,{places.margins('A')},0)")
    return f"IF(INDEX({places.margins('F')},{at})>1,INDEX({places.margins(column)},{at}),{everywhere})"


def _figure(key: str, block: OfferBlock) -> str:
    """Formula of an offer's measure from its inputs, as :mod:`models.deals` takes it from a lease."""
    own = block.schedule
    first_year = "INT(@free_rent_months/12)"
    rent = f"({BILLED}*INDEX({own.index},{first_year}+1))"
    borne = "1000*@running_cost_usd_per_kw_month*(1+@running_cost_growth_per_year)^"
    formulas = {
        "rent_usd_per_kw_month": "@rent_usd_per_kw_month",
        "average_rent_usd_per_kw_month": f"{BILLED}/1000*SUMPRODUCT({own.index},{own.months})/(12*@term_years)",
        "noi_usd_per_mw_year": f'12*({rent}*@noi_margin-IF(@recovery="{Recovery.NNN}",0,{borne}{first_year}))',
        "noi_margin": f"IF({rent}=0,@noi_margin,{block.cell('noi_usd_per_mw_year')}/(12*{rent}))",
        "capex_usd_per_mw": "1000*@capex_usd_per_kw",
    }
    return block.named(formulas.get(key, f"@{key}"))


_HALF_YEAR = (
    "({billed}*{index}*({paid})*@noi_margin-{borne}*12/const__coupons_per_year"
    "*1000*@running_cost_usd_per_kw_month*(1+@running_cost_growth_per_year)^({years}-1))"
)
SCULPTED = (
    "{mw}*SUMPRODUCT(({years}<=@term_years)*("
    + _HALF_YEAR.replace("{paid}", "{months}-{second}")
    + "*(1+{rate})^(1-const__coupons_per_year*{years})+"
    + _HALF_YEAR.replace("{paid}", "{second}")
    + "*(1+{rate})^(-const__coupons_per_year*{years})))/{at0}"
)
"""The contract's NOI of the first half of each year and of the second, discounted at the coupon."""
NOTES = (
    ("Notes issued", "USD", MONEY_MILLIONS, "{debt}", "Published debt of the deal"),
    ("Coupon", "per year", COUPON, "{coupon}", "Nominal, paid twice a year"),
    (
        "NOI, first year", "USD", MONEY_MILLIONS, "{noi}*{mw}",
        "This offer's NOI of a MW, on the critical IT MW that the notes pay for",
    ),
    (
        "Paid level: service", "USD a year", MONEY_MILLIONS,
        "-PMT({rate},const__coupons_per_year*@term_years,{at0})*const__coupons_per_year",
        "Equal payments over the lease's term",
    ),
    ("Paid level: first-year cover", "ratio", COVER, "{at2}/{at3}", "First-year NOI over that service"),
    (
        "Paid sculpted: cover", "ratio", COVER,
        SCULPTED,
        "Present value of NOI at the coupon over the notes: NOI of the half year before each payment",
    ),
    ("Debt yield", "per year", SHARE, "{at2}/{at0}", "First-year NOI over the notes"),
    (
        "Yield on construction", "per year", SHARE,
        'IF({cost}=0,"no construction cost",{at2}/({cost}*{mw}))',
        "First-year NOI over the landlord's construction cost: with contingency, less what the tenant pays",
    ),
    (
        "Yield on funded cost", "per year", SHARE,
        "{at2}/({cost}*{mw}+{at0}*{at1}*(@build_months+@delay_months+@free_rent_months)/12)",
        "First-year NOI over that cost with the interest on the notes until rent begins: all that debt and equity pay",
    ),
)  # fmt: skip
"""Label, unit, format, formula and meaning of each figure of published notes; ``{at2}`` is the third of them."""


def _notes(sheet: Worksheet, row: int, block: OfferBlock, places: DealPlaces) -> None:
    deal = block.lease.signed_deal
    header_row(sheet, row, ["", "Unit", "Beside this offer", "What it is", "", "", "", "", ""])
    put_text(sheet, f"A{row}", f"Published notes of {deal}", bold=True, colour=WHITE, fill=HOSTING)
    known = {f"at{n}": f"$C${row + 1 + n}" for n in range(len(NOTES))}
    known |= {
        "debt": f"$M${places.announced[deal]}",
        "coupon": f"$R${places.rows[deal]}",
        "mw": f"$O${places.announced[deal]}",
        "noi": block.cell("noi_usd_per_mw_year"),
        "cost": "(1000*@capex_usd_per_kw*(1+@contingency_share)*(1-@tenant_capex_share))",
        "billed": BILLED,
        "borne": BORNE,
        **vars(block.schedule),
    }
    known["rate"] = f"{known['at1']}/const__coupons_per_year"
    for n, (label, unit, form, formula, meaning) in enumerate(NOTES, start=row + 1):
        put(sheet, f"A{n}", label)
        put(sheet, f"B{n}", unit, colour=QUIET, size=8)
        put(sheet, f"C{n}", f"={block.named(formula.format(**known))}", form=form, align="right", bold=True)
        put(sheet, f"D{n}", meaning, colour=QUIET, size=8, align="left", indent=1)


def _schedules(sheet: Worksheet, row: int, leases: tuple[Lease, ...]) -> list[Schedule]:
    """Rent by year of each offer, which average rents and covers add up."""
    longest = int(describe(Lease)["term_years"].upper or 0)
    first, last = row + 3, row + 2 + longest
    title_row(
        sheet,
        row,
        "Rent by year of each offer's term: over that of the first year, months paid, of them in the second half",
    )
    header_row(sheet, row + 2, ["Year"])
    for n in range(longest):
        put(sheet, f"A{first + n}", n + 1, form=WHOLE, align="left")
    years = f"$A${first}:$A${last}"
    return [_schedule(sheet, first, last, i, lease, years) for i, lease in enumerate(leases)]


def _schedule(sheet: Worksheet, first: int, last: int, number: int, lease: Lease, years: str) -> Schedule:
    column = 2 + 3 * number
    index, months, second = (get_column_letter(column + n) for n in range(3))
    put_text(sheet, f"{index}{first - 2}", lease.name, bold=True)
    header_row(sheet, first - 1, ["Over first year", "Months paid", "second half"], column)
    own = input_name(f"leases[{number}]") + "__"
    for row in range(first, last + 1):
        put(
            sheet,
            f"{index}{row}",
            f"={rent_index_formula(lease, number, f'$A{row}-1')}".replace("@", own),
            form="0.0000",
        )
        paid = f"=IF($A{row}>@term_years,0,MAX(0,MIN(12,12*$A{row}-@free_rent_months)))".replace("@", own)
        put(sheet, f"{months}{row}", paid, form=WHOLE)
        late = f"=MIN({months}{row},12/const__coupons_per_year)"
        put(sheet, f"{second}{row}", late, form=WHOLE)
    return Schedule(years, *(f"${letter}${first}:${letter}${last}" for letter in (index, months, second)))
