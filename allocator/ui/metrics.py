"""The six figures of a plan in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.formats import percent, table_money

PENDING, NONE = "…", "–"


@dataclass(frozen=True)
class Metric:
    """One figure: what it is called, what it says, a line below it, what it means."""

    label: str
    value: str
    below: str
    meaning: str


def metrics(plan: Allocation, explanation: Explanation | None) -> Iterator[Metric]:
    """NPV, over mining only, capex, peak equity, IRR, least DSCR; "…" for what is still being computed."""
    finance = plan.case.finance
    rates = f"mining at {percent(finance.discount_rate_mining)}, hosting at {percent(finance.discount_rate_hosting)}"
    yield Metric("NPV", table_money(plan.npv_usd), "over doing nothing", f"Unlevered, after tax; {rates}.")
    yield _over_mining(plan, explanation)
    yield Metric(
        "Capex",
        table_money(plan.capex_usd),
        _payback(plan),
        "All capital expenditure of the plan, undiscounted.",
    )
    multiple = f"MOIC {plan.equity_moic:.1f}x" if plan.equity_moic is not None else "no new equity"
    yield Metric(
        "Peak equity",
        table_money(plan.peak_equity_usd),
        multiple,
        "Most money the owner has in at one time: the deepest point of the cumulative equity cash flow.",
    )
    yield Metric(
        "IRR",
        percent(plan.irr),
        f"levered {percent(plan.levered_irr)}",
        plan.irr_reason or "On new money, after tax: unlevered above, of the equity below.",
    )
    cover = plan.minimum_dscr
    yield Metric(
        "Min DSCR",
        NONE if cover is None else f"{cover:.2f}x",
        "no debt" if cover is None else "CFADS / debt service",
        "Least cover of debt service by NOI over all leases together, in any month.",
    )


def _payback(plan: Allocation) -> str:
    return "nothing is built" if plan.payback_years is None else f"back in {plan.payback_years:.1f} years"


def _over_mining(plan: Allocation, explanation: Explanation | None) -> Metric:
    meaning = "NPV over the same site with every offer refused."
    if explanation is None:
        return Metric("Over mining only", PENDING, "being worked out", meaning)
    alone = explanation.twins.mine_only_usd
    if alone is None:
        return Metric("Over mining only", NONE, "a lease is signed", "A signed lease leaves no plan that only mines.")
    return Metric("Over mining only", table_money(plan.npv_usd - alone), f"mining alone {table_money(alone)}", meaning)


def show(plan: Allocation, explanation: Explanation | None) -> None:
    """Draw them in the current container."""
    found = list(metrics(plan, explanation))
    for column, metric in zip(st.columns(len(found), gap="small"), found, strict=True):
        column.metric(
            metric.label,
            metric.value.replace("$", r"\$"),
            metric.below.replace("$", r"\$"),
            delta_color="off",
            delta_arrow="off",
            help=metric.meaning,
            border=True,
        )
