"""Cases kept and cases compared: the owner of the session's keys ``kept_*`` and ``compare_*``.

A kept case is a snapshot: later edits of the desk leave it as it was. It lives as long as the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import streamlit as st

from allocator.case import LISTS, TABLES, Case, case_from_document
from allocator.files import load_case, template_names
from allocator.ui import state, terms
from allocator.ui.case_differences import value_words
from allocator.ui.desk import Change, Desk
from models.assumptions import Declaration, Fault, InputFaultsError, describe

KEPT, CHOSEN, BASIS = "kept_cases", "compare_chosen", "compare_basis"
NAME, FILES, FILES_READ, FILE_FAULTS = "kept_name", "kept_files", "kept_files_read", "kept_file_faults"
PICKED, BASIS_PICKED, EVERY_INPUT, JOBS = (
    "compare_picked",
    "compare_basis_picked",
    "compare_every_input",
    "compare_jobs",
)
MOST_KEPT, MOST_COLUMNS, LONGEST_NAME = 6, 6, 60
DESK_COLUMN, OPENED_COLUMN = "desk", "opened"


@dataclass(frozen=True)
class Kept:
    """A case as it was when it was kept."""

    name: str
    case: Case


@dataclass(frozen=True)
class Column:
    """A case beside others."""

    key: str
    head: str
    case: Case


def kept() -> tuple[Kept, ...]:
    """Every case kept so far, the earliest first."""
    found: tuple[Kept, ...] = st.session_state.get(KEPT, ())
    return found


def is_full() -> bool:
    """Whether no more cases can be kept."""
    return len(kept()) >= MOST_KEPT


def keep(so_far: int) -> None:
    """Callback: the case on the desk, under the name that was typed or the one suggested, once a page."""
    if so_far != len(kept()):
        return
    desk = state.desk()
    _add(str(st.session_state.get(NAME) or "") or suggested_name(desk), desk.case)
    st.session_state[NAME] = ""


def _add(name: str, case: Case) -> bool:
    if is_full():
        return False
    st.session_state[KEPT] = (*kept(), Kept(_unlike(one_line(name), {k.name for k in kept()}), case))
    return True


def remove(name: str) -> None:
    """Callback: forget a kept case."""
    st.session_state[KEPT] = tuple(k for k in kept() if k.name != name)
    chosen = {key: shown for key, shown in _chosen().items() if key != f"kept:{name}"}
    st.session_state[CHOSEN] = chosen


def put_on_desk(name: str) -> None:
    """Callback: go on from a kept case; it stays kept."""
    for found in kept():
        if found.name == name:
            state.put_anew(Desk(f"{name} (kept)", found.case, found.case))


def read_files() -> None:
    """Callback of the upload: every sound case file is kept under its name, the faults of the others are remembered."""
    faults: list[Fault] = []
    known: frozenset[str] = st.session_state.get(FILES_READ, frozenset())
    for file in st.session_state.get(FILES) or ():
        if file.file_id in known:
            continue
        known |= {file.file_id}
        try:
            case = case_from_document(state.document_in(file.name, file.getvalue()))
        except InputFaultsError as error:
            faults += [Fault(f"{file.name}: {f.field}" if f.field != file.name else f.field, f.value, f.rule, f.remedy)
                       for f in error.faults]  # fmt: skip
            continue
        if not _add(file.name.rpartition(".")[0] or file.name, case):
            faults.append(Fault(file.name, "", f"is one too many: {MOST_KEPT} cases are kept", "remove one first"))
    st.session_state[FILES_READ] = known
    st.session_state[FILE_FAULTS] = tuple(faults)


def file_faults() -> tuple[Fault, ...]:
    """What is wrong with the files opened last."""
    found: tuple[Fault, ...] = st.session_state.get(FILE_FAULTS, ())
    return found


def suggested_name(desk: Desk) -> str:
    """The case's name with what was changed in it: the first two inputs, and how many more."""
    changes = desk.changes
    told = [_change_words(change) for change in changes[:2]]
    more = [f"{len(changes) - 2} more"] if len(changes) > 2 else []
    return one_line(", ".join([desk.case.name, *told, *more]))


def _change_words(change: Change) -> str:
    if change.path.endswith("]"):
        return f"with {change.now}" if change.before is None else f"without {change.before}"
    name = terms.field_name(change.path)
    declared = _declaration(change.path, name)
    return f"{terms.label(name)} {value_words(name, declared.unit if declared else '', change.now)}"


def _declaration(path: str, name: str) -> Declaration | None:
    table = path.partition(".")[0].partition("[")[0]
    owner: Any = TABLES.get(table) or LISTS.get(table) or Case
    return describe(owner).get(name)


def one_line(name: str) -> str:
    r"""A name that fits above a column.

    >>> one_line("  River  Bend\nphase 2 ")
    'River Bend phase 2'
    """
    text = " ".join(name.split())
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1].rstrip()}…"


def _unlike(name: str, others: set[str]) -> str:
    """The name, numbered if it is taken."""
    numbered = (f"{name} ({n})" for n in range(2, len(others) + 3))
    return name if name not in others else next(other for other in numbered if other not in others)


def available(desk: Desk) -> dict[str, str]:
    """What can stand beside the case on the desk: name by key."""
    found = {OPENED_COLUMN: f"{one_line(desk.base.name)} (as opened)"} if desk.changes else {}
    found |= {f"kept:{k.name}": k.name for k in kept()}
    return found | {f"template:{n}": f"{_title(n)} (template)" for n in template_names() if n != desk.origin}


def shown_keys(desk: Desk) -> list[str]:
    """What does stand beside it: the case as opened and kept cases until put away, templates once asked for."""
    chosen = _chosen()
    return [key for key in available(desk) if chosen.get(key, not key.startswith("template:"))]


def columns(desk: Desk) -> list[Column]:
    """The cases to compare; the one that differences are counted from is first. No two have the same head."""
    keys, names = [DESK_COLUMN, *shown_keys(desk)[: MOST_COLUMNS - 1]], available(desk)
    first = basis(desk)
    if first in keys:
        keys = [first, *(key for key in keys if key != first)]
    found: list[Column] = []
    for key in keys:
        name = f"{one_line(desk.case.name)} (on the desk)" if key == DESK_COLUMN else names[key]
        found.append(Column(key, _unlike(name, {c.head for c in found}), _case_of(key, desk)))
    return found


def _case_of(key: str, desk: Desk) -> Case:
    if key in {DESK_COLUMN, OPENED_COLUMN}:
        return desk.case if key == DESK_COLUMN else desk.base
    kind, _, name = key.partition(":")
    return load_case(name) if kind == "template" else next(k.case for k in kept() if k.name == name)


def take_picked() -> None:
    """Callback of the picker of cases."""
    picked = set(st.session_state.get(PICKED) or ())
    st.session_state[CHOSEN] = {**_chosen(), **{key: key in picked for key in available(state.desk())}}


def basis(desk: Desk) -> str:
    """Key of the case that differences are counted from: the one on the desk until another is asked for."""
    found: str = st.session_state.get(BASIS, DESK_COLUMN)
    return found if found in {DESK_COLUMN, *shown_keys(desk)[: MOST_COLUMNS - 1]} else DESK_COLUMN


def take_basis() -> None:
    """Callback of the picker of the first column."""
    if picked := st.session_state.get(BASIS_PICKED):
        st.session_state[BASIS] = picked


class Job(Protocol):
    """Work beside the page."""

    def cancel(self) -> bool:
        """Call it off, as far as it can be."""


def now_working_on(jobs: tuple[Job, ...]) -> None:
    """Remember what the page waits for; what an earlier comparison waited for and this one does not is dropped."""
    earlier: tuple[Job, ...] = st.session_state.get(JOBS, ())
    for job in earlier:
        if all(job is not other for other in jobs):
            job.cancel()
    st.session_state[JOBS] = jobs


def _chosen() -> dict[str, bool]:
    found: dict[str, bool] = st.session_state.get(CHOSEN, {})
    return found


def _title(template: str) -> str:
    return template.replace("-", " ").title()
