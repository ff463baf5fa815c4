"""Every input of a case with its value, status, source and date, to be searched and taken away."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import streamlit as st

from allocator.case import Case, Input, inputs
from allocator.ui import terms
from allocator.ui.case_differences import LISTED, value_words
from allocator.ui.figure import csv_text

STATUSES = {
    "sourced": "a published figure, its source beside it",
    "derived": "computed from published figures",
    "assumed": "a choice; what is known of it stands beside it",
}
STATUS, SEARCH = "method_status", "method_search"
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"\d{{1,2}} (?:{_MONTH}) 20\d\d|(?:{_MONTH}) 20\d\d|20\d\d-\d\d(?:-\d\d)?|\b20\d\d\b")


def sources_table(case: Case) -> pd.DataFrame:
    """One row an input; an element of a list is an input of its own."""
    return pd.DataFrame([{"part": part_of(case, item.path), **_row(item)} for item in inputs(case)])


def part_of(case: Case, path: str) -> str:
    """Which part of the case an input belongs to: ``Market``, ``Lease River Bend``."""
    table, _, field = path.partition(".")
    if not field:
        return "Case"
    key, _, index = table.partition("[")
    return f"{LISTED[key]} {getattr(case, key)[int(index[:-1])].name}" if index else key.capitalize()


def _row(item: Input) -> dict[str, str]:
    name = terms.field_name(item.path)
    unit = terms.scale(name, item.declaration.unit).unit
    return {
        "input": terms.label(re.sub(r"\[\d+\]$", "", name)),
        "value": f"{_value(item, name)} {unit}".rstrip(),
        "status": item.status,
        "source": item.source or "nothing stated",
        "date": dated(item),
        "set by": "default" if item.is_default else "case",
        "meaning": item.declaration.meaning,
        "path": item.path,
    }


def _value(item: Input, name: str) -> str:
    if hasattr(item.value, "months"):
        return item.value.file or "by the hour"
    return (
        value_words(name, item.declaration.unit, item.value)
        if not hasattr(item.value, "isoformat")
        else str(item.value)
    )


def dated(item: Input) -> str:
    """Date of a source: as declared with a default, else the last one that its words name."""
    if item.is_default and item.declaration.dated:
        return item.declaration.dated
    found = _DATE.findall(item.source)
    return str(found[-1]) if found else ""


def summary(table: pd.DataFrame) -> str:
    """How many inputs have which status."""
    count = Counter(table["status"])
    told = ", ".join(f"{count[status]} {status} ({meaning})" for status, meaning in STATUSES.items())
    return f"{len(table)} inputs: {told}."


def filtered(table: pd.DataFrame, statuses: list[str], text: str) -> pd.DataFrame:
    """Rows of these statuses (any, if none is named) in which every word of the text occurs."""
    found = table[table["status"].isin(statuses)] if statuses else table
    everything = found.agg(" ".join, axis=1).str.lower() if len(found) else pd.Series(dtype=str)
    for word in text.lower().split():
        keep = everything.str.contains(word, regex=False)
        found, everything = found[keep], everything[keep]
    return found


def show(case: Case) -> None:
    """The table with its filters, in the current container."""
    table = sources_table(case)
    st.markdown(terms.plain(summary(table)))
    left, right = st.columns([1, 1.4], gap="medium", vertical_alignment="bottom")
    statuses = left.pills("Status", list(STATUSES), selection_mode="multi", key=STATUS)
    text = right.text_input("Search", key=SEARCH, placeholder="rent, Hut 8, leases[0], 2026-02 …")
    shown = filtered(table, list(statuses or ()), text or "")
    if shown.empty:
        st.info("No input has this status and these words: widen the search.", icon=":material/search_off:")
        return
    st.caption(f"{len(shown)} of {len(table)} inputs.")
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=520,
        key="sources_table",
        column_config={
            "part": st.column_config.TextColumn("Part", width=105),
            "input": st.column_config.TextColumn("Input", width=140),
            "value": st.column_config.TextColumn("Value", width=130),
            "status": st.column_config.TextColumn("Status", width=75),
            "source": st.column_config.TextColumn("Source", width=320),
            "date": st.column_config.TextColumn("Dated", width=120),
            "set by": st.column_config.TextColumn("Set by", width=70),
            "meaning": st.column_config.TextColumn("Meaning", width="large"),
            "path": st.column_config.TextColumn("Path", width="medium"),
        },
    )
    st.download_button(
        "Data",
        csv_text(shown),
        "sources.csv",
        "text/csv",
        key="data_sources",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
