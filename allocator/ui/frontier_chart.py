"""Mean against tail: a point for each weight, the chosen one filled, the plan without risk beside them."""

from __future__ import annotations

from functools import partial

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from allocator.formats import percent, table_money
from allocator.risk.answer import RiskAnswer, RiskMix
from allocator.risk.words import share
from allocator.ui import state
from allocator.ui.figure import HOSTING, INK, LOSS, Drawing, Figure, show
from allocator.ui.frontier_table import FIGURES, WEIGHT, frontier_table, points_table, printed_table
from allocator.ui.markdown_table import show_table
from allocator.ui.terms import plain
from models.timeline import Vector

POINT = "weight_point"
PLAN = "plan without risk"
HEIGHT = 380


def frontier_figure(answer: RiskAnswer, chosen: RiskMix) -> Figure:
    """Its finding is what the tail gains and the mean gives up from one end to the other."""
    points = points_table(answer, chosen)
    first, last = answer.mixes[0].fresh, answer.mixes[-1].fresh
    tail = share(1 - answer.case.risk.tail_level)
    gained, given = last.cvar_usd - first.cvar_usd, first.mean_usd - last.mean_usd
    finding = (
        f"Every weight finds a plan of the same worth: {table_money(first.mean_usd)} in the mean"
        if len(points) == 1
        else f"Weighing nothing but the tail lifts it by {table_money(gained)} and costs {table_money(given)} of the "
        "mean"
    )
    measure = (
        f"USD M at one rate, {percent(answer.case.finance.discount_rate_risk)}; across: CVaR, the mean of the worst "
        f"{tail} of futures; up: mean NPV; a circle for each weight on the tail, the chosen one filled, its cross one "
        f"standard error; diamond: the {PLAN}. Click a circle to choose it"
    )
    table = frontier_table(answer, chosen)
    return Figure("frontier", finding, measure, frontier_chart(answer, points), table)


def frontier_chart(answer: RiskAnswer, points: pd.DataFrame) -> Drawing:
    """The chart of :func:`points_table`."""
    bridge = pd.DataFrame([{"mean": answer.bridge.mean_usd / 1e6, "cvar": answer.bridge.cvar_usd / 1e6, "label": PLAN}])
    across_all = pd.concat([points["cvar_low"], points["cvar_high"], bridge["cvar"]])
    up_all = pd.concat([points["mean_low"], points["mean_high"], bridge["mean"]])
    close = _close(points, bridge.iloc[0])
    beside = bool(close.any())
    named = [f"{label}, {PLAN}" if near else label for label, near in zip(points["label"], close, strict=True)]
    points = points.assign(label=named, named=points["named"] | close)
    x = alt.X("cvar:Q", title="CVaR, USD M", scale=_scale(across_all, 0.14), axis=alt.Axis(format=",.0f", grid=True))
    y = alt.Y("mean:Q", title="mean NPV, USD M", scale=_scale(up_all, 0.12), axis=alt.Axis(format=",.0f"))
    tooltip = [
        alt.Tooltip("label:N", title="weight on the tail"),
        alt.Tooltip("mean_words:N", title="mean NPV ± s.e."),
        alt.Tooltip("cvar_words:N", title="CVaR ± s.e."),
        alt.Tooltip("loss:N", title="loss in"),
        alt.Tooltip("hosting:Q", title="hosting, facility MW", format=",.1f"),
        alt.Tooltip("mining:Q", title="mining now, facility MW", format=",.1f"),
    ]
    base, chosen = alt.Chart(points), alt.Chart(points[points["chosen"]])
    line = base.mark_line(color=INK, strokeWidth=1.5).encode(x=x, y=y, order=alt.Order(f"{WEIGHT}:Q"))
    across = chosen.mark_rule(color=HOSTING, strokeWidth=2).encode(x=alt.X("cvar_low:Q"), x2="cvar_high", y=y)
    up = chosen.mark_rule(color=HOSTING, strokeWidth=2).encode(y=alt.Y("mean_low:Q"), y2="mean_high", x=x)
    circles = (
        base.mark_point(size=150, strokeWidth=2, filled=True, opacity=1, cursor="pointer")
        .encode(
            x=x,
            y=y,
            fill=alt.condition("datum.chosen", alt.value(HOSTING), alt.value("transparent")),
            stroke=alt.condition("datum.chosen", alt.value(HOSTING), alt.value(INK)),
            size=alt.condition("datum.chosen", alt.value(260), alt.value(140)),
            tooltip=tooltip,
        )
        .add_params(alt.selection_point(name=POINT, fields=[WEIGHT], on="click"))
    )
    mark = (
        alt.Chart(bridge)
        .mark_point(shape="diamond", size=190, filled=True, color=LOSS, stroke="white", opacity=1)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("label:N", title="mark")])
    )
    called = (
        alt.Chart(bridge).mark_text(align="left", dx=11, dy=12, fontSize=12, color=INK).encode(x=x, y=y, text="label:N")
    )
    layers: list[alt.Chart] = [line, across, up, circles, mark, *([] if beside else [called])]
    others = alt.Chart(points[points["named"] & ~points["chosen"]])
    above = others.mark_text(align="left", dx=11, dy=-10, fontSize=12, color=INK)
    below = alt.Chart(points[points["chosen"]]).mark_text(
        align="left" if beside else "right", dx=12 if beside else -12, dy=-14 if beside else 16,
        fontSize=13, fontWeight="bold", color=INK,
    )  # fmt: skip
    layers += [names.encode(x=x, y=y, text="label:N") for names in (above, below)]
    return alt.layer(*layers).properties(height=HEIGHT)


def _close(points: pd.DataFrame, mark: pd.Series) -> Vector:
    """Which points lie where the mark does, as far as an eye can tell."""
    width, height = (max(1e-9, float(np.ptp(points[name]))) for name in ("cvar", "mean"))
    near = ((points["cvar"] - mark["cvar"]).abs() < 0.03 * width) & (
        (points["mean"] - mark["mean"]).abs() < 0.03 * height
    )
    return np.asarray(near)


def _scale(values: pd.Series, room: float) -> alt.Scale:
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 0.02 * max(abs(low), abs(high)), 1.0)
    return alt.Scale(domain=[low - room * width, high + room * width], nice=False, zero=False)


def show_frontier(answer: RiskAnswer, chosen: RiskMix) -> None:
    """Draw it in the current container, its table below."""
    key = f"chart_frontier_{chosen.sought.risk_weight:g}"
    show(frontier_figure(answer, chosen), key, partial(state.take_picked_point, POINT, key, WEIGHT))
    with st.expander("The frontier as a table", key="frontier_table"):
        st.markdown(plain("One row a weight on the tail; the chosen one carries a mark. MW are facility MW."))
        show_table("frontier_rows", printed_table(answer, chosen), FIGURES, frontier_table(answer, chosen))
