"""The hashprice that a case expects, month by month, with the halvings."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.case import Case
from allocator.formats import day
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure
from models.network import halving_date, network_path
from models.timeline import MONTHS_PER_YEAR, add_months

FIRST_HALVING_LEFT = 5


def hashprice_figure(case: Case) -> Figure:
    """Hashprice and the entry cost of the newest machine over the horizon."""
    table = hashprice_table(case)
    years = min(5, case.horizon_years)
    now, later, end = (float(table["hashprice"].iloc[m]) for m in (0, years * MONTHS_PER_YEAR, -1))
    finding = (
        f"Hashprice is ${now:,.2f} today, ${later:,.2f} in {years} years and ${end:,.2f} after {case.horizon_years}"
    )
    answers = "hashrate answers to price" if case.market.network_responds else "hashrate grows at a constant rate"
    growth = f"BTC {case.market.btc_growth_per_year:+.1%} a year"
    measure = f"USD/PH/day by month; {growth}, {answers}. Dashed: full cost of the newest machine"
    return Figure("hashprice", finding, measure, hashprice_chart(table, halvings(case)), table)


def hashprice_table(case: Case) -> pd.DataFrame:
    """One row a month."""
    path = network_path(case.market, case.timeline)
    return pd.DataFrame(
        {
            "month": [pd.Timestamp(case.timeline.month_end(m)) for m in range(case.timeline.months + 1)],
            "hashprice": path.hashprice_usd_per_ph_day,
            "entry_cost": path.entry_cost_usd_per_ph_day,
            "btc_price": path.btc_price_usd,
            "hashrate": path.running_eh_s,
            "subsidy": path.subsidy_btc,
        }
    )


def halvings(case: Case) -> pd.DataFrame:
    """Halvings within the horizon."""
    end = add_months(case.valuation_date, case.timeline.months)
    rows = []
    number = FIRST_HALVING_LEFT
    while (when := halving_date(number)) <= end:
        if when > case.valuation_date:
            rows.append({"month": pd.Timestamp(when), "halving": f"halving {when:%b %Y}", "day": day(when)})
        number += 1
    return pd.DataFrame(rows, columns=["month", "halving", "day"])


def hashprice_chart(table: pd.DataFrame, marks: pd.DataFrame) -> Drawing:
    """The chart of :func:`hashprice_table` with the halvings as rules."""
    x = alt.X(
        "month:T",
        title=None,
        axis=alt.Axis(format="%Y", tickCount=10, grid=False),
        scale=alt.Scale(nice=False),
    )
    top = float(table[["hashprice", "entry_cost"]].max().max()) * 1.15
    scale = alt.Scale(domain=[0, top], nice=False)
    line = (
        alt.Chart(table)
        .mark_line(color=MINING, strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y("hashprice:Q", title=None, scale=scale, axis=alt.Axis(format="$,.0f", tickCount=5)),
        )
    )
    cost = (
        alt.Chart(table)
        .mark_line(color=HOSTING, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(x=x, y=alt.Y("entry_cost:Q", scale=scale, title=None))
    )
    rules = (
        alt.Chart(marks)
        .mark_rule(color=INK, strokeDash=[2, 2])
        .encode(x=x, tooltip=[alt.Tooltip("halving:N"), alt.Tooltip("day:N")])
    )
    names = (
        alt.Chart(marks)
        .mark_text(fontSize=12, color=INK, align="left", dx=4, baseline="top")
        .encode(x=x, y=alt.value(2), text=alt.Text("halving:N"))
    )
    hover = (
        alt.Chart(table)
        .mark_rule(opacity=0.001, strokeWidth=6)
        .encode(
            x=x,
            tooltip=[
                alt.Tooltip("month:T", format="%b %Y"),
                alt.Tooltip("hashprice:Q", title="hashprice, USD/PH/day", format=",.2f"),
                alt.Tooltip("entry_cost:Q", title="cost of the newest machine", format=",.2f"),
                alt.Tooltip("btc_price:Q", title="BTC, USD", format=",.0f"),
                alt.Tooltip("hashrate:Q", title="hashrate, EH/s", format=",.0f"),
                alt.Tooltip("subsidy:Q", title="subsidy, BTC", format=".4f"),
            ],
        )
    )
    return alt.layer(line, cost, rules, names, hover).properties(height=300)
