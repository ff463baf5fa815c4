"""Cash flow by year over the futures, as a fan."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.case import Case
from allocator.formats import day, table_money
from allocator.risk.cash_fan import PERCENTS, CashFan
from allocator.ui.figure import INK, LOSS, Drawing, Figure

HEIGHT = 300
NAMES = tuple(f"p{percent}" for percent in PERCENTS)


def fan_figure(case: Case, fan: CashFan) -> Figure:
    """Its finding is when money comes back and how often a year still costs."""
    table = fan_table(fan)
    measure = (
        f"USD M a year to {day(case.valuation_date).rsplit(' ', 1)[0]}, unlevered, after tax, not discounted; "
        f"{fan.paths:,} futures; line: median, dashed: mean; bands: the middle half and 5 % to 95 %"
    )
    return Figure("cash_fan", _finding(table), measure, fan_chart(table), table)


def fan_table(fan: CashFan) -> pd.DataFrame:
    """One row a year."""
    rows = dict(zip(NAMES, fan.percentiles_usd, strict=True))
    return pd.DataFrame({"year_to": list(fan.years), **rows, "mean": fan.mean_usd})


def _finding(table: pd.DataFrame) -> str:
    moving = table[(table[[*NAMES, "mean"]].abs() > 1.0).any(axis=1)]
    if moving.empty:
        return "No money moves"
    worst = table.iloc[int(table["p5"].argmin())]
    most = f"the worst year takes {table_money(-worst['p5'])} or more in one future of twenty"
    if worst["p5"] >= 0:
        return "No year takes money, not even in one future of twenty"
    costly = moving[moving["p50"] < 0]
    if costly.empty:
        return f"The median future brings money every year; {most}"
    after = table[table["year_to"] > costly["year_to"].max()]
    if after.empty:
        return f"The median future takes money until the end; {most}"
    return f"In the median future every year from {int(after['year_to'].iloc[0])} brings money; {most}"


def fan_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`fan_table`."""
    drawn = table.assign(**{name: table[name] / 1e6 for name in (*NAMES, "mean")})
    low, high = min(0.0, float(drawn["p5"].min())), max(0.0, float(drawn["p95"].max()))
    room = 0.06 * max(1.0, high - low)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    base = alt.Chart(drawn)
    first, last = int(drawn["year_to"].min()), int(drawn["year_to"].max())
    x = alt.X(
        "year_to:Q",
        title=None,
        scale=alt.Scale(domain=[first - 0.5, last + 0.5], nice=False, zero=False),
        axis=alt.Axis(format="d", values=list(range(first, last + 1)), labelOverlap=True, grid=False),
    )

    def up(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(format=",.0f", tickCount=6))

    tooltip = [alt.Tooltip("year_to:Q", title="year to", format="d")]
    said = ("5 %", "25 %", "median", "75 %", "95 %")
    tooltip += [alt.Tooltip(f"{n}:Q", title=words, format=",.1f") for n, words in zip(NAMES, said, strict=True)]
    tooltip.append(alt.Tooltip("mean:Q", format=",.1f"))
    layers = [
        base.mark_area(color=INK, opacity=0.2).encode(x=x, y=up("p5"), y2="p95"),
        base.mark_area(color=INK, opacity=0.3).encode(x=x, y=up("p25"), y2="p75"),
        alt.Chart(drawn.head(1)).mark_rule(color=INK, strokeWidth=1).encode(y=alt.datum(0, scale=scale)),
        base.mark_line(color="#0072B2", strokeWidth=2.5).encode(x=x, y=up("p50")),
        base.mark_line(color=LOSS, strokeWidth=1.5, strokeDash=[5, 3]).encode(x=x, y=up("mean")),
        base.mark_rule(opacity=0.001, strokeWidth=14).encode(x=x, tooltip=tooltip),
    ]
    return alt.layer(*layers).properties(height=HEIGHT)
