"""Project debt of a lease: sizing, interest during construction, sculpted service."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.timeline import MONTHS_PER_YEAR, Vector


def monthly_rate(debt_rate: float) -> float:
    """A nominal annual coupon paid in twelve parts: ``rate / 12``."""
    return debt_rate / MONTHS_PER_YEAR


@dataclass(frozen=True)
class DebtSchedule:
    """Monthly debt of one unit, arrays over months 0..M (USD)."""

    draw_usd: Vector
    interest_usd: Vector
    service_usd: Vector
    balance_usd: Vector
    advance_rate: float
    """Debt drawn per dollar of capex: the LTC, or less where cover binds first."""
    cover: float | None
    """CFADS over debt service, the same in every month of a sculpted loan; ``None`` without debt."""


def level_payment(debt_usd: float, rate_per_period: float, periods: int) -> float:
    """Annuity that repays a debt in equal instalments: ``D r / (1 - (1 + r) ** -n)``; ``D / n`` at r = 0."""
    if rate_per_period == 0:
        return debt_usd / periods
    return debt_usd * rate_per_period / -math.expm1(-periods * math.log1p(rate_per_period))


def sculpted_debt(cfads_usd: Vector, periods_from_closing: Vector, rate_per_period: float, dscr: float) -> float:
    """Largest debt whose service is ``CFADS / DSCR`` each period: ``PV(CFADS) / DSCR``."""
    return float(np.sum(cfads_usd * (1.0 + rate_per_period) ** -periods_from_closing)) / dscr


def schedule(
    capex_usd: Vector,
    cfads_usd: Vector,
    month_index: Vector,
    *,
    closing_month: int,
    maturity_month: int,
    ltc: float,
    debt_rate: float,
    dscr: float,
) -> DebtSchedule:
    """Debt drawn pro rata with capex, interest capitalised until ``closing_month``, then sculpted.

    Service in month m is ``CFADS_m * D / PV(CFADS)`` over months ``closing + 1 .. maturity``, where
    ``D`` is the balance at closing and the PV is taken at the debt's own rate. The advance rate is
    the LTC, or less where ``D`` would exceed ``PV(CFADS) / DSCR``: the smaller of the two sizes.
    A month with negative CFADS is served by nothing.
    """
    rate = monthly_rate(debt_rate)
    available = np.where((month_index > closing_month) & (month_index <= maturity_month), cfads_usd, 0.0)
    available = np.maximum(available, 0.0)
    since = month_index - closing_month
    worth = float(np.sum(available * (1.0 + rate) ** -np.maximum(since, 0.0)))
    compounding = (1.0 + rate) ** np.maximum(-since, 0.0)
    at_full_ltc = float(np.sum(np.where(month_index <= closing_month, ltc * capex_usd * compounding, 0.0)))
    if at_full_ltc <= 0.0 or worth <= 0.0:
        zero = np.zeros_like(month_index)
        return DebtSchedule(zero, zero, zero, zero, 0.0, None)
    advance = ltc * min(1.0, worth / dscr / at_full_ltc)
    debt = at_full_ltc * advance / ltc
    draw = np.where(month_index <= closing_month, advance * capex_usd, 0.0)
    service = available * (debt / worth)
    # Outstanding = what remaining service is worth, or what the draws have grown to before closing.
    grown = np.cumsum(draw * (1.0 + rate) ** -month_index) * (1.0 + rate) ** month_index
    paid = np.cumsum(service * (1.0 + rate) ** -month_index) * (1.0 + rate) ** month_index
    balance = grown - paid
    balance[month_index >= maturity_month] = 0.0
    opening = np.concatenate([[0.0], balance[:-1]])
    interest = np.where(month_index <= maturity_month, opening * rate, 0.0)
    return DebtSchedule(draw, interest, service, balance, advance, worth / debt)
