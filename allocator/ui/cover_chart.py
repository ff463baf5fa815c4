"""What a lease earns and what its loan asks, year by year."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.formats import quarter
from allocator.offers import OfferTerms
from allocator.ui.figure import HOSTING, INK, Drawing, Figure

EARNED, DUE = "NOI", "debt service"
HEIGHT = 250
MOST_LABELS = 20
EVEN = 0.005
"""Covers that differ by less are shown as one."""


def cover_figure(terms: OfferTerms) -> Figure:
    """NOI beside debt service in each year, the cover above them."""
    table = cover_table(terms)
    since = f"USD M by year from the first delivery in {quarter(terms.start_label)}, whole offer, as contracted"
    credited = terms.sheet.lease.prepaid_rent_months or terms.sheet.lease.tenant_capex_credit_share
    measure = (
        since
        + ("; NOI less credits" if credited else "")
        + ("; above the bars: DSCR" if table["dscr"].notna().any() else "")
    )
    return Figure("cover", _finding(terms), measure, cover_chart(table), table)


def cover_table(terms: OfferTerms) -> pd.DataFrame:
    """One row a year since the first delivery."""
    rows = terms.sheet.lender.cover_by_year
    return pd.DataFrame(
        [{"year": y, "earned": earned / 1e6, "due": due / 1e6, "dscr": cover} for y, earned, due, cover in rows],
        columns=["year", "earned", "due", "dscr"],
    ).astype({"dscr": float})


def cover_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`cover_table`."""
    each = max(1, -(-len(table) // MOST_LABELS))
    shown = table.assign(
        label=[
            f"{c:.2f}x" if pd.notna(c) and i % each == 0 else "" for i, c in enumerate(table["dscr"])
        ],
        top=table[["earned", "due"]].max(axis=1),
    )  # fmt: skip
    bars = shown.rename(columns={"earned": EARNED, "due": DUE}).melt(
        id_vars=["year", "dscr"], value_vars=[EARNED, DUE], var_name="flow", value_name="usd_m"
    )
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelExpr="'year ' + datum.label"))
    y = alt.Y("usd_m:Q", title=None, axis=alt.Axis(tickCount=5, format=",.0f"))
    columns = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            x=x,
            xOffset=alt.XOffset("flow:N", sort=[EARNED, DUE]),
            y=y,
            color=alt.Color(
                "flow:N",
                title=None,
                sort=[EARNED, DUE],
                scale=alt.Scale(domain=[EARNED, DUE], range=[HOSTING, INK]),
                legend=alt.Legend(orient="top", direction="horizontal", offset=4),
            ),
            tooltip=[
                alt.Tooltip("year:O"),
                alt.Tooltip("flow:N"),
                alt.Tooltip("usd_m:Q", title="USD M", format=",.1f"),
                alt.Tooltip("dscr:Q", title="DSCR", format=".2f"),
            ],
        )
    )
    labels = (
        alt.Chart(shown)
        .mark_text(dy=-8, fontSize=11, color=INK)
        .encode(x=x, y=alt.Y("top:Q", title=None), text=alt.Text("label:N"))
    )
    return alt.layer(columns, labels).properties(height=HEIGHT)


def _finding(terms: OfferTerms) -> str:
    covers = [(cover, year) for year, _, _, cover in terms.sheet.lender.cover_by_year if cover is not None]
    if not covers:
        return f"{terms.sheet.lease.name} carries {terms.sheet.lender.cover_reason}"
    (least, when), (most, _) = min(covers), max(covers)
    if most - least < EVEN:
        return f"NOI covers debt service {least:.2f} times in every year"
    return f"NOI covers debt service {least:.2f} times at its thinnest, in year {when}, and up to {most:.2f} times"
