"""When something is wrong (refused edits, limits that conflict, no proven answer): words, and a way out."""

from __future__ import annotations

import streamlit as st

from allocator.case import Case
from allocator.formats import megawatts
from allocator.ui import state, terms
from allocator.ui.answers import Conflict, Failure
from allocator.ui.desk import Desk
from allocator.ui.repairs import joint_way_out, ways_out


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
    """Which limits forbid every plan; a button for each repair of one limit, and one for the cheapest of several."""
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
    ways, joint = ways_out(case, found.found.alone), joint_way_out(case, found.found.together)
    if ways or joint:
        st.markdown("**Repair it**")
    for way in ways:
        st.button(
            terms.plain(way.words),
            key=f"repair_{way.path}",
            icon=":material/build:",
            on_click=state.repair,
            args=(way.path, way.value),
        )
    if joint:
        st.button(
            terms.plain(joint.words),
            key="repair_together",
            icon=":material/handyman:",
            help="The smallest change in all, each counted by its share of the limit; one click makes all of them.",
            on_click=state.repair_all,
            args=(joint.edits,),
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
