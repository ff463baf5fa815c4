"""The little that the theme cannot say: sizes, so that six figures and a long sentence fit a board's screen."""

from __future__ import annotations

import streamlit as st

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding: 4rem 2.2rem 2rem; max-width: 1500px; }
[data-testid="stMetric"] { padding: 0; }
[data-testid="stMetric"] > div { padding: 0.6rem 0.65rem; }
[data-testid="stMetricLabel"] p { font-size: 0.82rem; }
[data-testid="stMetricValue"], [data-testid="stMetricValue"] > * {
  font-size: 1.3rem; font-variant-numeric: tabular-nums; white-space: normal; overflow: visible; }
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
[data-testid="stMetricDelta"] { font-size: 0.78rem; background: none; padding: 0; }
[data-testid="stMetricDelta"], [data-testid="stMetricDelta"] * {
  white-space: normal; overflow: visible; text-overflow: clip; }
[class*="st-key-open_"] button { justify-content: flex-start; text-align: left; padding: 0; min-height: 1.6rem; }
[class*="st-key-open_"] button > div, [class*="st-key-open_"] button > span { justify-content: flex-start; }
[class*="st-key-open_"] button p { font-size: 0.88rem; line-height: 1.25; }
[class*="st-key-group_"]:not([class*="st-key-open_"]) {
  border: 1px solid #80849540; border-radius: 0.5rem; padding: 0.2rem 0.5rem; }
[class*="st-key-section_"] { border-left: 2px solid #80849540; padding-left: 0.45rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: 0.55rem; }
.st-key-term_sheet table { width: 100%; font-size: 0.86rem; }
.st-key-term_sheet th, .st-key-term_sheet td {
  padding: 0.24rem 0.3rem; border-left: none; border-right: none; font-variant-numeric: tabular-nums; }
.st-key-term_sheet td:not(:first-child), .st-key-term_sheet th:not(:first-child) { white-space: nowrap; }
[class*="st-key-printed_"] table { width: 100%; font-size: 0.88rem; }
[class*="st-key-printed_"] th, [class*="st-key-printed_"] td {
  padding: 0.28rem 0.5rem; border-left: none; border-right: none; font-variant-numeric: tabular-nums; }
</style>
"""


def apply_style() -> None:
    """Put it on the page."""
    st.html(STYLE)
