"""Values beside formulas: openpyxl writes none, and previewers, phones and pandas show blanks without them.

The saved file is evaluated by ironcalc, and each result is put as ``<v>`` beside its ``<f>`` in the sheet's XML. A
spreadsheet program still recalculates everything when it opens the file.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import ironcalc
from openpyxl.utils import column_index_from_string

from allocator.workbook.across import Across, month_letters, sheet_parts
from allocator.workbook.lines import FIRST_MONTH_COLUMN, Formula

_CELL = re.compile(
    r'<c r="([A-Z]+)([0-9]+)"((?: s="[0-9]+")?)(?: t="[a-z]+")?><f>(.*?)</f><v ?/?>(?:</v>)?</c>', re.DOTALL
)
_DIMENSION = re.compile(r'(<dimension ref="[A-Z]+[0-9]+:)[A-Z]+([0-9]+")')
_ERRORS = {
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#DIV/0!",
    "#N/A",
    "#NUM!",
    "#NULL!",
    "#ERROR!",
    "#CIRC!",
    "#N/IMPL!",
    "#SPILL!",
    "#CALC!",
}


class CalculationError(Exception):
    """A formula of the pack has no value: the pack is not written."""


def evaluated(path: Path) -> Any:
    """The workbook with every formula evaluated."""
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    return model


def write_cached_values(source: Path, target: Path, model: Any, across: Across) -> None:
    """Copy a workbook with every formula in every month of its row, and the value of each formula beside it.

    Raises
    ------
    CalculationError
        If a formula evaluates to an error.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as new:
        sheets = {part: (position, title) for position, (part, title) in enumerate(sheet_parts(old))}
        for item in old.infolist():
            content = old.read(item)
            if item.filename in sheets:
                position, title = sheets[item.filename]
                rows = across.formulas.get(title, {})
                content = _with_values(content.decode(), model, position, rows, across.months).encode()
            new.writestr(item.filename, content)


def _with_values(xml: str, model: Any, sheet: int, rows: Mapping[int, Formula], months: int) -> str:
    letters = month_letters(months)

    def cell(column: str, row: int, position: int, style: str, formula: str) -> str:
        kind, text = _encoded(model.get_cell_value(sheet, row, position), f"{column}{row}", formula)
        return f'<c r="{column}{row}"{style}{kind}><f>{formula}</f><v>{text}</v></c>'

    def cells(found: re.Match[str]) -> str:
        column, row, style, formula = found[1], int(found[2]), found[3], found[4]
        across = rows.get(row) if column == letters[0] else None
        if across is None:
            return cell(column, row, column_index_from_string(column), style, formula)
        return "".join(
            cell(letter, row, position, style, escape(across.at(position)[1:]))
            for position, letter in enumerate(letters, start=FIRST_MONTH_COLUMN)
        )

    written = _CELL.sub(cells, xml)
    return _DIMENSION.sub(rf"\g<1>{letters[-1]}\g<2>", written, count=1) if rows else written


def _encoded(value: Any, address: str, formula: str) -> tuple[str, str]:
    if isinstance(value, bool):
        return ' t="b"', "1" if value else "0"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise CalculationError(f"{address} is not a finite number: {formula}")
        return "", repr(value)
    text = "" if value is None else str(value)
    if text in _ERRORS:
        raise CalculationError(f"{address} is {text}: {formula}")
    return ' t="str"', escape(text)
