"""The answer, against the same decision written densely for raw highspy, CBC, and files read back by both."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import highspy
import numpy as np
import pulp
import pytest
from pulp.apis.coin_api import pulp_cbc_path

from allocator import allocation
from allocator.activities import Kind, activities
from allocator.allocation import InfeasibleError, allocate, allocation_of
from allocator.case import Case, case_from_document
from allocator.files import load_case
from allocator.program.build import Program, build
from allocator.program.certificate import certify
from allocator.program.solve import (
    Answer,
    LiveProgram,
    SolverError,
    Status,
    export_mps,
    solve,
    solver_names,
)
from models.assumptions import InputFaultsError
from tests.allocator.program.dense import best_npv_usd
from tests.allocator.small import case, fleet, lease, random_document

TEMPLATES = ("river-bend", "brownfield")
SEEDS = range(30)


def drawn(seed: int, *, whole: bool) -> Case:
    return case_from_document(random_document(seed, whole=whole))


def programs() -> list[tuple[str, Case]]:
    return [
        *((name, load_case(name)) for name in TEMPLATES),
        *((f"seed {seed}, {'whole' if whole else 'continuous'}", drawn(seed, whole=whole))
          for seed in (0, 1) for whole in (False, True)),
    ]  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_worth_the_same_to_cbc_and_to_a_second_formulation(name):
    ours = allocate(load_case(name))
    assert allocate(load_case(name), "CBC").npv_usd == pytest.approx(ours.npv_usd, rel=1e-6)
    assert best_npv_usd(ours.choices) == pytest.approx(ours.npv_usd, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
def test_a_random_case_is_worth_the_same_to_cbc_and_to_a_second_formulation(seed, whole):
    ours = allocate(drawn(seed, whole=whole))
    assert allocate(drawn(seed, whole=whole), "CBC").npv_usd == pytest.approx(ours.npv_usd, rel=1e-6)
    assert best_npv_usd(ours.choices) == pytest.approx(ours.npv_usd, rel=1e-6 if whole else 1e-9)


@pytest.mark.parametrize(("name", "given"), programs(), ids=lambda v: v if isinstance(v, str) else "")
def test_the_exported_file_gives_minus_npv_to_highs_and_to_cbc(name, given, tmp_path):
    program = build(activities(given))
    npv = allocation_of(program).npv_usd
    path = tmp_path / "program.mps"
    export_mps(program, path)
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    reader.setOptionValue("mip_rel_gap", 1e-9)
    assert reader.readModel(str(path)) == highspy.HighsStatus.kOk
    reader.run()
    tolerance = 1e-6 if program.form.integer.any() else 1e-9
    assert reader.getInfo().objective_function_value == pytest.approx(-npv, rel=tolerance)
    answer = tmp_path / "answer.txt"
    subprocess.run([pulp_cbc_path, str(path), "-ratio", "1e-9", "-solve", "-solution", str(answer)],
                   check=True, capture_output=True)  # fmt: skip
    first = answer.read_text().splitlines()[0]
    assert first.startswith("Optimal")
    assert float(first.split()[-1]) == pytest.approx(-npv, rel=max(tolerance, 1e-6))


def test_whole_halls_are_whole_and_the_relaxation_is_worth_at_least_as_much():
    for seed in range(8):
        plan = allocate(drawn(seed, whole=True))
        for line in plan.mix:
            block = plan.case.leases[line.activity.owner].block_mw if line.activity.kind == "lease" else 0.0
            if block:
                assert line.units_mw / block == pytest.approx(round(line.units_mw / block), abs=1e-6)
        loose = LiveProgram(replace(plan.program.form, integer=np.zeros_like(plan.program.form.integer))).value()
        assert -loose >= plan.npv_usd * (1 - 1e-9)


def test_a_least_take_is_none_or_at_least_that_much():
    seen = set()
    for rent in range(60, 160, 5):
        plan = allocate(case(leases=[lease(min_mw=6, rent_usd_per_kw_month=rent)], policy={"capital_usd": 1.2e7}))
        taken = plan.taken_mw(Kind.LEASE, 0)
        assert taken == 0.0 or taken >= 6 - 1e-6
        seen.add(taken > 0)
    assert seen == {True, False}


# Status before values


def hopeless() -> Case:
    return case(leases=[lease(committed=True)], policy={"capital_usd": 1e6}, fleets=[fleet(facility_mw=0)])


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
def test_an_infeasible_program_has_a_status_and_no_values(solver):
    program = build(activities(hopeless()))
    assert best_npv_usd(program.choices) is None
    found = solve(program, solver)
    assert found.status is Status.INFEASIBLE
    assert found.y.size == found.row_price.size == 0
    assert np.isnan(found.objective)
    with pytest.raises(InfeasibleError) as raised:
        allocation_of(program, solver)
    assert raised.value.program is program


def test_a_live_program_recovers_from_being_infeasible():
    signed = case(leases=[lease(committed=True, min_mw=2)], policy={"capital_usd": 9e7})
    live = LiveProgram(build(activities(signed)).form)
    before = live.value()
    live.move_rows([("committed__0", 1.0)], 1e6)
    assert live.value() is None
    live.move_rows([("committed__0", 1.0)], 0.0)
    assert live.value() == pytest.approx(before, rel=1e-9)


def test_a_solver_that_is_not_there_is_refused_by_name():
    with pytest.raises(InputFaultsError, match="nosuch"):
        allocate(case(), "nosuch")
    assert {"HiGHS", "CBC"} <= set(solver_names())


@pytest.mark.parametrize("name", ["highs", "HIGHS", "cbc", "Cbc"])
def test_a_solvers_name_may_be_written_in_any_case(name):
    assert allocate(case(), name).npv_usd == pytest.approx(allocate(case()).npv_usd, rel=1e-6)


# The certificate


def solved() -> tuple[Program, Answer, float]:
    program = build(activities(load_case("brownfield")))
    found = solve(program)
    return program, found, -found.objective


def test_a_sound_answer_passes_and_every_part_is_tiny():
    program, found, worth = solved()
    assert certify(program.form, found, worth).worst <= 1e-9


@pytest.mark.parametrize("seed", range(60))
def test_no_sound_answer_is_refused(seed):
    # Rounding on prices that telescope along a balance is not an error of the answer.
    allocate(drawn(seed + 1000, whole=False))


def largest(found: Answer, program: Program) -> int:
    return int(program.activity_column[np.argmax(found.y[program.activity_column])])


def test_more_than_a_limit_allows_is_a_primal_residual():
    program, found, worth = solved()
    y = found.y.copy()
    y[largest(found, program)] += 1e-3
    part = certify(program.form, replace(found, y=y), worth)
    assert part.primal_residual > 1e-7


def test_less_than_nothing_is_a_primal_residual():
    program, found, worth = solved()
    y = found.y.copy()
    j = int(program.activity_column[np.argmin(found.y[program.activity_column])])
    y[j] = -1e-3
    assert certify(program.form, replace(found, y=y), worth).primal_residual > 1e-7


def test_prices_that_do_not_support_the_plan_are_a_dual_residual():
    program, found, worth = solved()
    part = certify(program.form, replace(found, row_price=np.zeros_like(found.row_price)), worth)
    assert part.dual_residual > 0.5
    assert part.primal_residual <= 1e-9


@pytest.mark.parametrize("row", ["offer__0", "grid__010", "capital__010"])
def test_a_price_of_the_wrong_sign_is_a_dual_residual(row):
    program, found, worth = solved()
    price = found.row_price.copy()
    price[program.form.row_number[row]] = 0.5
    assert certify(program.form, replace(found, row_price=price), worth).dual_residual > 1e-7


def test_a_plan_that_leaves_value_on_the_table_is_a_duality_gap():
    program, found, _worth = solved()
    nothing = np.zeros_like(found.y)
    idle = certify(program.form, replace(found, y=nothing, objective=0.0), 0.0)
    assert idle.primal_residual <= 1e-9
    assert idle.duality_gap > 0.5


def test_an_objective_that_is_not_the_plans_is_a_duality_gap():
    program, found, worth = solved()
    part = certify(program.form, replace(found, objective=found.objective * 1.0001), worth * 1.0001)
    assert part.duality_gap == pytest.approx(1e-4, rel=0.01)
    assert part.ledger_error <= 1e-9


def test_an_unproven_integer_gap_is_a_duality_gap():
    program, found, worth = solved()
    assert certify(program.form, replace(found, integer_gap=1e-3), worth).duality_gap >= 1e-3


def test_a_statement_that_does_not_add_up_to_the_objective_is_a_ledger_error():
    program, found, worth = solved()
    part = certify(program.form, found, worth * 1.001)
    assert part.ledger_error == pytest.approx(1e-3, rel=0.01)
    assert max(part.primal_residual, part.dual_residual, part.duality_gap) <= 1e-9


def _broken(kind: str, found: Answer) -> Answer:
    if kind == "plan":
        return replace(found, y=found.y * 1.01)
    if kind == "prices":
        return replace(found, row_price=found.row_price * 1.01)
    if kind == "objective":
        return replace(found, objective=found.objective * 1.01)
    return replace(found, y=np.full_like(found.y, np.nan))


@pytest.mark.parametrize("kind", ["plan", "prices", "objective", "not a number"])
def test_a_wrong_answer_is_an_error_and_never_a_number(monkeypatch, kind):
    program, found, _ = solved()
    monkeypatch.setattr(allocation, "solve", lambda *_: _broken(kind, found))
    with pytest.raises(SolverError, match="does not check"):
        allocation_of(program)


def test_another_solvers_wrong_answer_is_an_error_too(monkeypatch):
    program, found, _ = solved()
    monkeypatch.setattr(allocation, "solve", lambda *_: _broken("plan", found))
    with pytest.raises(SolverError, match="does not check"):
        allocation_of(program, "CBC")


# HiGHS as a solver of PuLP


def test_the_bulk_solver_gives_pulps_own_highs_values_and_the_prices_of_a_minimisation():
    from allocator.program.solve import BulkHiGHS

    ours, theirs = build(activities(case())), build(activities(case()))
    ours.problem.solve(BulkHiGHS())
    theirs.problem.solve(pulp.COIN_CMD(msg=False, path=pulp_cbc_path))
    assert ours.problem.status == pulp.LpStatusOptimal
    assert pulp.value(ours.problem.objective) == pytest.approx(pulp.value(theirs.problem.objective), rel=1e-6)
    # A limit's price in a minimisation of -NPV is not positive: more of it never costs anything.
    assert all(r.pi <= 1e-6 for r in ours.problem.constraints() if r.sense < 0)
