"""The network's average miner: its inputs, made from their declarations, to be changed on the page."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from allocator.ui import market_state, state, terms
from models.assumptions import Declaration, Fault, describe, read_table
from models.production_cost import NetworkAverage


def average() -> tuple[NetworkAverage, tuple[Fault, ...]]:
    """The network average as asked; an input that breaks its rule is told and left at its declared value."""
    asked = dict(market_state.average_asked())
    faults: list[Fault] = []
    found = read_table(NetworkAverage, market_state.NETWORK_AVERAGE, asked, faults)
    if found is None:
        refused = {fault.field.rpartition(".")[2] for fault in faults}
        found = NetworkAverage(**{name: value for name, value in asked.items() if name not in refused})
    return found, tuple(faults)


def show() -> None:
    """Draw a widget an input, two to a row, with what is wrong with them below."""
    asked, faults = market_state.average_asked(), average()[1]
    declared = describe(NetworkAverage)
    for pair in _pairs(list(declared.values())):
        for column, declaration in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=False):
            with column:
                _widget(declaration, asked.get(declaration.name, declaration.default))
    for fault in faults:
        st.error(f"{terms.plain(str(fault))}. The figures use the declared value instead.", icon=":material/error:")
    changed = [name for name, value in asked.items() if value != declared[name].default]
    st.button(
        "As declared" + (f" ({len(changed)} changed)" if changed else ""),
        key="average_reset",
        icon=":material/undo:",
        disabled=not changed,
        on_click=market_state.ask_average_as_declared,
    )
    with st.expander("Where these inputs come from", key="average_sources"):
        st.dataframe(sources(), hide_index=True, width="stretch", key="average_sources_table")


def sources() -> list[dict[str, str]]:
    """One row an input: its declared value and where that comes from."""
    return [
        {
            "input": terms.label(known.name),
            "declared": terms.in_words(known.name, known.unit, known.default),
            "status": known.status,
            "source": known.source or "none given",
            "dated": known.dated,
            "meaning": known.meaning,
        }
        for known in describe(NetworkAverage).values()
    ]


def _pairs(inputs: list[Declaration]) -> Iterator[list[Declaration]]:
    return (inputs[i : i + 2] for i in range(0, len(inputs), 2))


def _widget(declared: Declaration, value: float) -> None:
    kept = terms.scale(declared.name, declared.unit)
    path = f"{market_state.NETWORK_AVERAGE}.{declared.name}"
    key, shown = state.widget_key(path), kept.shown(value)
    state.offer_to_widget(key, shown)
    st.number_input(
        f"{terms.label(declared.name)} :gray[{terms.plain(kept.unit)}]",
        key=key,
        step=terms.step(shown),
        format=terms.number_format(shown),
        help=terms.declaration_help(declared),
        on_change=market_state.ask_average,
        args=(declared.name, key, kept.read),
    )
