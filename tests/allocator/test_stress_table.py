"""A fixed mix in each stress, against cases in which the stress is typed in and nothing else can be done."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pytest

from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.case import case_from_document
from allocator.files import load_case
from allocator.program.build import StandardForm, build
from allocator.stress import STRESSES, Stress
from allocator.stress_table import stress_table
from tests.allocator.small import document, lease, random_document
from tests.allocator.worse_worlds import cash_by_quarter, cover_by_quarter, typed_in, world


def small(**policy: Any) -> dict[str, Any]:
    halls = lease(term_years=6, earliest_start="2027Q1", ltc=0.8, guarantor="Parent", guarantor_cap_share=0.2)
    return document(horizon_years=10, leases=[halls], policy={"capital_usd": 9e6, "reinvested_share": 0.3, **policy})


def solved(given: dict[str, Any]) -> Allocation:
    return allocate(case_from_document(given))


def restricted(form: StandardForm, held: dict[str, float]) -> float:
    """Best NPV of a program in which every activity is held where a plan has it and capital is let go: raw highspy."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for j, name in enumerate(form.column_names):
        solver.addVar(form.column_lower[j], form.column_upper[j])
        solver.changeColCost(j, form.cost[j])
        if name in held:
            solver.changeColBounds(j, held[name], held[name])
    for i, name in enumerate(form.row_names):
        entries = slice(form.starts[i], form.starts[i + 1])
        upper = np.inf if name.startswith("capital__") else form.row_upper[i] + 1e-6
        solver.addRow(
            form.row_lower[i], upper, form.starts[i + 1] - form.starts[i], form.index[entries], form.value[entries]
        )
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -float(solver.getInfo().objective_function_value)


@pytest.mark.parametrize("stress", Stress)
def test_the_mix_is_worth_what_the_stressed_case_restricted_to_it_is_worth(stress):
    plan = solved(small())
    found = next(row for row in stress_table(plan) if row.stress is stress)
    worse = build(world(small(), stress))
    held = {a.key: float(u) for a, u in zip(plan.choices.items, plan.units, strict=True)}
    assert found.npv_usd == pytest.approx(restricted(worse.form, held), rel=1e-6)
    assert found.change_usd == pytest.approx(found.npv_usd - plan.npv_usd, rel=1e-12)


@pytest.mark.parametrize("stress", Stress)
def test_the_mix_is_worth_its_discounted_cash_in_the_stress_month_by_month(stress):
    plan, worse = solved(small()), world(small(), stress)
    total = 0.0
    for line in plan.mix:
        j = [a.key for a in worse.items].index(line.activity.key)
        rate = 0.08 if line.activity.use == "hosting" else 0.15
        total += sum(line.units_mw * c / (1 + rate) ** (m / 12) for m, c in enumerate(worse.cash_flow_usd[:, j]))
    found = next(row for row in stress_table(plan) if row.stress is stress)
    assert found.npv_usd == pytest.approx(total, rel=1e-9)
    assert found.words == STRESSES[stress].words


@pytest.mark.parametrize("stress", Stress)
def test_least_cash_and_cover_are_those_of_the_worst_quarter_counted_by_hand(stress):
    plan, worse = solved(small()), world(small(), stress)
    found = next(row for row in stress_table(plan) if row.stress is stress)
    assert found.least_cash_usd == pytest.approx(min(cash_by_quarter(plan, worse)), rel=1e-9, abs=1e-3)
    assert found.least_cover == pytest.approx(min(cover_by_quarter(plan, worse).values()), rel=1e-9)


def test_a_late_hall_moves_no_date_of_its_loan_and_no_reserve_pays_it():
    # One hall and its loan, nothing else: until the late hall is let the site earns nothing and owes what was agreed.
    alone = {"fleets": [], "purchases": [], "horizon_years": 8, "policy": {"capital_usd": 1e9}}
    plan = solved(document(**alone, leases=[lease(term_years=4, debt_reserve_months=12, committed=True)]))
    late = next(row for row in stress_table(plan) if row.stress is Stress.LEASE_LATE)
    assert late.least_cover == pytest.approx(0.0, abs=1e-12)


def test_bitcoin_that_the_plan_sells_counts_as_cash_at_the_price_of_the_stress():
    given = small(capital_usd=2e6, treasury_btc=30.0, treasury_basis_usd_per_btc=100_000.0)
    plan = solved(given)
    sold = plan.treasury_sold_btc
    assert sold.sum() > 1
    found = next(row for row in stress_table(plan) if row.stress is Stress.PRICE_FALLS)
    # 62 % of 90,000 USD, below what it cost: no tax.
    cash = np.array(cash_by_quarter(plan, world(given, Stress.PRICE_FALLS))) + np.cumsum(sold) * 55_800.0
    assert found.least_cash_usd == pytest.approx(cash.min(), rel=1e-9, abs=1e-3)


def test_without_a_limit_of_capital_or_without_debt_there_is_no_such_figure():
    endless = solved(document(policy={}))
    assert {row.least_cash_usd for row in stress_table(endless)} == {None}
    mining = solved(document(leases=[]))
    assert {row.least_cover for row in stress_table(mining)} == {None}
    assert all(row.least_cash_usd is not None for row in stress_table(mining))


def known(given: dict[str, Any], stress: Stress) -> float | None:
    """Best NPV of the case with the stress typed into its file, asked to survive nothing more."""
    changed = typed_in(given, stress)
    changed["policy"] = {**changed["policy"], "stresses": []}
    try:
        return solved(changed).npv_usd
    except InfeasibleError:
        return None


@pytest.mark.parametrize("policy", [{}, {"stresses": ["price falls", "lease late"], "minimum_cash_usd": 1e6}])
def test_the_best_plan_had_the_stress_been_known_is_that_of_the_case_with_it_typed_in(policy):
    # Also where the plan must survive it: the stress is not counted on top of itself.
    for row in stress_table(solved(small(**policy))):
        assert row.best_npv_usd == pytest.approx(known(small(), row.stress), rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_regret_is_never_negative_and_never_below_what_the_best_plan_would_have_added(seed):
    given = random_document(seed, whole=seed % 2 == 1)
    given["horizon_years"] = 9
    given["policy"] |= {"stresses": ["hashprice low"], "minimum_cash_usd": 0.0}
    for row in stress_table(solved(given)):
        if row.best_npv_usd < row.npv_usd - 1e-6 * abs(row.npv_usd):
            assert row.regret_usd is None  # the kept mix breaks a limit of the worse world
        else:
            assert row.regret_usd == pytest.approx(max(0.0, row.best_npv_usd - row.npv_usd), abs=1.0)


def test_without_a_limit_of_capital_the_best_plan_is_never_worth_less_than_the_mix():
    for row in stress_table(solved(document(**{**small(), "policy": {}}))):
        assert row.best_npv_usd >= row.npv_usd - 1e-6 * (1 + abs(row.npv_usd))


def test_where_the_stress_leaves_no_plan_there_is_no_best_one_and_no_regret():
    # Signed, and paid for with the last dollar: twelve months of damages on top cannot be paid.
    signed = lease(committed=True, late_damages_share=1.0, late_damages_months=12)
    alone = {"horizon_years": 8, "fleets": [], "purchases": [], "leases": [signed]}
    rich = solved(document(**alone, policy={"capital_usd": 1e9}))
    need = float(np.maximum(-(rich.choices.equity_cash_flow_usd @ rich.units), 0.0).sum())
    tight = document(**alone, policy={"capital_usd": need * 1.000001})
    late = next(row for row in stress_table(solved(tight)) if row.stress is Stress.LEASE_LATE)
    assert known(tight, Stress.LEASE_LATE) is None
    assert late.best_npv_usd is None
    assert late.regret_usd is None


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_templates_plan_has_a_row_for_every_stress_in_their_order(name):
    found = stress_table(allocate(load_case(name)))
    assert [row.stress for row in found] == list(Stress)
