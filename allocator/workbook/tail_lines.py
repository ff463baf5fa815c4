"""Lines that end every activity's statement: tax carried forward, equity, capital used."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.case import Case
from allocator.workbook.lines import Line, Single, Values
from models.returns import npv
from models.tax import tax_at_once, tax_carried_forward
from models.timeline import Vector


def tax_line(case: Case) -> Line[Any]:
    """Tax with losses used at once, as the value of an activity counts it."""
    return Line(
        "tax_usd",
        "Tax, losses used at once",
        "USD",
        lambda _, v: tax_at_once(case.finance.tax_rate, v["taxable_usd"]),
        "=in__finance__tax_rate*[taxable_usd]",
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


def equity_lines(case: Case, levered_taxable: str, before_tax: str, before_tax_value: Any) -> tuple[Line[Any], ...]:
    """Tax of a project that keeps its losses, the owner's cash flow, and the capital that it ties up.

    ``levered_taxable`` names the line of taxable income after interest; ``before_tax`` is the formula of the owner's
    cash flow before tax, ``before_tax_value`` its function.
    """
    rate, reinvested = case.finance.tax_rate, case.policy.reinvested_share
    return (
        Line(
            "income_to_date",
            "Taxable income of the owner, running sum",
            "USD",
            lambda _, v: np.cumsum(v[levered_taxable]),
            f"=[income_to_date.prev]+[{levered_taxable}]",
        ),
        Line(
            "taxed_to_date",
            "Of it taxed: its highest level so far",
            "USD",
            lambda _, v: np.maximum(np.maximum.accumulate(v["income_to_date"]), 0.0),
            "=MAX([taxed_to_date.prev],[income_to_date])",
            opening=0.0,
        ),
        Line(
            "levered_tax_usd",
            "Tax, losses carried forward",
            "USD",
            lambda _, v: tax_carried_forward(rate, v[levered_taxable]),
            "=in__finance__tax_rate*([taxed_to_date]-[taxed_to_date.prev])",
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
