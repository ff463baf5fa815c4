"""Rows that bind, one family at a time, against an answer worked out by hand or by trying every possibility."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import numpy as np
import pytest

from allocator.activities import Activities, Kind
from allocator.allocation import Allocation, InfeasibleError, allocate, allocation_of
from allocator.case import Case
from allocator.program.build import build
from allocator.stress import Stress, stressed
from tests.allocator.program.test_build import bundle
from tests.allocator.small import VALUATION, case, fleet, lease

RICH = {"rent_usd_per_kw_month": 400, "build_months": 6, "deliveries": 1}


def offers_alone(*leases: dict[str, Any], **changed: Any) -> Case:
    parts: dict[str, Any] = {"fleets": [], "purchases": [], "leases": list(leases), "policy": {}}
    return case(**{**parts, **changed})


def units(plan: Allocation, owner: int = 0) -> float:
    return plan.taken_mw(Kind.LEASE, owner)


# Offers that exclude each other


def rivals(groups: tuple[str, str, str, str], **changed: Any) -> Case:
    terms = [(5, 380), (9, 200), (7, 300), (4, 260)]
    return offers_alone(
        *(
            lease(name=f"Offer {i}", tenant=f"Tenant {i}", critical_it_mw=mw, rent_usd_per_kw_month=rent,
                  exclusive_group=group)
            for i, ((mw, rent), group) in enumerate(zip(terms, groups, strict=True))
        ),
        **changed,
    )  # fmt: skip


def best_of_subsets(given: Case) -> float:
    """The best over every choice of at most one offer a group, each choice allocated without any group."""
    best = -np.inf
    for kept in itertools.product([False, True], repeat=len(given.leases)):
        chosen = [offer for offer, keep in zip(given.leases, kept, strict=True) if keep]
        groups = [offer.exclusive_group for offer in chosen if offer.exclusive_group]
        signed = {offer.name for offer in given.leases if offer.committed}
        if len(groups) > len(set(groups)) or not signed <= {offer.name for offer in chosen}:
            continue
        free = tuple(offer.model_copy(update={"exclusive_group": ""}) for offer in chosen)
        best = max(best, allocate(given.model_copy(update={"leases": free})).npv_usd)
    return best


@pytest.mark.parametrize(
    "groups", [("a", "a", "", ""), ("a", "a", "a", ""), ("a", "b", "a", "b"), ("a", "a", "a", "a"), ("a", "", "", "")]
)
@pytest.mark.parametrize("policy", [{}, {"capital_usd": 9e6}], ids=["rich", "poor"])
def test_of_offers_that_exclude_each_other_the_best_choice_is_made(groups, policy):
    given = rivals(groups, policy=policy)
    plan = allocate(given)
    assert plan.npv_usd == pytest.approx(best_of_subsets(given), rel=1e-6)
    for group in set(groups) - {""}:
        assert sum(units(plan, i) > 1e-6 for i, g in enumerate(groups) if g == group) <= 1
    if groups == ("a", "a", "a", "a"):
        assert plan.npv_usd < allocate(rivals(("", "", "", ""), policy=policy)).npv_usd - 1e3


def test_a_signed_offer_shuts_out_the_better_ones_of_its_group_and_no_others():
    given = rivals(("a", "a", "a", ""))
    signed = tuple(o.model_copy(update={"committed": i == 1}) for i, o in enumerate(given.leases))
    plan = allocate(given.model_copy(update={"leases": signed}))
    assert [units(plan, i) for i in range(4)] == pytest.approx([0, 9, 0, 4], abs=1e-6)
    assert plan.npv_usd == pytest.approx(best_of_subsets(plan.case), rel=1e-6)


# Money


def paid_in(plan: Allocation) -> float:
    """Equity that a critical IT MW of the first offer taken asks for before it returns anything."""
    j = plan.choices.items.index(plan.mix[0].activity)
    return float(-np.minimum(plan.choices.equity_cash_flow_usd[:, j], 0.0).sum())


@pytest.mark.parametrize(("basis", "brings"), [(0, 0.79 * 90e3), (40e3, 90e3 - 0.21 * 50e3), (120e3, 90e3)])
@pytest.mark.parametrize("capital", [0.0, 2e6])
def test_a_treasury_pays_for_as_much_of_a_lease_as_it_brings_after_tax(basis, brings, capital):
    flat = {"btc_price_usd": 90_000, "btc_growth_per_year": 0}
    policy = {"capital_usd": capital, "treasury_btc": 20, "treasury_basis_usd_per_btc": basis}
    plan = allocate(offers_alone(lease(**RICH, critical_it_mw=16, ltc=0.0), market=flat, policy=policy))
    assert units(plan) == pytest.approx((capital + 20 * brings) / paid_in(plan), rel=1e-9)
    assert plan.treasury_sold_btc.sum() == pytest.approx(20.0, rel=1e-6)


def written(policy: dict[str, Any], first: float, second: float) -> Activities:
    """Two offers of a hand-written program: one pays 10 in its first month, the other costs 5 a unit a year later."""
    given = case(horizon_years=2, fleets=[], purchases=[], leases=[], policy=policy)
    terms = case(leases=[lease(critical_it_mw=first), lease(name="Later", tenant="Beta", critical_it_mw=second)])
    given = given.model_copy(update={"leases": terms.leases})
    early = bundle(Kind.LEASE, 0, 1.0, [(0, 8, 3.0, 10.0)], 24)
    early.equity_cash_flow_usd[6, 0] = 4.0
    early.equity_cash_flow_usd[20, 0] = 50.0  # too late for the second
    later = bundle(Kind.LEASE, 1, 1.0, [(4, 8, 2.0, 5.0)], 24)
    return Activities(given, written_network(), (early, later))


def written_network() -> Any:
    return allocate(case(horizon_years=2, leases=[])).choices.network


@pytest.mark.parametrize("share", [0.0, 0.5, 0.75, 1.0])
def test_the_share_of_cash_that_returns_buys_the_next_thing_and_no_more(share):
    # 30 of capital: 3 of the first offer cost it all and bring 12 before the second begins, of which a share returns.
    plan = allocation_of(build(written({"capital_usd": 30, "reinvested_share": share}, 3, 16)))
    best = -np.inf
    for first in np.linspace(0, 3, 301):
        left = 30 - 10 * first
        second = min(16, 20 - first, (left + share * 4 * first) / 5)
        best = max(best, 3 * first + 2 * second)
    assert plan.npv_usd == pytest.approx(best, rel=1e-9)
    # A dollar earns 0.4 in the second offer, in the first 0.3 and then 0.4 on what returns: worth it above 5/8.
    assert units(plan, 0) == pytest.approx(3.0 if share > 0.625 else 0.0, abs=1e-9)
    assert units(plan, 1) == pytest.approx(12 * share / 5 if share > 0.625 else 6.0, rel=1e-9)


@pytest.mark.parametrize("least", [0.0, 1e6, 3e6])
def test_cash_that_must_be_left_when_halls_come_late_is_taken_off_what_can_be_built(least):
    offer = lease(**RICH, critical_it_mw=16, ltc=0.6, late_damages_share=1.0, late_damages_months=12)
    policy = {"capital_usd": 6e6, "reinvested_share": 1.0, "stresses": ["lease late"], "minimum_cash_usd": least}
    plan = allocate(offers_alone(offer, policy=policy))
    # By hand: what may be spent of 6 million, over a megawatt's purse where it is deepest in the stressed world.
    late = stressed(plan.case, Stress.LEASE_LATE)
    worse = allocate(late).choices
    j = plan.choices.items.index(plan.mix[0].activity)
    purse = np.cumsum(worse.equity_cash_flow_usd[:, j])[2::3]
    in_calm = np.cumsum(plan.choices.equity_cash_flow_usd[:, j])[2::3]
    assert -purse.min() > -in_calm.min()
    assert len(plan.mix) == 1
    assert units(plan) == pytest.approx((6e6 - least) / -purse.min(), rel=1e-6)


def test_more_cash_to_be_left_than_there_is_leaves_no_plan():
    policy = {"capital_usd": 1e6, "stresses": ["price falls"], "minimum_cash_usd": 1.1e6}
    with pytest.raises(InfeasibleError):
        allocate(offers_alone(policy=policy))


# Megawatts over time


@pytest.mark.parametrize("months", [0, 3, 6])
def test_machines_leave_a_hall_so_many_months_before_it_is_delivered(months):
    # The site is full: the best fleet is sold for the hall, each megawatt when the hall's pads are cleared.
    given = case(
        site={"grid_mw": 20}, purchases=[], policy={}, fleets=[fleet(facility_mw=20, remaining_life_years=2)],
        market={"btc_price_usd": 150_000},
        leases=[lease(**RICH, critical_it_mw=8, clearance_months=months, earliest_start="2027Q1",
                      latest_start="2027Q1")],
    )  # fmt: skip
    plan = allocate(given)
    start = next(line.activity.start for line in plan.mix if line.activity.kind is Kind.LEASE)
    cleared = start - months // 3
    assert units(plan) == pytest.approx(8.0, rel=1e-9)
    held = [row.hosting_mw for row in plan.schedule]
    assert held[cleared - 1 : cleared + 1] == pytest.approx([0.0, 10.0], abs=1e-9)
    assert [row.mining_mw for row in plan.schedule[cleared - 1 : cleared + 1]] == pytest.approx([20.0, 10.0], abs=1e-6)


def test_clearing_the_pads_costs_what_the_machines_would_have_earned_meanwhile():
    def worth(months: int) -> Allocation:
        offer = lease(**RICH, critical_it_mw=8, clearance_months=months, earliest_start="2027Q1",
                      latest_start="2027Q1")  # fmt: skip
        return allocate(
            case(site={"grid_mw": 20}, purchases=[], policy={}, market={"btc_price_usd": 150_000}, leases=[offer],
                 fleets=[fleet(facility_mw=20, remaining_life_years=2)])
        )  # fmt: skip

    at_once, cleared = worth(0), worth(6)
    worths = dict(zip((a.stop for a in at_once.choices.items if a.kind is Kind.FLEET), at_once.choices.npv_usd,
                      strict=False))  # fmt: skip
    start = next(line.activity.start for line in at_once.mix if line.activity.kind is Kind.LEASE)
    lost = 10 * (max(worths[q] for q in range(start + 1)) - max(worths[q] for q in range(start - 1)))
    assert lost > 1_000
    assert at_once.npv_usd - cleared.npv_usd == pytest.approx(lost, rel=1e-6)


@pytest.mark.parametrize(("day", "first"), [(date(2027, 2, 7), 4), (date(2027, 2, 8), 5), (date(2027, 8, 7), 6)])
def test_a_hall_begins_with_the_first_quarter_that_begins_with_its_megawatts(day, first):
    stages = [{"from": VALUATION, "grid_mw": 4}, {"from": day, "grid_mw": 20}]
    plan = allocate(
        offers_alone(lease(**RICH, critical_it_mw=16, term_years=2, latest_start="2028Q4"), site={"grid_mw": stages})
    )
    begun = {line.activity.start: line.units_mw for line in plan.mix}
    # 4 facility MW carry 3.2 critical IT MW from the first day that building allows; the rest comes with the stage.
    assert begun == pytest.approx({2: 3.2, first: 12.8}, rel=1e-6)


def test_machines_go_in_the_quarter_in_which_a_stage_ends():
    stages = [{"from": VALUATION, "grid_mw": 20}, {"from": date(2027, 3, 1), "grid_mw": 6}]
    plan = allocate(
        case(site={"grid_mw": stages}, leases=[], purchases=[], policy={}, market={"btc_price_usd": 150_000},
             fleets=[fleet(facility_mw=20, remaining_life_years=2)])
    )  # fmt: skip
    stops = {a.stop: worth for a, worth in zip(plan.choices.items, plan.choices.npv_usd, strict=True)}
    # 14 of the 20 MW must go by the fourth quarter, in which the stage ends; 6 may stay.
    assert plan.npv_usd == pytest.approx(
        6 * max(stops.values()) + 14 * max(worth for stop, worth in stops.items() if stop <= 4), rel=1e-9
    )
    assert all(row.mining_mw <= 6 + 1e-9 for row in plan.schedule[4:])
