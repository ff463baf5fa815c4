"""A staged list (energisation of the grid, capital released over time) as a small table that can be edited."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from allocator.ui import state, terms

_STAGE = re.compile(r".*\[\d+\]\.(from|grid_mw|usd)")
UNITS = {"grid_mw": "facility MW", "usd": "USD"}

Rows = list[dict[str, Any]]


def is_stage(path: str) -> bool:
    """Whether a path names part of a staged list.

    >>> is_stage("site.grid_mw[0].from"), is_stage("leases[0].ltc")
    (True, False)
    """
    return _STAGE.fullmatch(path) is not None


def stage_editor(path: str, rows: Rows, mark: str) -> None:
    """Dates and amounts, one row a stage; rows can be added and deleted."""
    amount = (
        next(key for key in rows[0] if key != "from")
        if rows
        else ("usd" if path == "policy.capital_usd" else "grid_mw")
    )
    kept = terms.scale(amount, UNITS[amount])
    title = "Grid, in stages" if amount == "grid_mw" else "Capital available in total, in stages"
    st.markdown(f"{mark}{title} :gray[{kept.unit}]")
    table = pd.DataFrame(
        {
            "from": [_day(row.get("from")) for row in rows],
            amount: [_shown(row.get(amount), kept) for row in rows],
        }
    )
    # The key carries the content: an edit that was written back must not be applied to its own result.
    key = f"{path}@{hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()[:12]}"
    st.data_editor(
        table,
        key=key,
        hide_index=True,
        num_rows="dynamic",
        width="stretch",
        column_config={
            "from": st.column_config.DateColumn("from", format="D MMM YYYY", required=True),
            amount: st.column_config.NumberColumn(kept.unit, required=True, format="localized"),
        },
        on_change=_take,
        args=(path, key, tuple(rows), amount),
    )


def _take(path: str, key: str, rows: tuple[dict[str, Any], ...], amount: str) -> None:
    state.edit(path, edited_rows(rows, state.widget_value(key), amount))


def edited_rows(rows: tuple[dict[str, Any], ...], edits: Mapping[str, Any], amount: str) -> Rows:
    """The stages after what a data editor reports: cells edited, rows added, rows deleted."""
    kept = terms.scale(amount, UNITS[amount])

    def as_in_file(cells: Mapping[str, Any]) -> dict[str, Any]:
        return {
            k: kept.read(v) if k == amount and v is not None else v for k, v in cells.items() if k in {"from", amount}
        }

    changed = [{**row, **as_in_file(edits["edited_rows"].get(i, {}))} for i, row in enumerate(rows)]
    left = [row for i, row in enumerate(changed) if i not in set(edits["deleted_rows"])]
    return left + [as_in_file(cells) for cells in edits["added_rows"]]


def _day(given: Any) -> date | None:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return None


def _shown(given: Any, kept: terms.Scale) -> float | None:
    return kept.shown(given) if isinstance(given, (int, float)) else None
