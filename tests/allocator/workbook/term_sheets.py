"""Cases that together switch on every term of an offer, small enough to be recalculated in a second each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from allocator.case import Case, case_from_document

BASE = {
    "name": "Offer",
    "tenant": "Tenant",
    "critical_it_mw": 20.0,
    "rent_usd_per_kw_month": 190.0,
    "term_years": 6,
    "build_months": 9,
    "capex_usd_per_kw": 6_000.0,
    "deliveries": 2,
    "delivery_interval_months": 4,
}
HALLS = [{"months_after_first": after, "share": share} for after, share in ((0, 0.5), (5, 0.3), (7, 0.2))]


def hourly_prices() -> dict[str, Any]:
    """Twelve months of different length with ties, negative prices and spikes."""
    draw = np.random.default_rng(11)
    return {"months": [[float(round(p, 1)) + 0.0 for p in draw.normal(35.0, 30.0, 30 + month)] for month in range(12)]}


TERM_SHEETS: dict[str, dict[str, Any]] = {
    "halls of their own size, rent by year, free rent, draw curve, shorter tenor": {
        "lease": {
            "halls": HALLS,
            "rent_by_year": [1.0, 1.1, 1.05, 1.3],
            "escalator_per_year": 0.025,
            "free_rent_months": 5,
            "take_or_pay_share": 0.7,
            "expected_use": 0.9,
            "draw_curve": [0.1, 0.35, 0.15, 0.4],
            "debt_tenor_years": 4,
            "recovery": "modified gross",
            "running_cost_usd_per_kw_month": 12.0,
        },
        "finance": {"bonus_depreciation": 0.4, "data_centre_fifteen_year_share": 0.3},
    },
    "prepayment, tenant's capex with credit, contingency, level with balloon, equity first, fee, reserve": {
        "lease": {
            "prepaid_rent_months": 6.0,
            "prepayment_credit_months": 18,
            "contingency_share": 0.07,
            "tenant_capex_share": 0.4,
            "tenant_capex_credit_share": 0.5,
            "tenant_capex_credit_months": 50,
            "take_or_pay_share": 0.8,
            "expected_use": 0.6,
            "amortisation": "level",
            "balloon_share": 0.35,
            "equity_first": True,
            "debt_fee_share": 0.02,
            "debt_reserve_months": 6,
            "debt_rate": 0.09,
            "free_rent_months": 2,
        },
        "finance": {"losses_used_by_parent": False},
    },
    "gross with hourly prices, sold, delay with damages, clearance": {
        "lease": {
            "recovery": "gross",
            "pue": 1.2,
            "load_factor": 0.7,
            "running_cost_usd_per_kw_month": 9.0,
            "running_cost_growth_per_year": 0.05,
            "noi_margin": 0.97,
            "after_term": "sold",
            "exit_cap_rate": 0.07,
            "selling_cost_share": 0.03,
            "tenant_default_per_year": 0.04,
            "renewal_options": 2,
            "renewal_years": 1,
            "renewal_probability": 0.6,
            "renewal_rent_ratio": 0.9,
            "delay_months": 7,
            "late_damages_share": 0.5,
            "late_grace_months": 2,
            "late_damages_months": 4,
            "clearance_months": 6,
        },
        "power": {"hourly_prices": hourly_prices(), "transmission_usd_per_mwh": 4.0, "riders_usd_per_mwh": 1.5},
    },
    "cancellation, two renewals, right to leave with a fee, warrants, three deliveries": {
        "lease": {
            "deliveries": 3,
            "delivery_interval_months": 2,
            "term_years": 4,
            "cancellation_probability": 0.2,
            "cancellation_sunk_share": 0.45,
            "renewal_options": 2,
            "renewal_years": 2,
            "renewal_probability": 0.6,
            "renewal_rent_ratio": 0.85,
            "termination_after_years": 2,
            "termination_probability": 0.3,
            "termination_fee_months": 9.0,
            "reletting_months": 5,
            "guarantor": "Parent",
            "guarantor_warrants_usd": 3.0e6,
            "running_cost_usd_per_kw_month": 6.0,
            "tenant_default_per_year": 0.03,
        },
        "finance": {"losses_used_by_parent": False, "bonus_depreciation": 0.0},
    },
    "default, capped guarantor, re-letting, renewals, none after the term": {
        "lease": {
            "tenant_default_per_year": 0.08,
            "guarantor": "Parent",
            "guarantor_cap_share": 0.2,
            "reletting_months": 8,
            "reletting_rent_ratio": 0.75,
            "recovery": "modified gross",
            "running_cost_usd_per_kw_month": 11.0,
            "renewal_options": 1,
            "renewal_years": 3,
            "renewal_probability": 1.0,
            "after_term": "none",
            "free_rent_months": 3,
            "delay_months": 3,
            "debt_reserve_months": 4,
            "debt_fee_share": 0.01,
        },
    },
    "a default for sure, guarantor for the whole term, cheaper next tenant": {
        "lease": {
            "tenant_default_after_years": 2,
            "tenant_default_per_year": 0.02,
            "guarantor": "Parent",
            "guarantor_cap_share": 0.5,
            "reletting_months": 0,
            "reletting_rent_ratio": 1.2,
            "termination_after_years": 4,
            "termination_probability": 0.5,
            "termination_fee_months": 3.0,
            "after_term": "sold",
            "renewal_options": 2,
            "renewal_years": 1,
            "renewal_probability": 0.5,
            "rent_by_year": [1.0, 0.9],
        },
    },
    "cover binds: level, gross at one price, halls of their own size, cancellation": {
        "lease": {
            "halls": HALLS,
            "amortisation": "level",
            "dscr": 2.2,
            "ltc": 0.95,
            "equity_first": True,
            "balloon_share": 0.1,
            "debt_tenor_years": 5,
            "recovery": "gross",
            "cancellation_probability": 0.1,
            "prepaid_rent_months": 2.0,
        },
        "power": {"price_usd_per_mwh": 61.0, "escalation_per_year": 0.04},
        "finance": {"data_centre_short_life_share": 0.2, "data_centre_fifteen_year_share": 0.6},
    },
    "no interest, no cost, nothing in the reserve": {
        "lease": {"debt_rate": 0.0, "amortisation": "level", "balloon_share": 0.5, "debt_reserve_months": 3},
        "finance": {"tax_rate": 0.3, "bonus_depreciation": 0.0},
    },
    "the tenant pays for all of the building": {
        "lease": {"tenant_capex_share": 1.0, "tenant_capex_credit_share": 0.2, "debt_fee_share": 0.02},
    },
    "debt for all of the cost": {
        "lease": {"ltc": 1.0, "dscr": 1.0, "rent_usd_per_kw_month": 400.0, "debt_fee_share": 0.03, "deliveries": 1},
    },
}


def term_sheet_case(name: str, **lease: Any) -> Case:
    """One offer with the terms of :data:`TERM_SHEETS` beside a fleet, over eleven years."""
    given = TERM_SHEETS[name]
    document = {
        "name": "Terms",
        "valuation_date": dt.date(2026, 2, 7),
        "horizon_years": 11,
        "site": {"grid_mw": 60},
        "fleets": [{"name": "Old", "machine": "S21", "facility_mw": 10, "resale_usd_per_th": 6}],
        "leases": [BASE | given["lease"] | lease],
        "policy": {"reinvested_share": 0.3},
    }
    return case_from_document(document | {key: given[key] for key in ("finance", "power") if key in given})
