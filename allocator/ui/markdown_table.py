"""A short table that reads like print: text to the left, figures to the right."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from allocator.ui.figure import csv_text
from allocator.ui.terms import plain

DASH = "–"


def markdown_table(table: pd.DataFrame, figures: Sequence[str]) -> str:
    r"""A table of text as Markdown, the columns named in ``figures`` right-aligned.

    >>> print(markdown_table(pd.DataFrame({"offer": ["Hyper"], "NPV": ["$1 M"]}), ["NPV"]))
    | offer | NPV |
    | :--- | ---: |
    | Hyper | \$1 M |
    """
    sides = ["---:" if name in figures else ":---" for name in table.columns]
    rows = [[str(name) for name in table.columns], *table.astype(str).to_numpy().tolist()]
    head, *body = [f"| {' | '.join(plain(unbroken(cell)) for cell in row)} |" for row in rows]
    return "\n".join([head, f"| {' | '.join(sides)} |", *body])


def unbroken(text: str) -> str:
    """A number stays on one line with its unit."""
    return re.sub(r"(?<=\d) (?=M\b|bn\b|%|MW\b)", "\N{NO-BREAK SPACE}", text)


def show_table(key: str, shown: pd.DataFrame, figures: Sequence[str], data: pd.DataFrame) -> None:
    """Draw it in the current container; ``data`` has the figures in full for the download."""
    with st.container(key=f"printed_{key}"):
        st.markdown(markdown_table(shown, figures))
    st.download_button(
        "Data",
        csv_text(data),
        f"{key}.csv",
        "text/csv",
        key=f"data_{key}",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
