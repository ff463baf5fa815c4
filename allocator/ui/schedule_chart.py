"""What the megawatts do, quarter by quarter."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.allocation import TAKEN_MW, Allocation
from allocator.formats import megawatts, quarter
from allocator.ui.figure import HOSTING, IDLE, INK, MINING, Drawing, Figure

USES = ("hosting", "mining", "idle")
HEIGHT = 280


def schedule_figure(plan: Allocation) -> Figure:
    """Stacked facility MW by use, the grid as a line, what runs in each quarter on hover."""
    return Figure(
        "schedule",
        _finding(plan),
        "Facility MW by quarter; the line is the grid",
        schedule_chart(plan),
        schedule_table(plan),
    )


def schedule_table(plan: Allocation) -> pd.DataFrame:
    """One row a quarter."""
    timeline = plan.case.timeline
    return pd.DataFrame(
        [
            {
                "quarter": quarter(use.quarter),
                "start": pd.Timestamp(timeline.quarter_start(q)),
                "stop": pd.Timestamp(timeline.quarter_start(q + 1)),
                "hosting": max(0.0, use.hosting_mw),
                "mining": max(0.0, use.mining_mw),
                "idle": max(0.0, use.idle_mw),
                "grid": use.grid_mw,
                "activities": _running(plan, q),
            }
            for q, use in enumerate(plan.schedule)
        ]
    )


def schedule_chart(plan: Allocation) -> Drawing:
    """The chart of :func:`schedule_table`."""
    table = schedule_table(plan)
    last = table.iloc[[-1]].assign(start=table["stop"].iloc[-1])
    closed = pd.concat([table, last], ignore_index=True)  # the last step has a width too
    order = {use: i for i, use in enumerate(USES)}
    stacked = closed.melt(id_vars=["start"], value_vars=list(USES), var_name="use", value_name="mw")
    stacked["order"] = stacked["use"].map(order)
    top = max(1.0, float(table["grid"].max())) * 1.06
    x = alt.X(
        "start:T",
        title=None,
        axis=alt.Axis(format="%Y", tickCount=10, grid=False),
        scale=alt.Scale(nice=False),
    )
    y = alt.Y(
        "mw:Q",
        stack="zero",
        title=None,
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=5, format=",.0f"),
    )
    colours = alt.Color(
        "use:N",
        title=None,
        sort=list(USES),
        scale=alt.Scale(domain=list(USES), range=[HOSTING, MINING, IDLE]),
        legend=alt.Legend(orient="top", direction="horizontal", offset=4),
    )
    areas = (
        alt.Chart(stacked)
        .mark_area(interpolate="step-after", opacity=0.95)
        .encode(x=x, y=y, color=colours, order=alt.Order("order:Q"))
    )
    grid = (
        alt.Chart(closed)
        .mark_line(interpolate="step-after", color=INK, strokeWidth=2, strokeDash=[5, 3])
        .encode(x=x, y=alt.Y("grid:Q"))
    )
    hover = (
        alt.Chart(table)
        .mark_rect(opacity=0.001)
        .encode(
            x=x,
            x2=alt.X2("stop"),
            tooltip=[
                alt.Tooltip("quarter:N"),
                alt.Tooltip("hosting:Q", title="hosting, facility MW", format=",.1f"),
                alt.Tooltip("mining:Q", title="mining, facility MW", format=",.1f"),
                alt.Tooltip("idle:Q", title="idle, facility MW", format=",.1f"),
                alt.Tooltip("grid:Q", title="grid, facility MW", format=",.1f"),
                alt.Tooltip("activities:N"),
            ],
        )
    )
    return alt.layer(areas, grid, hover).properties(height=HEIGHT)


def _running(plan: Allocation, q: int) -> str:
    names: dict[str, float] = {}
    for line in plan.mix:
        if line.activity.start <= q < line.activity.stop:
            names[line.activity.owner_name] = names.get(line.activity.owner_name, 0.0) + line.facility_mw
    return " · ".join(f"{name} {megawatts(mw)}" for name, mw in names.items()) or "nothing"


def _finding(plan: Allocation) -> str:
    schedule = plan.schedule
    most_hosting = max(schedule, key=lambda q: q.hosting_mw)
    most_mining = max(schedule, key=lambda q: q.mining_mw)
    parts = []
    if most_hosting.hosting_mw > TAKEN_MW:
        full = next(q for q in schedule if q.hosting_mw > most_hosting.hosting_mw - TAKEN_MW)
        share = f"{megawatts(full.hosting_mw)} of the {megawatts(full.grid_mw)} grid"
        parts.append(f"Hosting takes {share} from {quarter(full.quarter)}")
    if most_mining.mining_mw > TAKEN_MW:
        words = f"mining peaks at {megawatts(most_mining.mining_mw)} in {quarter(most_mining.quarter)}"
        parts.append(words if parts else words.capitalize())
    elif parts:
        parts.append("nothing mines")
    return ", ".join(parts) or f"The {megawatts(schedule[0].grid_mw)} grid stays idle"
