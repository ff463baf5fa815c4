"""Sheet Budget: sites in the order of NPV per dollar, taken while a budget that the reader types holds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.chart import ScatterChart
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.assumptions_sheet import define
from allocator.workbook.long_table import Column, Live, Value, write_long_table
from allocator.workbook.ranges_charts import MILLIONS, Span, Words, curve
from allocator.workbook.ranked_sites import Batch, RankedSite
from allocator.workbook.ranking_sheet import Ranking
from allocator.workbook.style import MONEY, QUIET, SMALL, WHOLE, heading, mark_input, print_setup, put

SHEET = "Budget"
BUDGET_NAME = "budget__capital_usd"
HEAD_ROW, FIRST_ROW = 21, 22
FITS = '"yes";;"–"'
COLUMNS = (
    Column("Order by NPV per $", 8, WHOLE),
    Column("Site", 30, wraps=True, is_text=True),
    Column("What it does", 17, is_text=True),
    Column("NPV, USD", 16, MONEY),
    Column("Capital, USD", 16, MONEY),
    Column("NPV per $ of capital", 9, SMALL),
    Column("All so far: capital, USD", 17, MONEY),
    Column("All so far: NPV, USD", 17, MONEY),
    Column("Fits the budget", 9, FITS),
    Column("Taken so far: capital, USD", 17, MONEY),
    Column("Taken so far: NPV, USD", 17, MONEY),
)
STARTING_SHARE = 0.5
"""Of the capital of all sites: the budget that stands in the cell at first."""


@dataclass(frozen=True)
class Greedy:
    """What a budget buys when sites are taken in the order of NPV per dollar, each whole or not at all."""

    sites: int
    capital_usd: float
    npv_usd: float


@dataclass(frozen=True)
class Budget:
    """Where the sheet lies, and what it says as solved."""

    last_row: int
    budget_usd: float
    taken: Greedy
    title: str

    def chart(self, sheet: Worksheet) -> ScatterChart:
        """NPV against capital in the order of the list, the budget as an upright line."""
        last = max(FIRST_ROW, self.last_row)
        across = Span((FIRST_ROW, 7), (last, 7), f"{SHEET}!$G${HEAD_ROW}")
        up = Span((FIRST_ROW, 8), (last, 8), f"{SHEET}!$B$14")
        mark = (Span((15, 3), (16, 3), f"{SHEET}!$C$14"), Span((15, 4), (16, 4), f"{SHEET}!$B$15"))
        words = Words(
            f"{SHEET}!$B$12",
            self.title,
            "NPV, USD million",
            "capital (peak equity of each site), USD million",
            MILLIONS,
        )
        return curve(sheet, across, up, words, mark=mark)


def greedy(sites: Sequence[RankedSite], budget_usd: float) -> Greedy:
    """Each site in its order, if what is left pays for it."""
    count, capital, npv = 0, 0.0, 0.0
    for site in sites:
        if capital + site.capital_usd <= budget_usd:
            count, capital, npv = count + 1, capital + site.capital_usd, npv + site.npv_usd
    return Greedy(count, capital, npv)


def write_budget(book: Workbook, sheet: Worksheet, batch: Batch, ranking: Ranking) -> Budget:
    """The budget in blue, what it buys, the chart, and the list."""
    sites = batch.by_dollar
    wanted = STARTING_SHARE * sum(site.capital_usd for site in sites)
    budget_usd = float(f"{wanted:.2g}")
    heading(
        sheet,
        "Budget",
        "Type a budget into the blue cell. A greedy ranking: sites by NPV per dollar, each taken whole if what is left "
        "pays for it; allocator portfolio optimises, with shares of sites and limits by quarter.",
    )
    rows = (_row(order, site, ranking) for order, site in enumerate(sites, start=1))
    last = write_long_table(sheet, COLUMNS, rows, HEAD_ROW)
    taken = greedy(sites, budget_usd)
    _figures(book, sheet, budget_usd, last)
    said = f"{taken.sites} of {len(sites)} sites fit ${budget_usd / 1e6:,.0f} M: worth ${taken.npv_usd / 1e6:,.1f} M"
    found = Budget(last, budget_usd, taken, said)
    if sites:
        sheet.add_chart(found.chart(sheet), "F3")
        sheet.auto_filter.ref = f"A{HEAD_ROW}:K{last}"
    sheet.freeze_panes = f"C{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    return found


def _figures(book: Workbook, sheet: Worksheet, budget_usd: float, last: int) -> None:
    def all_of(column: str) -> str:
        return f"{column}{FIRST_ROW}:{column}{max(FIRST_ROW, last)}"

    fits = all_of("I")
    lines = (
        ("Capital budget, USD", budget_usd, MONEY),
        ("Sites taken", f"=SUM({fits})", "#,##0"),
        ("Sites worth taking", f"=COUNT({all_of('A')})", "#,##0"),
        ("Capital used, USD", f"=SUMPRODUCT({fits},{all_of('E')})", MONEY),
        ("Capital left, USD", "=C4-C7", MONEY),
        ("NPV within the budget, USD", f"=SUMPRODUCT({fits},{all_of('D')})", MONEY),
        ("NPV of all these sites, USD", f"=SUM({all_of('D')})", MONEY),
    )
    for row, (label, value, form) in enumerate(lines, start=4):
        put(sheet, f"B{row}", label)
        cell = put(sheet, f"C{row}", value, form=form, bold=row in (4, 9), align="right")
        if row == 4:
            mark_input(cell)
    define(book, BUDGET_NAME, SHEET, "$C$4")
    define(book, "budget__sites", SHEET, "$C$5")
    define(book, "budget__npv_usd", SHEET, "$C$9")
    said = (
        f'=TEXT(C5,"#,##0")&" of "&TEXT(C6,"#,##0")&" sites fit $"&TEXT({BUDGET_NAME},"#,##0,,")'
        '&" M: worth $"&TEXT(C9,"#,##0.0,,")&" M"'
    )
    put(sheet, "B12", said, bold=True)
    put(sheet, "B14", "all sites, best NPV per dollar first", colour=QUIET)
    put(sheet, "C14", "budget", colour=QUIET, align="right")
    put(sheet, "D14", "NPV", colour=QUIET, align="right")
    for row, height in ((15, "=0"), (16, f"=MAX({all_of('H')},0)")):
        put(sheet, f"C{row}", f"={BUDGET_NAME}", form=MONEY, colour=QUIET, align="right")
        put(sheet, f"D{row}", height, form=MONEY, colour=QUIET, align="right")
    put(sheet, "B15", "this budget", colour=QUIET)


def _row(order: int, site: RankedSite, ranking: Ranking) -> list[Value]:
    return [
        order,
        site.name,
        site.doing.value,
        Live(f"={ranking.cell('npv', site)}"),
        Live(f"={ranking.cell('capital', site)}"),
        Live('=IF(E{row}>0,D{row}/E{row},"–")'),
        Live("=SUM(G{above},E{row})"),
        Live("=SUM(H{above},D{row})"),
        Live(f"=IF(SUM(J{{above}},E{{row}})<={BUDGET_NAME},1,0)"),
        Live("=SUM(J{above},I{row}*E{row})"),
        Live("=SUM(K{above},I{row}*D{row})"),
    ]
