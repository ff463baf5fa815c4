"""Break-even rents against plain bisection over whole allocations, and how few programs they take to find."""

from __future__ import annotations

from typing import Any

import pytest

from allocator import break_even
from allocator.activities import Kind, activities
from allocator.allocation import TAKEN_MW, Allocation, allocate, allocation_of
from allocator.break_even import BreakEven, break_evens
from allocator.case import Case, case_from_document, replaced
from allocator.files import load_case
from allocator.program.build import build
from allocator.program.solve import LiveProgram
from tests.allocator.small import case, document, fleet, lease, random_document

CLOSE_USD_PER_KW_MONTH = 0.01
MOST_SOLVES = 5
"""Four, and one that confirms."""
SEEDS_WHOLE = (1, 5, 9, 13)


def bisected(given: Case, offer: int, near: float) -> float:
    """The rent at which the case is first worth more than the same case without the offer, allocated at each step.

    Brackets around ``near`` are widened until they hold it; nothing else is taken from there.
    """
    without = allocate(given.model_copy(update={"leases": _others(given, offer)})).npv_usd
    choices = activities(given)

    def wanted(rent: float) -> bool:
        changed = activities(replaced(given, f"leases[{offer}].rent_usd_per_kw_month", rent), reuse=choices)
        return allocation_of(build(changed)).npv_usd > without + 2e-9 * (1.0 + abs(without))

    low, high, step = near - 1.0, near + 1.0, 1.0
    while low > 0 and wanted(low):
        low, step = low - 2 * step, 2 * step
    while not wanted(high):
        high, step = high + 2 * step, 2 * step
    low = max(low, 0.0)
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if wanted(middle) else (middle, high)
    return 0.5 * (low + high)


def _others(given: Case, offer: int) -> tuple[Any, ...]:
    """The other offers, and none that needs the one that is left out."""
    gone = given.leases[offer].name
    return tuple(x for i, x in enumerate(given.leases) if i != offer and x.first_offer_with != gone)


def assert_is_bisected(given: Case, found: BreakEven) -> None:
    assert found.rent_usd_per_kw_month is not None
    at = bisected(given, found.offer, found.rent_usd_per_kw_month)
    # A gap of a billionth of the plan's value is no gap to either search; flat slopes turn that into more rent.
    assert found.rent_usd_per_kw_month == pytest.approx(at, abs=CLOSE_USD_PER_KW_MONTH), found.name


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_templates_break_even_is_where_bisection_over_allocate_finds_it(name):
    given = load_case(name)
    for found in break_evens(allocate(given)):
        assert_is_bisected(given, found)


@pytest.mark.parametrize("seed", range(16))
def test_a_random_break_even_is_where_bisection_over_allocate_finds_it(seed):
    given = case_from_document(random_document(seed, whole=False))
    for found in break_evens(allocate(given)):
        assert_is_bisected(given, found)


@pytest.mark.parametrize("seed", SEEDS_WHOLE)
def test_a_break_even_with_whole_halls_is_where_bisection_over_allocate_finds_it(seed):
    given = case_from_document(random_document(seed, whole=True))
    for found in break_evens(allocate(given)):
        assert_is_bisected(given, found)


def test_the_random_cases_hold_offers_that_are_taken_and_offers_that_are_refused():
    for whole, seeds in ((False, range(16)), (True, SEEDS_WHOLE)):
        plans = [allocate(case_from_document(random_document(seed, whole=whole))) for seed in seeds]
        assert {plan.taken_mw(Kind.LEASE, i) > TAKEN_MW for plan in plans for i in range(3)} == {True, False}


@pytest.mark.parametrize("stress", ["price falls", "lease late"])
def test_a_break_even_of_a_site_that_must_be_covered_in_a_stress_is_where_bisection_finds_it(stress):
    # Below a rent of 40 USD/kW-month, what it costs to run, the offer carries no debt at all.
    offer = lease(recovery="modified gross", running_cost_usd_per_kw_month=40, rent_usd_per_kw_month=70)
    policy = {"capital_usd": 2e7, "stresses": [stress], "minimum_cover": 1.0, "minimum_cash_usd": 1e6}
    given = case(horizon_years=8, fleets=[fleet(remaining_life_years=5)], leases=[offer], policy=policy)
    (found,) = break_evens(allocate(given))
    assert_is_bisected(given, found)


# How few programs it takes


def solves(plan: Allocation, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls of the solver for each offer of a plan that is solved already; none for a signed one."""
    counts: list[int] = []
    answer, closed = LiveProgram.answer, break_even.closed

    def counted(self: LiveProgram) -> Any:
        counts[-1] += 1
        return answer(self)

    def next_offer(*arguments: Any) -> Any:
        counts.append(0)
        return closed(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(LiveProgram, "answer", counted)
        patched.setattr(break_even, "closed", next_offer)
        break_evens(plan)
    return counts


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_templates_break_even_takes_four_solves_and_one_that_confirms(name, monkeypatch):
    plan = allocate(load_case(name))
    counts = solves(plan, monkeypatch)
    assert len(counts) == len(plan.case.leases)
    assert max(counts) <= MOST_SOLVES


def test_most_random_break_evens_take_as_few_and_none_as_many_as_bisection(monkeypatch):
    # Where capital bends the value between the first rent tried and the break-even, Newton's steps are more.
    plans = [allocate(case_from_document(random_document(seed, whole=False))) for seed in range(24)]
    counts = [count for plan in plans for count in solves(plan, monkeypatch)]
    assert sum(count <= MOST_SOLVES for count in counts) >= 0.75 * len(counts)
    # From 0 to 1,000 USD/kW-month in halves down to a cent: 17, and the plan without the offer.
    assert max(counts) < 18


# Offers without one


def test_a_signed_offer_has_no_break_even_and_is_not_solved_for(monkeypatch):
    plan = allocate(case(leases=[lease(committed=True, critical_it_mw=2)]))
    assert solves(plan, monkeypatch) == []
    (found,) = break_evens(plan)
    assert (found.rent_usd_per_kw_month, found.reason) == (None, "signed: it is delivered at any rent")


@pytest.mark.parametrize(
    "never",
    [{"policy": {"max_hosting_share": 0.0}}, {"leases": [lease(capex_usd_per_kw=100_000, noi_margin=0.01)]}],
    ids=["nothing may host", "hardly any rent is left"],
)
def test_an_offer_that_pays_at_no_rent_up_to_5000_says_so(never):
    (found,) = break_evens(allocate(case_from_document(document(**{"policy": {}, **never}))))
    assert found.rent_usd_per_kw_month is None
    assert found.reason == "no rent up to 5,000 USD/kW-month brings it in"
    assert not found.taken


def test_an_offer_that_pays_without_any_rent_breaks_even_at_none():
    # The site earns nothing else, and the hall costs nothing: any rent at all is welcome.
    free = lease(capex_usd_per_kw=0.0, ltc=0.0)
    (found,) = break_evens(allocate(case(leases=[free], fleets=[], purchases=[], policy={})))
    assert found.rent_usd_per_kw_month == pytest.approx(0.0, abs=CLOSE_USD_PER_KW_MONTH)
    assert found.taken
