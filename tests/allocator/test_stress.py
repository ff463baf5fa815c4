"""Each named stress does what its words say, and a plan that must survive one keeps its cash and cover in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from allocator.activities import Activities, Kind, activities
from allocator.allocation import Allocation, allocate
from allocator.case import case_from_document
from allocator.files import load_case
from allocator.program.build import build
from allocator.stress import STRESSES, Stress, stressed
from models.network import network_path
from tests.allocator.small import case, document, fleet, lease
from tests.allocator.worse_worlds import cash_by_quarter, cover_by_quarter, typed_in, world

LONG = {
    "horizon_years": 12,
    "leases": [lease(term_years=8, guarantor="Parent", guarantor_cap_share=0.1, latest_start="2027Q4")],
}


# What each one says


def path_under(stress: Stress, **market: float):
    given = stressed(case(horizon_years=4, market={"btc_price_usd": 100_000.0, **market}), stress)
    return network_path(given.market, given.timeline)


def test_bitcoin_falls_by_38_percent_at_once_and_stays_there():
    price = path_under(Stress.PRICE_FALLS, btc_growth_per_year=0.3).btc_price_usd
    assert price == pytest.approx(np.full(49, 62_000.0), rel=1e-12)


def test_a_fall_of_the_price_takes_no_notice_of_a_forward_curve():
    curve = [{"from": date(2027, 2, 7), "btc_price_usd": 300_000.0}]
    given = stressed(case(market={"btc_price_usd": 100_000.0, "forward": curve}), Stress.PRICE_FALLS)
    assert network_path(given.market, given.timeline).btc_price_usd.max() == pytest.approx(62_000.0, rel=1e-12)


def test_hashprice_is_28_from_the_first_month_to_the_24th_and_the_networks_own_after():
    path = path_under(Stress.HASHPRICE_LOW)
    calm = network_path(case(horizon_years=4).market, case(horizon_years=4).timeline)
    assert path.hashprice_usd_per_ph_day[1:25] == pytest.approx(np.full(24, 28.0), rel=1e-12)
    assert path.hashprice_usd_per_ph_day[0] > 28.0
    assert path.hashprice_usd_per_ph_day[25] != pytest.approx(28.0, rel=1e-3)
    assert calm.hashprice_usd_per_ph_day[1:25].min() > 28.0


def test_bitcoin_is_at_126_000_after_six_months_and_grows_on_from_there():
    price = path_under(Stress.RALLY, btc_growth_per_year=0.1).btc_price_usd
    assert price[6] == pytest.approx(126_000.0, rel=1e-12)
    # 7 February to 7 May is 89 of the 181 days to 7 August, on a straight line in logs.
    assert price[3] == pytest.approx(100_000.0 * 1.26 ** (89 / 181), rel=1e-12)
    assert price[18] == pytest.approx(126_000.0 * 1.1, rel=1e-12)


@pytest.mark.parametrize(("before", "after"), [(0, 12), (3, 15), (55, 60)])
def test_every_hall_comes_twelve_months_later_than_expected_and_never_more_than_sixty_late(before, after):
    given = case(horizon_years=10, leases=[lease(delay_months=before), lease(name="Other")])
    assert [offer.delay_months for offer in stressed(given, Stress.LEASE_LATE).leases] == [after, 12]


def test_rent_of_a_late_lease_begins_twelve_months_later():
    given = case(**LONG)
    calm, late = activities(given), activities(given).under(Stress.LEASE_LATE)
    j = next(j for j, a in enumerate(calm.items) if a.kind is Kind.LEASE)
    begins = [int(np.flatnonzero(c.operating_cash_usd[:, j])[0]) for c in (calm, late)]
    assert begins[1] - begins[0] == 12
    # Its megawatts are kept free for it from the day that was agreed.
    assert late.facility_mw[calm.items[j].start, j] > 0


def test_after_five_years_the_guarantor_alone_pays_until_its_cap_is_reached():
    offer = lease(term_years=8, deliveries=1, guarantor="Parent", guarantor_cap_share=0.1,
                  reletting_months=240, noi_margin=1.0, escalator_per_year=0.0)  # fmt: skip
    given = case(horizon_years=12, leases=[offer])
    choices = activities(given).under(Stress.TENANT_DEFAULTS)
    j = next(j for j, a in enumerate(choices.items) if a.kind is Kind.LEASE)
    first = 3 * choices.items[j].start + 1
    cash = choices.operating_cash_usd[:, j]
    # 120,000 USD a month for 96 months; a tenth of it is 9.6 months of rent.
    expected = [120_000.0] * 60 + [120_000.0] * 9 + [72_000.0] + [0.0] * 26
    assert cash[first : first + 96] == pytest.approx(expected, rel=1e-9, abs=1e-3)


def test_machines_stand_still_for_240_hours_in_january_and_february():
    given = case(horizon_years=4)
    calm, storm = activities(given), activities(given).under(Stress.WINTER_STORM)
    j = next(j for j, a in enumerate(calm.items) if a.kind is Kind.FLEET and a.stop == 4)
    for month in range(1, 13):
        # Months begin on the 7th: the first and the last are those of 7 February 2026 and 7 January 2027.
        share = 1 - 240 / 730.5 if month in (1, 12) else 1.0
        fixed = 25_000 / 12 * 1.02 ** (month / 12)
        margin = calm.operating_cash_usd[month, j] + fixed
        assert storm.operating_cash_usd[month, j] == pytest.approx(margin * share - fixed, rel=1e-9)


def test_a_site_that_knows_longer_outages_keeps_its_own():
    hours = (500.0, 10.0, *[5.0] * 10)
    given = stressed(case(power={"price_usd_per_mwh": 40, "outage_hours": list(hours)}), Stress.WINTER_STORM)
    assert given.power.outage_hours == (500.0, 240.0, *[5.0] * 10)


@pytest.mark.parametrize("stress", Stress)
def test_a_stress_is_what_typing_it_into_the_file_is(stress):
    given = document(**LONG)
    ours = activities(case_from_document(given)).under(stress)
    theirs = world(given, stress)
    for line in ("cash_flow_usd", "equity_cash_flow_usd", "operating_cash_usd", "debt_service_usd", "facility_mw"):
        np.testing.assert_allclose(getattr(ours, line), getattr(theirs, line), rtol=1e-12, atol=1e-6)


# What none of them does


@pytest.mark.parametrize("stress", Stress)
@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_stress_leaves_every_choice_open_and_no_other(stress, name):
    choices = activities(load_case(name))
    found, before = ([(a.key, a.kind, a.owner, a.start) for a in c.items] for c in (choices.under(stress), choices))
    assert found == before


@pytest.mark.parametrize("stress", Stress)
def test_a_case_that_must_survive_a_stress_is_not_in_it(stress):
    asked = case(**LONG, policy={"capital_usd": 9e6, "stresses": [stress]})
    calm = case(**LONG, policy={"capital_usd": 9e6})
    np.testing.assert_array_equal(activities(asked).cash_flow_usd, activities(calm).cash_flow_usd)


@pytest.mark.parametrize("stress", Stress)
def test_a_stress_that_has_come_is_not_counted_a_second_time(stress):
    asked = activities(case(**LONG, policy={"capital_usd": 9e6, "stresses": [stress], "minimum_cash_usd": 1e6}))
    once = asked.stressed[stress]
    np.testing.assert_array_equal(once.cash_flow_usd, asked.under(stress).cash_flow_usd)
    assert once.stressed == {}
    assert not [row for row in build(once).form.row_names if row.startswith(("liquidity", "cover"))]


def test_a_stress_named_twice_has_its_rows_once():
    twice = {"capital_usd": 9e6, "stresses": [Stress.RALLY, Stress.RALLY], "minimum_cover": 0.5}
    once = {**twice, "stresses": [Stress.RALLY]}
    names = [build(activities(case(policy=policy))).form.row_names for policy in (twice, once)]
    assert names[0] == names[1]


def test_every_stress_has_words_and_a_source():
    assert tuple(STRESSES) == tuple(Stress)
    assert all(described.words and described.source for described in STRESSES.values())


# What it means to survive one


def machines_first(**changed: Any) -> dict[str, Any]:
    """A fleet earns while halls are built; the loan leaves their owner a fifth of the cost."""
    offer = lease(term_years=8, earliest_start="2027Q3", latest_start="2028Q1", ltc=0.8, rent_usd_per_kw_month=70,
                  guarantor="Parent", guarantor_cap_share=0.1)  # fmt: skip
    return document(
        horizon_years=12, fleets=[fleet(facility_mw=12, remaining_life_years=6)], purchases=[], leases=[offer],
        market={"btc_price_usd": 140_000}, policy={"capital_usd": 12e6, **changed},
    )  # fmt: skip


def halls_alone(**changed: Any) -> dict[str, Any]:
    """Nothing but an offer whose loan is nearly the whole cost."""
    terms = {"term_years": 10, "ltc": 1.0, "dscr": 1.05, "rent_usd_per_kw_month": 48, "reletting_months": 120,
             "guarantor": "Parent", "guarantor_cap_share": 0.05, "late_damages_share": 1.0,
             "late_damages_months": 12}  # fmt: skip
    return document(
        horizon_years=14, fleets=[], purchases=[], leases=[lease(**terms)], policy={"capital_usd": 6e6, **changed}
    )


FILES = {
    Stress.PRICE_FALLS: machines_first,
    Stress.HASHPRICE_LOW: machines_first,
    Stress.LEASE_LATE: halls_alone,
    Stress.TENANT_DEFAULTS: halls_alone,
    Stress.WINTER_STORM: machines_first,
    Stress.RALLY: machines_first,  # bitcoin is at 140,000 already
}


def solved(given: dict[str, Any]) -> Allocation:
    return allocate(case_from_document(given))


def mixes_differ(one: Allocation, other: Allocation) -> bool:
    units = [{line.activity.key: line.units_mw for line in plan.mix} for plan in (one, other)]
    keys = units[0].keys() | units[1].keys()
    return any(abs(units[0].get(key, 0.0) - units[1].get(key, 0.0)) > 0.01 for key in keys)


def least(plan: Allocation, worse: Activities) -> float:
    return min(cash_by_quarter(plan, worse))


@pytest.mark.parametrize("stress", Stress)
def test_cash_that_must_be_left_in_a_stress_changes_the_mix_and_is_left(stress):
    write = FILES[stress]
    free, worse = solved(write()), world(write(), stress)
    in_calm, in_stress = least(free, free.choices), least(free, worse)
    asked = 0.5 * (in_calm + in_stress)
    assert in_stress < asked < in_calm, "the plan keeps that much cash unless the stress comes"
    bound = solved(write(stresses=[stress], minimum_cash_usd=asked))
    assert bound.npv_usd < free.npv_usd - 1_000
    assert mixes_differ(bound, free)
    assert least(bound, worse) == pytest.approx(asked, abs=1.0)


def machines_and_halls(**changed: Any) -> dict[str, Any]:
    """Machines that earn for as long as a loan is served; the offer alone covers it barely."""
    terms = {"term_years": 2, "deliveries": 1, "build_months": 3, "ltc": 1.0, "dscr": 1.05, "capex_usd_per_kw": 1_500,
             "rent_usd_per_kw_month": 90}  # fmt: skip
    return document(
        horizon_years=4, site={"grid_mw": 40}, fleets=[fleet(facility_mw=30, remaining_life_years=4)], purchases=[],
        leases=[lease(**terms)], policy={"capital_usd": 2e7, **changed},
    )  # fmt: skip


COVERED = {
    Stress.PRICE_FALLS: machines_and_halls,
    Stress.HASHPRICE_LOW: machines_and_halls,
    Stress.WINTER_STORM: machines_and_halls,
    Stress.LEASE_LATE: machines_first,
    Stress.TENANT_DEFAULTS: machines_first,
}


@pytest.mark.parametrize("stress", COVERED)
def test_cover_that_must_be_kept_in_a_stress_changes_the_mix_and_is_kept(stress):
    write = COVERED[stress]
    free, worse = solved(write()), world(write(), stress)
    in_calm, in_stress = (min(cover_by_quarter(free, w).values()) for w in (free.choices, worse))
    asked = 0.5 * (in_calm + in_stress)
    assert in_stress < asked - 0.01 < in_calm - 0.02, "the plan keeps that cover unless the stress comes"
    bound = solved(write(stresses=[stress], minimum_cover=asked))
    assert bound.npv_usd < free.npv_usd - 1_000
    assert mixes_differ(bound, free)
    assert min(cover_by_quarter(bound, worse).values(), default=asked) == pytest.approx(asked, rel=1e-6)


def test_two_stresses_are_each_survived_by_itself_and_not_both_at_once():
    asked, both = 11.6e6, [Stress.HASHPRICE_LOW, Stress.WINTER_STORM]
    plan = solved(machines_first(stresses=both, minimum_cash_usd=asked))
    alone = [least(plan, world(machines_first(), stress)) for stress in both]
    assert min(alone) == pytest.approx(asked, abs=1.0)
    at_once = world(typed_in(machines_first(), Stress.WINTER_STORM), Stress.HASHPRICE_LOW)
    assert least(plan, at_once) < asked - 1_000
