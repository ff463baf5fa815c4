"""Cash flow by use with the owner's running sum, and debt with what covers it, by year."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from allocator.allocation import Allocation
from allocator.formats import money
from allocator.ui.cash_flow_table import BALANCE, COVER, RUNNING, CashFlows, Period, by_period
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure

HEIGHT, MOST_LABELS = 270, 6
USES = {"hosting": HOSTING, "mining": MINING}
LEAST_USD_M = 1e-6
EVEN = 0.005
"""Covers that differ by less are said as one."""


def flow_figure(plan: Allocation, flows: CashFlows) -> Figure:
    """Unlevered cash flow of mining and hosting by year, and what the owner has in or out by its end."""
    table = flow_table(flows)
    measure = "USD M a calendar year, unlevered, after tax; line: cash to the owner so far, after debt"
    return Figure("cash_flow", _flow_finding(plan, table), measure, flow_chart(table), table)


def flow_table(flows: CashFlows) -> pd.DataFrame:
    """One row a year."""
    found = _lines(flows)
    return pd.DataFrame(
        {
            "year": found.columns.astype(int),
            "hosting": found.loc["Cash flow, hosting"].to_numpy(),
            "mining": found.loc["Cash flow, mining"].to_numpy(),
            "owner_to_date": found.loc[RUNNING].to_numpy(),
        }
    )


def _lines(flows: CashFlows) -> pd.DataFrame:
    found = by_period(flows, Period.YEAR, ("Mining", "Hosting", "For the owner"))
    return found.drop_duplicates("line").set_index("line").drop(columns=["section", "total"])


def flow_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`flow_table`."""
    bars = table.melt(id_vars=["year"], value_vars=list(USES), var_name="use", value_name="usd_m")
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelOverlap=True))
    y = alt.Y("usd_m:Q", title=None, stack="zero", axis=alt.Axis(tickCount=6, format=",.0f"))
    columns = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "use:N",
                title=None,
                sort=list(USES),
                scale=alt.Scale(domain=list(USES), range=list(USES.values())),
                legend=alt.Legend(orient="top", direction="horizontal", offset=4),
            ),
            tooltip=[
                alt.Tooltip("year:O"),
                alt.Tooltip("use:N"),
                alt.Tooltip("usd_m:Q", title="USD M", format=",.1f"),
            ],
        )
    )
    owner = alt.Chart(table).encode(x=x, y=alt.Y("owner_to_date:Q", title=None))
    tooltip = [alt.Tooltip("year:O"), alt.Tooltip("owner_to_date:Q", title="to the owner so far, USD M", format=",.1f")]
    line = owner.mark_line(color=INK, strokeWidth=2.5, strokeDash=[6, 3])
    points = owner.mark_point(color=INK, filled=True, size=36).encode(tooltip=tooltip)
    named = (
        alt.Chart(table.iloc[[-1]])
        .mark_text(align="right", dy=-12, color=INK, fontWeight="bold")
        .encode(x=x, y=alt.Y("owner_to_date:Q", title=None), text=alt.value("to the owner so far"))
    )
    zero = alt.Chart(pd.DataFrame({"usd_m": [0.0]})).mark_rule(color=INK, opacity=0.6).encode(y="usd_m:Q")
    return alt.layer(columns, zero, line, points, named).properties(height=HEIGHT)


def _flow_finding(plan: Allocation, table: pd.DataFrame) -> str:
    owner = table["owner_to_date"].to_numpy()
    if plan.peak_equity_usd <= LEAST_USD_M * 1e6:
        return f"The owner puts nothing in and has taken {money(owner[-1] * 1e6)} by {table['year'].iloc[-1]}"
    under = np.flatnonzero(owner < 0.0)
    after = int(under[-1]) + 1 if under.size else 0
    back = f"is whole again in {table['year'].iloc[after]}" if after < len(owner) else "is not made whole by the end"
    return f"The owner has up to {money(plan.peak_equity_usd)} in and {back}"


def debt_figure(flows: CashFlows) -> Figure | None:
    """Debt outstanding at the end of each year, with its cover above; ``None`` where nothing is borrowed."""
    table = debt_table(flows)
    if table["outstanding"].max() <= LEAST_USD_M:
        return None
    measure = "USD M outstanding at the end of each calendar year; above the bars: CFADS over debt service of that year"
    return Figure("debt", _debt_finding(table), measure, debt_chart(table), table)


def debt_table(flows: CashFlows) -> pd.DataFrame:
    """One row a year."""
    found = _lines(flows)
    return pd.DataFrame(
        {
            "year": found.columns.astype(int),
            "outstanding": np.maximum(found.loc[BALANCE].to_numpy(), 0.0),
            "cover": found.loc[COVER].to_numpy(),
        }
    )


def debt_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`debt_table`."""
    each = max(1, -(-int(table["cover"].notna().sum()) // MOST_LABELS))
    labels = [f"{c:.2f}x" if pd.notna(c) and i % each == 0 else "" for i, c in enumerate(table["cover"])]
    shown = table.assign(label=labels)
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelOverlap=True))
    top = float(table["outstanding"].max()) * 1.12
    y = alt.Y("outstanding:Q", title=None, scale=alt.Scale(domain=[0, top]), axis=alt.Axis(tickCount=5, format=",.0f"))
    bars = (
        alt.Chart(shown)
        .mark_bar(color=INK)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("year:O"),
                alt.Tooltip("outstanding:Q", title="outstanding, USD M", format=",.1f"),
                alt.Tooltip("cover:Q", title="DSCR", format=".2f"),
            ],
        )
    )
    above = alt.Chart(shown).mark_text(dy=-8, fontSize=11, color=INK).encode(x=x, y=y, text="label:N")
    return alt.layer(bars, above).properties(height=HEIGHT)


def _debt_finding(table: pd.DataFrame) -> str:
    years, owed, covers = (table[name].to_numpy() for name in ("year", "outstanding", "cover"))
    most, last, end = int(owed.argmax()), int(years[owed > LEAST_USD_M][-1]), int(years[-1])
    first = f"Debt peaks at {money(float(owed[most]) * 1e6)} at the end of {years[most]}"
    repaid = f"{first} and is repaid in {last + 1}" if last < end else f"{first} and is not repaid by {end}"
    if np.isnan(covers).all():
        return repaid
    thin = int(np.nanargmin(covers))
    if np.nanmax(covers) - covers[thin] < EVEN:
        return f"{repaid}; cover is {covers[thin]:.2f}x in every year"
    return f"{repaid}; cover is thinnest in {years[thin]}, {covers[thin]:.2f}x"
