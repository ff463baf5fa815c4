"""From nothing to the plan's NPV, one step a fleet, purchase or offer."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.formats import money, percent
from allocator.ui.figure import GAIN, HOSTING, INK, LOSS, MINING, Drawing, Figure

SMALLEST_SHARE = 5e-4
"""Steps below this share of the NPV are drawn together as "others"."""


def bridge_figure(plan: Allocation) -> Figure:
    """Waterfall of the ledger by what earns it."""
    finance = plan.case.finance
    rates = f"mining at {percent(finance.discount_rate_mining)}, hosting at {percent(finance.discount_rate_hosting)}"
    table = bridge_table(plan)
    measure = f"NPV in USD million; {rates}, unlevered, after tax"
    return Figure("npv_bridge", _finding(plan, table), measure, bridge_chart(table), table)


def bridge_table(plan: Allocation) -> pd.DataFrame:
    """One row a step with its NPV and where the bar begins and ends; the last row is the total."""
    terms = {
        (bundle.activities[0].owner_name, bundle.activities[0].use): value
        for bundle, value in zip(plan.choices.bundles, _by_bundle(plan), strict=True)
    }
    size = max(1.0, abs(plan.npv_usd)) * SMALLEST_SHARE
    steps = [(name, str(use), value) for (name, use), value in terms.items() if abs(value) > size]
    rest = plan.npv_usd - sum(value for _, _, value in steps)
    if abs(rest) > 1.0:
        steps.append(("others", "", rest))
    steps.sort(key=lambda step: -step[2])
    ends = np.cumsum([value for _, _, value in steps])
    rows = [
        {"step": name, "use": use, "npv_usd": value, "begin_usd": end - value, "end_usd": end}
        for (name, use, value), end in zip(steps, ends, strict=True)
    ]
    rows.append({"step": "NPV", "use": "total", "npv_usd": plan.npv_usd, "begin_usd": 0.0, "end_usd": plan.npv_usd})
    return pd.DataFrame(rows).assign(label=[money(row["npv_usd"]) for row in rows])


def _by_bundle(plan: Allocation) -> list[float]:
    ends = np.cumsum([len(bundle.activities) for bundle in plan.choices.bundles])
    return [float(part.sum()) for part in np.split(plan.terms_usd, ends[:-1])] if len(ends) else []


def bridge_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`bridge_table`: hosting blue, mining amber, a gain green, a loss vermilion, the total grey."""
    drawn = table.assign(
        low=table[["begin_usd", "end_usd"]].min(axis=1) / 1e6,
        high=table[["begin_usd", "end_usd"]].max(axis=1) / 1e6,
        kind=[_kind(use, value) for use, value in zip(table["use"], table["npv_usd"], strict=True)],
    )
    kinds = {"hosting": HOSTING, "mining": MINING, "gain": GAIN, "loss": LOSS, "total": INK}
    x = alt.X(
        "step:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelAngle=0, labelLimit=110, labelOverlap=False, ticks=False),
    )
    bottom, top = min(0.0, float(drawn["low"].min())), max(1.0, float(drawn["high"].max()))
    scale = alt.Scale(domain=[bottom * 1.1, top * 1.14], nice=False)
    bars = (
        alt.Chart(drawn)
        .mark_bar(size=44)
        .encode(
            x=x,
            y=alt.Y("low:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5, format=",.0f")),
            y2=alt.Y2("high"),
            color=alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(kinds), range=list(kinds.values()))),
            tooltip=[
                alt.Tooltip("step:N", title="activity"),
                alt.Tooltip("use:N"),
                alt.Tooltip("label:N", title="NPV"),
            ],
        )
    )
    labels = (
        alt.Chart(drawn)
        .mark_text(fontSize=12, dy=-8, fontWeight="bold", color=INK)
        .encode(x=x, y=alt.Y("high:Q", scale=scale), text=alt.Text("label:N"))
    )
    return alt.layer(bars, labels).properties(height=280)


def _kind(use: str, value: float) -> str:
    if use == "total":
        return "total"
    return "loss" if value < 0 else use or "total"


def _finding(plan: Allocation, table: pd.DataFrame) -> str:
    steps = table.iloc[:-1]
    if steps.empty:
        return "Nothing on offer earns its cost"
    hosting, total = plan.npv_of(Use.HOSTING), plan.npv_usd
    best = steps.iloc[0]
    if len(steps) == 1:
        return f"{best['step']} brings all {money(total)}"
    if hosting > 0.0 and total > hosting:
        return f"Hosting brings {money(hosting)} of the {money(total)}, mining {money(total - hosting)}"
    return f"{best['step']} brings {money(best['npv_usd'])} of the {money(total)}"
