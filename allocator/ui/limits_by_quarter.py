"""What a limit is worth: every limit from both sides in words, and one of them quarter by quarter."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import ONCE, Explanation, QuarterPrice, ShadowPrice, tight_quarters
from allocator.formats import money, quarter
from allocator.program.limits import RELIEF, Limit
from allocator.ui import answers, state
from allocator.ui.figure import INK, Drawing, Figure, show
from allocator.ui.limits_chart import SMALLEST_USD, USD_BLOCK
from allocator.ui.markdown_table import show_table
from allocator.ui.terms import plain

CHOICE = "why_limit"
NOTHING, NO_PLAN = "nothing", "no plan without it"


def sides_table(explanation: Explanation) -> pd.DataFrame:
    """Every limit, bound or not, the dearest first: what one more is worth and what one less costs, per unit."""
    return pd.DataFrame(
        [
            {
                "limit": _capital_first(price.limit.label),
                "per": price.limit.unit,
                "one more is worth": _worth(price, price.gain_of_one_more_usd),
                "one less costs": NO_PLAN
                if price.loss_of_one_less_usd is None
                else _worth(price, price.loss_of_one_less_usd),
            }
            for price in sorted(explanation.shadow_prices, key=lambda price: -_dearest(price))
        ]
    )


def sides_data(explanation: Explanation) -> pd.DataFrame:
    """The same in numbers."""
    return pd.DataFrame(
        [
            {
                "limit": price.limit.label,
                "unit": price.limit.unit,
                "gain_of_one_more_usd": price.gain_of_one_more_usd,
                "loss_of_one_less_usd": price.loss_of_one_less_usd,
                "step": price.step,
            }
            for price in explanation.shadow_prices
        ]
    )


def _worth(price: ShadowPrice, usd: float) -> str:
    if price.limit.unit == "USD":
        return f"${usd:,.2f}" if usd >= 0.005 else NOTHING
    return money(usd) if usd >= SMALLEST_USD else NOTHING


def quarterly_limits(explanation: Explanation) -> list[Limit]:
    """Limits that hold by the quarter and bind on a side, the dearest first."""
    found = [
        price
        for price in explanation.shadow_prices
        if not price.limit.key.startswith(ONCE) and _dearest(price) > SMALLEST_USD
    ]
    return [price.limit for price in sorted(found, key=lambda price: -_dearest(price))]


def _dearest(price: ShadowPrice) -> float:
    per = USD_BLOCK if price.limit.unit == "USD" else 1.0
    loss = price.loss_of_one_less_usd
    return max(price.gain_of_one_more_usd, float("inf") if loss is None else loss) * per


def prices_figure(plan: Allocation, limit: Limit, prices: tuple[QuarterPrice, ...]) -> Figure:
    """A bar a quarter in which one more and one less agree."""
    table = prices_table(plan, limit, prices)
    best = max(prices, key=lambda price: price.usd_per_unit)
    when = quarter(plan.case.timeline.quarter_label(best.quarter))
    dollars = limit.unit == "USD"
    amount = f"${best.usd_per_unit:,.2f}" if dollars else money(best.usd_per_unit)
    unit = "dollar" if dollars else limit.unit
    finding = f"One {unit} of {limit.label} is worth most in {when}: {amount}"
    measure = (
        f"NPV in USD per {limit.unit}, in that quarter alone; {len(prices)} of the {len(tight_quarters(plan, limit))} "
        "quarters in which it is used up have one price"
    )
    return Figure("limit_by_quarter", finding, measure, prices_chart(table, dollars=dollars), table)


def prices_table(plan: Allocation, limit: Limit, prices: tuple[QuarterPrice, ...]) -> pd.DataFrame:
    """One row a quarter of the plan: its price, or nothing where the two sides do not agree."""
    known = {price.quarter: price.usd_per_unit for price in prices}
    tight = set(tight_quarters(plan, limit))
    label = plan.case.timeline.quarter_label
    return pd.DataFrame(
        [
            {"quarter": label(q), "usd_per_unit": known.get(q), "used_up": q in tight}
            for q in range(plan.case.timeline.quarters)
        ]
    )


def prices_chart(table: pd.DataFrame, *, dollars: bool) -> Drawing:
    """The chart of :func:`prices_table`; a cross on the axis is a quarter that is used up without one price."""
    form = "$,.2f" if dollars else "$,.3~s"
    every = table["quarter"].tolist()
    x = alt.X(
        "quarter:O",
        title=None,
        scale=alt.Scale(domain=every),
        axis=alt.Axis(labelAngle=0, values=every[:: max(1, len(every) // 10)], ticks=False),
    )
    y = alt.Y("usd_per_unit:Q", title=None, axis=alt.Axis(format=form, tickCount=4))
    priced = table[table["usd_per_unit"].notna()]
    bars = (
        alt.Chart(priced)
        .mark_bar(color=INK)
        .encode(x=x, y=y, tooltip=["quarter:O", alt.Tooltip("usd_per_unit:Q", title="USD per unit", format=form)])
    )
    without = table[table["used_up"] & table["usd_per_unit"].isna()].assign(usd_per_unit=0.0)
    crosses = (
        alt.Chart(without)
        .mark_point(shape="cross", color=INK, size=28, filled=True)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("quarter:O", title="no single price")])
    )
    return alt.layer(bars, crosses).properties(height=220)


def no_price_words(plan: Allocation, limit: Limit) -> str:
    """Why no quarter of a limit has a price."""
    name = limit.label.removeprefix(RELIEF)
    if plan.program.form.integer.any():
        return f"No quarter of the {name} has one price: the plan takes whole halls, so that one unit changes nothing."
    tight = len(tight_quarters(plan, limit))
    return (
        f"No quarter of the {name} has one price: in each of the {tight} quarters in which it is used up, one more in "
        "that quarter alone is worth something else than one less. Over the whole horizon its worth stands above."
    )


def show_by_quarter(plan: Allocation, explanation: Explanation) -> None:
    """A picker of limits and the prices of the one picked, in the current container."""
    limits = {limit.key: limit for limit in quarterly_limits(explanation)}
    st.markdown("**By quarter**")
    if not limits:
        st.markdown("No limit that holds by the quarter binds.")
        return
    chosen = state.choice(CHOICE, None)
    state.offer_to_widget(CHOICE, chosen if chosen in limits else next(iter(limits)))
    st.segmented_control(
        "Limit",
        list(limits),
        key=CHOICE,
        format_func=lambda key: _capital_first(limits[key].label),
        required=True,
        label_visibility="collapsed",
        on_change=state.take_choice,
        args=(CHOICE,),
    )
    limit = limits[state.widget_value(CHOICE)]
    prices = answers.quarter_prices(plan, limit)
    if prices:
        show(prices_figure(plan, limit, prices))
        st.caption("A cross: used up, but one more and one less of it are worth different amounts there.")
    else:
        st.markdown(plain(no_price_words(plan, limit)))


def show_sides(explanation: Explanation) -> None:
    """The table of both sides, in the current container."""
    show_table(
        "limit_sides", sides_table(explanation), ("one more is worth", "one less costs"), sides_data(explanation)
    )


def _capital_first(text: str) -> str:
    return text[:1].upper() + text[1:]
