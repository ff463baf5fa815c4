"""What a kW costs its tenant, against hand arithmetic for each recovery structure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rent import Recovery
from models.tenant_view import levelised_usd_per_month
from tests.models.offers import offer, sheet_of

POWER = 0.8 * 1.25 * 730.5 * 50.0 / 1000
"""USD/kW-month at 50 USD/MWh: load x PUE x hours x price."""


@pytest.mark.parametrize(
    ("recovery", "running", "power"),
    [(Recovery.NNN, 10.0, POWER), (Recovery.MODIFIED_GROSS, 0.0, POWER), (Recovery.GROSS, 0.0, 0.0)],
)
def test_the_tenant_pays_beside_rent_what_its_lease_says(recovery, running, power):
    lease = offer(recovery=recovery, running_cost_usd_per_kw_month=10.0, load_factor=0.8, pue=1.25)
    view = sheet_of(lease, power_usd_per_mwh=50.0).tenant
    assert view.rent_year_one_usd_per_kw_month == pytest.approx(100.0, rel=1e-12)
    assert view.running_cost_year_one_usd_per_kw_month == pytest.approx(running, rel=1e-12)
    assert view.power_year_one_usd_per_kw_month == pytest.approx(power, rel=1e-12)
    assert view.occupancy_cost_year_one_usd_per_kw_month == pytest.approx(100.0 + running + power, rel=1e-12)


def test_the_average_over_river_bends_term_is_158_70_where_power_is_free():
    lease = offer(rent_usd_per_kw_month=128.0157, escalator_per_year=0.03, term_years=15)
    view = sheet_of(lease, power_usd_per_mwh=0.0).tenant
    assert view.occupancy_cost_average_usd_per_kw_month == pytest.approx(158.7, abs=0.05)


def test_a_free_half_year_halves_the_first_years_rent():
    view = sheet_of(offer(free_rent_months=6)).tenant
    assert view.rent_year_one_usd_per_kw_month == pytest.approx(50.0, rel=1e-12)


def test_a_delay_moves_the_term_and_changes_no_cost_at_an_even_price():
    on_time, late = (sheet_of(offer(escalator_per_year=0.03, delay_months=d)).tenant for d in (0, 7))
    assert on_time == late


@given(st.floats(1, 500), st.floats(0, 0.3), st.integers(1, 400))
def test_an_even_cost_is_its_own_levelised_cost(cost, rate, months):
    assert levelised_usd_per_month(np.full(months, cost), rate) == pytest.approx(cost, rel=1e-9)


def test_levelising_weighs_early_months_more():
    # (100 / 1.08 + 200 / 1.08**2) over (1 / 1.08 + 1 / 1.08**2), in months a year apart
    cost = np.array([*[0.0] * 11, 100.0, *[0.0] * 11, 200.0])
    factors = 1.08 ** (-np.arange(1.0, 25) / 12)
    expected = (100 / 1.08 + 200 / 1.08**2) / factors.sum()
    assert levelised_usd_per_month(cost, 0.08) == pytest.approx(expected, rel=1e-12)
    rising = sheet_of(offer(escalator_per_year=0.03)).tenant
    assert rising.occupancy_cost_levelised_usd_per_kw_month < rising.occupancy_cost_average_usd_per_kw_month
