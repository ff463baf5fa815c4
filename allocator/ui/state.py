"""The desk in the session: its keys, and every way in which it changes. Pages keep questions of their own beside it.

Widgets of inputs have the input's path as their key (``leases[0].rent_usd_per_kw_month``). The desk is the truth; a
widget is given its value before it is drawn, and its callback writes an edited copy of the desk back.

When something else sets the inputs (a template, a reset, a repair), every widget gets a new key: a browser that has not
heard of it yet still reports the old values, and those must not be taken for edits of the new case. A run that was
interrupted makes callbacks fire again for values that have not changed, so every one of them may be called twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from allocator.files import LARGEST_FILE_BYTES, parse_document, read_document
from allocator.ui.desk import Desk
from allocator.ui.link import desk_of_link
from models.assumptions import Fault, InputFaultsError

DESK, EARLIER = "desk", "earlier_desks"
PAGE, OFFERED, SHOWN = "page", "offered_to_widgets", "shown_by_widgets"
TEMPLATE = "template"
UPLOAD, UPLOAD_FAULTS, OPENED_FILE = "upload", "upload_faults", "opened_file"
ROW_FAULTS = "row_faults"
OFFER, OFFER_SHOWN = "offer", "offer_shown"
WORKING, MAPPING = "working", "mapping"
WHY_TAB, RISK_TAB, CHOICES = "why_tab", "risk_tab", "choices"
ASSESSING, ATTRIBUTING, FANNING = "assessing", "attributing", "fanning"
DEFAULT_TEMPLATE = "river-bend"
LARGEST_PACK_BYTES = 20_000_000
KEPT_DESKS = 50


def desk() -> Desk:
    """The reader's desk; on the first visit what a link asks for, else River Bend."""
    if DESK not in st.session_state:
        st.session_state[DESK] = _first_desk()
    found: Desk = st.session_state[DESK]
    return found


def _first_desk() -> Desk:
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    try:
        if shared := desk_of_link(query):
            return shared
    except InputFaultsError as error:
        st.session_state[UPLOAD_FAULTS] = error.faults
    return Desk.opened(read_document(DEFAULT_TEMPLATE), DEFAULT_TEMPLATE)


def put(changed: Desk) -> None:
    """Replace the desk after an edit in a widget; the one before it can be had back."""
    before = st.session_state.get(DESK)
    if before is not None and (before.case is not changed.case or before.refused != changed.refused):
        st.session_state[EARLIER] = (*st.session_state.get(EARLIER, ()), before)[-KEPT_DESKS:]
    st.session_state[DESK] = changed
    st.session_state[ROW_FAULTS] = ()


def can_undo() -> bool:
    """Whether there is an earlier desk."""
    return bool(st.session_state.get(EARLIER))


def undo() -> None:
    """Callback: the desk as it was before the last change, whatever made it."""
    if earlier := st.session_state.get(EARLIER):
        *left, last = earlier
        st.session_state[EARLIER] = tuple(left)
        st.session_state[DESK] = replace(last, edition=desk().edition + 1)


def put_anew(changed: Desk) -> None:
    """Replace the desk after anything else: its widgets are new ones."""
    put(replace(changed, edition=desk().edition + 1))


def widget_key(name: str) -> str:
    """Key of a widget whose value the desk sets: its name, with the edition once that has changed."""
    edition = desk().edition
    return f"{name}~{edition}" if edition else name


def edit(path: str, value: Any) -> None:
    """Take an edit of one input, as a file would write it."""
    put(desk().edited(path, value))


def repair(path: str, value: Any) -> None:
    """Callback: an edit that the page proposed."""
    put_anew(desk().edited(path, value))


def repair_all(edits: Sequence[tuple[str, Any]]) -> None:
    """Callback: several edits that the page proposed, together; one that only the others allow waits for them."""
    changed = desk()
    for path, value in edits:
        changed = changed.edited(path, value)
    put_anew(changed)


def reset(path: str, edition: int) -> None:
    """Callback: one input, or one row, back to what it was in the case that was opened."""
    _put_once(edition, lambda: desk().reset(path))


def add_row(key: str, row: Mapping[str, Any], sources: Mapping[str, str], edition: int) -> None:
    """Callback: one more fleet, purchase or offer."""
    _put_once(edition, lambda: desk().with_row(key, row, sources))


def remove_row(key: str, index: int, edition: int) -> None:
    """Callback: one fleet, purchase or offer less."""
    _put_once(edition, lambda: desk().without_row(key, index))


def row_faults() -> tuple[Fault, ...]:
    """Why the last fleet, purchase or offer could not be added, removed or put back."""
    found: tuple[Fault, ...] = st.session_state.get(ROW_FAULTS, ())
    return found


def use_figures(edits: Sequence[tuple[str, Any, str]]) -> None:
    """Callback: several inputs at once, each with its source."""
    changed = desk()
    for path, value, source in edits:
        changed = changed.edited(path, value, source)
    put_anew(changed)


def _put_once(edition: int, change: Callable[[], Desk]) -> None:
    """Take a change of rows that was asked for on the page of this edition; the second of two clicks is not heard.

    One that the case cannot take is told, and changes nothing.
    """
    if edition != desk().edition:
        return
    try:
        put_anew(change())
    except InputFaultsError as error:
        st.session_state[ROW_FAULTS] = error.faults


def reset_all() -> None:
    """Callback: the case as it was opened."""
    put_anew(desk().reset_all())


def forget_refused() -> None:
    """Callback: drop the edits that the case could not take."""
    put_anew(desk().without_refused())


def take_widget(path: str, key: str, read: Callable[[Any], Any]) -> None:
    """Callback of an input's widget: what is on the screen, in the units of the case, becomes an edit.

    A widget of an earlier edition, reported beside the click that ended it, is not heard.
    """
    if key == widget_key(path) and key in st.session_state:
        edit(path, read(st.session_state[key]))


@contextmanager
def drawing(page: str) -> Iterator[None]:
    """A page is drawn: once it is complete, what its widgets were given is what the browser shows, or will in a moment.

    Another page has other widgets, though they have the same keys.
    """
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE], st.session_state[SHOWN] = page, {}
    st.session_state[OFFERED] = {}
    yield
    st.session_state[SHOWN] = st.session_state.pop(OFFERED, {})


def offer_to_widget(key: str, shown: Any) -> None:
    """Give a widget its value before it is drawn.

    One that a complete page has shown with this value is left alone: a redraw would overwrite what is being typed
    into it. After a page that was interrupted the value is sent again: the browser may never have heard of it, and
    would report the widget's own default as the reader's choice.
    """
    st.session_state.setdefault(OFFERED, {})[key] = shown
    is_known = key in st.session_state and key in (known := st.session_state.get(SHOWN, {})) and known[key] == shown
    if not is_known or st.session_state[key] != shown:
        st.session_state[key] = shown


def widget_value(key: str) -> Any:
    """What a widget holds."""
    return st.session_state[key]


def open_template() -> None:
    """Callback of the template chooser."""
    name = st.session_state.get(widget_key(TEMPLATE))
    if name and name != desk().origin:
        st.session_state[UPLOAD_FAULTS] = ()
        put_anew(Desk.opened(read_document(name), name))


def open_upload() -> None:
    """Callback of the upload: a TOML case or an edited board pack; a faulty one leaves the desk as it is."""
    uploaded = st.session_state[UPLOAD]
    if uploaded is None:
        st.session_state[UPLOAD_FAULTS] = ()
        return
    if uploaded.file_id == st.session_state.get(OPENED_FILE):
        return
    st.session_state[OPENED_FILE] = uploaded.file_id
    try:
        put_anew(Desk.opened(document_in(uploaded.name, uploaded.getvalue()), uploaded.name))
    except InputFaultsError as error:
        st.session_state[UPLOAD_FAULTS] = error.faults
    else:
        st.session_state[UPLOAD_FAULTS] = ()


def upload_faults() -> tuple[Fault, ...]:
    """What is wrong with the file opened last."""
    found: tuple[Fault, ...] = st.session_state.get(UPLOAD_FAULTS, ())
    return found


def document_in(name: str, content: bytes) -> Mapping[str, Any]:
    """Parse an uploaded file by its ending.

    Raises
    ------
    InputFaultsError
        If it is too large, or neither a case nor a pack.
    """
    is_pack = name.lower().endswith(".xlsx")
    limit = LARGEST_PACK_BYTES if is_pack else LARGEST_FILE_BYTES
    if len(content) > limit:
        raise InputFaultsError(
            [
                Fault(
                    name,
                    f"{len(content):,} bytes",
                    f"is larger than {limit:,} bytes",
                    "open a case file or a board pack",
                )
            ]
        )
    return _pack_document(content, name) if is_pack else parse_document(content, name)


def _pack_document(content: bytes, name: str) -> Mapping[str, Any]:
    try:
        from allocator.workbook import read_document as read_pack  # noqa: PLC0415  (openpyxl only when a pack is opened)
    except ImportError as error:
        fault = Fault(name, "", "cannot be read: workbooks are not part of this installation", "open the case as TOML")
        raise InputFaultsError([fault]) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.xlsx"
        path.write_bytes(content)
        try:
            found: Mapping[str, Any] = read_pack(path)
        except InputFaultsError as error:
            named = [replace(fault, field=fault.field.replace(str(path), name)) for fault in error.faults]
            raise InputFaultsError(named) from error
        return found


class Cancellable(Protocol):
    """Work beside the page that can be called off."""

    def cancel(self) -> bool:
        """Call it off, as far as it can be."""


def now_working_on(job: Cancellable, what: str = WORKING) -> None:
    """Remember the explanation, or the map, being computed; one that was not begun for an earlier case is dropped."""
    earlier: Cancellable | None = st.session_state.get(what)
    if earlier is not None and earlier is not job:
        earlier.cancel()
    st.session_state[what] = job


def offer_shown() -> str | None:
    """Name of the offer whose term sheet was asked for; ``None`` until one is."""
    found: str | None = st.session_state.get(OFFER_SHOWN)
    return found


def show_offer() -> None:
    """Callback of the picker of offers."""
    st.session_state[OFFER_SHOWN] = st.session_state.get(OFFER)


def choice(name: str, default: Any) -> Any:
    """What the reader chose on a page, kept while the page or its tab is left."""
    return st.session_state.get(CHOICES, {}).get(name, default)


def choose(name: str, value: Any) -> None:
    """Callback: a choice on a page."""
    st.session_state[CHOICES] = st.session_state.get(CHOICES, {}) | {name: value}


def take_choice(name: str) -> None:
    """Callback of a widget whose key is the name of the choice; an emptied field changes nothing."""
    if (given := st.session_state.get(name)) is not None:
        choose(name, given)


def take_picked_point(name: str, chart: str, field: str) -> None:
    """Callback of a chart whose points can be clicked: the field of the clicked one is a choice of the same name."""
    selected = st.session_state.get(chart, {}).get("selection", {}).get(name) or []
    if selected and field in selected[0]:
        choose(field, selected[0][field])
