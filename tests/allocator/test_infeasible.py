"""Each cure named for an impossible case, applied to the case itself, makes a plan possible; a little less does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from allocator.allocation import InfeasibleError, allocate
from allocator.case import Case, replaced
from allocator.files import load_case
from allocator.infeasible import Infeasibility, infeasibility
from allocator.program.build import Program
from allocator.program.limits import Limit
from allocator.program.solve import Status, solve_form
from allocator.sentences import infeasible
from tests.allocator.conflicts import drawn, is_possible, loosened, whole_of, without_a_plan
from tests.allocator.small import VALUATION, case, lease

SIGNED = ("leases[0].committed=true", "policy.capital_usd=100e6")
FLEXIBLE = ("leases[0].committed=true", "policy.min_flexible_mw=30", "policy.capital_usd=2e9")


def conflict(settings: tuple[str, ...]) -> dict[str, float | None]:
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", settings))
    return {r.limit.key: r.change for r in infeasibility(caught.value.program).alone}


def solves(*settings: str) -> bool:
    return is_possible(load_case("river-bend", settings))


def test_capital_or_commitment_cures_a_signed_lease_without_money():
    cures = conflict(SIGNED)
    assert cures["grid"] is None
    capital, commitment = cures["capital"], cures["committed__0"]
    assert capital is not None
    assert commitment is not None
    assert solves(SIGNED[0], f"policy.capital_usd={100e6 + capital * (1 + 1e-6)}")
    assert not solves(SIGNED[0], f"policy.capital_usd={100e6 + capital * (1 - 1e-3)}")
    assert solves(*SIGNED, f"leases[0].min_mw={245 - commitment * (1 + 1e-6)}")
    assert not solves(*SIGNED, f"leases[0].min_mw={245 - commitment * (1 - 1e-3)}")


def test_the_floor_conflicts_with_the_whole_signed_lease_by_30_facility_mw():
    # 330 of 330 facility MW are signed: a floor of 30 MW must give all of it, or 30 / 1.3469 critical IT MW must go.
    cures = conflict(FLEXIBLE)
    assert cures["flexible"] == pytest.approx(30.0, rel=1e-6)
    assert cures["grid"] == pytest.approx(30.0, rel=1e-6)
    assert cures["committed__0"] == pytest.approx(30.0 * 245.0 / 330.0, rel=1e-6)
    assert cures["capital"] is None


def test_the_cures_are_said_in_words_and_units():
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", FLEXIBLE))
    text = " ".join(infeasible(infeasibility(caught.value.program)))
    assert "reduce the flexible floor by 30.0 facility MW" in text
    assert "raise the grid by 30.0 facility MW" in text
    assert "reduce the commitment to River Bend by 22.3 critical IT MW" in text


def test_a_conflict_that_no_limit_cures_alone_says_so():
    with pytest.raises(InfeasibleError) as caught:
        allocate(load_case("river-bend", (*SIGNED, "policy.max_tenant_share=0.5", "leases[0].min_mw=244")))
    found = infeasibility(caught.value.program)
    assert {r.limit.key for r in found.alone if r.change is not None} == {"committed__0"}


# Random cases: every cure is applied to the case itself

MORE = 1.0 + 1e-6
"""A cure is exact to the solver's tolerance: a millionth more is enough, and a thousandth less is not."""
RANDOM = [
    *((seed, False) for seed in (1, 2, 4, 6, 11, 12, 13, 15, 19, 21, 22, 23)),
    *((seed, True) for seed in (0, 1, 2, 3, 6, 7, 16, 17, 20, 22)),
]
"""Seeds of cases without a plan."""


@pytest.fixture(scope="module", params=RANDOM, ids=lambda drawn_: f"{'halls' if drawn_[1] else 'random'} {drawn_[0]}")
def impossible(request) -> tuple[Case, Program, Infeasibility]:
    seed, whole = request.param
    given = drawn(seed, whole=whole)
    program = without_a_plan(given)
    assert program is not None
    return given, program, infeasibility(program)


def test_among_the_random_cases_each_kind_of_limit_cures_one_and_some_are_cured_by_none():
    cures = [
        {r.limit.key.split("__")[0] for r in infeasibility(_program(drawn(seed, whole=whole))).alone if r.change}
        for seed, whole in RANDOM
    ]
    assert set().union(*cures) >= {
        "grid", "capital", "committed", "tenant", "hosting", "flexible", "liquidity", "treasury",
    }  # fmt: skip
    assert set() in cures


def test_a_single_cure_is_enough_and_a_little_less_is_not(impossible):
    given, _, found = impossible
    for repair in found.alone:
        if repair.change is None:
            continue
        cured = loosened(given, repair.limit.key, repair.change * MORE + 1e-9)
        if cured is not None:
            assert is_possible(cured), repair
            less = loosened(given, repair.limit.key, repair.change * 0.999)
            assert less is not None
            assert not is_possible(less), repair


def test_a_limit_that_is_said_not_to_cure_alone_does_not_whatever_it_gives(impossible):
    given, _, found = impossible
    for repair in found.alone:
        if repair.change is None:
            more = loosened(given, repair.limit.key, whole_of(given, repair.limit.key))
            assert more is None or not is_possible(more), repair.limit.key


def test_the_cheapest_changes_together_make_a_plan(impossible):
    given, _, found = impossible
    assert found.together
    changed: Case | None = given
    for repair in found.together:
        changed = changed and loosened(changed, repair.limit.key, repair.change * MORE + 1e-9)
    assert changed is None or is_possible(changed)


def test_the_conflict_has_no_plan_alone_and_one_without_any_of_its_limits(impossible):
    _, program, found = impossible
    asked = [repair.limit for repair in found.alone]
    outside = [limit for limit in asked if limit not in found.conflict]
    assert not has_a_plan_without(program, outside)
    for dropped in found.conflict:
        assert has_a_plan_without(program, [*outside, dropped]), dropped.key


def has_a_plan_without(program: Program, dropped: list[Limit]) -> bool:
    """Whether the rows of all other limits can be met; a minimum of cash goes down to nothing, and no further."""
    form, gone = program.form, {limit.key for limit in dropped}
    lower, upper = form.row_lower.copy(), form.row_upper.copy()
    for limit in dropped:
        rows = [form.row_number[name] for name, amount in limit.moves if amount]
        if limit.key.startswith("liquidity__"):
            upper[rows] += program.choices.case.policy.minimum_cash_usd
        else:
            upper[rows], lower[rows] = np.where(np.isfinite(upper[rows]), np.inf, upper[rows]), -np.inf
    if gone & {"grid", "flexible"}:
        upper[[row for row, name in enumerate(form.row_names) if name.startswith("flexible__")]] = np.inf
    nothing_counts = np.zeros(len(form.cost))
    return solve_form(replace(form, cost=nothing_counts, row_lower=lower, row_upper=upper)).status is Status.OPTIMAL


# Kinks


def stage_below_the_floor(**policy: float) -> Case:
    """A lease signed for years in which the site has no more than its floor."""
    return case(
        site={"grid_mw": [{"from": VALUATION, "grid_mw": 10}, {"from": "2028-02-07", "grid_mw": 40}]},
        leases=[lease(committed=True, min_mw=6, provisioning_ratio=1.25, deliveries=1)], fleets=[], purchases=[],
        policy={"min_flexible_mw": 14, **policy},
    )  # fmt: skip


def test_a_floor_above_the_first_stage_gives_the_difference_before_it_gives_room():
    # 10 facility MW under a floor of 14, and 6 critical IT MW need 7.5: the floor falls to 2.5, or the grid is 21.5.
    program = without_a_plan(stage_below_the_floor())
    assert program is not None
    found = infeasibility(program)
    alone = {repair.limit.key: repair.change for repair in found.alone}
    assert alone["flexible"] == pytest.approx(11.5, rel=1e-9)
    assert alone["grid"] == pytest.approx(11.5, rel=1e-9)
    assert alone["committed__0"] == pytest.approx(6.0, rel=1e-9)
    assert {limit.key for limit in found.conflict} == {"grid", "flexible", "committed__0"}
    assert sum(repair.change or 0.0 for repair in found.together) > 0


# Minimum cash


def test_minimum_cash_gives_no_more_than_all_of_it():
    short = case(
        leases=[],
        fleets=[],
        purchases=[],
        policy={"capital_usd": 2e6, "stresses": ["price falls"], "minimum_cash_usd": 3e6},
    )
    cures = {r.limit.key: r.change for r in infeasibility(_program(short)).alone}
    assert cures["capital"] == pytest.approx(1e6, abs=1.0)
    assert cures["liquidity__0"] == pytest.approx(1e6, abs=1.0)


def test_a_stress_that_costs_more_than_the_minimum_is_not_cured_by_it():
    offer = lease(committed=True, ltc=0.9, rent_usd_per_kw_month=60, late_damages_share=2, late_damages_months=12)
    owed = case(
        fleets=[], purchases=[], leases=[offer],
        policy={"capital_usd": 5e6, "stresses": ["lease late"], "minimum_cash_usd": 1e5},
    )  # fmt: skip
    found = infeasibility(_program(owed))
    cures = {r.limit.key: r.change for r in found.alone}
    assert cures["liquidity__0"] is None
    assert not is_possible(replaced(owed, "policy.minimum_cash_usd", 0.0))
    assert is_possible(replaced(owed, "policy.capital_usd", 5e6 + (cures["capital"] or 0.0) * MORE))
    assert "liquidity__0" not in {limit.key for limit in found.conflict}
    assert all((r.change or 0.0) <= 1e5 + 1.0 for r in found.together if r.limit.key == "liquidity__0")


def _program(given: Case) -> Program:
    program = without_a_plan(given)
    assert program is not None
    return program
