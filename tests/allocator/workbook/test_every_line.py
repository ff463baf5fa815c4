"""Every numeric line of every statement, and the annual one, of both templates and twenty random cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.case import case_from_document
from allocator.explain import Explanation, Twins
from allocator.files import load_case
from allocator.workbook import write_pack
from allocator.workbook.entries import entries
from allocator.workbook.lines import Heading, Single, Statement, StatementValues
from allocator.workbook.monthly_lines import monthly_statement
from allocator.workbook.monthly_sheets import placed
from allocator.workbook.network_lines import Market, network_statement
from tests.allocator.small import random_document

RELATIVE, FIRST_MONTH, CASES = 1e-9, 5, 20
Packs = Mapping[str, tuple[Allocation, Path]]
NOTHING = Explanation((), (), (), Twins(None, None))


def plans() -> Iterator[tuple[str, Allocation]]:
    yield from ((name, allocate(load_case(name))) for name in ("river-bend", "brownfield"))
    found, seed = 0, 0
    while found < CASES:
        seed += 1
        try:
            plan = allocate(case_from_document(random_document(seed, whole=seed % 2 == 1)))
        except InfeasibleError:
            continue
        found += 1
        yield f"random {seed}", plan


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder, found = tmp_path_factory.mktemp("every-line"), {}
    for number, (name, plan) in enumerate(plans()):
        write_pack(plan, NOTHING, folder / f"{number}.xlsx")
        found[name] = plan, folder / f"{number}.xlsx"
    return found


def statements(plan: Allocation) -> Iterator[tuple[str, Statement[Any], Mapping[str, Any]]]:
    """Title, lines and the engine's values of every month-by-month sheet."""
    case, chosen = plan.case, entries(plan)
    lines = network_statement(case)
    yield "Network", lines, StatementValues(lines, Market(case, plan.choices.network))
    for entry in chosen:
        yield entry.here.title, entry.statement, entry.values
    lines = monthly_statement(case, chosen)
    yield "Monthly", lines, StatementValues(lines, None)


def numbers(page: Any, row: int, columns: range) -> np.ndarray:
    values = next(page.iter_rows(row, row, columns[0], columns[-1], values_only=True))
    return np.array([np.nan if v is None or isinstance(v, str) else v for v in values], dtype=float)


def assert_every_line(path: Path, plan: Allocation) -> int:
    book, count = openpyxl.load_workbook(path, data_only=True), 0
    months = plan.case.timeline.months
    for title, statement, expected in statements(plan):
        here, page = placed(statement, title, months), book[title]
        for line in statement:
            if isinstance(line, Heading) or line.name == "date":
                continue
            value = expected[line.name]
            if value is None or isinstance(value, str):
                continue
            single = isinstance(line, Single)
            columns = range(3, 4) if single else range(FIRST_MONTH, FIRST_MONTH + months + 1)
            found = numbers(page, here.rows[line.name], columns)
            value = np.broadcast_to(np.asarray(value, dtype=float), found.shape)
            slack = 1e-12 * float(np.nanmax(np.abs(value), initial=0.0)) + (1e-9 if single else 1e-6)
            close = np.isclose(found, value, rtol=RELATIVE, atol=slack, equal_nan=True)
            assert close.all(), (title, line.name, np.flatnonzero(~close)[:3], found[~close][:3], value[~close][:3])
            count += 1
    assert_annual(book, plan)
    sheet, _, cell = book.defined_names["out__npv_usd"].attr_text.replace("'", "").replace("$", "").partition("!")
    assert book[sheet][cell].value == pytest.approx(plan.npv_usd, rel=RELATIVE, abs=1e-3)
    checks = book["Checks"]
    broken = [checks.cell(r, 1).value for r in range(6, checks.max_row + 1) if checks.cell(r, 4).value not in (True, 1)]
    assert not broken
    return count


def assert_annual(book: Any, plan: Allocation) -> None:
    """The annual statement is the plan's own flows by calendar year, and its sources are its uses."""
    page, case = book["Cash flow"], plan.case
    rows = {page.cell(r, 1).value: r for r in range(1, page.max_row + 1)}
    years = [page.cell(4, c).value for c in range(3, page.max_column + 1) if page.cell(4, c).value is not None]
    when = np.array([case.timeline.month_end(m).year for m in range(case.timeline.months + 1)])
    columns = range(3, 3 + len(years))
    for label, flow in (
        ("Cash flow to the owner", plan.equity_cash_flow_usd),
        ("Cash flow, unlevered", plan.choices.cash_flow_usd @ plan.units),
    ):
        found = numbers(page, rows[label], columns)
        expected = np.array([flow[when == year].sum() / 1e6 for year in years])
        np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=1e-7, err_msg=label)
    sources, uses = (numbers(page, rows[label], columns) for label in ("Sources", "Uses"))
    np.testing.assert_allclose(sources, uses, rtol=RELATIVE, atol=1e-9)
    paid_in = numbers(page, rows["Paid in by the owner"], columns).sum()
    assert paid_in == pytest.approx(-plan.equity_cash_flow_usd.clip(max=0).sum() / 1e6, rel=1e-6, abs=1e-6)


def test_cached_values_equal_the_engine_in_every_line(packs: Packs) -> None:
    assert len(packs) == CASES + 2
    for plan, path in packs.values():
        assert assert_every_line(path, plan) > 100


@pytest.mark.libreoffice
def test_libreoffice_recalculates_every_line_to_the_engine(packs: Packs, recalculate: Any) -> None:
    done = recalculate(*(path for _, path in packs.values()))
    for (plan, _), path in zip(packs.values(), done, strict=True):
        assert_every_line(path, plan)
