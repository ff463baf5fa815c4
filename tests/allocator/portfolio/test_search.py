"""Prices of common limits: what they prove holds for every budget and every set of sites."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.portfolio.common import common_limits
from allocator.portfolio.mandate import Mandate, SiteTerms
from allocator.portfolio.search import Question, Search
from allocator.portfolio.site_problem import SiteProblem, site_problem
from allocator.program.certificate import breach
from allocator.program.solve import Status
from tests.allocator.portfolio.small_sites import candidates

TERMS = {0: SiteTerms(exclusive_group="a"), 1: SiteTerms(exclusive_group="a"),
         2: SiteTerms(must_do=True, minimum_ticket_usd=3e6)}  # fmt: skip
MANDATE = Mandate(capital_usd=20e6, max_debt_usd=40e6)


@pytest.fixture(scope="module")
def search() -> Search:
    sites = candidates(8, TERMS)
    common = common_limits(sites, MANDATE)
    found = Search([site_problem(c, common, named=True) for c in sites], common)
    found.best(Question(common.limits))
    return found


def budget(search: Search, usd: float) -> np.ndarray:
    return search.common.limits_with(np.full(search.common.quarters, usd))


@pytest.mark.parametrize("usd", [8e6, 15e6, 40e6, 200e6])
@pytest.mark.parametrize("shut", [frozenset(), frozenset({3}), frozenset({2, 5})])
def test_a_bound_found_for_one_budget_holds_for_every_other_and_without_some_sites(search, usd, shut):
    question = Question(budget(search, usd), shut=shut)
    before = search.known_bound(question)
    found = search.best(question)
    assert found.npv_usd <= found.bound_usd * (1 + 1e-9)
    assert before >= found.npv_usd * (1 - 1e-9)
    assert found.gap <= 1e-9


def test_a_mix_of_plans_keeps_each_sites_own_rows_and_the_common_ones(search):
    found = search.best(Question(search.common.limits))
    used = np.zeros(search.rows)
    for problem, y in zip(search.problems, search.solution(found.weights), strict=True):
        used += problem.use(y, search.rows)
        if not problem.is_gated:
            assert breach(problem.form, y) <= 1e-9
    assert (used <= search.common.limits + 1e-6 * (1 + np.abs(search.common.limits))).all()


def test_use_and_charge_are_each_others_transpose(search):
    rng = np.random.default_rng(0)
    for problem in search.problems:
        y, prices = rng.normal(size=len(problem.form.cost)), rng.normal(size=search.rows)
        assert problem.charge(prices) @ y == pytest.approx(prices @ problem.use(y, search.rows), rel=1e-9)


def obliged() -> Search:
    """Three sites, one of which must be entered with more than a small budget can pay for."""
    sites = candidates(3, {2: SiteTerms(must_do=True, minimum_ticket_usd=10e6)})
    common = common_limits(sites, MANDATE)
    return Search([site_problem(c, common, named=True) for c in sites], common)


def test_the_least_relief_is_where_a_site_that_must_be_done_begins_to_fit():
    search = obliged()
    assert search.best(Question(budget(search, 1e5))).status is Status.INFEASIBLE
    least = search.least_relief(Question(budget(search, 1e5)), dict.fromkeys(range(search.common.quarters), 1e6))
    assert least is not None
    assert search.best(Question(budget(search, 1e5 + least * 1e6 * (1 + 1e-6)))).status is Status.OPTIMAL
    assert search.best(Question(budget(search, 1e5 + least * 1e6 * 0.99))).status is Status.INFEASIBLE


def test_a_limit_that_is_not_in_the_way_cures_nothing():
    search = obliged()
    debt = range(search.common.first_row["debt"], search.common.first_row["tenant_size"])
    assert search.least_relief(Question(budget(search, 1e5)), dict.fromkeys(debt, 1e6)) is None
    without = Question(budget(search, 1e5), shut=frozenset({2}))
    assert search.has_plan(without)


def test_questions_after_the_first_leave_the_first_answer_as_it_was(search):
    first = search.best(Question(search.common.limits))
    search.best(Question(budget(search, 5e6), shut=frozenset({2})))
    again = search.best(Question(search.common.limits))
    assert again.npv_usd == pytest.approx(first.npv_usd, rel=1e-9)


def test_without_names_the_rows_are_the_same():
    [one] = candidates(1)
    common = common_limits([one], MANDATE)
    named, plain = (site_problem(one, common, named=named) for named in (True, False))
    assert isinstance(plain, SiteProblem)
    assert np.array_equal(named.form.value, plain.form.value)
    assert set(plain.form.row_names) == {""}
