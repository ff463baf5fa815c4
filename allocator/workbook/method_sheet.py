"""Sheet Method: conventions, formulae in words, limits, glossary, and the constants that formulas use."""

from __future__ import annotations

from datetime import date

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from allocator.allocation import Allocation
from allocator.method_words import CONVENTIONS, FORMULAE, GLOSSARY, LIMITS, PACK_CONVENTIONS
from allocator.workbook.assumptions_sheet import define
from allocator.workbook.constants import CONSTANTS
from allocator.workbook.style import DATE, QUIET, header_row, heading, print_setup, put

SHEET = "Method"


def write_method(book: Workbook, sheet: Worksheet, plan: Allocation) -> None:
    """Words, then the named constants."""
    heading(sheet, "Method", "How the figures come about. Every formula of the pack is on the sheets themselves.")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width, sheet.column_dimensions["C"].width = (
        30,
        22,
        110,
    )
    row = 4
    parts = (
        ("Conventions", CONVENTIONS + PACK_CONVENTIONS),
        ("Formulae in words", FORMULAE),
        ("What the model leaves out", LIMITS),
        ("Glossary", GLOSSARY),
    )
    for title, entries in parts:
        header_row(sheet, row, [title, "", ""])
        for word, text in entries:
            row += 1
            put(sheet, f"A{row}", word, bold=True, vertical="top")
            sheet.merge_cells(f"B{row}:C{row}")
            put(sheet, f"B{row}", text, wrap=True, vertical="top")
            sheet.row_dimensions[row].height = 13 * (1 + len(text) // 135)
        row += 2
    header_row(sheet, row, ["Constant", "Value", "Meaning"])
    for constant in CONSTANTS:
        row += 1
        put(sheet, f"A{row}", constant.defined_name)
        dated = isinstance(constant.value, date)
        put(sheet, f"B{row}", constant.value, form=DATE if dated else "General", align="right")
        put(sheet, f"C{row}", constant.meaning, colour=QUIET)
        define(book, constant.defined_name, SHEET, f"$B${row}")
    checked = plan.certificate
    put(sheet, f"A{row + 2}", "Certificate", bold=True)
    put(
        sheet,
        f"B{row + 2}",
        f"solver {plan.solver}, largest residual or gap {checked.worst:.1e} (relative)",
        colour=QUIET,
    )
    print_setup(sheet)
