"""Lines of one hall's project debt: its size by LTC and DSCR, draws, fee, reserve, interest, service, balloon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.workbook.lease_unit import LeaseUnit, step
from allocator.workbook.lines import Heading, Line, Single, Statement
from models import debt
from models.debt import Amortisation, Sizing
from models.lease import Lease
from models.timeline import Vector

_RATE = "@debt_rate/12"
_LEVEL = '(@amortisation="level")'
_SERVED = "AND([hall_rent_month]>0,[hall_rent_month]<=[debt_months])"


def tenor(lease: Lease) -> int:
    """Months from the first rent to maturity."""
    return debt.tenor_months(lease, lease.term_years, lease.free_rent_months)


def _rate(s: LeaseUnit) -> float:
    return debt.monthly_rate(s.lease.debt_rate)


def _served(s: LeaseUnit) -> Vector:
    since = s.k - s.lease.free_rent_months
    return np.where((since > 0) & (since <= tenor(s.lease)), np.maximum(s.hall.cfads_usd, 0.0), 0.0)


def _factor(s: LeaseUnit) -> Vector:
    return np.asarray(np.exp(-(s.k - s.lease.free_rent_months) * np.log1p(_rate(s))))


def _repaid(s: LeaseUnit) -> float:
    return float(1.0 - s.lease.balloon_share * (1.0 + _rate(s)) ** -float(tenor(s.lease)))


def _annuity(s: LeaseUnit) -> float:
    return float(debt.annuity(_rate(s), tenor(s.lease)))


def _least_payment(s: LeaseUnit) -> float:
    """Level payment that the weakest month carries; none where a month carries nothing."""
    served = _served(s)
    if np.count_nonzero(served) < tenor(s.lease):
        return 0.0
    return float(served[served > 0].min()) / s.lease.dscr


def _in_reserve(s: LeaseUnit) -> float:
    """Debt service that the reserve holds, per dollar of debt."""
    return float(s.flows.hall_sizing.reserve_factor)


def _sized(name: str, label: str, unit: str, value: Callable[[Sizing], Vector], formula: str) -> Single[LeaseUnit]:
    return Single(name, f"Hall: {label}", unit, lambda s, _: float(value(s.flows.hall_sizing)), formula)


def _finite(advance: Vector) -> float:
    """No limit reads as all of the cost: more is never lent."""
    return float(advance) if np.isfinite(advance) else 1.0


def _of_loan(name: str, label: str, formula: str) -> Line[LeaseUnit]:
    return Line(f"hall_{name}", f"Hall: {label}", "USD", lambda s, _: getattr(s.flows.hall_debt, name), formula)


def _drawn_so_far(s: LeaseUnit) -> Vector:
    return np.asarray(np.cumsum(s.flows.hall_debt.draw_usd))


def fee_deducted(s: LeaseUnit) -> Vector:
    """The fee at closing as tax counts it: in equal parts over the months of service."""
    since = s.k - s.lease.free_rent_months
    part = s.lease.debt_fee_share * float(s.flows.hall_debt.debt_usd) / tenor(s.lease)
    return np.where((since > 0) & (since <= tenor(s.lease)), part, 0.0)


LOAN: Statement[LeaseUnit] = (
    Heading("One hall: its project debt"),
    Single(
        "debt_months", "Months from the first rent to maturity", "months", lambda s, _: float(tenor(s.lease)),
        "=IF(ISNUMBER(@debt_tenor_years),12*@debt_tenor_years,12*@term_years-@free_rent_months)",
    ),
    step(
        "hall_rent_month", "months since rent begins", "months", lambda s: s.k - s.lease.free_rent_months,
        "=[hall_month]-@free_rent_months",
    ),
    step(
        "hall_served_usd", "cash flow that can serve debt", "USD", _served,
        f"=IF({_SERVED},MAX(0,[hall_cfads_usd]),0)",
    ),
    step(
        "hall_debt_factor", "discount factor of the debt, 1 when rent begins", "", _factor,
        f"=(1+{_RATE})^(-[hall_rent_month])",
    ),
    _sized(
        "grown_usd", "cost with interest until rent begins, had debt paid all of it", "USD", lambda z: z.grown_usd,
        "=SUMPRODUCT([hall_capex_usd.all]*[hall_debt_factor.all])",
    ),
    _sized(
        "worth_usd", "cash flow that can serve debt, discounted to the first rent", "USD", lambda z: z.worth_usd,
        "=SUMPRODUCT([hall_served_usd.all]*[hall_debt_factor.all])",
    ),
    Single(
        "repaid_share", "Hall: debt repaid out of service, the rest being the balloon", "share",
        lambda s, _: _repaid(s), f"=1-@balloon_share*(1+{_RATE})^(-[debt_months])",
    ),
    Single(
        "annuity", "Hall: worth of a dollar a month to maturity", "", lambda s, _: _annuity(s),
        f"=IF(@debt_rate=0,[debt_months],(1-(1+{_RATE})^(-[debt_months]))/({_RATE}))",
    ),
    Single(
        "least_payment_usd", "Hall: level payment that the weakest month carries", "USD",
        lambda s, _: _least_payment(s),
        '=IF(COUNTIF([hall_served_usd.all],">0")<[debt_months],0,'
        "SMALL([hall_served_usd.all],MIN([network:last_month],COUNTIF([hall_served_usd.all],0))+1))/@dscr",
    ),
    _sized(
        "payment_factor", "service per dollar of debt: of the cash flow, or a month if level", "",
        lambda z: z.payment_factor,
        f"=IF({_LEVEL},[repaid_share]/[annuity],IF([worth_usd]=0,0,[repaid_share]/[worth_usd]))",
    ),
    Single(
        "reserve_factor", "Hall: reserve per dollar of debt", "share", lambda s, _: _in_reserve(s),
        f"=[payment_factor]*IF({_LEVEL},@debt_reserve_months,SUMPRODUCT([hall_served_usd.all]"
        "*([hall_rent_month.all]<=@debt_reserve_months)))",
    ),
    _sized(
        "advance_by_ltc", "debt per dollar of cost that LTC allows", "share",
        lambda z: np.array(_finite(z.advance_by_ltc)),
        "=IF([beyond_usd]>0,@ltc*[cost_usd]/[beyond_usd],IF([cost_usd]>0,1,0))",
    ),
    Single(
        "beyond_usd", "Hall: its divisor, cost with the interest, fee and reserve that equity pays", "USD",
        lambda s, _: _beyond(s),
        "=[grown_usd]*(1-@ltc*(1+@debt_fee_share+[reserve_factor]))+@ltc*[cost_usd]",
    ),
    _sized(
        "advance_by_dscr", "debt per dollar of cost that DSCR allows", "share",
        lambda z: np.array(_finite(z.advance_by_dscr)),
        f"=IF([worth_usd]>0,IF([due_usd]=0,1,IF({_LEVEL},[least_payment_usd],[worth_usd]/@dscr)/[due_usd]),0)",
    ),
    Single(
        "due_usd", "Hall: its divisor, what debt for all of the cost would have to be paid", "USD",
        lambda s, _: _due(s), f"=[grown_usd]*IF({_LEVEL},[payment_factor],[repaid_share])",
    ),
    Single(
        "advance_rate", "Hall: debt drawn per dollar of cost", "share",
        lambda s, _: float(s.flows.hall_sizing.advance_rate), "=MAX(0,MIN(1,[advance_by_ltc],[advance_by_dscr]))",
    ),
    step(
        "hall_debt_drawn_usd", "debt drawn to date", "USD", _drawn_so_far,
        "=[cost_usd]*IF(@equity_first,MAX(0,[hall_drawn_share]-(1-[advance_rate])),[advance_rate]*[hall_drawn_share])",
    ),
    _of_loan("draw_usd", "debt drawn", "=[hall_debt_drawn_usd]-[hall_debt_drawn_usd.prev]"),
    Single(
        "debt_usd", "Hall: debt when rent begins", "USD", lambda s, _: float(s.flows.hall_debt.debt_usd),
        "=SUMPRODUCT([hall_draw_usd.all]*[hall_debt_factor.all])",
    ),
    _of_loan("fee_usd", "fee at closing", "=IF([hall_month]=1-[build_months],@debt_fee_share*[debt_usd],0)"),
    _of_loan(
        "reserve_usd", "paid into the debt service reserve, and given back",
        "=[reserve_factor]*[debt_usd]*(([hall_rent_month]=0)-([hall_rent_month]=[debt_months]))",
    ),
    _of_loan(
        "service_usd", "debt service",
        f"=[payment_factor]*[debt_usd]*IF({_LEVEL},IF({_SERVED},1,0),[hall_served_usd])",
    ),
    _of_loan("balloon_usd", "balloon", "=IF([hall_rent_month]=[debt_months],@balloon_share*[debt_usd],0)"),
    _of_loan(
        "balance_usd", "debt outstanding",
        f"=IF([hall_rent_month]>=[debt_months],0,IF([hall_rent_month]<=0,[hall_balance_usd.prev]*(1+{_RATE})+[hall_draw_usd],"
        f"([hall_balance_usd.next]+[hall_service_usd.next]+[hall_balloon_usd.next])/(1+{_RATE})))",
    ),
    _of_loan("interest_usd", "interest (capitalised until rent begins)", f"=[hall_balance_usd.prev]*{_RATE}"),
    step(
        "hall_fee_deducted_usd", "fee, spread over the loan for tax", "USD", fee_deducted,
        f"=IF({_SERVED},@debt_fee_share*[debt_usd]/[debt_months],0)",
    ),
    Single(
        "ltc_achieved", "Hall: loan to cost achieved", "share", lambda s, _: float(s.flows.hall_debt.ltc),
        "=IF([funded_usd]=0,0,[debt_usd]/[funded_usd])",
    ),
    Single(
        "funded_usd", "Hall: all cost with interest, fee and reserve", "USD", lambda s, _: _funded(s),
        "=[cost_usd]*(1-[advance_rate])+[debt_usd]*(1+@debt_fee_share+[reserve_factor])",
    ),
)  # fmt: skip


def _beyond(s: LeaseUnit) -> float:
    size, ltc = s.flows.hall_sizing, s.lease.ltc
    paid = 1.0 - ltc * (1.0 + s.lease.debt_fee_share + size.reserve_factor)
    return float(size.grown_usd * paid + ltc * size.cost_usd)


def _due(s: LeaseUnit) -> float:
    size = s.flows.hall_sizing
    level = s.lease.amortisation is Amortisation.LEVEL
    return float(size.grown_usd * size.payment_factor) if level else float(size.grown_usd) * _repaid(s)


def _funded(s: LeaseUnit) -> float:
    size, owed = s.flows.hall_sizing, float(s.flows.hall_debt.debt_usd)
    on_top = 1.0 + s.lease.debt_fee_share + float(size.reserve_factor)
    return float(size.cost_usd) * (1.0 - float(size.advance_rate)) + owed * on_top
