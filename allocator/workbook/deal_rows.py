"""Rows of signed deals on sheet Deals: what was announced, the figures that follow, their bands, what is left out."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.comparison import links
from allocator.workbook.deals_apart import LAST_COLUMN, by_structure, height, link, title_row, write_left_out
from allocator.workbook.offers_sheet import MILLIONS_EACH
from allocator.workbook.style import (
    MEGAWATTS,
    MONEY_MILLIONS,
    QUIET,
    SHARE,
    SMALL,
    STRONG,
    WHOLE,
    header_row,
    put,
    put_text,
)
from models.deals import MEASURES, Deal, Measure, band, colocation_deals
from models.rent import Recovery

COUPON = "0.000%"
COLUMNS = {
    "term_years": ("G", "G"),
    "rent_usd_per_kw_month": ("H", "H"),
    "average_rent_usd_per_kw_month": ("I", "I"),
    "noi_usd_per_mw_year": ("J", "K"),
    "noi_margin": ("L", "M"),
    "capex_usd_per_mw": ("N", "O"),
    "ltc": ("Q", "Q"),
    "debt_rate": ("R", "R"),
    "provisioning_ratio": ("S", "S"),
}
"""Columns of a measure's low and high ends."""
FORMATS = {
    "G": WHOLE, "H": '"$"#,##0.00', "I": '"$"#,##0.00', "J": MILLIONS_EACH, "K": MILLIONS_EACH, "L": SHARE,
    "M": SHARE, "N": MILLIONS_EACH, "O": MILLIONS_EACH, "P": MILLIONS_EACH, "Q": SHARE, "R": COUPON, "S": SMALL,
}  # fmt: skip
HEADS = [
    "Deal", "Landlord", "Tenant", "Site", "Structure", "Critical IT MW", "Term, years", "First-year rent, /kW-month",
    "Average rent, /kW-month", "NOI per MW and year, low", "high",
    "NOI margin, low", "high", "Capex per MW, low", "high",
    "Debt per MW", "LTC", "Coupon", "Facility per critical IT MW",
]  # fmt: skip
ANNOUNCED = [
    "Deal", "Source", "", "", "Source dated", "Facility MW", "Contract value", "Escalator", "", "NOI a year",
    "Capex, total", "", "Debt", "", "MW they pay for",
]  # fmt: skip


@dataclass(frozen=True)
class DealPlaces:
    """Where the deals stand on the sheet; deals of one structure stand together."""

    rows: dict[str, int]
    announced: dict[str, int]
    bands: int
    """Row of the lowest figures; then whose they are, the highest, whose, and how many deals state a figure."""
    structures: int
    """Row of the first structure's margins."""

    def whole(self, letter: str) -> str:
        """A column over every deal."""
        return f"${letter}${min(self.rows.values())}:${letter}${max(self.rows.values())}"

    def band(self, measure: Measure) -> tuple[str, str, str, str, str]:
        """Cells of a band: low, its deal, high, its deal, deals."""
        low, high = COLUMNS[measure.key]
        cells = ((low, 0), (low, 1), (high, 2), (high, 3), (low, 4))
        low_end, lowest, high_end, highest, count = (f"${letter}${self.bands + n}" for letter, n in cells)
        return low_end, lowest, high_end, highest, count

    def margins(self, column: str) -> str:
        """A column of the margins by structure."""
        return f"${column}${self.structures}:${column}${self.structures + len(Recovery) - 1}"


def deal_places(first: int) -> DealPlaces:
    """Places of a table of deals whose title is in row ``first``."""
    known = by_structure()
    bands = first + 2 + len(known)
    structures = bands + 8
    announced = structures + len(Recovery) + 3
    return DealPlaces(
        {deal.deal_id: first + 2 + n for n, deal in enumerate(known)},
        {deal.deal_id: announced + n for n, deal in enumerate(known)},
        bands,
        structures,
    )


def write_deals(sheet: Worksheet, first: int, places: DealPlaces) -> int:
    """All tables of deals; returns the next row."""
    title_row(sheet, first, "Signed colocation deals; what is not announced as such is a formula of what was, below")
    header_row(sheet, first + 1, HEADS)
    sheet.row_dimensions[first + 1].height = 38
    for deal in by_structure():
        _deal(sheet, places.rows[deal.deal_id], deal, places.announced[deal.deal_id])
        _announced(sheet, places.announced[deal.deal_id], deal)
    _bands(sheet, places)
    _margins(sheet, places)
    head = min(places.announced.values()) - 1
    title_row(sheet, head - 1, "What was announced (means of rents need a contract value, a term and critical IT MW)")
    header_row(sheet, head, ANNOUNCED)
    sheet.row_dimensions[head].height = 26
    return write_left_out(sheet, max(places.announced.values()) + 2)


def _deal(sheet: Worksheet, row: int, deal: Deal, stated: int) -> None:
    put_text(sheet, f"A{row}", deal.deal_id, bold=True)
    for letter, text in zip("BCDE", (deal.landlord, deal.tenant, deal.site, deal.structure), strict=True):
        put_text(sheet, f"{letter}{row}", text, wrap=True, size=8)
    if deal.critical_it_mw is not None:
        put(sheet, f"F{row}", deal.critical_it_mw, form=MEGAWATTS, align="right")
    low, high = deal.noi_margin_low, deal.noi_margin_high
    figures: dict[str, object] = {
        "G": deal.term_years, "H": _first_year_rent(deal, row, stated), "I": _average_rent(deal, row, stated),
        "J": _noi(deal, row, stated, "L"), "K": _noi(deal, row, stated, "M"), "L": low, "M": high,
        "N": deal.capex_low_usd_per_mw, "O": deal.capex_high_usd_per_mw,
        "P": None if deal.debt_usd_per_mw is None else f"=M{stated}/O{stated}",
        "Q": deal.ltc, "R": deal.coupon_per_year,
        "S": None if deal.provisioning_ratio is None else f"=F{stated}/F{row}",
    }  # fmt: skip
    if figures["N"] is None and deal.capex_usd_per_mw is not None:
        figures["N"] = figures["O"] = f"=K{stated}/O{stated}"
    for letter, value in figures.items():
        if value is not None:
            put(sheet, f"{letter}{row}", value, form=FORMATS[letter], align="right")
    sheet.row_dimensions[row].height = height(deal.landlord, deal.tenant, deal.site, deal.structure)


def _first_year_rent(deal: Deal, row: int, stated: int) -> str | None:
    if deal.first_year_rent_usd_per_kw_month is None:
        return None
    return f"=IF(H{stated}=0,G{stated}/G{row},G{stated}*H{stated}/((1+H{stated})^G{row}-1))/(12*1000*F{row})"


def _average_rent(deal: Deal, row: int, stated: int) -> str | None:
    known = deal.average_rent_usd_per_kw_month is not None
    return f"=G{stated}/(G{row}*12*1000*F{row})" if known else None


def _noi(deal: Deal, row: int, stated: int, margin: str) -> str | None:
    """First-year NOI at the margin in a column; what is stated a year where no margin is."""
    if deal.noi_usd_per_mw_year is None:
        return None
    if deal.first_year_rent_usd_per_kw_month is None or deal.noi_margin is None:
        return f"=J{stated}/F{row}"
    return f"=12*1000*H{row}*{margin}{row}"


def _announced(sheet: Worksheet, row: int, deal: Deal) -> None:
    put_text(sheet, f"A{row}", deal.deal_id, bold=True)
    for letter, address in zip("BCD", links(deal), strict=False):
        link(sheet, f"{letter}{row}", address)
    put_text(sheet, f"E{row}", deal.source_date, size=8, colour=QUIET)
    for letter, value, form in (
        ("F", deal.facility_mw, MEGAWATTS), ("G", deal.contract_value_usd, MONEY_MILLIONS),
        ("J", deal.stated_noi_usd_per_year, MONEY_MILLIONS), ("K", deal.capex_usd, MONEY_MILLIONS),
        ("M", deal.debt_usd, MONEY_MILLIONS), ("O", deal.funded_critical_it_mw, MEGAWATTS),
    ):  # fmt: skip
        if value is not None:
            put(sheet, f"{letter}{row}", value, form=form, align="right")
    if deal.contract_value_usd is not None:
        put(sheet, f"H{row}", deal.escalator, form="0.00%", align="right")
        if deal.escalator_per_year is None:
            put(sheet, f"I{row}", "assumed", colour=QUIET, size=8, align="left", indent=1)
    for merged in ("K{0}:L{0}", "M{0}:N{0}"):
        sheet.merge_cells(merged.format(row))


def _bands(sheet: Worksheet, places: DealPlaces) -> None:
    ids, row = places.whole("A"), places.bands
    labels = ("Lowest", "whose", "Highest", "whose", "Deals that state it")
    for n, label in enumerate(labels):
        for column in range(1, LAST_COLUMN + 1):
            address = f"{get_column_letter(column)}{row + n}"
            put(sheet, address, label if column == 1 else None, bold=n % 2 == 0, above=STRONG if n == 0 else None)
    for low, high in COLUMNS.values():
        lows, highs = places.whole(low), places.whole(high)
        put(sheet, f"{low}{row}", f"=MIN({lows})", form=FORMATS[low], align="right", bold=True, above=STRONG)
        who = f"=INDEX({ids},MATCH({low}{row},{lows},0))"
        put(sheet, f"{low}{row + 1}", who, align="right", colour=QUIET, size=8)
        put(sheet, f"{high}{row + 2}", f"=MAX({highs})", form=FORMATS[high], align="right", bold=True)
        who = f"=INDEX({ids},MATCH({high}{row + 2},{highs},0))"
        put(sheet, f"{high}{row + 3}", who, align="right", colour=QUIET, size=8)
        put(sheet, f"{low}{row + 4}", f"=COUNT({lows})", form=WHOLE, align="right")


def _margins(sheet: Worksheet, places: DealPlaces) -> None:
    head = places.structures - 1
    title_row(sheet, head - 1, "NOI margin by structure: an offer's is held against its own where two deals state one")
    header_row(sheet, head, ["Structure", "Lowest", "whose", "Highest", "whose", "Deals"])
    for n, recovery in enumerate(Recovery):
        row = places.structures + n
        put(sheet, f"A{row}", str(recovery), bold=True)
        rows = [places.rows[deal.deal_id] for deal in by_structure() if deal.recovery is recovery]
        put(sheet, f"F{row}", f"=COUNT(L{min(rows)}:L{max(rows)})" if rows else 0, form=WHOLE, align="right")
        if rows and band_of_margin(recovery):
            ids = f"A{min(rows)}:A{max(rows)}"
            for cell, name, column, function in (("B", "C", "L", "MIN"), ("D", "E", "M", "MAX")):
                ends = f"{column}{min(rows)}:{column}{max(rows)}"
                put(sheet, f"{cell}{row}", f"={function}({ends})", form=SHARE, align="right", bold=True)
                who = f"=INDEX({ids},MATCH({cell}{row},{ends},0))"
                put(sheet, f"{name}{row}", who, colour=QUIET, size=8, align="left", indent=1)


def band_of_margin(recovery: Recovery) -> bool:
    """Whether any deal of a structure states its margin."""
    margin = next(m for m in MEASURES if m.key == "noi_margin")
    alike = [deal for deal in colocation_deals() if deal.recovery is recovery]
    return band(margin) is not None and any(margin.ends(deal) is not None for deal in alike)
