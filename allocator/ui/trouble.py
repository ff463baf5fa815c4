"""When something is wrong (refused edits, limits that conflict, no proven answer): words, and a way out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from allocator.case import Case
from allocator.formats import megawatts, money
from allocator.infeasible import Repair
from allocator.ui import state, terms
from allocator.ui.answers import Conflict, Failure
from allocator.ui.desk import Desk, document_of


def refused_edits(desk: Desk) -> None:
    """The faults of edits that the case cannot take, each with its rule and remedy."""
    if not desk.faults:
        return
    listed = "\n".join(
        f"- `{fault.field}`: {terms.plain(str(fault).removeprefix(f'{fault.field}: '))}" for fault in desk.faults
    )
    st.error(
        f"{listed}\n\nThe figures below are for the last inputs that could be used.",
        title="This input cannot be used yet",
        icon=":material/error:",
    )
    st.button(
        "Forget the refused edit" if len(desk.refused) == 1 else "Forget the refused edits",
        key="forget_refused",
        on_click=state.forget_refused,
    )


def conflict(found: Conflict, case: Case) -> None:
    """Which limits forbid every plan, and a button for each repair that an input can carry."""
    first, *rest = found.sentences
    st.error(
        "\n".join(f"- {terms.plain(sentence)}" for sentence in rest),
        title=terms.plain(first),
        icon=":material/block:",
    )
    signed = [
        f"{lease.name} ({megawatts(lease.min_mw or lease.critical_it_mw)} critical IT)"
        for lease in case.leases
        if lease.committed
    ]
    if signed:
        st.markdown(f"Signed: {terms.plain(', '.join(signed))}.")
    ways = [way for repair in found.repairs if (way := way_out(case, repair))]
    if ways:
        st.markdown("**Repair it**")
        for way in ways:
            st.button(
                way.words,
                key=f"repair_{way.path}",
                icon=":material/build:",
                on_click=state.repair,
                args=(way.path, way.value),
            )
    if state.desk().changes:
        st.button("Undo all changes", key="undo_all", icon=":material/undo:", on_click=state.reset_all)


def failure(found: Failure) -> None:
    """An answer that could not be computed or did not check."""
    st.error(
        f"{terms.plain(found.reason)}\n\nUndo the last change, or choose another case.",
        title="No answer",
        icon=":material/error:",
    )


@dataclass(frozen=True)
class WayOut:
    """An edit that makes a plan possible."""

    words: str
    path: str
    value: Any


def way_out(case: Case, repair: Repair) -> WayOut | None:
    """The edit that gives a limit what it lacks, rounded to the safe side; ``None`` where no one input is the limit."""
    if repair.change is None:
        return None
    kind, _, index = repair.limit.key.partition("__")
    if kind == "capital":
        usd = math.ceil(repair.change / 1e5) * 1e5
        return WayOut(
            f"Raise capital by {money(usd)}", "policy.capital_usd", _raised(case, "policy", "capital_usd", usd)
        )
    mw = math.ceil(repair.change * 10.0 - 1e-6) / 10.0
    if kind == "grid":
        words = f"Raise the grid by {megawatts(mw)} (facility)"
        return WayOut(words, "site.grid_mw", _raised(case, "site", "grid_mw", mw))
    if kind == "flexible":
        words = f"Lower the flexible floor by {megawatts(mw)} (facility)"
        return WayOut(words, "policy.min_flexible_mw", max(0.0, case.policy.min_flexible_mw - mw))
    return _less_signed(case, int(index), mw) if kind == "committed" else None


def _less_signed(case: Case, offer: int, mw: float) -> WayOut:
    lease, path = case.leases[offer], f"leases[{offer}]"
    left = (lease.min_mw or lease.critical_it_mw) - mw
    if left <= 0.0:
        return WayOut(f"Treat {lease.name} as not signed", f"{path}.committed", False)
    return WayOut(f"Deliver at least {megawatts(left)} (critical IT) of {lease.name}", f"{path}.min_mw", left)


def _raised(case: Case, table: str, field: str, by: float) -> Any:
    given = document_of(case)[table][field]
    if isinstance(given, list):
        return [{k: v if k == "from" else v + by for k, v in stage.items()} for stage in given]
    return given + by
