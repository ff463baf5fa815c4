"""What a mix turns out to be worth: every fresh future in a histogram, the tail set apart."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from allocator.formats import percent, table_money
from allocator.risk.answer import RiskAnswer, RiskMix
from allocator.risk.tails import tail
from allocator.risk.words import share
from allocator.ui.figure import INK, LOSS, Drawing, Figure
from models.timeline import Vector

BARS, HEIGHT = 56, 300
MEAN, EDGE = 0, 3
"""Places of two of the marks, each a row below the one before it."""
EDGES = (0.1, 99.9)
"""Percentiles between which the bars lie; what lies beyond is counted with the last of them."""


def worth_figure(answer: RiskAnswer, mix: RiskMix) -> Figure:
    """Its finding is how often it loses and what the tail is worth."""
    worth, level = answer.worth(mix), answer.case.risk.tail_level
    table, fresh, edge = worth_table(worth, level), mix.fresh, tail(worth, level).var
    part = share(1 - level)
    lost = percent(fresh.probability_of_loss)
    finding = (
        f"It loses money in {lost} of futures; the worst {part} are worth {table_money(fresh.cvar_usd)} on average"
        if fresh.probability_of_loss > 0
        else f"It loses money in no future drawn; the worst {part} are worth {table_money(fresh.cvar_usd)} on average"
    )
    measure = (
        f"Share of {fresh.paths:,} fresh futures by NPV in USD M at one rate, "
        f"{percent(answer.case.finance.discount_rate_risk)}; vermilion with an outline: the worst {part}; the first "
        "and last bar hold what lies beyond"
    )
    marks = [
        (f"mean {table_money(fresh.mean_usd)}", fresh.mean_usd),
        (f"CVaR {table_money(fresh.cvar_usd)}", fresh.cvar_usd),
        ("zero", 0.0),
        (f"← worst {part}, up to {table_money(edge)}", edge),
    ]
    return Figure("worth", finding, measure, worth_chart(table, marks), table)


def worth_table(worth: Vector, level: float) -> pd.DataFrame:
    """One row a bar; the edge of the tail is the edge of a bar."""
    edge = tail(worth, level).var
    low, high = (float(v) for v in np.percentile(worth, EDGES))
    low, high = min(low, edge), max(high, edge)
    step = max((high - low) / BARS, 1.0)
    below, above = int(np.ceil((edge - low) / step)), int(np.ceil((high - edge) / step))
    edges = edge + step * np.arange(-max(below, 1), max(above, 1) + 1)
    edges[max(below, 1)] = np.nextafter(edge, np.inf)  # the future at the edge is the last of the tail
    counts, _ = np.histogram(np.clip(worth, edges[0], edges[-1]), edges)
    return pd.DataFrame(
        {
            "from_usd": edges[:-1],
            "to_usd": edges[1:],
            "futures": counts,
            "share": counts / len(worth),
            "part": np.where(np.arange(len(counts)) < max(below, 1), "tail", "rest"),
        }
    )


def worth_chart(table: pd.DataFrame, marks: list[tuple[str, float]]) -> Drawing:
    """The chart of :func:`worth_table` with mean, CVaR, zero and the edge of the tail as rules."""
    drawn = table.assign(
        low=table["from_usd"] / 1e6,
        high=table["to_usd"] / 1e6,
        words=[
            f"{table_money(a)} to {table_money(b)}" for a, b in zip(table["from_usd"], table["to_usd"], strict=True)
        ],
    )
    low = min(float(drawn["low"].min()), *(usd / 1e6 for _, usd in marks))
    high = max(float(drawn["high"].max()), *(usd / 1e6 for _, usd in marks))
    room = 0.03 * (high - low)
    x_scale = alt.Scale(domain=[low - room, high + room], nice=False)
    top = float(drawn["share"].max())
    y = alt.Y(
        "share:Q",
        title=None,
        axis=alt.Axis(format=".0%", tickCount=4),
        scale=alt.Scale(domain=[0, 1.5 * top], nice=False),
    )
    x = alt.X("low:Q", title=None, scale=x_scale, axis=alt.Axis(format=",.0f", tickCount=10, grid=False))
    layers: list[alt.Chart] = []
    for part, colour, width in (("rest", INK, 0.0), ("tail", LOSS, 1.0)):
        layers.append(
            alt.Chart(drawn[drawn["part"] == part])
            .mark_bar(color=colour, opacity=0.85, stroke=colour, strokeWidth=width, binSpacing=0.5)
            .encode(
                x=x,
                x2="high",
                y=y,
                y2=alt.datum(0),
                tooltip=[
                    alt.Tooltip("words:N", title="NPV"),
                    alt.Tooltip("share:Q", title="of futures", format=".2%"),
                    alt.Tooltip("futures:Q", title="futures", format=",d"),
                ],
            )
        )
    for place, (words, usd) in enumerate(marks):
        one = pd.DataFrame([{"x": usd / 1e6, "words": words}])
        at = alt.X("x:Q", scale=x_scale)
        lies = (usd / 1e6 - low) / (high - low)
        right = lies < 0.18 or (place == MEAN and lies < 0.8) or (place == EDGE and lies < 0.6)
        row = 2 + 17 * place
        layers.append(
            alt.Chart(one)
            .mark_rule(color=INK, strokeDash=[2, 2] if usd == 0.0 else [6, 3], strokeWidth=1.5)
            .encode(x=at, y=alt.value(row), y2=alt.value("height"))
        )
        layers.append(
            alt.Chart(one)
            .mark_text(
                align="left" if right else "right", dx=5 if right else -5, baseline="top", fontSize=12, color=INK
            )
            .encode(x=at, y=alt.value(row), text="words:N")
        )
    return alt.layer(*layers).properties(height=HEIGHT)
