"""Statement of one critical IT MW of an offer: rent, NOI, construction, tax, project debt, the owner's cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.activities import Activity
from allocator.case import Case
from allocator.workbook.lines import Heading, Line, Single, Statement, Values
from allocator.workbook.tail_lines import equity_lines, npv_lines, tax_line
from models import lease as leasing
from models.debt import DebtSchedule, monthly_rate, schedule, sculpted_debt
from models.lease import Lease
from models.tax import depreciation, yearly_rates
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector


@dataclass(frozen=True)
class LeaseUnit:
    """One critical IT MW of an offer with its first delivery in a given quarter."""

    case: Case
    activity: Activity

    @property
    def lease(self) -> Lease:
        """The offer."""
        return self.case.leases[self.activity.owner]

    @property
    def months(self) -> Vector:
        """0..M."""
        return self.case.timeline.month_index


def _year_of_service(_: LeaseUnit, v: Values) -> Vector:
    served = v["since"] - v["last_offset"]
    return np.where(served >= 1, np.floor((served - 1) / MONTHS_PER_YEAR) + 1, 0.0)


def _depreciation(s: LeaseUnit, v: Values) -> Vector:
    """By the table until the last rent is paid; what is left then is written off."""
    rates = yearly_rates(s.case.finance.data_centre_short_life_share, s.case.finance.bonus_depreciation)
    deducted = depreciation(v["cost_usd"], v["since"] - v["last_offset"], rates)
    deducted = np.where(s.months < v["end_month"], deducted, 0.0)
    return np.where(s.months == v["end_month"], v["cost_usd"] - np.sum(deducted), deducted)


def _debt(s: LeaseUnit, v: Values) -> DebtSchedule:
    return schedule(
        v["capex_usd"],
        v["noi_usd"],
        v["since"],
        closing_month=int(v["last_offset"]),
        maturity_month=int(v["maturity"]),
        ltc=s.lease.ltc,
        debt_rate=s.lease.debt_rate,
        dscr=s.lease.dscr,
    )


def _drawn(s: LeaseUnit, v: Values) -> Vector:
    """Share of the cost drawn to date, from the model's monthly draws."""
    return np.asarray(
        np.cumsum(leasing.capex_draws_usd(s.lease, v["since"])) / v["cost_usd"]
        if v["cost_usd"]
        else np.zeros_like(s.months)
    )


_SINCE = "[since]-tables__delivery*@delivery_interval_months"
_LET = f"(tables__delivery<@deliveries)*({_SINCE}>0)*({_SINCE}<=12*@term_years)"
_BUILT = f"({_SINCE}+@build_months)/@build_months"
_DRAWN = (
    f"(tables__delivery<@deliveries)*(({_BUILT}>0)*({_BUILT}<1)*({_BUILT})*({_BUILT})"
    f"*(const__s_curve_square-const__s_curve_cube*({_BUILT}))+({_BUILT}>=1))"
)
_TERMS: Statement[LeaseUnit] = (
    Heading("This activity"),
    Single(
        "start_quarter",
        "First delivery, quarters from the valuation date",
        "quarters",
        lambda s, _: float(s.activity.start),
        None,
    ),
    Single(
        "start_month",
        "First delivery at the end of month",
        "months",
        lambda _, v: v["start_quarter"] * MONTHS_PER_QUARTER,
        "=[start_quarter]*const__months_per_quarter",
    ),
    Single(
        "facility_mw_per_unit",
        "Facility MW of a unit",
        "facility MW",
        lambda s, _: s.activity.facility_mw_per_unit,
        "=@provisioning_ratio",
    ),
    Single(
        "last_offset",
        "Months from first to last delivery",
        "months",
        lambda s, _: float(leasing.last_delivery_offset_months(s.lease)),
        "=(@deliveries-1)*@delivery_interval_months",
    ),
    Single(
        "maturity",
        "Debt matures, months after the first delivery",
        "months",
        lambda s, v: max(s.lease.term_years * MONTHS_PER_YEAR, v["last_offset"] + 1.0),
        "=MAX(@term_years*12,[last_offset]+1)",
    ),
    Single(
        "end_month",
        "Last rent is paid in month",
        "months",
        lambda s, v: min(s.months[-1], v["start_month"] + v["last_offset"] + s.lease.term_years * MONTHS_PER_YEAR),
        "=MIN([network:last_month],[start_month]+[last_offset]+@term_years*12)",
    ),
    Single(
        "cost_usd",
        "Cost to build",
        "USD",
        lambda s, _: s.lease.capex_usd_per_kw * leasing.KW_PER_MW,
        "=@capex_usd_per_kw*1000",
    ),
)
_BUILDING: Statement[LeaseUnit] = (
    Heading("One critical IT MW, unlevered"),
    Line(
        "since",
        "Months since the first delivery",
        "months",
        lambda s, v: s.months - v["start_month"],
        "=[network:month]-[start_month]",
    ),
    Line(
        "occupied_share",
        "In the tenant's hands",
        "share",
        lambda s, v: leasing.occupied_share(s.lease, v["since"]),
        f"=SUMPRODUCT({_LET})/@deliveries",
    ),
    Line(
        "rent_usd",
        "Rent",
        "USD",
        lambda s, v: leasing.rent_usd(s.lease, v["since"]),
        f"=1000*@rent_usd_per_kw_month/@deliveries*SUMPRODUCT({_LET}*(1+@escalator_per_year)^INT(({_SINCE}-1)/12))",
        total=True,
    ),
    Line(
        "noi_usd",
        "Net operating income",
        "USD",
        lambda s, v: leasing.noi_usd(v["rent_usd"], s.lease.noi_margin),
        "=[rent_usd]*@noi_margin",
        total=True,
    ),
    Line("drawn_share", "Cost drawn to date", "share", _drawn, f"=SUMPRODUCT({_DRAWN})/@deliveries"),
    Line(
        "capex_usd",
        "Capex",
        "USD",
        lambda s, v: leasing.capex_draws_usd(s.lease, v["since"]),
        "=[cost_usd]*([drawn_share]-[drawn_share.prev])",
        total=True,
    ),
    Line(
        "year_of_service",
        "Year of service for tax",
        "years",
        _year_of_service,
        "=IF([since]-[last_offset]>=1,INT(([since]-[last_offset]-1)/12)+1,0)",
    ),
    Line(
        "depreciation_usd",
        "Depreciation; the rest when the lease ends",
        "USD",
        _depreciation,
        "=IF([network:month]<[end_month],IF([year_of_service]>0,[cost_usd]*INDEX(tables__data_centre_deductions,[year_of_service])/12,0),"
        "IF([network:month]=[end_month],[cost_usd]-[deducted_usd.prev],0))",
        total=True,
    ),
    Line(
        "deducted_usd",
        "Depreciation to date",
        "USD",
        lambda _, v: np.cumsum(v["depreciation_usd"]),
        "=[deducted_usd.prev]+[depreciation_usd]",
    ),
    Line(
        "taxable_usd",
        "Taxable income",
        "USD",
        lambda _, v: v["noi_usd"] - v["depreciation_usd"],
        "=[noi_usd]-[depreciation_usd]",
        total=True,
    ),
)
_SIZING: Statement[LeaseUnit] = (
    Heading("Project debt: the smaller of LTC and DSCR, service sculpted to NOI"),
    Line(
        "serviceable_usd",
        "NOI that can serve debt",
        "USD",
        lambda _, v: np.where(
            (v["since"] > v["last_offset"]) & (v["since"] <= v["maturity"]), np.maximum(v["noi_usd"], 0.0), 0.0
        ),
        "=([since]>[last_offset])*([since]<=[maturity])*MAX(0,[noi_usd])",
        total=True,
    ),
    Single(
        "worth_usd",
        "Its worth at the debt's rate, at the last delivery",
        "USD",
        lambda s, v: sculpted_debt(
            v["serviceable_usd"], v["since"] - v["last_offset"], monthly_rate(s.lease.debt_rate), 1.0
        ),
        "=SUMPRODUCT([serviceable_usd.all]*(1+@debt_rate/12)^([last_offset]-[since.all]))",
    ),
    Single(
        "full_ltc_usd",
        "Debt at full LTC with interest to that day",
        "USD",
        lambda s, v: sculpted_debt(
            s.lease.ltc * v["capex_usd"] * (v["since"] <= v["last_offset"]),
            v["since"] - v["last_offset"],
            monthly_rate(s.lease.debt_rate),
            1.0,
        ),
        "=@ltc*SUMPRODUCT(([since.all]<=[last_offset])*[capex_usd.all]*(1+@debt_rate/12)^([last_offset]-[since.all]))",
    ),
    Single(
        "advance_rate",
        "Debt drawn per dollar of capex",
        "share",
        lambda s, v: _debt(s, v).advance_rate,
        "=IF(OR([full_ltc_usd]<=0,[worth_usd]<=0),0,@ltc*MIN(1,[worth_usd]/@dscr/[full_ltc_usd]))",
    ),
    Single(
        "debt_usd",
        "Debt at the last delivery",
        "USD",
        lambda s, v: v["full_ltc_usd"] * v["advance_rate"] / s.lease.ltc if s.lease.ltc else 0.0,
        "=IF([advance_rate]=0,0,[full_ltc_usd]*[advance_rate]/@ltc)",
    ),
    Line(
        "draw_usd",
        "Debt drawn",
        "USD",
        lambda s, v: _debt(s, v).draw_usd,
        "=([since]<=[last_offset])*[advance_rate]*[capex_usd]",
        total=True,
    ),
    Line(
        "service_usd",
        "Debt service",
        "USD",
        lambda s, v: _debt(s, v).service_usd,
        "=IF([worth_usd]>0,[serviceable_usd]*[debt_usd]/[worth_usd],0)",
        total=True,
    ),
    Line(
        "interest_usd",
        "Interest (capitalised until the last delivery)",
        "USD",
        lambda s, v: _debt(s, v).interest_usd,
        "=IF([since]<=[maturity],[balance_usd.prev]*@debt_rate/12,0)",
        total=True,
    ),
    Line(
        "balance_usd",
        "Debt outstanding",
        "USD",
        lambda s, v: _debt(s, v).balance_usd,
        "=IF([since]>=[maturity],0,[balance_usd.prev]+[interest_usd]+[draw_usd]-[service_usd])",
    ),
    Heading("For the owner"),
    Line(
        "levered_taxable_usd",
        "Taxable income after interest",
        "USD",
        lambda _, v: v["taxable_usd"] - v["interest_usd"],
        "=[taxable_usd]-[interest_usd]",
        total=True,
    ),
)


def lease_statement(case: Case) -> Statement[LeaseUnit]:
    """Lines of one critical IT MW of an offer."""
    return (
        *_TERMS,
        *npv_lines(case.finance.discount_rate_hosting, "discount_hosting"),
        *_BUILDING,
        tax_line(case),
        Line(
            "cash_flow_usd",
            "Cash flow, unlevered, after tax",
            "USD",
            lambda _, v: v["noi_usd"] - v["capex_usd"] - v["tax_usd"],
            "=[noi_usd]-[capex_usd]-[tax_usd]",
            total=True,
        ),
        *_SIZING,
        *equity_lines(
            case,
            "levered_taxable_usd",
            "[noi_usd]-[capex_usd]+[draw_usd]-[service_usd]",
            lambda v: v["noi_usd"] - v["capex_usd"] + v["draw_usd"] - v["service_usd"],
        ),
    )
