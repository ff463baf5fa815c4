"""The side of the page: which case, what was changed in it, its term sheet."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from allocator.case import inputs
from allocator.files import dump_case, template_names
from allocator.ui import state, terms
from allocator.ui.desk import Change, Desk
from allocator.ui.inputs import term_sheet
from allocator.ui.link import LONGEST_QUERY, shared_query

DEFAULT_ADDRESS = "http://127.0.0.1:8501/"


def show(desk: Desk) -> None:
    """Draw it in the current container."""
    _choose_case(desk)
    _changes(desk)
    term_sheet(desk)


def file_stem(name: str) -> str:
    """A case's name as a file name.

    >>> file_stem("River Bend, phase 2")
    'river-bend-phase-2'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "case"


def _choose_case(desk: Desk) -> None:
    names = template_names()
    state.offer_to_widget(state.widget_key(state.TEMPLATE), desk.origin if desk.origin in names else None)
    st.selectbox(
        "Case",
        names,
        key=state.widget_key(state.TEMPLATE),
        format_func=lambda name: name.replace("-", " ").title(),
        placeholder=f"{desk.case.name} (from {desk.origin})",
        on_change=state.open_template,
    )
    left, right = st.columns(2)
    with left.popover("Open", icon=":material/folder_open:", width="stretch"):
        st.file_uploader(
            "A case (.toml) or an edited board pack (.xlsx)",
            ["toml", "xlsx"],
            key=state.UPLOAD,
            on_change=state.open_upload,
            max_upload_size=20,
        )
        st.caption("A case file has at most 2 MB, a pack 20 MB. What you open stays in this session.")
    right.download_button(
        "Save",
        partial(dump_case, desk.case, with_prices=True),
        f"{file_stem(desk.case.name)}.toml",
        "application/toml",
        key="save_case",
        icon=":material/save:",
        width="stretch",
        on_click="ignore",
        help="The case as a commented TOML file",
    )
    left, right = st.columns(2)
    with left.popover("Share", icon=":material/link:", width="stretch"):
        _share(desk)
    right.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        width="stretch",
        disabled=not state.can_undo(),
        on_click=state.undo,
        help="Back to before the last change",
    )
    if faults := state.upload_faults():
        st.error("This was not opened:\n\n" + "\n".join(f"- {terms.plain(str(fault))}" for fault in faults[:12]))


def _share(desk: Desk) -> None:
    query = shared_query(desk.case)
    if query is None:
        st.markdown(
            f"This case differs from every template by more than {LONGEST_QUERY:,} characters: too much for a link. "
            "Save it and send the file."
        )
        return
    where = urlsplit(st.context.url or DEFAULT_ADDRESS)
    st.markdown("The inputs that differ from a template, as a link for whoever can open these pages:")
    st.code(f"{where.scheme}://{where.netloc}/?{query}", language=None, wrap_lines=True)
    st.caption("Figures only travel where you send them; the page checks a link as it checks a file.")


def _changes(desk: Desk) -> None:
    if not desk.changes:
        return
    with st.popover(
        f":orange[●] changed from {terms.plain(desk.origin)}: {len(desk.changes)} · reset",
        width="stretch",
        key="changes",
    ):
        units = {item.path: item.declaration.unit for item in inputs(desk.case)}
        for change in desk.changes:
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(_in_words(change, units.get(change.path, "")))
            button.button(
                "",
                key=f"reset_{change.path}",
                icon=":material/undo:",
                help="Back to how it was opened",
                on_click=state.reset,
                args=(change.path, desk.edition),
            )
        st.button("Reset all", key="reset_all", on_click=state.reset_all, width="stretch")


def _in_words(change: Change, unit: str) -> str:
    if change.is_of_row:
        came = change.before is None
        kind = {"fleets": "Fleet", "purchases": "Purchase", "leases": "Offer"}[change.path.partition("[")[0]]
        return f"**{kind} {'added' if came else 'removed'}**  \n{terms.plain(change.now if came else change.before)}"
    name = terms.field_name(change.path)
    before, now = (terms.plain(terms.in_words(name, unit, value)) for value in (change.before, change.now))
    return f"**{terms.plain(terms.label(name))}** `{change.path}`  \n{before} → {now}"
