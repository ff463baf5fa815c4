"""Cells of the map against allocating the case with both inputs replaced."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.activities import Kind
from allocator.allocation import TAKEN_MW, InfeasibleError, allocate
from allocator.case import Case, case_from_document, replaced
from allocator.files import load_case
from allocator.flip_map import POINTS, POINTS_WHOLE, Axis, FlipMap, around, border, default_axes, flip_map
from tests.allocator.small import case, fleet, lease, purchase, random_document

BTC, POWER = "market.btc_price_usd", "power.price_usd_per_mwh"


def rent(offer: int) -> str:
    return f"leases[{offer}].rent_usd_per_kw_month"


def assert_cells_are_allocations(found: FlipMap, given: Case, cells: int, tolerance: float = 1e-9) -> None:
    rng = np.random.default_rng(7)
    for number in rng.choice(found.npv_usd.size, size=min(cells, found.npv_usd.size), replace=False):
        i, j = divmod(int(number), len(found.lease.values))
        there = replaced(
            replaced(given, found.market.path, found.market.values[i]), found.lease.path, found.lease.values[j]
        )
        plan = allocate(there)
        assert found.npv_usd[i, j] == pytest.approx(plan.npv_usd, rel=tolerance, abs=1e-6), (i, j)
        # Where two plans are worth the same either may be found: then what is taken is no less of an answer.
        shut = there.model_copy(update={"leases": tuple(x for k, x in enumerate(there.leases) if k != found.offer)})
        needed = plan.npv_usd - allocate(shut).npv_usd > 1e-6 * (1 + abs(plan.npv_usd))
        if needed:
            assert found.taken[i, j]
            assert plan.taken_mw(Kind.LEASE, found.offer) > TAKEN_MW


@pytest.mark.parametrize(("name", "offer"), [("river-bend", 0), ("brownfield", 0), ("brownfield", 1)])
def test_a_templates_cells_are_what_allocating_the_replaced_case_gives(name, offer):
    given = load_case(name)
    market, lease_axis = (
        Axis(BTC, around(given.market.btc_price_usd, 6)),
        Axis(rent(offer), around(given.leases[offer].rent_usd_per_kw_month, 6)),
    )
    assert_cells_are_allocations(flip_map(allocate(given), offer, market, lease_axis), given, 8)


@pytest.mark.parametrize("market_path", [BTC, POWER])
@pytest.mark.parametrize("field", ["rent_usd_per_kw_month", "capex_usd_per_kw", "noi_margin"])
def test_cells_of_every_pair_of_inputs_that_the_page_offers_are_allocations(market_path, field):
    given = case_from_document(random_document(6, whole=False))
    today = getattr(given.leases[1], field)
    high = 1.0 if field == "noi_margin" else 1.5
    values = tuple(np.linspace(0.5 * today, min(high * today, 1.0) if field == "noi_margin" else high * today, 4))
    start = given.market.btc_price_usd if market_path == BTC else given.power.price_usd_per_mwh
    found = flip_map(allocate(given), 1, Axis(market_path, around(start, 4)), Axis(f"leases[1].{field}", values))
    assert_cells_are_allocations(found, given, 16)


@pytest.mark.parametrize("market_path", [BTC, POWER])
def test_cells_of_a_lease_whose_landlord_pays_for_power_are_allocations_too(market_path):
    gross = lease(recovery="gross", rent_usd_per_kw_month=160)
    given = case(leases=[gross, lease(name="Net", tenant="Beta", critical_it_mw=4)])
    start = given.market.btc_price_usd if market_path == BTC else given.power.price_usd_per_mwh
    for offer in (0, 1):
        today = given.leases[offer].rent_usd_per_kw_month
        found = flip_map(
            allocate(given), offer, Axis(market_path, around(start, 5)), Axis(rent(offer), around(today, 5))
        )
        assert_cells_are_allocations(found, given, 12)


def test_cells_of_a_site_that_must_survive_a_stress_and_may_sell_bitcoin_are_allocations():
    # At the lowest rents the offer, of which the landlord runs the halls, carries no debt at all.
    offer = lease(recovery="modified gross", running_cost_usd_per_kw_month=40, rent_usd_per_kw_month=70)
    policy = {"capital_usd": 6e6, "stresses": ["price falls", "lease late"], "minimum_cover": 1.0,
              "minimum_cash_usd": 5e5, "treasury_btc": 20}  # fmt: skip
    given = case(horizon_years=8, fleets=[fleet(remaining_life_years=5)], leases=[offer], policy=policy)
    found = flip_map(allocate(given), 0, Axis(BTC, around(90_000.0, 5)), Axis(rent(0), around(70.0, 5)))
    assert_cells_are_allocations(found, given, 25)


def test_cells_of_whole_halls_are_allocations():
    given = case_from_document(random_document(5, whole=True))
    axes = (
        Axis(BTC, around(given.market.btc_price_usd, 3)),
        Axis(rent(0), around(given.leases[0].rent_usd_per_kw_month, 3)),
    )
    found = flip_map(allocate(given), 0, *axes)
    assert_cells_are_allocations(found, given, 6, tolerance=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_more_rent_never_drives_an_offer_out_nor_lowers_the_value(seed):
    # With every dollar at hand, an offer that is wanted at a rent is wanted at a higher one.
    given = case_from_document({**random_document(seed, whole=False), "policy": {}})
    for offer in range(3):
        today = given.leases[offer].rent_usd_per_kw_month
        found = flip_map(
            allocate(given),
            offer,
            Axis(BTC, around(given.market.btc_price_usd, 5)),
            Axis(rent(offer), around(today, 9)),
        )
        assert (np.diff(found.npv_usd, axis=1) >= -1e-6 * (1 + np.abs(found.npv_usd[:, 1:]))).all()
        assert (np.diff(found.taken.astype(int), axis=1) >= 0).all()
        line = border(found)
        for row, (lowest, held) in enumerate(zip(line, found.taken, strict=True)):
            assert (lowest is None) == (not held.any()), row
            assert held.tolist() == [lowest is not None and value >= lowest for value in found.lease.values]


def test_a_border_by_capex_is_the_most_that_the_halls_may_cost():
    given = case(policy={})
    values = tuple(np.linspace(2_000.0, 9_000.0, 8))
    found = flip_map(allocate(given), 0, Axis(BTC, around(90_000.0, 3)), Axis("leases[0].capex_usd_per_kw", values))
    for highest, held in zip(border(found), found.taken, strict=True):
        assert held.any()
        assert not held.all()
        assert held.tolist() == [value <= highest for value in values]


def test_a_cell_without_a_plan_is_not_a_number():
    # Signed with exactly the equity it takes today: dearer halls cannot be paid for.
    signed = lease(committed=True, min_mw=4)
    given = case(leases=[signed], policy={"capital_usd": 6.2e6}, fleets=[], purchases=[purchase()])
    values = (2_000.0, 2_500.0, 4_000.0, 6_000.0)
    found = flip_map(allocate(given), 0, Axis(BTC, around(90_000.0, 3)), Axis("leases[0].capex_usd_per_kw", values))
    lost = np.isnan(found.npv_usd)
    assert lost.any()
    assert not lost.all()
    assert (np.isnan(found.taken_mw) == lost).all()
    assert (np.isnan(found.mined_mw) == lost).all()
    assert not found.taken[lost].any()
    for i, price in enumerate(found.market.values):
        for j, capex in enumerate(values):
            there = replaced(replaced(given, BTC, price), "leases[0].capex_usd_per_kw", capex)
            if lost[i, j]:
                with pytest.raises(InfeasibleError):
                    allocate(there)
            else:
                assert found.npv_usd[i, j] == pytest.approx(allocate(there).npv_usd, rel=1e-9)


def test_most_that_mines_is_counted_quarter_by_quarter():
    given = case()
    found = flip_map(allocate(given), 0, Axis(BTC, (60_000.0, 90_000.0)), Axis(rent(0), (60.0, 120.0)))
    for i, price in enumerate(found.market.values):
        for j, asked in enumerate(found.lease.values):
            plan = allocate(replaced(replaced(given, BTC, price), rent(0), asked))
            most = max(row.mining_mw for row in plan.schedule)
            assert found.mined_mw[i, j] == pytest.approx(most, abs=1e-6)


def test_axes_run_from_half_to_one_and_a_half_of_today_and_are_coarser_for_whole_halls():
    plan = allocate(case())
    market, asked = default_axes(plan, 0)
    assert (market.path, asked.path) == (BTC, rent(0))
    assert (market.values[0], market.values[-1], len(market.values)) == (45_000.0, 135_000.0, POINTS)
    assert (asked.values[0], asked.values[-1]) == (60.0, 180.0)
    assert 90_000.0 in market.values
    halls = default_axes(allocate(case(leases=[lease(block_mw=2)])), 0)
    assert {len(axis.values) for axis in halls} == {POINTS_WHOLE}
