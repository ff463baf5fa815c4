"""Statement of one critical IT MW of an offer: one hall and its loan, then all halls, tax and the owner's cash."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.case import Case
from allocator.workbook.hall_cost_lines import cost_singles, hall_cost_lines, sale_over_halls
from allocator.workbook.hall_places import all_halls, hall_places, last_offset_formula
from allocator.workbook.hall_rent_lines import hall_rent_lines
from allocator.workbook.lease_unit import LeaseUnit
from allocator.workbook.lines import Heading, Line, Single, Statement, Values
from allocator.workbook.loan_lines import LOAN, fee_deducted
from allocator.workbook.tail_lines import equity_lines, npv_lines, running_income, tax_line
from models import capex
from models.lease import Lease
from models.lender_view import DUST
from models.timeline import MONTHS_PER_QUARTER, Vector

__all__ = ["LeaseUnit", "lease_statement"]


def _terms(lease: Lease) -> Statement[LeaseUnit]:
    return (
        Heading("This activity"),
        Single(
            "start_quarter", "First delivery as agreed, quarters from the valuation date", "quarters",
            lambda s, _: float(s.activity.start), None,
        ),
        Single(
            "start_month", "First delivery as agreed, at the end of month", "months",
            lambda _, v: v["start_quarter"] * MONTHS_PER_QUARTER, "=[start_quarter]*const__months_per_quarter",
        ),
        Single(
            "facility_mw_per_unit", "Facility MW of a unit", "facility MW",
            lambda s, _: s.activity.facility_mw_per_unit, "=@provisioning_ratio",
        ),
        Single(
            "last_offset", "Months from first to last delivery", "months",
            lambda s, _: float(capex.last_delivery_offset_months(s.lease)),
            f"={last_offset_formula(lease)}",
        ),
        Single(
            "stay_months", "Months from a delivery to the end of the last renewal", "months",
            lambda s, _: float(s.stay),
            "=12*(@term_years+IF(@renewal_probability>0,@renewal_options,0)*@renewal_years)",
        ),
        Single(
            "build_months", "Months of construction, delay included", "months", lambda s, _: float(s.build),
            "=@build_months+@delay_months",
        ),
        Single(
            "end_month", "Last month of the last hall's last renewal", "months",
            lambda s, v: v["start_month"] + v["last_offset"] + s.lease.delay_months + v["stay_months"],
            "=[start_month]+[last_offset]+@delay_months+[stay_months]",
        ),
        Single(
            "comes_about", "Chance that the lease comes about", "share",
            lambda s, _: 1.0 - s.lease.cancellation_probability, "=1-@cancellation_probability",
        ),
        Single(
            "lost_share", "Cost lost because it does not, expected", "share",
            lambda s, _: s.lease.cancellation_probability * s.lease.cancellation_sunk_share,
            "=@cancellation_probability*@cancellation_sunk_share",
        ),
    )  # fmt: skip


def _over_halls(lease: Lease, name: str, label: str, unit: str = "USD", formula: str = "") -> Line[LeaseUnit]:
    """A line of the engine over all halls, weighted with the chance that the lease comes about."""
    text = formula or f"=[comes_about]*({all_halls(lease, f'hall_{name}')})"
    levels = {"balance_usd", "occupied_share"}
    return Line(name, label, unit, lambda s, _: getattr(s.flows, name), text, total=name not in levels)


def _from_engine(name: str, label: str, formula: str, *, total: bool = True) -> Line[LeaseUnit]:
    return Line(name, label, "USD", lambda s, _: getattr(s.flows, name), formula, total=total)


def _fee_over_halls(s: LeaseUnit) -> Vector:
    line, found = fee_deducted(s), np.zeros_like(s.months)
    for offset, share in capex.deliveries(s.lease):
        found[offset:] += share * line[: len(line) - offset]
    return (1.0 - s.lease.cancellation_probability) * found


def cover(v: Values) -> Vector:
    """CFADS over debt service in the months that have any, blank in the others."""
    due = v["service_usd"] > DUST * max(1.0, float(np.max(v["service_usd"])))
    return np.asarray(np.divide(v["cfads_usd"], v["service_usd"], out=np.full_like(v["cfads_usd"], np.nan), where=due))


COVER_FORMULA = '=IF([service_usd]>const__dust*MAX(1,MAX([service_usd.all])),[cfads_usd]/[service_usd],"")'


def _income(lease: Lease) -> Statement[LeaseUnit]:
    def over(name: str, label: str) -> Line[LeaseUnit]:
        return _over_halls(lease, name, label)

    cost, written_off = (all_halls(lease, f"hall_{name}") for name in ("capex_usd", "written_off_usd"))
    return (
        Heading("One critical IT MW over all halls, expected, unlevered"),
        Line(
            "since", "Months since the first delivery as agreed", "months", lambda s, _: s.since,
            "=[network:month]-[start_month]",
        ),
        _over_halls(lease, "occupied_share", "Megawatts that serve no other use", "share"),
        over("contract_rent_usd", "Rent of the contract, every option used"),
        over("rent_usd", "Rent of the tenant"),
        over("relet_rent_usd", "Rent of the next tenant"),
        over("guarantor_usd", "Paid by the guarantor"),
        over("termination_fee_usd", "Fees for leaving early"),
        over("running_cost_usd", "Running costs that the landlord pays"),
        _over_halls(
            lease, "power_cost_usd", "Power cost",
            formula=f"=[comes_about]*[hall_power_due_usd]*({all_halls(lease, 'hall_let_share')})",
        ),
        _from_engine(
            "noi_usd", "Net operating income",
            "=([rent_usd]+[relet_rent_usd]+[guarantor_usd])*@noi_margin+[termination_fee_usd]"
            "-[running_cost_usd]-[power_cost_usd]",
        ),
        over("prepayment_usd", "Rent paid in advance"),
        over("credit_usd", "Credits against rent"),
        over("late_damages_usd", "Damages for late delivery"),
        _over_halls(
            lease, "sale_usd", "Sale when a stay ends, net", formula=f"=[comes_about]*{sale_over_halls(lease)}",
        ),
        _over_halls(lease, "capex_usd", "Capex", formula=f"=([comes_about]+[lost_share])*({cost})"),
        _from_engine(
            "warrants_usd", "Warrants given to the guarantor (value, no cash)",
            "=IF([since]=1-@build_months,@guarantor_warrants_usd/@critical_it_mw,0)",
        ),
        _over_halls(
            lease, "depreciation_usd", "Depreciation; the rest when a stay ends",
            formula=f"=[comes_about]*({all_halls(lease, 'hall_depreciation_usd')})+[lost_share]*({written_off})",
        ),
        _from_engine(
            "taxable_usd", "Taxable income",
            "=[noi_usd]+[prepayment_usd]-[credit_usd]-[late_damages_usd]+[sale_usd]-[depreciation_usd]",
        ),
    )  # fmt: skip


def _debt(lease: Lease) -> Statement[LeaseUnit]:
    def over(name: str, label: str) -> Line[LeaseUnit]:
        return _over_halls(lease, name, label)

    return (
        Heading("Project debt over all halls"),
        over("cfads_usd", "Cash flow available for debt service, the tenant in place"),
        over("draw_usd", "Debt drawn"),
        over("fee_usd", "Fee at closing"),
        over("reserve_usd", "Into the debt service reserve"),
        over("interest_usd", "Interest (capitalised until rent begins)"),
        over("service_usd", "Debt service"),
        over("balloon_usd", "Balloon"),
        over("balance_usd", "Debt outstanding"),
        Line(
            "fee_deducted_usd", "Fee, spread over the loan for tax", "USD", lambda s, _: _fee_over_halls(s),
            f"=[comes_about]*({all_halls(lease, 'hall_fee_deducted_usd')})", total=True,
        ),
        Line("cover", "CFADS over debt service", "x", lambda _, v: cover(v), COVER_FORMULA),
        Single(
            "minimum_dscr", "Lowest DSCR", "x", lambda _, v: lowest(v["cover"]),
            '=IF(COUNT([cover.all])=0,"n/a",MIN([cover.all]))',
        ),
        Heading("For the owner"),
        _from_engine(
            "levered_taxable_usd", "Taxable income after interest and fee",
            "=[taxable_usd]-[interest_usd]-[fee_deducted_usd]",
        ),
    )  # fmt: skip


def lowest(found: Any) -> float:
    """The lowest cover of a row, NaN where it has none."""
    return float("nan") if np.isnan(found).all() else float(np.nanmin(found))


_BEFORE_TAX = (
    "[noi_usd]+[prepayment_usd]-[credit_usd]-[late_damages_usd]+[sale_usd]-[capex_usd]"
    "+[draw_usd]-[fee_usd]-[reserve_usd]-[service_usd]-[balloon_usd]"
)


def _before_tax(v: Values) -> Vector:
    aside = v["prepayment_usd"] - v["credit_usd"] - v["late_damages_usd"] + v["sale_usd"]
    paid_once = v["fee_usd"] + v["reserve_usd"] + v["balloon_usd"]
    return np.asarray(v["noi_usd"] + aside - v["capex_usd"] + v["draw_usd"] - v["service_usd"] - paid_once)


def lease_statement(case: Case, owner: int) -> Statement[LeaseUnit]:
    """Lines of one critical IT MW of an offer."""
    lease: Lease = case.leases[owner]
    return (
        *_terms(lease),
        *cost_singles(lease),
        *npv_lines(case.finance.discount_rate_hosting, "discount_hosting"),
        *_income(lease),
        *running_income("value", "this activity", "taxable_usd"),
        tax_line(case, "value"),
        _from_engine(
            "cash_flow_usd", "Cash flow, unlevered, after tax",
            "=[taxable_usd]+[depreciation_usd]-[capex_usd]-[warrants_usd]-[tax_usd]",
        ),
        *_debt(lease),
        *running_income("owner", "the owner", "levered_taxable_usd"),
        *equity_lines(case, "owner", _BEFORE_TAX, _before_tax),
        *hall_rent_lines(lease, owner),
        *hall_cost_lines(lease, owner),
        *LOAN,
        *hall_places(lease),
    )  # fmt: skip
