"""One budget over many sites, against the one program, brute force over subsets, and allocate() for a single site."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from allocator.allocation import allocate
from allocator.case import CapitalStep, replaced
from allocator.files import load_case
from allocator.portfolio.answer import NoPlanError, Portfolio, Standing, portfolio
from allocator.portfolio.joint import MOST_SITES
from allocator.portfolio.mandate import Candidate, Mandate, SiteTerms, TenantLimit
from allocator.portfolio.questions import Questions
from models.assumptions import InputFaultsError
from tests.allocator.portfolio.small_sites import as_one_program, by_subsets, candidates, capital_of, site
from tests.allocator.small import lease

SCARCE = Mandate(capital_usd=40e6)


@pytest.fixture(scope="module")
def forty() -> Portfolio:
    return portfolio(candidates(40), SCARCE)


def test_forty_sites_by_pricing_are_worth_what_the_one_program_is(forty):
    assert forty.npv_usd == pytest.approx(as_one_program(candidates(40), SCARCE), rel=1e-7)
    assert forty.bound_usd == pytest.approx(forty.npv_usd, rel=1e-9)


def test_every_limit_together_gives_what_the_one_program_gives():
    mandate = Mandate(
        capital_usd=tuple(CapitalStep(from_date=date(y, 2, 7), usd=usd) for y, usd in ((2026, 15e6), (2027, 30e6))),
        max_debt_usd=60e6, max_tenant_share=0.4, max_tenant_critical_it_mw=25.0,
        tenants=(TenantLimit(name="Beta", max_critical_it_mw=9.0),),
    )  # fmt: skip
    answer = portfolio(candidates(12), mandate)
    assert answer.npv_usd == pytest.approx(as_one_program(candidates(12), mandate), rel=1e-7)
    assert (answer.capital_used_usd <= answer.common.budget_usd * (1 + 1e-9) + 1e-3).all()
    assert answer.debt_usd.max() <= 60e6 * (1 + 1e-9)
    leased = answer.leased_by_tenant
    assert leased["Beta"] <= 9.0 + 1e-6
    assert max(leased.values()) <= min(25.0, 0.4 * sum(leased.values())) + 1e-6


@pytest.mark.parametrize("name", ["brownfield", "river-bend"])
def test_one_site_is_worth_what_allocate_makes_of_the_same_capital(name):
    case = load_case(name)
    answer = portfolio([Candidate(case)], Mandate(capital_usd=200e6))
    plan = allocate(replaced(case, "policy.capital_usd", 200e6))
    assert answer.npv_usd == pytest.approx(plan.npv_usd, rel=1e-9)
    alone = answer.sites[0].alone
    assert alone is not None
    assert alone.npv_usd == pytest.approx(plan.npv_usd, rel=1e-9)


def test_a_site_keeps_its_own_cash_under_stress_against_the_common_budget():
    settings = ['policy.stresses=["price falls"]', "policy.minimum_cash_usd=10e6", "policy.capital_usd=200e6"]
    case = load_case("brownfield", settings)
    answer = portfolio([Candidate(case)], Mandate(capital_usd=200e6))
    assert answer.npv_usd == pytest.approx(allocate(case).npv_usd, rel=1e-9)
    assert answer.npv_usd < portfolio([Candidate(load_case("brownfield"))], Mandate(capital_usd=200e6)).npv_usd


def test_a_bitcoin_treasury_pays_into_the_budget():
    case = load_case("brownfield", ["policy.treasury_btc=500", "policy.capital_usd=100e6"])
    answer = portfolio([Candidate(case)], Mandate(capital_usd=100e6))
    assert answer.npv_usd == pytest.approx(allocate(case).npv_usd, rel=1e-9)
    with pytest.raises(InputFaultsError, match="treasury"):
        portfolio([Candidate(case), Candidate(replaced(case, "name", "Twin"))], Mandate(capital_usd=100e6))


def test_three_hundred_sites_are_within_half_a_percent_when_that_is_asked():
    answer = portfolio(candidates(300, leases=[lease()], fleets=[]), Mandate(capital_usd=300e6), gap=0.005)
    assert 0.0 <= answer.gap <= 0.005
    assert answer.npv_usd > 0.0
    assert answer.capital_used_usd.max() <= 300e6 * (1 + 1e-9)
    assert max(answer.certificate.primal_residual, answer.certificate.dual_residual) <= 1e-9


def test_one_site_in_whole_halls_is_worth_what_allocate_finds():
    case = site(3, block_mw=2.5)
    answer = portfolio([Candidate(case)], Mandate(capital_usd=9e6))
    assert answer.npv_usd == pytest.approx(allocate(replaced(case, "policy.capital_usd", 9e6)).npv_usd, rel=1e-6)


def test_sites_add_up_to_the_portfolio(forty):
    assert sum(s.npv_usd for s in forty.sites) == pytest.approx(forty.npv_usd, rel=1e-9)
    assert sum(line.npv_usd for s in forty.sites for line in s.mix) == pytest.approx(forty.npv_usd, rel=1e-6)
    assert capital_of(forty) == pytest.approx(40e6, rel=1e-6)


def test_the_certificate_counts_every_row_of_the_one_program(forty):
    assert len(forty.sites) <= MOST_SITES
    assert forty.certificate.worst <= 1e-9


TERMS = {
    "tickets": {i: SiteTerms(minimum_ticket_usd=t) for i, t in enumerate((6e6, 9e6, 4e6, 12e6, 7e6))},
    "exclusive": dict.fromkeys((0, 2, 4), SiteTerms(exclusive_group="a")),
    "must do": {1: SiteTerms(must_do=True, minimum_ticket_usd=5e6), 3: SiteTerms(must_do=True, minimum_ticket_usd=4e6)},
    "all of it": {
        0: SiteTerms(exclusive_group="a", minimum_ticket_usd=5e6),
        1: SiteTerms(must_do=True, minimum_ticket_usd=4e6),
        2: SiteTerms(exclusive_group="a"),
        3: SiteTerms(minimum_ticket_usd=8e6),
        4: SiteTerms(exclusive_group="b"),
        5: SiteTerms(exclusive_group="b", minimum_ticket_usd=6e6),
    },
}  # fmt: skip


@pytest.mark.parametrize("budget", [9e6, 20e6])
@pytest.mark.parametrize("asked", TERMS)
def test_what_is_all_or_nothing_is_what_brute_force_over_subsets_finds(asked, budget):
    sites = candidates(6, TERMS[asked])
    mandate = Mandate(capital_usd=budget)
    best = by_subsets(sites, mandate)
    if best is None:
        with pytest.raises(NoPlanError):
            portfolio(sites, mandate)
        return
    answer = portfolio(sites, mandate)
    assert answer.bound_usd >= best * (1 - 1e-9)
    assert answer.npv_usd == pytest.approx(best, rel=2e-6)
    assert answer.gap <= 2e-6


def test_a_site_is_entered_with_its_ticket_or_not_at_all():
    answer = portfolio(candidates(6, TERMS["tickets"]), Mandate(capital_usd=16e6))
    for entered in answer.entered:
        assert entered.paid_in_usd >= entered.ticket_usd * (1 - 1e-9)
    assert {s.standing for s in answer.sites} == {Standing.ENTERED, Standing.PASSED_OVER}


def test_of_an_exclusive_group_at_most_one_is_entered():
    answer = portfolio(candidates(6, TERMS["exclusive"]), Mandate(capital_usd=100e6))
    assert len([s for s in answer.entered if s.candidate.terms.exclusive_group]) == 1


def test_a_ticket_that_a_site_cannot_take_leaves_it_out_and_says_so():
    sites = candidates(4, {2: SiteTerms(minimum_ticket_usd=5e9)})
    answer = portfolio(sites, SCARCE)
    assert answer.sites[2].standing is Standing.IMPOSSIBLE
    rest = portfolio([s for i, s in enumerate(sites) if i != 2], SCARCE)
    assert answer.npv_usd == pytest.approx(rest.npv_usd, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_whole_halls_lie_between_the_one_program_and_the_bound(seed):
    sites = candidates(5, seed=seed, block_mw=2.5)
    mandate = Mandate(capital_usd=15e6)
    best = as_one_program(sites, mandate)
    answer = portfolio(sites, mandate)
    assert answer.bound_usd >= best * (1 - 1e-6)
    assert answer.npv_usd <= best * (1 + 1e-6)
    assert answer.gap <= 0.01


def test_sites_of_different_horizons_share_a_calendar():
    sites = [Candidate(site(0)), Candidate(site(1, horizon_years=8))]
    answer = portfolio(sites, Mandate(capital_usd=12e6, max_debt_usd=30e6))
    assert answer.common.quarters == 32
    assert answer.npv_usd == pytest.approx(as_one_program(sites, answer.mandate), rel=1e-7)


def test_the_order_of_sites_changes_nothing(forty):
    turned = portfolio(candidates(40)[::-1], SCARCE)
    assert turned.npv_usd == pytest.approx(forty.npv_usd, rel=1e-9)


def test_another_site_never_lowers_the_portfolio():
    found = [portfolio(candidates(n), SCARCE).npv_usd for n in (5, 10, 20)]
    assert found == sorted(found)


def test_without_scarce_capital_every_site_is_worth_what_it_is_alone():
    answer = portfolio(candidates(10), Mandate(capital_usd=1e12))
    assert answer.npv_usd == pytest.approx(sum(s.alone.npv_usd for s in answer.sites if s.alone), rel=1e-9)


def test_no_plan_says_what_would_cure_it():
    from allocator.portfolio.infeasible import portfolio_infeasibility
    from allocator.portfolio.sentences import infeasible

    terms = {0: SiteTerms(must_do=True, minimum_ticket_usd=7e6), 1: SiteTerms(must_do=True, minimum_ticket_usd=6e6)}
    with pytest.raises(NoPlanError) as raised:
        portfolio(candidates(4, terms), Mandate(capital_usd=5e6))
    found = portfolio_infeasibility(raised.value)
    [budget] = found.reliefs
    assert budget.change is not None
    assert portfolio(candidates(4, terms), Mandate(capital_usd=5e6 + budget.change * (1 + 1e-6) + 1.0)).gap <= 1e-5
    with pytest.raises(NoPlanError):
        portfolio(candidates(4, terms), Mandate(capital_usd=5e6 + budget.change * 0.98))
    assert "Each of these alone cures it: the budget" in " ".join(infeasible(found))


def test_a_required_ticket_that_cannot_be_placed_is_named():
    from allocator.portfolio.infeasible import portfolio_infeasibility

    with pytest.raises(NoPlanError) as raised:
        portfolio(candidates(3, {1: SiteTerms(must_do=True, minimum_ticket_usd=5e9)}), SCARCE)
    [one] = portfolio_infeasibility(raised.value).impossible
    assert one.site == "Site 1"
    assert one.most_usd is not None
    assert one.most_usd < 5e9


def test_faults_of_sites_together_are_listed_all_at_once():
    sites = [
        Candidate(site(0), SiteTerms(must_do=True)),
        Candidate(site(0), SiteTerms(exclusive_group="a")),
        Candidate(site(1, valuation_date=date(2026, 5, 7))),
    ]
    mandate = Mandate(capital_usd=1e6, tenants=(TenantLimit(name="Nobody", max_share=0.1),))
    with pytest.raises(InputFaultsError) as raised:
        portfolio(sites, mandate)
    words = str(raised.value)
    for part in ("used by two sites", "must_do", "has no other site", "valuation_date", "leases at no site"):
        assert part in words


def test_a_large_portfolio_is_certified_site_by_site(monkeypatch):
    monkeypatch.setattr("allocator.portfolio.answer.MOST_SITES", 10)
    monkeypatch.setattr("allocator.portfolio.search.MOST_KEPT", 10)
    answer = portfolio(candidates(40), SCARCE)
    assert answer.npv_usd == pytest.approx(as_one_program(candidates(40), SCARCE), rel=1e-7)
    assert answer.certificate.worst <= 1e-9


def test_a_search_that_may_stop_early_says_how_far_it_is():
    answer = portfolio(candidates(40), SCARCE, gap=0.02)
    best = portfolio(candidates(40), SCARCE)
    assert answer.gap <= 0.02
    assert answer.npv_usd <= best.npv_usd * (1 + 1e-9)
    assert answer.bound_usd >= best.npv_usd * (1 - 1e-9)


def test_ranking_is_by_npv_per_dollar_of_each_site_alone(forty):
    ratios = [s.npv_per_dollar_alone for s in forty.ranking if s.npv_per_dollar_alone is not None]
    assert ratios == sorted(ratios, reverse=True)
    assert len(forty.ranking) == 40


def test_results_are_frozen(forty):
    with pytest.raises(AttributeError):
        forty.plan = None
    assert replace(forty.plan, npv_usd=0.0).npv_usd == 0.0
    assert np.isfinite(Questions(forty).budget_price.gain_of_one_more_usd)
