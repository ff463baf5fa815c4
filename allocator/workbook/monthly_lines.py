"""Sheet Monthly: the whole plan month by month, every line of every activity times *your mix*."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allocator.activities import Use
from allocator.case import Case
from allocator.workbook.constants import DUST
from allocator.workbook.entries import Entry
from allocator.workbook.lines import Heading, Line, Single, Statement, Values
from models.returns import irr, npv
from models.timeline import Vector


def _sum(case: Case, name: str, label: str, line: str, entries: Sequence[Entry], *, total: bool = True) -> Line[Any]:
    """``sum_j mw_j x line_j`` over the activities that have the line."""
    formula = "+".join(f"{e.your_mw}*[{e.reference}:{line}]" for e in entries) or "0*[network:month]"

    def value(_: Any, __: Values) -> Vector:
        total: Vector = np.zeros(case.timeline.months + 1)
        for entry in entries:
            total += entry.recommended_mw * entry.values[line]
        return total

    return Line(name, label, "USD", value, f"={formula}", total=total)


def _cover(v: Values) -> Vector:
    due = v["service_usd"] > DUST * max(1.0, float(np.max(v["service_usd"])))
    return np.asarray(np.divide(v["noi_usd"], v["service_usd"], out=np.full_like(v["noi_usd"], np.nan), where=due))


def monthly_statement(case: Case, entries: Sequence[Entry]) -> Statement[Any]:
    """Lines of the plan; the values are those of the recommended mix."""
    mining = [e for e in entries if e.activity.use is Use.MINING]
    hosting = [e for e in entries if e.activity.use is Use.HOSTING]
    funded = [e for e in entries if "cost_usd" in e.values]
    finance = case.finance
    return (
        Heading("Mining"),
        _sum(case, "operating_margin_usd", "Operating margin", "operating_margin_usd", mining),
        _sum(case, "demand_response_usd", "Demand response", "demand_response_usd", mining),
        _sum(case, "fixed_opex_usd", "Fixed operating cost", "fixed_opex_usd", mining),
        _sum(case, "resale_usd", "Resale of machines", "resale_usd", mining),
        _sum(case, "mining_capex_usd", "Capex, mining", "capex_usd", mining),
        _sum(case, "mining_tax_usd", "Tax, mining", "tax_usd", mining),
        _sum(case, "mining_cash_flow_usd", "Cash flow, mining", "cash_flow_usd", mining),
        Heading("Hosting"),
        _sum(case, "rent_usd", "Rent", "rent_usd", hosting),
        _sum(case, "noi_usd", "Net operating income", "noi_usd", hosting),
        _sum(case, "hosting_capex_usd", "Capex, hosting", "capex_usd", hosting),
        _sum(case, "hosting_tax_usd", "Tax, hosting", "tax_usd", hosting),
        _sum(case, "hosting_cash_flow_usd", "Cash flow, hosting", "cash_flow_usd", hosting),
        Heading("Together, unlevered, after tax with losses used at once"),
        Line(
            "capex_usd",
            "Capex",
            "USD",
            lambda _, v: v["mining_capex_usd"] + v["hosting_capex_usd"],
            "=[mining_capex_usd]+[hosting_capex_usd]",
            total=True,
        ),
        Line(
            "cash_flow_usd",
            "Cash flow",
            "USD",
            lambda _, v: v["mining_cash_flow_usd"] + v["hosting_cash_flow_usd"],
            "=[mining_cash_flow_usd]+[hosting_cash_flow_usd]",
            total=True,
        ),
        _sum(case, "new_money_usd", "Cash flow of what is built or bought", "cash_flow_usd", funded),
        Single(
            "npv_usd",
            "NPV, mining and hosting each at its rate",
            "USD",
            lambda _, v: (
                npv(finance.discount_rate_mining, v["mining_cash_flow_usd"])
                + npv(finance.discount_rate_hosting, v["hosting_cash_flow_usd"])
            ),
            "=SUMPRODUCT([mining_cash_flow_usd.all],[network:discount_mining.all])+SUMPRODUCT([hosting_cash_flow_usd.all],[network:discount_hosting.all])",
        ),
        Single(
            "irr",
            "IRR of what is built or bought, unlevered",
            "share",
            lambda _, v: irr(v["new_money_usd"]),
            '=IF(tables__sign_changes=1,IFERROR((1+IRR([new_money_usd.all],(1+tables__rate_below_irr)^(1/12)-1))^12-1,"n/a"),"n/a")',
        ),
        Heading("Project debt"),
        _sum(case, "draw_usd", "Debt drawn", "draw_usd", hosting),
        _sum(case, "interest_usd", "Interest", "interest_usd", hosting),
        _sum(case, "service_usd", "Debt service", "service_usd", hosting),
        _sum(case, "balance_usd", "Debt outstanding", "balance_usd", hosting, total=False),
        Line(
            "cover",
            "NOI over debt service",
            "x",
            lambda _, v: _cover(v),
            '=IF([service_usd]>const__dust*MAX(1,MAX([service_usd.all])),[noi_usd]/[service_usd],"")',
        ),
        Single(
            "minimum_dscr",
            "Lowest cover",
            "x",
            lambda _, v: np.nan if np.isnan(v["cover"]).all() else float(np.nanmin(v["cover"])),
            '=IF(COUNT([cover.all])=0,"n/a",MIN([cover.all]))',
        ),
        Heading("For the owner, losses carried forward"),
        _sum(case, "levered_tax_usd", "Tax", "levered_tax_usd", entries),
        _sum(case, "equity_cash_flow_usd", "Cash flow to the owner", "equity_cash_flow_usd", entries),
        Line(
            "equity_to_date_usd",
            "Running sum",
            "USD",
            lambda _, v: np.cumsum(v["equity_cash_flow_usd"]),
            "=[equity_to_date_usd.prev]+[equity_cash_flow_usd]",
        ),
        Single(
            "peak_equity_usd",
            "Most money in at one time",
            "USD",
            lambda _, v: max(0.0, -float(np.min(v["equity_to_date_usd"]))),
            "=MAX(0,-MIN([equity_to_date_usd.all]))",
        ),
        _sum(
            case,
            "capital_used_usd",
            "Capital tied up: paid in less reinvested",
            "capital_used_usd",
            entries,
            total=False,
        ),
    )
