"""The best mix of mean and CVaR, against the textbook's program with one row a path; what is promised of its gap."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from allocator.activities import activities
from allocator.case import Case, case_from_document
from allocator.files import load_case
from allocator.program.build import Program, build
from allocator.program.solve import LiveProgram
from allocator.risk.cutting_planes import GAP, WHOLE_HALL_GAP, RiskAverse, TailSearch, UnattainableError, frontier
from allocator.risk.futures import Futures
from allocator.risk.path_values import PathValues, path_values
from allocator.risk.tails import cvar
from tests.allocator import small
from tests.allocator.risk.one_row_per_path import textbook_optimum, values_by_path
from tests.allocator.small import random_document

LEVEL = 0.95
WEIGHTS = (0.0, 0.3, 0.7, 1.0)


@cache
def posed(name: str, paths: int = 2_000) -> tuple[Program, PathValues]:
    """A template, or a random case by its number, "whole" for one with whole halls; drawn once for all tests."""
    if name in ("river-bend", "brownfield"):
        case = load_case(name)
    else:
        kind, seed = name.split()
        case = case_from_document(random_document(int(seed), whole=kind == "whole"))
    return posed_case(case, paths)


def posed_case(case: Case, paths: int, seed: int = 1) -> tuple[Program, PathValues]:
    choices = activities(case)
    return build(choices), path_values(choices, Futures(case, paths, seed))


def assert_allowed(program: Program, units: np.ndarray) -> None:
    """The program has a plan with just these units, but for ten watts."""
    lower, upper = program.form.column_lower.copy(), program.form.column_upper.copy()
    steps = units / program.columns.units_per_step
    at = program.activity_column
    lower[at], upper[at] = np.maximum(lower[at], steps - 1e-5), np.minimum(upper[at], steps + 1e-5)
    assert LiveProgram(replace(program.form, column_lower=lower, column_upper=upper)).value() is not None


def assert_sound(found: RiskAverse, values: PathValues) -> None:
    """Figures are those of the plan on the paths, and the bound is no lower."""
    worth = values_by_path(values) @ found.units
    assert found.mean_usd == pytest.approx(worth.mean(), rel=1e-9, abs=1.0)
    assert found.cvar_usd == pytest.approx(cvar(worth, LEVEL), rel=1e-9, abs=1.0)
    assert found.bound_usd >= found.objective_usd - 1e-9 * (1 + abs(found.objective_usd))
    open_usd = found.bound_usd - found.objective_usd
    assert found.gap == pytest.approx(open_usd / (1 + abs(found.objective_usd)), abs=1e-9)


# The textbook's program


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("name", ["loose 3", "loose 11", "brownfield"])
def test_the_optimum_is_that_of_one_row_per_path(name, weight):
    program, values = posed(name)
    expected = textbook_optimum(program, values_by_path(values), LEVEL, weight)
    found = TailSearch(program, values, LEVEL).best(weight)
    assert found.objective_usd == pytest.approx(expected, rel=2 * GAP)
    assert found.gap <= GAP
    assert_sound(found, values)
    assert_allowed(program, found.units)


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("name", ["whole 5", "whole 9"])
def test_with_whole_halls_it_is_that_of_the_integer_program_of_one_row_per_path(name, weight):
    program, values = posed(name, 400)
    expected = textbook_optimum(program, values_by_path(values), LEVEL, weight, whole=True)
    found = TailSearch(program, values, LEVEL).best(weight)
    assert program.form.integer.any()
    assert found.objective_usd == pytest.approx(expected, rel=2 * WHOLE_HALL_GAP)
    assert_sound(found, values)
    for activity, units in zip(program.choices.items, found.units, strict=True):
        block = program.choices.case.leases[activity.owner].block_mw if activity.kind == "lease" else 0.0
        assert not block or units / block == pytest.approx(round(units / block), abs=1e-6)
    assert_allowed(program, found.units)


@pytest.mark.parametrize("weight", [0.0, 0.3])
@pytest.mark.parametrize("name", ["loose 3", "brownfield", "whole 5"])
def test_a_cvar_that_is_asked_for_costs_as_much_as_one_row_per_path_says(name, weight):
    whole = name.startswith("whole")
    program, values = posed(name, 400) if whole else posed(name)
    free, safest = (TailSearch(program, values, LEVEL).best(w) for w in (weight, 1.0))
    least = 0.4 * free.cvar_usd + 0.6 * safest.cvar_usd
    assert least > free.cvar_usd
    found = TailSearch(program, values, LEVEL, least_cvar_usd=least).best(weight)
    expected = textbook_optimum(program, values_by_path(values), LEVEL, weight, least, whole=whole)
    gap = WHOLE_HALL_GAP if whole else GAP
    assert found.cvar_usd >= least - gap * (1 + abs(least))
    # What the CVaR may fall short by is worth up to a few dollars of mean a dollar.
    assert found.objective_usd == pytest.approx(expected, rel=10 * gap)
    assert found.objective_usd < free.objective_usd * (1 - 1e-4)
    assert_sound(found, values)
    assert_allowed(program, found.units)


def test_a_cvar_that_no_plan_has_is_refused_with_the_most_that_any_has():
    program, values = posed("loose 3")
    most = textbook_optimum(program, values_by_path(values), LEVEL, 1.0)
    with pytest.raises(UnattainableError) as refused:
        TailSearch(program, values, LEVEL, least_cvar_usd=1.05 * most).best(0.2)
    assert refused.value.most_usd == pytest.approx(most, rel=2 * GAP)
    assert f"no plan has a CVaR of {1.05 * most:,.0f} USD" in str(refused.value)
    assert f"the most that any has is {refused.value.most_usd:,.0f} USD" in str(refused.value)
    attained = TailSearch(program, values, LEVEL, least_cvar_usd=0.999 * most).best(0.2)
    assert attained.cvar_usd >= 0.999 * most - GAP * most


# What is promised of the gap


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_search_that_is_cut_short_says_how_much_is_open(rounds):
    program, values = posed("brownfield")
    short = TailSearch(program, values, LEVEL, most_rounds=rounds).best(1.0)
    truth = textbook_optimum(program, values_by_path(values), LEVEL, 1.0)
    assert short.passes == rounds
    assert short.gap > 1e-3
    assert short.objective_usd <= truth * (1 + 1e-9)
    assert short.bound_usd >= truth * (1 - 1e-9)
    assert_sound(short, values)
    assert_allowed(program, short.units)


def test_a_wider_gap_takes_fewer_passes_and_keeps_its_word():
    program, values = posed("brownfield")
    truth = textbook_optimum(program, values_by_path(values), LEVEL, 1.0)
    passes = []
    for gap in (1e-2, 1e-4, 1e-7):
        found = TailSearch(program, values, LEVEL, gap=gap).best(1.0)
        passes.append(found.passes)
        assert found.gap <= gap
        assert truth * (1 - 2 * gap) <= found.objective_usd <= truth * (1 + 1e-9)
    assert passes == sorted(passes)
    assert passes[0] < passes[-1]


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_template_takes_at_most_sixty_passes_over_ten_thousand_paths(name):
    program, values = posed(name, 10_000)
    for weight in (0.0, 0.2, 0.5, 0.9, 1.0):
        found = TailSearch(program, values, LEVEL).best(weight)
        assert found.gap <= GAP
        assert found.passes <= 60, weight


# The frontier


TENTHS = tuple(w / 10 for w in range(11))


@cache
def frontier_of(name: str) -> tuple[RiskAverse, ...]:
    return frontier(TailSearch(*posed(name), LEVEL), TENTHS)


@pytest.mark.parametrize("name", ["loose 3", "loose 11", "brownfield"])
def test_along_the_frontier_the_mean_falls_and_the_tail_rises_and_it_is_concave(name):
    found = frontier_of(name)
    for point in found:
        slack = 2 * GAP * (1 + abs(point.objective_usd))
        for other in found:  # no other plan is better at this weight: the points lie on a concave curve, in order
            theirs = (1 - point.risk_weight) * other.mean_usd + point.risk_weight * other.cvar_usd
            assert theirs <= point.objective_usd + slack
    size = GAP * (1 + max(abs(p.mean_usd) for p in found))
    slopes = []
    for one, two in pairwise(found):
        assert two.mean_usd <= one.mean_usd + 20 * size
        assert two.cvar_usd >= one.cvar_usd - 20 * size
        if two.cvar_usd - one.cvar_usd > 1_000 * size:
            slopes.append((one.mean_usd - two.mean_usd) / (two.cvar_usd - one.cvar_usd))
    assert slopes == sorted(slopes)
    assert found[-1].cvar_usd > found[0].cvar_usd


def test_one_pool_of_cuts_for_all_weights_finds_the_same_in_fewer_passes_than_one_for_each():
    together = frontier_of("brownfield")
    alone = [TailSearch(*posed("brownfield"), LEVEL).best(w) for w in TENTHS]
    for one, other in zip(together, alone, strict=True):
        assert one.objective_usd == pytest.approx(other.objective_usd, rel=2 * GAP)
    assert sum(p.passes for p in together) < sum(p.passes for p in alone)


@pytest.mark.parametrize("seed", [3, 11])
def test_one_more_offer_never_lowers_the_objective_of_any_weight(seed):
    given = random_document(seed, whole=False)
    more = {**given, "leases": [*given["leases"], small.lease(name="Fourth", tenant="Third", latest_start="2028Q2")]}
    found = []
    for document in (given, more):
        program, values = posed_case(case_from_document(document), 1_000)
        search = TailSearch(program, values, LEVEL)
        found.append([p.objective_usd for p in frontier(search, (0.0, 0.25, 0.5, 0.75, 1.0))])
    for before, after in zip(*found, strict=True):
        assert after >= before - 2 * GAP * (1 + abs(before))


def test_with_nothing_to_decide_the_plan_is_empty_and_worth_nothing():
    program, values = posed_case(
        small.case(fleets=[], purchases=[], leases=[small.lease(rent_usd_per_kw_month=1)]), 200
    )
    for weight in (0.0, 0.5, 1.0):
        found = TailSearch(program, values, LEVEL).best(weight)
        assert found.objective_usd == 0.0
        assert not found.units.any()
        assert found.gap <= GAP
