"""Sheet Risk holds the run's own figures, and says which run."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from allocator.explain import Explanation
from allocator.risk.answer import RiskAnswer, assess
from allocator.workbook import write_pack
from tests.allocator import small


@pytest.fixture(scope="module")
def answer() -> RiskAnswer:
    return assess(small.case(), paths=400, seed=7)


@pytest.fixture
def book(answer: RiskAnswer, unexplained: Explanation, tmp_path: Path) -> openpyxl.Workbook:
    write_pack(answer.plan, unexplained, tmp_path / "pack.xlsx", None, None, answer)
    return openpyxl.load_workbook(tmp_path / "pack.xlsx", data_only=True)


def test_the_run_is_named(book: openpyxl.Workbook, answer: RiskAnswer) -> None:
    page = book["Risk"]
    assert "400 futures, seed 7" in page["A2"].value
    assert "--paths 400 --seed 7" in page["A3"].value
    assert answer.case.sha256()[:12] in page["A3"].value


def test_every_figure_is_the_answer_s(book: openpyxl.Workbook, answer: RiskAnswer) -> None:
    page = book["Risk"]
    for row, mix in enumerate(answer.mixes, start=7):
        found = [page.cell(row, column).value for column in range(2, 7)]
        fresh = mix.fresh
        expected = (
            fresh.mean_usd, fresh.mean_error_usd, fresh.cvar_usd, fresh.cvar_error_usd, fresh.probability_of_loss,
        )  # fmt: skip
        assert found == pytest.approx(expected, rel=1e-12)
    rows = {page.cell(r, 1).value: r for r in range(1, page.max_row + 1)}
    assert page.cell(rows["A perfect forecast (EVPI)"], 2).value == pytest.approx(answer.information.evpi, rel=1e-12)
    assert page.cell(rows["The same in the tail (CVaR)"], 2).value == pytest.approx(answer.bridge.cvar_usd, rel=1e-12)
    stresses = answer.stresses(answer.reference)
    assert page.cell(rows[str(stresses[0].stress).capitalize()], 2).value == pytest.approx(
        stresses[0].npv_usd, rel=1e-12
    )


def test_the_summary_shows_the_tail_of_the_recommended_mix(book: openpyxl.Workbook, answer: RiskAnswer) -> None:
    page = book["Summary"]
    row = next(r for r in range(1, page.max_row + 1) if page.cell(r, 10).value == "Recommended")
    assert page.cell(row, 15).value == pytest.approx(answer.bridge.cvar_usd, rel=1e-12)


def test_without_a_run_there_is_no_sheet(unexplained: Explanation, answer: RiskAnswer, tmp_path: Path) -> None:
    write_pack(answer.plan, unexplained, tmp_path / "pack.xlsx")
    assert "Risk" not in openpyxl.load_workbook(tmp_path / "pack.xlsx", read_only=True).sheetnames
