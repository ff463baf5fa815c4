"""Lines of one hall that its tenants pay: how likely each is there, rent, guarantor, fee for leaving."""

from __future__ import annotations

import numpy as np

from allocator.workbook.lease_unit import LeaseUnit, of_hall, step, tables_name
from allocator.workbook.lines import Heading, Row, Single, Statement
from models import exit_value, rent, tenancy
from models.lease import Lease
from models.timeline import Vector

FIRST_YEAR_RENT = "1000*@rent_usd_per_kw_month"
BILLED = f"{FIRST_YEAR_RENT}*MAX(@take_or_pay_share,@expected_use)"
"""First-year rent of what is billed."""
IN_BASE_TERM = "AND([hall_month]>=1,[hall_month]<=12*@term_years)"


def rent_index_formula(lease: Lease, owner: int, year: str) -> str:
    """Base rent of a year, counted from 0, over that of the first; the list where the term sheet has one."""
    if not lease.rent_by_year:
        return f"(1+@escalator_per_year)^({year})"
    listed = tables_name(owner, "rent_by_year")
    inside = f"MIN(MAX({year},0)+1,ROWS({listed}))"
    return f"INDEX({listed},{inside})*(1+@escalator_per_year)^MAX({year}+1-ROWS({listed}),0)"


def _held(s: LeaseUnit, later: int) -> Vector:
    in_place = tenancy.in_place_share(s.lease, s.k + later, s.lease.term_years)
    return exit_value.held_share(s.lease, in_place, s.k + later, s.base_months, s.stay)


def _billed(s: LeaseUnit) -> Vector:
    return np.cumsum(np.where(s.k <= s.base_months, s.hall.contract_rent_usd, 0.0))


def _billed_until_relet(s: LeaseUnit) -> Vector:
    last = int(s.months[-1])
    at = np.maximum(np.minimum(s.months - 1 + s.lease.reletting_months, last), 0).astype(int)
    return np.asarray(_billed(s)[at])


def _default_share(s: LeaseUnit) -> Vector:
    lost = tenancy.solvent_share(s.lease, s.k - 1.0) - tenancy.solvent_share(s.lease, s.k)
    inside = (s.k >= 1) & (s.k <= s.base_months)
    return np.where(inside, lost * tenancy.staying_share(s.lease, s.k), 0.0)


def _cap(s: LeaseUnit) -> float:
    return float(s.lease.guarantor_cap_share * _billed(s)[-1])


_MISSED = (
    "([hall_billed_usd]-[hall_billed_usd.all]+[hall_contract_rent_usd.all]-MIN(1,@reletting_rent_ratio)"
    "*([hall_billed_usd]-[hall_billed_until_relet_usd.all])*([hall_billed_usd]>[hall_billed_until_relet_usd.all]))"
)
"""Rent missed by this month, for a default in each month of the row; negative where that default lies ahead."""
_CAPPED = f"(ABS({_MISSED})-ABS({_MISSED}-[guarantor_cap_usd])+[guarantor_cap_usd])/const__two"
"""``min(cap, max(0, missed))``, element by element."""


def hall_rent_lines(lease: Lease, owner: int) -> Statement[LeaseUnit]:
    """From the months since delivery to what tenants and guarantor are expected to pay."""
    index = rent_index_formula(lease, owner, "INT(([hall_month]-1)/12)")
    return (
        Heading("One hall at the agreed first delivery: its tenant"),
        step(
            "hall_month", "months since its delivery", "months", lambda s: s.k,
            "=[network:month]-[start_month]-@delay_months",
        ),
        step(
            "hall_rent_index", "base rent over first-year rent", "ratio", lambda s: rent.rent_index(lease, s.k),
            f"={index}",
        ),
        of_hall(
            "contract_rent_usd", "rent of the contract, every option used",
            f"=IF(AND([hall_month]>=1,[hall_month]>@free_rent_months,[hall_month]<=[stay_months]),{BILLED}*[hall_rent_index]"
            "*IF([hall_month]>12*@term_years,@renewal_rent_ratio,1),0)",
        ),
        step(
            "hall_solvent_share", "chance that the tenant can pay", "share",
            lambda s: tenancy.solvent_share(lease, s.k),
            "=IF(AND(ISNUMBER(@tenant_default_after_years),[hall_month]>12*@tenant_default_after_years),0,"
            "(1-@tenant_default_per_year)^(MAX([hall_month],0)/12))",
        ),
        step(
            "hall_staying_share", "chance that it has not used its right to leave", "share",
            lambda s: tenancy.staying_share(lease, s.k),
            "=IF(AND(ISNUMBER(@termination_after_years),[hall_month]>12*@termination_after_years),"
            "1-@termination_probability,1)",
        ),
        step(
            "hall_renewed_share", "chance that the renewal is used", "share",
            lambda s: tenancy.renewed_share(lease, s.k, lease.term_years),
            "=IF([hall_month]<=12*@term_years,1,"
            "@renewal_probability^ROUNDUP(([hall_month]-12*@term_years)/(12*@renewal_years),0))",
        ),
        step(
            "hall_in_place_share", "tenant of the contract in place", "share",
            lambda s: tenancy.in_place_share(lease, s.k, lease.term_years),
            "=IF(AND([hall_month]>=1,[hall_month]<=[stay_months]),"
            "[hall_solvent_share]*[hall_staying_share]*[hall_renewed_share],0)",
        ),
        step(
            "hall_left_share", "left before the base term ended", "share",
            lambda s: tenancy.left_early_share(lease, s.k, lease.term_years),
            f"=IF({IN_BASE_TERM},1-[hall_solvent_share]*[hall_staying_share],0)",
        ),
        step(
            "hall_relet_share", "let to the next tenant", "share",
            lambda s: tenancy.relet_share(lease, s.k, lease.term_years),
            "=IF(AND([network:month]>=@reletting_months,[hall_month]<=12*@term_years),"
            "INDEX([hall_left_share.all],MAX(0,[network:month]-@reletting_months)+1),0)",
        ),
        step(
            "hall_let_share", "let to either", "share",
            lambda s: tenancy.in_place_share(lease, s.k, lease.term_years)
            + tenancy.relet_share(lease, s.k, lease.term_years),
            "=[hall_in_place_share]+[hall_relet_share]",
        ),
        step(
            "hall_held_share", "its stay has not ended", "share", lambda s: _held(s, 0),
            "=IF([hall_month]<=12*@term_years,1,"
            'IF([hall_month]<=[stay_months],IF(@after_term="none",1,[hall_in_place_share]),0))',
        ),
        step(
            "hall_ended_share", "its stay ends with this month", "share", lambda s: _held(s, 0) - _held(s, 1),
            "=[hall_held_share]-[hall_held_share.next]",
        ),
        of_hall("rent_usd", "rent of the tenant, expected", "=[hall_contract_rent_usd]*[hall_in_place_share]"),
        of_hall(
            "relet_rent_usd", "rent of the next tenant, expected",
            "=[hall_contract_rent_usd]*@reletting_rent_ratio*[hall_relet_share]",
        ),
        *_GUARANTOR,
        of_hall(
            "termination_fee_usd", "fee for leaving early, expected",
            "=IF(AND(ISNUMBER(@termination_after_years),[hall_month]=12*@termination_after_years),"
            "@termination_probability*@termination_fee_months*[hall_solvent_share]*[hall_contract_rent_usd],0)",
        ),
    )  # fmt: skip


_GUARANTOR: tuple[Row[LeaseUnit], ...] = (
    step(
        "hall_default_share", "chance that the tenant stops paying in this month", "share", _default_share,
        f"=IF({IN_BASE_TERM},([hall_solvent_share.prev]-[hall_solvent_share])*[hall_staying_share],0)",
    ),
    step(
        "hall_billed_usd", "rent of the base term to date", "USD", _billed,
        "=[hall_billed_usd.prev]+IF([hall_month]<=12*@term_years,[hall_contract_rent_usd],0)",
    ),
    step(
        "hall_billed_until_relet_usd", "of it by the time a tenant lost now is replaced", "USD", _billed_until_relet,
        "=INDEX([hall_billed_usd.all],MAX(0,MIN([network:last_month],[network:month]-1+@reletting_months))+1)",
    ),
    Single(
        "guarantor_cap_usd", "Hall: most that the guarantor pays", "USD", lambda s, _: _cap(s),
        "=@guarantor_cap_share*MAX([hall_billed_usd.all])",
    ),
    step(
        "hall_guaranteed_usd", "guarantor's payments to date, expected", "USD",
        lambda s: np.cumsum(s.hall.guarantor_usd),
        f"=IF([guarantor_cap_usd]=0,0,SUMPRODUCT([hall_default_share.all]*{_CAPPED}))",
    ),
    of_hall("guarantor_usd", "paid by the guarantor, expected", "=[hall_guaranteed_usd]-[hall_guaranteed_usd.prev]"),
)  # fmt: skip
