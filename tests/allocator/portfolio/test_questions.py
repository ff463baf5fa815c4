"""What would change a portfolio, against portfolios that are solved anew."""

from __future__ import annotations

from itertools import pairwise

import pytest

from allocator.portfolio.answer import portfolio
from allocator.portfolio.mandate import Mandate, SiteTerms
from allocator.portfolio.questions import CURVE_POINTS, Questions
from allocator.portfolio.sentences import decision, reason
from tests.allocator.portfolio.small_sites import candidates

BUDGET = 30e6


@pytest.fixture(scope="module")
def asked() -> Questions:
    return Questions(portfolio(candidates(20), Mandate(capital_usd=BUDGET)))


def test_the_price_of_the_budget_is_what_other_budgets_bring(asked):
    price = asked.budget_price
    more = portfolio(candidates(20), Mandate(capital_usd=BUDGET + price.step_usd)).npv_usd
    less = portfolio(candidates(20), Mandate(capital_usd=BUDGET - price.step_usd)).npv_usd
    assert price.gain_of_one_more_usd == pytest.approx((more - asked.answer.npv_usd) / price.step_usd, rel=1e-4)
    assert price.loss_of_one_less_usd == pytest.approx((asked.answer.npv_usd - less) / price.step_usd, rel=1e-4)
    assert price.gain_of_one_more_usd <= price.loss_of_one_less_usd * (1 + 1e-6)


def test_the_curve_is_that_of_portfolios_solved_anew(asked):
    assert len(asked.curve) == CURVE_POINTS
    for point in asked.curve[::3]:
        anew = portfolio(candidates(20), Mandate(capital_usd=point.budget_usd))
        assert point.npv_usd == pytest.approx(anew.npv_usd, rel=1e-7)


def test_more_capital_never_lowers_npv_and_each_dollar_adds_less(asked):
    slopes = []
    for one, other in pairwise(asked.curve):
        assert other.npv_usd >= one.npv_usd * (1 - 1e-9)
        slopes.append((other.npv_usd - one.npv_usd) / (other.budget_usd - one.budget_usd))
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(slopes))
    assert slopes[-1] == pytest.approx(0.0, abs=1e-6)


def test_the_curve_begins_with_nothing_and_ends_beyond_saturation(asked):
    assert asked.curve[0].budget_usd == 0.0
    assert asked.curve[-1].capital_used_usd < asked.curve[-1].budget_usd
    assert any(p.budget_usd == BUDGET for p in asked.curve)


def test_what_a_site_brings_is_the_portfolio_without_it_solved_anew(asked):
    for found in (asked.contributions[0], asked.contributions[-1]):
        others = [c for c in candidates(20) if c.name != found.site]
        without = portfolio(others, Mandate(capital_usd=BUDGET)).npv_usd
        assert found.least_usd == pytest.approx(asked.answer.npv_usd - without, rel=1e-6, abs=1.0)
        assert found.most_usd == pytest.approx(found.least_usd, rel=1e-6, abs=1.0)


def test_a_site_that_must_be_done_may_cost_the_others_more_than_it_brings():
    terms = {i: SiteTerms(must_do=True, minimum_ticket_usd=14e6) for i in range(2)}
    asked = Questions(portfolio(candidates(6, terms), Mandate(capital_usd=25e6)))
    for found in asked.contributions:
        others = [c for c in candidates(6, terms) if c.name != found.site]
        without = portfolio(others, Mandate(capital_usd=25e6)).npv_usd
        assert found.least_usd == pytest.approx(asked.answer.npv_usd - without, rel=1e-5, abs=1e3)
    assert min(c.least_usd for c in asked.contributions) < 0.0
    assert any("must be done" in sentence for sentence in decision(asked))


def test_prices_bracket_what_a_site_brings_where_sites_are_many(asked, monkeypatch):
    exact = {c.site: c.least_usd for c in asked.contributions}
    monkeypatch.setattr("allocator.portfolio.questions.SOLVED_AGAIN", 0)
    bracketed = Questions(portfolio(candidates(20), Mandate(capital_usd=BUDGET))).contributions
    for found in bracketed:
        assert found.least_usd <= exact[found.site] + 1.0
        assert found.most_usd is None or found.most_usd >= exact[found.site] - 1.0


def test_with_tickets_more_capital_never_lowers_npv():
    terms = {i: SiteTerms(minimum_ticket_usd=6e6) for i in range(8)}
    curve = Questions(portfolio(candidates(8, terms), Mandate(capital_usd=15e6))).curve
    worth = [p.npv_usd for p in curve]
    assert worth == sorted(worth)


def test_with_something_that_must_be_done_small_budgets_have_no_plan():
    terms = {0: SiteTerms(must_do=True, minimum_ticket_usd=6e6)}
    asked = Questions(portfolio(candidates(5, terms), Mandate(capital_usd=20e6)))
    assert asked.curve[0].npv_usd is None
    assert asked.curve[-1].npv_usd is not None
    assert asked.answer.sites[0].standing == "entered"


def test_every_site_has_its_reason_in_words(asked):
    for site in asked.answer.sites:
        words = reason(asked.answer, site)
        assert words.startswith(("entered", "passed over"))
    assert decision(asked)[0].startswith("Enter ")
    assert decision(asked)[-1] == "Proven: no plan within these limits is worth more."


def test_an_exclusive_site_names_its_rival():
    terms = {0: SiteTerms(exclusive_group="valley"), 1: SiteTerms(exclusive_group="valley")}
    answer = portfolio(candidates(4, terms), Mandate(capital_usd=1e9))
    passed = next(s for s in answer.sites[:2] if not s.mix)
    rival = next(s for s in answer.sites[:2] if s.mix)
    assert f"passed over for {rival.name}, of the same exclusive group" in reason(answer, passed)
