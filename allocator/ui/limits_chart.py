"""What binds: the worth of one more of each limit, the cost of one less."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.explain import Explanation, ShadowPrice
from allocator.formats import money
from allocator.ui.figure import GAIN, INK, LOSS, Drawing, Figure

USD_BLOCK = 1e6
"""A dollar of capital is compared by the million, as a megawatt is by one."""
SMALLEST_USD = 1_000.0
NO_PLAN = "no plan"
BREAK = ", "
"""Between a limit and its unit; the axis breaks the line there."""


def limits_figure(explanation: Explanation) -> Figure:
    """A bar to the right for one more, to the left for one less."""
    table = limits_table(explanation)
    slack = [p.limit.label for p in explanation.shadow_prices if not _binds(p)]
    note = (
        f"; no bar: {', '.join(slack)}"
        if slack and len(slack) <= 4
        else f"; {len(slack)} limits do not bind"
        if slack
        else ""
    )
    measure = f"NPV in USD million: left, what one less costs; right, what one more is worth{note}"
    return Figure("limits", _finding(table), measure, limits_chart(table), table)


def limits_table(explanation: Explanation) -> pd.DataFrame:
    """One row a side of every limit that binds, the dearest first."""
    rows = []
    for price in sorted(
        (p for p in explanation.shadow_prices if _binds(p)), key=lambda p: -max(_gain(p), _loss(p) or 0.0)
    ):
        name = f"{_capital_first(price.limit.label)}{BREAK}per {_unit(price)}"
        gain, loss = _gain(price), _loss(price)
        rows.append({"limit": name, "side": "one more is worth", "usd": gain, "label": f"+{money(gain)}"})
        rows.append(
            {
                "limit": name,
                "side": "one less costs",
                "usd": -(loss or 0.0),
                "label": NO_PLAN if loss is None else f"-{money(loss)}",
            }
        )
    return pd.DataFrame(rows, columns=["limit", "side", "usd", "label"])


def limits_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`limits_table`."""
    drawn = table.assign(millions=table["usd"] / 1e6)
    sides = {"one less costs": LOSS, "one more is worth": GAIN}
    reach = max(1e-6, float(drawn["millions"].abs().max())) if len(drawn) else 1.0
    scale = alt.Scale(domain=[-1.6 * reach, 1.6 * reach], nice=False)
    y = alt.Y(
        "limit:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelExpr=f"split(datum.label, '{BREAK}')", labelLimit=170, ticks=False, domain=False),
    )
    x = alt.X("millions:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5, format=",.2~f"))
    bars = (
        alt.Chart(drawn)
        .mark_bar(size=16)
        .encode(
            y=y,
            x=x,
            color=alt.Color(
                "side:N",
                title=None,
                sort=list(sides),
                scale=alt.Scale(domain=list(sides), range=list(sides.values())),
                legend=None,
            ),
            tooltip=[alt.Tooltip("limit:N"), alt.Tooltip("side:N"), alt.Tooltip("label:N", title="NPV")],
        )
    )
    zero = alt.Chart(pd.DataFrame({"millions": [0.0]})).mark_rule(color=INK).encode(x=alt.X("millions:Q"))
    more = (
        alt.Chart(drawn[drawn["side"] == "one more is worth"])
        .mark_text(fontSize=12, align="left", dx=4, color=INK)
        .encode(y=y, x=x, text=alt.Text("label:N"))
    )
    less = (
        alt.Chart(drawn[drawn["side"] == "one less costs"])
        .mark_text(fontSize=12, align="right", dx=-4, color=INK)
        .encode(y=y, x=x, text=alt.Text("label:N"))
    )
    return alt.layer(bars, zero, more, less).properties(height=max(120, 44 * (len(drawn) // 2) + 40))


def _binds(price: ShadowPrice) -> bool:
    loss = _loss(price)
    return _gain(price) > SMALLEST_USD or loss is None or loss > SMALLEST_USD


def _per(price: ShadowPrice) -> float:
    return USD_BLOCK if price.limit.unit == "USD" else 1.0


def _gain(price: ShadowPrice) -> float:
    return price.gain_of_one_more_usd * _per(price)


def _loss(price: ShadowPrice) -> float | None:
    return None if price.loss_of_one_less_usd is None else price.loss_of_one_less_usd * _per(price)


def _unit(price: ShadowPrice) -> str:
    return "$1 M" if price.limit.unit == "USD" else price.limit.unit


def _capital_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finding(table: pd.DataFrame) -> str:
    if table.empty:
        return "No limit binds: more power, capital or machines would add nothing"
    more, less = table.iloc[0], table.iloc[1]
    cost = "no plan exists with one less" if less["label"] == NO_PLAN else f"one less costs {money(-less['usd'])}"
    gain = f"one more is worth {money(more['usd'])}" if more["usd"] > SMALLEST_USD else "one more adds nothing"
    return f"{more['limit']}: {cost}, {gain}"
