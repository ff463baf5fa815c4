"""Each family of limits binds, and a plan recomputed outside the program keeps every one of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.activities import Kind
from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document
from allocator.files import load_case
from models.timeline import add_months
from tests.allocator.small import VALUATION, case, document, fleet, lease, purchase, random_document

RICH = {"rent_usd_per_kw_month": 400, "build_months": 6, "deliveries": 1}


def stage(case: Case, given, quarter: int, field: str) -> float:
    """The smaller of a staged limit's values on the first and the last day of a quarter."""
    if not isinstance(given, tuple):
        return float(given)
    first = add_months(case.valuation_date, 3 * quarter)
    last = add_months(case.valuation_date, 3 * quarter + 3) - timedelta(days=1)
    return min(next((getattr(s, field) for s in reversed(given) if s.from_date <= day), 0.0) for day in (first, last))


def facility_mw(plan: Allocation, quarter: int, *, tenant: str | None = None, hosting: bool | None = None) -> float:
    """Megawatts in a quarter from the mix alone: machines between start and stop, halls from each own delivery."""
    used = 0.0
    for line in plan.mix:
        activity = line.activity
        if hosting is not None and (activity.use == "hosting") != hosting:
            continue
        if activity.kind != "lease":
            used += line.units_mw if activity.start <= quarter < activity.stop else 0.0
            continue
        offer = plan.case.leases[activity.owner]
        if tenant is not None and offer.tenant != tenant:
            continue
        for hall in range(offer.deliveries):
            first_month = 3 * activity.start + hall * offer.delivery_interval_months + 1
            last_month = first_month + 12 * offer.term_years - 1
            if first_month <= 3 * quarter + 3 and last_month >= 3 * quarter + 1:
                used += line.units_mw * offer.provisioning_ratio / offer.deliveries
    return used


def capital_used(plan: Allocation, quarter: int) -> float:
    """Equity paid in by each activity less the reinvested share of what it paid out, month by month."""
    total = 0.0
    for line in plan.mix:
        j = plan.choices.items.index(line.activity)
        for month in range(3 * quarter + 3):
            flow = line.units_mw * plan.choices.equity_cash_flow_usd[month, j]
            total += -flow if flow < 0 else -plan.case.policy.reinvested_share * flow
    return total


def assert_keeps_every_limit(plan: Allocation) -> None:
    given, policy = plan.case, plan.case.policy
    for quarter in range(given.timeline.quarters):
        grid = stage(given, given.site.grid_mw, quarter, "grid_mw")
        hosts = facility_mw(plan, quarter, hosting=True)
        assert facility_mw(plan, quarter) <= grid + 1e-5
        assert hosts <= policy.max_hosting_share * grid + 1e-5
        assert hosts <= max(0.0, grid - policy.min_flexible_mw) + 1e-5
        for tenant in {offer.tenant for offer in given.leases}:
            assert facility_mw(plan, quarter, tenant=tenant, hosting=True) <= policy.max_tenant_share * grid + 1e-5
        if policy.capital_usd is not None:
            budget = stage(given, policy.capital_usd, quarter, "usd")
            assert capital_used(plan, quarter) <= budget + 1e-6 * max(1e6, budget)
        for i, bought in enumerate(given.purchases):
            running = sum(
                line.units_mw for line in plan.mix
                if line.activity.kind == "purchase" and line.activity.owner == i
                and line.activity.start <= quarter < line.activity.stop
            )  # fmt: skip
            assert running <= bought.max_facility_mw + 1e-5
        row = plan.schedule[quarter]
        assert row.hosting_mw == pytest.approx(hosts, abs=1e-5)
        assert row.mining_mw + row.hosting_mw + row.idle_mw == pytest.approx(grid, abs=1e-5)
        assert row.idle_mw >= -1e-5
    for i, owned in enumerate(given.fleets):
        assert plan.taken_mw(Kind.FLEET, i) <= owned.facility_mw + 1e-5
    for i, offer in enumerate(given.leases):
        assert plan.taken_mw(Kind.LEASE, i) <= offer.critical_it_mw + 1e-5


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_templates_plan_keeps_every_limit(name):
    assert_keeps_every_limit(allocate(load_case(name)))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
def test_a_random_plan_keeps_every_limit(seed, whole):
    assert_keeps_every_limit(allocate(case_from_document(random_document(seed, whole=whole))))


# Each limit binds


def hosted(plan: Allocation) -> float:
    return max(row.hosting_mw for row in plan.schedule)


def free(**changed):
    """Much money and one offer that everybody would take."""
    parts = {"policy": {}, "leases": [lease(**RICH, critical_it_mw=16)], "fleets": [], "purchases": []}
    return case(**{**parts, **changed})


def test_without_limits_the_whole_offer_is_taken():
    assert hosted(allocate(free())) == pytest.approx(20.0, rel=1e-9)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"max_hosting_share": 0.4}, 8.0),
        ({"max_tenant_share": 0.3}, 6.0),
        ({"min_flexible_mw": 5}, 15.0),
        ({"max_hosting_share": 0.9, "min_flexible_mw": 12}, 8.0),
        ({"max_hosting_share": 0}, 0.0),
        ({"min_flexible_mw": 20}, 0.0),
    ],
)
def test_a_policy_holds_hosting_at_exactly_its_limit(policy, expected):
    assert hosted(allocate(free(policy=policy))) == pytest.approx(expected, abs=1e-9)


def test_a_tenant_with_two_offers_has_one_limit_and_two_tenants_have_one_each():
    def offers(second_tenant: str):
        return [lease(**RICH), lease(**RICH, name="Second", tenant=second_tenant)]

    same = allocate(free(leases=offers("Acme"), policy={"max_tenant_share": 0.3}))
    other = allocate(free(leases=offers("Beta"), policy={"max_tenant_share": 0.3}))
    assert hosted(same) == pytest.approx(6.0, rel=1e-9)
    assert hosted(other) == pytest.approx(12.0, rel=1e-9)


def test_capital_holds_the_offer_at_what_it_can_pay_for():
    plan = allocate(free(policy={"capital_usd": 5e6}))
    j = plan.choices.items.index(plan.mix[0].activity)
    draws = np.minimum(plan.choices.equity_cash_flow_usd[:, j], 0.0)
    assert plan.mix[0].units_mw == pytest.approx(5e6 / -draws.sum(), rel=1e-9)


def test_a_hall_waits_for_its_stage_of_energisation():
    stages = [{"from": VALUATION, "grid_mw": 5}, {"from": date(2027, 2, 8), "grid_mw": 20}]
    plan = allocate(
        free(site={"grid_mw": stages}, leases=[lease(**RICH, critical_it_mw=16, term_years=2, latest_start="2028Q4")])
    )
    assert_keeps_every_limit(plan)
    # The stage comes a day after a quarter has begun, so it counts from the next one.
    assert [row.grid_mw for row in plan.schedule[:6]] == [5, 5, 5, 5, 5, 20]
    assert plan.taken_mw(Kind.LEASE, 0) == pytest.approx(16.0, rel=1e-9)


def test_money_that_comes_later_is_not_spent_before():
    capital = [{"from": VALUATION, "usd": 1e6}, {"from": date(2027, 2, 7), "usd": 2e7}]
    plan = allocate(free(policy={"capital_usd": capital}, leases=[lease(**RICH, latest_start="2028Q1")]))
    assert_keeps_every_limit(plan)
    assert plan.taken_mw(Kind.LEASE, 0) > 5


@pytest.mark.parametrize("committed", [{"committed": True}, {"committed": True, "min_mw": 3}])
def test_a_signed_lease_is_delivered_even_at_a_loss(committed):
    loss = lease(rent_usd_per_kw_month=1, ltc=0, **committed)
    plan = allocate(case(leases=[loss], policy={}))
    assert plan.taken_mw(Kind.LEASE, 0) == pytest.approx(committed.get("min_mw", 8), rel=1e-9)
    assert plan.npv_usd < allocate(case(leases=[], policy={})).npv_usd
    assert allocate(case(leases=[lease(rent_usd_per_kw_month=1)], policy={})).taken_mw(Kind.LEASE, 0) == 0


def test_a_fleet_and_a_purchase_are_held_at_what_there_is():
    cheap = purchase(price_usd_per_th=0, infrastructure_usd_per_mw=0, max_facility_mw=4)
    plan = allocate(case(leases=[], purchases=[cheap], fleets=[fleet(facility_mw=3)], policy={}))
    assert plan.taken_mw(Kind.FLEET, 0) == pytest.approx(3.0, rel=1e-9)
    assert max(row.mining_mw for row in plan.schedule) == pytest.approx(7.0, rel=1e-9)


# What must be true of any case


def _npv(given: dict) -> float:
    return allocate(case_from_document(given)).npv_usd


def _at_least(more: float, less: float) -> bool:
    return more >= less - 1e-6 * (1 + abs(less))


@given(st.integers(0, 400), st.floats(0, 15))
@settings(max_examples=12)
def test_more_grid_mw_never_lowers_npv(seed, more):
    given_ = random_document(seed, whole=seed % 2 == 0)
    base = _npv(given_)
    for step in given_["site"]["grid_mw"]:
        step["grid_mw"] += more
    assert _at_least(_npv(given_), base)


@given(st.integers(0, 400), st.floats(1, 3))
@settings(max_examples=12)
def test_more_capital_never_lowers_npv(seed, factor):
    given_ = random_document(seed, whole=seed % 2 == 0)
    base = _npv(given_)
    given_["policy"]["capital_usd"] *= factor
    assert _at_least(_npv(given_), base)


@given(st.integers(0, 400), st.floats(10, 300), st.floats(500, 9000))
@settings(max_examples=12)
def test_an_extra_offer_never_lowers_npv(seed, rent, capex):
    given_ = random_document(seed, whole=seed % 2 == 0)
    base = _npv(given_)
    given_["leases"].append(lease(name="Extra", rent_usd_per_kw_month=rent, capex_usd_per_kw=capex))
    assert _at_least(_npv(given_), base)


@given(st.integers(0, 400))
@settings(max_examples=12)
def test_dropping_a_policy_never_lowers_npv(seed):
    given_ = random_document(seed, whole=seed % 2 == 0)
    base = _npv(given_)
    for limit in ("max_tenant_share", "max_hosting_share", "min_flexible_mw", "capital_usd"):
        del given_["policy"][limit]
        now = _npv(given_)
        assert _at_least(now, base)
        base = now


MONEY = {
    "market": ["btc_price_usd", "entry_cost_usd_per_ph_day"],
    "power": ["price_usd_per_mwh"],
    "mining": ["variable_opex_usd_per_mwh", "fixed_opex_usd_per_mw_year"],
    "fleets": ["resale_usd_per_th"],
    "purchases": ["price_usd_per_th", "infrastructure_usd_per_mw"],
    "leases": ["rent_usd_per_kw_month", "capex_usd_per_kw"],
    "policy": ["capital_usd"],
}


@given(st.integers(0, 400), st.floats(0.3, 3))
@settings(max_examples=12)
def test_scaling_money_scales_npv(seed, factor):
    given_ = random_document(seed, whole=seed % 2 == 0)
    given_["market"]["entry_cost_usd_per_ph_day"] = 36.5
    given_["mining"] = {"variable_opex_usd_per_mwh": 2.0, "fixed_opex_usd_per_mw_year": 25_000}
    base = _npv(given_)
    for table, fields in MONEY.items():
        for row in given_[table] if isinstance(given_[table], list) else [given_[table]]:
            for field in fields:
                row[field] *= factor
    assert _npv(given_) == pytest.approx(factor * base, rel=1e-6)


@given(st.integers(0, 400), st.permutations(range(3)), st.booleans())
@settings(max_examples=12)
def test_the_order_in_which_things_are_listed_changes_nothing(seed, order, swapped):
    given_ = random_document(seed, whole=seed % 2 == 0)
    base = _npv(given_)
    given_["leases"] = [given_["leases"][i] for i in order]
    if swapped:
        given_["fleets"].reverse()
        given_["purchases"].reverse()
    assert _npv(given_) == pytest.approx(base, rel=1e-6)


def test_nothing_to_do_is_a_plan_worth_nothing():
    plan = allocate(case_from_document(document(fleets=[], purchases=[], leases=[])))
    assert plan.npv_usd == 0.0
    assert plan.mix == ()
    assert all(row.idle_mw == row.grid_mw for row in plan.schedule)
