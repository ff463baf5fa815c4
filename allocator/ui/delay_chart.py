"""What an offer is worth if its halls come late."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.formats import percent, table_money
from allocator.offers import OfferTerms
from allocator.ui.figure import GAIN, INK, LOSS, Drawing, Figure

HEIGHT = 220


def delay_figure(terms: OfferTerms) -> Figure:
    """A bar a delay, the mean over the offer's own distribution of delays as a line."""
    sponsor, lease = terms.sheet.sponsor, terms.sheet.lease
    table = delay_table(terms)
    expected = table_money(sponsor.npv_expected_over_delays_usd)
    measure = "NPV of the whole offer, USD M, by months that its halls come late"
    if lease.delay_spread_months:
        about = f"{lease.delay_months} months, give or take {lease.delay_spread_months:g}"
        measure += f"; dashed: {expected}, the mean over delays of {about}"
    return Figure("npv_by_delay", _finding(terms), measure, delay_chart(table), table)


def delay_table(terms: OfferTerms) -> pd.DataFrame:
    """One row a delay; beside it the mean where the offer's delay is uncertain."""
    sponsor = terms.sheet.sponsor
    expected = sponsor.npv_expected_over_delays_usd / 1e6 if terms.sheet.lease.delay_spread_months else None
    return pd.DataFrame(
        [
            {"months_late": months, "npv": worth / 1e6, "expected": expected}
            for months, worth in sponsor.npv_by_delay_usd
        ]
    )


def delay_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`delay_table`."""
    shown = table.assign(
        label=[table_money(usd_m * 1e6) for usd_m in table["npv"]],
        side=["loss" if usd_m < 0 else "gain" for usd_m in table["npv"]],
    )
    x = alt.X(
        "months_late:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelExpr="datum.label + ' months'")
    )
    y = alt.Y("npv:Q", title=None, axis=alt.Axis(tickCount=4, format=",.0f"))
    bars = (
        alt.Chart(shown)
        .mark_bar(size=46)
        .encode(
            x=x,
            y=y,
            color=alt.Color("side:N", scale=alt.Scale(domain=["gain", "loss"], range=[GAIN, LOSS]), legend=None),
            tooltip=[
                alt.Tooltip("months_late:O", title="months late"),
                alt.Tooltip("npv:Q", title="NPV, USD M", format=",.1f"),
            ],
        )
    )
    layers: list[alt.Chart] = [bars]
    for side, dy in (("gain", -9), ("loss", 11)):
        some = shown[shown["side"] == side]
        if len(some):
            layers.append(alt.Chart(some).mark_text(dy=dy, color=INK, fontSize=12).encode(x=x, y=y, text="label:N"))
    if table["expected"].notna().all():
        rule = alt.Chart(shown.head(1)).mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5)
        layers.append(rule.encode(y="expected:Q"))
    return alt.layer(*layers).properties(height=HEIGHT)


def _finding(terms: OfferTerms) -> str:
    worth = dict(terms.sheet.sponsor.npv_by_delay_usd)
    on_time, late = worth[0], worth[12]
    if on_time <= 0:
        return f"{terms.sheet.lease.name} is worth {table_money(on_time)} on time and {table_money(late)} a year late"
    lost = on_time - late
    if lost <= 0:
        return f"A year's delay costs {terms.sheet.lease.name} nothing"
    return (
        f"A year's delay costs {table_money(lost)}, {percent(lost / on_time)} of what {terms.sheet.lease.name} is worth"
    )
