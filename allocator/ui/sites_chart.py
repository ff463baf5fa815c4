"""The best sites by NPV, hosting and mining side by side in each bar."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.formats import money, percent, table_money
from allocator.sites.table import SitesTable
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure
from allocator.ui.sites_table import MOST_LEADING, planned

MOST_SHOWN = 15
SMALL_SHARE = 0.005
"""Less of a site's NPV is not named beside its bar."""
RATES = ("finance.discount_rate_mining", "finance.discount_rate_hosting")


def sites_figure(ranked: pd.DataFrame, table: SitesTable) -> Figure | None:
    """The chart of a ranking; ``None`` where no site has a plan."""
    known = planned(ranked)
    if known.empty:
        return None
    best = known.head(MOST_SHOWN)
    finance = table.base.case.finance
    rates = (
        "each use at its site's own rate"
        if set(RATES) & set(table.paths)
        else f"mining at {percent(finance.discount_rate_mining)}, hosting at {percent(finance.discount_rate_hosting)}"
    )
    which = f"the best {len(best)} of {len(known):,} sites" if len(best) < len(known) else "every site with a plan"
    measure = f"NPV in USD million, {which}; {rates}, unlevered, after tax"
    data = best[["site", "npv_usd", "hosting_npv_usd", "mining_npv_usd", "capex_usd"]]
    return Figure("sites_by_npv", _finding(known), measure, sites_chart(best), data)


def _finding(known: pd.DataFrame) -> str:
    worth = known.loc[known["npv_usd"] > 0, ["site", "npv_usd"]]
    if worth.empty:
        return "No site is worth more than doing nothing"
    names, values = worth["site"].tolist(), worth["npv_usd"].tolist()
    if len(names) == 1:
        return f"{names[0]} alone is worth taking, at {money(values[0])}"
    count = min(MOST_LEADING, len(names))
    if count == len(names):
        return f"{names[0]} leads with {money(values[0])} of the {money(sum(values))}"
    leading = f"{', '.join(names[: count - 1])} and {names[count - 1]}"
    return f"{leading} bring {money(sum(values[:count]))} of the {money(sum(values))}"


def sites_chart(best: pd.DataFrame) -> Drawing:
    """Horizontal bars: hosting blue from zero, mining amber beyond it, the total and the use in words at the end."""
    parts = [
        {"site": row["site"], "use": use, "order": order, "npv": row[f"{use}_npv_usd"] / 1e6, "total": row["words"]}
        for row in best.assign(words=[table_money(value) for value in best["npv_usd"]]).to_dict("records")
        for order, use in enumerate(("hosting", "mining"))
    ]
    drawn = pd.DataFrame(parts)
    ends = pd.DataFrame(
        {
            "site": best["site"],
            "end": (best[["hosting_npv_usd", "mining_npv_usd"]].clip(lower=0.0).sum(axis=1) / 1e6),
            "label": [
                f"{table_money(npv)} {_uses(npv, hosting, mining)}".rstrip()
                for npv, hosting, mining in zip(
                    best["npv_usd"], best["hosting_npv_usd"], best["mining_npv_usd"], strict=True
                )
            ],
        }
    )
    least = float(best[["hosting_npv_usd", "mining_npv_usd"]].clip(upper=0.0).sum(axis=1).min()) / 1e6
    across = alt.Scale(domain=[least * 1.05, max(1.0, float(ends["end"].max())) * 1.28], nice=False)
    order = best["site"].tolist()
    y = alt.Y(
        "site:N", sort=order, title=None, axis=alt.Axis(labelLimit=210, ticks=False, domain=False, labelFontSize=12)
    )
    bars = (
        alt.Chart(drawn)
        .mark_bar(size=17)
        .encode(
            y=y,
            x=alt.X("npv:Q", title=None, scale=across, stack="zero", axis=alt.Axis(tickCount=6, format=",.0f")),
            color=alt.Color(
                "use:N",
                scale=alt.Scale(domain=["hosting", "mining"], range=[HOSTING, MINING]),
                legend=alt.Legend(orient="top", title=None, offset=2),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("site:N"),
                alt.Tooltip("use:N"),
                alt.Tooltip("npv:Q", title="NPV, USD M", format=",.1f"),
                alt.Tooltip("total:N", title="site's NPV"),
            ],
        )
    )
    labels = (
        alt.Chart(ends)
        .mark_text(align="left", dx=6, fontSize=12, fontWeight="bold", color=INK)
        .encode(y=y, x=alt.X("end:Q", scale=across, title=None), text="label:N")
    )
    return alt.layer(bars, labels).properties(height=27 * len(best) + 50)


def _uses(npv: float, hosting: float, mining: float) -> str:
    size = SMALL_SHARE * max(1.0, abs(npv))
    named = [use for use, value in (("hosting", hosting), ("mining", mining)) if abs(value) > size]
    return " + ".join(named)
