"""Sheet Monthly: the whole plan month by month, every line of every activity times *your mix*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from allocator.activities import Use
from allocator.allocation import TAKEN_MW
from allocator.case import Case
from allocator.workbook.entries import Entry
from allocator.workbook.lease_lines import COVER_FORMULA, cover
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


def _new_money(case: Case, funded: Sequence[Entry]) -> Line[Any]:
    """Cash flow of the activities that need capital, on which a return is measured."""
    needs = [(entry, f"({entry.here.single('all_capex_usd')}>0)") for entry in funded]
    formula = "+".join(f"{e.your_mw}*{capital}*[{e.reference}:cash_flow_usd]" for e, capital in needs)

    def value(_: Any, __: Values) -> Vector:
        total: Vector = np.zeros(case.timeline.months + 1)
        for entry in funded:
            if entry.values["all_capex_usd"] > 0:
                total += entry.recommended_mw * entry.values["cash_flow_usd"]
        return total

    label = "Cash flow of what is built or bought"
    return Line("new_money_usd", label, "USD", value, f"={formula or '0*[network:month]'}", total=True)


def _lowest_covers(hosting: Sequence[Entry]) -> list[Single[Any]]:
    """The lowest cover of each lease that is in your mix, and the lowest of these: a lease is covered by itself."""

    def of(entry: Entry) -> float:
        return float(entry.values["minimum_dscr"]) if entry.recommended_mw > TAKEN_MW else float("nan")

    def of_one(entry: Entry) -> Callable[[Any, Values], float]:
        return lambda _, __: of(entry)

    found: list[Single[Any]] = [
        Single(
            f"minimum_dscr_{entry.position}",
            f"Lowest DSCR: {entry.here.title}",
            "x",
            of_one(entry),
            f'=IF({entry.your_mw}>const__taken_mw,[{entry.reference}:minimum_dscr],"n/a")',
        )
        for entry in hosting
    ]
    listed = ",".join(f"[{single.name}]" for single in found)
    formula = f'=IF(COUNT({listed})=0,"n/a",MIN({listed}))' if found else '="n/a"'

    def least(_: Any, __: Values) -> float:
        covers = [of(entry) for entry in hosting]
        return min((c for c in covers if not np.isnan(c)), default=float("nan"))

    return [*found, Single("minimum_dscr", "Lowest DSCR of any lease", "x", least, formula)]


_HOSTING = (
    ("rent_usd", "Rent of tenants"),
    ("relet_rent_usd", "Rent of next tenants"),
    ("guarantor_usd", "Paid by guarantors"),
    ("termination_fee_usd", "Fees for leaving early"),
    ("running_cost_usd", "Running costs that the landlord pays"),
    ("power_cost_usd", "Power cost"),
    ("noi_usd", "Net operating income"),
    ("prepayment_usd", "Rent paid in advance"),
    ("credit_usd", "Credits against rent"),
    ("late_damages_usd", "Damages for late delivery"),
    ("sale_usd", "Sale of halls, net"),
)
_DEBT = (
    ("draw_usd", "Debt drawn"),
    ("fee_usd", "Fees at closing"),
    ("reserve_usd", "Into the debt service reserves"),
    ("interest_usd", "Interest"),
    ("service_usd", "Debt service"),
    ("balloon_usd", "Balloons"),
)


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
        *(_sum(case, name, label, name, hosting) for name, label in _HOSTING),
        _sum(case, "hosting_capex_usd", "Capex, hosting", "capex_usd", hosting),
        _sum(case, "warrants_usd", "Warrants given to guarantors (value, no cash)", "warrants_usd", hosting),
        _sum(case, "hosting_tax_usd", "Tax, hosting", "tax_usd", hosting),
        _sum(case, "hosting_cash_flow_usd", "Cash flow, hosting", "cash_flow_usd", hosting),
        Heading("Together, unlevered, after tax as the value counts it"),
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
        _new_money(case, funded),
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
        _sum(case, "cfads_usd", "Cash flow available for debt service", "cfads_usd", hosting),
        *(_sum(case, name, label, name, hosting) for name, label in _DEBT),
        _sum(case, "balance_usd", "Debt outstanding", "balance_usd", hosting, total=False),
        Line("cover", "CFADS over debt service, all leases together", "x", lambda _, v: cover(v), COVER_FORMULA),
        *_lowest_covers(hosting),
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
