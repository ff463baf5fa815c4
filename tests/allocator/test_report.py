"""The answer as JSON and as terminal text: what is quoted of an offer is the library's figure of the same offer."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from allocator.allocation import allocate
from allocator.explain import explain
from allocator.files import load_case
from allocator.formats import percent, rent, table_money
from allocator.lease_activities import cash_flows_from
from allocator.offers import offer_terms
from allocator.report import as_json, print_plan
from models.returns import irr, moic
from tests.allocator import small


@pytest.fixture(scope="module")
def brownfield():
    plan = allocate(load_case("brownfield"))
    return plan, explain(plan)


@pytest.fixture(scope="module")
def river_bend():
    plan = allocate(load_case("river-bend"))
    return plan, explain(plan)


def text_of(plan, explanation, width: int = 100) -> list[str]:
    written = io.StringIO()
    print_plan(Console(file=written, width=width), plan, explanation, checked_by=["ledger"], written=[])
    return written.getvalue().splitlines()


def block_of(lines: list[str], name: str) -> list[str]:
    start = next(i for i, line in enumerate(lines) if line.startswith(f"  {name}  whole offer"))
    return lines[start : lines.index("", start) if "" in lines[start:] else None]


def test_every_offer_has_an_object_taken_or_not(brownfield):
    plan, explanation = brownfield
    offers = as_json(plan, explanation)["offers"]
    assert [o["offer"] for o in offers] == [lease.name for lease in plan.case.leases]
    assert [o["taken"] for o in offers] == [found.taken for found in explanation.break_evens]
    taken = {o["offer"]: o["taken_critical_it_mw"] for o in offers}
    for lease in plan.case.leases:
        listed = sum(line.units_mw for line in plan.mix if line.activity.owner_name == lease.name)
        assert taken[lease.name] == pytest.approx(listed, rel=1e-12)


def test_an_offers_object_is_flat_and_says_why_where_a_figure_is_missing(brownfield):
    plan, explanation = brownfield
    for offer in as_json(plan, explanation)["offers"]:
        assert all(value is None or isinstance(value, (str, bool, int, float)) for value in offer.values())
        assert all(offer[f"{name}_reason"] for name, value in offer.items() if value is None)
    json.dumps(as_json(plan, explanation), allow_nan=False)


def test_reasons_are_given_for_an_offer_that_builds_and_borrows_nothing():
    plan = allocate(small.case(leases=[small.lease(capex_usd_per_kw=0)], policy={}))
    (offer,) = as_json(plan, explain(plan))["offers"]
    assert offer["yield_on_funded_cost"] is offer["minimum_dscr"] is offer["equity_moic"] is None
    assert offer["yield_on_funded_cost_reason"] == "no yield: the landlord builds nothing"
    assert offer["minimum_dscr_reason"] == "no debt: nothing is built"
    assert offer["irr_equity_reason"] == "no IRR: nothing is invested"


def test_a_whole_offer_taken_at_one_start_is_worth_what_the_plan_says(river_bend):
    plan, explanation = river_bend
    answer = as_json(plan, explanation)
    (offer,), (line,) = answer["offers"], answer["mix"]
    assert offer["start"] == line["start"]
    assert offer["npv_usd"] == pytest.approx(line["npv_usd"], rel=1e-9)
    assert offer["npv_0_months_late_usd"] == pytest.approx(line["npv_usd"], rel=1e-9)
    assert offer["minimum_dscr"] == pytest.approx(answer["minimum_dscr"], rel=1e-9)
    assert offer["peak_equity_usd"] == pytest.approx(answer["peak_equity_usd"], rel=1e-9)
    assert offer["irr_equity"] == pytest.approx(answer["levered_irr"], rel=1e-9)
    assert offer["payback_years"] == pytest.approx(answer["payback_years"], rel=1e-9)
    assert offer["uses_usd_per_critical_it_mw"] == pytest.approx(offer["sources_usd_per_critical_it_mw"], rel=1e-9)


def test_river_bends_published_figures_are_in_its_object(river_bend):
    (offer,) = as_json(*river_bend)["offers"]
    assert offer["contract_value_usd"] == pytest.approx(7.0e9, rel=2e-4)
    assert offer["contract_value_with_renewals_usd"] == pytest.approx(17.9e9, rel=1e-3)
    assert offer["first_year_rent_usd_per_kw_month"] == 128.0
    assert offer["average_rent_usd_per_kw_month"] == pytest.approx(158.7, abs=0.05)
    assert offer["guarantor_cap_usd"] == pytest.approx(offer["contract_value_usd"], rel=1e-12)


def test_river_bends_published_notes_stand_beside_our_own_loan(river_bend, brownfield):
    # 3.25 bn at 6.192 %, semi-annual, over 15 years: 335.8 M a year, 371.1 M of first-year NOI over it
    (offer,) = as_json(*river_bend)["offers"]
    assert offer["notes_debt_usd"] == 3.25e9
    assert offer["notes_coupon_per_year"] == 0.06192
    assert offer["notes_level_payment_usd_per_year"] == pytest.approx(335.8e6, abs=0.05e6)
    assert offer["notes_first_year_level_cover"] == pytest.approx(371.05 / 335.8, abs=5e-4)
    assert offer["notes_debt_yield"] == pytest.approx(371.05e6 / 3.25e9, rel=1e-4)
    for other in as_json(*brownfield)["offers"]:
        assert other["notes_debt_usd"] is None
        assert other["notes_debt_usd_reason"].startswith("no published notes")


def test_returns_are_those_of_the_offers_own_cash_flow(brownfield):
    plan, _ = brownfield
    for terms, lease in zip(offer_terms(plan.case, plan), plan.case.leases, strict=True):
        flows = cash_flows_from(plan.case, lease, terms.start)
        assert terms.sheet.sponsor.irr_unlevered == pytest.approx(irr(flows.cash_flow_usd), rel=1e-9)
        assert terms.sheet.sponsor.equity_moic == pytest.approx(moic(flows.equity_cash_flow_usd), rel=1e-9)
        cumulative = np.cumsum(flows.equity_cash_flow_usd) * lease.critical_it_mw
        assert terms.sheet.sponsor.peak_equity_usd == pytest.approx(-cumulative.min(), rel=1e-9)


def test_without_a_plan_every_offer_is_quoted_from_its_earliest_start(brownfield):
    plan, _ = brownfield
    for terms, lease in zip(offer_terms(plan.case), plan.case.leases, strict=True):
        bundle = next(b for b in plan.choices.bundles if b.activities[0].owner_name == lease.name)
        assert terms.start == bundle.activities[0].start
        assert terms.taken_mw == 0.0


def test_only_offers_that_are_taken_are_quoted_in_the_terminal(brownfield):
    lines = text_of(*brownfield)
    assert sum("whole offer of" in line for line in lines) == sum(f.taken for f in brownfield[1].break_evens)


@pytest.mark.parametrize("case", ["river_bend", "brownfield"])
def test_the_block_of_an_offer_is_a_line_a_subject_within_100_columns(case, request):
    plan, explanation = request.getfixturevalue(case)
    lines = [line.rstrip() for line in text_of(plan, explanation)]
    for terms in offer_terms(plan.case, plan):
        if terms.taken_mw > 0:
            block = block_of(lines, terms.sheet.lease.name)
            assert len(block) == 7 + (terms.notes is not None)  # none is wrapped; notes only for a signed deal
            assert max(map(len, block)) <= 100


def test_the_terminal_quotes_the_librarys_figures(river_bend):
    plan, explanation = river_bend
    (terms,) = offer_terms(plan.case, plan)
    s, v = terms.sheet.sponsor, terms.sheet.lender
    said = " ".join(" ".join(text_of(plan, explanation)).split())
    for figure in (
        f"{table_money(s.contract_value_usd)}, {table_money(s.contract_value_with_renewals_usd)} with renewals",
        f"{rent(s.first_year_rent_usd_per_kw_month)} in year one",
        f"{percent(s.yield_on_sponsor_cost)} on construction, {percent(s.yield_on_funded_cost)} funded",
        f"{100 * s.development_spread:.1f} points over a cap rate of 8.0 %",
        f"{table_money(v.debt_usd)}, {percent(v.ltc_achieved)} of cost, limited by {v.sized_by}",
        f"{v.minimum_dscr:.2f}x at least, {v.average_dscr:.2f}x on average (sculpted)",
        f"{v.level_first_year_cover:.2f}x in year one if paid level",
        f"{table_money(s.peak_equity_usd)} at its peak, MOIC {s.equity_moic:.1f}x, IRR {percent(s.irr_equity)}",
    ):
        assert figure in said


def test_a_taken_offer_without_debt_or_construction_is_quoted_in_words():
    plan = allocate(small.case(leases=[small.lease(capex_usd_per_kw=0)], policy={}))
    said = " ".join(" ".join(text_of(plan, explain(plan))).split())
    assert "no yield: the landlord builds nothing" in said
    assert "no debt: nothing is built" in said
    assert "MOIC –" in said
