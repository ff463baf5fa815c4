"""Sheet Summary: one landscape page with the decision, its worth, what limits it and what would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font
from openpyxl.utils.units import pixels_to_EMU
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation
from allocator.case import inputs
from allocator.explain import Explanation, OneUse
from allocator.flip_points import FlipPoint
from allocator.formats import day, percent
from allocator.report import package_version
from allocator.risk.answer import RiskAnswer
from allocator.sentences import decision
from allocator.workbook.assumptions_sheet import INPUTS_CHANGED
from allocator.workbook.brand import Brand
from allocator.workbook.bridge import Bridge
from allocator.workbook.charts import bridge_chart, schedule_chart
from allocator.workbook.lines import Placed
from allocator.workbook.schedule_sheet import Schedule
from allocator.workbook.style import (
    GAIN,
    HOSTING,
    INK,
    LOSS,
    MONEY_MILLIONS,
    PAPER,
    QUIET,
    SHARE,
    STRONG,
    THIN,
    print_setup,
    put,
    put_text,
)

SHEET = "Summary"
COLUMNS = "ABCDEFGHIJKLMNO"
LAST = COLUMNS[-1]
WIDTHS = dict.fromkeys("LMNO", 11.0)
TILES = (("A", "C"), ("D", "E"), ("F", "H"), ("I", "J"), ("K", "M"), ("N", "O"))
"""First and last column of each of the six figures."""
TABLE_ROWS, TILE_ROWS, CHART_ROWS = 5, 4, 16
ALTERNATIVES, MINE_ONLY = "JLMNO", 3
"""Columns of the table of alternatives, and which of its rows is mining alone."""
CHARACTERS_PER_LINE = 168
LOGO_HEIGHT, LOGO_WIDTH, CELL_WIDTH = 44, 145, 74
"""Room for the logo and width of a column, in pixels."""
LONGEST_TITLE = 56
"""Letters of a case's name in the title; the whole of it stands on sheet Assumptions."""
BOLD_LINE = 0.6
"""Letters of the bold first sentence in a line, over those of the others, with some to spare for other fonts."""
MONEY_PER_UNIT = '"$"#,##0;-"$"#,##0;"–"'
CENTS_PER_DOLLAR = '"$"0.00;-"$"0.00;"–"'


def write_summary(
    sheet: Worksheet,
    plan: Allocation,
    explanation: Explanation,
    schedule: Schedule,
    monthly: Placed,
    bridge: Bridge,
    sheets: dict[str, Worksheet],
    brand: Brand,
    tail: RiskAnswer | None,
) -> None:
    """The page, from top to bottom; ``tail`` where the risk program was run."""
    sheet.sheet_view.showGridLines = False
    for column in COLUMNS:
        sheet.column_dimensions[column].width = WIDTHS.get(column, 9.8)
    row = _title(sheet, plan, brand)
    row = _sentences(sheet, decision(plan, explanation), row)
    row = _figures(sheet, monthly, row)
    row = _charts(sheet, schedule, bridge, sheets, row)
    row = _tables(sheet, plan, explanation, monthly, tail, row)
    last = _foot(sheet, plan, row)
    sheet.print_area = f"A1:{LAST}{last}"
    print_setup(sheet, pages_high=1)
    sheet.print_options.horizontalCentered = True


def _title(sheet: Worksheet, plan: Allocation, brand: Brand) -> int:
    case = plan.case
    sheet.merge_cells("A1:L1")
    name = case.name if len(case.name) <= LONGEST_TITLE else f"{case.name[: LONGEST_TITLE - 1]}…"
    put_text(sheet, "A1", name, bold=True, size=17)
    sheet.row_dimensions[1].height = 26
    if brand.logo_png:
        place_logo(sheet, brand.logo_png)
    said = f"Board pack: megawatts between bitcoin mining and AI/HPC hosting · version {package_version()}"
    put(
        sheet,
        "A2",
        f"{said} · valued {day(case.valuation_date)} · {case.horizon_years} years",
        colour=QUIET,
        below=THIN,
    )
    for column in COLUMNS[1:]:
        put(sheet, f"{column}2", None, below=THIN)
    return 4


def place_logo(sheet: Worksheet, png: bytes) -> None:
    """The brand's picture in the upper right corner, as high as the title's two rows."""
    logo = Image(BytesIO(png))
    scale = min(LOGO_HEIGHT / logo.height, LOGO_WIDTH / logo.width)
    width, height = int(logo.width * scale), int(logo.height * scale)
    corner = AnchorMarker(
        col=len(COLUMNS) - 1, colOff=pixels_to_EMU(CELL_WIDTH - width - 2), row=0, rowOff=pixels_to_EMU(2)
    )
    if width > CELL_WIDTH - 2:
        corner.col, corner.colOff = len(COLUMNS) - 2, pixels_to_EMU(2 * CELL_WIDTH - width - 2)
    logo.anchor = OneCellAnchor(_from=corner, ext=XDRPositiveSize2D(pixels_to_EMU(width), pixels_to_EMU(height)))
    sheet.add_image(logo)


def _sentences(sheet: Worksheet, sentences: Sequence[str], row: int) -> int:
    for i, sentence in enumerate(sentences):
        sheet.merge_cells(f"A{row}:{LAST}{row}")
        put_text(
            sheet,
            f"A{row}",
            sentence,
            bold=i == 0,
            size=12 if i == 0 else 9,
            wrap=True,
            vertical="top",
            colour=INK if i < len(sentences) - 1 else QUIET,
        )
        per_line = CHARACTERS_PER_LINE * (BOLD_LINE if i == 0 else 1.0)
        lines = 1 + int(len(sentence) / per_line) + sentence.count("\n")
        sheet.row_dimensions[row].height = min(400.0, (16.5 if i == 0 else 12.5) * lines + 1)
        row += 1
    sheet.merge_cells(f"A{row}:{LAST}{row}")
    said = (
        f"=IF(OR({INPUTS_CHANGED},SUMPRODUCT((mix__yours<>mix__recommended)*1)>0),"
        '"An input or your mix was changed: the sentences above are as solved, the figures below are live.","")'
    )
    put(sheet, f"A{row}", said, colour=LOSS, bold=True)
    return row + 1


def _figures(sheet: Worksheet, monthly: Placed, row: int) -> int:
    alone = f"{ALTERNATIVES[1]}{_first_table_row(row) + MINE_ONLY}"
    over = f'=IF(ISNUMBER({alone}),out__your_npv_usd-{alone},"n/a")'
    figures = (
        ("NPV", "=out__your_npv_usd", MONEY_MILLIONS, "over doing nothing"),
        ("Over mining alone", over, MONEY_MILLIONS, "NPV, mining as solved"),
        ("Capex", "=out__capex_usd", MONEY_MILLIONS, "undiscounted"),
        ("Peak equity", f"={monthly.single('peak_equity_usd')}", MONEY_MILLIONS, "most money in at one time"),
        ("IRR on new money", "=out__irr", SHARE, "unlevered, after tax"),
        ("Lowest DSCR", f"={monthly.single('minimum_dscr')}", '0.00"x"', "of any lease, by CFADS"),
    )
    for i, (label, formula, form, note) in enumerate(figures):
        left, right = TILES[i]
        put(sheet, f"{left}{row}", label, colour=QUIET, fill=PAPER, align="center")
        put(
            sheet,
            f"{left}{row + 1}",
            formula,
            form=form,
            bold=True,
            size=16,
            fill=PAPER,
            align="center",
            colour=HOSTING if i == 0 else INK,
        )
        sheet[f"{left}{row + 1}"].alignment = Alignment(horizontal="center", vertical="center", shrink_to_fit=True)
        put(sheet, f"{left}{row + 2}", note, size=8, colour=QUIET, fill=PAPER, align="center")
        for line in range(row, row + 3):
            sheet.merge_cells(f"{left}{line}:{right}{line}")
    sheet.row_dimensions[row + 1].height = 24
    return row + TILE_ROWS


def _first_table_row(figures_row: int) -> int:
    """Row of the heads of the three tables, below figures and charts."""
    return figures_row + TILE_ROWS + CHART_ROWS


def _charts(sheet: Worksheet, schedule: Schedule, bridge: Bridge, sheets: dict[str, Worksheet], row: int) -> int:
    sheet.add_chart(
        schedule_chart(sheets["Schedule"], schedule, bridge.schedule_title_address, bridge.schedule_title), f"A{row}"
    )
    sheet.add_chart(bridge_chart(sheets["Mix"], bridge, bridge.title_address, bridge.title), f"H{row}")
    return row + CHART_ROWS


def _tables(
    sheet: Worksheet, plan: Allocation, explanation: Explanation, monthly: Placed, tail: RiskAnswer | None, row: int
) -> int:
    """Three short tables side by side: limits, flips, alternatives."""
    _head(sheet, row, "ACD", ["What limits it*", "one more", "one less"])
    worth = [p for p in explanation.shadow_prices if p.gain_of_one_more_usd or p.loss_of_one_less_usd != 0.0]
    prices = sorted(worth, key=lambda p: -_weight(p.loss_of_one_less_usd, p.limit.unit))[:TABLE_ROWS]
    if not prices:
        put(sheet, f"A{row + 1}", "no limit: more of anything adds nothing", size=8.5)
    for i, price in enumerate(prices, start=row + 1):
        form = CENTS_PER_DOLLAR if price.limit.unit == "USD" else MONEY_PER_UNIT
        unit = "$" if price.limit.unit == "USD" else price.limit.unit
        _label(sheet, f"A{i}", f"B{i}", f"{price.limit.label}, {unit}")
        put(sheet, f"C{i}", price.gain_of_one_more_usd, form=form, align="right")
        put(
            sheet,
            f"D{i}",
            price.loss_of_one_less_usd if price.loss_of_one_less_usd is not None else "no plan",
            form=form,
            align="right",
        )
    _head(sheet, row, "FHI", ["What flips it*", "now", "flips at"])
    for i, (label, now, flips) in enumerate(list(_flips(plan, explanation))[:TABLE_ROWS], start=row + 1):
        _label(sheet, f"F{i}", f"G{i}", label)
        put(sheet, f"H{i}", now, align="right")
        put_text(sheet, f"I{i}", flips, align="right")
    _alternatives(sheet, plan, explanation, monthly, tail, row)
    return row + TABLE_ROWS + 2


def _alternatives(
    sheet: Worksheet, plan: Allocation, explanation: Explanation, monthly: Placed, tail: RiskAnswer | None, row: int
) -> None:
    """Your mix and the recommended one live, one use alone as solved; the tail where it was run."""
    heads: list[str | None] = ["  Alternatives", "NPV", "capex", "peak equity", "CVaR"]
    _head(sheet, row, ALTERNATIVES, heads)
    twins = explanation.twins
    cvar = tail.bridge.cvar_usd if tail else "not run"
    lines: tuple[tuple[str, Any, Any, Any, Any], ...] = (
        ("Your mix", "=out__your_npv_usd", "=out__capex_usd", f"={monthly.single('peak_equity_usd')}", None),
        ("Recommended", "=out__npv_usd", plan.capex_usd, plan.peak_equity_usd, cvar),
        ("Mine only*", twins.mine_only_usd, *_asks(twins.mine_only), None),
        ("Host only*", twins.host_only_usd, *_asks(twins.host_only), None),
        ("Do nothing", 0, 0, 0, 0 if tail else None),
    )
    for i, (label, npv_usd, *others) in enumerate(lines, start=row + 1):
        put(sheet, f"{ALTERNATIVES[0]}{i}", label, size=8.5, align="left", indent=1)
        for column, value in zip(ALTERNATIVES[1:], (npv_usd, *others), strict=True):
            shown = "no plan" if value is None and column == ALTERNATIVES[1] else value
            put(sheet, f"{column}{i}", shown, form=MONEY_MILLIONS, align="right", bold=i == row + 1, size=8.5)
            sheet[f"{column}{i}"].alignment = Alignment(horizontal="right", vertical="center", shrink_to_fit=True)


def _asks(twin: OneUse | None) -> tuple[float | None, float | None]:
    return (None, None) if twin is None else (twin.capex_usd, twin.peak_equity_usd)


def _weight(worth_usd: float | None, unit: str) -> float:
    """Orders limits in one money: a dollar of capital is compared as a million."""
    return float("inf") if worth_usd is None else worth_usd * (1e6 if unit == "USD" else 1.0)


def _head(sheet: Worksheet, row: int, columns: str, labels: list[str | None]) -> None:
    sheet.merge_cells(f"{columns[0]}{row}:{chr(ord(columns[0]) + 1)}{row}")
    for column, label in zip(columns, labels, strict=True):
        put(
            sheet,
            f"{column}{row}",
            label,
            bold=True,
            below=STRONG,
            size=8.5,
            align="left" if column == columns[0] else "right",
        )


def _label(sheet: Worksheet, left: str, right: str, text: str) -> None:
    sheet.merge_cells(f"{left}:{right}")
    short = text if len(text) <= 32 else text[:31] + "…"
    put_text(sheet, left, short, size=8.5)
    sheet[left].alignment = Alignment(vertical="center", shrink_to_fit=True)


def _flips(plan: Allocation, explanation: Explanation) -> Iterator[tuple[str, str, str]]:
    for found in explanation.break_evens:
        flips_at = found.rent_usd_per_kw_month
        yield (
            f"{found.name}: rent /kW-month",
            f"${found.current_usd_per_kw_month:,.2f}",
            "none" if flips_at is None else f"${flips_at:,.2f}",
        )
    for flip in explanation.flips:
        name = plan.case.leases[flip.offer].name
        if flip.path.endswith("capex_usd_per_kw"):
            yield f"{name}: capex per kW", f"${flip.current:,.0f}", _flip_words(flip, "${:,.0f}")
        elif flip.path == "market.btc_price_usd" and _is_said(flip, explanation):
            what = "BTC price, up" if flip.is_upwards else "BTC price, down"
            yield f"{name}: {what}", f"${flip.current:,.0f}", _flip_words(flip, "${:,.0f}")
        elif flip.path == "finance.discount_rate_hosting":
            yield f"{name}: hosting rate", percent(flip.current), _flip_words(flip, "{:.1%}")
        elif flip.path.endswith("delay_months"):
            yield f"{name}: months late", f"{flip.current:.0f}", _flip_words(flip, "{:.0f}")


def _is_said(flip: FlipPoint, explanation: Explanation) -> bool:
    """A direction in which nothing turns is left out where the other one turns the same offer."""
    others = [f for f in explanation.flips if f.path == flip.path and f.offer == flip.offer]
    return flip.flips_at is not None or all(f.flips_at is None for f in others)


def _flip_words(flip: FlipPoint, form: str) -> str:
    return "none" if flip.flips_at is None else form.format(flip.flips_at)


def _foot(sheet: Worksheet, plan: Allocation, row: int) -> int:
    for column in COLUMNS:
        put(sheet, f"{column}{row}", None, above=THIN)
    put(
        sheet,
        f"A{row}",
        '="Checks: "&pack__checks_said&" pass"&IF(out__checks_passed,"","; broken: "&pack__first_broken)',
        bold=True,
        above=THIN,
        colour=GAIN,
    )
    sheet.conditional_formatting.add(
        f"A{row}",
        CellIsRule(
            operator="notEqual",
            formula=['"Checks: "&pack__checks_said&" pass"'],
            font=Font(color=LOSS.of_cell, bold=True),
        ),
    )
    sheet[f"A{row}"].hyperlink = Hyperlink(ref=f"A{row}", location="'Checks'!A1")
    count = Counter(item.status for item in inputs(plan.case))
    said = ", ".join(f"{count[status]} {status}" for status in ("sourced", "derived", "assumed") if count[status])
    put(
        sheet,
        f"A{row + 1}",
        f"Inputs: {said}, each with its source on sheet Assumptions. * as solved. "
        f"Case {plan.case.sha256()[:12]}, solver {plan.solver}.",
        colour=QUIET,
        size=8,
    )
    put(sheet, f"{LAST}{row + 1}", "Mining amber, hosting blue, idle grey", colour=QUIET, size=8, align="right")
    return row + 1
