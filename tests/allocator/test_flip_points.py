"""A flip point is where allocating the case with that one input replaced takes another offer, and not before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from allocator.activities import Kind
from allocator.allocation import TAKEN_MW, Allocation, allocate
from allocator.case import case_from_document, replaced
from allocator.files import load_case
from allocator.flip_points import TOLERANCE, TOLERANCE_WHOLE, FlipPoint, flip_points
from tests.allocator.small import case, document, lease, random_document

KINDS = {
    "river-bend": lambda: load_case("river-bend"),
    "brownfield": lambda: load_case("brownfield"),
    "random": lambda: case_from_document(random_document(0, whole=False)),
    "halls": lambda: case_from_document(random_document(2, whole=True)),
}


@cache
def solved(name: str) -> tuple[Allocation, tuple[FlipPoint, ...]]:
    plan = allocate(KINDS[name]())
    return plan, flip_points(plan)


@pytest.fixture(params=KINDS)
def known(request) -> tuple[Allocation, tuple[FlipPoint, ...]]:
    return solved(request.param)


def is_taken(plan: Allocation, point: FlipPoint, value: float | None = None) -> bool:
    """Whether the best plan holds the offer, with the input replaced by a value or as it is."""
    if value is not None:
        given = round(value) if point.path.endswith("_months") else value
        plan = allocate(replaced(plan.case, point.path, given))
    return plan.taken_mw(Kind.LEASE, point.offer) > TAKEN_MW


def step(plan: Allocation, point: FlipPoint) -> float:
    """Twice the width to which a flip is found, towards the values tried."""
    whole_halls = bool(plan.program.form.integer.any())
    share = 2.0 * (TOLERANCE_WHOLE if whole_halls else TOLERANCE)
    width = 1.0 if point.path.endswith("_months") else share * point.current
    return width if point.is_upwards else -width


def between(first: float, last: float, count: int) -> list[float]:
    """Values between two, in equal ratios where both are more than nothing."""
    spread = np.geomspace if min(first, last) > 0 else np.linspace
    return [float(v) for v in spread(first, last, count + 2)[1:-1]]


def test_the_answer_turns_at_a_flip_point_and_not_just_before(known):
    plan, points = known
    turned = [point for point in points if point.flips_at is not None]
    assert turned
    for point in turned:
        now = is_taken(plan, point)
        assert point.flips_at == point.searched_to
        assert is_taken(plan, point, point.flips_at - step(plan, point)) == now, point
        assert is_taken(plan, point, point.flips_at) != now, point
        assert is_taken(plan, point, point.flips_at + step(plan, point)) != now, point


def test_nothing_turns_between_today_and_a_flip_point(known):
    plan, points = known
    for point in points:
        if point.flips_at is not None:
            now = is_taken(plan, point)
            for value in between(point.current, point.flips_at, 4):
                assert is_taken(plan, point, value) == now, (point, value)


def test_where_no_flip_is_found_nothing_turns_as_far_as_was_searched(known):
    plan, points = known
    for point in points:
        if point.flips_at is None:
            now = is_taken(plan, point)
            for value in (*between(point.current, point.searched_to, 3), point.searched_to):
                assert is_taken(plan, point, value) == now, (point, value)


def test_prices_are_searched_both_ways_and_far(known):
    plan, points = known
    halls = bool(plan.program.form.integer.any())
    for offer in range(len(plan.case.leases)):
        mine = [point for point in points if point.offer == offer]
        for path in ("market.btc_price_usd", *(() if halls else ("market.difficulty", "power.price_usd_per_mwh"))):
            found = [point for point in mine if point.path == path]
            assert sorted(point.is_upwards for point in found) == [False, True]
            for point in found:
                if point.flips_at is None:
                    assert not 0.34 < point.searched_to / point.current < 2.99


def test_an_offer_that_enters_near_todays_price_and_leaves_again_is_not_overlooked():
    # Brownfield's neocloud fits between 91,600 and 96,000 USD beside the hyperscaler, and not again before 125,000.
    plan, points = solved("brownfield")
    point = next(p for p in points if p.path == "market.btc_price_usd" and p.offer == 1 and p.is_upwards)
    assert point.flips_at is not None
    assert [is_taken(plan, point, price) for price in (90_000.0, 94_000.0, 100_000.0)] == [False, True, False]
    assert 90_000 < point.flips_at < 94_000


def test_a_hall_that_pays_for_one_rate_and_not_the_next_turns_at_its_own_return():
    # Nothing else to do, no debt and no limit: the offer is worth nothing at its own unlevered IRR.
    offer = lease(ltc=0, capex_usd_per_kw=3_000, deliveries=1, latest_start="2026Q4")
    plan = allocate(case(fleets=[], purchases=[], leases=[offer], policy={}))
    point = next(p for p in flip_points(plan) if p.path == "finance.discount_rate_hosting")
    assert plan.irr is not None
    assert point.flips_at is not None
    assert point.flips_at == pytest.approx(plan.irr, abs=2 * TOLERANCE * 0.08)


def test_a_delay_is_tried_no_further_than_the_horizon_holds_the_rent():
    plan = allocate(case(leases=[lease(term_years=3, latest_start="2027Q2")], policy={}))
    late = [point for point in flip_points(plan) if point.path.endswith("delay_months")]
    quarters = [a.start for a in plan.choices.items if a.kind is Kind.LEASE]
    # The second hall comes three months after the first; both stay three years.
    room = 60 - (3 * max(quarters) + 3 + 36)
    assert [point.searched_to <= room for point in late] == [True]


def test_a_signed_offer_has_no_flip_points_and_a_refused_one_no_delay():
    signed = allocate(case(leases=[lease(committed=True)], policy={}))
    assert flip_points(signed) == ()
    refused = allocate(case_from_document(document(leases=[lease(rent_usd_per_kw_month=5)])))
    assert not is_taken(refused, FlipPoint(0, "", 0.0, None, 0.0))
    assert "leases[0].delay_months" not in {point.path for point in flip_points(refused)}
