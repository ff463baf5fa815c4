"""A lease, against its published terms and a few lines of arithmetic."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import lease as leasing
from models.lease import Lease, Recovery
from models.returns import irr, npv, yield_on_cost


def river_bend(**changed) -> Lease:
    """Hut 8 and Fluidstack, 17 December 2025: 245 critical IT MW, 330 utility MW, 15 years, 3 %, 7.0 bn."""
    signed = {
        "name": "River Bend", "tenant": "Fluidstack", "critical_it_mw": 245.0, "provisioning_ratio": 330 / 245,
        "term_years": 15, "rent_usd_per_kw_month": 128.0157, "escalator_per_year": 0.03, "noi_margin": 0.986,
        "capex_usd_per_kw": 10_500.0, "build_months": 18, "deliveries": 3, "delivery_interval_months": 3,
    }  # fmt: skip
    return Lease(**{**signed, **changed})


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
SINCE = np.arange(-40.0, 40 * 12.0 + 140)


def test_river_bend_is_seven_billion_128_a_month_and_158_70_on_average():
    assert leasing.contract_value_usd(river_bend()) == pytest.approx(7.0e9, rel=1e-5)
    assert leasing.first_year_rent_usd_per_kw_month(7.0e9, 245, 15, 0.03) == pytest.approx(128.0, abs=0.05)
    assert leasing.average_rent_usd_per_kw_month(128.0157, 15, 0.03) == pytest.approx(158.7, abs=0.05)
    assert pytest.approx(158.7, abs=0.05) == 7.0e9 / 15 / 12 / 245_000


def test_river_bend_needs_330_facility_megawatts():
    assert river_bend().critical_it_mw * river_bend().provisioning_ratio == pytest.approx(330.0, rel=1e-12)


@given(LEASES)
def test_billed_rent_adds_up_to_the_contract_value(lease):
    billed = leasing.rent_usd(lease, SINCE).sum() * lease.critical_it_mw
    by_years = sum((1 + lease.escalator_per_year) ** y for y in range(lease.term_years))
    expected = by_years * 12 * 1000 * lease.critical_it_mw * lease.rent_usd_per_kw_month
    assert billed == pytest.approx(expected, rel=1e-9)
    assert leasing.contract_value_usd(lease) == pytest.approx(expected, rel=1e-9)


@given(st.floats(1e6, 1e11), st.floats(1, 1000), st.integers(1, 40), st.floats(-0.1, 0.2))
def test_the_first_years_rent_and_the_contract_value_are_inverses(value, mw, years, escalator):
    rent = leasing.first_year_rent_usd_per_kw_month(value, mw, years, escalator)
    paid = sum(rent * (1 + escalator) ** y for y in range(years)) * 12 * 1000 * mw
    assert paid == pytest.approx(value, rel=1e-9)


def test_without_an_escalator_every_year_pays_the_same():
    assert leasing.first_year_rent_usd_per_kw_month(12e6, 1, 10, 0.0) == pytest.approx(100.0, rel=1e-12)
    assert leasing.average_rent_usd_per_kw_month(100.0, 10, 0.0) == pytest.approx(100.0, rel=1e-12)


@given(st.floats(0.001, 0.2), st.integers(1, 15), st.integers(1, 15))
def test_the_implied_escalator_is_recovered(escalator, years, more):
    def worth(n: int) -> float:
        return sum((1 + escalator) ** y for y in range(n))

    found = leasing.implied_escalator(worth(years), years, worth(years + more), years + more)
    assert found == pytest.approx(escalator, abs=1e-9)


def test_each_hall_pays_from_its_own_delivery_with_its_own_anniversaries():
    lease = river_bend(rent_usd_per_kw_month=100.0)
    rent = dict(zip(SINCE, leasing.rent_usd(lease, SINCE), strict=True))
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
    since = np.arange(-lease.build_months, 140.0)
    drawn = leasing.capex_draws_usd(lease, since)
    assert drawn.sum() == pytest.approx(lease.capex_usd_per_kw * 1000, rel=1e-9)
    assert not drawn[since > leasing.last_delivery_offset_months(lease)].any()


@given(LEASES)
def test_facility_megawatts_are_held_for_the_term_of_each_hall(lease):
    occupied = leasing.occupied_share(lease, SINCE)
    assert occupied.sum() == pytest.approx(12 * lease.term_years, rel=1e-9)
    assert occupied.max() <= 1 + 1e-12
    rent = leasing.rent_usd(lease, SINCE)
    np.testing.assert_array_equal(occupied > 1e-12, rent > 0)


def test_noi_is_the_margin_of_the_rent():
    np.testing.assert_allclose(leasing.noi_usd(np.array([100.0, 0.0]), 0.986), [98.6, 0.0], rtol=1e-12)


def test_river_bends_yield_on_cost_is_14_4_percent():
    # an independent prototype: first-year NOI over 10,500 USD/kW. 128 x 12 x 0.986 / 10,500.
    lease = river_bend(rent_usd_per_kw_month=128.0)
    found = yield_on_cost(leasing.stabilised_noi_usd_per_year(lease), 10_500 * 1000)
    assert found == pytest.approx(128 * 12 * 0.986 / 10_500, rel=1e-12)
    assert found == pytest.approx(0.144, abs=0.0005)


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


@pytest.mark.parametrize(("capex", "worth", "rate_of_return"), SECTION_7)
def test_the_prototypes_lease_is_reproduced(capex, worth, rate_of_return):
    flow = prototype_flow(capex)
    for rate, expected in worth.items():
        assert npv(rate, flow) / 1e6 == pytest.approx(expected, abs=0.0061)
    assert irr(flow) == pytest.approx(rate_of_return, abs=0.0006)


@pytest.mark.parametrize(("capex", "worth", "_rate_of_return"), SECTION_7)
def test_our_lease_differs_from_it_only_by_ramp_and_draw_curve(capex, worth, _rate_of_return):
    lease = river_bend(rent_usd_per_kw_month=128.0, capex_usd_per_kw=capex * 1000)
    since = np.arange(260.0) - 18
    ours = leasing.noi_usd(leasing.rent_usd(lease, since), 0.986) - leasing.capex_draws_usd(lease, since)
    for rate in (0.08, 0.09, 0.10):
        assert npv(rate, ours) / 1e6 == pytest.approx(worth[rate], abs=0.3)


def test_our_lease_with_the_prototypes_ramp_and_draws_is_the_prototype():
    # One delivery, and the two assumptions exchanged by hand: what is left is equal.
    lease = river_bend(rent_usd_per_kw_month=128.0, deliveries=1)
    months = np.arange(199.0)
    ramp = np.clip((months - 18) / 6, 0, 1)
    straight = np.where((months >= 1) & (months <= 18), 10.5e6 / 18, 0.0)
    ours = leasing.noi_usd(leasing.rent_usd(lease, months - 18) * ramp, 0.986) - straight
    np.testing.assert_allclose(ours, prototype_flow(10.5), rtol=1e-12, atol=1e-6)


@pytest.mark.parametrize(("capex", "rents"), [(9.0, (78, 83, 89)), (10.5, (91, 97, 104)), (13.0, (112, 120, 129))])
def test_break_even_rents_of_section_7(capex, rents):
    for rate, expected in zip((0.08, 0.09, 0.10), rents, strict=True):
        flow = prototype_flow(capex)
        cost = npv(rate, np.minimum(flow, 0))
        assert 128 * -cost / (npv(rate, flow) - cost) == pytest.approx(expected, abs=0.6)


# What is read from a file


def test_a_quarter_begins_a_window_on_its_first_day_and_ends_one_on_its_last():
    lease = river_bend(earliest_start="2027Q2", latest_start="Q2 2028")
    assert (lease.earliest_start, lease.latest_start) == (date(2027, 4, 1), date(2028, 6, 30))


def test_recovery_is_one_of_three_words():
    assert river_bend(recovery="modified gross").recovery is Recovery.MODIFIED_GROSS
