"""Sheet Sensitivity: what-if cells that every sheet follows; the engine's values by driver and by pair, as solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation
from allocator.flip_map import FlipMap
from allocator.sensitivity import Driver, OneWay, Sensitivities
from allocator.workbook.assumptions_sheet import define
from allocator.workbook.charts import tornado_chart
from allocator.workbook.flex import ALL_FLEX, drivers_of, flex_name
from allocator.workbook.lines import Placed
from allocator.workbook.style import (
    FAINT,
    HOSTING,
    MONEY_MILLIONS,
    PAPER,
    QUIET,
    SHARE,
    WHITE,
    header_row,
    heading,
    mark_input,
    print_setup,
    put,
    put_text,
)

SHEET = "Sensitivity"
HEAD_ROW, FIRST_ROW = 5, 6
LABEL, UNIT, CHANGE, MOVES = "A", "B", "C", "D"
LIVE = ("G", "I", "K", "M")
FORMS = {"share": "+0.0%;-0.0%;0%", "points": "+0.0%;-0.0%;0%", "per year": "+0.0%;-0.0%;0%", "months": "+0;-0;0"}
UNITS = {"share": "% of today's", "points": "% points", "per year": "% points a year"}
NOT_ASKED, NO_PLAN = "–", "no plan"
REFUSED = "Grey italic: the offer is refused. Bold: it is in the plan, in whole or in part."


@dataclass(frozen=True)
class Tornado:
    """Where the table behind the tornado chart lies, and what its title says."""

    first_row: int
    last_row: int
    title: str
    row_below: int


def write_sensitivity(
    book: Workbook, sheet: Worksheet, plan: Allocation, monthly: Placed, found: Sensitivities | None
) -> Tornado | None:
    """The what-if cells, and below them, where they were computed, the values by driver and by pair."""
    run = f"case {plan.case.sha256()[:12]}, solver {plan.solver}"
    heading(
        sheet,
        "Sensitivity",
        "Type a change into a blue cell: your mix is valued again on every sheet. "
        f"Below, values of the engine, as solved ({run}).",
    )
    for column, width in zip("ABCDEFGHIJKLMN", (30, 15, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11), strict=True):
        sheet.column_dimensions[column].width = width
    drivers = drivers_of(plan.case)
    _what_if(book, sheet, drivers)
    _results(book, sheet, plan, monthly)
    row = FIRST_ROW + max(len(drivers), 7) + 2
    tornado = None
    if found is not None:
        tornado = _one_way(sheet, plan, found, row)
        below = _two_way(sheet, plan, found, tornado.row_below)
        sheet.add_chart(tornado_chart(sheet, tornado.first_row, tornado.last_row, tornado.title), f"A{below}")
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, pages_high=1)
    return tornado


def _what_if(book: Workbook, sheet: Worksheet, drivers: Sequence[Driver]) -> None:
    put(sheet, f"A{HEAD_ROW - 1}", "What if (live)", bold=True, size=11)
    header_row(sheet, HEAD_ROW, ["Driver", "Unit of change", "Change", "Moves", "", ""])
    for row, driver in enumerate(drivers, start=FIRST_ROW):
        put(sheet, f"{LABEL}{row}", driver.label)
        put(sheet, f"{UNIT}{row}", UNITS.get(driver.unit, driver.unit), colour=QUIET)
        mark_input(put(sheet, f"{CHANGE}{row}", 0, form=FORMS.get(driver.unit, "+0.00;-0.00;0"), align="right"))
        put_text(sheet, f"{MOVES}{row}", driver.inputs[0], colour=QUIET, size=8)
        define(book, flex_name(driver), SHEET, f"${CHANGE}${row}")
        rule = DataValidation(
            type="decimal", operator="between", formula1=repr(float(driver.lower)), formula2=repr(float(driver.upper))
        )
        rule.error, rule.errorTitle = f"Allowed: {driver.lower:g} to {driver.upper:g}", driver.label
        sheet.add_data_validation(rule)
        rule.add(f"{CHANGE}{row}")
    define(book, ALL_FLEX, SHEET, f"${CHANGE}${FIRST_ROW}:${CHANGE}${FIRST_ROW + len(drivers) - 1}")


def _results(book: Workbook, sheet: Worksheet, plan: Allocation, monthly: Placed) -> None:
    """Your mix now, beside the recommended one as it was solved."""
    label, solved, now, change = LIVE
    for column, head in zip(LIVE, ("Figure", "As solved", "Your mix now", "Difference"), strict=True):
        for i, text in enumerate((head, "")):
            cell = f"{get_column_letter(sheet[f'{column}1'].column + i)}{HEAD_ROW}"
            put(sheet, cell, text, bold=True, colour=WHITE, fill=HOSTING, align="left" if i == 0 else None)
    figures = (
        ("NPV", "npv_usd", plan.npv_usd, "out__your_npv_usd", MONEY_MILLIONS),
        ("Capex", "capex_usd", plan.capex_usd, "out__capex_usd", MONEY_MILLIONS),
        ("Peak equity", "peak_equity_usd", plan.peak_equity_usd, monthly.single("peak_equity_usd"), MONEY_MILLIONS),
        ("IRR on new money", "irr", plan.irr, "out__irr", SHARE),
        ("Lowest DSCR", "minimum_dscr", plan.minimum_dscr, monthly.single("minimum_dscr"), '0.00"x"'),
    )
    for row, (text, name, value, live, form) in enumerate(figures, start=FIRST_ROW):
        put(sheet, f"{label}{row}", text)
        put(sheet, f"{solved}{row}", "n/a" if value is None else value, form=form, align="right")
        define(book, f"solved__{name}", SHEET, f"${solved}${row}")
        put(sheet, f"{now}{row}", f"={live}", form=form, align="right", bold=True)
        away = f"{now}{row}-{solved}{row}"
        still = f"ABS({away})<const__tolerance_usd" if form == MONEY_MILLIONS else "FALSE"
        put(sheet, f"{change}{row}", f'=IFERROR(IF({still},0,{away}),"n/a")', form=form, align="right")
    row = FIRST_ROW + len(figures)
    put(sheet, f"{label}{row}", "Checks that pass")
    put(sheet, f"{now}{row}", "=pack__checks_said", align="right", bold=True)
    put(sheet, f"{label}{row + 1}", '=IF(out__checks_passed,"",pack__first_broken)', colour=QUIET, size=8)


def _one_way(sheet: Worksheet, plan: Allocation, found: Sensitivities, row: int) -> Tornado:
    """Every driver by itself: change and NPV at each step, the decision taken again at both ends."""
    put(sheet, f"A{row}", "One driver at a time (NPV, as solved)", bold=True, size=11)
    note = "The mix and its dates as recommended, whether or not its limits still hold; "
    note += (
        "with whole halls the decision was not taken again."
        if found.whole_halls
        else "right of it the best plan at the least and the greatest change."
    )
    put(sheet, f"D{row}", note, colour=QUIET, size=8)
    heads = ["Driver", "Unit of change", *["change", "NPV"] * 4, "again, least", "again, greatest", "worse", "better"]
    header_row(sheet, row + 1, heads)
    sheet.row_dimensions[row + 1].height = 26
    ordered = sorted(found.one_way, key=lambda o: -o.width_usd)
    for at, one in enumerate(ordered, start=row + 2):
        _driver_row(sheet, at, one, plan.npv_usd)
    last = row + 1 + len(ordered)
    widest = ordered[0]
    title = f"{widest.driver.label} moves the plan most: {widest.width_usd / 1e6:,.0f} M USD over its steps"
    return Tornado(row + 2, last, title, last + 2)


def _driver_row(sheet: Worksheet, row: int, one: OneWay, base_usd: float) -> None:
    driver = one.driver
    put(sheet, f"A{row}", driver.label)
    put(sheet, f"B{row}", UNITS.get(driver.unit, driver.unit), colour=QUIET)
    form = FORMS.get(driver.unit, "+0.00;-0.00;0")
    for i, step in enumerate(one.steps):
        change, worth = get_column_letter(3 + 2 * i), get_column_letter(4 + 2 * i)
        put(sheet, f"{change}{row}", step.change, form=form, align="right", colour=QUIET)
        put(
            sheet,
            f"{worth}{row}",
            NO_PLAN if step.same_mix_usd is None else step.same_mix_usd,
            form=MONEY_MILLIONS,
            align="right",
        )
    for column, step in (("K", one.steps[0]), ("L", one.steps[-1])):
        again = step.decided_again_usd
        put(sheet, f"{column}{row}", NOT_ASKED if again is None else again, form=MONEY_MILLIONS, align="right")
    away = [s.same_mix_usd - base_usd for s in one.steps if s.same_mix_usd is not None]
    put(sheet, f"M{row}", min([0.0, *away]), form=MONEY_MILLIONS, align="right", colour=QUIET)
    put(sheet, f"N{row}", max([0.0, *away]), form=MONEY_MILLIONS, align="right", colour=QUIET)


def _two_way(sheet: Worksheet, plan: Allocation, found: Sensitivities, row: int) -> int:
    """The table where there is one; returns the next free row."""
    if found.two_way is not None:
        _map(sheet, plan, found.two_way, row)
        return row + len(found.two_way.market.values) + 4
    if found.whole_halls and plan.case.leases:
        said = "Two at a time: with whole halls every cell is an integer program; page Why maps them on request."
        put(sheet, f"A{row}", said, colour=QUIET)
        return row + 2
    return row


def _map(sheet: Worksheet, plan: Allocation, cells: FlipMap, row: int) -> None:
    """NPV of the best plan over bitcoin price (down) and rent (across)."""
    offer = plan.case.leases[cells.offer]
    put(sheet, f"A{row}", "Two at a time (NPV of the best plan, as solved)", bold=True, size=11)
    put_text(sheet, f"D{row}", f"Offer {offer.name[:60]}. {REFUSED}", colour=QUIET, size=8)
    put(sheet, f"A{row + 1}", "Bitcoin price, USD  \\  rent, USD/kW-month", bold=True, fill=PAPER)
    put(sheet, f"B{row + 1}", None, fill=PAPER)
    for j, rent in enumerate(cells.lease.values):
        column = get_column_letter(3 + j)
        put(sheet, f"{column}{row + 1}", rent, form='"$"#,##0.00', bold=True, fill=PAPER, align="right")
    for i, price in enumerate(cells.market.values):
        at = row + 2 + i
        put(sheet, f"A{at}", price, form='"$"#,##0', bold=True, align="left")
        for j, worth in enumerate(cells.npv_usd[i]):
            column, taken = get_column_letter(3 + j), bool(cells.taken[i, j])
            put(
                sheet,
                f"{column}{at}",
                NO_PLAN if np.isnan(worth) else float(worth),
                form=MONEY_MILLIONS,
                align="right",
                bold=taken,
                italic=not taken,
                fill=None if taken else PAPER,
                colour=HOSTING if taken else QUIET,
            )
    put(sheet, f"A{row + 2 + len(cells.market.values)}", "Today's price and rent stand in the middle.", colour=FAINT)
