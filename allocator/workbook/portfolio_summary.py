"""Sheet Summary of a portfolio: what is entered, for how much, what limits it, what is passed over."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from allocator.formats import day
from allocator.portfolio.questions import Questions
from allocator.portfolio.sentences import decision
from allocator.report import package_version
from allocator.workbook.brand import Brand
from allocator.workbook.front_page import (
    CHART_ROWS,
    CHARTS,
    Figure,
    ShortTable,
    finish_front,
    write_front,
    write_short_table,
)
from allocator.workbook.portfolio_limits import (
    BUDGET,
    CENTS,
    CURVE,
    LIMITS,
    LIMITS_FIRST_ROW,
    BudgetCharts,
    peak,
    rooms,
)
from allocator.workbook.portfolio_sheets import CHOSEN, FIRST_ROW, Chosen, passed_over
from allocator.workbook.style import MEGAWATTS, MONEY_MILLIONS, SHARE, SMALL

MOST_ROWS, MOST_LIMITS = 8, 4


def write_portfolio_summary(
    sheet: Worksheet, asked: Questions, chosen: Chosen, charts: BudgetCharts, sheets: dict[str, Worksheet], brand: Brand
) -> None:
    """The page, from top to bottom."""
    answer = asked.answer
    when = day(answer.common.timeline.valuation_date)
    note = f"One budget over the sites of a table · version {package_version()} · valued {when} · unlevered, after tax"
    figures, sentences = _six(chosen), decision(asked, with_passed_over=False)
    row = write_front(sheet, f"{len(answer.sites):,} sites, one budget", note, sentences, figures, brand)
    sheet.add_chart(charts.curve(sheets[CURVE]), f"{CHARTS[0]}{row}")
    sheet.add_chart(charts.used(sheets[BUDGET]), f"{CHARTS[1]}{row}")
    row += CHART_ROWS
    passed = passed_over(answer)[:MOST_ROWS]
    write_short_table(sheet, _chosen(chosen), row)
    rows: list[list[str | float | None]] = [
        [s.name, s.alone.npv_usd, s.alone.capital_usd, s.npv_per_dollar_alone or "–"]
        if s.alone
        else [s.name, "no plan", "–", "–"]
        for s in passed
    ]
    heads = ["Passed over: alone", "NPV", "capital", "per $"]
    write_short_table(sheet, ShortTable("G", heads, rows, [MONEY_MILLIONS, MONEY_MILLIONS, SMALL]), row)
    row += max(min(len(chosen.sites), MOST_ROWS), len(passed), 1) + 2
    row = _limits(sheet, asked, row)
    words = "Sites and curve as solved; sums, shares and room are formulas. Capital: of the budget, by quarter."
    finish_front(sheet, row, words, f"gap to the best {answer.gap:.1e}")


def _six(chosen: Chosen) -> list[Figure]:
    npv, used, budget = chosen.total("D"), peak("C"), peak("B")
    return [
        Figure("NPV", f"={npv}", MONEY_MILLIONS, "over entering nothing"),
        Figure("Capital used", f"={used}", MONEY_MILLIONS, "in the largest quarter"),
        Figure("Used of the budget", f"=IF({budget}>0,{used}/{budget},0)", SHARE, "in the largest quarter"),
        Figure("NPV per dollar", f'=IF({used}>0,{npv}/{used},"–")', SMALL, "of capital used"),
        Figure("Sites entered", _count(chosen), "#,##0", "of the table"),
        Figure("Leased", f"={chosen.total('C')}", MEGAWATTS + '" MW"', "critical IT"),
    ]


def _count(chosen: Chosen) -> str:
    return f"=COUNT('{CHOSEN}'!$D${FIRST_ROW}:$D${max(FIRST_ROW, chosen.last_row)})"


def _chosen(chosen: Chosen) -> ShortTable:
    rows = [
        [site.name, *(f"={chosen.cell(column, place)}" for column in "DFG")]
        for place, site in enumerate(chosen.sites[:MOST_ROWS])
    ]
    return ShortTable("A", ["Entered", "NPV", "capital", "per $"], rows, [MONEY_MILLIONS, MONEY_MILLIONS, SMALL])


def _limits(sheet: Worksheet, asked: Questions, row: int) -> int:
    price = asked.budget_price
    loss = "no plan" if price.loss_of_one_less_usd is None else price.loss_of_one_less_usd
    worth: list[list[str | float | None]] = [["capital, per dollar", price.gain_of_one_more_usd, loss]]
    write_short_table(sheet, ShortTable("A", ["What limits it", "one more", "one less"], worth, [CENTS, CENTS]), row)
    known = list(rooms(asked.answer))[:MOST_LIMITS]
    first = LIMITS_FIRST_ROW
    rows = [[room.label, *(f"={LIMITS}!${c}${first + i}" for c in "CDE")] for i, room in enumerate(known)]
    forms = [MONEY_MILLIONS if room.unit == "USD" else MEGAWATTS for room in known]
    table = ShortTable("G", ["Limit", "is", "used", "headroom"], rows, [MONEY_MILLIONS] * 3)
    write_short_table(sheet, table, row)
    for i, form in enumerate(forms, start=row + 1):
        for letter in "IJK":
            sheet[f"{letter}{i}"].number_format = form
    return row + len(known) + 2
