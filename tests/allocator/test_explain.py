"""The worth of limits and break-even rents, by really changing the case and allocating again."""

from __future__ import annotations

from datetime import date

import pytest

from allocator.activities import Kind
from allocator.allocation import allocate
from allocator.break_even import break_evens
from allocator.case import case_from_document
from allocator.explain import shadow_prices, twins
from allocator.files import load_case, read_document
from allocator.flip_points import flip_points
from models.assumptions import InputFaultsError
from tests.allocator.small import VALUATION, document, lease, random_document


def worth(given: dict) -> float:
    """NPV of the case in a file; where its values come from does not matter here."""
    return allocate(case_from_document({**given, "sources": {}})).npv_usd


def moved(given: dict, key: str, step: float) -> dict:
    """The same file with one limit changed by hand, in every stage."""
    table, _, index = key.partition("__")
    changed = {**given, "site": {**given["site"]}, "policy": {**given.get("policy", {})}}
    for name in ("fleets", "purchases", "leases"):
        changed[name] = [dict(row) for row in given.get(name, [])]
    if table == "grid":
        stages = changed["site"]["grid_mw"]
        changed["site"]["grid_mw"] = (
            [{**s, "grid_mw": s["grid_mw"] + step} for s in stages] if isinstance(stages, list) else stages + step
        )
    elif table == "capital":
        stages = changed["policy"]["capital_usd"]
        changed["policy"]["capital_usd"] = (
            [{**s, "usd": s["usd"] + step} for s in stages] if isinstance(stages, list) else stages + step
        )
    elif table == "flexible":
        changed["policy"]["min_flexible_mw"] -= step
    else:
        name, field = {
            "fleet": ("fleets", "facility_mw"),
            "purchase": ("purchases", "max_facility_mw"),
            "offer": ("leases", "critical_it_mw"),
        }[table]
        changed[name][int(index)][field] += step
    return changed


def continuous_cases() -> list[tuple[str, dict]]:
    drawn = []
    for seed in range(4):
        given = random_document(seed, whole=False)
        # One more megawatt of grid also widens shares of it: policies stay, all limits move as the case says.
        given["policy"]["min_flexible_mw"] = 3.0
        drawn.append((f"seed {seed}", given))
    return [("river-bend", read_document("river-bend")), ("brownfield", read_document("brownfield")), *drawn]


@pytest.mark.parametrize(("name", "given"), continuous_cases(), ids=lambda v: v if isinstance(v, str) else "")
def test_a_shadow_price_is_what_really_changing_the_case_brings(name, given):
    plan = allocate(case_from_document(given))
    if any(offer.block_mw for offer in plan.case.leases):
        pytest.skip("whole halls are tested apart")
    tested = 0
    for price in shadow_prices(plan):
        table = price.limit.key.partition("__")[0]
        if table not in {"grid", "capital", "flexible", "fleet", "purchase", "offer"}:
            continue
        try:
            gain = (worth(moved(given, price.limit.key, price.step)) - plan.npv_usd) / price.step
        except InputFaultsError:  # an offer that already fills the site cannot grow
            assert table == "offer"
            continue
        noise = 1e-7 * (1 + abs(plan.npv_usd)) / price.step
        assert price.gain_of_one_more_usd == pytest.approx(gain, rel=1e-5, abs=noise), price.limit.label
        tested += 1
    assert tested >= 4


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_of_one_less_is_what_really_taking_it_away_costs(seed):
    given = random_document(seed, whole=False)
    plan = allocate(case_from_document(given))
    for price in shadow_prices(plan):
        table = price.limit.key.partition("__")[0]
        if table in {"grid", "capital", "fleet", "purchase", "offer"}:
            loss = (plan.npv_usd - worth(moved(given, price.limit.key, -price.step))) / price.step
            noise = 1e-7 * (1 + abs(plan.npv_usd)) / price.step
            assert price.loss_of_one_less_usd == pytest.approx(loss, rel=1e-5, abs=noise), price.limit.label


@pytest.mark.parametrize("seed", range(6))
def test_one_less_never_costs_less_than_one_more_brings_and_the_dual_lies_between(seed):
    plan = allocate(case_from_document(random_document(seed, whole=False)))
    for price in shadow_prices(plan):
        slack = 1e-6 * (1 + abs(plan.npv_usd)) / price.step
        if price.loss_of_one_less_usd is None or price.limit.key == "flexible":
            continue
        assert price.gain_of_one_more_usd <= price.loss_of_one_less_usd + slack
        rows = plan.program.form.row_number
        dual = sum(-plan.answer.row_price[rows[row]] * amount for row, amount in price.limit.moves)
        assert price.gain_of_one_more_usd - slack <= dual <= price.loss_of_one_less_usd + slack, price.limit.label


def test_with_whole_halls_a_limit_is_worth_what_a_real_step_brings():
    given = random_document(3, whole=True)
    plan = allocate(case_from_document(given))
    for price in shadow_prices(plan):
        if price.limit.key.partition("__")[0] in {"grid", "capital"}:
            gain = (worth(moved(given, price.limit.key, price.step)) - plan.npv_usd) / price.step
            assert price.gain_of_one_more_usd == pytest.approx(
                gain, rel=1e-4, abs=1e-6 * abs(plan.npv_usd) / price.step
            )


def at_rent(given: dict, offer: int, rent: float) -> dict:
    leases = [dict(row) for row in given["leases"]]
    leases[offer]["rent_usd_per_kw_month"] = rent
    return {**given, "leases": leases}


def bisected_break_even(given: dict, offer: int, low: float = 0.0, high: float = 1000.0) -> float:
    """The rent at which the plan with the offer becomes worth more than the plan of a case that lacks it."""
    without = worth({**given, "leases": [row for i, row in enumerate(given["leases"]) if i != offer]})
    while high - low > 2e-4 * high:
        middle = (low + high) / 2
        wanted = worth(at_rent(given, offer, middle)) > without + 1e-8 * (1 + abs(without))
        low, high = (low, middle) if wanted else (middle, high)
    return (low + high) / 2


@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_break_even_rent_is_where_allocating_again_first_takes_the_offer(seed, whole):
    given = random_document(seed, whole=whole)
    for found in break_evens(allocate(case_from_document(given))):
        assert found.rent_usd_per_kw_month is not None
        assert found.rent_usd_per_kw_month == pytest.approx(bisected_break_even(given, found.offer), rel=1e-3)


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_templates_break_even_rents_hold_a_tenth_of_a_percent_either_side(name):
    given = read_document(name)
    plan = allocate(case_from_document(given))
    for found in break_evens(plan):
        rent = found.rent_usd_per_kw_month
        assert found.taken == (plan.taken_mw(Kind.LEASE, found.offer) > 1e-6)
        above = allocate(case_from_document({**at_rent(given, found.offer, rent * 1.001), "sources": {}}))
        below = allocate(case_from_document({**at_rent(given, found.offer, rent * 0.999), "sources": {}}))
        without = worth({**given, "leases": [r for i, r in enumerate(given["leases"]) if i != found.offer]})
        assert above.npv_usd > without * (1 + 1e-9)
        assert above.taken_mw(Kind.LEASE, found.offer) > 0
        assert below.npv_usd == pytest.approx(without, rel=1e-6)


def test_a_signed_lease_has_no_break_even_but_a_reason():
    given = document(leases=[lease(committed=True, critical_it_mw=2)])
    (found,) = break_evens(allocate(case_from_document(given)))
    assert found.rent_usd_per_kw_month is None
    assert "signed" in found.reason


def test_an_offer_that_no_rent_brings_in_says_so():
    given = document(policy={"max_hosting_share": 0.0})
    (found,) = break_evens(allocate(case_from_document(given)))
    assert found.rent_usd_per_kw_month is None
    assert "no rent" in found.reason


def test_an_offer_leaves_the_plan_at_its_flip_capex_and_not_before():
    given = document()
    plan = allocate(case_from_document(given))
    point = next(f for f in flip_points(plan) if f.path.endswith("capex_usd_per_kw"))
    assert plan.taken_mw(Kind.LEASE, 0) > 0
    for factor, taken in ((0.999, True), (1.001, False)):
        changed = document(leases=[lease(capex_usd_per_kw=point.flips_at * factor)])
        assert (allocate(case_from_document(changed)).taken_mw(Kind.LEASE, 0) > 1e-6) == taken


@pytest.mark.parametrize("seed", range(4))
def test_twins_are_the_case_with_one_use_struck_out(seed):
    given = random_document(seed, whole=False)
    found = twins(allocate(case_from_document(given)))
    assert found.mine_only_usd == pytest.approx(worth({**given, "leases": []}), rel=1e-6)
    assert found.host_only_usd == pytest.approx(worth({**given, "fleets": [], "purchases": []}), rel=1e-6, abs=1e-3)


def test_a_floor_that_binds_has_a_price():
    given = random_document(4, whole=False)
    plan = allocate(case_from_document(given))
    lower = {**given, "policy": {**given["policy"], "min_flexible_mw": given["policy"]["min_flexible_mw"] - 1}}
    gain = worth(lower) - plan.npv_usd
    assert gain > 1e5
    found = next(p for p in shadow_prices(plan) if p.limit.key == "flexible")
    assert max(abs(found.gain_of_one_more_usd), abs(found.loss_of_one_less_usd)) == pytest.approx(gain, rel=0.5)


def test_a_site_that_is_energised_later_still_has_a_price_of_grid():
    given = document(site={"grid_mw": [{"from": VALUATION, "grid_mw": 0}, {"from": date(2026, 8, 7), "grid_mw": 12}]})
    plan = allocate(case_from_document(given))
    grid = next(p for p in shadow_prices(plan) if p.limit.key == "grid")
    assert grid.gain_of_one_more_usd > 0
    assert grid.loss_of_one_less_usd is not None


def test_the_same_case_is_explained_the_same_way_twice():
    plan = allocate(load_case("brownfield"))
    assert shadow_prices(plan) == shadow_prices(plan)
