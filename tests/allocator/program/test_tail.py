"""The program of mean and tail: cuts bound the tail, the weight weighs it, the site's own rows still hold."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.activities import activities
from allocator.allocation import allocation_of
from allocator.case import Case, case_from_document
from allocator.program.build import build
from allocator.program.solve import Status
from allocator.program.tail import MOST_USD, TailProgram
from tests.allocator.program.dense import best_npv_usd
from tests.allocator.small import case, lease, random_document


def drawn(seed: int, *, whole: bool) -> Case:
    return case_from_document(random_document(seed, whole=whole))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [False, True], ids=["continuous", "whole halls"])
def test_without_weight_on_the_tail_it_is_the_program_of_the_case(seed, whole):
    program = build(activities(drawn(seed, whole=whole)))
    live = TailProgram(program)
    live.weigh(program.choices.npv_usd, 0.0)
    found, units = live.plan()
    expected = best_npv_usd(program.choices)
    assert -found.objective == pytest.approx(expected, rel=1e-6)
    assert program.choices.npv_usd @ units == pytest.approx(expected, rel=1e-6)
    if not whole:
        assert -found.objective == pytest.approx(allocation_of(program).npv_usd, rel=1e-9)


def test_the_relaxed_program_is_worth_at_least_as_much_and_forgets_the_halls():
    seen = 0
    for seed in range(6):
        program = build(activities(drawn(seed, whole=True)))
        worth = []
        for relaxed in (False, True):
            live = TailProgram(program, relaxed=relaxed)
            live.weigh(program.choices.npv_usd, 0.0)
            worth.append(-live.plan()[0].objective)
            assert live.has_integers is not relaxed
        assert worth[1] >= worth[0] * (1 - 1e-6)
        seen += worth[1] > worth[0] * (1 + 1e-4)
    assert seen > 0


def test_the_tail_is_worth_no_more_than_any_cut_says():
    program = build(activities(case()))
    npv = program.choices.npv_usd
    live = TailProgram(program)
    live.weigh(npv, 1.0)
    live.add_cut(npv)
    whole = -live.plan()[0].objective
    assert whole == pytest.approx(best_npv_usd(program.choices), rel=1e-9)
    live.add_cut(0.5 * npv)
    assert -live.plan()[0].objective == pytest.approx(0.5 * whole, rel=1e-9)
    live.add_cut(-0.25 * npv)  # the better a plan, the worse its tail: nothing is taken
    assert -live.plan()[0].objective == pytest.approx(0.0, abs=1e-3)
    assert live.cuts == 3


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_mean_and_tail_are_weighed_as_said_whatever_was_asked_before(weight):
    program = build(activities(case()))
    npv = program.choices.npv_usd
    live = TailProgram(program)
    live.add_cut(0.4 * npv)
    best = best_npv_usd(program.choices)
    for asked in (1.0, weight):
        live.weigh(npv, asked)
        assert -live.plan()[0].objective == pytest.approx((1 - asked + 0.4 * asked) * best, rel=1e-9)


def test_a_cut_counts_whole_halls_in_megawatts():
    offer = lease(critical_it_mw=8, block_mw=2, rent_usd_per_kw_month=200)
    program = build(activities(case(leases=[offer], fleets=[], purchases=[], policy={})))
    live = TailProgram(program)
    live.weigh(np.zeros(len(program.choices.items)), 1.0)
    live.add_cut(np.full(len(program.choices.items), 3.0))
    found, units = live.plan()
    assert -found.objective == pytest.approx(3.0 * 8, rel=1e-9)
    assert units.sum() == pytest.approx(8, rel=1e-9)


def test_a_tail_that_no_plan_reaches_leaves_no_plan():
    program = build(activities(case()))
    npv = program.choices.npv_usd
    best = best_npv_usd(program.choices)
    live = TailProgram(program)
    live.weigh(npv, 0.0)
    live.add_cut(0.5 * npv)
    for least, reached in ((0.4 * best, True), (0.6 * best, False), (-np.inf, True), (0.5 * best * (1 - 1e-9), True)):
        live.hold_tail(least)
        found, units = live.plan()
        assert (found.status is Status.OPTIMAL) is reached
        assert len(units) == (len(npv) if reached else 0)


def test_without_a_cut_the_tail_has_an_end():
    program = build(activities(case()))
    live = TailProgram(program)
    live.weigh(program.choices.npv_usd, 1.0)
    assert -live.plan()[0].objective == pytest.approx(MOST_USD, rel=1e-12)
