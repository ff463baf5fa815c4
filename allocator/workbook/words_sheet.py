"""A sheet of words: terms and what they mean, in parts."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.style import header_row, heading, print_setup, put

SHEET = "Method"
LETTERS = 125
Part = tuple[str, Sequence[tuple[str, str]]]


def write_words(sheet: Worksheet, note: str, parts: Sequence[Part]) -> None:
    """Each part under its head."""
    heading(sheet, "Method", note)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 125
    row = 4
    for title, entries in parts:
        header_row(sheet, row, [title, ""])
        for word, text in entries:
            row += 1
            put(sheet, f"A{row}", word, bold=True, vertical="top")
            put(sheet, f"B{row}", text, wrap=True, vertical="top")
            sheet.row_dimensions[row].height = 13 * (1 + len(text) // LETTERS)
        row += 2
    print_setup(sheet)


CONVENTIONS: Part = (
    "Conventions",
    (
        ("Money", "Nominal US dollars on the valuation date's terms; inflows positive."),
        (
            "NPV",
            "Worth over doing nothing, unlevered and after tax; mining and hosting each at its own discount rate.",
        ),
        (
            "Capital",
            (
                "Peak equity: the most of the owner's money that is in at one time, less the reinvested share of what "
                "comes back. Capex is all that is built or bought, debt included, undiscounted."
            ),
        ),
        ("Megawatts", "Facility MW are at the meter, critical IT MW at the tenant's rack."),
        (
            "Colours of cells",
            "Blue on yellow: type here. Black: a formula, or a figure as solved where the sheet says so.",
        ),
    ),
)
