"""The workbook of a portfolio: LibreOffice, the answer and the sheets agree; names stay text; same bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from allocator.portfolio.answer import Portfolio, Standing, portfolio
from allocator.portfolio.mandate import Candidate, Mandate, SiteTerms
from allocator.portfolio.questions import Questions
from allocator.workbook.portfolio_pack import SHEETS, write_portfolio_pack
from tests.allocator.portfolio.small_sites import site
from tests.allocator.workbook.conftest import Recalculate
from tests.allocator.workbook.test_formulas import numbers_in

HOSTILE = ('=HYPERLINK("http://x.example","x")', "+1+1", "@SUM(A1)", ">5", '🏗️ "hall" & <b>', "x" * 300)
ALLOWED = {"0", "1", "12", "24", "100", "1000"}
COUNT = 8
ROOT = Path(__file__).resolve().parents[3]


def candidates() -> list[Candidate]:
    """Sites with hostile names and tenants; two of one group, one whose ticket cannot be met."""
    terms = {
        1: SiteTerms(exclusive_group="=1+1"), 2: SiteTerms(exclusive_group="=1+1"),
        3: SiteTerms(minimum_ticket_usd=1e11),
    }  # fmt: skip
    found = []
    for i in range(COUNT):
        name = HOSTILE[i] if i < len(HOSTILE) else f"Site {i}"
        case = site(i, name=name)
        leases = tuple(lease.model_copy(update={"tenant": f"={lease.tenant}"}) for lease in case.leases)
        found.append(Candidate(case.model_copy(update={"leases": leases}), terms.get(i, SiteTerms())))
    return found


def asked(budget_usd: float = 60e6) -> Questions:
    mandate = Mandate(capital_usd=budget_usd, max_debt_usd=2e8, max_tenant_share=0.6, max_tenant_critical_it_mw=40.0)
    found = Questions(portfolio(candidates(), mandate))
    found.ask_everything()
    return found


@pytest.fixture(scope="module")
def answered() -> Questions:
    return asked()


@pytest.fixture(scope="module")
def answer(answered: Questions) -> Portfolio:
    return answered.answer


@pytest.fixture(scope="module")
def pack(answered: Questions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("portfolio") / "portfolio.xlsx"
    write_portfolio_pack(answered, path)
    return path


Values = dict[tuple[str, str], Any]


def values(path: Path) -> Values:
    book = openpyxl.load_workbook(path, data_only=True)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row if c.value is not None}


@pytest.fixture(scope="module")
def cached(pack: Path) -> Values:
    return values(pack)


def formulas(path: Path) -> dict[tuple[str, str], str]:
    book = openpyxl.load_workbook(path)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row if c.data_type == "f"}


def test_libreoffice_recalculates_what_is_cached(pack: Path, cached: Values, recalculate: Recalculate) -> None:
    again = values(recalculate(pack)[0])
    found = formulas(pack)
    assert len(found) > 100
    for address in found:
        before, after = cached[address], again.get(address)
        if isinstance(before, str):
            assert after == before, (address, found[address])
        else:
            assert after == pytest.approx(before, rel=1e-9, abs=1e-6), (address, found[address])


def test_sums_of_the_sheets_are_the_answer(cached: Values, answer: Portfolio) -> None:
    entered = sorted(answer.entered, key=lambda s: -s.npv_usd)
    assert len(entered) > 1
    assert cached["Sites chosen", "D4"] == pytest.approx(answer.npv_usd, rel=1e-9)
    assert cached["Sites chosen", "H4"] == pytest.approx(answer.capex_usd, rel=1e-9)
    for row, found in enumerate(entered, start=6):
        assert unescape(cached["Sites chosen", f"A{row}"]) == found.name
        assert cached["Sites chosen", f"D{row}"] == pytest.approx(found.npv_usd, rel=1e-9)
        assert cached["Sites chosen", f"F{row}"] == pytest.approx(found.peak_capital_usd, rel=1e-9)
    assert sum(cached["Sites chosen", f"E{row}"] for row in range(6, 6 + len(entered))) == pytest.approx(1.0)


def test_capital_by_quarter_is_the_answer(cached: Values, answer: Portfolio) -> None:
    for q in range(answer.common.quarters):
        used, budget = answer.capital_used_usd[q], answer.common.budget_usd[q]
        assert cached["Budget", f"C{23 + q}"] == pytest.approx(used, rel=1e-9, abs=1e-3)
        assert cached["Budget", f"D{23 + q}"] == pytest.approx(budget - used, rel=1e-9, abs=1e-3)
        assert cached["Budget", f"G{23 + q}"] == pytest.approx(answer.debt_usd[q], rel=1e-9, abs=1e-3)


def test_every_site_stands_where_it_belongs(cached: Values, answer: Portfolio) -> None:
    last = 5 + len(answer.sites)
    ranked = [unescape(cached["Ranking", f"B{row}"]) for row in range(6, last + 1)]
    assert ranked == [found.name for found in answer.ranking]
    passed = [found.name for found in answer.sites if found.standing is not Standing.ENTERED]
    rows = range(6, 6 + len(passed))
    assert sorted(unescape(cached["Passed over", f"A{row}"]) for row in rows) == sorted(passed)
    assert all(cached["Passed over", f"F{row}"] for row in rows)
    standings = {cached["Passed over", f"B{row}"] for row in rows}
    assert "impossible" in standings


def test_the_curve_and_the_price_of_the_budget_are_the_answers(cached: Values, answered: Questions) -> None:
    for row, point in enumerate(answered.curve, start=23):
        assert cached["Budget curve", f"A{row}"] == pytest.approx(point.budget_usd, rel=1e-12)
        assert cached["Budget curve", f"B{row}"] == pytest.approx(point.npv_usd, rel=1e-12, abs=1e-9)
    price = answered.budget_price
    assert cached["Limits", "B5"] == pytest.approx(price.gain_of_one_more_usd)
    assert cached["Limits", "C5"] == pytest.approx(price.loss_of_one_less_usd)


def test_room_under_every_limit_is_what_is_not_used(cached: Values, answer: Portfolio) -> None:
    limits = [60e6, 2e8, *[40.0] * len(answer.leased_by_tenant)]
    used = [answer.capital_used_usd.max(), answer.debt_usd.max(), *answer.leased_by_tenant.values()]
    for row, (limit, taken) in enumerate(zip(limits, used, strict=True), start=8):
        assert cached["Limits", f"E{row}"] == pytest.approx(limit - taken, rel=1e-9, abs=1e-3)


def test_names_stay_text(pack: Path) -> None:
    book = openpyxl.load_workbook(pack)
    assert tuple(book.sheetnames) == SHEETS
    for address, formula in formulas(pack).items():
        assert not any(name in formula for name in (*HOSTILE[:1], *HOSTILE[4:], "=Acme", "=1+1")), (address, formula)
    assert not [name for name in book.defined_names if not name.startswith("_xlnm")]
    assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)
    texts = {unescape(c.value) for row in book["Ranking"].iter_rows() for c in row if c.data_type == "s"}
    assert set(HOSTILE) <= texts
    assert "=1+1" in texts


def test_formulas_hold_no_typed_number(pack: Path) -> None:
    for address, formula in formulas(pack).items():
        assert numbers_in(formula) <= ALLOWED, (address, formula)


def test_the_same_answer_gives_the_same_bytes(answered: Questions, pack: Path, tmp_path: Path) -> None:
    write_portfolio_pack(answered, tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == pack.read_bytes()


def test_every_sheet_is_set_up_for_print(pack: Path) -> None:
    for sheet in openpyxl.load_workbook(pack):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in (sheet.oddFooter.right.text or "")


def test_a_portfolio_that_enters_nothing_is_a_workbook_all_the_same(tmp_path: Path) -> None:
    case = site(0, leases=[], purchases=[], fleets=[])
    found = Questions(portfolio([Candidate(case)], Mandate(capital_usd=1e6)))
    found.ask_everything()
    write_portfolio_pack(found, tmp_path / "none.xlsx")
    shown = values(tmp_path / "none.xlsx")
    assert re.match("Enter none of the 1 sites", shown["Summary", "A4"])
    assert shown["Sites chosen", "D4"] == 0


def test_the_command_writes_it(run: Any, tmp_path: Path) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("name,site.grid_mw\nNorth,330\nSouth,340\n", encoding="utf-8")
    code, _, err = run("portfolio", "river-bend", str(sites), "--capital", "400e6", "--excel", str(tmp_path / "p.xlsx"))
    assert code == 0, err
    assert values(tmp_path / "p.xlsx")["Summary", "A1"] == "2 sites, one budget"
    code, _, err = run(
        "portfolio",
        "river-bend",
        str(sites),
        "--capital",
        "400e6",
        "--template",
        str(ROOT / "templates/board-pack.xlsx"),
    )
    assert code == 2
    assert "has no workbook to give its looks to" in err
