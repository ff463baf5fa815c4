"""Project debt of a hall: its size by LTC and DSCR, interest during construction, amortisation, fee, reserve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from models.assumptions import Assumptions, Flag, Number, Whole, assumption
from models.timeline import MONTHS_PER_YEAR, Vector, due_in, increases


class Amortisation(StrEnum):
    """How a loan is repaid."""

    SCULPTED = "sculpted"
    """Service follows the cash that is there: the same cover in every month."""
    LEVEL = "level"
    """The same payment every month."""


class ProjectDebt(Assumptions):
    """Terms of the loan against a lease."""

    title_of_section: ClassVar[str] = "Project debt"

    ltc: Number = assumption(
        0.80, unit="share of total cost", ge=0, le=1,
        meaning="Loan to cost: debt when rent begins over all cost: construction, interest until then, fee, reserve",
        source="70-85 % in signed deals", status="sourced", dated="2025",
        because="debt above 100 % of cost is not project debt",
    )  # fmt: skip
    debt_rate: Number = assumption(
        0.071, unit="per year, paid monthly", ge=0, le=1, meaning="Coupon of the project debt",
        source="AI project bonds 6.13-9.25 %", status="sourced", dated="2026-06",
    )  # fmt: skip
    dscr: Number = assumption(
        1.30, unit="x", ge=1, le=10,
        meaning="Least cover of debt service by CFADS; sizes the debt where it is smaller than LTC allows",
        source="covenants 1.05-1.40", status="sourced", dated="2026", because="below 1 the debt could not be served",
    )  # fmt: skip
    amortisation: Amortisation = assumption(
        Amortisation.SCULPTED, unit="", meaning="Repayment: sculpted to the cash flow, or level"
    )
    debt_tenor_years: Whole | None = assumption(
        None, unit="years", ge=1, le=40, meaning="Years from the first rent to maturity; the whole term if absent",
    )  # fmt: skip
    balloon_share: Number = assumption(
        0.0, unit="share of debt", ge=0, le=1, meaning="Part of the debt that is left to pay at maturity",
    )  # fmt: skip
    equity_first: Flag = assumption(
        False, unit="", meaning="Equity is spent before debt is drawn; otherwise both pay every bill pro rata",
    )  # fmt: skip
    debt_fee_share: Number = assumption(
        0.0, unit="share of debt", ge=0, le=0.2, meaning="Fees at closing, paid by the owner",
    )  # fmt: skip
    debt_reserve_months: Whole = assumption(
        0, unit="months of debt service", ge=0, le=24,
        meaning="Debt service reserve (DSRA) that the owner fills when rent begins and gets back at maturity",
    )  # fmt: skip


@dataclass(frozen=True)
class DebtSchedule:
    """Debt of one unit by month, USD; months along the first axis."""

    draw_usd: Vector
    fee_usd: Vector
    reserve_usd: Vector
    """Paid into the reserve; negative when it is given back."""
    interest_usd: Vector
    """On the balance a month before; capitalised until rent begins."""
    service_usd: Vector
    balloon_usd: Vector
    balance_usd: Vector
    advance_rate: Vector
    """Debt drawn per dollar of construction, (), or (n,) for n loans."""
    debt_usd: Vector
    """Balance when rent begins."""
    ltc: Vector
    """That balance over construction, interest until then, fee and reserve."""


class SizedBy(StrEnum):
    """What a loan's size is limited by."""

    LTC = "loan to cost"
    DSCR = "cover"
    LTC_IN_DOLLARS = "the dollars that loan to cost draws pro rata"
    DSCR_IN_DOLLARS = "the dollars that cover draws pro rata"
    """Equity first: the same dollars come later and gather less interest, so that debt stays below either limit."""
    COST = "construction cost"
    NO_COST = "no debt: nothing is built"
    NO_CASH = "no debt: no cash flow could serve it"


def monthly_rate(debt_rate: float) -> float:
    """A nominal annual coupon paid in twelve parts: ``rate / 12``."""
    return debt_rate / MONTHS_PER_YEAR


def level_payment(debt_usd: float, rate_per_period: float, periods: int) -> float:
    """Annuity that repays a debt in equal instalments: ``D r / (1 - (1 + r) ** -n)``; ``D / n`` at r = 0.

    >>> round(2 * level_payment(3.25e9, 0.06192 / 2, 30) / 1e6, 1)  # River Bend's notes, USD million a year
    335.8
    """
    if rate_per_period == 0:
        return debt_usd / periods
    return debt_usd * rate_per_period / -math.expm1(-periods * math.log1p(rate_per_period))


def sculpted_debt(cfads_usd: Vector, periods_from_closing: Vector, rate_per_period: float, dscr: float) -> float:
    """Largest debt whose service is ``CFADS / DSCR`` each period: ``PV(CFADS) / DSCR``."""
    return float(np.sum(cfads_usd * (1.0 + rate_per_period) ** -periods_from_closing)) / dscr


def annuity(rate_per_period: Vector | float, periods: Vector | int) -> Vector:
    """What one dollar a period is worth at its start: ``(1 - (1 + r) ** -n) / r``; ``n`` at r = 0."""
    rate = np.asarray(rate_per_period, dtype=float)
    safe = np.where(rate == 0, 1.0, rate)
    return np.where(rate == 0, np.asarray(periods, dtype=float), -np.expm1(-periods * np.log1p(rate)) / safe)


LEAST_WORTH_USD = 1e-9
"""Cash flows worth less serve no debt: a ratio to them would overflow."""


@dataclass(frozen=True)
class Sizing:
    """What decides the size of one loan; each () or, for n loans, (n,)."""

    cost_usd: Vector
    grown_usd: Vector
    """Construction with interest until rent begins, had debt paid all of it."""
    worth_usd: Vector
    """PV of the cash flow that can serve debt, when rent begins."""
    advance_by_ltc: Vector
    advance_by_dscr: Vector
    payment_factor: Vector
    """Debt service over cash flow (sculpted) or over the debt (level), per dollar of debt."""
    reserve_factor: Vector
    """Reserve per dollar of debt."""

    @property
    def advance_rate(self) -> Vector:
        """Debt drawn per dollar of construction: the smallest of LTC's, DSCR's and all of it."""
        return np.asarray(np.clip(np.minimum(self.advance_by_ltc, self.advance_by_dscr), 0.0, 1.0))

    @property
    def limited_by(self) -> SizedBy:
        """Which one it is, for a single loan."""
        if not self.cost_usd > 0:
            return SizedBy.NO_COST
        if not self.worth_usd > 0:
            return SizedBy.NO_CASH
        if self.advance_by_dscr < min(1.0, float(self.advance_by_ltc)):
            return SizedBy.DSCR
        return SizedBy.LTC if self.advance_by_ltc <= 1.0 else SizedBy.COST


def tenor_months(terms: ProjectDebt, term_years: int, free_months: int) -> int:
    """Months from the first rent to maturity."""
    return MONTHS_PER_YEAR * term_years - free_months if terms.debt_tenor_years is None else (
        MONTHS_PER_YEAR * terms.debt_tenor_years
    )  # fmt: skip


def sizing(
    terms: ProjectDebt, construction_usd: Vector, served_usd: Vector, factors: Vector, months: int, in_reserve: Vector
) -> Sizing:
    """How much of the construction debt can pay.

    With ``K`` construction grown at the debt's rate ``r`` until rent begins, ``C`` construction, ``n`` months of
    service and ``w = 1 - balloon (1 + r) ** -n``, a loan that pays the share ``a`` of every bill stands at ``a K`` when
    rent begins. All cost is ``C + a K - a C + (fee + reserve) a K``, so that LTC gives
    ``a = LTC C / (K (1 - LTC (1 + fee + reserve)) + LTC C)``; DSCR gives ``a K w = PV(CFADS) / DSCR`` sculpted,
    ``a K w = min(CFADS) / DSCR x annuity`` level.

    Parameters
    ----------
    served_usd : cash flow in the months of service, 0 elsewhere; ``factors`` discount to the first rent; ``in_reserve``
        is 1 in the months of service that the reserve holds.
    """
    cost, grown = construction_usd.sum(axis=0), (construction_usd * factors).sum(axis=0)
    worth = (served_usd * factors).sum(axis=0)
    worth = np.where(worth > LEAST_WORTH_USD, worth, 0.0)
    rate = np.asarray(monthly_rate(terms.debt_rate), dtype=float)
    repaid = 1.0 - terms.balloon_share * (1.0 + rate) ** -float(months)
    if terms.amortisation is Amortisation.LEVEL:
        payment = repaid / annuity(rate, months)
        least = np.min(np.where(served_usd > 0, served_usd, np.inf), axis=0)
        gaps = (served_usd > 0).sum(axis=0) < months
        most = np.where(gaps, 0.0, np.where(np.isfinite(least), least, 0.0)) / terms.dscr
        reserve = terms.debt_reserve_months * payment
    else:
        payment = _ratio(repaid, worth, 0.0)
        most = worth / terms.dscr
        payment_now = (served_usd * in_reserve).sum(axis=0)
        reserve = payment_now * payment
    due = payment if terms.amortisation is Amortisation.LEVEL else repaid
    by_dscr = np.where(worth > 0, _ratio(most, due * grown, np.inf), 0.0)
    lent = terms.ltc * cost
    beyond = grown * (1.0 - terms.ltc * (1.0 + terms.debt_fee_share + reserve)) + lent
    by_ltc = np.where(beyond > 0, _ratio(lent, beyond, 0.0), np.where(cost > 0, np.inf, 0.0))
    return Sizing(cost, grown, worth, by_ltc, by_dscr, np.asarray(payment), np.asarray(reserve))


def _ratio(over: Vector, under: Vector, otherwise: float) -> Vector:
    """``over / under``, and ``otherwise`` where there is nothing to divide by."""
    over, under = np.asarray(over, dtype=float), np.asarray(under, dtype=float)
    found = np.full(np.broadcast(over, under).shape, otherwise)
    return np.asarray(np.divide(over, under, out=found, where=under != 0))


def schedule(
    terms: ProjectDebt, construction_usd: Vector, cfads_usd: Vector, months_let: Vector, *, build_months: int,
    free_months: int, term_years: int,
) -> tuple[DebtSchedule, Sizing]:  # fmt: skip
    """Debt of one hall: drawn with construction, interest capitalised until rent begins, then served to maturity.

    Sculpted service is the same share of CFADS each month; a month with negative CFADS is served by nothing. With
    equity first, debt draws the same dollars later, so that less interest gathers and it stays within both limits. The
    fee falls due with the first bill, the reserve when rent begins.

    Parameters
    ----------
    construction_usd, cfads_usd : by month, first axis; CFADS as the lender counts it, the tenant in place.
    months_let : months since the hall's delivery, one a row.
    """
    n = tenor_months(terms, term_years, free_months)
    since = months_let - free_months
    in_service = (since > 0) & (since <= n)
    served = np.where(in_service, np.maximum(cfads_usd, 0.0), 0.0)
    rate = monthly_rate(terms.debt_rate)
    factors = np.exp(-since * np.log1p(rate))
    in_reserve = np.where((since > 0) & (since <= terms.debt_reserve_months), 1.0, 0.0)
    size = sizing(terms, construction_usd, served, factors, n, in_reserve)
    advance = size.advance_rate
    if terms.equity_first:
        spent = np.cumsum(construction_usd, axis=0)
        drawn = np.maximum(spent - (1.0 - advance) * size.cost_usd, 0.0)
        draw = increases(drawn)
        debt = (draw * factors).sum(axis=0)
    else:
        draw = advance * construction_usd
        debt = advance * size.grown_usd
    balloon = terms.balloon_share * debt
    if terms.amortisation is Amortisation.LEVEL:
        payment = size.payment_factor * debt
        service = payment * in_service
        left = np.maximum(n - since, 0.0)
        owed = (payment * annuity(rate, left) + balloon * np.exp(-left * np.log1p(rate))) * in_service
    else:
        service = served * (size.payment_factor * debt)
        # From the end backwards: forwards, what is lost to rounding would grow with the interest of the whole term.
        worth = service * factors
        later = np.zeros_like(worth)
        np.cumsum(worth[:0:-1], axis=0, out=later[-2::-1])
        owed = (later + balloon * np.exp(-n * np.log1p(rate))) / factors
    balance = np.where(since > 0, owed, np.cumsum(draw * factors, axis=0) / factors)
    balance[since.ravel() >= n] = 0.0
    interest = np.zeros_like(balance)
    np.multiply(balance[:-1], rate, out=interest[1:])
    fee = terms.debt_fee_share * debt
    reserve = size.reserve_factor * debt
    cost = size.cost_usd * (1.0 - advance) + debt + fee + reserve
    loan = DebtSchedule(
        draw_usd=draw,
        fee_usd=due_in(months_let == 1 - build_months, fee),
        reserve_usd=due_in(since == 0, reserve) - due_in(since == n, reserve),
        interest_usd=interest,
        service_usd=service,
        balloon_usd=due_in(since == n, balloon),
        balance_usd=balance,
        advance_rate=advance,
        debt_usd=np.asarray(debt),
        ltc=_ratio(debt, cost, 0.0),
    )
    return loan, size
