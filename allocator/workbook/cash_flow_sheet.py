"""Sheet Cash flow: the annual statement of *your mix* by calendar year: cash flow, debt, equity, sources and uses."""

from __future__ import annotations

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break, ColBreak
from openpyxl.worksheet.worksheet import Worksheet

from allocator.case import Case
from allocator.workbook.lines import Placed
from allocator.workbook.style import PAPER, THIN, heading, print_setup, put

SHEET = "Cash flow"
YEAR_ROW, FIRST_ROW, FIRST_COLUMN = 4, 5, 3
MILLIONS = "#,##0.0;(#,##0.0);–"
YEARS_PER_PAGE = 11
STATEMENT: tuple[tuple[str, str, int], ...] = (
    ("Mining", "", 0),
    ("Operating margin", "operating_margin_usd", 1),
    ("Demand response", "demand_response_usd", 1),
    ("Fixed operating cost", "fixed_opex_usd", -1),
    ("Resale of machines", "resale_usd", 1),
    ("Capex", "mining_capex_usd", -1),
    ("Tax, as the value counts it", "mining_tax_usd", -1),
    ("Cash flow, mining", "mining_cash_flow_usd", 1),
    ("Hosting", "", 0),
    ("Net operating income", "noi_usd", 1),
    ("Rent paid in advance", "prepayment_usd", 1),
    ("Credits against rent", "credit_usd", -1),
    ("Damages for late delivery", "late_damages_usd", -1),
    ("Sale of halls, net", "sale_usd", 1),
    ("Capex", "hosting_capex_usd", -1),
    ("Warrants given to guarantors (no cash)", "warrants_usd", -1),
    ("Tax, as the value counts it", "hosting_tax_usd", -1),
    ("Cash flow, hosting", "hosting_cash_flow_usd", 1),
    ("Together", "", 0),
    ("Cash flow, unlevered", "cash_flow_usd", 1),
    ("For the owner", "", 0),
    ("Cash flow, unlevered", "cash_flow_usd", 1),
    ("Tax as the value counts it, added back", "mining_tax_usd+hosting_tax_usd", 1),
    ("Warrants are no cash, added back", "warrants_usd", 1),
    ("Tax, losses carried forward", "levered_tax_usd", -1),
    ("Debt drawn", "draw_usd", 1),
    ("Fees at closing", "fee_usd", -1),
    ("Into the debt service reserves", "reserve_usd", -1),
    ("Debt service", "service_usd", -1),
    ("Balloons", "balloon_usd", -1),
    ("Cash flow to the owner", "equity_cash_flow_usd", 1),
)
"""Label, line of sheet Monthly, sign with which it enters the cash flow below it."""
_RESULTS = {"mining_cash_flow_usd", "hosting_cash_flow_usd", "equity_cash_flow_usd"}


def write_cash_flow(sheet: Worksheet, case: Case, monthly: Placed, network: Placed) -> tuple[str, str]:
    """Sums of the monthly lines by calendar year, what is owed at each year's end, sources and uses.

    Returns the addresses of all sources and of all uses, by year.
    """
    heading(
        sheet,
        "Cash flow",
        "Your mix, USD million a calendar year, nominal. Costs are shown as they enter the cash flow.",
    )
    years = case.timeline.month_end(case.timeline.months).year - case.valuation_date.year + 1
    letters = [get_column_letter(FIRST_COLUMN + i) for i in range(years)]
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 42, 12
    put(sheet, f"A{YEAR_ROW}", "USD million", bold=True, fill=PAPER)
    put(sheet, f"B{YEAR_ROW}", "Total", bold=True, fill=PAPER, align="right")
    for i, letter in enumerate(letters):
        sheet.column_dimensions[letter].width = 9.5
        year = f"={letters[i - 1]}{YEAR_ROW}+1" if i else f"=MIN({network.all_months('year')})"
        put(sheet, f"{letter}{YEAR_ROW}", year, form="0", bold=True, fill=PAPER, align="right")
    row = FIRST_ROW
    for label, line, sign in STATEMENT:
        _write_row(sheet, row, letters, label, line, sign, monthly, network)
        row += 1
    row = _ratios(sheet, row + 1, letters, monthly, network)
    sums = _sources_and_uses(sheet, row + 1, letters, monthly, network)
    sheet.freeze_panes = f"{letters[0]}{FIRST_ROW}"
    print_setup(sheet, title_columns="A:B", pages_high=1)
    sheet.page_setup.fitToWidth = -(-years // YEARS_PER_PAGE)
    sheet.col_breaks = ColBreak()
    for i in range(YEARS_PER_PAGE, years, YEARS_PER_PAGE):
        sheet.col_breaks.append(Break(id=FIRST_COLUMN + i - 1))
    return sums


def _write_row(
    sheet: Worksheet, row: int, letters: list[str], label: str, line: str, sign: int, monthly: Placed, network: Placed
) -> None:
    if not line:
        put(sheet, f"A{row}", label, bold=True)
        return
    result = line in _RESULTS or label == "Cash flow, unlevered"
    put(sheet, f"A{row}", label, bold=result, indent=0 if result else 1, above=THIN if result else None)
    put(
        sheet,
        f"B{row}",
        f"=SUM({letters[0]}{row}:{letters[-1]}{row})",
        form=MILLIONS,
        bold=True,
        above=THIN if result else None,
    )
    for letter in letters:
        by_year = "+".join(_in_year(name, letter, monthly, network) for name in line.split("+"))
        minus = "-" if sign < 0 else ""
        put(
            sheet,
            f"{letter}{row}",
            f"={minus}({by_year})/const__usd_per_million",
            form=MILLIONS,
            bold=result,
            above=THIN if result else None,
        )


def _in_year(line: str, letter: str, monthly: Placed, network: Placed) -> str:
    return f"SUMIFS({monthly.all_months(line)},{network.all_months('year')},{letter}${YEAR_ROW})"


def _ratios(sheet: Worksheet, row: int, letters: list[str], monthly: Placed, network: Placed) -> int:
    """Debt, cover and the owner's running sum; returns the next free row."""
    put(sheet, f"A{row}", "Debt and equity", bold=True)
    labels = (
        "Debt outstanding at the end of the year",
        "Cash flow available for debt service (CFADS)",
        "CFADS over debt service (DSCR)",
        "Cash flow to the owner, running sum",
    )
    for i, label in enumerate(labels, start=row + 1):
        put(sheet, f"A{i}", label, indent=1)
    owner = FIRST_ROW + len(STATEMENT) - 1
    for i, letter in enumerate(letters):
        balance = (
            f"INDEX({monthly.all_months('balance_usd')},MATCH({letter}${YEAR_ROW},{network.all_months('year')},1))"
        )
        put(sheet, f"{letter}{row + 1}", f"={balance}/const__usd_per_million", form=MILLIONS)
        service, cfads = (_in_year(line, letter, monthly, network) for line in ("service_usd", "cfads_usd"))
        put(sheet, f"{letter}{row + 2}", f"={cfads}/const__usd_per_million", form=MILLIONS)
        put(sheet, f"{letter}{row + 3}", f'=IF({service}>1,{cfads}/{service},"–")', form='0.00"x"', align="right")
        before = f"{letters[i - 1]}{row + 4}+" if i else ""
        put(sheet, f"{letter}{row + 4}", f"={before}{letter}{owner}", form=MILLIONS)
    return row + len(labels) + 1


SOURCES = (
    ("Cash from operations, after the owner's tax", ""),
    ("Debt drawn", "draw_usd"),
    ("Paid in by the owner", "in"),
)
USES = (
    ("Capex", "capex_usd"),
    ("Fees at closing", "fee_usd"),
    ("Into the debt service reserves, net", "reserve_usd"),
    ("Debt service", "service_usd"),
    ("Balloons", "balloon_usd"),
    ("Paid out to the owner", "out"),
)


def _sources_and_uses(
    sheet: Worksheet, row: int, letters: list[str], monthly: Placed, network: Placed
) -> tuple[str, str]:
    """Where each year's money comes from and goes to; interest before rent begins is added to the debt, not paid."""
    put(sheet, f"A{row}", "Sources and uses of money", bold=True)
    ends = []
    for title, parts in (("Sources", SOURCES), ("Uses", USES)):
        first = row + 1
        for label, line in parts:
            row += 1
            put(sheet, f"A{row}", label, indent=1)
            for letter in letters:
                amount = _money(line, letter, monthly, network)
                put(sheet, f"{letter}{row}", f"={amount}/const__usd_per_million", form=MILLIONS)
            put(sheet, f"B{row}", f"=SUM({letters[0]}{row}:{letters[-1]}{row})", form=MILLIONS, bold=True)
        last, row = row, row + 1
        put(sheet, f"A{row}", title, bold=True, above=THIN)
        for letter in ("B", *letters):
            total = f"=SUM({letter}{first}:{letter}{last})"
            put(sheet, f"{letter}{row}", total, form=MILLIONS, bold=True, above=THIN)
        ends.append(f"'{SHEET}'!${letters[0]}${row}:${letters[-1]}${row}")
    return ends[0], ends[1]


def _money(line: str, letter: str, monthly: Placed, network: Placed) -> str:
    """Formula of a year's amount, USD."""

    def year(name: str) -> str:
        return _in_year(name, letter, monthly, network)

    if line in ("in", "out"):
        flow, sign = monthly.all_months("equity_cash_flow_usd"), "-" if line == "in" else ""
        when = f"({network.all_months('year')}={letter}${YEAR_ROW})"
        return f"SUMPRODUCT({when}*({sign}{flow}>0)*{sign}{flow})"
    if line:
        return year(line)
    earned = [year(name) for name in ("mining_cash_flow_usd", "hosting_cash_flow_usd", "capex_usd", "warrants_usd")]
    taxed = f"{year('mining_tax_usd')}+{year('hosting_tax_usd')}-{year('levered_tax_usd')}"
    return f"({'+'.join(earned)}+{taxed})"
