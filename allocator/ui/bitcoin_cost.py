"""What a bitcoin costs: the network average built up from its parts, beside spot and the figures in the news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import altair as alt
import pandas as pd

from allocator.formats import money
from allocator.ui.figure import IDLE, INK, MINING, Drawing, Figure
from models.mining import electricity_usd_per_ph_day
from models.production_cost import (
    QUOTED_PRODUCTION_COST_USD_PER_BTC,
    NetworkAverage,
    all_in_cost_usd_per_btc,
    cash_cost_usd_per_btc,
)

OURS = "Network average, built up"
POWER, OTHER_CASH, CAPITAL, QUOTED = "power", "other cash cost", "machines and works", "as quoted"
COLOURS = {POWER: MINING, OTHER_CASH: "#56B4E9", CAPITAL: "#CC79A7", QUOTED: IDLE}


@dataclass(frozen=True)
class Quote:
    """A production cost that others published, in USD per BTC."""

    name: str
    usd: float
    what: str


QUOTES = (
    Quote(
        "In the news, Feb 2026",
        QUOTED_PRODUCTION_COST_USD_PER_BTC,
        "Checkonchain: a regression of price on difficulty, no cost of any miner enters",
    ),
    Quote("CoinShares, Q4 2025", 79_995.0, "weighted average cash cost of listed miners"),
    Quote("JPMorgan, Feb 2026", 77_000.0, "estimate of the bank, its inputs not published"),
)


@dataclass(frozen=True)
class BuildUp:
    """The network's average cost of one bitcoin, part by part."""

    power_usd: float
    other_cash_usd: float
    capital_usd: float

    @property
    def cash_usd(self) -> float:
        """Power and other cash cost."""
        return self.power_usd + self.other_cash_usd

    @property
    def all_in_usd(self) -> float:
        """Cash cost, machines and works."""
        return self.cash_usd + self.capital_usd


def build_up(average: NetworkAverage, btc_hashprice: float) -> BuildUp:
    """The library's cash and all-in cost, split where they are built."""
    power = electricity_usd_per_ph_day(average.efficiency_j_per_th, average.power_price_usd_per_mwh, average.pue)
    cash = cash_cost_usd_per_btc(average, btc_hashprice)
    return BuildUp(
        power / btc_hashprice, cash - power / btc_hashprice, all_in_cost_usd_per_btc(average, btc_hashprice) - cash
    )


def cost_figure(parts: BuildUp, spot_usd: float) -> Figure:
    """The build-up and the quoted figures as bars, spot as a line."""
    table = cost_table(parts, spot_usd)
    measure = "USD per BTC; the line is the bitcoin price asked above. Grey: published by others, each its own measure"
    return Figure("bitcoin_cost", finding(parts, spot_usd), measure, cost_chart(table, spot_usd), table)


def finding(parts: BuildUp, spot_usd: float) -> str:
    """Whether spot pays the average miner's cash cost, and its capital."""
    cash, all_in, spot = money(parts.cash_usd), money(parts.all_in_usd), money(spot_usd)
    if spot_usd < parts.cash_usd:
        return f"At {spot} a bitcoin does not pay the average miner's cash cost of {cash}; all in it costs {all_in}"
    if spot_usd < parts.all_in_usd:
        return f"At {spot} a bitcoin pays the average miner's cash cost of {cash}, but not the {all_in} it costs all in"
    return f"At {spot} a bitcoin pays all that it costs the average miner: {cash} in cash, {all_in} all in"


def cost_table(parts: BuildUp, spot_usd: float) -> pd.DataFrame:
    """One row a part of a bar."""
    ours = [(POWER, parts.power_usd), (OTHER_CASH, parts.other_cash_usd), (CAPITAL, parts.capital_usd)]
    rows = [
        {"figure": OURS, "part": part, "usd_per_btc": usd, "what": "efficiency x power price x PUE, and so on"}
        for part, usd in ours
    ]
    rows += [{"figure": q.name, "part": QUOTED, "usd_per_btc": q.usd, "what": q.what} for q in QUOTES]
    table = pd.DataFrame(rows)
    start = table.groupby("figure")["usd_per_btc"].cumsum() - table["usd_per_btc"]
    return table.assign(start=start, end=start + table["usd_per_btc"], spot_usd=spot_usd)


def cost_chart(table: pd.DataFrame, spot_usd: float) -> Drawing:
    """The chart of :func:`cost_table`."""
    low, high = min(0.0, float(table["start"].min()), float(table["end"].min())), float(table["end"].max())
    scale = alt.Scale(domain=[low, max(high, spot_usd) * 1.14], nice=False)
    axis = alt.Axis(format="$,.0f", tickCount=6)
    y = alt.Y("figure:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    bars = (
        alt.Chart(table)
        .mark_bar(size=26)
        .encode(
            x=alt.X("start:Q", title=None, scale=scale, axis=axis),
            x2="end",
            y=y,
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                sort=list(COLOURS),
                legend=alt.Legend(orient="bottom", title=None, offset=6),
            ),
            tooltip=[
                alt.Tooltip("figure:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("usd_per_btc:Q", title="USD per BTC", format=",.0f"),
                alt.Tooltip("what:N"),
            ],
        )
    )
    totals = table.groupby("figure", sort=False, as_index=False)["end"].max().assign(label=lambda t: t["end"].map(_usd))
    ends = (
        alt.Chart(totals)
        .mark_text(align="left", dx=6, fontSize=12, fontWeight="bold", color=INK)
        .encode(x=alt.X("end:Q", scale=scale, title=None), y=y, text="label:N")
    )
    line = pd.DataFrame([{"spot": spot_usd, "label": f"price {_usd(spot_usd)}"}])
    rule = alt.Chart(line).mark_rule(color=INK, strokeWidth=2, strokeDash=[5, 3])
    name = alt.Chart(line).mark_text(align="right", dx=-5, fontSize=12, fontWeight="bold", color=INK, baseline="bottom")
    x = alt.X("spot:Q", scale=scale, title=None)
    layers = [bars, ends, rule.encode(x=x), name.encode(x=x, y=alt.value(-3), text="label:N")]
    return alt.layer(*layers).properties(height=230)


def _usd(usd: float) -> str:
    return f"${usd:,.0f}"


def why_they_differ(parts: BuildUp) -> Iterator[str]:
    """Why this figure is not the one in the news, a sentence each."""
    news, shares, bank = QUOTES
    yield (
        f"{money(news.usd)} is not a cost: it is a regression of price on difficulty, so it says at which price this "
        "difficulty was usual, and no power price, machine or site enters it."
    )
    yield (
        f"Ours ({money(parts.cash_usd)} cash, {money(parts.all_in_usd)} all in) is a build-up: efficiency, power "
        "price, other cash cost, machines and works, over the bitcoin that one PH/s finds a day. It moves with "
        "difficulty, not with price; general overhead and stock pay are left out."
    )
    yield (
        f"CoinShares' {money(shares.usd)} is the cash cost of listed miners in Q4 2025, when difficulty was near 148 T "
        f"or more; JPMorgan's {money(bank.usd)} is of February 2026. "
        "Both are nearer to a cash cost than to an all-in cost."
    )
