"""One sheet a site: its decision, figures, mix, and megawatts by quarter, as solved."""

from __future__ import annotations

import re

from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Use
from allocator.allocation import TAKEN_MW, Allocation
from allocator.formats import quarter
from allocator.sites.work import decision_words
from allocator.workbook.front_page import shortened
from allocator.workbook.long_table import lines_of
from allocator.workbook.ranges_charts import Span, Words, stacked_columns
from allocator.workbook.ranked_sites import RankedSite
from allocator.workbook.style import (
    HOSTING,
    IDLE,
    MEGAWATTS,
    MINING,
    MONEY,
    QUIET,
    SHARE,
    SMALL,
    STRONG,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)

LONGEST_TITLE = 31
FIGURE_ROW, MIX_ROW = 6, 17
HEADS = ("Offer, fleet or purchase", "Use", "From", "Until", "MW", "of", "Facility MW", "NPV, USD", "Capex, USD")
WIDTHS = (36, 16, 12, 12, 14, 14, 14, 18, 18)
CHART_HEIGHT_ROWS = 17


def sheet_title(site: RankedSite) -> str:
    """Unique by its rank; plain letters and digits only, so that no name can end a reference."""
    name = " ".join(re.sub(r"[^A-Za-z0-9 .-]+", " ", site.name).split())
    return f"{site.rank} {name}"[:LONGEST_TITLE].strip()


def write_site(sheet: Worksheet, site: RankedSite, plan: Allocation) -> None:
    """The page of one site."""
    heading(sheet, shortened(site.name, 90), f"Rank {site.rank} by NPV. All figures as solved; totals are formulas.")
    for letter, width in zip("ABCDEFGHI", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.merge_cells("A4:I4")
    words = decision_words(plan)
    put_text(sheet, "A4", f"{words[:1].upper()}{words[1:]}.", bold=True, size=11, wrap=True, vertical="top")
    sheet.row_dimensions[4].height = 15 * lines_of(words, 120) + 2
    _figures(sheet, plan)
    after = _mix(sheet, plan)
    chart_row = after + 2
    table_row = chart_row + CHART_HEIGHT_ROWS
    last = _schedule(sheet, plan, table_row)
    if last > table_row:
        _chart(sheet, site, table_row, last, chart_row)
    sheet.print_area = f"A1:I{table_row - 2}"
    print_setup(sheet, pages_high=1)


def _figures(sheet: Worksheet, plan: Allocation) -> None:
    capital = plan.peak_equity_usd
    lines = (
        ("NPV over doing nothing, USD", plan.npv_usd, MONEY),
        ("of it hosting, USD", plan.npv_of(Use.HOSTING), MONEY),
        ("of it mining, USD", plan.npv_of(Use.MINING), MONEY),
        ("Capex, USD", plan.capex_usd, MONEY),
        ("Capital (peak equity), USD", capital, MONEY),
        ("NPV per dollar of capital", f'=IF(C{FIGURE_ROW + 4}>0,C{FIGURE_ROW}/C{FIGURE_ROW + 4},"–")', SMALL),
        ("IRR per year, unlevered", plan.irr if plan.irr is not None else "–", SHARE),
        ("Payback, years", plan.payback_years if plan.payback_years is not None else "–", "0.0"),
    )
    for row, (label, value, form) in enumerate(lines, start=FIGURE_ROW):
        put(sheet, f"A{row}", label)
        sheet.merge_cells(f"C{row}:D{row}")
        put(sheet, f"C{row}", value, form=form, align="right", bold=row == FIGURE_ROW)


def _mix(sheet: Worksheet, plan: Allocation) -> int:
    header_row(sheet, MIX_ROW, list(HEADS))
    label, row = plan.case.timeline.quarter_label, MIX_ROW
    for row, line in enumerate(plan.mix, start=MIX_ROW + 1):
        hosts = line.activity.use is Use.HOSTING
        put_text(sheet, f"A{row}", shortened(line.activity.owner_name))
        put(sheet, f"B{row}", line.activity.use.value)
        put(sheet, f"C{row}", quarter(label(line.activity.start)), align="right")
        put(sheet, f"D{row}", quarter(label(line.activity.stop)), align="right")
        put(sheet, f"E{row}", line.units_mw, form=MEGAWATTS)
        put(sheet, f"F{row}", "critical IT" if hosts else "facility", align="right")
        put(sheet, f"G{row}", line.facility_mw, form=MEGAWATTS)
        put(sheet, f"H{row}", line.npv_usd, form=MONEY)
        put(sheet, f"I{row}", line.capex_usd, form=MONEY)
    put(sheet, f"A{row + 1}", "Total", bold=True, above=STRONG)
    for letter in "BCDEFG":
        put(sheet, f"{letter}{row + 1}", None, above=STRONG)
    for letter in "HI":
        total = f"=SUM({letter}{MIX_ROW + 1}:{letter}{max(row, MIX_ROW + 1)})"
        put(sheet, f"{letter}{row + 1}", total, form=MONEY, bold=True, above=STRONG)
    return row + 1


def _schedule(sheet: Worksheet, plan: Allocation, head_row: int) -> int:
    header_row(sheet, head_row, ["Quarter", "hosting", "mining", "idle", "grid"])
    put(sheet, f"A{head_row - 1}", "Facility MW by quarter", bold=True)
    row = head_row
    for row, line in enumerate(plan.schedule, start=head_row + 1):
        put(sheet, f"A{row}", quarter(line.quarter))
        for letter, mw in zip("BCDE", (line.hosting_mw, line.mining_mw, line.idle_mw, line.grid_mw), strict=True):
            put(sheet, f"{letter}{row}", mw if abs(mw) > TAKEN_MW else 0.0, form=MEGAWATTS)
    return row


def _chart(sheet: Worksheet, site: RankedSite, head_row: int, last: int, row: int) -> None:
    of_sheet = f"'{sheet.title}'!"

    def span(column: int) -> Span:
        return Span((head_row + 1, column), (last, column), f"{of_sheet}${chr(64 + column)}${head_row}")

    uses = [(span(2), HOSTING), (span(3), MINING), (span(4), IDLE)]
    most = {"hosting": site.hosting_mw, "mining": site.mining_mw}
    said = f"Hosting takes up to {most['hosting']:,.0f} facility MW, mining up to {most['mining']:,.0f} (line: grid)"
    put(sheet, f"A{row}", said, colour=QUIET)
    words = Words(f"{of_sheet}$A${row}", said, "facility MW")
    chart = stacked_columns(sheet, uses, span(1), words, line=span(5), gap=0)
    chart.x_axis.tickLblSkip, chart.x_axis.tickMarkSkip = 8, 4
    chart.width = 26
    sheet.add_chart(chart, f"A{row}")
