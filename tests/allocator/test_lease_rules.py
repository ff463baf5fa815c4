"""Term sheets that contradict themselves are refused by field, value, rule and remedy; those that can be are built."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.activities import activities
from allocator.allocation import allocate
from allocator.case import case_from_document
from allocator.lease_activities import cash_flows_from
from models.debt import SizedBy
from tests.allocator.small import case, document, lease
from tests.allocator.test_case import faults_of


def halls(*pairs: tuple[int, float]) -> list[dict]:
    return [{"months_after_first": months, "share": share} for months, share in pairs]


def offer(**changed) -> dict:
    return document(leases=[lease(**changed)])


def two(first: dict, second: dict) -> dict:
    return document(leases=[lease(**first), lease(name="Second", **second)])


WRONG = [
    # field, what the message holds: value, rule, remedy
    ("leases[0].draw_curve", ["0.9 in all", "does not add up to 1", "give the share"], offer(draw_curve=[0.5, 0.4])),
    ("leases[0].draw_curve", ["1.1 in all", "does not add up to 1"], offer(draw_curve=[0.6, 0.5])),
    ("leases[0].draw_curve[1]", ["-0.5", "is below 0"], offer(draw_curve=[1.5, -0.5])),
    ("leases[0].cancellation_probability", ["-0.1", "is below 0", "it is a probability"],
     offer(cancellation_probability=-0.1)),
    ("leases[0].tenant_default_per_year", ["-0.01", "is below 0"], offer(tenant_default_per_year=-0.01)),
    ("leases[0].tenant_default_per_year", ["1 must be below 1"], offer(tenant_default_per_year=1)),
    ("leases[0].renewal_probability", ["1.2", "is above 1"], offer(renewal_probability=1.2)),
    ("leases[0].termination_probability", ["-1", "is below 0"], offer(termination_probability=-1)),
    ("leases[0].guarantor_cap_share", ["1.4", "is above 1", "owes no more than the contract"],
     offer(guarantor_cap_share=1.4)),
    ("leases[0].guarantor_cap_share", ["0.4 is the cap of a guarantor", "nobody is named", "name the guarantor"],
     offer(guarantor_cap_share=0.4)),
    ("leases[0].guarantor_cap_share", ["nobody is named"], offer(guarantor_cap_share=0.4, guarantor="  ")),
    ("leases[0].delay_spread_months", ["3 spreads a delay of 0 months", "expected delay_months"],
     offer(delay_spread_months=3)),
    ("leases[0].earliest_start", ["2026-04-01", "can be built", "give a later quarter"],
     offer(earliest_start="2026Q2")),
    ("leases[0].halls", ["add up to 0.9", "instead of 1", "share out"], offer(halls=halls((0, 0.5), (3, 0.4)))),
    ("leases[0].halls", ["add up to 1.2", "instead of 1"], offer(halls=halls((0, 0.7), (3, 0.5)))),
    ("leases[0].halls[0].months_after_first", ["2 is not 0", "move earliest_start"], offer(halls=halls((2, 1.0)))),
    ("leases[0].halls[2].months_after_first", ["3 is before the hall above it (6)", "in the order"],
     offer(halls=halls((0, 0.4), (6, 0.3), (3, 0.3)))),
    ("leases[0].halls[1].share", ["0 must be above 0"], offer(halls=halls((0, 1.0), (3, 0.0)))),
    ("leases[0].free_rent_months", ["36 leaves no rent in a term of 36 months", "fewer months"],
     offer(free_rent_months=36)),
    ("leases[0].termination_after_years", ["3 is not inside the term (3 years)", "earlier year"],
     offer(termination_after_years=3)),
    ("leases[0].debt_tenor_years", ["4 is longer than the rent is paid (36 months)", "at most the term"],
     offer(debt_tenor_years=4)),
    ("leases[0].debt_tenor_years", ["3 is longer than the rent is paid (35 months)"],
     offer(debt_tenor_years=3, free_rent_months=1)),
    ("leases[0].prepayment_credit_months", ["240.00 USD/kW-month", "rent of month 1 (120.00)", "over more months"],
     offer(prepaid_rent_months=24, prepayment_credit_months=12)),
    ("leases[0].tenant_capex_credit_months", ["250.00 USD/kW-month", "rent of month 1 (120.00)"],
     offer(tenant_capex_share=1, tenant_capex_credit_share=1, tenant_capex_credit_months=10)),
    ("leases[0].prepayment_credit_months", ["40.00 USD/kW-month", "rent of month 13 (36.00)"],
     offer(prepaid_rent_months=8, prepayment_credit_months=24, rent_by_year=[1, 0.3])),
    ("leases[0].prepayment_credit_months", ["48 is longer than the rent is paid (36 months)", "fewer months"],
     offer(prepaid_rent_months=8, prepayment_credit_months=48)),
    ("leases[0].tenant_capex_credit_months", ["60 is longer than the rent is paid (36 months)"],
     offer(tenant_capex_share=0.1, tenant_capex_credit_share=1)),
    ("leases[0].first_offer_with", ["'Nobody' is not another lease", "known: none"], offer(first_offer_with="Nobody")),
    ("leases[0].first_offer_with", ["'Hall' is not another lease", "known: none"], offer(first_offer_with="Hall")),
    ("leases[1].first_offer_with", ["'Hull' is not another lease", "known: 'Hall'"],
     two({}, {"first_offer_with": "Hull"})),
    ("leases[0].first_offer_with", ["'Second' is not another lease"],
     two({"first_offer_with": "Second"}, {"first_offer_with": "Hall"})),
    ("leases[1].earliest_start", ["is before the lease that gives the right", "later quarter"],
     two({"earliest_start": "2027Q3", "latest_start": "2027Q3"},
         {"first_offer_with": "Hall", "earliest_start": "2027Q1", "latest_start": "2027Q1"})),
    ("leases[1].latest_start", ["2026Q3 is before 'Hall'", "can begin (2028Q1)", "later date"],
     two({"build_months": 22}, {"first_offer_with": "Hall"})),
    ("finance.data_centre_fifteen_year_share", ["0.5 and data_centre_short_life_share (0.6)", "than the whole cost"],
     document(finance={"data_centre_short_life_share": 0.6, "data_centre_fifteen_year_share": 0.5})),
]  # fmt: skip


@pytest.mark.parametrize(("field", "words", "given"), WRONG, ids=[f"{w[0]}: {w[1][0]}" for w in WRONG])
def test_a_term_sheet_that_contradicts_itself_is_refused(field, words, given):
    found = faults_of(given)
    assert field in found, found
    for part in words:
        assert part in found[field]


RIGHT = {
    "a curve with all its digits": {"draw_curve": [1 / 3, 1 / 3, 1 / 3]},
    "halls with all their digits": {"halls": halls((0, 0.7), (0, 0.2), (5, 0.1))},
    "one month of rent": {"term_years": 1, "free_rent_months": 11, "debt_tenor_years": None, "dscr": 1.0},
    "the last year in which one may leave": {"termination_after_years": 2, "termination_probability": 1.0},
    "a tenor as long as the rent": {"debt_tenor_years": 3},
    "credits as high as the rent": {
        "prepaid_rent_months": 12.0, "prepayment_credit_months": 12, "rent_by_year": [1, 0.2],
    },
    "a long credit of nothing": {"tenant_capex_credit_months": 480, "prepayment_credit_months": 240},
    "a guarantor for all of it": {"guarantor": "Parent", "guarantor_cap_share": 1.0, "tenant_default_per_year": 0.99},
    "a guarantor that pays nothing": {"guarantor": "Parent"},
    "a delay that may be any": {"delay_months": 1, "delay_spread_months": 36.0},
    "a tenant that pays for everything": {"tenant_capex_share": 1.0},
    "a cost of nothing": {"capex_usd_per_kw": 0.0},
    "a rent of nothing": {"rent_usd_per_kw_month": 0.0},
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_a_term_sheet_on_its_very_bounds_is_taken_and_every_figure_is_a_number(kind):
    given = case_from_document(offer(**RIGHT[kind]))
    choices = activities(given)
    for line in (choices.cash_flow_usd, choices.equity_cash_flow_usd, choices.cfads_usd, choices.debt_service_usd):
        assert np.isfinite(line).all()
    assert np.isfinite(allocate(given).npv_usd)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"rent_usd_per_kw_month": 0.0}, SizedBy.NO_CASH),
        ({"noi_margin": 0.0}, SizedBy.NO_CASH),
        ({"recovery": "gross", "load_factor": 1.0, "pue": 3.0, "rent_usd_per_kw_month": 50.0}, SizedBy.NO_CASH),
        ({"recovery": "modified gross", "running_cost_usd_per_kw_month": 200.0}, SizedBy.NO_CASH),
        ({"rent_usd_per_kw_month": 30.0, "dscr": 3.0}, SizedBy.DSCR),
        ({"amortisation": "level", "prepaid_rent_months": 12.0, "noi_margin": 0.9}, SizedBy.DSCR),
        ({"capex_usd_per_kw": 0.0}, SizedBy.NO_COST),
        ({}, SizedBy.LTC),
    ],
)
def test_debt_that_cannot_be_served_is_not_lent_and_the_reason_is_given(terms, why):
    given = case(leases=[lease(**terms)])
    flows = cash_flows_from(given, given.leases[0], 3)
    assert flows.hall_sizing.limited_by is why
    for name in ("draw_usd", "interest_usd", "service_usd", "balance_usd", "equity_cash_flow_usd", "levered_tax_usd"):
        line = getattr(flows, name)
        assert np.isfinite(line).all()
        if why in {SizedBy.NO_CASH, SizedBy.NO_COST} and name != "equity_cash_flow_usd" and "tax" not in name:
            assert not line.any()
    asked = given.leases[0].ltc
    assert flows.hall_debt.ltc <= asked + 1e-12
    if why is SizedBy.DSCR:
        assert flows.hall_debt.ltc < asked
