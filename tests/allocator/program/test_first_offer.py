"""A tenant's right of first offer: the later lease comes only with the earlier one, and in no larger share."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from allocator.activities import Kind, activities
from allocator.allocation import allocate
from allocator.case import Case, case_from_document
from allocator.files import load_case
from allocator.program.build import build
from models.lease import Lease
from tests.allocator.program.dense import best_npv_usd
from tests.allocator.small import random_document


def campus(base_rent: float, next_rent: float, *, right: bool = True, **changed) -> Case:
    """River Bend and a second phase of 100 critical IT MW on a grid and a purse that hold both; no machines."""
    given = load_case("river-bend")
    first = given.leases[0].model_copy(update={"rent_usd_per_kw_month": base_rent})
    phase = {
        "name": "Phase 2", "critical_it_mw": 100.0, "rent_usd_per_kw_month": next_rent,
        "first_offer_with": first.name if right else "", **changed,
    }  # fmt: skip
    return given.model_copy(update={
        "leases": (first, Lease(**{**first.model_dump(), **phase})),
        "purchases": (), "fleets": (),
        "site": given.site.model_copy(update={"grid_mw": 600.0}),
        "policy": given.policy.model_copy(update={"capital_usd": None}),
    })  # fmt: skip


def excess(given: Case, first_mw: float, second_mw: float) -> float:
    """By how much the row of the right is exceeded if so many MW of each lease are taken at their first start."""
    program = build(activities(given))
    y = np.zeros(len(program.form.column_names))
    for owner, mw in ((0, first_mw), (1, second_mw)):
        starts = [j for j, a in enumerate(program.choices.items) if a.kind is Kind.LEASE and a.owner == owner]
        y[program.columns.activity[starts[0]]] = mw / program.columns.units_per_step[starts[0]]
    row = program.form.row_number["first_offer__1"]
    return float(program.form.times(y)[row] - program.form.row_upper[row])


@pytest.mark.parametrize(("first_mw", "second_mw"), [(0, 0), (245, 100), (245, 0), (122.5, 50), (122.5, 20)])
def test_no_larger_share_of_the_later_lease_is_allowed(first_mw, second_mw):
    assert excess(campus(128, 128), first_mw, second_mw) <= 1e-9


@pytest.mark.parametrize(
    ("first_mw", "second_mw", "mw"), [(0, 1, 1), (0, 100, 100), (122.5, 60, 10), (200, 100, 18.367)]
)
def test_a_larger_share_of_the_later_lease_is_refused(first_mw, second_mw, mw):
    assert excess(campus(128, 128), first_mw, second_mw) == pytest.approx(mw, abs=1e-3)


def test_megawatts_are_counted_where_an_offer_comes_in_whole_halls():
    assert excess(campus(128, 128, block_mw=25.0), 122.5, 50) == pytest.approx(0.0, abs=1e-9)
    assert excess(campus(128, 128, block_mw=25.0), 122.5, 75) == pytest.approx(25.0, rel=1e-9)


def best_by_hand(given: Case) -> float:
    """Nothing, the first offer alone from its best quarter, or both whole, the second from no earlier a quarter."""
    choices = activities(given)
    first, second = (
        {a.start: choices.npv_usd[j] * offer.critical_it_mw for j, a in enumerate(choices.items) if a.owner == owner}
        for owner, offer in enumerate(given.leases)
    )
    both = [first[s] + second[t] for s in first for t in second if t >= s]
    return float(max(0.0, *first.values(), *both))


@pytest.mark.parametrize(
    ("base_rent", "next_rent", "taken"),
    [(128, 128, (245, 100)), (128, 60, (245, 0)), (60, 60, (0, 0)), (60, 150, (0, 0)), (100, 150, (245, 100))],
)
def test_a_bad_lease_is_taken_for_the_right_to_a_better_one_where_both_are_worth_it(base_rent, next_rent, taken):
    given = campus(base_rent, next_rent)
    plan = allocate(given)
    assert (plan.taken_mw(Kind.LEASE, 0), plan.taken_mw(Kind.LEASE, 1)) == pytest.approx(taken, abs=1e-6)
    assert plan.npv_usd == pytest.approx(best_by_hand(given), rel=1e-9, abs=1e-3)
    assert best_npv_usd(plan.choices) == pytest.approx(plan.npv_usd, rel=1e-9, abs=1e-3)


def test_the_later_lease_never_begins_before_the_one_that_gives_the_right():
    """The base may begin in quarter 7 only, the next phase from quarter 6 on: it waits until then."""
    given = campus(128, 128, earliest_start="2027Q3", latest_start="2027Q4")
    base = given.leases[0].model_copy(update={"earliest_start": date(2027, 10, 1), "latest_start": date(2027, 12, 31)})
    given, quarter = given.model_copy(update={"leases": (base, given.leases[1])}), 7
    plan = allocate(given)
    starts = {m.activity.owner: m.activity.start for m in plan.mix if m.activity.kind is Kind.LEASE}
    assert starts == {0: quarter, 1: quarter}
    of = {(a.owner, a.start): j for j, a in enumerate(plan.choices.items)}
    by_hand = 245 * plan.choices.npv_usd[of[0, quarter]] + 100 * plan.choices.npv_usd[of[1, quarter]]
    assert plan.npv_usd == pytest.approx(by_hand, rel=1e-9)
    assert best_npv_usd(plan.choices) == pytest.approx(plan.npv_usd, rel=1e-9)
    free = given.leases[1].model_copy(update={"first_offer_with": ""})
    sooner = allocate(given.model_copy(update={"leases": (base, free)}))
    assert sooner.npv_usd > plan.npv_usd  # by itself it would have begun a quarter before


def test_without_the_right_the_better_lease_is_taken_alone():
    plan = allocate(campus(60, 150, right=False))
    assert plan.taken_mw(Kind.LEASE, 0) == pytest.approx(0.0, abs=1e-9)
    assert plan.taken_mw(Kind.LEASE, 1) == pytest.approx(100.0, rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
def test_a_random_case_with_a_right_is_the_dense_program(seed, whole):
    document = random_document(seed, whole=whole)
    free = allocate(case_from_document(document)).npv_usd
    document["leases"][1]["first_offer_with"] = document["leases"][0]["name"]
    plan = allocate(case_from_document(document))
    assert best_npv_usd(plan.choices) == pytest.approx(plan.npv_usd, rel=1e-6 if whole else 1e-9)
    assert plan.npv_usd <= free * (1 + 1e-6)
    shares = [plan.taken_mw(Kind.LEASE, i) / plan.case.leases[i].critical_it_mw for i in (0, 1)]
    assert shares[1] <= shares[0] + 1e-6
