"""What page Compare is asked: which cases, from which one differences are counted, which to keep or forget."""

from __future__ import annotations

import streamlit as st

from allocator.ui import kept_cases, state
from allocator.ui.desk import Desk
from allocator.ui.terms import plain


def show(desk: Desk) -> None:
    """Draw them in the current container."""
    keep, files, manage = st.columns(3)
    with keep.popover("Keep this case", icon=":material/bookmark_add:", width="stretch", key="keep_popover"):
        _keep(desk)
    with files.popover("Open case files", icon=":material/folder_open:", width="stretch", key="files_popover"):
        _files()
    count = len(kept_cases.kept())
    with manage.popover(
        f"Kept cases: {count}" if count else "No case kept yet",
        icon=":material/bookmarks:",
        width="stretch",
        key="kept_popover",
        disabled=not count,
    ):
        _manage()
    if faults := kept_cases.file_faults():
        listed = "\n".join(f"- {plain(str(fault))}" for fault in faults[:12])
        st.error(f"{listed}\n\nCorrect the file and open it again.", title="Not every file was opened")
    _choose(desk)


def _keep(desk: Desk) -> None:
    if kept_cases.is_full():
        st.caption(f"{kept_cases.MOST_KEPT} cases are kept, and no more can be: remove one under *Kept cases* first.")
    st.text_input(
        "Name",
        key=kept_cases.NAME,
        placeholder=kept_cases.suggested_name(desk),
        max_chars=kept_cases.LONGEST_NAME,
    )
    st.button(
        "Keep",
        key="keep_case",
        type="primary",
        icon=":material/bookmark_add:",
        on_click=kept_cases.keep,
        args=(len(kept_cases.kept()),),
        disabled=kept_cases.is_full(),
        help="A snapshot of the case on the desk; later edits leave it as it is. It lasts as long as this session: "
        "Save, at the side, writes a file.",
    )


def _files() -> None:
    st.file_uploader(
        "Cases (.toml) or edited board packs (.xlsx)",
        ["toml", "xlsx"],
        accept_multiple_files=True,
        key=kept_cases.FILES,
        on_change=kept_cases.read_files,
        max_upload_size=20,
    )
    st.caption("Each is kept under its file's name. What you open stays in this session.")


def _manage() -> None:
    for index, found in enumerate(kept_cases.kept()):
        name, use, remove = st.columns([4, 1, 1], vertical_alignment="center")
        name.markdown(plain(found.name))
        use.button(
            "",
            key=f"kept_use_{index}",
            icon=":material/edit:",
            help="Put it on the desk and go on from there",
            on_click=kept_cases.put_on_desk,
            args=(found.name,),
        )
        remove.button(
            "",
            key=f"kept_remove_{index}",
            icon=":material/delete:",
            help="Forget this case",
            on_click=kept_cases.remove,
            args=(found.name,),
        )


def _choose(desk: Desk) -> None:
    names = kept_cases.available(desk)
    shown = kept_cases.shown_keys(desk)
    left, right = st.columns([3, 1.2], vertical_alignment="bottom")
    state.offer_to_widget(kept_cases.PICKED, shown)
    left.pills(
        "Beside the case on the desk",
        list(names),
        selection_mode="multi",
        key=kept_cases.PICKED,
        format_func=lambda key: plain(names.get(str(key), str(key))),
        on_change=kept_cases.take_picked,
    )
    most = kept_cases.MOST_COLUMNS
    if len(shown) >= most:
        put_away = ", ".join(names[key] for key in shown[most - 1 :])
        st.caption(f"{most} cases stand side by side at most; put one away to see {plain(put_away)}.")
    listed = [kept_cases.DESK_COLUMN, *shown[: most - 1]]
    if len(listed) > 1:
        state.offer_to_widget(kept_cases.BASIS_PICKED, kept_cases.basis(desk))
        right.selectbox(
            "Differences are counted from",
            listed,
            key=kept_cases.BASIS_PICKED,
            format_func=lambda key: names.get(key, "the case on the desk"),
            on_change=kept_cases.take_basis,
        )
