"""Sheets of a portfolio's limits: capital by quarter against the budget, the budget curve, and every limit's room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl.chart import BarChart, ScatterChart
from openpyxl.worksheet.worksheet import Worksheet

from allocator.formats import money, quarter
from allocator.portfolio.answer import Portfolio
from allocator.portfolio.questions import Questions
from allocator.workbook.long_table import Column, Live, Value, write_long_table
from allocator.workbook.portfolio_sheets import Chosen
from allocator.workbook.ranges_charts import MILLIONS, Span, Words, curve, stacked_columns
from allocator.workbook.style import (
    MEGAWATTS,
    MONEY,
    QUIET,
    SHARE,
    SMALL,
    WHOLE,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)

BUDGET, CURVE, LIMITS = "Budget", "Budget curve", "Limits"
HEAD_ROW, FIRST_ROW = 22, 23
TITLE = "$A$3"
PEAKS_ROW = 21
QUARTERS_A_LABEL = 32
"""Of the axis: more of them, and labels stand further apart."""
PRICES_ROW = 4
LIMITS_FIRST_ROW = 8
"""Of the limits with their room, on sheet Limits."""
CENTS = '"$"0.00;-"$"0.00;"–"'


@dataclass(frozen=True)
class BudgetCharts:
    """Where quarters and points of the curve lie, and the titles as solved."""

    quarters: int
    points: int
    used_title: str
    curve_title: str

    def used(self, sheet: Worksheet) -> BarChart:
        """Capital used by quarter, the budget as a line."""
        last = HEAD_ROW + self.quarters
        bars = Span((FIRST_ROW, 3), (last, 3), f"{BUDGET}!$C${HEAD_ROW}")
        line = Span((FIRST_ROW, 2), (last, 2), f"{BUDGET}!$B${HEAD_ROW}")
        words = Words(f"{BUDGET}!{TITLE}", self.used_title, "USD million", "", MILLIONS)
        names = Span((FIRST_ROW, 1), (last, 1), "")
        chart = stacked_columns(sheet, [(bars, QUIET)], names, words, line=line, gap=0, from_zero=False)
        chart.x_axis.tickLblSkip, chart.x_axis.tickMarkSkip = 4 * -(-self.quarters // QUARTERS_A_LABEL), 4
        return chart

    def curve(self, sheet: Worksheet) -> ScatterChart:
        """NPV against the budget; an upright line at this one."""
        last = HEAD_ROW + self.points
        across = Span((FIRST_ROW, 1), (last, 1), "")
        up = Span((FIRST_ROW, 2), (last, 2), f"'{CURVE}'!$B${HEAD_ROW}")
        mark = (Span((4, 12), (5, 12), ""), Span((4, 13), (5, 13), f"'{CURVE}'!$L$3"))
        words = Words(f"'{CURVE}'!{TITLE}", self.curve_title, "NPV, USD million", "budget, USD million", MILLIONS)
        return curve(sheet, across, up, words, mark=mark, dots=True)


def peak(column: str) -> str:
    """Address of the largest quarter of a column of sheet Budget."""
    return f"{BUDGET}!${column}${PEAKS_ROW}"


def write_budget(sheet: Worksheet, answer: Portfolio, chosen: Chosen) -> str:
    """A row a quarter: budget, used, headroom; debt where it is limited. Returns the chart's title."""
    heading(sheet, BUDGET, "Capital used by quarter adds up sheet Capital by site; the budget is as given.")
    label, common = answer.common.timeline.quarter_label, answer.common
    columns = [
        Column("Quarter", 12, is_text=True),
        Column("Budget, USD", 18, MONEY),
        Column("Capital used, USD", 18, MONEY),
        Column("Headroom, USD", 18, MONEY),
        Column("Used, share", 11, SHARE),
    ]
    limited = answer.debt_usd.size > 0
    if limited:
        columns += [
            Column("Debt limit, USD", 18, MONEY),
            Column("Debt outstanding, USD", 18, MONEY),
            Column("Headroom of debt, USD", 18, MONEY),
        ]
    rows = list[list[Value]]()
    for q in range(common.quarters):
        row: list[Value] = [
            quarter(label(q)),
            float(common.budget_usd[q]),
            Live(f"=SUM({chosen.used_in(q)})"),
            Live("=B{row}-C{row}"),
            Live("=IF(B{row}>0,C{row}/B{row},0)"),
        ]
        if limited:
            row += [answer.mandate.max_debt_usd, float(answer.debt_usd[q]), Live("=F{row}-G{row}")]
        rows.append(row)
    last = write_long_table(sheet, columns, rows, HEAD_ROW)
    put(sheet, f"A{PEAKS_ROW}", "Largest", bold=True)
    for letter, column in zip("BCDEFGH"[: len(columns) - 1], columns[1:], strict=True):
        which = "MIN" if letter in "DH" else "MAX"
        found = f"={which}({letter}{FIRST_ROW}:{letter}{last})"
        put(sheet, f"{letter}{PEAKS_ROW}", found, form=column.form, bold=True)
    put(sheet, f"D{PEAKS_ROW - 1}", "least", colour=QUIET, align="right")
    said = (
        f'="Capital used: at most $"&TEXT(C{PEAKS_ROW},"#,##0,,")&" M of $"&TEXT(B{PEAKS_ROW},"#,##0,,")'
        '&" M (line: budget)"'
    )
    put(sheet, "A3", said, colour=QUIET)
    used, budget = float(answer.capital_used_usd.max()), float(common.budget_usd.max())
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    return f"Capital used: at most ${used / 1e6:,.0f} M of ${budget / 1e6:,.0f} M (line: budget)"


def write_curve(sheet: Worksheet, asked: Questions) -> str:
    """NPV against the budget, and what each further dollar brings. Returns the chart's title."""
    heading(
        sheet,
        CURVE,
        "The best plan at other budgets, all quarters in proportion; as solved. Further dollars: from the row above.",
    )
    columns = [
        Column("Budget, USD", 18, MONEY),
        Column("NPV, USD", 18, MONEY),
        Column("No plan is worth more than, USD", 18, MONEY),
        Column("Capital used, USD", 18, MONEY),
        Column("Sites entered", 10, WHOLE),
        Column("NPV per $ of budget", 11, SMALL),
        Column("NPV per further $", 11, SMALL),
    ]
    rows: list[list[Value]] = []
    for point in asked.curve:
        known = point.npv_usd is not None
        rows.append(
            [
                point.budget_usd,
                point.npv_usd,
                point.bound_usd,
                point.capital_used_usd if known else None,
                point.sites if known else "no plan",
                Live('=IF(AND(ISNUMBER(B{row}),A{row}>0),B{row}/A{row},"–")'),
                Live('=IF(AND(ISNUMBER(B{row}),ISNUMBER(B{above})),(B{row}-B{above})/(A{row}-A{above}),"–")'),
            ]
        )
    last = write_long_table(sheet, columns, rows, HEAD_ROW)
    answer = asked.answer
    budget, top = float(answer.common.budget_usd.max()), asked.curve[-1]
    put(sheet, "L3", "this budget", colour=QUIET)
    for row, height in ((4, "=0"), (5, f"=MAX(B{FIRST_ROW}:B{last},0)")):
        put(sheet, f"L{row}", f"={peak('B')}", form=MONEY, colour=QUIET)
        put(sheet, f"M{row}", height, form=MONEY, colour=QUIET)
    sheet.column_dimensions["L"].width = sheet.column_dimensions["M"].width = 16
    said = f"This budget of {money(budget)} buys {money(answer.npv_usd)}"
    if top.npv_usd is not None and top.npv_usd > answer.npv_usd * (1 + 1e-6):
        said += f"; no more than {money(top.npv_usd)} can be had"
    put(sheet, "A3", said, colour=QUIET)
    sheet.print_area = f"A1:G{last}"
    print_setup(sheet, pages_high=1)
    return said


@dataclass(frozen=True)
class Room:
    """A limit across sites: what of it is used."""

    label: str
    unit: str
    limit: float | str
    used: float | str
    """A formula of ours begins with ``=``."""


def rooms(answer: Portfolio) -> Iterator[Room]:
    """Every limit that the mandate sets."""
    yield Room("capital, at the most", "USD", f"={peak('B')}", f"={peak('C')}")
    if answer.debt_usd.size:
        yield Room("debt, at the most", "USD", f"={peak('F')}", f"={peak('G')}")
    for tenant, mw in answer.leased_by_tenant.items():
        size = answer.mandate.critical_it_mw_of(tenant)
        if size is not None:
            yield Room(tenant, "critical IT MW", size, mw)


FORMS = {"USD": MONEY, "critical IT MW": MEGAWATTS}


def write_limits(sheet: Worksheet, asked: Questions) -> None:
    """What the budget is worth on both sides, the limits with their room, the tenants, and the mandate as given."""
    answer = asked.answer
    heading(sheet, LIMITS, "What limits the plan. Prices as solved, each side by solving again; room by formulas.")
    for letter, width in zip("ABCDEF", (44, 20, 20, 20, 20, 20), strict=True):
        sheet.column_dimensions[letter].width = width
    _prices(sheet, asked, PRICES_ROW)
    row = LIMITS_FIRST_ROW - 1
    header_row(sheet, row, ["Limit", "Unit", "Limit is", "Used", "Headroom", "Used, share"])
    for room in rooms(answer):
        row += 1
        put_text(sheet, f"A{row}", room.label)
        put(sheet, f"B{row}", room.unit, align="right")
        put(sheet, f"C{row}", room.limit, form=FORMS[room.unit])
        put(sheet, f"D{row}", room.used, form=FORMS[room.unit])
        put(sheet, f"E{row}", f"=C{row}-D{row}", form=FORMS[room.unit])
        put(sheet, f"F{row}", f"=IF(C{row}>0,D{row}/C{row},0)", form=SHARE)
    row = _tenants(sheet, answer, row + 2)
    _mandate(sheet, answer, row + 2)
    print_setup(sheet)


def _prices(sheet: Worksheet, asked: Questions, row: int) -> None:
    price = asked.budget_price
    header_row(
        sheet, row, ["Budget in every quarter", "One more $ is worth", "One $ less costs", "Step, USD", "To within"]
    )
    put(sheet, f"A{row + 1}", "capital, per dollar")
    put(sheet, f"B{row + 1}", price.gain_of_one_more_usd, form=CENTS, align="right")
    loss = price.loss_of_one_less_usd
    put(sheet, f"C{row + 1}", "no plan" if loss is None else loss, form=CENTS, align="right")
    put(sheet, f"D{row + 1}", price.step_usd, form=MONEY)
    put(sheet, f"E{row + 1}", price.open_usd, form=CENTS, align="right")


def _tenants(sheet: Worksheet, answer: Portfolio, row: int) -> int:
    heads = ["Tenant", "Leased, critical IT MW", "Share of all leased", "Most it may have", "Headroom of share"]
    header_row(sheet, row, heads)
    first = row + 1
    last = row + len(answer.leased_by_tenant)
    for i, (tenant, mw) in enumerate(answer.leased_by_tenant.items(), start=first):
        put_text(sheet, f"A{i}", tenant)
        put(sheet, f"B{i}", mw, form=MEGAWATTS)
        put(sheet, f"C{i}", f"=B{i}/SUM(B${first}:B${last})", form=SHARE)
        put(sheet, f"D{i}", answer.mandate.share_of(tenant), form=SHARE)
        put(sheet, f"E{i}", f"=D{i}-C{i}", form=SHARE)
    return max(last, first)


def _mandate(sheet: Worksheet, answer: Portfolio, row: int) -> None:
    mandate = answer.mandate
    header_row(sheet, row, ["As given", "Value"])
    given: list[tuple[str, float | None, str]] = [
        ("most debt outstanding, USD", mandate.max_debt_usd, MONEY),
        ("most of all leased critical IT MW for one tenant", mandate.max_tenant_share, SHARE),
        ("most critical IT MW for one tenant", mandate.max_tenant_critical_it_mw, MEGAWATTS),
        ("minimum ticket of a site, USD of equity", mandate.minimum_ticket_usd, MONEY),
    ]
    steps = mandate.capital_usd
    if isinstance(steps, tuple):
        given += [(f"capital from {step.from_date}, USD", step.usd, MONEY) for step in steps]
    else:
        given.insert(0, ("capital, USD", steps, MONEY))
    for i, (label, value, form) in enumerate(given, start=row + 1):
        put(sheet, f"A{i}", label)
        put(sheet, f"B{i}", "no limit" if value is None else value, form=form, align="right")
