"""Rows of cover: what an offer that nobody takes must not do to them, and what a loan asks of the rest of the site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from allocator.activities import activities
from allocator.allocation import allocate
from allocator.case import Case, replaced
from allocator.explain import twins
from allocator.program.build import build
from allocator.stress import Stress
from allocator.stress_table import stress_table
from tests.allocator.small import case, fleet, lease

HOPELESS = lease(rent_usd_per_kw_month=20, capex_usd_per_kw=9_000)


def miners(*offers: dict[str, Any], stress: Stress = Stress.PRICE_FALLS, **policy: Any) -> Case:
    """Machines that earn today and lose money in later quarters of the stress."""
    policy = {"capital_usd": 9e6, "stresses": [stress], "minimum_cover": 1.0, **policy}
    return case(
        horizon_years=8, fleets=[fleet(remaining_life_years=5)], purchases=[], leases=list(offers), policy=policy
    )


@pytest.mark.parametrize("stress", [Stress.PRICE_FALLS, Stress.HASHPRICE_LOW, Stress.WINTER_STORM])
def test_an_offer_that_nobody_takes_does_not_forbid_machines_to_lose_money_in_a_stress(stress):
    alone = allocate(miners(stress=stress))
    beside = allocate(miners(HOPELESS, stress=stress))
    assert beside.npv_usd == pytest.approx(alone.npv_usd, rel=1e-9)
    assert twins(beside).mine_only_usd == pytest.approx(alone.npv_usd, rel=1e-9)


def test_machines_lose_money_in_some_quarter_of_that_stress_in_which_the_offer_would_owe():
    plan = allocate(miners(HOPELESS))
    worse, owed = plan.choices.stressed[Stress.PRICE_FALLS], plan.choices.debt_service_usd.any(axis=1)
    assert (worse.operating_cash_usd @ plan.units)[owed].min() < 0


@pytest.mark.parametrize("field", ["rent_usd_per_kw_month", "ltc", "capex_usd_per_kw"])
def test_terms_of_an_offer_move_no_row(field):
    given = miners(lease(recovery="modified gross", running_cost_usd_per_kw_month=40))
    names = {build(activities(replaced(given, f"leases[0].{field}", value))).form.row_names for value in (0.0, 1.0)}
    assert names == {build(activities(given)).form.row_names}
    assert any(name.startswith("cover__") for name in build(activities(given)).form.row_names)


def test_the_table_of_stresses_counts_cover_as_the_rows_do():
    asked = 2.5
    given = miners(lease(term_years=4, ltc=0.95, dscr=1.0, rent_usd_per_kw_month=150), minimum_cover=asked)
    plan = allocate(given)
    found = next(row for row in stress_table(plan) if row.stress is Stress.PRICE_FALLS)
    assert found.least_cover is not None
    assert found.least_cover >= asked * (1 - 1e-9)
    assert plan.npv_usd < allocate(replaced(given, "policy.minimum_cover", 0.0)).npv_usd


def test_a_row_of_cover_is_cash_less_service_activity_by_activity():
    given = miners(lease(), minimum_cover=1.3)
    program = build(activities(given))
    choices, worse = program.choices, program.choices.stressed[Stress.PRICE_FALLS]
    rows = [name for name in program.form.row_names if name.startswith("cover__0__")]
    units = np.random.default_rng(0).uniform(0, 5, len(choices.items))
    y = np.zeros(len(program.form.cost))
    y[program.activity_column] = units
    for name in rows:
        quarter, expected = int(name[-3:]), 0.0
        for j, mw in enumerate(units):
            cash = sum(worse.operating_cash_usd[3 * quarter + m, j] for m in (1, 2, 3))
            due = sum(choices.debt_service_usd[3 * quarter + m, j] for m in (1, 2, 3))
            expected += mw * ((cash if due > 0 else max(0.0, cash)) - 1.3 * due)
        row = program.form.row_number[name]
        assert program.form.times(y)[row] == pytest.approx(expected, rel=1e-9, abs=1e-3)
        assert program.form.row_lower[row] == 0.0
    assert len(rows) >= 12
