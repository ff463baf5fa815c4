"""Plans nearly as good: how far the use of each fleet and offer may move, and the mixes that differ most."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from allocator.activities import Kind
from allocator.alternatives import NearOptimal
from allocator.explain import Explanation
from allocator.formats import money, percent, table_money
from allocator.sentences import what_is_firm
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure, show
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.terms import plain

SHOWN_MW = 0.05
"""Less on average is shown as nothing."""


def near_figure(near: NearOptimal, npv_usd: float) -> Figure:
    """A bar a fleet, purchase or offer from least to most, the plan as a tick."""
    table = near_table(near)
    widest = table.iloc[int((table["most"] - table["least"]).argmax())] if len(table) else None
    given = money(near.share * abs(npv_usd))
    finding = (
        f"For {percent(near.share)} of the value ({given}), {widest['use']} may have anything from "
        f"{widest['least']:,.1f} to {widest['most']:,.1f} facility MW on average"
        if widest is not None
        else "No plan nearly as good uses anything else"
    )
    measure = "Facility MW, averaged over the horizon; bar: least to most, tick: the plan"
    return Figure("nearly_as_good", finding, measure, near_chart(table), table)


def near_table(near: NearOptimal) -> pd.DataFrame:
    """One row a fleet, purchase or offer that some plan nearly as good uses."""
    return pd.DataFrame(
        [
            {
                "use": r.group.name,
                "kind": "hosting" if r.group.kind is Kind.LEASE else "mining",
                "plan": r.plan_mw,
                "least": r.least_mw,
                "most": r.most_mw,
                "label": f"{r.least_mw:,.1f} to {r.most_mw:,.1f}, plan {r.plan_mw:,.1f}",
            }
            for r in near.ranges
            if r.most_mw > SHOWN_MW
        ],
        columns=["use", "kind", "plan", "least", "most", "label"],
    )


def near_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`near_table`."""
    top = max(1.0, float(table["most"].max())) if len(table) else 1.0
    scale = alt.Scale(domain=[0.0, 1.34 * top], nice=False)
    kinds = {"hosting": HOSTING, "mining": MINING}
    y = alt.Y("use:N", sort=None, title=None, axis=alt.Axis(labelLimit=160, ticks=False, domain=False))
    x = alt.X("least:Q", title=None, scale=scale, axis=alt.Axis(tickCount=7, format=",.0f"))
    bars = (
        alt.Chart(table)
        .mark_bar(size=14, stroke=INK, strokeWidth=0.5)
        .encode(
            y=y,
            x=x,
            x2="most",
            color=alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(kinds), range=list(kinds.values()))),
            tooltip=["use:N", "kind:N", alt.Tooltip("label:N", title="facility MW")],
        )
    )
    ticks = alt.Chart(table).mark_tick(thickness=3, size=24, color=INK).encode(y=y, x=alt.X("plan:Q", scale=scale))
    labels = (
        alt.Chart(table)
        .mark_text(align="left", dx=8, fontSize=12, color=INK)
        .encode(y=y, x=alt.X("most:Q", scale=scale), text="label:N")
    )
    return alt.layer(bars, ticks, labels).properties(height=max(90, 34 * len(table) + 40))


def mixes_table(near: NearOptimal, npv_usd: float) -> pd.DataFrame:
    """The plan and the mixes that differ most: a row a fleet or offer and mix, average facility MW a period."""
    mixes = [("the plan", npv_usd, near.plan_average_mw)]
    mixes += [(f"mix {n}", mix.npv_usd, mix.average_mw) for n, mix in enumerate(near.alternatives, 1)]
    rows = []
    for name, worth, average in mixes:
        for r, row in zip(near.ranges, average.tolist(), strict=True):
            if r.most_mw > SHOWN_MW and max(row) > SHOWN_MW:
                rows.append(
                    {"mix": name, "npv_usd": worth, "use": r.group.name, **dict(zip(near.periods, row, strict=True))}
                )
    return pd.DataFrame(rows, columns=["mix", "npv_usd", "use", *near.periods])


def _printed(table: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """A mix named once, with its NPV; megawatts with one decimal."""
    first = ~table["mix"].duplicated()
    shown = {
        "mix": table["mix"].where(first, ""),
        "NPV": [table_money(usd) if new else "" for usd, new in zip(table["npv_usd"], first, strict=True)],
        "use, average facility MW": table["use"],
    }
    for period in periods:
        shown[period] = [f"{mw:,.1f}" if mw > SHOWN_MW else DASH for mw in table[period]]
    return pd.DataFrame(shown)


def show_near(explanation: Explanation, npv_usd: float) -> None:
    """Draw it in the current container."""
    near = explanation.near
    if near is None:
        st.info("Plans nearly as good were not looked for.")
        return
    for sentence in what_is_firm(explanation):
        st.markdown(f"- {plain(sentence)}")
    show(near_figure(near, npv_usd))
    if not near.alternatives:
        st.markdown(f"No plan within {percent(near.share)} of the best value differs by a megawatt or more.")
        return
    st.markdown("**The mixes that differ most**  \n:gray[Each meets every limit; averages by period, farthest first]")
    table = mixes_table(near, npv_usd)
    show_table("mixes", _printed(table, near.periods), ("NPV", *near.periods), table)
