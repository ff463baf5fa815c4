"""The chosen mix under every named stress, at the one rate of the risk program."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from allocator.formats import percent, table_money
from allocator.risk.answer import RiskAnswer, RiskMix, StressRow
from allocator.ui.markdown_table import show_table
from allocator.ui.stress_section import SAME_USD, change_words
from allocator.ui.terms import plain


def rows_table(rows: tuple[StressRow, ...]) -> pd.DataFrame:
    """One row a stress, in words and units."""
    return pd.DataFrame(
        [
            {"if": row.words, "the mix is worth": table_money(row.npv_usd), "change": change_words(row.change_usd)}
            for row in rows
        ]
    )


def rows_data(rows: tuple[StressRow, ...]) -> pd.DataFrame:
    """The same in numbers."""
    return pd.DataFrame(
        [
            {"stress": row.stress.value, "words": row.words, "npv_usd": row.npv_usd, "change_usd": row.change_usd}
            for row in rows
        ]
    )


def finding(rows: tuple[StressRow, ...]) -> str:
    """What the stresses do to the mix, in one line."""
    worse = [row for row in rows if row.change_usd < -SAME_USD]
    if not worse:
        return f"None of the {len(rows)} named stresses costs the mix money"
    worst = min(worse, key=lambda row: row.npv_usd)
    cost = "costs" if len(worse) == 1 else "cost"
    start = f"{len(worse)} of {len(rows)} named stresses {cost} the mix money"
    return f"{start}; at worst it is worth {table_money(worst.npv_usd)}: {worst.words}"


def show_stresses(answer: RiskAnswer, mix: RiskMix) -> None:
    """Draw it in the current container."""
    rows = answer.stresses(mix)
    usual = rows[0].npv_usd - rows[0].change_usd
    measure = (
        f"NPV at one rate, {percent(answer.case.finance.discount_rate_risk)}, on each stress's own expected path, the "
        f"same mix kept; without a stress, and without chance, {table_money(usual)}"
    )
    st.markdown(f"**{plain(finding(rows))}**  \n:gray[{plain(measure)}]")
    show_table("risk_stresses", rows_table(rows), ("the mix is worth", "change"), rows_data(rows))
    st.caption("The plan made without risk under the same stresses, with its cash and cover: page Why.")
