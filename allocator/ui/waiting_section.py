"""What it is worth not to sign an offer yet: its timing, the option proper, and the hashprice below which to sign."""

from __future__ import annotations

from math import isinf

import altair as alt
import pandas as pd
import streamlit as st

from allocator.case import Case
from allocator.formats import percent, quarter, table_money
from allocator.risk.answer import RiskAnswer
from allocator.risk.waiting import WaitingValue
from allocator.risk.words import trigger_words, waiting_sentence
from allocator.ui import state
from allocator.ui.figure import HOSTING, INK, MINING, Drawing, Figure, show
from allocator.ui.markdown_table import show_table
from allocator.ui.terms import plain
from models.network import network_path
from models.timeline import MONTHS_PER_QUARTER

OFFER = "risk_offer"
HEIGHT = 260
FIGURES = ("sign first", "timing", "option", "option s.e.", "lower figure", "upper figure")


def waiting_table(found: tuple[WaitingValue, ...]) -> pd.DataFrame:
    """One row an offer, of its whole size, in words and units."""
    return pd.DataFrame(
        [
            {
                "offer": w.offer,
                "on its pads": w.fleet or "nothing",
                "sign first": table_money(w.facility_mw * w.now_usd),
                "best fixed date": quarter(w.dates[w.best_fixed]) if w.best_fixed >= 0 else "never",
                "timing": table_money(w.facility_mw * w.timing_usd),
                "option": table_money(w.facility_mw * w.option_usd),
                "option s.e.": table_money(w.facility_mw * w.option_error_usd),
                "lower figure": table_money(w.facility_mw * w.flexible_usd),
                "upper figure": table_money(w.facility_mw * w.upper_usd),
            }
            for w in found
        ]
    )


def waiting_data(found: tuple[WaitingValue, ...]) -> pd.DataFrame:
    """The same in numbers."""
    return pd.DataFrame(
        [
            {
                "offer": w.offer,
                "fleet": w.fleet,
                "facility_mw": w.facility_mw,
                "first_date": w.dates[0],
                "best_fixed_date": w.dates[w.best_fixed] if w.best_fixed >= 0 else "",
                "sign_first_usd": w.facility_mw * w.now_usd,
                "never_usd": w.facility_mw * w.never_usd,
                "timing_usd": w.facility_mw * w.timing_usd,
                "option_usd": w.facility_mw * w.option_usd,
                "option_standard_error_usd": w.facility_mw * w.option_error_usd,
                "lower_usd": w.facility_mw * w.flexible_usd,
                "lower_standard_error_usd": w.facility_mw * w.flexible_error_usd,
                "upper_usd": w.facility_mw * w.upper_usd,
                "upper_standard_error_usd": w.facility_mw * w.upper_error_usd,
            }
            for w in found
        ]
    )


def trigger_figure(case: Case, found: WaitingValue) -> Figure:
    """When to sign an offer, quarter by quarter."""
    table = trigger_table(case, found)
    words = list(table["words"])
    if all(word == "wait" for word in words):
        said = "a low hashprice is no reason to sign in any quarter"
    elif all(word == "sign at any hashprice" for word in words):
        said = "sign at any hashprice, in every quarter"
    else:
        first = table.iloc[0]
        said = f"{first['words']} in {quarter(first['quarter'])}; later it hangs on hashprice"
        if not table["sign_below"].notna().any():
            said = f"{first['words']} in {quarter(first['quarter'])}, then as the quarter says"
    measure = (
        "USD/PH/day by the quarter in which it could be signed; blue: sign where hashprice lies in the bar, with its "
        "upper end; *any*: whatever it is, *wait*: no bar; amber: the hashprice that the case expects"
    )
    return Figure("sign_below", f"{found.offer}: {said}", measure.replace("*", ""), trigger_chart(table), table)


def trigger_table(case: Case, found: WaitingValue) -> pd.DataFrame:
    """One row a quarter; no number where it is *any* or *wait*, which stand in words."""
    line, expected = case.timeline, network_path(case.market, case.timeline).hashprice_usd_per_ph_day
    month = {line.quarter_label(q): q * MONTHS_PER_QUARTER for q in range(line.quarters)}
    rows = []
    for trigger in found.triggers:
        below = trigger.hashprice_usd_per_ph_day
        rows.append(
            {
                "quarter": trigger.quarter,
                "sign_below": None if below is None or isinf(below) else below,
                "words": trigger_words(trigger),
                "expected_hashprice": float(expected[month[trigger.quarter]]),
            }
        )
    return pd.DataFrame(rows, columns=["quarter", "sign_below", "words", "expected_hashprice"]).astype(
        {"sign_below": float}
    )


def trigger_chart(table: pd.DataFrame) -> Drawing:
    """The chart of :func:`trigger_table`."""
    most = float(table["expected_hashprice"].max())
    finite = [below for below in table["sign_below"].dropna() if below < 3.0 * most]
    top = 1.25 * max([most, *finite])
    full = table["words"] == "sign at any hashprice"
    drawn = table.assign(
        when=[quarter(label) for label in table["quarter"]],
        bar=table["sign_below"].clip(upper=top).where(~full, top).fillna(0.0),
        label=[_short(words, below) for words, below in zip(table["words"], table["sign_below"], strict=True)],
    )
    scale = alt.Scale(domain=[0.0, 1.12 * top], nice=False)
    x = alt.X("when:O", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, ticks=False))
    tooltip = [
        alt.Tooltip("when:O", title="signed in"),
        alt.Tooltip("words:N", title="rule"),
        alt.Tooltip("expected_hashprice:Q", title="expected hashprice", format="$,.2f"),
    ]
    base = alt.Chart(drawn)
    bars = base.mark_bar(color=HOSTING, opacity=0.45, stroke=HOSTING).encode(
        x=x,
        y=alt.Y("bar:Q", title=None, scale=scale, axis=alt.Axis(format="$,.0f", tickCount=5)),
        tooltip=tooltip,
    )
    line = base.mark_line(color=MINING, strokeWidth=2.5, point=alt.OverlayMarkDef(color=MINING, size=45)).encode(
        x=x, y=alt.Y("expected_hashprice:Q", scale=scale), tooltip=tooltip
    )
    words = base.mark_text(dy=-8, fontSize=12, color=INK).encode(x=x, y=alt.Y("bar:Q", scale=scale), text="label:N")
    return alt.layer(bars, line, words).properties(height=HEIGHT)


def _short(words: str, below: float) -> str:
    if words == "wait":
        return words
    return "any" if words == "sign at any hashprice" else f"${below:,.2f}"


def show_waiting(answer: RiskAnswer) -> None:
    """Draw it in the current container."""
    found = answer.waiting
    if not found:
        st.info("This case has no offer that is not signed yet, so there is nothing to wait with.")
        return
    risk = answer.case.risk
    st.markdown("\n".join(f"- {plain(waiting_sentence(w))}" for w in found))
    measure = (
        f"USD, each offer whole and alone on its pads, at one rate, {percent(answer.case.finance.discount_rate_risk)}; "
        f"an unsigned offer lapses with {percent(risk.offer_lapse_per_quarter)} a quarter. Timing: the best date fixed "
        "today over the first one. Option: reacting to hashprice, price and power over that date. Lower figure: what a "
        "rule brings on futures it was not made on; no rule brings more than the upper figure, but for sampling"
    )
    st.markdown(f"**What waiting is worth**  \n:gray[{plain(measure)}]")
    show_table("waiting", waiting_table(found), FIGURES, waiting_data(found))
    names = [w.offer for w in found]
    chosen = state.choice(OFFER, names[0])
    chosen = chosen if chosen in names else names[0]
    if len(names) > 1:
        state.offer_to_widget(OFFER, chosen)
        st.segmented_control(
            "Offer", names, key=OFFER, required=True, on_change=state.take_choice, args=(OFFER,), format_func=str
        )
    show(trigger_figure(answer.case, found[names.index(chosen)]))
