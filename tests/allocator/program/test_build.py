"""The written program: a golden text of a tiny one, brute force over its whole grid, and its ledger."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path

import numpy as np
import pulp
import pytest

from allocator.activities import Activities, Activity, Bundle, Kind, activities
from allocator.allocation import allocate, allocation_of
from allocator.case import case_from_document
from allocator.program.build import build, standard_form
from allocator.program.objective import ledger
from tests.allocator.small import case, fleet, lease, purchase, random_document

GOLDEN = Path(__file__).with_name("golden_tiny.lp")


def bundle(kind: Kind, owner: int, ratio: float, columns: list[tuple[int, int, float, float]], months: int) -> Bundle:
    """Activities by (start, stop, NPV, equity paid in at the end of the first month of use)."""
    items = tuple(
        Activity(f"{kind}__{owner}__{start}_{stop}", "", kind, owner, f"{kind} {owner}", start, stop, ratio)
        for start, stop, _, _ in columns
    )
    cash, equity = np.zeros((months + 1, len(columns))), np.zeros((months + 1, len(columns)))
    occupied = np.zeros((months // 3, len(columns)))
    for j, (start, stop, worth, paid) in enumerate(columns):
        cash[0, j] = worth
        equity[3 * start + 1, j] = -paid
        occupied[start:stop, j] = 1.0
    none = np.zeros_like(cash)
    return Bundle(items, cash, equity, np.array([c[3] for c in columns]), occupied, none, none, none)


def tiny() -> Activities:
    """One year, one fleet, one purchase, two offers (one in halls, one with a least take), every policy in force."""
    given = case(
        horizon_years=1,
        site={"grid_mw": [{"from": date(2026, 2, 7), "grid_mw": 10}, {"from": date(2026, 8, 7), "grid_mw": 12}]},
        fleets=[fleet(facility_mw=5)],
        purchases=[purchase(max_facility_mw=3, latest_start_years=0, lead_months=0)],
        leases=[],
        policy={"capital_usd": 30, "reinvested_share": 0.5, "max_hosting_share": 0.75, "max_tenant_share": 0.5,
                "min_flexible_mw": 2},
    )  # fmt: skip
    halls = case(horizon_years=5, leases=[
        lease(name="Halls", critical_it_mw=4, block_mw=2),
        lease(name="Least", tenant="Beta", critical_it_mw=6, min_mw=2),
    ])  # fmt: skip
    given = given.model_copy(update={"leases": halls.leases})
    bundles = (
        bundle(Kind.FLEET, 0, 1.0, [(0, 0, 1, 0), (0, 2, 3, 0), (0, 4, 4, 0)], 12),
        bundle(Kind.PURCHASE, 0, 1.0, [(0, 4, 2, 5)], 12),
        bundle(Kind.LEASE, 0, 1.25, [(1, 4, 9, 7), (2, 4, 6, 7)], 12),
        bundle(Kind.LEASE, 1, 1.5, [(2, 4, 8, 8)], 12),
    )
    network = activities(case()).network
    return Activities(given, network, bundles)


def test_the_written_program_has_not_changed(tmp_path):
    # A difference means that the formulation changed. If on purpose: put the new text into golden_tiny.lp.
    path = tmp_path / "tiny.lp"
    build(tiny()).problem.writeLP(str(path))
    assert path.read_text() == GOLDEN.read_text()


def test_the_golden_program_is_the_written_formulation():
    # Read by eye once, held here: every family of the formulation has its rows.
    text = GOLDEN.read_text()
    families = {name.split("__")[0] for name in re.findall(r"^(\w+): ", text, flags=re.MULTILINE)}
    assert families >= {
        "grid_use", "grid", "capital_use", "capital", "fleet", "purchase_use", "purchase", "offer", "only_if_taken",
        "least_take", "tenant_use", "tenant", "hosting_use", "hosting", "flexible",
    }  # fmt: skip


def test_the_golden_program_is_worth_what_counting_finds():
    # Fleet in thirds is not needed: every coefficient is a quarter or more, so steps of 1/4 MW bracket the optimum.
    plan = allocation_of(build(tiny()))
    best = 0.0
    for halls, later, least in itertools.product((0, 2, 4), (0, 2, 4), np.arange(0, 6.01, 0.125)):
        if halls + later > 4 or (0 < least < 2):
            continue
        hosting = np.array(
            [0, 1.25 * halls, 1.25 * (halls + later) + 1.5 * least, 1.25 * (halls + later) + 1.5 * least]
        )
        grid = np.array([10, 10, 12, 12])
        if (hosting > np.minimum(0.75 * grid, grid - 2) + 1e-9).any():
            continue
        if 1.25 * halls > 5 or 1.25 * (halls + later) > 6 or 1.5 * least > 6:
            continue
        for bought in np.arange(0, 3.01, 0.125):
            if 5 * bought + 7 * (halls + later) + 8 * least > 30:
                continue
            room = grid - hosting - bought
            if room.min() < 0:
                continue
            throughout = min(5.0, room.min())
            until_two = min(5.0 - throughout, room[:2].min() - throughout)
            sold = 5.0 - throughout - until_two
            worth = 4 * throughout + 3 * until_two + sold + 2 * bought + 9 * halls + 6 * later + 8 * least
            best = max(best, worth)
    assert plan.npv_usd >= best - 1e-9
    assert plan.npv_usd == pytest.approx(best, abs=8 * 0.125)


def test_two_uses_counted_megawatt_by_megawatt_are_worth_what_the_program_says():
    # Without a capital limit the rows are intervals, so the best mix is in whole megawatts and counting is exact.
    given = case(
        horizon_years=4, site={"grid_mw": 12}, purchases=[], policy={},
        leases=[lease(critical_it_mw=8, provisioning_ratio=1.0, build_months=6, deliveries=1, latest_start="2026Q4")],
        fleets=[fleet(facility_mw=10, remaining_life_years=1)],
    )  # fmt: skip
    choices = activities(given)
    fleets = [j for j, a in enumerate(choices.items) if a.kind is Kind.FLEET]
    lets = [j for j, a in enumerate(choices.items) if a.kind is Kind.LEASE]
    assert (len(fleets), len(lets)) == (5, 2)
    spread = np.array([s for s in itertools.product(range(11), repeat=5) if sum(s) <= 10])
    best = 0.0
    for first, second in itertools.product(range(9), repeat=2):
        if first + second > 8:
            continue
        hosting = choices.facility_mw[:, lets] @ [first, second]
        mining = spread @ choices.facility_mw[:, fleets].T
        allowed = (mining + hosting <= 12 + 1e-9).all(axis=1)
        worth = spread @ choices.npv_usd[fleets] + choices.npv_usd[lets] @ [first, second]
        best = max(best, worth[allowed].max(initial=0.0))
    assert best > 0
    assert allocate(given).npv_usd == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_objective_is_a_ledger_that_sums_to_the_solvers_value(seed):
    program = build(activities(case_from_document(random_document(seed, whole=seed % 2 == 0))))
    plan = allocation_of(program)
    values = program.problem.variablesDict()
    total = 0.0
    for activity, worth in zip(program.choices.items, ledger(program.choices, program.columns), strict=True):
        assert program.problem.objective.get(values[activity.key], 0.0) == -worth
        total += worth * plan.answer.y[program.form.column_names.index(activity.key)]
    assert total == pytest.approx(-plan.answer.objective, rel=1e-9)
    assert plan.terms_usd.sum() == pytest.approx(plan.npv_usd, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_objective_is_the_discounted_cash_flow_of_the_plan(seed):
    plan = allocate(case_from_document(random_document(seed, whole=False)))
    total = 0.0
    for line in plan.mix:
        j = plan.choices.items.index(line.activity)
        rate = 0.08 if line.activity.use == "hosting" else 0.15
        for month, flow in enumerate(plan.choices.cash_flow_usd[:, j]):
            total += line.units_mw * flow / (1 + rate) ** (month / 12)
    assert total == pytest.approx(plan.npv_usd, rel=1e-6)


def test_names_in_the_program_survive_every_file_format():
    given = case(leases=[lease(name='Ünïcode [1] "quoted" + - / name that is very long indeed, longer than any row')])
    program = build(activities(given))
    names = (*program.form.column_names, *program.form.row_names)
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        assert len(name) <= 100


def test_the_arrays_handed_over_are_the_rows_of_the_problem():
    program = build(activities(case()))
    rng = np.random.default_rng(0)
    y = rng.uniform(0, 3, len(program.form.cost))
    at = dict(zip(program.form.column_names, y, strict=True))
    form = program.form
    for i, row in enumerate(program.problem.constraints()):
        value = sum(at[v.name] * a for v, a in row.expr.items())
        assert form.times(y)[i] == pytest.approx(value, rel=1e-12, abs=1e-9)
    assert form.cost @ y == pytest.approx(sum(at[v.name] * a for v, a in program.problem.objective.items()), rel=1e-12)
    variables = program.problem.variablesDict()
    for name, low, high in zip(form.column_names, form.column_lower, form.column_upper, strict=True):
        bounds = variables[name].lowBound, variables[name].upBound
        assert bounds == (None if low == -np.inf else low, None if high == np.inf else high)
    price = rng.normal(size=len(form.row_names))
    assert form.transposed_times(price) @ y == pytest.approx(price @ form.times(y), rel=1e-9)


def test_only_a_minimisation_is_read():
    problem = pulp.LpProblem("upside_down", pulp.LpMaximize)
    with pytest.raises(ValueError, match="minimisation"):
        standard_form(problem)


def test_an_activity_costs_few_entries():
    # an independent prototype: at most 35 non-zeros an activity, where dense rows take 112.
    from allocator.files import load_case

    program = build(activities(load_case("brownfield")))
    assert len(program.form.value) / len(program.choices.items) <= 35
