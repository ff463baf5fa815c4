"""Factors of a path, against the activities of the engine that knows one path, and margins written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.activities import Kind
from allocator.case import Case
from allocator.files import load_case
from allocator.risk.futures import Frozen, Futures
from models.lease import lease_cash_flows
from models.machines import machines_by_name
from models.power import paid_price_usd_per_mwh
from models.scenarios import Factor
from models.timeline import discount_factors
from tests.allocator import small
from tests.allocator.risk.futures_of_small_cases import (
    EVERYTHING,
    PRICE_ALONE,
    PUNCTUAL,
    npv_at_one_rate,
    on_path,
    valued,
)

RNG = np.random.default_rng(4)
HOURLY = {"months": [list(np.round(RNG.gamma(2.0, 18.0, 48), 2)) for _ in range(12)]}
SUCCESSOR = small.purchase(name="Next", machine="successor", price_usd_per_th=9, latest_start_years=3)


def case_of(**changed) -> Case:
    """Two fleets, two purchases, one of them a successor, and one offer; eight years."""
    parts = {
        "horizon_years": 8, "risk": PUNCTUAL,
        "fleets": [small.fleet(remaining_life_years=4), small.fleet(name="Old", machine="S19 XP", facility_mw=5)],
        "purchases": [small.purchase(efficiency_factor=0.9, hashrate_factor=0.8), SUCCESSOR],
        "leases": [small.lease(latest_start="2028Q2")],
    }  # fmt: skip
    return small.case(**{**parts, **changed})


CASES = {
    "plain": {},
    "machines degrade": {"mining": {"degradation_per_year": 0.04}},
    "hourly prices": {"power": {"hourly_prices": HOURLY, "escalation_per_year": 0.03}},
    "demand charge": {"power": {"price_usd_per_mwh": 38, "demand_charge_usd_per_kw_month": 3}},
    "curtailment": {"power": {"hourly_prices": HOURLY, "curtailment_hours_per_year": 300,
                              "curtailment_credit_usd_per_mwh": 120, "demand_response_usd_per_mw_year": 20_000}},
    "outages and adders": {"power": {"price_usd_per_mwh": 25, "transmission_usd_per_mwh": 6, "riders_usd_per_mwh": 2,
                                     "outage_hours": [40, 10] + [0] * 10}},
    "resale does not follow": {"mining": {"resale_elasticity_to_hashprice": 0.0}},
    "resale follows": {"mining": {"resale_elasticity_to_hashprice": 0.5, "degradation_per_year": 0.02}},
    "no bonus depreciation": {"finance": {"bonus_depreciation": 0.0}},
    "half bonus depreciation": {"finance": {"bonus_depreciation": 0.5, "tax_rate": 0.3}},
    "full bonus depreciation": {"finance": {"bonus_depreciation": 1.0, "discount_rate_risk": 0.11}},
    "the network does not respond": {"market": {"btc_price_usd": 90_000, "network_responds": False}},
    "nothing to mine with": {"fleets": [], "purchases": []},
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_with_everything_frozen_the_mean_is_the_npv_of_the_activities_at_one_rate(name):
    found = valued(case_of(**CASES[name]), frozen=EVERYTHING)
    np.testing.assert_allclose(found.mean_value_usd, npv_at_one_rate(found.mapped.choices), rtol=1e-9, atol=1e-4)
    worth = found.worth(np.ones(len(found.mapped.choices.items)))
    np.testing.assert_allclose(worth, npv_at_one_rate(found.mapped.choices).sum(), rtol=1e-9)


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_with_everything_frozen_a_template_is_worth_its_activities(name):
    case = load_case(name)
    case = case.model_copy(update={"risk": case.risk.model_copy(update=PUNCTUAL)})
    found = valued(case, frozen=EVERYTHING)
    np.testing.assert_allclose(found.mean_value_usd, npv_at_one_rate(found.mapped.choices), rtol=1e-9, atol=1e-4)


def test_losses_are_used_at_once_for_every_use_even_where_the_case_carries_them_forward():
    at_once, carried = (valued(case_of(finance={"losses_used_by_parent": f}), frozen=EVERYTHING) for f in (True, False))
    np.testing.assert_array_equal(at_once.mean_value_usd, carried.mean_value_usd)


@pytest.mark.parametrize("name", CASES)
def test_on_a_random_price_path_every_activity_is_worth_what_the_engine_of_one_path_says(name):
    case = case_of(**CASES[name])
    futures = Futures(case, 100, 8, frozen=PRICE_ALONE)
    found = valued(case, 100, 8, frozen=PRICE_ALONE)
    prices = futures.market.block(0, 100).btc_price_usd
    for path in (0, 41, 99):
        expected = npv_at_one_rate(on_path(case, prices[:, path]))
        np.testing.assert_allclose(found.gradient(found.path(path)), expected, rtol=1e-9, atol=1e-4)


def test_with_everything_random_a_fleet_earns_the_margin_of_its_path_month_by_month():
    case = case_of(power={"price_usd_per_mwh": 30, "demand_charge_usd_per_kw_month": 2}, leases=[],
                   mining={"degradation_per_year": 0.05})  # fmt: skip
    found = valued(case, 100, 3)
    market = found.mapped.futures.market.block(0, 100)
    machine = machines_by_name()["S21"]
    hours, at_meter = 365.25 * 24 / 12, machine.efficiency_j_per_th * 1.06
    for path in (0, 17):
        values = found.gradient(found.path(path))
        worth, by_stop = 0.0, {0: 0.0}
        for month in range(1, 49):
            hashprice, level = market.hashprice_usd_per_ph_day[month, path], market.power_level[month, path]
            level *= 1.02 ** (month / 12)
            revenue = hashprice * 1_000 / (24 * at_meter) * 0.99 * 0.95 ** (month / 12)
            run = max(0.0, max(0.0, revenue - 2.0 - 30 * level) * hours * 0.97 - 2_000 * level)
            fixed = 25_000 / 12 * 1.02 ** (month / 12)
            worth += 0.79 * (run - fixed) / 1.07 ** (month / 12)
            if month % 3 == 0:
                by_stop[month // 3] = worth
        for activity, value in zip(found.mapped.choices.items, values, strict=True):
            if activity.kind is not Kind.FLEET or activity.owner != 0:
                continue
            end = 3 * activity.stop
            entry = case.market.entry_cost_usd_per_ph_day / (1 + case.market.network_growth_per_year) ** (end / 12)
            held = market.hashprice_usd_per_ph_day[end, path] / entry
            today = market.hashprice_usd_per_ph_day[0, path] / case.market.entry_cost_usd_per_ph_day
            resale = 6 * 1e6 / at_meter * 0.5 ** (end / 12) * 0.95 ** (end / 12) * (held / today) ** 0.5
            expected = by_stop[activity.stop] + 0.79 * resale / 1.07 ** (end / 12)
            assert value == pytest.approx(expected, rel=1e-9), activity.key


# Offers


def test_an_offer_is_worth_on_each_path_what_its_own_outcome_brings():
    terms = {"tenant_default_per_year": 0.1, "cancellation_probability": 0.1}
    case = case_of(fleets=[], purchases=[], leases=[small.lease(**terms)], risk={"delay_mean_months": 2})
    found = valued(case, 100, 6)
    (outcomes,) = found.mapped.futures.outcomes[0]
    weight = discount_factors(0.07, case.timeline.month_index)
    power = paid_price_usd_per_mwh(case.power, case.timeline)
    seen = set()
    for path in range(100):
        values = found.gradient(found.path(path))
        delay, gone = int(outcomes.delay_months[path]), bool(outcomes.cancelled[path])
        paid = int(outcomes.paid_quarters[path])
        seen.add((gone, paid < 12))
        known = {"delay_months": delay, "cancellation_probability": float(gone), "tenant_default_per_year": 0.0,
                 "tenant_default_after_years": None if paid == 12 else (3 * paid + 0.5) / 12}  # fmt: skip
        offer = case.leases[0].model_copy(update=known)
        for j, activity in enumerate(found.mapped.choices.items):
            since = case.timeline.month_index - 3 * activity.start
            expected = weight @ lease_cash_flows(offer, case.finance, since, power).cash_flow_usd
            assert values[j] == pytest.approx(float(expected), rel=1e-9, abs=1e-4)
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_a_gross_lease_pays_the_power_of_its_path():
    offer = small.lease(recovery="gross", rent_usd_per_kw_month=200, latest_start="2027Q4",
                        tenant_default_per_year=0.15, reletting_months=3)  # fmt: skip
    case = case_of(fleets=[], purchases=[], leases=[offer], risk={"delay_mean_months": 2})
    found = valued(case, 100, 6)
    (outcomes,) = found.mapped.futures.outcomes[0]
    level = found.mapped.futures.market.block(0, 100).power_level
    weight = discount_factors(0.07, case.timeline.month_index)
    for path in range(0, 100, 7):
        if outcomes.cancelled[path]:
            continue
        paid = int(outcomes.paid_quarters[path])
        known = {"delay_months": int(outcomes.delay_months[path]), "tenant_default_per_year": 0.0,
                 "tenant_default_after_years": None if paid == 12 else (3 * paid + 0.5) / 12}  # fmt: skip
        late = case.leases[0].model_copy(update=known)
        power = paid_price_usd_per_mwh(case.power, case.timeline) * level[:, path]
        values = found.gradient(found.path(path))
        for j, activity in enumerate(found.mapped.choices.items):
            since = case.timeline.month_index - 3 * activity.start
            expected = weight @ lease_cash_flows(late, case.finance, since, power).cash_flow_usd
            assert values[j] == pytest.approx(float(expected), rel=1e-9, abs=1e-3)


def test_an_offer_on_other_terms_has_the_mean_of_a_case_that_says_so():
    case, dearer = case_of(), case_of(leases=[small.lease(latest_start="2028Q2", rent_usd_per_kw_month=150)])
    one, other = valued(case, 300, 2).mapped, valued(dearer, 300, 2)
    first = other.mapped.lease_columns[0]
    found = one.mean_of_offer(0, dearer.leases[0])
    np.testing.assert_allclose(found, other.mean[first : first + len(found)], rtol=1e-12)


# How factors are shared


def test_machines_that_are_alike_share_their_factors_unless_they_degrade():
    twins = [small.fleet(), small.fleet(name="Twin")]
    one, two = (valued(case_of(fleets=f, purchases=[]), frozen=EVERYTHING).mapped for f in (twins[:1], twins))
    assert one.count == two.count
    bought = [small.purchase(latest_start_years=2)]
    fresh = valued(case_of(fleets=[], purchases=bought), frozen=EVERYTHING).mapped
    worn = valued(case_of(fleets=[], purchases=bought, mining={"degradation_per_year": 0.1}), frozen=EVERYTHING).mapped
    assert worn.count > fresh.count


@pytest.mark.parametrize("frozen", [Frozen(), Frozen(frozenset({Factor.POWER}))])
def test_the_value_of_a_plan_is_the_sum_of_its_activities_on_every_path(frozen):
    found = valued(case_of(), 200, 4, frozen=frozen)
    units = np.random.default_rng(1).uniform(0, 5, len(found.mapped.choices.items))
    by_hand = [found.gradient(found.path(path)) @ units for path in range(200)]
    np.testing.assert_allclose(found.worth(units), by_hand, rtol=1e-11, atol=1e-3)
    alone = np.zeros_like(units)
    alone[3] = 2.0
    np.testing.assert_allclose(found.worth(alone), [2 * found.gradient(found.path(p))[3] for p in range(200)],
                               rtol=1e-11)  # fmt: skip
