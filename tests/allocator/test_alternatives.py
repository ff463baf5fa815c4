"""Plans nearly as good are plans, and no use can be pushed past the range given for it: by a second formulation."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from allocator import alternatives
from allocator.activities import Activities, Kind
from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.alternatives import DIFFERENT_MW, Group, NearOptimal, near_optimal
from allocator.case import Case, case_from_document, replaced
from allocator.explain import Explanation, Twins
from allocator.files import load_case
from allocator.sentences import what_is_firm
from models.timeline import Vector
from tests.allocator.program.dense import best_npv_usd
from tests.allocator.program.test_constraints import assert_keeps_every_limit
from tests.allocator.small import case, document, lease, random_document

NEAR, STEP_MW = 0.99, 0.02
KINDS = {
    "river-bend": lambda: load_case("river-bend"),
    "brownfield": lambda: load_case("brownfield"),
    "river-bend in halls": lambda: load_case("river-bend", ("leases[0].block_mw=35",)),
    **{f"random {seed}": lambda seed=seed: case_from_document(random_document(seed, whole=False)) for seed in (0, 3)},
    **{f"halls {seed}": lambda seed=seed: case_from_document(random_document(seed, whole=True)) for seed in (0, 2)},
    "signed at a loss": lambda: case(
        leases=[lease(rent_usd_per_kw_month=1, committed=True, min_mw=5, latest_start="2027Q4")],
        policy={"capital_usd": 4e7},
    ),
}


@pytest.fixture(scope="module", params=KINDS)
def known(request) -> tuple[Allocation, NearOptimal, list[Vector]]:
    """A plan, what is nearly as good, and every mix that was found on the way."""
    plan, found = allocate(KINDS[request.param]()), []
    pushed = alternatives._pushed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alternatives, "_pushed", lambda *given: found.append(pushed(*given)) or found[-1])
        near = near_optimal(plan)
    return plan, near, found


def threshold(best: float) -> float:
    return best - (1.0 - NEAR) * abs(best)


def average_mw(choices: Activities, group: Group, quarters: range) -> Vector:
    """Facility MW of a unit of each activity, averaged: machines until sold, halls from their delivery."""
    found = np.zeros(len(choices.items))
    for j, activity in enumerate(choices.items):
        if (activity.kind, activity.owner) != (group.kind, group.owner):
            continue
        for quarter in quarters:
            if activity.kind is not Kind.LEASE:
                found[j] += activity.start <= quarter < activity.stop
                continue
            offer = choices.case.leases[activity.owner]
            for hall in range(offer.deliveries):
                first = 3 * activity.start + hall * offer.delivery_interval_months
                if first < 3 * quarter + 3 and first + 12 * offer.term_years > 3 * quarter:
                    found[j] += offer.provisioning_ratio / offer.deliveries
    return found / len(quarters)


def horizon(plan: Allocation) -> range:
    return range(plan.case.timeline.quarters)


def periods(near: NearOptimal) -> list[range]:
    """Quarters of the periods, read from their labels: "years 4-8"."""
    years = [label.removeprefix("years ").split("-") for label in near.periods]
    return [range(4 * (int(first) - 1), 4 * int(last)) for first, last in years]


def pushed_to(plan: Allocation, group: Group, least: float = -np.inf, most: float = np.inf) -> float:
    """The best value with the average use of a group held between bounds, by the second formulation."""
    found = best_npv_usd(plan.choices, [(average_mw(plan.choices, group, horizon(plan)), least, most)])
    return -np.inf if found is None else found


# The mixes


def test_every_mix_found_keeps_every_limit_and_is_worth_99_percent(known):
    plan, _, found = known
    months = plan.case.timeline.month_index
    rate = np.where(plan.choices.hosting, 0.08, 0.15)
    worth = ((1.0 + rate[None, :]) ** (-months[:, None] / 12.0) * plan.choices.cash_flow_usd).sum(axis=0)
    assert found
    for units in np.unique(np.array(found).round(9), axis=0):
        assert worth @ units >= threshold(plan.npv_usd) - 1e-7 * abs(plan.npv_usd)
        assert_keeps_every_limit(replace(plan, units=units))


def test_a_mix_shown_can_be_had_at_the_value_shown(known):
    plan, near, _ = known
    groups = [found.group for found in near.ranges]
    for shown in near.alternatives:
        rows = [
            (average_mw(plan.choices, group, span), shown.average_mw[g, p] - 1e-6, shown.average_mw[g, p] + 1e-6)
            for g, group in enumerate(groups)
            for p, span in enumerate(periods(near))
        ]
        best = best_npv_usd(plan.choices, rows)
        assert best is not None
        assert shown.npv_usd >= threshold(plan.npv_usd) - 1e-7 * abs(plan.npv_usd)
        assert shown.npv_usd <= best + 1e-5 * abs(plan.npv_usd)


def test_mixes_shown_are_the_farthest_of_those_found_and_differ_from_each_other(known):
    plan, near, found = known
    spans = periods(near)
    weights = np.array([len(span) for span in spans]) / plan.case.timeline.quarters

    def profile(units: Vector) -> Vector:
        return np.array([[average_mw(plan.choices, r.group, s) @ units for s in spans] for r in near.ranges])

    def apart(one: Vector, other: Vector) -> float:
        return float((np.abs(one - other) * weights).sum())

    mine = profile(plan.units)
    assert near.plan_average_mw == pytest.approx(mine, abs=1e-9)
    farthest = max(apart(profile(units), mine) for units in found)
    assert bool(near.alternatives) == (farthest >= DIFFERENT_MW)
    if near.alternatives:
        assert near.alternatives[0].difference_mw == pytest.approx(farthest, rel=1e-9)
    for shown in near.alternatives:
        assert shown.difference_mw == pytest.approx(apart(shown.average_mw, mine), rel=1e-9)
    for one, other in combinations([mine, *(shown.average_mw for shown in near.alternatives)], 2):
        assert apart(one, other) >= DIFFERENT_MW - 1e-9


# The range of a use


def test_a_use_can_be_as_little_and_as_much_as_its_range_says_and_no_less_and_no_more(known):
    plan, near, _ = known
    enough = threshold(plan.npv_usd)
    slack = 1e-6 * abs(plan.npv_usd)
    for found in near.ranges:
        assert found.least_mw <= found.plan_mw + 1e-9
        assert found.plan_mw <= found.most_mw + 1e-9
        assert pushed_to(plan, found.group, most=found.least_mw + 1e-6) >= enough - slack
        assert pushed_to(plan, found.group, least=found.most_mw - 1e-6) >= enough - slack
        assert pushed_to(plan, found.group, most=found.least_mw - STEP_MW) < enough
        assert pushed_to(plan, found.group, least=found.most_mw + STEP_MW) < enough


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_an_offer_made_smaller_or_signed_for_more_than_its_range_costs_more_than_one_percent(name):
    plan = allocate(load_case(name))
    enough, near = threshold(plan.npv_usd), near_optimal(plan)
    for found in near.ranges:
        if found.group.kind is not Kind.LEASE:
            continue
        owner = found.group.owner
        a_unit = average_mw(plan.choices, found.group, horizon(plan)).max()
        least, most = found.least_mw / a_unit, found.most_mw / a_unit
        field = f"leases[{owner}].critical_it_mw"
        if least > 0.1:
            assert allocate(replaced(plan.case, field, least * 1.001)).npv_usd >= enough
            assert allocate(replaced(plan.case, field, least * 0.999)).npv_usd < enough
        if most < plan.case.leases[owner].critical_it_mw - 0.1:
            assert signed(plan.case, owner, most * 0.999) >= enough
            assert signed(plan.case, owner, most * 1.001) < enough


def signed(given: Case, owner: int, least_mw: float) -> float:
    """The best value where so much of an offer must be delivered."""
    given = replaced(replaced(given, f"leases[{owner}].committed", True), f"leases[{owner}].min_mw", least_mw)
    try:
        return allocate(given).npv_usd
    except InfeasibleError:
        return -np.inf


# What is called firm


def test_a_use_is_called_firm_if_no_plan_nearly_as_good_has_a_tenth_less_of_it(known):
    plan, near, _ = known
    said = list(what_is_firm(Explanation((), (), (), Twins(None, None), near)))
    firm = next((text for text in said if text.startswith("Firm")), "")
    loose = next((text for text in said if text.startswith("Not firm")), "")
    for found in near.ranges:
        name, most = f"{found.group.name} (", found.most_mw
        assert not (name in firm and name in loose)
        if name in firm:
            assert pushed_to(plan, found.group, most=0.9 * most - STEP_MW) < threshold(plan.npv_usd)
            assert pushed_to(plan, found.group, most=0.98) < threshold(plan.npv_usd)
        elif name in loose:
            fewest = max(1.0, 0.9 * most) + STEP_MW
            assert pushed_to(plan, found.group, most=fewest) >= threshold(plan.npv_usd) - 1e-6 * abs(plan.npv_usd)
        else:
            assert pushed_to(plan, found.group, least=1.0 + STEP_MW) < threshold(plan.npv_usd)


# The edges


def test_where_nothing_is_worth_doing_nothing_else_is_nearly_as_good():
    plan = allocate(case_from_document(document(fleets=[], purchases=[], leases=[lease(rent_usd_per_kw_month=1)])))
    near = near_optimal(plan)
    assert plan.npv_usd == 0.0
    assert near.alternatives == ()
    for found in near.ranges:
        assert (found.least_mw, found.plan_mw, found.most_mw) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_a_site_without_any_use_has_no_ranges_and_as_many_periods_as_any_other():
    near = near_optimal(allocate(case_from_document(document(fleets=[], purchases=[], leases=[]))))
    assert (near.ranges, near.alternatives) == ((), ())
    assert near.plan_average_mw.shape == (0, len(near.periods))


@pytest.mark.parametrize(("years", "labels"), [
    (2, ("years 1-2",)), (3, ("years 1-3",)), (5, ("years 1-3", "years 4-5")), (8, ("years 1-3", "years 4-8")),
    (12, ("years 1-3", "years 4-8", "years 9-12")),
])  # fmt: skip
def test_periods_are_three_years_five_years_and_the_rest(years, labels):
    near = near_optimal(allocate(case(horizon_years=years, leases=[])))
    assert near.periods == labels


@pytest.mark.parametrize("share", [0.001, 0.05, 0.3])
def test_more_that_may_be_given_up_never_narrows_a_range(share):
    plan = allocate(case_from_document(random_document(3, whole=False)))
    narrow, wide = near_optimal(plan, share / 2), near_optimal(plan, share)
    for one, other in zip(narrow.ranges, wide.ranges, strict=True):
        assert other.least_mw <= one.least_mw + 1e-6
        assert other.most_mw >= one.most_mw - 1e-6
