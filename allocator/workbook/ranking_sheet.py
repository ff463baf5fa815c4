"""Sheet Ranking: every solved site by NPV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.drivers import Driver
from allocator.workbook.long_table import Column, Live, Value, write_long_table
from allocator.workbook.ranked_sites import Batch, RankedSite
from allocator.workbook.style import MEGAWATTS, MONEY, SHARE, SMALL, STRONG, WHOLE, heading, print_setup, put

SHEET = "Ranking"
TOTAL_ROW, HEAD_ROW, FIRST_ROW = 4, 5, 6
COLUMNS = {
    "rank": Column("Rank by NPV", 6.5, WHOLE),
    "site": Column("Site", 26, wraps=True, is_text=True),
    "doing": Column("What it does", 18.5, is_text=True),
    "hosting_mw": Column("Hosting, facility MW", 9, MEGAWATTS),
    "mining_mw": Column("Mining, facility MW", 9, MEGAWATTS),
    "idle_mw": Column("Idle, facility MW (mean)", 9, MEGAWATTS),
    "critical_it_mw": Column("Leased, critical IT MW", 9, MEGAWATTS),
    "npv": Column("NPV, USD", 14.5, MONEY),
    "capex": Column("Capex, USD", 16, MONEY),
    "capital": Column("Capital (peak equity), USD", 14.5, MONEY),
    "per_dollar": Column("NPV per $ of capital", 9, SMALL),
    "irr": Column("IRR per year", 8, SHARE),
    "payback": Column("Payback, years", 8, "0.0"),
}
NUMBER_OF_ROW = Column("Row in the table", 7, WHOLE)
WORDS = Column("Decision", 46, wraps=True, is_text=True)
SUMMED = ("hosting_mw", "mining_mw", "idle_mw", "critical_it_mw", "npv", "capex", "capital")
LETTER = {name: get_column_letter(place) for place, name in enumerate(COLUMNS, start=1)}


@dataclass(frozen=True)
class Ranking:
    """Where the ranking lies."""

    last_row: int
    drivers: tuple[Driver, ...]

    def row_of(self, site: RankedSite) -> int:
        """The row of a site."""
        return FIRST_ROW + site.rank - 1

    def cell(self, name: str, site: RankedSite) -> str:
        """Address of one figure of a site."""
        return f"{SHEET}!${LETTER[name]}${self.row_of(site)}"

    def all_of(self, name: str) -> str:
        """Address of a column's cells."""
        return self._range(LETTER[name])

    def all_of_driver(self, place: int) -> str:
        """Address of the cells of an input by which sites are mapped."""
        return self._range(_driver_letter(place))

    def _range(self, letter: str) -> str:
        return f"{SHEET}!${letter}${FIRST_ROW}:${letter}${max(FIRST_ROW, self.last_row)}"


def write_ranking(sheet: Worksheet, batch: Batch, drivers: Sequence[Driver]) -> Ranking:
    """A row a site; NPV per dollar and totals are formulas, the rest is as solved."""
    heading(
        sheet,
        "Ranking",
        "Every site with a plan, the largest NPV first. Figures as solved; NPV per dollar and totals are formulas.",
    )
    of_drivers = [Column(f"{d.label[:1].upper()}{d.named[1:]}", 11, d.form) for d in drivers]
    columns = [*COLUMNS.values(), *of_drivers, NUMBER_OF_ROW, WORDS]
    last = write_long_table(sheet, columns, (_row(site, drivers) for site in batch.ranked), HEAD_ROW)
    put(sheet, f"B{TOTAL_ROW}", "Total", bold=True, below=STRONG)
    for name in SUMMED:
        letter = LETTER[name]
        total = f"=SUM({letter}{FIRST_ROW}:{letter}{max(FIRST_ROW, last)})"
        put(sheet, f"{letter}{TOTAL_ROW}", total, form=COLUMNS[name].form, bold=True, below=STRONG)
    npv, capital, ratio = (f"{LETTER[name]}{TOTAL_ROW}" for name in ("npv", "capital", "per_dollar"))
    put(sheet, ratio, f'=IF({capital}>0,{npv}/{capital},"–")', form=SMALL, bold=True, below=STRONG, align="right")
    sheet.freeze_panes = f"C{FIRST_ROW}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(columns))}{last}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    return Ranking(last, tuple(drivers))


def _row(site: RankedSite, drivers: Sequence[Driver]) -> list[Value]:
    found = site.outcome
    npv, capital = f"{LETTER['npv']}{{row}}", f"{LETTER['capital']}{{row}}"
    return [
        site.rank,
        site.name,
        site.doing.value,
        site.hosting_mw,
        site.mining_mw,
        found.mean_idle_mw,
        found.hosting_critical_it_mw,
        site.npv_usd,
        found.capex_usd,
        site.capital_usd,
        Live(f'=IF({capital}>0,{npv}/{capital},"–")'),
        found.irr,
        found.payback_years,
        *(d.values[site.rank - 1] for d in drivers),
        site.row.number,
        found.decision,
    ]


def _driver_letter(place: int) -> str:
    return str(get_column_letter(len(COLUMNS) + 1 + place))
