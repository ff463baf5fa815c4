"""What-if cells: a change typed on sheet Sensitivity moves its inputs on every sheet, and the typed values stay.

Formulas are written with the typed inputs (``in__...``). At the end those that a driver moves are put in use: a formula
reads ``use__...``, a cell beside the typed value that holds it with its driver's change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from openpyxl import Workbook

from allocator.case import Case
from allocator.sensitivity import DRIVERS, Driver
from allocator.workbook.lines import Formula

ALL_FLEX = "flex__all"
ANY_FLEX = f"SUMPRODUCT(({ALL_FLEX}<>0)*1)>0"


def input_name(path: str) -> str:
    """Defined name of an input: ``leases[0].ltc`` is ``in__leases_0__ltc``."""
    return "in__" + _named(path)


def use_name(path: str) -> str:
    """Defined name of an input with its driver's change."""
    return "use__" + _named(path)


def _named(path: str) -> str:
    return path.replace("[", "_").replace("]", "").replace(".", "__")


def flex_name(driver: Driver) -> str:
    """Defined name of the cell in which a driver's change is typed."""
    return f"flex__{driver.key}"


def drivers_of(case: Case) -> tuple[Driver, ...]:
    """Drivers that move anything in this case."""
    return tuple(driver for driver in DRIVERS if driver.paths(case))


def drivers_by_path(case: Case) -> dict[str, Driver]:
    """The driver of each input that has one."""
    return {path: driver for driver in drivers_of(case) for path in driver.paths(case)}


def in_use_formula(driver: Driver, typed: str) -> str:
    """What is in use of a value typed in a cell; as :meth:`Driver.moved` computes it."""
    return f"={typed}*(1+{flex_name(driver)})" if driver.is_relative else f"={typed}+{flex_name(driver)}"


def put_in_use(
    book: Workbook, across: Mapping[str, Mapping[int, Formula]], case: Case, left_alone: Iterable[str]
) -> dict[str, dict[int, Formula]]:
    """Let every formula but those of the sheets left alone read the inputs in use; returns the same of ``across``."""
    typed = {input_name(path): use_name(path) for path in drivers_by_path(case)}
    names = re.compile(r"\b(" + "|".join(sorted(typed, key=len, reverse=True)) + r")\b")

    def moved(text: str) -> str:
        return names.sub(lambda found: typed[found[1]], text)

    for sheet in book.worksheets:
        if sheet.title in left_alone:
            continue
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and "in__" in cell.value:
                    cell.value = moved(cell.value)
    return {
        title: {row: Formula(moved(formula.text)) for row, formula in rows.items()} for title, rows in across.items()
    }
