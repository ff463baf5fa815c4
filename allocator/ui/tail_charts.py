"""What makes the tail of a mix: which uncertainty, and which part of it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.case import Case
from allocator.formats import money, table_money
from allocator.risk.attribution import Cause, Part
from allocator.risk.words import NOTHING_USD, share
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure

ROW = 34


def causes_figure(case: Case, causes: tuple[Cause, ...]) -> Figure:
    """A bar an uncertainty, the largest first."""
    table = causes_table(causes)
    whole = float(table["usd"].sum())
    tail = share(1 - case.risk.tail_level)
    measure = (
        f"USD M of the {table_money(whole)} between mean and CVaR, shared out by Shapley value: averaged over every "
        "order in which the uncertainties could be let loose"
    )
    if whole <= NOTHING_USD:
        finding = f"The worst {tail} of futures are worth what the mean is: nothing makes a tail"
    else:
        first = table.iloc[0]
        part = f"{100 * first['usd'] / whole:.0f} %"
        finding = f"{_capital(first['cause'])} {_verb(first['cause'])} {part} of the distance from mean to tail"
    return Figure("tail_causes", finding, measure, causes_chart(table), table)


def causes_table(causes: tuple[Cause, ...]) -> pd.DataFrame:
    """One row an uncertainty."""
    found = sorted(causes, key=lambda cause: -cause.usd)
    whole = sum(cause.usd for cause in found)
    return pd.DataFrame(
        [{"cause": c.name, "usd": c.usd, "share": c.usd / whole if whole > NOTHING_USD else 0.0} for c in found]
    )


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _verb(name: str) -> str:
    return "make" if name.endswith(("leases", "fees")) else "makes"


def causes_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`causes_table`."""
    drawn = table.assign(
        million=table["usd"] / 1e6,
        end=table["usd"].clip(lower=0.0) / 1e6,
        label=[_share_words(usd, part) for usd, part in zip(table["usd"], table["share"], strict=True)],
    )
    low, high = min(0.0, float(drawn["million"].min())), max(1.0, float(drawn["million"].max()))
    scale = alt.Scale(domain=[low, low + 1.5 * (high - low)], nice=False)
    y = alt.Y("cause:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, ticks=False, domain=False))
    bars = (
        alt.Chart(drawn)
        .mark_bar(size=16, color=INK)
        .encode(
            y=y,
            x=alt.X("million:Q", title=None, scale=scale, axis=alt.Axis(format=",.0f", tickCount=5)),
            tooltip=["cause:N", alt.Tooltip("label:N", title="of the distance")],
        )
    )
    words = (
        alt.Chart(drawn)
        .mark_text(align="left", dx=6, fontSize=12, color=INK)
        .encode(y=y, x=alt.X("end:Q", scale=scale), text="label:N")
    )
    return alt.layer(bars, words).properties(height=ROW * len(table) + 34)


def _share_words(usd: float, part: float) -> str:
    if abs(usd) < 5e4:
        return "nothing"
    return f"{table_money(usd)}, {part * 100:.0f} %"


def parts_figure(case: Case, parts: tuple[Part, ...]) -> Figure:
    """A row a part: hollow in the mean, filled in the tail."""
    table = parts_table(case, parts)
    measure = (
        f"NPV in USD M; hollow: mean of all futures, filled: in the worst {share(1 - case.risk.tail_level)} of "
        "the mix; blue hosting, amber mining; the parts add up to mean and CVaR"
    )
    if table.empty:
        return Figure(
            "tail_parts", "The mix uses nothing, so nothing of it makes a tail", measure, parts_chart(table), table
        )
    worst = table.iloc[(table["in_tail_usd"] - table["mean_usd"]).argmin()]
    lost = worst["mean_usd"] - worst["in_tail_usd"]
    finding = (
        f"{worst['part']} is worth {table_money(lost)} less in the tail than in the mean"
        if lost > NOTHING_USD
        else "No part is worth less in the tail than in the mean"
    )
    return Figure("tail_parts", finding, measure, parts_chart(table), table)


def parts_table(case: Case, parts: tuple[Part, ...]) -> pd.DataFrame:
    """One row a fleet, purchase or offer of the mix, the one that loses most first."""
    hosting = {lease.name for lease in case.leases}
    rows = [
        {
            "part": part.name,
            "use": "hosting" if part.name in hosting else "mining",
            "mean_usd": part.mean_usd,
            "in_tail_usd": part.in_tail_usd,
        }
        for part in sorted(parts, key=lambda part: part.in_tail_usd - part.mean_usd)
    ]
    return pd.DataFrame(rows, columns=["part", "use", "mean_usd", "in_tail_usd"])


def parts_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`parts_table`."""
    drawn = table.assign(
        mean=table["mean_usd"] / 1e6,
        tail=table["in_tail_usd"] / 1e6,
        right=table[["mean_usd", "in_tail_usd"]].max(axis=1) / 1e6,
        label=[f"{money(a)} → {money(b)}" for a, b in zip(table["mean_usd"], table["in_tail_usd"], strict=True)],
    )
    low, high = (
        min(0.0, float(drawn[["mean", "tail"]].min().min())) if len(drawn) else 0.0,
        max(1.0, float(drawn["right"].max())) if len(drawn) else 1.0,
    )
    width = high - low
    scale = alt.Scale(domain=[low - 0.08 * width, high + 0.5 * width], nice=False)
    kinds = {"hosting": HOSTING, "mining": MINING}
    colour = alt.Color("use:N", legend=None, scale=alt.Scale(domain=list(kinds), range=list(kinds.values())))
    y = alt.Y("part:N", sort=None, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False))
    x = alt.X("mean:Q", title=None, scale=scale, axis=alt.Axis(format=",.0f", tickCount=5))
    tooltip = ["part:N", "use:N", alt.Tooltip("label:N", title="mean → tail")]
    base = alt.Chart(drawn)
    lines = base.mark_rule(color=INK, strokeWidth=2).encode(y=y, x=x, x2="tail")
    hollow = base.mark_point(size=120, strokeWidth=2.5, filled=False, opacity=1).encode(
        y=y, x=x, stroke=colour, tooltip=tooltip
    )
    solid = base.mark_point(size=130, filled=True, opacity=1).encode(
        y=y, x=alt.X("tail:Q", scale=scale), color=colour, tooltip=tooltip
    )
    words = base.mark_text(align="left", dx=12, fontSize=12, color=INK).encode(
        y=y, x=alt.X("right:Q", scale=scale), text="label:N"
    )
    return alt.layer(lines, hollow, solid, words).properties(height=max(90, ROW * len(table) + 34))
