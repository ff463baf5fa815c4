"""Sheet Mix: the recommended megawatts beside *your mix*, what each is worth, and what the limits leave."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.formats import quarter
from allocator.workbook.assumptions_sheet import define
from allocator.workbook.entries import FIRST_MIX_ROW, MIX_SHEET, Entry
from allocator.workbook.schedule_sheet import Schedule
from allocator.workbook.style import (
    HOSTING,
    MEGAWATTS,
    MINING,
    MONEY,
    MONEY_MILLIONS,
    QUIET,
    STRONG,
    header_row,
    heading,
    mark_input,
    print_setup,
    put,
    put_text,
)

HEAD_ROW = FIRST_MIX_ROW - 1
UNITS = "#,##0.000;(#,##0.000);0.000"
HEADS = [
    "Activity",
    "Use",
    "From",
    "To",
    "Unit",
    "Recommended",
    "Your mix",
    "Facility MW (your mix)",
    "NPV per unit, USD",
    "NPV recommended, USD",
    "NPV your mix, USD",
    "Capex per unit, USD",
    "Capex your mix, USD",
    "Sheet",
]
LIMIT_HEADS = ["Limit over all quarters", "Unit", "Most used", "Least headroom", "Holds"]


def write_mix(book: Workbook, sheet: Worksheet, plan: Allocation, entries: Sequence[Entry], schedule: Schedule) -> None:
    """The mix table, its totals and the limits."""
    heading(
        sheet,
        "Mix",
        "Type other megawatts into the blue column: value, capex, schedule, statements and every check follow. "
        "The recommended column stays as it was solved.",
    )
    for column, width in zip("ABCDEFGHIJKLMN", (44, 16, 11, 11, 15, 14, 14, 13, 15, 17, 17, 15, 17, 30), strict=True):
        sheet.column_dimensions[column].width = width
    header_row(sheet, HEAD_ROW, HEADS)
    sheet.row_dimensions[HEAD_ROW].height = 40
    for entry in entries:
        _write_entry(sheet, plan, entry)
    last = FIRST_MIX_ROW + max(0, len(entries) - 1)
    _totals(sheet, last)
    define(book, "mix__recommended", MIX_SHEET, f"$F${FIRST_MIX_ROW}:$F${last}")
    define(book, "mix__yours", MIX_SHEET, f"$G${FIRST_MIX_ROW}:$G${last}")
    define(book, "out__npv_usd", MIX_SHEET, f"$J${last + 1}")
    define(book, "out__your_npv_usd", MIX_SHEET, f"$K${last + 1}")
    define(book, "out__capex_usd", MIX_SHEET, f"$M${last + 1}")
    _limits(sheet, schedule, last + 4)
    rule = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    rule.error, rule.errorTitle = "Megawatts of 0 or more", "Your mix"
    sheet.add_data_validation(rule)
    rule.add(f"G{FIRST_MIX_ROW}:G{last}")
    sheet.freeze_panes = f"B{FIRST_MIX_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def _write_entry(sheet: Worksheet, plan: Allocation, entry: Entry) -> None:
    row, activity, here = entry.mix_row, entry.activity, entry.here
    label = plan.case.timeline.quarter_label
    put_text(sheet, f"A{row}", activity.name)
    put(sheet, f"B{row}", activity.use.value, bold=True, colour=HOSTING if activity.use is Use.HOSTING else MINING)
    put(sheet, f"C{row}", quarter(label(activity.start)), align="right")
    put(sheet, f"D{row}", quarter(label(activity.stop)), align="right")
    put(sheet, f"E{row}", entry.unit, colour=QUIET, align="left", indent=1)
    put(sheet, f"F{row}", entry.recommended_mw, form=UNITS, bold=True)
    mark_input(put(sheet, f"G{row}", entry.recommended_mw, form=UNITS))
    put(sheet, f"H{row}", f"=G{row}*{here.single('facility_mw_per_unit')}", form=MEGAWATTS)
    put(sheet, f"I{row}", f"={here.single('npv_usd')}", form=MONEY)
    put(sheet, f"J{row}", f"=F{row}*I{row}", form=MONEY)
    put(sheet, f"K{row}", f"=G{row}*I{row}", form=MONEY)
    put(sheet, f"L{row}", f"={here.single('all_capex_usd')}", form=MONEY)
    put(sheet, f"M{row}", f"=G{row}*L{row}", form=MONEY)
    link = put(sheet, f"N{row}", here.title, colour=HOSTING, align="left", indent=1)
    link.hyperlink = Hyperlink(ref=f"N{row}", location=f"'{here.title}'!A1")


def _totals(sheet: Worksheet, last: int) -> None:
    row = last + 1
    for column in "ABCDEFGHIJKLMN":
        put(sheet, f"{column}{row}", None, above=STRONG)
    put(sheet, f"A{row}", "Total", bold=True, above=STRONG)
    for column in "JKM":
        put(
            sheet,
            f"{column}{row}",
            f"=SUM({column}{FIRST_MIX_ROW}:{column}{last})",
            form=MONEY,
            bold=True,
            above=STRONG,
        )
    put(
        sheet,
        f"A{row + 1}",
        "NPV: mining and hosting each at the discount rate of its use, unlevered, after tax. Capex undiscounted.",
        colour=QUIET,
        italic=True,
    )


def _limits(sheet: Worksheet, schedule: Schedule, row: int) -> None:
    header_row(sheet, row, LIMIT_HEADS)
    sheet.row_dimensions[row].height = 28
    for i, limit in enumerate(schedule.limits, start=row + 1):
        left = schedule.all_quarters(limit.headroom_row)
        form = MONEY_MILLIONS if limit.unit == "USD" else MEGAWATTS
        put_text(sheet, f"A{i}", limit.label)
        put(sheet, f"B{i}", limit.unit, colour=QUIET)
        put(sheet, f"C{i}", f"=MAX({schedule.all_quarters(limit.used_row)})", form=form)
        put(
            sheet,
            f"D{i}",
            f'=IF(COUNT({left})=0,"no limit",MIN({left}))',
            form=form,
            align="right",
        )
        put(sheet, f"E{i}", f"={schedule.holds(limit)}", align="center")
