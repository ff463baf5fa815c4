"""How the worth of a mix goes with the market and with delays: a tornado of conditional means."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.formats import money, table_money
from allocator.risk.answer import RiskMix
from allocator.risk.attribution import Swing
from allocator.risk.words import NOTHING_USD
from allocator.ui.figure import HOSTING, INK, Drawing, Figure

ROW = 34


def swings_figure(mix: RiskMix, swings: tuple[Swing, ...]) -> Figure:
    """A tornado: what the mix is worth where something is lowest and highest."""
    table = swings_table(swings)
    btc = next((s.correlation for s in swings if s.name == "Bitcoin price"), None)
    goes = "" if btc is None else f"; its correlation with the bitcoin price is {_signed(btc)}"
    measure = (
        "Mean NPV in USD M in the tenth of futures in which each is lowest (hollow) and highest (filled), by its mean "
        f"over the horizon; line: the mean of all, {table_money(mix.fresh.mean_usd)}; right: correlation with the NPV"
    )
    if table.empty:
        return Figure("tornado", "Nothing of the market moves the mix", measure, swings_chart(table, mix), table)
    first = table.iloc[0]
    apart = abs(first["npv_at_highest_usd"] - first["npv_at_lowest_usd"])
    moves = (
        f"{first['thing']} moves it most, by {table_money(apart)} between its lowest and its highest tenth"
        if apart > NOTHING_USD
        else "Nothing of the market moves it"
    )
    return Figure("tornado", f"{moves}{goes}", measure, swings_chart(table, mix), table)


def swings_table(swings: tuple[Swing, ...]) -> pd.DataFrame:
    """One row a thing, the one that moves the mix most first."""
    rows = [
        {
            "thing": s.name,
            "unit": s.unit,
            "lowest": s.lowest,
            "highest": s.highest,
            "npv_at_lowest_usd": s.lowest_usd,
            "npv_at_highest_usd": s.highest_usd,
            "correlation": s.correlation,
        }
        for s in swings
    ]
    return pd.DataFrame(
        rows, columns=["thing", "unit", "lowest", "highest", "npv_at_lowest_usd", "npv_at_highest_usd", "correlation"]
    )


def _signed(correlation: float) -> str:
    """A correlation with its sign; none for nothing.

    >>> _signed(0.287), _signed(-0.003)
    ('+0.29', '0.00')
    """
    return f"{correlation:+.2f}" if abs(correlation) >= 0.005 else "0.00"


def _level(value: float, unit: str) -> str:
    """A level of the market.

    >>> _level(59_143.4, "USD"), _level(14.694, "USD/PH/day"), _level(9.94, "months"), _level(0.867, "x")
    ('$59,100', '$14.69', '9.9 months', '0.87x')
    """
    if unit == "USD":
        return money(value)
    if unit == "USD/PH/day":
        return f"${value:,.2f}"
    if unit == "months":
        return f"{value:.1f} months"
    return f"{value:.2f}x" if unit == "x" else f"{value:.3f}"


def _words(ends: pd.DataFrame, middle: float) -> list[str]:
    """What stands at each end of a bar: its level; both levels at the outer end where both lie on one side."""
    found = list(ends["level"])
    for i in range(0, len(ends), 2):
        low, high = (float(ends["npv"].iloc[j]) - middle for j in (i, i + 1))
        if low * high > 0:
            outer = i if abs(low) >= abs(high) else i + 1
            both = f"{found[i]} lowest, {found[i + 1]} highest"
            found[i], found[i + 1] = ("", "")
            found[outer] = both
    return found


def swings_chart(table: pd.DataFrame, mix: RiskMix) -> Drawing:
    """The chart of :func:`swings_table`."""
    middle = mix.fresh.mean_usd / 1e6
    ends = pd.DataFrame(
        [
            {
                "thing": row["thing"],
                "side": side,
                "npv": row[f"npv_at_{side}_usd"] / 1e6,
                "mean": middle,
                "level": _level(row[side], row["unit"]),
                "worth": table_money(row[f"npv_at_{side}_usd"]),
                "correlation": _signed(row["correlation"]),
            }
            for row in table.to_dict("records")
            for side in ("lowest", "highest")
        ],
        columns=["thing", "side", "npv", "mean", "level", "worth", "correlation"],
    )
    ends["words"] = _words(ends, middle)
    low, high = min([middle, *ends["npv"]]), max([middle, *ends["npv"]])
    width = max(high - low, 1.0)
    scale = alt.Scale(domain=[low - 0.16 * width, high + 0.3 * width], nice=False, zero=False)
    y = alt.Y("thing:N", sort=None, title=None, axis=alt.Axis(labelLimit=190, ticks=False, domain=False))
    x = alt.X("npv:Q", title=None, scale=scale, axis=alt.Axis(format=",.0f", tickCount=6))
    tooltip = [
        alt.Tooltip("thing:N", title="what"),
        alt.Tooltip("side:N", title="tenth"),
        alt.Tooltip("level:N", title="its mean there"),
        alt.Tooltip("worth:N", title="the mix is worth"),
        alt.Tooltip("correlation:N"),
    ]
    layers: list[alt.Chart] = []
    for side, full in (("lowest", False), ("highest", True)):
        some = ends[ends["side"] == side]
        bars = alt.Chart(some).mark_bar(
            size=16, color=HOSTING, fillOpacity=1.0 if full else 0.0, stroke=HOSTING, strokeWidth=1.5
        )
        layers.append(bars.encode(y=y, x=x, x2="mean", tooltip=tooltip))
        for left in (True, False):
            here = some[((some["npv"] < middle) == left) & (some["words"] != "")]
            words = alt.Chart(here).mark_text(
                align="right" if left else "left", dx=-6 if left else 6, fontSize=12, color=INK
            )
            layers.append(words.encode(y=y, x=x, text="words:N"))
    layers.append(alt.Chart(ends.head(1)).mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("mean:Q", scale=scale)))
    right = alt.Chart(ends[ends["side"] == "lowest"]).mark_text(align="right", dx=-4, fontSize=12, color=INK)
    layers.append(right.encode(y=y, x=alt.value("width"), text="correlation:N"))
    return alt.layer(*layers).properties(height=max(90, ROW * len(table) + 34))
