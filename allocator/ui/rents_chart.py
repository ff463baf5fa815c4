"""Break-even rents: how far each offer is from turning, beside the deals that others have signed."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.break_even import BreakEven
from allocator.explain import Explanation
from allocator.formats import percent, rent
from allocator.ui.figure import GAIN, INK, LOSS, Drawing, Figure
from models.deals import MEASURES, band, colocation_deals

FIRST_YEAR_RENT = next(measure for measure in MEASURES if measure.key == "rent_usd_per_kw_month")


def rents_figure(explanation: Explanation) -> Figure | None:
    """A bar an offer from its break-even to the offered rent; ``None`` for a case without offers that have one."""
    table = rents_table(explanation)
    if table.empty:
        return None
    signed = band(FIRST_YEAR_RENT)
    measure = "First-year rent in USD/kW-month"
    if signed is not None:
        measure += f"; shaded: {signed.count} signed deals, {rent(signed.low)} to {rent(signed.high)}"
    return Figure("break_evens", _finding(explanation), measure, rents_chart(table), table)


def rents_table(explanation: Explanation) -> pd.DataFrame:
    """One row an offer that has a break-even rent."""
    return pd.DataFrame(
        [
            {
                "offer": found.name,
                "break_even": found.rent_usd_per_kw_month,
                "offered": found.current_usd_per_kw_month,
                "answer": _answer(found),
                "break_even_label": f"{found.rent_usd_per_kw_month:,.1f}",
                "offered_label": f"{found.current_usd_per_kw_month:,.1f} offered, {_answer(found)}",
            }
            for found in explanation.break_evens
            if found.rent_usd_per_kw_month is not None
        ]
    )


def deals_table() -> pd.DataFrame:
    """Signed deals with their first-year rents."""
    return pd.DataFrame(
        [
            {
                "rent": d.first_year_rent_usd_per_kw_month,
                "deal": f"{d.landlord} – {d.tenant}",
                "site": d.site,
                "structure": d.structure,
                "announced": d.announced,
            }
            for d in colocation_deals()
            if d.first_year_rent_usd_per_kw_month is not None
        ]
    )


def rents_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`rents_table` over :func:`deals_table`."""
    deals = deals_table()
    band = pd.DataFrame({"low": [deals["rent"].min()], "high": [deals["rent"].max()]})
    everything = [*table["break_even"], *table["offered"], *deals["rent"]]
    low, high = min(everything), max(everything)
    margin = 0.16 * (high - low)
    scale = alt.Scale(domain=[max(0.0, low - margin), high + margin], nice=False, zero=False)
    x = alt.X("break_even:Q", title=None, scale=scale, axis=alt.Axis(tickCount=7, format=",.0f"))
    y = alt.Y("offer:N", sort=None, title=None, axis=alt.Axis(labelLimit=160, ticks=False, domain=False))
    answers = {"taken": GAIN, "refused": LOSS}
    shaded = (
        alt.Chart(band)
        .mark_rect(color=INK, opacity=0.13)
        .encode(x=alt.X("low:Q", scale=scale, title=None), x2=alt.X2("high"))
    )
    ticks = (
        alt.Chart(deals)
        .mark_rule(color=INK, opacity=0.3, strokeWidth=1.5)
        .encode(
            x=alt.X("rent:Q", scale=scale, title=None),
            tooltip=[
                alt.Tooltip("deal:N"),
                alt.Tooltip("site:N"),
                alt.Tooltip("rent:Q", title="first-year rent", format="$,.2f"),
                alt.Tooltip("structure:N"),
                alt.Tooltip("announced:N"),
            ],
        )
    )
    bars = (
        alt.Chart(table)
        .mark_bar(size=18)
        .encode(
            y=y,
            x=x,
            x2=alt.X2("offered"),
            color=alt.Color(
                "answer:N",
                title=None,
                scale=alt.Scale(domain=list(answers), range=list(answers.values())),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("offer:N"),
                alt.Tooltip("answer:N"),
                alt.Tooltip("break_even:Q", format="$,.2f"),
                alt.Tooltip("offered:Q", format="$,.2f"),
            ],
        )
    )
    layers = [shaded, ticks, bars]
    for side, value, text in (
        ("break_even", "break_even", "break_even_label"),
        ("offered", "offered", "offered_label"),
    ):
        for left in (True, False):
            below = table["break_even"] < table["offered"]
            chosen = table[below == (left == (side == "break_even"))]
            if len(chosen):
                mark = alt.Chart(chosen).mark_text(
                    fontSize=12, align="right" if left else "left", dx=-5 if left else 5, fontWeight="bold", color=INK
                )
                layers.append(mark.encode(y=y, x=alt.X(f"{value}:Q", scale=scale, title=None), text=f"{text}:N"))
    return alt.layer(*layers).properties(height=max(110, 46 * len(table) + 50))


def _finding(explanation: Explanation) -> str:
    tightest = min((found for found in explanation.break_evens if found.rent_usd_per_kw_month is not None), key=_margin)
    change = percent(_margin(tightest))
    if tightest.taken:
        return f"{tightest.name} stays in the plan until its rent falls by {change}"
    return f"{tightest.name} would enter the plan if its rent rose by {change}"


def _answer(found: BreakEven) -> str:
    return "taken" if found.taken else "refused"


def _margin(found: BreakEven) -> float:
    """Change of the rent, as a share of what is offered, that turns the answer."""
    if found.rent_usd_per_kw_month is None or found.current_usd_per_kw_month == 0:
        return float("inf")
    return abs(found.rent_usd_per_kw_month / found.current_usd_per_kw_month - 1.0)
