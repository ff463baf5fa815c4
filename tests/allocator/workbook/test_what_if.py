"""What-if cells: every sheet follows them, the engine agrees, and reading the pack back takes them up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document, replaced
from allocator.cli import app
from allocator.explain import Explanation
from allocator.files import load_case
from allocator.sensitivity import DRIVERS, sensitivities, value_at
from allocator.workbook import read_document, write_pack
from models.assumptions import InputFaultsError
from tests.allocator import small
from tests.allocator.workbook.quick_book import QuickBook
from tests.allocator.workbook.test_recalculation import Pack, npv_of
from tests.allocator.workbook.typing_in import type_inputs, type_into, type_named

CHANGES = {
    "btc_price": 0.15, "difficulty": -0.1, "power_price": 7.5, "rent": -0.05, "capex": 0.08, "delay": 4,
    "default": 0.01, "rate_mining": 0.03, "rate_hosting": -0.01,
}  # fmt: skip


def moved(case: Case, changes: dict[str, float]) -> Case:
    """The case that the changes mean, by the words of the sheet: a share multiplies, all else is added."""
    for driver in DRIVERS:
        if driver.key in changes:
            change = changes[driver.key]
            for path in driver.paths(case):
                before = value_at(case, path)
                case = replaced(case, path, before * (1 + change) if driver.unit == "share" else before + change)
    return case


def flexed(pack: Path, target: Path, changes: dict[str, Any]) -> Path:
    """The pack with changes typed into the what-if cells, nothing else touched and nothing recalculated."""
    return type_named(pack, target, {f"flex__{key}": value for key, value in changes.items()})


@pytest.mark.libreoffice
def test_every_sheet_follows_a_what_if_cell(
    edited_pack: tuple[Allocation, Path], recalculate: Any, tmp_path: Path
) -> None:
    (plan, pack), changes = edited_pack, CHANGES
    for done in recalculate(flexed(pack, tmp_path / "flexed.xlsx", changes)):
        found = Pack(done)
        expected = npv_of(found, moved(plan.case, changes))
        assert found.named("out__your_npv_usd") == pytest.approx(expected, rel=1e-9), changes
        page = found.book["Sensitivity"]
        assert page["I6"].value == pytest.approx(plan.npv_usd, rel=1e-9)
        assert page["M6"].value == pytest.approx(expected - plan.npv_usd, rel=1e-6, abs=1.0)


def test_reading_back_takes_what_if_cells_up(pack: Path, plan: Allocation, tmp_path: Path) -> None:
    file = flexed(pack, tmp_path / "flexed.xlsx", CHANGES)
    found = case_from_document(read_document(file))
    expected = moved(plan.case, CHANGES)
    for driver in DRIVERS:
        for path in driver.paths(plan.case):
            assert value_at(found, path) == value_at(expected, path), path
            assert path not in found.sources
    assert allocate(found).npv_usd == pytest.approx(allocate(expected).npv_usd, rel=1e-9)


def test_a_change_that_cannot_be_is_refused_with_its_cell(pack: Path, tmp_path: Path) -> None:
    file = flexed(pack, tmp_path / "far.xlsx", {"rent": 99.0, "delay": -3})
    with pytest.raises(InputFaultsError) as caught:
        read_document(file)
    text = str(caught.value)
    assert "Sensitivity!C9 (Rent of every offer): 99 is not between -0.95 and 9" in text
    assert "Sensitivity!C11 (Halls late): -3 is not between 0 and 36" in text


FIVE_INPUTS = {
    "market.btc_price_usd": 78_000,
    "power.price_usd_per_mwh": 39.0,
    "leases[0].rent_usd_per_kw_month": 133.5,
    "leases[0].capex_usd_per_kw": 11_900,
    "finance.discount_rate_hosting": 0.085,
}


@pytest.mark.libreoffice
def test_five_inputs_typed_are_the_command_line_s_answer_for_the_same_mix(
    recalculate: Any, tmp_path: Path, pack_of: Any
) -> None:
    """River Bend takes its whole lease under both, so that the mix that was kept is the mix that is found."""
    plan = allocate(load_case("river-bend"))
    done = recalculate(type_inputs(pack_of("river-bend"), tmp_path / "typed.xlsx", FIVE_INPUTS))[0]
    asked = [part for path, value in FIVE_INPUTS.items() for part in ("--set", f"{path}={value}")]
    said = CliRunner().invoke(app, ["solve", "river-bend", *asked, "--json", "-"])
    answer = json.loads(said.stdout)
    assert [line["units_mw"] for line in answer["mix"]] == [pytest.approx(line.units_mw) for line in plan.mix]
    assert Pack(done).named("out__your_npv_usd") == pytest.approx(answer["npv_usd"], rel=1e-9)


@pytest.mark.libreoffice
def test_a_broken_limit_is_named_on_the_summary(recalculate: Any, unexplained: Explanation, tmp_path: Path) -> None:
    write_pack(allocate(small.case()), unexplained, tmp_path / "pack.xlsx")
    page = QuickBook(tmp_path / "pack.xlsx")["Mix"]
    row = next(r for r in range(6, 60) if page.cell(r, 2).value == "hosting")
    breached = type_into(tmp_path / "pack.xlsx", tmp_path / "breach.xlsx", {f"Mix!G{row}": 500})
    found = Pack(recalculate(breached)[0])
    assert not found.named("out__checks_passed")
    said = [c.value for line in found.book["Summary"].iter_rows() for c in line if "broken" in str(c.value)]
    assert said
    assert "Grid: headroom is not negative in any quarter" in said[0]


def test_values_of_the_sheet_are_the_engine_s(plan: Allocation, unexplained: Explanation, tmp_path: Path) -> None:
    """Each step against an allocation of the moved case that keeps, or drops, the mix."""
    found = sensitivities(plan)
    write_pack(plan, unexplained, tmp_path / "pack.xlsx", None, found)
    for one in found.one_way:
        for step in (one.steps[0], one.steps[-1]):
            there = allocate(moved(plan.case, {one.driver.key: step.change}))
            kept = {line.activity.name: line.units_mw for line in plan.mix}
            worth = sum(
                kept.get(a.name, 0.0) * float(v)
                for a, v in zip(there.choices.items, there.choices.npv_usd, strict=True)
            )
            assert step.same_mix_usd == pytest.approx(worth, rel=1e-9, abs=1e-3), one.driver.key
            assert step.decided_again_usd == pytest.approx(there.npv_usd, rel=1e-7, abs=1.0), one.driver.key
    page = QuickBook(tmp_path / "pack.xlsx")["Sensitivity"]
    shown = {page.cell(r, 1).value: r for r in range(17, page.max_row + 1)}
    for one in found.one_way:
        row = shown[one.driver.label]
        assert [page.cell(row, 4 + 2 * i).value for i in range(4)] == pytest.approx(
            [s.same_mix_usd for s in one.steps], rel=1e-12
        )
    middle = found.two_way
    assert middle is not None
    assert middle.npv_usd[3, 3] == pytest.approx(plan.npv_usd, rel=1e-7)
