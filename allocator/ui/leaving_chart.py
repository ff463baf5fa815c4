"""Hashrate that switches off, or comes back, if the bitcoin price moves at once."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.formats import money, percent
from allocator.ui.figure import GAIN, INK, LOSS, Drawing, Figure
from models.network import Market
from models.production_cost import hashrate_leaving_at

PRICES_USD = (*(1000.0 * price for price in range(30, 121, 10)), 126_000.0)
LEAVES, RETURNS = "switches off", "comes back"
COLOURS = {LEAVES: LOSS, RETURNS: GAIN}


def leaving_figure(market: Market) -> Figure:
    """Share of running hashrate that leaves at a price, 30,000 to 126,000 USD."""
    table = leaving_table(market)
    low, high = (_clause(float(table["share_leaving"].iloc[i]), money(PRICES_USD[i])) for i in (0, -1))
    measure = (
        f"Share of the hashrate that runs now, before entry and retirement; from {money(market.btc_price_usd)}, "
        f"elasticity {market.switch_off_elasticity_to_hashprice:g} to hashprice"
    )
    return Figure("hashrate_leaving", f"{low}; {high}", measure, leaving_chart(table), table)


def _clause(share: float, price: str) -> str:
    if abs(share) < 5e-4:
        return f"No hashrate leaves or returns at {price}"
    return f"{percent(abs(share))} of hashrate {LEAVES if share > 0 else RETURNS} at {price}"


def leaving_table(market: Market) -> pd.DataFrame:
    """One row a price."""
    shares = [hashrate_leaving_at(market, price) for price in PRICES_USD]
    return pd.DataFrame(
        {
            "btc_price_usd": PRICES_USD,
            "share_leaving": shares,
            "change": [-share for share in shares],
            "what": [LEAVES if share > 0 else RETURNS for share in shares],
            "price": [f"${price / 1000:,.0f}k" for price in PRICES_USD],
            "label": [f"{-share * 100:+.1f} %" for share in shares],
        }
    )


def leaving_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`leaving_table`: down where hashrate leaves, up where it comes back."""
    spread = max(0.01, float(table["change"].abs().max())) * 1.25
    low, high = min(0.0, float(table["change"].min())), max(0.0, float(table["change"].max()))
    scale = alt.Scale(domain=[low - 0.15 * spread, high + 0.15 * spread], nice=False)
    x = alt.X("price:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, ticks=False, orient="bottom"))
    y = alt.Y("change:Q", title=None, scale=scale, axis=alt.Axis(format="+.0%", tickCount=5))
    bars = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "what:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=alt.Legend(orient="top", title=None, offset=2),
            ),
            tooltip=[
                alt.Tooltip("btc_price_usd:Q", title="BTC, USD", format=",.0f"),
                alt.Tooltip("change:Q", title="change of running hashrate", format="+.1%"),
                alt.Tooltip("what:N"),
            ],
        )
    )
    layers = [bars]
    for below in (True, False):
        chosen = table[(table["change"] < 0) == below]
        if len(chosen):
            text = alt.Chart(chosen).mark_text(fontSize=11, color=INK, dy=9 if below else -7)
            layers.append(text.encode(x=x, y=y, text="label:N"))
    return alt.layer(*layers).properties(height=230)
