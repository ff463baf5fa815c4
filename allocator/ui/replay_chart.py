"""The network's response against what happened: hashrate and hashprice by month, observed and modelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from allocator.formats import day, percent
from allocator.ui import terms
from allocator.ui.figure import HOSTING, IDLE, INK, MINING, Drawing, Figure, show_figures
from models.network import Market
from models.replay import Replay, history, replay
from models.timeline import Vector

OBSERVED, MODELLED, FLAT = "observed", "modelled", "no response"
COLOURS = {OBSERVED: MINING, MODELLED: HOSTING, FLAT: IDLE}
DASHES = {OBSERVED: [1, 0], MODELLED: [6, 3], FLAT: [2, 3]}
LONGEST_GAP = timedelta(days=31)


def response_of(market: Market) -> Market:
    """The case's response alone: its forward curve is what is expected, and would stand in for what the model says."""
    return market.model_copy(update={"forward": ()})


def fitted_line_rms_error(seen: Replay) -> float:
    """RMS relative error of a straight line through the observed hashrates, fitted to the same months."""
    months = np.arange(len(seen.months))
    line: Vector = np.asarray(np.polyval(np.polyfit(months, seen.observed_hashrate_eh_s, 1), months), dtype=np.float64)
    return rms(line, seen.observed_hashrate_eh_s)


def rms(modelled: Vector, observed: Vector) -> float:
    """Root-mean-square relative error over the months."""
    return float(np.sqrt(np.mean((modelled / observed - 1.0) ** 2)))


def price_gaps() -> pd.DataFrame:
    """Spans longer than a month in which no price was found; there prices are interpolated."""
    days = [seen.day for seen in history() if seen.kind == "btc_price"]
    gaps = [(a, b) for a, b in pairwise(days) if b - a > LONGEST_GAP]
    return pd.DataFrame(
        [{"from": pd.Timestamp(a), "to": pd.Timestamp(b), "words": f"{day(a)} to {day(b)}"} for a, b in gaps],
        columns=["from", "to", "words"],
    )


def replay_table(seen: Replay) -> pd.DataFrame:
    """One row a month, dated at its middle."""
    return pd.DataFrame(
        {
            "month": [pd.Timestamp(month) + pd.Timedelta(days=14) for month in seen.months],
            "btc_price_usd": seen.btc_price_usd,
            "observed_hashrate_eh_s": seen.observed_hashrate_eh_s,
            "modelled_hashrate_eh_s": seen.modelled_hashrate_eh_s,
            "observed_hashprice_usd_per_ph_day": seen.observed_hashprice_usd_per_ph_day,
            "modelled_hashprice_usd_per_ph_day": seen.modelled_hashprice_usd_per_ph_day,
        }
    )


def hashrate_figure(seen: Replay) -> Figure:
    """Monthly hashrate, with what it would be had nothing answered."""
    table = replay_table(seen)
    first, last = table["observed_hashrate_eh_s"].iloc[[0, -1]]
    moved = f"{'fell' if last < first else 'rose'} {percent(abs(last / first - 1.0))}"
    off = f"the model is {percent(seen.rms_error)} off, a fitted straight line {percent(fitted_line_rms_error(seen))}"
    finding = f"Hashrate {moved} in nine months; {off}"
    lines = _long(table, "hashrate_eh_s")
    flat = pd.DataFrame({"month": table["month"], "value": first, "line": FLAT})
    measure = "EH/s, monthly means; zero is not on the axis. Shaded: no price found, interpolated"
    return Figure("replay_hashrate", finding, measure, _chart(pd.concat([lines, flat]), ",.0f", from_zero=False), table)


def hashprice_figure(seen: Replay) -> Figure:
    """Monthly hashprice."""
    table = replay_table(seen)
    first, last = table["observed_hashprice_usd_per_ph_day"].iloc[[0, -1]]
    off = percent(rms(seen.modelled_hashprice_usd_per_ph_day, seen.observed_hashprice_usd_per_ph_day))
    finding = f"Hashprice went from ${first:,.2f} to ${last:,.2f}; the model is {off} off"
    measure = "USD/PH/day, monthly means. Shaded: no price found, interpolated"
    chart = _chart(_long(table, "hashprice_usd_per_ph_day"), "$,.2f", from_zero=True)
    return Figure("replay_hashprice", finding, measure, chart, table)


def _long(table: pd.DataFrame, quantity: str) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"month": table["month"], "value": table[f"{line}_{quantity}"], "line": line})
        for line in (OBSERVED, MODELLED)
    ]
    return pd.concat(parts, ignore_index=True)


def _chart(lines: pd.DataFrame, form: str, *, from_zero: bool) -> Drawing:
    low, high = float(lines["value"].min()), float(lines["value"].max())
    domain = [0.0 if from_zero else low - 0.35 * (high - low), high + 0.1 * (high - low)]
    months = [alt.DateTime(year=m.year, month=m.month, date=m.day) for m in lines["month"].drop_duplicates()]
    axis = alt.Axis(format="%b %y", grid=False, values=months, labelFlush=False)
    x = alt.X("month:T", title=None, axis=axis, scale=alt.Scale(nice=False, padding=24))
    scale = alt.Scale(domain=domain, nice=False, zero=from_zero)
    y = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(format=form.replace(".2f", ".0f"), tickCount=5))
    present = [name for name in COLOURS if name in set(lines["line"])]
    colour = alt.Color(
        "line:N", scale=alt.Scale(domain=present, range=[COLOURS[n] for n in present]), legend=_LEGEND, sort=present
    )
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=present, range=[DASHES[n] for n in present]), legend=_LEGEND, sort=present
    )
    tooltip = [
        alt.Tooltip("month:T", format="%b %Y"),
        alt.Tooltip("line:N", title="which"),
        alt.Tooltip("value:Q", format=form),
    ]
    shaded = (
        alt.Chart(price_gaps())
        .mark_rect(color=INK, opacity=0.15)
        .encode(x=alt.X("from:T", title=None), x2="to:T", tooltip=[alt.Tooltip("words:N", title="no price found")])
    )
    drawn = alt.Chart(lines).mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = alt.Chart(lines[lines["line"] != FLAT]).mark_point(filled=True, size=45, opacity=1)
    return alt.layer(shaded, drawn, points.encode(x=x, y=y, color=colour, tooltip=tooltip)).properties(height=280)


_LEGEND = alt.Legend(orient="top", title=None, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2.5, offset=2)


def words(market: Market, seen: Replay) -> Iterator[str]:
    """What nine months prove and what they do not, a sentence each."""
    line = fitted_line_rms_error(seen)
    yield (
        "Nine months, all one way, are consistent with the response and do not establish it: a straight line fitted to "
        f"the same months {'does as well' if line <= seen.rms_error else 'does worse'} ({percent(line)} off, the model "
        f"{percent(seen.rms_error)})."
    )
    if not market.network_responds:
        yield "In this case hashrate does not answer to price: the model is the constant growth of the case."
    yield (
        "The model starts from October alone and is then given only prices; but its defaults were chosen with these "
        "months in view, so its error is that of a fit, not of a forecast."
    )
    gaps = " and ".join(price_gaps()["words"])
    yield (
        f"No bitcoin price was found from {gaps}: March to May are interpolated between the days at either end. "
        "Some retargets of April and early May were not found either."
    )
    yield (
        "Hashrate is what each retarget measured of the epoch before it; a single epoch scatters by about 4 % from the "
        "luck of finding blocks alone and from storms. Observations with their sources: models/network_history.csv."
    )


def show(market: Market) -> None:
    """Draw the replay of a case's market in the current container."""
    seen = replay(response_of(market))
    figures = (
        ("RMS error, the case's model", percent(seen.rms_error), "hashrate, October 2025 to June 2026"),
        ("RMS error, no response", percent(seen.flat_rms_error), "hashrate stays where it was in October"),
        ("RMS error, fitted line", percent(fitted_line_rms_error(seen)), "a straight line through the same months"),
    )
    for column, (label, value, below) in zip(st.columns(3), figures, strict=True):
        column.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)
    show_figures(hashrate_figure(seen), hashprice_figure(seen))
    st.markdown(
        "**What this proves: little**\n\n" + "\n".join(f"- {terms.plain(sentence)}" for sentence in words(market, seen))
    )
