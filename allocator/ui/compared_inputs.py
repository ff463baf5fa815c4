"""The inputs in which cases differ, as a table that reads like print."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pandas as pd
import streamlit as st

from allocator.ui.case_differences import InputRow
from allocator.ui.figure import csv_text
from allocator.ui.markdown_table import unbroken
from allocator.ui.terms import plain


def show(rows: Sequence[InputRow], heads: Sequence[str]) -> None:
    """Draw them in the current container, group by group, with the path of each below its label."""
    with st.container(key="printed_compared_inputs"):
        st.markdown(inputs_markdown(rows, heads))
    st.download_button(
        "Data",
        csv_text(inputs_table(rows, heads)),
        "compared-inputs.csv",
        "text/csv",
        key="data_compared_inputs",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )


def inputs_markdown(rows: Sequence[InputRow], heads: Sequence[str]) -> str:
    """The table as Markdown; a line of its own names each group."""
    lines = [
        f"| Input | Unit | {' | '.join(plain(head) for head in heads)} |",
        f"| :--- | :--- | {' | '.join('---:' for _ in heads)} |",
    ]
    for group, members in groupby(rows, key=lambda row: row.group):
        lines.append(f"| **{plain(group)}** | | {' | '.join('' for _ in heads)} |")
        lines += [_line(row) for row in members]
    return "\n".join(lines)


def _line(row: InputRow) -> str:
    words = " | ".join(
        plain(unbroken(word)).replace("kW-month", "kW\N{NON-BREAKING HYPHEN}month") for word in row.words
    )
    return f"| &emsp;{plain(row.label)} :small[:gray[{plain(row.path)}]] | {plain(row.unit)} | {words} |"


def inputs_table(rows: Sequence[InputRow], heads: Sequence[str]) -> pd.DataFrame:
    """The same as a file."""
    listed = [[row.path, row.group, row.label, row.unit, row.differs, *row.words] for row in rows]
    return pd.DataFrame(listed, columns=["path", "part", "input", "unit", "differs", *heads])
