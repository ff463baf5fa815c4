"""Figures of a plan, each computed again from its mix."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import numpy_financial as npf
import pytest

from allocator.activities import Kind, Use
from allocator.allocation import allocate
from allocator.case import case_from_document
from allocator.files import load_case
from tests.allocator.small import case, fleet, lease, purchase, random_document


def plans():
    return [load_case("river-bend"), load_case("brownfield"), case(),
            *(case_from_document(random_document(seed, whole=True)) for seed in range(3))]  # fmt: skip


@pytest.mark.parametrize("given", plans(), ids=lambda c: c.name)
def test_the_mix_adds_up_to_the_totals(given):
    plan = allocate(given)
    assert sum(line.npv_usd for line in plan.mix) == pytest.approx(plan.npv_usd, rel=1e-6)
    assert sum(line.capex_usd for line in plan.mix) == pytest.approx(plan.capex_usd, rel=1e-6)
    assert plan.npv_of(Use.MINING) + plan.npv_of(Use.HOSTING) == pytest.approx(plan.npv_usd, rel=1e-9)
    for line in plan.mix:
        ratio = given.leases[line.activity.owner].provisioning_ratio if line.activity.kind is Kind.LEASE else 1.0
        assert line.facility_mw == pytest.approx(ratio * line.units_mw, rel=1e-9)


@pytest.mark.parametrize("given", plans(), ids=lambda c: c.name)
def test_every_answer_carries_a_certificate_within_its_limit(given):
    plan = allocate(given)
    whole = any(offer.block_mw or offer.min_mw for offer in given.leases)
    assert plan.certificate.worst <= (1e-6 if whole else 1e-9)


@pytest.mark.parametrize("given", plans(), ids=lambda c: c.name)
def test_the_irr_is_that_of_what_is_built_or_bought(given):
    plan = allocate(given)
    flow = np.zeros(given.timeline.months + 1)
    for line in plan.mix:
        if line.capex_usd > 0:
            flow += line.units_mw * plan.choices.cash_flow_usd[:, plan.choices.items.index(line.activity)]
    if plan.irr is None:
        assert plan.irr_reason or not flow.any()
        return
    assert plan.irr == pytest.approx((1 + npf.irr(flow)) ** 12 - 1, rel=1e-5)


def test_peak_equity_is_the_deepest_point_of_the_owners_purse():
    plan = allocate(load_case("brownfield"))
    purse, deepest = 0.0, 0.0
    for month in range(plan.case.timeline.months + 1):
        purse += sum(
            line.units_mw * plan.choices.equity_cash_flow_usd[month, plan.choices.items.index(line.activity)]
            for line in plan.mix
        )  # fmt: skip
        deepest = min(deepest, purse)
    assert plan.peak_equity_usd == pytest.approx(-deepest, rel=1e-6)


def test_a_plan_of_machines_owned_today_invests_nothing_and_has_no_return():
    plan = allocate(case(purchases=[], leases=[]))
    assert plan.capex_usd == 0
    assert plan.irr is None
    assert "nothing is invested" in plan.irr_reason
    assert plan.payback_years is None
    assert plan.minimum_dscr is None
    assert plan.npv_usd > 0


def test_the_lowest_cover_is_cash_flow_over_service_of_the_same_month():
    plan = allocate(case(purchases=[], fleets=[], leases=[lease(deliveries=1, ltc=0.8)], policy={}))
    column = plan.choices.items.index(plan.mix[0].activity)
    cash, service = plan.choices.cfads_usd[:, column], plan.choices.debt_service_usd[:, column]
    assert cash[service > 1][0] == pytest.approx(120_000 * 0.986, rel=1e-9)  # the first rent
    expected = min(c / s for c, s in zip(cash, service, strict=True) if s > 1)
    assert plan.minimum_dscr == pytest.approx(expected, rel=1e-9)


def test_the_schedule_has_a_row_a_quarter_with_its_label():
    plan = allocate(case(horizon_years=5))
    assert [row.quarter for row in plan.schedule[:5]] == ["2026Q1", "2026Q2", "2026Q3", "2026Q4", "2027Q1"]
    assert len(plan.schedule) == 20


def test_a_plan_is_frozen():
    with pytest.raises(FrozenInstanceError):
        allocate(case()).solver = "other"


def test_doing_nothing_is_worth_nothing_and_no_plan_is_worth_less():
    ruinous = case(
        fleets=[fleet(resale_usd_per_th=0)], purchases=[purchase(price_usd_per_th=500)],
        leases=[lease(rent_usd_per_kw_month=1)], market={"btc_price_usd": 1_000},
    )  # fmt: skip
    assert allocate(ruinous).npv_usd == pytest.approx(0.0, abs=1e-6)
