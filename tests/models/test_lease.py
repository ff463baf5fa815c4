"""A lease, against its published terms, a second lease written month by month, and an independent prototype."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import lease as leasing
from models.lease import Lease, LeaseCashFlows, Recovery, lease_cash_flows
from models.rent import average_rent_usd_per_kw_month, first_year_rent_usd_per_kw_month
from models.returns import Finance, irr, npv, yield_on_cost
from tests.models.plain_lease import plain_lines
from tests.models.random_leases import PRICE, SINCE, random_finance, random_lease

UNTAXED = Finance(tax_rate=0.0)


def river_bend(**changed) -> Lease:
    """Hut 8 and Fluidstack, 17 December 2025: 245 critical IT MW, 330 utility MW, 15 years, 3 %, 7.0 bn."""
    signed = {
        "name": "River Bend", "tenant": "Fluidstack", "critical_it_mw": 245.0, "provisioning_ratio": 330 / 245,
        "term_years": 15, "rent_usd_per_kw_month": 128.0157, "escalator_per_year": 0.03, "noi_margin": 0.986,
        "capex_usd_per_kw": 10_500.0, "build_months": 18, "deliveries": 3, "delivery_interval_months": 3,
    }  # fmt: skip
    return Lease(**{**signed, **changed})


def flows(lease: Lease, finance: Finance = UNTAXED, since: np.ndarray = SINCE) -> LeaseCashFlows:
    return lease_cash_flows(lease, finance, since, np.zeros_like(since))


LEASES = st.builds(
    river_bend,
    term_years=st.integers(1, 30),
    rent_usd_per_kw_month=st.floats(1, 500),
    escalator_per_year=st.floats(-0.05, 0.1),
    build_months=st.integers(1, 36),
    deliveries=st.integers(1, 12),
    delivery_interval_months=st.integers(0, 12),
    noi_margin=st.floats(0, 1),
)


def test_river_bend_is_seven_billion_128_a_month_and_158_70_on_average():
    assert leasing.contract_value_usd(river_bend()) == pytest.approx(7.0e9, rel=1e-5)
    assert first_year_rent_usd_per_kw_month(7.0e9, 245, 15, 0.03) == pytest.approx(128.0, abs=0.05)
    assert average_rent_usd_per_kw_month(128.0157, 15, 0.03) == pytest.approx(158.7, abs=0.05)
    assert pytest.approx(158.7, abs=0.05) == 7.0e9 / 15 / 12 / 245_000


def test_river_bend_needs_330_facility_megawatts():
    assert river_bend().critical_it_mw * river_bend().provisioning_ratio == pytest.approx(330.0, rel=1e-12)


@given(LEASES)
def test_billed_rent_adds_up_to_the_contract_value(lease):
    billed = flows(lease).rent_usd.sum() * lease.critical_it_mw
    by_years = sum((1 + lease.escalator_per_year) ** y for y in range(lease.term_years))
    expected = by_years * 12 * 1000 * lease.critical_it_mw * lease.rent_usd_per_kw_month
    assert billed == pytest.approx(expected, rel=1e-9)
    assert leasing.contract_value_usd(lease) == pytest.approx(expected, rel=1e-9)


def test_each_hall_pays_from_its_own_delivery_with_its_own_anniversaries():
    lease = river_bend(rent_usd_per_kw_month=100.0)
    rent = dict(zip(SINCE, flows(lease).rent_usd, strict=True))
    third = 100_000 / 3
    assert rent[0.0] == 0.0
    assert rent[1.0] == pytest.approx(third, rel=1e-12)
    assert rent[4.0] == pytest.approx(2 * third, rel=1e-12)
    assert rent[12.0] == pytest.approx(3 * third, rel=1e-12)
    assert rent[13.0] == pytest.approx((1.03 + 1 + 1) * third, rel=1e-12)
    assert rent[19.0] == pytest.approx(3 * 1.03 * third, rel=1e-12)
    assert rent[180.0] == pytest.approx(3 * 1.03**14 * third, rel=1e-12)
    assert rent[181.0] == pytest.approx(2 * 1.03**14 * third, rel=1e-12)
    assert rent[187.0] == 0.0


@given(LEASES)
def test_draws_add_up_to_the_cost_and_stop_at_the_last_delivery(lease):
    drawn = flows(lease).capex_usd
    assert drawn.sum() == pytest.approx(lease.capex_usd_per_kw * 1000, rel=1e-9)
    assert not drawn[(lease.deliveries - 1) * lease.delivery_interval_months < SINCE].any()


@given(LEASES)
def test_facility_megawatts_are_held_for_the_term_of_each_hall(lease):
    found = flows(lease)
    assert found.occupied_share.sum() == pytest.approx(12 * lease.term_years, rel=1e-9)
    assert found.occupied_share.max() <= 1 + 1e-12
    np.testing.assert_array_equal(found.occupied_share > 1e-12, found.rent_usd > 0)


def test_noi_is_the_margin_of_the_rent():
    found = flows(river_bend())
    np.testing.assert_allclose(found.noi_usd, 0.986 * found.rent_usd, rtol=1e-12)


def test_river_bends_yield_on_cost_is_14_4_percent():
    # an independent prototype: first-year NOI over 10,500 USD/kW. 128 x 12 x 0.986 / 10,500.
    lease = river_bend(rent_usd_per_kw_month=128.0)
    found = yield_on_cost(leasing.stabilised_noi_usd_per_year(lease), 10_500 * 1000)
    assert found == pytest.approx(128 * 12 * 0.986 / 10_500, rel=1e-12)
    assert found == pytest.approx(0.144, abs=0.0005)


# A second lease, written the long way


@pytest.mark.parametrize("seed", range(40))
def test_every_line_is_that_of_a_lease_written_month_by_month(seed):
    lease = random_lease(seed, guarantor_cap_share=0.0)
    finance = random_finance(seed)
    found = lease_cash_flows(lease, finance, SINCE, PRICE)
    for name, expected in plain_lines(lease, finance, SINCE.tolist(), PRICE.tolist()).items():
        size = max(1.0, *map(abs, expected))
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-9, atol=1e-9 * size, err_msg=name)


@pytest.mark.parametrize("seed", range(40))
def test_the_statement_is_the_sum_of_its_lines(seed):
    lease, finance = random_lease(seed), random_finance(seed)
    f = lease_cash_flows(lease, finance, SINCE, PRICE)
    noi = (f.rent_usd + f.relet_rent_usd + f.guarantor_usd) * lease.noi_margin + f.termination_fee_usd
    noi = noi - f.running_cost_usd - f.power_cost_usd
    cash = noi + f.prepayment_usd - f.credit_usd - f.late_damages_usd + f.sale_usd
    taxable = cash - f.depreciation_usd
    own = cash - f.capex_usd + f.draw_usd - f.fee_usd - f.reserve_usd - f.service_usd - f.balloon_usd
    size = 1e-9 * max(np.abs(line).max() for line in (noi, cash, taxable, own))
    for found, expected in [
        (f.noi_usd, noi),
        (f.taxable_usd, taxable),
        (f.cash_flow_usd, cash - f.capex_usd - f.warrants_usd - f.tax_usd),
        (f.equity_cash_flow_usd, own - f.levered_tax_usd),
    ]:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=size)
    assert f.warrants_usd.sum() == pytest.approx(lease.guarantor_warrants_usd / lease.critical_it_mw, rel=1e-12)
    fee = taxable.sum() - f.interest_usd.sum() - f.levered_taxable_usd.sum()
    assert fee == pytest.approx(f.fee_usd.sum(), rel=1e-9, abs=1e-9 * np.abs(taxable).sum())
    pool, paid = 0.0, []
    for income in f.levered_taxable_usd:
        pool += income
        paid.append(finance.tax_rate * max(0.0, pool))
        pool = min(0.0, pool)
    np.testing.assert_allclose(f.levered_tax_usd, paid, rtol=1e-9, atol=1e-9 * np.abs(f.levered_taxable_usd).sum())


def test_a_lease_that_may_fall_away_costs_what_is_built_and_what_is_lost():
    sure, doubtful = flows(river_bend()), flows(river_bend(cancellation_probability=0.2, cancellation_sunk_share=0.3))
    assert doubtful.capex_usd.sum() == pytest.approx((0.8 + 0.2 * 0.3) * 10.5e6, rel=1e-9)
    assert doubtful.depreciation_usd.sum() == pytest.approx((0.8 + 0.2 * 0.3) * 10.5e6, rel=1e-9)
    for line in ("rent_usd", "draw_usd", "service_usd", "occupied_share"):
        np.testing.assert_allclose(getattr(doubtful, line), 0.8 * getattr(sure, line), rtol=1e-12)


def test_a_delay_moves_rent_and_stretches_the_draws_from_the_same_start():
    late, on_time = flows(river_bend(delay_months=12)), flows(river_bend())
    np.testing.assert_allclose(late.rent_usd[12:], on_time.rent_usd[:-12], rtol=1e-12)
    spent, spent_on_time = np.flatnonzero(late.capex_usd), np.flatnonzero(on_time.capex_usd)
    assert spent[0] == spent_on_time[0]
    assert spent[-1] == spent_on_time[-1] + 12
    assert late.capex_usd.sum() == pytest.approx(10.5e6, rel=1e-9)
    assert late.occupied_share.sum() == pytest.approx(180 + 12, rel=1e-12)


def test_each_hall_pays_for_the_power_of_its_own_calendar_months():
    """Two equal halls four months apart, 30 USD/MWh but 90 in months 6 and 120: by hand, whatever the first hall met.

    In month 6 both are let, in month 120 too; in month 2 only the first is. The lender counts half of the peak in the
    months of a stay in which either hall meets it.
    """
    lease = river_bend(
        recovery="gross", deliveries=2, delivery_interval_months=4, pue=1.25, load_factor=0.8, noi_margin=1.0,
        rent_usd_per_kw_month=200.0, escalator_per_year=0.0, term_years=10,
    )  # fmt: skip
    price = np.where(np.isin(SINCE, (6, 120)), 90.0, 30.0)
    found = lease_cash_flows(lease, UNTAXED, SINCE, price)
    a_dollar = 1.25 * 0.8 * 365.25 * 24 / 12
    power = dict(zip(SINCE, found.power_cost_usd, strict=True))
    expected = {0: 0.0, 2: 15.0, 5: 30.0, 6: 90.0, 7: 30.0, 120: 90.0, 121: 15.0, 124: 15.0, 125: 0.0}
    for month, dollars in expected.items():
        assert power[month] == pytest.approx(dollars * a_dollar, rel=1e-12), month
    np.testing.assert_allclose(found.noi_usd, found.rent_usd - found.power_cost_usd, rtol=1e-12, atol=1e-6)
    cfads = dict(zip(SINCE, found.cfads_usd, strict=True))
    # hall one in month 2 of its stay, at the mean of months 2 and 6; both halls in months 3 and 7 of the calendar
    assert cfads[2] == pytest.approx(0.5 * (200e3 - 60 * a_dollar), rel=1e-12)
    assert cfads[4] == pytest.approx(0.5 * (200e3 - 30 * a_dollar), rel=1e-12)
    assert found.service_usd[found.service_usd > 0].size == 124
    cover = found.cfads_usd[found.service_usd > 0] / found.service_usd[found.service_usd > 0]
    assert cover == pytest.approx(cover[0], rel=1e-9)


def test_each_hall_is_sold_at_the_power_of_its_own_last_month():
    # 12 x (200,000 - power) / 8 % x 98 %, the second hall of two three months after the first.
    lease = river_bend(
        recovery="gross", deliveries=2, delivery_interval_months=3, pue=1.0, load_factor=1.0, noi_margin=1.0,
        rent_usd_per_kw_month=200.0, escalator_per_year=0.0, term_years=5, after_term="sold", exit_cap_rate=0.08,
    )  # fmt: skip
    price = np.where(SINCE == 63, 80.0, 40.0)
    sale = dict(zip(SINCE, lease_cash_flows(lease, UNTAXED, SINCE, price).sale_usd, strict=True))
    hours = 365.25 * 24 / 12
    assert sale[60] == pytest.approx(0.5 * 12 * (200e3 - 40 * hours) / 0.08 * 0.98, rel=1e-12)
    assert sale[63] == pytest.approx(0.5 * 12 * (200e3 - 80 * hours) / 0.08 * 0.98, rel=1e-12)


def test_damages_are_days_of_rent_for_each_day_late():
    # Two days' rent a day late, five months late with one of grace and rents listed from 0.9: four months at 2 x 128.
    lease = river_bend(
        rent_usd_per_kw_month=128.0, rent_by_year=(0.9, 1.0), delay_months=5, late_grace_months=1,
        late_damages_months=6, late_damages_share=2.0,
    )  # fmt: skip
    assert flows(lease).late_damages_usd.sum() == pytest.approx(4 * 2 * 128_000, rel=1e-12)


# What is read from a file


def test_a_quarter_begins_a_window_on_its_first_day_and_ends_one_on_its_last():
    lease = river_bend(earliest_start="2027Q2", latest_start="Q2 2028")
    assert (lease.earliest_start, lease.latest_start) == (date(2027, 4, 1), date(2028, 6, 30))


def test_recovery_is_one_of_three_words():
    assert river_bend(recovery="modified gross").recovery is Recovery.MODIFIED_GROSS


# The orders of magnitude of an independent prototype, per critical IT MW, unlevered, before tax


def prototype_flow(capex_musd: float, build_months: int = 18, ramp_months: int = 6) -> np.ndarray:
    """Straight-line capex, a linear ramp, one 15-year calendar from the first delivery, nothing left at the end."""
    months = np.arange(0.0, build_months + 181)
    k = months - build_months
    rent = 128e3 * 1.03 ** np.floor((k - 1) / 12) * ((k >= 1) & (k <= 180)) * np.clip(k / ramp_months, 0, 1)
    capex = np.where((months >= 1) & (months <= build_months), capex_musd * 1e6 / build_months, 0.0)
    return 0.986 * rent - capex


SECTION_7 = [
    (9.0, {0.07: 6.55, 0.08: 5.48, 0.09: 4.52, 0.10: 3.67, 0.12: 2.21}, 0.161),
    (10.5, {0.07: 5.13, 0.08: 4.07, 0.09: 3.12, 0.10: 2.28, 0.12: 0.83}, 0.134),
    (11.5, {0.07: 4.18, 0.08: 3.13, 0.09: 2.19, 0.10: 1.35, 0.12: -0.08}, 0.119),
    (13.0, {0.07: 2.75, 0.08: 1.71, 0.09: 0.79, 0.10: -0.05, 0.12: -1.46}, 0.099),
]
MONTHS = np.arange(260.0)


def ours(**changed) -> np.ndarray:
    """Cash flow from the start of River Bend's construction at a rent of 128."""
    return flows(river_bend(rent_usd_per_kw_month=128.0, **changed), since=MONTHS - 18).cash_flow_usd


def steps_from_the_prototype(capex_musd: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """NOI and capex of the prototype; then with an S-curve; then without its ramp; then in three halls of their own."""
    k, u = MONTHS - 18, np.clip(MONTHS / 18, 0, 1)
    full = 0.986 * 128e3 * 1.03 ** np.floor((k - 1) / 12) * ((k >= 1) & (k <= 180))
    evenly = np.where((MONTHS >= 1) & (MONTHS <= 18), capex_musd * 1e6 / 18, 0.0)
    curved = np.diff(u * u * (3 - 2 * u), prepend=0.0) * capex_musd * 1e6
    ramped = full * np.clip(k / 6, 0, 1)
    halls = [np.mean([np.roll(line, late) for late in (0, 3, 6)], axis=0) for line in (full, curved)]
    return [(ramped, evenly), (ramped, curved), (full, curved), (halls[0], halls[1])]


@pytest.mark.parametrize(("capex", "worth", "rate_of_return"), SECTION_7)
def test_the_prototypes_lease_is_reproduced(capex, worth, rate_of_return):
    flow = prototype_flow(capex)
    for rate, expected in worth.items():
        assert npv(rate, flow) / 1e6 == pytest.approx(expected, abs=0.0061)
    assert irr(flow) == pytest.approx(rate_of_return, abs=0.0006)


@pytest.mark.parametrize(("capex", "worth", "_rate_of_return"), SECTION_7)
def test_our_lease_differs_from_it_only_by_ramp_and_draw_curve(capex, worth, _rate_of_return):
    for rate in (0.08, 0.09, 0.10):
        assert npv(rate, ours(capex_usd_per_kw=capex * 1000)) / 1e6 == pytest.approx(worth[rate], abs=0.3)


@pytest.mark.parametrize(
    ("rate", "prototype", "curve", "ramp", "halls", "ours_is"),
    [
        (0.08, 4.068, 0.002, 0.277, -0.082, 4.264),
        (0.09, 3.122, 0.003, 0.273, -0.072, 3.325),
        (0.10, 2.275, 0.003, 0.269, -0.060, 2.487),
    ],
)
def test_what_our_river_bend_is_worth_is_the_prototype_and_three_steps(rate, prototype, curve, ramp, halls, ours_is):
    """4.07 / 3.12 / 2.28 M per critical IT MW become 4.26 / 3.33 / 2.49, line by line in the prototype's own numpy.

    1. Draws on the S-curve instead of evenly: +0.00; both have their middle at half of the build.
    2. No linear ramp: +0.27. The prototype loses two and a half rents of its one 15-year calendar for good; our
       later halls are paid later but each for its full 15 years.
    3. Halls at 0, 3 and 6 months, each with its own cost, rent and anniversaries: -0.07, a third of all comes 3 months
       later and a third 6.
    """
    steps = [noi - capex for noi, capex in steps_from_the_prototype(10.5)]
    np.testing.assert_allclose(steps[0][:199], prototype_flow(10.5), rtol=1e-12)
    np.testing.assert_allclose(ours(), steps[3], rtol=1e-9, atol=1e-3)
    a, b, c, d = (npv(rate, step) / 1e6 for step in steps)
    assert (a, b - a, c - b, d - c, d) == pytest.approx((prototype, curve, ramp, halls, ours_is), abs=0.0006)
    assert npv(rate, ours()) / 1e6 == pytest.approx(d, rel=1e-9)


def test_our_lease_with_the_prototypes_ramp_and_draws_is_the_prototype():
    # One delivery, draws in one even part, and the ramp exchanged by hand: what is left is equal.
    found = flows(river_bend(rent_usd_per_kw_month=128.0, deliveries=1, draw_curve=(1.0,)), since=MONTHS[:199] - 18)
    ramp = np.clip((MONTHS[:199] - 18) / 6, 0, 1)
    np.testing.assert_allclose(found.noi_usd * ramp - found.capex_usd, prototype_flow(10.5), rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize(("capex", "rents"), [(9.0, (78, 83, 89)), (10.5, (91, 97, 104)), (13.0, (112, 120, 129))])
def test_break_even_rents_of_section_7(capex, rents):
    for rate, expected in zip((0.08, 0.09, 0.10), rents, strict=True):
        flow = prototype_flow(capex)
        cost = npv(rate, np.minimum(flow, 0))
        assert 128 * -cost / (npv(rate, flow) - cost) == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize(("rate", "prototype", "ours_is"), [(0.08, 91, 88.9), (0.09, 97, 95.1), (0.10, 104, 101.5)])
def test_our_break_even_rents_are_lower_by_what_the_prototypes_ramp_loses(rate, prototype, ours_is):
    def break_even(noi: np.ndarray, capex: np.ndarray) -> float:
        return 128 * npv(rate, capex) / npv(rate, noi)

    steps = steps_from_the_prototype(10.5)
    assert break_even(*steps[0]) == pytest.approx(prototype, abs=0.6)
    assert break_even(*steps[3]) == pytest.approx(ours_is, abs=0.05)
    at_it = flows(river_bend(rent_usd_per_kw_month=break_even(*steps[3])), since=MONTHS - 18)
    assert npv(rate, at_it.cash_flow_usd) == pytest.approx(0.0, abs=1e-3)


def test_a_guarantor_of_the_whole_rent_takes_the_loss_out_of_default():
    # With a cap of the whole contract and a hall that is never let again, the guarantor pays exactly what is missed.
    sure = Lease(name="Sure", tenant="T", critical_it_mw=10.0, rent_usd_per_kw_month=120.0)
    risky = sure.model_copy(
        update={"tenant_default_per_year": 0.05, "guarantor_cap_share": 1.0, "reletting_months": 240}
    )
    months = np.arange(-40.0, 220.0)
    one, other = (lease_cash_flows(lease, Finance(), months, np.zeros_like(months)) for lease in (sure, risky))
    assert other.noi_usd == pytest.approx(one.noi_usd, rel=1e-9, abs=1e-6)
