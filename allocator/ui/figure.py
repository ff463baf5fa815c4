"""A chart as it is shown everywhere: the finding as its title, measure and unit below, its data one click away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from allocator.ui.terms import plain

MINING, HOSTING, IDLE = "#E69F00", "#0072B2", "#BBBBBB"
GAIN, LOSS = "#009E73", "#D55E00"
INK = "#808495"
"""Rules and labels that must be read on light and on dark."""

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Figure:
    """A chart with its finding and the table behind it."""

    key: str
    finding: str
    measure: str
    chart: Drawing
    table: pd.DataFrame


def show(figure: Figure, key: str = "", picked: Callable[[], None] | None = None) -> None:
    """Draw it in the current container; ``picked`` is called when a point of it is clicked, ``key`` names it then."""
    st.markdown(f"**{plain(figure.finding)}**  \n:gray[{plain(figure.measure)}]")
    st.altair_chart(
        figure.chart,
        width="stretch",
        key=key or f"chart_{figure.key}",
        alt=f"{figure.finding} {figure.measure}",
        on_select=picked or "ignore",
    )
    st.download_button(
        "Data",
        csv_text(figure.table),
        f"{figure.key}.csv",
        "text/csv",
        key=f"data_{figure.key}",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )


def show_figures(*figures: Figure) -> None:
    """Draw them side by side in the current container."""
    for column, figure in zip(st.columns(len(figures), gap="medium"), figures, strict=True):
        with column:
            show(figure)


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV; text that a spreadsheet would take for a formula is prefixed with an apostrophe.

    >>> csv_text(pd.DataFrame({"offer": ["=1+1", "Hyper"], "mw": [-1.0, 2.0]})).splitlines()
    ['offer,mw', "'=1+1,-1.0", 'Hyper,2.0']
    """
    safe = table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell[:1] in set("=+-@\t\r") else cell)
    return str(safe.to_csv(index=False))
