"""Every numeric line of every month-by-month statement, and the annual one, against the engine."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl.utils import column_index_from_string

from allocator.allocation import Allocation
from allocator.workbook.across import sheet_parts
from allocator.workbook.entries import entries
from allocator.workbook.lines import Heading, Single, Statement, StatementValues
from allocator.workbook.monthly_lines import monthly_statement
from allocator.workbook.monthly_sheets import placed
from allocator.workbook.network_lines import Market, network_statement
from tests.allocator.workbook.quick_book import QuickBook

RELATIVE, FIRST_MONTH = 1e-9, 5


def statements(plan: Allocation) -> Iterator[tuple[str, Statement[Any], Mapping[str, Any]]]:
    """Title, lines and the engine's values of every month-by-month sheet."""
    case, chosen = plan.case, entries(plan)
    lines = network_statement(case)
    yield "Network", lines, StatementValues(lines, Market(case, plan.choices.network))
    for entry in chosen:
        yield entry.here.title, entry.statement, entry.values
    lines = monthly_statement(case, chosen)
    yield "Monthly", lines, StatementValues(lines, None)


Cells = Mapping[int, Mapping[int, float]]
_CELL = re.compile(
    r'<c r="([A-Z]+)([0-9]+)"([^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]*)</v>',
)


def numbers_of(path: Path, titles: set[str]) -> dict[str, Cells]:
    """Every number of some sheets by row and column, straight from the file: openpyxl takes seconds a sheet."""
    found: dict[str, dict[int, dict[int, float]]] = {}
    with zipfile.ZipFile(path) as archive:
        for part, title in sheet_parts(archive):
            if title in titles:
                rows = found.setdefault(title, {})
                for letters, row, looks, value in _CELL.findall(archive.read(part).decode()):
                    if not re.search(r't="(s|str|e)"', looks):
                        rows.setdefault(int(row), {})[column_index_from_string(letters)] = float(value)
    return found


def line_of(cells: Cells, row: int, columns: range) -> np.ndarray:
    there = cells.get(row, {})
    return np.array([there.get(column, np.nan) for column in columns])


def assert_every_line(path: Path, plan: Allocation) -> int:
    months, count = plan.case.timeline.months, 0
    every = list(statements(plan))
    cells = numbers_of(path, {title for title, _, _ in every})
    for title, statement, expected in every:
        here = placed(statement, title, months)
        for line in statement:
            if isinstance(line, Heading) or line.name == "date":
                continue
            value = expected[line.name]
            if value is None or isinstance(value, str):
                continue
            single = isinstance(line, Single)
            columns = range(3, 4) if single else range(FIRST_MONTH, FIRST_MONTH + months + 1)
            found = line_of(cells[title], here.rows[line.name], columns)
            value = np.broadcast_to(np.asarray(value, dtype=float), found.shape)
            slack = 1e-12 * float(np.nanmax(np.abs(value), initial=0.0)) + (1e-9 if single else 1e-6)
            close = np.isclose(found, value, rtol=RELATIVE, atol=slack, equal_nan=True)
            assert close.all(), (title, line.name, np.flatnonzero(~close)[:3], found[~close][:3], value[~close][:3])
            count += 1
    assert_plan(path, plan)
    return count


def assert_plan(path: Path, plan: Allocation) -> None:
    """The annual statement is the plan's own flows by calendar year; its sources are its uses; every check holds."""
    book, case = QuickBook(path), plan.case
    rows = {row[0]: row for row in values_of(book["Cash flow"], 5)}
    years = [y for y in next(values_of(book["Cash flow"], 4))[2:] if y is not None]
    when = np.array([case.timeline.month_end(m).year for m in range(case.timeline.months + 1)])

    def line(label: str) -> np.ndarray:
        return np.array(rows[label][2 : 2 + len(years)], dtype=float)

    for label, flow in (
        ("Cash flow to the owner", plan.equity_cash_flow_usd),
        ("Cash flow, unlevered", plan.choices.cash_flow_usd @ plan.units),
    ):
        expected = np.array([flow[when == year].sum() / 1e6 for year in years])
        np.testing.assert_allclose(line(label), expected, rtol=RELATIVE, atol=1e-7, err_msg=label)
    np.testing.assert_allclose(line("Sources"), line("Uses"), rtol=RELATIVE, atol=1e-9)
    paid_in = -plan.equity_cash_flow_usd.clip(max=0).sum() / 1e6
    assert line("Paid in by the owner").sum() == pytest.approx(paid_in, rel=1e-6, abs=1e-6)
    checks = [row[:4] for row in values_of(book["Checks"], 6)]
    assert checks
    assert not [row[0] for row in checks if row[0] and row[3] not in (True, 1)]
    total = next(row for row in values_of(book["Mix"], 6) if row[0] == "Total")
    assert total[9] == pytest.approx(plan.npv_usd, rel=RELATIVE, abs=1e-3)


def values_of(page: Any, first_row: int) -> Iterator[tuple[Any, ...]]:
    """Values of a sheet's rows, from a row on."""
    return (tuple(cell.value for cell in row) for row in islice(page.iter_rows(), first_row - 1, None))
