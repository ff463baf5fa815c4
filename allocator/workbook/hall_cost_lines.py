"""Lines of one hall that its landlord pays or is paid at the side: running costs, construction, credits, sale, tax."""

from __future__ import annotations

import numpy as np

from allocator.workbook.hall_places import each_hall, mean_over_halls
from allocator.workbook.hall_rent_lines import BILLED, FIRST_YEAR_RENT, rent_index_formula
from allocator.workbook.lease_unit import LeaseUnit, of_hall, step, tables_name
from allocator.workbook.lines import Heading, Single, Statement
from models import capex, rent, tenancy
from models.exit_value import AfterTerm
from models.lease import Lease
from models.power import paid_price_usd_per_mwh
from models.tax import depreciation, yearly_rates
from models.timeline import MONTHS_PER_YEAR, Vector

_SALES = (("exit_noi_usd", "sold_share"), ("exit_relet_noi_usd", "sold_relet_share"))
"""NOI that a buyer counts on, and the share sold at it: of the tenant's halls, and of the next tenant's."""
_TO_PRICE = "*12/@exit_cap_rate*(1-@selling_cost_share)"
BORNE = 'IF(@recovery="nnn",0,1)'
"""Whether the landlord pays the running costs of a let hall."""
_RUNNING = "1000*@running_cost_usd_per_kw_month*(1+@running_cost_growth_per_year)"
_LATE = "([hall_month]+@delay_months-@late_grace_months)"


def _credit_due(s: LeaseUnit) -> Vector:
    prepaid = rent.credited(
        rent.prepayment_usd(s.lease), s.k, s.lease.free_rent_months, s.lease.prepayment_credit_months
    )
    paid_for = capex.tenant_capex_credit_usd(s.lease)
    return prepaid + rent.credited(paid_for, s.k, s.lease.free_rent_months, s.lease.tenant_capex_credit_months)


def _power_due(s: LeaseUnit) -> Vector:
    return rent.power_cost_usd(s.lease, paid_price_usd_per_mwh(s.case.power, s.case.timeline))


def _power_counted(s: LeaseUnit) -> Vector:
    power, last, found = _power_due(s), len(s.months) - 1, np.zeros_like(s.months)
    for offset, share in capex.deliveries(s.lease):
        found += share * power[np.minimum(np.arange(last + 1) + offset, last)]
    return found


def _may_be_sold(s: LeaseUnit) -> Vector:
    sold = s.lease.after_term is AfterTerm.SOLD
    return np.where(sold & (s.k >= s.base_months) & (s.k <= s.stay), 1.0, 0.0)


def _exit_noi(s: LeaseUnit, ratio: float) -> Vector:
    ahead = s.k + 1.0
    billed = rent.base_rent_usd(s.lease, ahead) * s.lease.renewal_rent_ratio * ratio * s.lease.noi_margin
    borne = rent.running_cost_usd(s.lease, ahead) if rent.landlord_bears_running_cost(s.lease) else 0.0
    return np.asarray((billed - borne) * _may_be_sold(s))


def _sold(s: LeaseUnit) -> Vector:
    return np.asarray(tenancy.leaving_share(s.lease, s.k, s.lease.term_years) * _may_be_sold(s))


def _sold_relet(s: LeaseUnit) -> Vector:
    relet = tenancy.relet_share(s.lease, s.k, s.lease.term_years)
    return np.where(s.k == s.base_months, relet * _may_be_sold(s), 0.0)


def _drawn(s: LeaseUnit) -> Vector:
    return capex.drawn_share((s.k + s.build) / s.build, s.lease.draw_curve)


def _year_of_service(s: LeaseUnit) -> Vector:
    return np.where(s.k >= 1, np.floor((s.k - 1) / MONTHS_PER_YEAR) + 1, 0.0)


def _credit_formula(amount: str, months: str) -> str:
    inside = f"AND([hall_month]>@free_rent_months,[hall_month]<=@free_rent_months+@{months})"
    return f"IF({inside},{amount}/@{months},0)"


_S_CURVE = "[hall_built_share]*[hall_built_share]*(const__s_curve_square-const__s_curve_cube*[hall_built_share])"


def _drawn_formula(lease: Lease, owner: int) -> str:
    """The S-curve, or the listed parts one after the other, each drawn evenly."""
    if not lease.draw_curve:
        return _S_CURVE
    shares, before = tables_name(owner, "draw_share"), tables_name(owner, "drawn_before")
    part = f"MIN(ROWS({shares})-1,INT([hall_built_share]*ROWS({shares})))"
    return (
        f"INDEX({before},{part}+1)+([hall_built_share]*ROWS({shares})-{part})*INDEX({shares},{part}+1)"
    )  # fmt: skip


def hall_cost_lines(lease: Lease, owner: int) -> Statement[LeaseUnit]:
    """From running costs to the cash flow that a lender counts."""
    prepaid = f"{FIRST_YEAR_RENT}*@prepaid_rent_months"
    tenant_paid = "[total_cost_usd]*@tenant_capex_share*@tenant_capex_credit_share"
    credit = _credit_formula(prepaid, "prepayment_credit_months") + "+" + (
        _credit_formula(tenant_paid, "tenant_capex_credit_months")
    )  # fmt: skip
    return (
        Heading("One hall: its landlord"),
        step(
            "hall_running_due_usd", "running costs, whoever pays them", "USD",
            lambda s: rent.running_cost_usd(lease, s.k),
            f"=IF([hall_month]>=1,{_RUNNING}^INT(([hall_month]-1)/12),0)",
        ),
        of_hall(
            "running_cost_usd", "running costs that the landlord pays",
            f"=[hall_running_due_usd]*([hall_held_share]-(1-{BORNE})*[hall_let_share])",
        ),
        step(
            "hall_power_due_usd", "power that a landlord under gross pays", "USD", _power_due,
            '=IF(@recovery="gross",@load_factor*@pue*const__hours_per_month'
            "*([network:energy_price]+[network:adders]*[network:power_level]),0)",
        ),
        step(
            "hall_power_counted_usd", "the same by month of a stay, mean over the halls: the lender's", "USD",
            _power_counted, f"={mean_over_halls(lease, 'hall_power_due_usd')}",
        ),
        of_hall("power_cost_usd", "power cost", "=[hall_power_due_usd]*[hall_let_share]"),
        of_hall("prepayment_usd", "rent paid in advance", f"=IF([hall_month]=1-[build_months],{prepaid},0)"),
        step(
            "hall_credit_due_usd", "credits against rent, of the contract", "USD", _credit_due, f"={credit}",
        ),
        of_hall("credit_usd", "credits against rent, expected", "=[hall_credit_due_usd]*[hall_in_place_share]"),
        of_hall(
            "late_damages_usd", "damages for late delivery",
            f"=IF(AND({_LATE}>=1,{_LATE}<=@late_damages_months,[hall_month]<=0),@late_damages_share*{FIRST_YEAR_RENT},0)",
        ),
        *_sale_lines(lease, owner),
        step(
            "hall_built_share", "share of the build time gone by", "share",
            lambda s: np.clip((s.k + s.build) / s.build, 0.0, 1.0),
            "=MAX(0,MIN(1,([hall_month]+[build_months])/[build_months]))",
        ),
        step("hall_drawn_share", "cost drawn to date", "share", _drawn, f"={_drawn_formula(lease, owner)}"),
        of_hall("capex_usd", "capex", "=[cost_usd]*([hall_drawn_share]-[hall_drawn_share.prev])"),
        step(
            "hall_year_of_service", "year of service for tax", "years", _year_of_service,
            "=IF([hall_month]>=1,INT(([hall_month]-1)/12)+1,0)",
        ),
        step(
            "hall_deduction_share", "deducted in this month, were it kept for ever", "share", _deduction,
            "=IF(AND([hall_year_of_service]>0,[hall_year_of_service]<=ROWS(tables__data_centre_deductions)),"
            "INDEX(tables__data_centre_deductions,MAX(1,[hall_year_of_service]))/12,0)",
        ),
        step(
            "hall_deducted_share", "the same to date", "share", lambda s: np.cumsum(_deduction(s)),
            "=[hall_deducted_share.prev]+[hall_deduction_share]",
        ),
        of_hall(
            "depreciation_usd", "depreciation; the rest when its stay ends",
            "=[cost_usd]*([hall_deduction_share]*[hall_held_share]+[hall_ended_share]*(1-[hall_deducted_share]))",
        ),
        step(
            "hall_written_off_usd", "written off if the lease falls away", "USD",
            lambda s: np.where(s.k == 0, capex.landlord_cost_usd(lease), 0.0), "=IF([hall_month]=0,[cost_usd],0)",
        ),
        of_hall(
            "cfads_usd", "cash flow available for debt service, the tenant in place",
            f"=IF(AND([hall_month]>=1,[hall_month]<=12*@term_years),[hall_contract_rent_usd]*@noi_margin"
            f"-{BORNE}*[hall_running_due_usd]-[hall_power_counted_usd]-[hall_credit_due_usd],0)",
        ),
        of_hall(
            "occupied_share", "its megawatts serve no other use",
            "=IF([hall_month]+@delay_months>=1-@clearance_months,"
            'IF(@after_term="back to mining",[hall_held_share],1),0)', "share",
        ),
    )  # fmt: skip


def _deduction(s: LeaseUnit) -> Vector:
    finance = s.case.finance
    rates = yearly_rates(
        finance.data_centre_short_life_share, finance.bonus_depreciation, finance.data_centre_fifteen_year_share
    )
    return depreciation(1.0, s.k, rates)


def sale_over_halls(lease: Lease) -> str:
    """``sum_h share_h x sum max(0, sold x (NOI - power)) x 12 / cap rate x (1 - cost)``, each hall at its own power."""
    parts = (f"MAX(0,{{hall_{noi}}}-[hall_power_due_usd])*{{hall_{share}}}" for noi, share in _SALES)
    return f"({each_hall(lease, '(' + '+'.join(parts) + ')')}){_TO_PRICE}"


def _sale_lines(lease: Lease, owner: int) -> Statement[LeaseUnit]:
    """What a buyer counts on in each month with which a stay may end, how likely that is, and what it brings."""
    inside = 'AND(@after_term="sold",[hall_month]>=12*@term_years,[hall_month]<=[stay_months])'
    index = rent_index_formula(lease, owner, "INT([hall_month]/12)")
    costs = f"{BORNE}*{_RUNNING}^INT([hall_month]/12)"
    ends = "MOD([hall_month]-12*@term_years,12*@renewal_years)=0"
    leaving = f"IF([hall_month]=[stay_months],1,IF({ends},1-@renewal_probability,0))"
    parts = (f"MAX(0,[hall_{noi}]-[hall_power_due_usd])*[hall_{share}]" for noi, share in _SALES)
    return (
        step(
            "hall_exit_rent_usd", "next month's rent as a buyer counts it", "USD",
            lambda s: rent.base_rent_usd(lease, s.k + 1.0) * lease.renewal_rent_ratio * _may_be_sold(s),
            f"=IF({inside},{BILLED}*{index}*@renewal_rent_ratio,0)",
        ),
        step(
            "hall_exit_noi_usd", "a month's NOI before power that a buyer counts on", "USD",
            lambda s: _exit_noi(s, 1.0), f"=IF({inside},[hall_exit_rent_usd]*@noi_margin-{costs},0)",
        ),
        step(
            "hall_exit_relet_noi_usd", "the same where the next tenant is in it", "USD",
            lambda s: _exit_noi(s, lease.reletting_rent_ratio),
            f"=IF({inside},[hall_exit_rent_usd]*@reletting_rent_ratio*@noi_margin-{costs},0)",
        ),
        step(
            "hall_sold_share", "sold after this month, its tenant having paid all rents", "share", _sold,
            f"=IF({inside},[hall_in_place_share]*{leaving},0)",
        ),
        step(
            "hall_sold_relet_share", "sold after this month with the next tenant's rent", "share", _sold_relet,
            f"=IF(AND({inside},[hall_month]=12*@term_years),[hall_relet_share],0)",
        ),
        of_hall("sale_usd", "sale when its stay ends, net, expected", f"=({'+'.join(parts)}){_TO_PRICE}"),
    )  # fmt: skip


def cost_singles(lease: Lease) -> tuple[Single[LeaseUnit], ...]:
    """What a hall costs to build."""
    total = 1000.0 * lease.capex_usd_per_kw * (1.0 + lease.contingency_share)
    return (
        Single(
            "total_cost_usd", "Cost to build with contingency", "USD", lambda *_: total,
            "=@capex_usd_per_kw*1000*(1+@contingency_share)",
        ),
        Single(
            "cost_usd", "Of it the landlord's", "USD", lambda *_: float(capex.landlord_cost_usd(lease)),
            "=[total_cost_usd]*(1-@tenant_capex_share)",
        ),
    )  # fmt: skip
