"""Vectors of activities, against loops over months written from the economics."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.activities import Kind, activities
from allocator.activity import key_text
from allocator.case import Case, case_from_document
from allocator.files import load_case
from allocator.lease_activities import cash_flows_from
from allocator.mining_activities import purchase_starts
from models.machines import machines_by_name
from models.network import network_path
from tests.allocator.small import case, fleet, lease, purchase, random_document

HOURS = 365.25 * 24 / 12


def column(given: Case, kind: Kind, start: int, stop: int | None = None):
    choices = activities(given)
    j = next(
        j for j, a in enumerate(choices.items)
        if a.kind is kind and a.start == start and (stop is None or a.stop == stop)
    )  # fmt: skip
    return choices, j


def mined(given: Case, j_per_th: float, pue: float, month: int) -> float:
    """Operating margin of one facility MW in a month, from joules up."""
    hashprice = network_path(given.market, given.timeline).hashprice_usd_per_ph_day[month]
    revenue = 1e6 / (j_per_th * pue) / 1000 * hashprice / 24 * (1 - given.mining.pool_fee)
    power = given.power.price_usd_per_mwh * (1 + given.power.escalation_per_year) ** (month / 12)
    hourly = max(0.0, revenue - power - given.mining.variable_opex_usd_per_mwh)
    fixed = given.mining.fixed_opex_usd_per_mw_year / 12 * (1 + given.mining.opex_growth_per_year) ** (month / 12)
    return hourly * HOURS * given.mining.uptime - fixed


@pytest.mark.parametrize("stop", [0, 1, 4, 8])
def test_a_fleet_earns_its_margin_until_it_is_sold(stop):
    given = case(fleets=[fleet(remaining_life_years=2)])
    choices, j = column(given, Kind.FLEET, 0, stop)
    machine = machines_by_name()["S21"]
    resale = 6 * 1e6 / (machine.efficiency_j_per_th * 1.06) * 0.5 ** (stop / 4) * dearer(given, 0, 3 * stop)
    for month in range(given.timeline.months + 1):
        flow = mined(given, machine.efficiency_j_per_th, 1.06, month) if 1 <= month <= 3 * stop else 0.0
        flow += resale if month == 3 * stop else 0.0
        assert choices.cash_flow_usd[month, j] == pytest.approx(0.79 * flow, rel=1e-9, abs=1e-6)


def dearer(given: Case, bought: int, sold: int) -> float:
    """Resale prices follow the square root of hashprice over entry cost (elasticity 0.5) between two months."""
    path = activities(given).network
    over = path.hashprice_usd_per_ph_day / path.entry_cost_usd_per_ph_day
    return float((over[sold] / over[bought]) ** 0.5)


def test_resale_without_elasticity_falls_with_age_alone():
    given = case(mining={"resale_elasticity_to_hashprice": 0.0})
    choices, j = column(given, Kind.FLEET, 0, 4)
    machine = machines_by_name()["S21"]
    last = mined(given, machine.efficiency_j_per_th, 1.06, 12) + 6e6 / (machine.efficiency_j_per_th * 1.06) * 0.5
    assert choices.cash_flow_usd[12, j] == pytest.approx(0.79 * last, rel=1e-9)


def test_a_degrading_machine_keeps_its_power_and_loses_hashrate_from_the_day_it_runs():
    given = case(mining={"degradation_per_year": 0.1}, purchases=[purchase()])
    new = case(purchases=[purchase()])
    old, fresh = activities(given).network, activities(new).network
    np.testing.assert_array_equal(old.hashprice_usd_per_ph_day, fresh.hashprice_usd_per_ph_day)
    choices, j = column(given, Kind.PURCHASE, 2, 6)
    for month in (7, 12, 17):
        kept = 0.9 ** ((month - 6) / 12)
        hashprice = old.hashprice_usd_per_ph_day[month]
        revenue = hashprice * 1000 / (24 * 12.0 * 1.05) * 0.99 * kept
        margin = max(0.0, revenue - 40 * 1.02 ** (month / 12) - 2) * 730.5 * 0.97
        flow = margin - 25_000 / 12 * 1.02 ** (month / 12)
        shield = 0.21 * (6e6 / (12.0 * 1.05) * dearer(given, 0, 6) + 100_000) / 12
        assert choices.cash_flow_usd[month, j] == pytest.approx(0.79 * flow + shield, rel=1e-9)


def test_an_undervolted_machine_needs_less_power_and_more_machines_for_a_megawatt():
    label = case(purchases=[purchase()])
    eco = case(purchases=[purchase(efficiency_factor=0.9, hashrate_factor=0.8)])
    as_sold, j = column(label, Kind.PURCHASE, 2, 6)
    tuned, k = column(eco, Kind.PURCHASE, 2, 6)
    # A megawatt carries 1 / 0.9 of the hashrate, from machines that give 0.8 of it each.
    machines = as_sold.capex_usd[j] - 100_000  # at that day's prices
    assert tuned.capex_usd[k] == pytest.approx(machines / 0.9 / 0.8 + 100_000, rel=1e-12)
    assert mined(eco, 12.0 * 0.9, 1.05, 7) > mined(label, 12.0, 1.05, 7)


def test_a_month_that_does_not_carry_its_demand_charge_is_spent_switched_off():
    given = case(power={"price_usd_per_mwh": 40, "demand_charge_usd_per_kw_month": 100})
    choices, j = column(given, Kind.FLEET, 0, 4)
    fixed = 25_000 / 12 * 1.02 ** (5 / 12)
    assert choices.cash_flow_usd[5, j] == pytest.approx(-0.79 * fixed, rel=1e-9)


def test_demand_response_is_earned_by_machines_and_not_by_halls():
    plain, paid = case(), case(power={"price_usd_per_mwh": 40, "demand_response_usd_per_mw_year": 60_000})
    without, j = column(plain, Kind.FLEET, 0, 4)
    with_it, k = column(paid, Kind.FLEET, 0, 4)
    gain = 0.79 * 5_000 * 1.02 ** (6 / 12)
    assert with_it.cash_flow_usd[6, k] - without.cash_flow_usd[6, j] == pytest.approx(gain, rel=1e-9)
    lease_before, i = column(plain, Kind.LEASE, 2)
    lease_after, n = column(paid, Kind.LEASE, 2)
    np.testing.assert_array_equal(lease_before.cash_flow_usd[:, i], lease_after.cash_flow_usd[:, n])


def test_machines_bought_pay_for_themselves_month_by_month_after_tax():
    given = case(purchases=[purchase()])
    choices, j = column(given, Kind.PURCHASE, 2, 6)
    machines = 6 * 1e6 / (12.0 * 1.05) * dearer(given, 0, 6)
    cost = machines + 100_000
    assert choices.capex_usd[j] == pytest.approx(cost, rel=1e-9)
    at_once = np.zeros(61)
    pre_tax, income = np.zeros(61), np.zeros(61)
    pre_tax[6] = -cost
    for month in range(7, 19):
        deducted = cost / 12  # wholly expensed in the first year of service
        resale = machines * 0.5 * dearer(given, 6, 18) if month == 18 else 0.0
        pre_tax[month] = mined(given, 12.0, 1.05, month) + resale
        income[month] = pre_tax[month] - deducted
    at_once = pre_tax - 0.21 * income
    np.testing.assert_allclose(choices.cash_flow_usd[:, j], at_once, rtol=1e-9, atol=1e-6)
    pool, paid = 0.0, np.zeros(61)
    for month in range(61):
        pool -= income[month]
        if pool < 0:
            paid[month], pool = -0.21 * pool, 0.0
    np.testing.assert_allclose(choices.equity_cash_flow_usd[:, j], pre_tax - paid, rtol=1e-9, atol=1e-6)


def test_machines_sold_before_they_are_written_off_deduct_the_rest_on_that_day():
    given = case(purchases=[purchase()], finance={"bonus_depreciation": 0.0})
    choices, j = column(given, Kind.PURCHASE, 2, 6)
    pre_tax = choices.cash_flow_usd[:, j].sum()
    # Over its life taxable income is cash income, so lifetime tax is the rate times lifetime profit.
    machines = 6 * 1e6 / (12.0 * 1.05) * dearer(given, 0, 6)
    resale = 0.5 * machines * dearer(given, 6, 18)
    profit = sum(mined(given, 12.0, 1.05, m) for m in range(7, 19)) + resale - machines - 100_000
    assert pre_tax == pytest.approx(0.79 * profit, rel=1e-9)


def test_a_successor_bought_later_is_better_and_cheaper():
    given = case(horizon_years=10, purchases=[purchase(name="Next", machine="successor", latest_start_years=6)])
    choices = activities(given)
    found = {a.start: choices.capex_usd[j] for j, a in enumerate(choices.items) if a.kind is Kind.PURCHASE}
    assert sorted(found) == [1, 5, 9, 13, 17, 21]  # once a year
    for start, cost in found.items():
        years = start / 4
        per_mw = 6 * 0.893**years * dearer(given, 0, 3 * start) * 1e6 / (9.5 * 0.893**years * 1.05)
        assert cost == pytest.approx(per_mw + 100_000, rel=1e-9)


def test_machines_start_after_their_lead_and_before_the_last_year():
    given = case(purchases=[purchase(lead_months=4, latest_start_years=1.5)])
    assert purchase_starts(given, 0) == [2, 3, 4, 5, 6]
    assert purchase_starts(case(purchases=[purchase(lead_months=120)]), 0) == []


# Leases


def test_a_lease_is_the_sum_of_its_lines_and_tax_is_on_profit():
    given = load_case("river-bend")
    offer = given.leases[0]
    flows = cash_flows_from(given, offer, 5)
    np.testing.assert_allclose(flows.noi_usd, flows.rent_usd * offer.noi_margin, rtol=1e-12)
    np.testing.assert_allclose(
        flows.cash_flow_usd, flows.noi_usd - flows.capex_usd - flows.tax_usd, rtol=1e-9, atol=1e-6
    )
    np.testing.assert_allclose(
        flows.equity_cash_flow_usd,
        flows.noi_usd - flows.capex_usd + flows.draw_usd - flows.service_usd - flows.levered_tax_usd,
        rtol=1e-9, atol=1e-6,
    )  # fmt: skip
    cost = offer.capex_usd_per_kw * 1000
    rent = sum(
        1000 / offer.deliveries * offer.rent_usd_per_kw_month * 12 * (1 + offer.escalator_per_year) ** year
        for _ in range(offer.deliveries) for year in range(offer.term_years)
    )  # fmt: skip
    assert flows.rent_usd.sum() == pytest.approx(rent, rel=1e-9)
    assert flows.capex_usd.sum() == pytest.approx(cost, rel=1e-9)
    assert flows.depreciation_usd.sum() == pytest.approx(cost, rel=1e-9)
    profit = rent * offer.noi_margin - cost
    assert flows.tax_usd.sum() == pytest.approx(0.21 * profit, rel=1e-9)
    interest = flows.interest_usd
    assert flows.service_usd.sum() == pytest.approx(flows.draw_usd.sum() + interest.sum(), rel=1e-9)
    pool, paid = 0.0, 0.0  # a loss of the last month (what is left of the shell) finds no income any more
    for income in flows.noi_usd - flows.depreciation_usd - interest:
        pool += income
        paid, pool = (paid + 0.21 * pool, 0.0) if pool > 0 else (paid, pool)
    assert flows.levered_tax_usd.sum() == pytest.approx(paid, rel=1e-6)
    assert paid >= 0.21 * (profit - interest.sum())


def test_a_leases_loan_is_owed_until_it_matures():
    # From the term sheet: the last rent of each hall also pays the last of its loan.
    given = load_case("river-bend")
    offer = given.leases[0]
    flows = cash_flows_from(given, offer, 5)
    maturity = 15 + (offer.deliveries - 1) * offer.delivery_interval_months + 12 * offer.term_years
    balance = 0.0
    for month in range(maturity + 1):
        interest = balance * offer.debt_rate / 12
        assert flows.interest_usd[month] == pytest.approx(interest, rel=1e-6, abs=1e-2)
        balance += interest + flows.draw_usd[month] - flows.service_usd[month]
    assert balance == pytest.approx(0.0, abs=1e-2)
    assert flows.balance_usd[maturity - 1] > 1000
    assert not flows.service_usd[maturity + 1 :].any()


def test_a_lease_of_the_next_quarter_is_the_same_three_months_later():
    given = case(leases=[lease(latest_start="2027Q4")])
    for start in (2, 5):
        flows = cash_flows_from(given, given.leases[0], start)
        choices, j = column(given, Kind.LEASE, start)
        np.testing.assert_allclose(choices.cash_flow_usd[:, j], flows.cash_flow_usd, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(choices.equity_cash_flow_usd[:, j], flows.equity_cash_flow_usd, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(choices.debt_service_usd[:, j], flows.service_usd, rtol=1e-9, atol=1e-6)


def test_nothing_is_spent_on_a_hall_before_its_build_begins():
    given = case(leases=[lease(build_months=6, deliveries=1, latest_start="2027Q4")])
    for j, activity in enumerate(activities(given).items):
        if activity.kind is Kind.LEASE:
            flow = activities(given).cash_flow_usd[:, j]
            assert not flow[: 3 * activity.start - 5].any()
            assert flow[3 * activity.start - 5] < 0
            assert flow[3 * activity.start + 1] > 0


# All activities


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_power_is_held_between_start_and_stop_and_only_then(name):
    choices = activities(load_case(name))
    for j, activity in enumerate(choices.items):
        quarters = np.flatnonzero(choices.facility_mw[:, j])
        if activity.start == activity.stop:
            assert not quarters.size
            continue
        assert (quarters[0], quarters[-1]) == (activity.start, activity.stop - 1)
        assert choices.facility_mw[:, j].max() == pytest.approx(activity.facility_mw_per_unit, rel=1e-12)


def test_each_use_is_valued_at_its_own_rate():
    given = case(finance={"discount_rate_mining": 0.2, "discount_rate_hosting": 0.05})
    choices = activities(given)
    for j, activity in enumerate(choices.items):
        rate = 0.05 if activity.kind is Kind.LEASE else 0.2
        expected = sum(c / (1 + rate) ** (m / 12) for m, c in enumerate(choices.cash_flow_usd[:, j]))
        assert choices.npv_usd[j] == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_capital_used_is_what_was_paid_in_less_the_share_that_returns():
    choices = activities(case())
    for j in range(len(choices.items)):
        used = 0.0
        for month, flow in enumerate(choices.equity_cash_flow_usd[:, j]):
            used += -flow if flow < 0 else -0.3 * flow
            if month % 3 == 2:  # what falls on a quarter's first day counts in it
                assert choices.capital_used_usd[month // 3, j] == pytest.approx(used, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_names_in_the_program_are_plain_and_different(seed):
    items = activities(case_from_document(random_document(seed, whole=True))).items
    keys = [a.key for a in items]
    assert len(set(keys)) == len(keys)
    assert all(key.replace("_", "").isalnum() and key.isascii() for key in keys)
    assert key_text("a b/c-é[0]") == "a_b_c___0_"


def test_mining_can_be_reused_for_a_case_with_other_leases():
    first, second = case(), case(leases=[lease(rent_usd_per_kw_month=70)])
    fresh, reused = activities(second), activities(second, reuse=activities(first))
    np.testing.assert_array_equal(fresh.cash_flow_usd, reused.cash_flow_usd)
    assert fresh.items == reused.items


def test_a_site_without_any_use_has_no_activities():
    choices = activities(case(fleets=[], purchases=[], leases=[]))
    assert choices.items == ()
    assert choices.npv_usd.shape == (0,)
    assert choices.facility_mw.shape == (20, 0)
