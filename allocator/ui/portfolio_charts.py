"""One budget over many sites, drawn: capital by site, and NPV against the budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from allocator.formats import money, table_money
from allocator.ui.figure import GAIN, INK, Drawing, Figure

MOST_SHOWN = 15
USED_UP = 1e-6

Answer = Mapping[str, Any]
"""A portfolio in the keys of ``allocator portfolio --json``."""


def entered(answer: Answer) -> pd.DataFrame:
    """One row a site of the plan, the most NPV first; USD and MW in full."""
    rows = [
        {
            "site": site["name"],
            "plan": answer["plans"][site["name"]],
            "capital_usd": site["peak_capital_usd"],
            "npv_usd": site["npv_usd"],
            "npv_alone_usd": site["npv_alone_usd"],
            "brings_at_least_usd": site["brings_at_least_usd"],
            "leased_critical_it_mw": site["leased_critical_it_mw"],
            "reason": site["reason"],
        }
        for site in answer["sites"]
        if site["standing"] == "entered"
    ]
    columns = ["site", "plan", "capital_usd", "npv_usd", "npv_alone_usd", "brings_at_least_usd"]
    table = pd.DataFrame(rows, columns=[*columns, "leased_critical_it_mw", "reason"])
    return table.sort_values("npv_usd", ascending=False, kind="stable", ignore_index=True)


def budget_usd(answer: Answer) -> float:
    """The largest budget of any quarter."""
    return max(float(row["budget_usd"]) for row in answer["capital"])


def capital_figure(answer: Answer) -> Figure | None:
    """Capital by site entered; ``None`` where none is."""
    table = entered(answer)
    if table.empty:
        return None
    shown = table.sort_values("capital_usd", ascending=False, ignore_index=True).head(MOST_SHOWN)
    first = shown.iloc[0]
    total = float(answer["peak_capital_usd"])
    finding = (
        f"{first['site']} takes all {money(total)}"
        if len(table) == 1
        else f"{first['site']} takes the most: {money(float(first['capital_usd']))} of the budget"
    )
    which = f", the largest {MOST_SHOWN} of {len(table):,}" if len(table) > MOST_SHOWN else ""
    measure = f"USD million of equity at its most by site{which}; beside it the NPV that it brings in"
    data = table[["site", "capital_usd", "npv_usd", "npv_alone_usd"]]
    return Figure("portfolio_capital", finding, measure, capital_chart(shown), data)


def capital_chart(shown: pd.DataFrame) -> Drawing:
    """Horizontal bars with amount and NPV in words at the end."""
    drawn = shown.assign(
        capital=shown["capital_usd"] / 1e6,
        label=[
            f"{table_money(c)} for {table_money(v)}"
            for c, v in zip(shown["capital_usd"], shown["npv_usd"], strict=True)
        ],
    )[["site", "capital", "label"]]
    across = alt.Scale(domain=[0.0, max(1.0, float(drawn["capital"].max())) * 2.2], nice=False)
    y = alt.Y(
        "site:N", sort=drawn["site"].tolist(), title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False)
    )
    x = alt.X("capital:Q", title=None, scale=across, axis=alt.Axis(tickCount=5, format=",.0f"))
    bars = alt.Chart(drawn).mark_bar(size=17, color=INK).encode(y=y, x=x, tooltip=["site:N", "label:N"])
    labels = (
        alt.Chart(drawn)
        .mark_text(align="left", dx=6, fontSize=12, fontWeight="bold", color=INK)
        .encode(y=y, x=x, text="label:N")
    )
    return alt.layer(bars, labels).properties(height=max(240, 30 * len(drawn) + 30))


def curve_table(answer: Answer) -> pd.DataFrame:
    """One row a budget at which the portfolio was solved."""
    columns = ["budget_usd", "npv_usd", "bound_usd", "capital_used_usd", "sites"]
    return pd.DataFrame(answer["budget_curve"])[columns]


def curve_figure(answer: Answer) -> Figure:
    """NPV against the budget, from nothing to beyond what is used."""
    table = curve_table(answer)
    best = table.dropna(subset=["npv_usd"]).tail(1)
    used, most = float(best["capital_used_usd"].sum()), float(best["npv_usd"].astype(float).sum())
    if float(answer["npv_usd"]) >= most * (1 - USED_UP):
        finding = f"More budget than {money(budget_usd(answer))} adds nothing"
    else:
        more = most - float(answer["npv_usd"])
        finding = f"Up to {money(used)} of budget would earn {money(more)} more; beyond it nothing"
    measure = "NPV of the best portfolio in USD million, by budget in USD million; the line is the budget asked above"
    return Figure("portfolio_by_budget", finding, measure, curve_chart(table, answer), table)


def curve_chart(table: pd.DataFrame, answer: Answer) -> Drawing:
    """The chart of :func:`curve_table`: budgets without a plan have no point."""
    planned = table.dropna(subset=["npv_usd"])
    drawn = planned.assign(
        budget=planned["budget_usd"] / 1e6,
        npv=planned["npv_usd"].astype(float) / 1e6,
        said=[f"{count} sites" if count != 1 else "1 site" for count in planned["sites"]],
    )
    x = alt.X("budget:Q", title="budget, USD M", axis=alt.Axis(format=",.0f", tickCount=6, grid=False))
    y = alt.Y("npv:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=5))
    tooltip = [
        alt.Tooltip("budget:Q", title="budget, USD M", format=",.1f"),
        alt.Tooltip("npv:Q", title="NPV, USD M", format=",.1f"),
        alt.Tooltip("said:N", title="entered"),
    ]
    path = alt.Chart(drawn).mark_line(color=GAIN, strokeWidth=2).encode(x=x, y=y)
    points = alt.Chart(drawn).mark_point(color=GAIN, filled=True, size=60, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    here = pd.DataFrame([{"budget": budget_usd(answer) / 1e6, "npv": 0.0, "label": money(budget_usd(answer))}])
    rule = alt.Chart(here).mark_rule(color=INK, strokeWidth=2, strokeDash=[5, 3]).encode(x=x)
    text = (
        alt.Chart(here)
        .mark_text(align="left", dx=6, dy=-6, baseline="bottom", fontSize=12, fontWeight="bold", color=INK)
        .encode(x=x, y=y, text="label:N")
    )
    return alt.layer(path, points, rule, text).properties(height=240)
