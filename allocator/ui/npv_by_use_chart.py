"""What each case is worth, and which use brings it."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.formats import money, percent, table_money
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure

ROW_HEIGHT = 58
SAME_USD = 0.5
"""Plans less than a dollar apart are worth the same."""

Named = tuple[str, Allocation]


def npv_by_use_figure(plans: Sequence[Named]) -> Figure:
    """A bar a case: hosting, then mining; the total and its parts written beside it."""
    table = npv_by_use_table(plans)
    measure = f"NPV over doing nothing by use, USD million; unlevered, after tax{_rates(plans)}"
    return Figure("npv_by_use", use_finding(plans), measure, npv_by_use_chart(table), table)


def npv_by_use_table(plans: Sequence[Named]) -> pd.DataFrame:
    """One row a case."""
    return pd.DataFrame(
        [
            {
                "case": name,
                "hosting_usd": plan.npv_of(Use.HOSTING),
                "mining_usd": plan.npv_of(Use.MINING),
                "npv_usd": plan.npv_usd,
            }
            for name, plan in plans
        ]
    )


def finding(plans: Sequence[Named]) -> str:
    """Which case is worth most, and by how much."""
    (best_name, best), *rest = sorted(plans, key=lambda named: -named[1].npv_usd)
    worth = f"is worth {money(best.npv_usd)}"
    if not rest:
        return f"{best_name} {worth}: {_parts(best)}"
    next_name, second = rest[0]
    if best.npv_usd - rest[-1][1].npv_usd < SAME_USD:
        return f"{'Both' if len(plans) == 2 else 'All'} cases are worth {money(best.npv_usd)}"
    if best.npv_usd - second.npv_usd < SAME_USD:
        return f"{best_name} and {next_name} are worth most, {money(best.npv_usd)} each"
    most = "more" if len(plans) == 2 else "most"
    ahead = money(best.npv_usd - second.npv_usd)
    return f"{best_name} is worth {most}: {money(best.npv_usd)}, {ahead} more than {next_name}"


def use_finding(plans: Sequence[Named]) -> str:
    """What share of the value hosting brings, over all cases."""
    shares = sorted((plan.npv_of(Use.HOSTING) / plan.npv_usd, name) for name, plan in plans if plan.npv_usd > SAME_USD)
    if not shares:
        return "No case is worth more than doing nothing"
    (least, least_name), (most, most_name) = shares[0], shares[-1]
    where = "" if len(shares) == 1 else ", in every case"
    if percent(least) == percent(most):
        return f"{_share_words(least)}{where}"
    return f"Hosting brings {percent(most)} of the value of {most_name}, {percent(least)} of that of {least_name}"


def _share_words(hosting: float) -> str:
    if percent(hosting) == percent(1.0):
        return "Hosting brings all of the value"
    if percent(hosting) == percent(0.0):
        return "Mining brings all of the value"
    return f"Hosting brings {percent(hosting)} of the value, mining the rest"


def _parts(plan: Allocation) -> str:
    parts = [f"{use.value} brings {money(plan.npv_of(use))}" for use in (Use.HOSTING, Use.MINING) if plan.npv_of(use)]
    return ", ".join(parts) or "nothing on offer earns its cost"


def _rates(plans: Sequence[Named]) -> str:
    """The two discount rates, where all cases share them."""
    pairs = {(p.case.finance.discount_rate_mining, p.case.finance.discount_rate_hosting) for _, p in plans}
    if len(pairs) > 1:
        return ", each case at its own rates"
    ((mining, hosting),) = pairs
    return f"; mining at {percent(mining)}, hosting at {percent(hosting)}"


def _split_words(hosting_usd: float, mining_usd: float) -> str:
    parts = [f"{use} {table_money(usd)}" for use, usd in (("hosting", hosting_usd), ("mining", mining_usd)) if usd]
    return ", ".join(parts) if len(parts) > 1 else f"{parts[0].split()[0]} only" if parts else "nothing is used"


def npv_by_use_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`npv_by_use_table`."""
    order = table["case"].tolist()
    parts = table.melt(
        id_vars=["case"], value_vars=["hosting_usd", "mining_usd"], var_name="use", value_name="usd"
    ).assign(use=lambda t: t["use"].str.removesuffix("_usd"))
    parts["millions"] = parts["usd"] / 1e6
    parts["order"] = parts["use"].map({"hosting": 0, "mining": 1})
    parts["words"] = parts["usd"].map(table_money)
    ends = table.assign(
        end=table[["hosting_usd", "mining_usd"]].clip(lower=0.0).sum(axis=1) / 1e6,
        total=table["npv_usd"].map(table_money),
        split=[_split_words(h, m) for h, m in zip(table["hosting_usd"], table["mining_usd"], strict=True)],
    )
    low = float(parts.loc[parts["usd"] < 0].groupby("case")["millions"].sum().min() if (parts["usd"] < 0).any() else 0)
    top = max(1.0, float(ends["end"].max()))
    scale = alt.Scale(domain=[low * 1.05, top * 1.42], nice=False)
    ticks = alt.Axis(tickCount=6, format=",.0f", grid=True)
    y = alt.Y("case:N", sort=order, title=None, axis=alt.Axis(labelLimit=230, ticks=False, labelFontSize=12))
    uses = ["hosting", "mining"]
    bars = (
        alt.Chart(parts)
        .mark_bar(size=26)
        .encode(
            y=y,
            x=alt.X("millions:Q", stack="zero", title=None, scale=scale, axis=ticks),
            color=alt.Color(
                "use:N",
                title=None,
                scale=alt.Scale(domain=uses, range=[HOSTING, MINING]),
                legend=alt.Legend(orient="top", direction="horizontal", offset=4),
            ),
            order=alt.Order("order:Q"),
            tooltip=[alt.Tooltip("case:N"), alt.Tooltip("use:N"), alt.Tooltip("words:N", title="NPV")],
        )
    )
    beside = alt.Chart(ends).encode(y=y, x=alt.X("end:Q", scale=scale))
    totals = beside.mark_text(align="left", dx=8, dy=-7, fontSize=13, fontWeight="bold", color=INK).encode(
        text="total:N"
    )
    splits = beside.mark_text(align="left", dx=8, dy=9, fontSize=11, color=INK).encode(text="split:N")
    return alt.layer(bars, totals, splits).properties(height=ROW_HEIGHT * len(order) + 30)
