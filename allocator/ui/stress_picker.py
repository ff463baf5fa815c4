"""The named stresses that a plan must survive, as an input in the side."""

from __future__ import annotations

from typing import Any

import streamlit as st

from allocator.stress import STRESSES as NAMED
from allocator.stress import Stress
from allocator.ui import state, terms

STRESSES = "policy.stresses"


def stress_picker(given: Any, mark: str) -> None:
    """Names to choose from, with what each means behind the question mark; none is a plan for the case alone."""
    key = state.widget_key(STRESSES)
    meanings = [f"{stress}: {terms.plain(known.words)} ({known.source})" for stress, known in NAMED.items()]
    state.offer_to_widget(key, [str(stress) for stress in given])
    st.multiselect(
        f"{mark}{terms.label('stresses')}",
        [str(stress) for stress in Stress],
        key=key,
        format_func=str.capitalize,
        placeholder="no stress",
        help="  \n".join(["Stresses that the plan must survive.", *meanings, f"Path: `{STRESSES}`"]),
        on_change=state.take_widget,
        args=(STRESSES, key, list),
    )
