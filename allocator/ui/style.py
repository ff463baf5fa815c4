"""The little that the theme cannot say: sizes, so that six figures and a long sentence fit a board's screen."""

from __future__ import annotations

import streamlit as st

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.2rem; padding-bottom: 2rem; max-width: 1500px; }
[data-testid="stMetricValue"] { font-size: 1.45rem; font-variant-numeric: tabular-nums; }
[data-testid="stMetricDelta"] { font-size: 0.8rem; }
[data-testid="stMetric"] { padding: 0.6rem 0.75rem; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary { padding: 0.35rem 0.6rem; }
</style>
"""


def apply_style() -> None:
    """Put it on the page."""
    st.html(STYLE)
