"""Sheet Decisions: what sites do, in counts and megawatts, and where in the table's inputs each decision lies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from openpyxl.chart import BarChart
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Color
from openpyxl.worksheet.worksheet import Worksheet

from allocator.sites.outcome import SiteStatus
from allocator.workbook.drivers import Driver
from allocator.workbook.ranges_charts import BOTH, Span, Stripes, Words, stacked_columns
from allocator.workbook.ranked_sites import Batch, Doing
from allocator.workbook.ranking_sheet import Ranking
from allocator.workbook.style import (
    HOSTING,
    IDLE,
    MEGAWATTS,
    MINING,
    MONEY,
    QUIET,
    SMALL,
    STRONG,
    WHITE,
    Swatch,
    header_row,
    heading,
    mark_input,
    print_setup,
    put,
)

SHEET = "Decisions"
PAINTS: dict[Doing, Swatch | Stripes] = {
    Doing.HOSTING: HOSTING,
    Doing.MINING: MINING,
    Doing.BOTH: BOTH,
    Doing.NOTHING: IDLE,
}
FIRST_DOING, TOTAL_ROW = 5, 9
FIRST_STATUS = 13
MAP_ROW = 20
"""Names the first input; the title, the heads and the bins follow."""
COUNT = "#,##0"
HALF_TINT = 0.5
"""Hosting's colour, light enough to read a share on it."""


@dataclass(frozen=True)
class Decisions:
    """Where the counts lie, and the chart's title as solved."""

    title: str
    bins: int
    """Of the map; 0 where the chart counts sites by what they do."""
    level: str = ""
    """The input of the map, with its unit."""

    def chart(self, sheet: Worksheet) -> BarChart:
        """Sites by decision, over the bins of the input that separates them most."""
        if not self.bins:
            parts = [
                (Span((FIRST_DOING, 2), (FIRST_DOING + len(Doing) - 1, 2), f"{SHEET}!$B$4"), HOSTING)
            ]  # fmt: skip
            names = Span((FIRST_DOING, 1), (FIRST_DOING + len(Doing) - 1, 1), "")
            return stacked_columns(sheet, parts, names, Words(f"{SHEET}!$A$2", self.title, "sites"))
        first, last = MAP_ROW + 3, MAP_ROW + 2 + self.bins
        spans = [
            (Span((first, column), (last, column), f"{SHEET}!${chr(64 + column)}${MAP_ROW + 2}"), PAINTS[doing])
            for column, doing in enumerate(Doing, start=4)
        ]
        names = Span((first, 1), (last, 1), "")
        words = Words(f"{SHEET}!$A${MAP_ROW + 1}", self.title, "sites", self.level)
        return stacked_columns(sheet, spans, names, words)


def total(name: str) -> str:
    """Address of a total over all solved sites."""
    column = {"sites": "B", "hosting": "D", "mining": "E", "npv": "G", "capital": "H"}[name]
    return f"{SHEET}!${column}${TOTAL_ROW}"


def write_decisions(sheet: Worksheet, batch: Batch, ranking: Ranking) -> Decisions:
    """Counts, statuses, the map over one input, and the map over two."""
    heading(sheet, "Decisions", "What the solved sites do. Every count and sum is a formula over sheet Ranking.")
    for column, width in zip("ABCDEFGHIJK", (34, 11, 11, 14, 14, 18, 18, 18, 18, 11, 11), strict=True):
        sheet.column_dimensions[column].width = width
    _by_doing(sheet, ranking)
    _by_status(sheet, batch)
    found = Decisions(f"What {len(batch.ranked):,} sites do in their best plan", 0)
    if ranking.drivers:
        title = _one_way(sheet, batch, ranking)
        found = Decisions(title, len(ranking.drivers[0].cuts) + 1, ranking.drivers[0].named)
        if len(ranking.drivers) > 1:
            _two_way(sheet, ranking, MAP_ROW + 3 + found.bins + 3)
    if batch.ranked:
        sheet.add_chart(found.chart(sheet), f"A{_chart_row(ranking)}")
    print_setup(sheet, pages_high=1)
    return found


def _chart_row(ranking: Ranking) -> int:
    if not ranking.drivers:
        return MAP_ROW
    below = MAP_ROW + 3 + len(ranking.drivers[0].cuts) + 1
    return below + 2 if len(ranking.drivers) == 1 else below + 8 + len(ranking.drivers[1].cuts)


def _by_doing(sheet: Worksheet, ranking: Ranking) -> None:
    heads = ["In its best plan a site does", "Sites", "Share of sites", "Hosting, facility MW", "Mining, facility MW"]
    header_row(sheet, 4, [*heads, "Capex, USD", "NPV, USD", "Capital (peak equity), USD", "NPV per $ of capital"])
    sheet.row_dimensions[4].height = 26
    does = ranking.all_of("doing")
    sums = {"D": "hosting_mw", "E": "mining_mw", "F": "capex", "G": "npv", "H": "capital"}
    last = FIRST_DOING + len(Doing) - 1
    for row, doing in enumerate([*Doing, None], start=FIRST_DOING):
        is_total = doing is None
        looks: dict[str, Any] = {"bold": is_total, "above": STRONG if is_total else None}
        put(sheet, f"A{row}", "All with a plan" if doing is None else doing.value, **looks)
        count = f"=SUM(B{FIRST_DOING}:B{last})" if is_total else f"=COUNTIF({does},A{row})"
        put(sheet, f"B{row}", count, form=COUNT, **looks)
        put(sheet, f"C{row}", f"=IF(B${TOTAL_ROW}>0,B{row}/B${TOTAL_ROW},0)", form="0.0%", **looks)
        for letter, name in sums.items():
            form = MEGAWATTS if name.endswith("mw") else MONEY
            summed = (
                f"=SUM({letter}{FIRST_DOING}:{letter}{last})"
                if is_total
                else f"=SUMIFS({ranking.all_of(name)},{does},A{row})"
            )
            put(sheet, f"{letter}{row}", summed, form=form, **looks)
        put(sheet, f"I{row}", f'=IF(H{row}>0,G{row}/H{row},"–")', form=SMALL, align="right", **looks)


def _by_status(sheet: Worksheet, batch: Batch) -> None:
    header_row(sheet, FIRST_STATUS - 1, ["Rows without a plan", "Rows"])
    found = Counter(outcome.status for _, outcome in batch.unsolved)
    missing = [status for status in SiteStatus if status is not SiteStatus.OPTIMAL]
    for row, status in enumerate(missing, start=FIRST_STATUS):
        put(sheet, f"A{row}", status.value)
        counted = f"=COUNTIF('Not solved'!$C$5:$C${4 + len(batch.unsolved)},A{row})" if found else 0
        put(sheet, f"B{row}", counted, form=COUNT)
    put(sheet, f"C{FIRST_STATUS}", "each with its reason on sheet Not solved" if found else "", colour=QUIET)


def _one_way(sheet: Worksheet, batch: Batch, ranking: Ranking) -> str:
    driver, row = ranking.drivers[0], MAP_ROW
    put(sheet, f"A{row}", driver.named, bold=True, size=11)
    put(sheet, f"B{row}", "Where the decision lies; type other cuts into the blue cells.", colour=QUIET, italic=True)
    heads = [driver.label, "from", "up to (below)", *(doing.value for doing in Doing), "Sites", "Hosting share of MW"]
    header_row(sheet, row + 2, [*heads, "NPV, mean, USD"])
    sheet.row_dimensions[row + 2].height = 26
    first = row + 3
    _bins(sheet, driver, first, ranking.all_of_driver(0))
    inputs, does = ranking.all_of_driver(0), ranking.all_of("doing")
    last = first + len(driver.cuts)
    for i in range(first, last + 1):
        inside = f'{inputs},">="&B{i},{inputs},"<"&C{i}'
        for letter in "DEFG":
            put(sheet, f"{letter}{i}", f"=COUNTIFS({inside},{does},{letter}${row + 2})", form=COUNT)
        put(sheet, f"H{i}", f"=SUM(D{i}:G{i})", form=COUNT)
        _share(sheet, f"I{i}", ranking, inside)
        mean = f'=IF(H{i}>0,SUMIFS({ranking.all_of("npv")},{inside})/H{i},"–")'
        put(sheet, f"J{i}", mean, form=MONEY, align="right")
    sheet.column_dimensions["J"].width = 16
    said = (
        f'="Hosting takes "&TEXT(I{last},"0%")&" of MW where "&$A${row + 2}&" is "&A{last}&", "'
        f'&TEXT(I{first},"0%")&" where it is "&A{first}'
    )
    put(sheet, f"A{row + 1}", said)
    return _title(batch, driver)


def _bins(sheet: Worksheet, driver: Driver, first: int, values: str) -> None:
    """From and up to of each bin, the cuts blue; a label in words."""
    last, form = first + len(driver.cuts), driver.form
    for i, cut in enumerate([*driver.cuts, None], start=first):
        put(sheet, f"B{i}", f"=MIN({values})" if i == first else f"=C{i - 1}", form=form)
        if cut is None:
            put(sheet, f"C{i}", f"=MAX({values},B{i})+1", form=form)
        else:
            mark_input(put(sheet, f"C{i}", cut, form=form))
        label = f'TEXT(B{i},"{form}")&" to "&TEXT(C{i},"{form}")'
        if i == first:
            label = f'"below "&TEXT(C{i},"{form}")'
        elif i == last:
            label = f'TEXT(B{i},"{form}")&" or more"'
        put(sheet, f"A{i}", f"={label}")


def _share(sheet: Worksheet, address: str, ranking: Ranking, inside: str) -> None:
    hosting, mining = (f"SUMIFS({ranking.all_of(name)},{inside})" for name in ("hosting_mw", "mining_mw"))
    formula = f'=IF({hosting}+{mining}>0,{hosting}/({hosting}+{mining}),"–")'
    put(sheet, address, formula, form="0%", align="right")


def _two_way(sheet: Worksheet, ranking: Ranking, row: int) -> None:
    """Hosting share of MW over both inputs; the first one's cuts are those above."""
    down, across = ranking.drivers[1], ranking.drivers[0]
    put(sheet, f"A{row}", "Hosting share of MW over two inputs", bold=True, size=11)
    put(sheet, f"D{row}", across.named, bold=True)
    sheet.row_dimensions[row + 1].height = 26
    header_row(sheet, row + 1, [down.named, "from", "up to (below)"])
    first, above = row + 2, MAP_ROW + 3
    letters = "DEFGH"[: len(across.cuts) + 1]
    for i, letter in enumerate(letters):
        put(
            sheet,
            f"{letter}{row + 1}",
            f"=A{above + i}",
            bold=True,
            colour=WHITE,
            fill=HOSTING,
            align="center",
            wrap=True,
        )
    _bins(sheet, down, first, ranking.all_of_driver(1))
    last = first + len(down.cuts)
    for i in range(first, last + 1):
        for j, letter in enumerate(letters, start=above):
            inside = (
                f'{ranking.all_of_driver(1)},">="&$B{i},{ranking.all_of_driver(1)},"<"&$C{i},'
                f'{ranking.all_of_driver(0)},">="&$B${j},{ranking.all_of_driver(0)},"<"&$C${j}'
            )
            _share(sheet, f"{letter}{i}", ranking, inside)
    light = Color(theme=HOSTING.number, tint=HALF_TINT)
    scale = ColorScaleRule(
        start_type="num",
        start_value=0,
        start_color=WHITE.of_cell,
        end_type="num",
        end_value=1,
        end_color=light,
    )
    sheet.conditional_formatting.add(f"D{first}:{letters[-1]}{last}", scale)


def _title(batch: Batch, driver: Driver) -> str:
    """What the live title says as solved."""
    ends = (float("-inf"), driver.cuts[0]), (driver.cuts[-1], float("inf"))
    low, high = (share_within(batch, driver, *end) for end in ends)
    cut = [format_like(driver, value) for value in (driver.cuts[0], driver.cuts[-1])]
    return (
        f"Hosting takes {_percent(high)} of MW where {driver.label} is {cut[1]} or more, "
        f"{_percent(low)} where it is below {cut[0]}"
    )


def share_within(batch: Batch, driver: Driver, low: float, high: float) -> float | None:
    """Hosting's share of hosting and mining MW over the sites whose input lies in ``[low, high)``."""
    sites = [s for s, v in zip(batch.ranked, driver.values, strict=True) if v is not None and low <= v < high]
    hosting, mining = sum(s.hosting_mw for s in sites), sum(s.mining_mw for s in sites)
    return hosting / (hosting + mining) if hosting + mining > 0 else None


def format_like(driver: Driver, value: float) -> str:
    """A value of an input as its number format shows it."""
    digits = {"#,##0": 0, "#,##0.0": 1, "0.000": 3}[driver.form]
    return f"{value:,.{digits}f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
