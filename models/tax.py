"""Income tax and depreciation of one unit of an activity."""

from __future__ import annotations

import numpy as np

from models.timeline import MONTHS_PER_YEAR, Vector, increases

FIVE_YEAR = (0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
"""MACRS 5-year class, 200 % declining balance, half-year convention (IRS Publication 946, table A-1)."""
FIFTEEN_YEAR = (
    0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623, 0.059, 0.059,
    0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.059, 0.0591, 0.0295,
)  # fmt: skip
"""MACRS 15-year class, 150 % declining balance, half-year convention (IRS Publication 946, table A-1)."""
SHELL_YEARS = 39
"""Non-residential real property is written off straight-line over 39 years (26 USC 168(c))."""


def yearly_rates(
    short_life_share: float, bonus: float, fifteen_year_share: float = 0.0, years: int = SHELL_YEARS + 1
) -> Vector:
    """Share of cost deducted in each 12-month year of service, shape (years,).

    The short-life share is 5-year property, the fifteen-year share plant and site works; of both ``bonus`` is expensed
    in year one and the rest follows MACRS. What is left is shell, 1/39 a year.
    """
    rates = np.zeros(years)
    for share, table in ((short_life_share, FIVE_YEAR), (fifteen_year_share, FIFTEEN_YEAR)):
        listed = np.array(table)[:years]
        rates[: len(listed)] += share * (1.0 - bonus) * listed
        rates[0] += share * bonus
    rates[:SHELL_YEARS] += (1.0 - short_life_share - fifteen_year_share) / SHELL_YEARS
    return rates


def depreciation(cost_usd: Vector | float, months_in_service: Vector, rates: Vector) -> Vector:
    """Monthly deduction: a twelfth of the yearly rate; months in service count from 1, none before.

    Years beyond the table deduct nothing.
    """
    year = np.floor((months_in_service - 1.0) / MONTHS_PER_YEAR).astype(int)
    inside = (months_in_service >= 1) & (year < len(rates))
    return np.asarray(np.where(inside, rates[np.clip(year, 0, len(rates) - 1)] / MONTHS_PER_YEAR, 0.0) * cost_usd)


def tax_at_once(rate: float, taxable_income_usd: Vector) -> Vector:
    """``rate * income``: a loss is worth its tax in the same month, used against the parent's income."""
    return rate * taxable_income_usd


def tax_carried_forward(rate: float, taxable_income_usd: Vector) -> Vector:
    """Tax of a project that keeps its losses: they are carried forward until its own income uses them.

    ``rate x (increase of max(0, running maximum of cumulative income))``; never a refund. The capital
    rows use this one: a refund at delivery would hand a hall's equity back and capital would stop
    binding. Months along the first axis.
    """
    cumulative = np.cumsum(taxable_income_usd, axis=0)
    peak = np.maximum.accumulate(np.maximum(cumulative, 0.0, out=cumulative), axis=0)
    return rate * increases(peak)


def tax(rate: float, taxable_income_usd: Vector, *, losses_used_by_parent: bool) -> Vector:
    """Tax of unlevered income as the value of an activity counts it; one of the two above."""
    if losses_used_by_parent:
        return tax_at_once(rate, taxable_income_usd)
    return tax_carried_forward(rate, taxable_income_usd)
