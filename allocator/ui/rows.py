"""Fleets, purchases and offers as things to add, copy and remove, and figures that belong together to take at once."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from allocator.case import Case
from allocator.program.constraints import grid_mw
from allocator.ui import state, terms
from allocator.ui.desk import document_of
from allocator.ui.presets import Preset, deal_presets, market_presets
from models.assumptions import describe
from models.deals import deal_named
from models.lease import Lease
from models.machines import catalogue

OFFER, FLEET, PURCHASE = "An offer", "A fleet", "Machines to buy"
KIND, DEAL, TENANT, CRITICAL_IT_MW = "add_kind", "add_deal", "add_tenant", "add_critical_it_mw"
MACHINE, FACILITY_MW, PRICE = "add_machine", "add_facility_mw", "add_price"
"""Keys of the form; nothing else in the session is owned here."""
LEAST_MW, DEFAULT_MW, DEFAULT_USD_PER_TH = 0.1, 20.0, 15.0
_ROW = re.compile(r"(\w+)\[(\d+)\]")


def presets(table: str) -> None:
    """Above the inputs of the market, or of an offer: figures to take at once."""
    if table == "market":
        _choose("A day's market", "price and difficulty of a day", market_presets(), table)
    elif table.startswith("leases["):
        _choose("Terms as signed elsewhere", "rent, term, margin, financing", deal_presets(), table)


def _choose(label: str, placeholder: str, known: tuple[Preset, ...], table: str) -> None:
    key = state.widget_key(f"preset_{table}")
    st.selectbox(
        label,
        range(len(known)),
        index=None,
        key=key,
        format_func=lambda i: known[i].name,
        placeholder=placeholder,
        on_change=_take_preset,
        args=(key, known, table),
        help="Each figure comes with its source; Undo gives back what was there.",
    )


def _take_preset(key: str, known: tuple[Preset, ...], table: str) -> None:
    chosen = st.session_state.get(key)
    if chosen is not None:
        state.use_figures(known[chosen].edits(table))


def copy_or_remove(table: str) -> None:
    """Below the inputs of a fleet, purchase or offer."""
    found = _ROW.fullmatch(table)
    if not found:
        return
    key, index = found[1], int(found[2])
    left, right = st.columns(2)
    left.button(
        "Copy",
        key=f"copy_{table}",
        icon=":material/content_copy:",
        width="stretch",
        on_click=_copy,
        args=(key, index, state.desk().edition),
        help="Another one with the same figures",
    )
    right.button(
        "Remove",
        key=f"remove_{table}",
        icon=":material/delete:",
        width="stretch",
        on_click=state.remove_row,
        args=(key, index, state.desk().edition),
        help="Undo, or the list of changes, brings it back",
    )


def _copy(key: str, index: int, edition: int) -> None:
    if edition != state.desk().edition:
        return
    case = state.desk().case
    start = f"{key}[{index}]."
    told = {path.removeprefix(start): text for path, text in case.sources.items() if path.startswith(start)}
    state.add_row(key, document_of(case)[key][index], told, edition)


def add(case: Case) -> None:
    """A form below the term sheet: what is added can then be changed as any other."""
    with st.popover("Add an offer, a fleet, machines", icon=":material/add:", width="stretch", key="add"):
        edition = state.desk().edition
        kind = st.radio("What", (OFFER, FLEET, PURCHASE), key=KIND, horizontal=True)
        if kind == OFFER:
            _offer_form(case, edition)
        else:
            _machine_form(case, edition, is_bought=kind == PURCHASE)

    if faults := state.row_faults():
        listed = "\n".join(f"- {terms.plain(str(fault))}" for fault in faults[:6])
        st.error(listed, title="The case cannot be without it, or with it", icon=":material/error:")


def _offer_form(case: Case, edition: int) -> None:
    known = deal_presets()
    st.selectbox("Terms as signed", range(len(known)), key=DEAL, format_func=lambda i: known[i].name)
    st.text_input("Tenant", key=TENANT, placeholder="as in that deal", max_chars=80)
    size = describe(Lease)["critical_it_mw"]
    st.number_input(
        f"{terms.label('critical_it_mw')} :gray[{size.unit}]", 0.1, size.upper, key=CRITICAL_IT_MW, step=5.0,
        value=_fitting_mw(case),
    )  # fmt: skip
    st.button(
        "Add the offer", key="add_offer", type="primary", on_click=_add_offer, args=(known, edition), width="stretch"
    )


def _fitting_mw(case: Case) -> float:
    """Critical IT MW that the whole grid could host at the usual ratio."""
    ratio = describe(Lease)["provisioning_ratio"].default
    return max(LEAST_MW, float(int(grid_mw(case).max() / ratio)))


def _add_offer(known: tuple[Preset, ...], edition: int) -> None:
    given = st.session_state
    chosen = known[given[DEAL]]
    values = {field: value for field, value, _ in chosen.values}
    deal = deal_named(str(values["signed_deal"]))
    tenant = given.get(TENANT, "").strip() or (deal.tenant if deal else chosen.name)
    row: dict[str, Any] = {"name": tenant, "tenant": tenant, "critical_it_mw": given[CRITICAL_IT_MW], **values}
    state.add_row("leases", row, {field: source for field, _, source in chosen.values}, edition)


def _machine_form(case: Case, edition: int, *, is_bought: bool) -> None:
    machine = st.selectbox("Machine", [found.model for found in catalogue()], key=MACHINE)
    most = float(grid_mw(case).max())
    st.number_input(
        "Size :gray[facility MW]", LEAST_MW, value=max(LEAST_MW, min(DEFAULT_MW, most)), step=5.0, key=FACILITY_MW
    )
    key = "purchases" if is_bought else "fleets"
    if is_bought:
        listed = next(found.price_usd_per_th for found in catalogue() if found.model == machine)
        label, price = "Price, delivered :gray[USD/TH]", listed or DEFAULT_USD_PER_TH
        st.number_input(label, 0.0, value=price, step=1.0, key=f"{PRICE}_{machine}")
    st.button("Add", key=f"add_{key}", type="primary", on_click=_add_machines, args=(key, edition), width="stretch")


def _add_machines(key: str, edition: int) -> None:
    given, size = st.session_state, {"fleets": "facility_mw", "purchases": "max_facility_mw"}[key]
    machine = given[MACHINE]
    row = {"name": machine, "machine": machine, size: given[FACILITY_MW]}
    if key == "purchases":
        row["price_usd_per_th"] = given[f"{PRICE}_{machine}"]
    state.add_row(key, row, {}, edition)
