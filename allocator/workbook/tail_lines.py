"""Lines that end every activity's statement: tax carried forward, equity, capital used."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.case import Case
from allocator.workbook.lines import Line, Single, Values
from models.returns import npv
from models.tax import tax
from models.timeline import Vector, increases


def running_income(key: str, whose: str, taxable: str) -> tuple[Line[Any], ...]:
    """Taxable income to date and its highest level, from which losses carried forward follow.

    ``key`` begins the names of the lines, ``taxable`` names the line that they add up.
    """
    return (
        Line(
            f"{key}_income_to_date",
            f"Taxable income of {whose}, running sum",
            "USD",
            lambda _, v: np.cumsum(v[taxable]),
            f"=[{key}_income_to_date.prev]+[{taxable}]",
        ),
        Line(
            f"{key}_taxed_to_date",
            f"Of it taxed if losses are carried forward ({whose}): its highest level",
            "USD",
            lambda _, v: np.maximum(np.maximum.accumulate(v[f"{key}_income_to_date"]), 0.0),
            f"=MAX([{key}_taxed_to_date.prev],[{key}_income_to_date])",
            opening=0.0,
        ),
    )


def _taxed(key: str) -> str:
    """What of a month's income is taxed when losses are carried forward."""
    return f"([{key}_taxed_to_date]-[{key}_taxed_to_date.prev])"


def tax_line(case: Case, key: str) -> Line[Any]:
    """Tax as the value of an activity counts it: losses used by the parent at once, or carried forward."""
    finance = case.finance
    return Line(
        "tax_usd",
        "Tax, as the value counts it",
        "USD",
        lambda _, v: tax(finance.tax_rate, v["taxable_usd"], losses_used_by_parent=finance.losses_used_by_parent),
        f"=in__finance__tax_rate*IF(in__finance__losses_used_by_parent,[taxable_usd],{_taxed(key)})",
        total=True,
    )


def npv_lines(rate_per_year: float, discount_line: str) -> tuple[Single[Any], ...]:
    """NPV of a unit at the rate of its use, and its undiscounted capex."""
    return (
        Single(
            "npv_usd",
            "NPV",
            "USD",
            lambda _, v: npv(rate_per_year, v["cash_flow_usd"]),
            f"=SUMPRODUCT([cash_flow_usd.all],[network:{discount_line}.all])",
        ),
        Single("all_capex_usd", "Capex", "USD", lambda _, v: float(np.sum(v["capex_usd"])), "=[capex_usd.total]"),
    )


def equity_lines(case: Case, key: str, before_tax: str, before_tax_value: Any) -> tuple[Line[Any], ...]:
    """Tax of a project that keeps its losses, the owner's cash flow, and the capital that it ties up.

    ``key`` begins the names of the owner's :func:`running_income`; ``before_tax`` is the formula of the owner's cash
    flow before tax, ``before_tax_value`` its function.
    """
    rate, reinvested = case.finance.tax_rate, case.policy.reinvested_share
    return (
        Line(
            "levered_tax_usd",
            "Tax, losses carried forward",
            "USD",
            lambda _, v: rate * increases(v[f"{key}_taxed_to_date"]),
            f"=in__finance__tax_rate*{_taxed(key)}",
            total=True,
        ),
        Line(
            "equity_cash_flow_usd",
            "Cash flow to the owner",
            "USD",
            lambda _, v: before_tax_value(v) - v["levered_tax_usd"],
            f"={before_tax}-[levered_tax_usd]",
            total=True,
        ),
        Line(
            "capital_used_usd",
            "Capital tied up: paid in less reinvested",
            "USD",
            lambda _, v: _capital_used(v, reinvested),
            "=[capital_used_usd.prev]+MAX(-[equity_cash_flow_usd],0)-in__policy__reinvested_share*MAX([equity_cash_flow_usd],0)",
        ),
    )


def _capital_used(v: Values, reinvested_share: float) -> Vector:
    flow = v["equity_cash_flow_usd"]
    return np.asarray(np.cumsum(np.maximum(-flow, 0.0) - reinvested_share * np.maximum(flow, 0.0)))
