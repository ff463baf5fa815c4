"""Sheet Tables: what formulas look up: machines, deductions by year, deliveries, stages of grid and capital, rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.case import Case
from allocator.workbook.assumptions_sheet import define
from allocator.workbook.flex import input_name
from allocator.workbook.lease_unit import tables_name
from allocator.workbook.lines import Placed
from allocator.workbook.network_lines import FORWARD_FIELDS, forward_points
from allocator.workbook.style import DATE, MONEY, QUIET, header_row, heading, print_setup, put, put_text
from models.hourly_prices import CALENDAR_MONTHS
from models.lease import Lease
from models.machines import machines_by_name
from models.power import Power
from models.tax import FIFTEEN_YEAR, FIVE_YEAR, SHELL_YEARS

SHEET = "Tables"
HEAD_ROW, FIRST_ROW = 5, 6
YEARS = SHELL_YEARS + 1
TRIAL_RATES = np.concatenate([np.linspace(-0.9, 0.0, 19)[:-1], np.linspace(0.0, 1.0, 51), np.geomspace(1.05, 50.0, 20)])
"""Rates a year at which the NPV of new money is tried: with one change of sign there is one IRR."""


def write_tables(book: Workbook, sheet: Worksheet, case: Case, monthly: Placed, network: Placed) -> None:
    """All look-up tables side by side, each column named ``tables__...``."""
    heading(
        sheet,
        "Tables",
        "What formulas look up. Machine data are from the catalogue; deductions follow from the inputs.",
    )
    _machines(book, sheet)
    _deductions(book, sheet)
    _stages(book, sheet, 14, "site.grid_mw", case.site.grid_mw, "Grid, facility MW", "tables__grid", "#,##0.0")
    _stages(book, sheet, 17, "policy.capital_usd", case.policy.capital_usd, "Capital, USD", "tables__capital", MONEY)
    _trial_rates(book, sheet, 20, monthly, network)
    _calendar_months(book, sheet, 23, case.power)
    column = _forward(book, sheet, 31, case, network)
    for owner, lease in enumerate(case.leases):
        column = _offer(book, sheet, column, owner, lease)
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def _column(book: Workbook, sheet: Worksheet, column: int, head: str, items: list[Any], name: str, form: str) -> None:
    letter = get_column_letter(column)
    header_row(sheet, HEAD_ROW, [head], column)
    for row, item in enumerate(items, start=FIRST_ROW):
        if isinstance(item, str) and not item.startswith("="):
            put_text(sheet, f"{letter}{row}", item)
        else:
            put(sheet, f"{letter}{row}", item, form=form)
    define(book, name, SHEET, f"${letter}${FIRST_ROW}:${letter}${FIRST_ROW + len(items) - 1}")
    sheet.column_dimensions[letter].width = 13


def _machines(book: Workbook, sheet: Worksheet) -> None:
    named = machines_by_name()
    put(sheet, f"A{HEAD_ROW - 1}", "Machines (a maker's family name may be left out)", bold=True)
    _column(book, sheet, 1, "Machine", list(named), "tables__machine", "General")
    _column(book, sheet, 2, "Cooling", [m.cooling.value for m in named.values()], "tables__cooling", "General")
    _column(book, sheet, 3, "TH/s", [m.hashrate_th for m in named.values()], "tables__hashrate", "#,##0.0")
    _column(book, sheet, 4, "W", [m.power_w for m in named.values()], "tables__power", "#,##0")
    efficiency = [f"=D{row}/C{row}" for row in range(FIRST_ROW, FIRST_ROW + len(named))]
    _column(book, sheet, 5, "J/TH", efficiency, "tables__efficiency", "0.00")
    header_row(sheet, HEAD_ROW, ["Source"], 6)
    for row, machine in enumerate(named.values(), start=FIRST_ROW):
        put_text(sheet, f"F{row}", machine.source, colour=QUIET)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["F"].width = 34, 40


def _deductions(book: Workbook, sheet: Worksheet) -> None:
    put(
        sheet,
        f"H{HEAD_ROW - 1}",
        "Share of cost deducted in each 12 months of service (IRS Publication 946, table A-1)",
        bold=True,
    )
    rows = range(FIRST_ROW, FIRST_ROW + YEARS)
    five = [*FIVE_YEAR, *[0.0] * (YEARS - len(FIVE_YEAR))]
    _column(book, sheet, 8, "Year", list(range(1, YEARS + 1)), "tables__year", "0")
    fifteen = [*FIFTEEN_YEAR, *[0.0] * (YEARS - len(FIFTEEN_YEAR))]
    _column(book, sheet, 9, "5-year class", five, "tables__five_year_class", "0.00%")
    _column(book, sheet, 10, "15-year class", fifteen, "tables__fifteen_year_class", "0.00%")
    bonus, short = "in__finance__bonus_depreciation", "in__finance__data_centre_short_life_share"
    longer = "in__finance__data_centre_fifteen_year_share"
    machines = [f"=(1-{bonus})*I{r}+IF(H{r}=1,{bonus},0)" for r in rows]
    _column(book, sheet, 11, "Machines", machines, "tables__machine_deductions", "0.00%")
    halls = [
        f"={short}*K{r}+{longer}*((1-{bonus})*J{r}+IF(H{r}=1,{bonus},0))"
        f"+IF(H{r}<=const__shell_years,(1-{short}-{longer})/const__shell_years,0)"
        for r in rows
    ]
    _column(book, sheet, 12, "Data centre", halls, "tables__data_centre_deductions", "0.00%")


def _stages(
    book: Workbook, sheet: Worksheet, column: int, path: str, given: Any, label: str, name: str, form: str
) -> None:
    """A number counts from the valuation date; without one there is no limit."""
    field = path.partition(".")[2].removeprefix("capital_")
    if isinstance(given, tuple):
        starts = [f"={input_name(f'{path}[{i}].from')}" for i in range(len(given))]
        amounts = [f"={input_name(f'{path}[{i}].{field}')}" for i in range(len(given))]
    else:
        starts = ["=in__valuation_date"]
        amounts = [f'=IF(COUNT({input_name(path)})=1,{input_name(path)},"no limit")']
    _column(book, sheet, column, "From", starts, f"{name}_from", DATE)
    _column(book, sheet, column + 1, label, amounts, name, form)


def _calendar_months(book: Workbook, sheet: Worksheet, column: int, power: Power) -> None:
    """Outage hours, and what hourly prices say of each month: their mean, and the cost of the hours not called off."""
    months = range(CALENDAR_MONTHS)
    _column(book, sheet, column, "Month", [m + 1 for m in months], "tables__calendar_month", "0")
    outage = [f"={input_name(f'power.outage_hours[{m}]')}" if power.outage_hours else 0 for m in months]
    _column(book, sheet, column + 1, "Outage hours", outage, "tables__outage_hours", "0.0")
    if power.hourly_prices is None:
        flat = ["=in__power__price_usd_per_mwh"] * CALENDAR_MONTHS
        _column(book, sheet, column + 2, "Energy price", flat, "tables__energy_price", "0.00")
        return
    own = [f"INDEX(prices__hourly,0,{get_column_letter(column)}{FIRST_ROW + m})" for m in months]
    count, opened = get_column_letter(column + 3), get_column_letter(column + 4)
    edge = get_column_letter(column + 5)
    rows = [FIRST_ROW + m for m in months]
    mean = [f"=SUM({prices})/COUNT({prices})" for prices in own]
    _column(book, sheet, column + 2, "Energy price", mean, "tables__energy_price", "0.00")
    _column(book, sheet, column + 3, "Prices", [f"=COUNT({prices})" for prices in own], "tables__price_count", "0")
    hours = [f"=(1-in__power__curtailment_hours_per_year/(const__hours_per_month*12))*{count}{row}" for row in rows]
    _column(book, sheet, column + 4, "Not called off", hours, "tables__open_count", "0.0")
    dearest = [f"=SMALL({p},MIN({count}{r},INT({opened}{r})+1))" for p, r in zip(own, rows, strict=True)]
    _column(book, sheet, column + 5, "Dearest of them", dearest, "tables__open_edge", "0.00")
    below = [f'({p}<>"")*({p}<{edge}{r})' for p, r in zip(own, rows, strict=True)]
    cost = [
        f"=(SUMPRODUCT({cheap}*{p})+({opened}{r}-SUMPRODUCT({cheap}))*{edge}{r})/{count}{r}"
        for cheap, p, r in zip(below, own, rows, strict=True)
    ]
    _column(book, sheet, column + 6, "Their cost", cost, "tables__open_cost", "0.00")


def _forward(book: Workbook, sheet: Worksheet, column: int, case: Case, network: Placed) -> int:
    """Points of each forward curve with the valuation date before them, dates and logs; returns the next column."""
    now = {
        "btc_price_usd": "LN(in__market__btc_price_usd)",
        "difficulty": "LN(in__market__difficulty)",
        "hashprice_usd_per_ph_day": f"{network.month('log_gross', 'E')}-{network.single('log_running_now')}",
    }
    for field in FORWARD_FIELDS:
        points = forward_points(case, field)
        if points:
            names = [input_name(f"market.forward[{i}]") for i in points]
            days = ["=in__valuation_date", *[f"={name}__from" for name in names]]
            logs = [f"={now[field]}", *[f"=LN({name}__{field})" for name in names]]
            _column(book, sheet, column, "From", days, f"tables__forward_{field}_date", DATE)
            _column(book, sheet, column + 1, f"{field} (log)", logs, f"tables__forward_{field}_log", "0.0000")
            column += 3
    return column


def _offer(book: Workbook, sheet: Worksheet, column: int, owner: int, lease: Lease) -> int:
    """The lists of an offer's term sheet, where it has any; returns the next column."""
    path = f"leases[{owner}]"
    lists: list[tuple[str, list[Any], str, str]] = []
    if lease.rent_by_year:
        listed = [f"={input_name(f'{path}.rent_by_year[{y}]')}" for y in range(len(lease.rent_by_year))]
        lists.append(("Rent over first year", listed, "rent_by_year", "0.0000"))
    if lease.draw_curve:
        drawn = [f"={input_name(f'{path}.draw_curve[{i}]')}" for i in range(len(lease.draw_curve))]
        letter, before = (get_column_letter(column + len(lists) + i) for i in range(2))
        spent: list[Any] = [0]
        spent += [f"={before}{r}+{letter}{r}" for r in range(FIRST_ROW, FIRST_ROW + len(drawn) - 1)]
        lists += [("Cost drawn in part", drawn, "draw_share", "0.0000")]
        lists += [("Drawn before it", spent, "drawn_before", "0.0000")]
    if not lists:
        return column
    put_text(sheet, f"{get_column_letter(column)}{HEAD_ROW - 1}", f"Offer {lease.name}", bold=True)
    for i, (head, items, what, form) in enumerate(lists):
        _column(book, sheet, column + i, head, items, tables_name(owner, what), form)
    return column + len(lists) + 1


def _trial_rates(book: Workbook, sheet: Worksheet, column: int, monthly: Placed, network: Placed) -> None:
    put(
        sheet,
        f"{get_column_letter(column)}{HEAD_ROW - 1}",
        "NPV of new money at trial rates: one change of sign, one IRR",
        bold=True,
    )
    letter = get_column_letter(column)
    flow, month = monthly.all_months("new_money_usd"), network.all_months("month")
    _column(book, sheet, column, "Rate", [float(r) for r in TRIAL_RATES], "tables__trial_rate", "0.0%")
    worth = [
        f"=SUMPRODUCT({flow}*(1+{letter}{r})^(-{month}/12))" for r in range(FIRST_ROW, FIRST_ROW + len(TRIAL_RATES))
    ]
    _column(book, sheet, column + 1, "NPV, USD", worth, "tables__trial_npv", MONEY)
    sheet.column_dimensions[get_column_letter(column + 1)].width = 22
    last = FIRST_ROW + len(TRIAL_RATES) - 1
    npv = get_column_letter(column + 1)
    below, above = f"{npv}{FIRST_ROW}:{npv}{last - 1}", f"{npv}{FIRST_ROW + 1}:{npv}{last}"
    crossed = f"(({below}>0)*1<>({above}>0)*1)"
    put(sheet, f"{npv}2", f"=SUMPRODUCT({crossed}*1)", form="0")
    put(sheet, f"{letter}2", "changes of sign", colour=QUIET)
    put(sheet, f"{letter}3", "below the IRR", colour=QUIET)
    put(sheet, f"{npv}3", f"=SUMPRODUCT({crossed}*{letter}{FIRST_ROW}:{letter}{last - 1})", form="0.0%")
    define(book, "tables__sign_changes", SHEET, f"${npv}$2")
    define(book, "tables__rate_below_irr", SHEET, f"${npv}$3")
