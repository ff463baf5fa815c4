"""Files of a plan, written beside the page: a pack in another brand, the pack on paper, the answer, the program.

The pack in the shipped brand comes from :mod:`allocator.ui.answers`, which page Recommendation offers too. One file is
written at a time; what has been written is kept for the next redraw. Printing is begun when it is asked for: this
module owns the session's key ``export_print``.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.program.solve import export_mps
from allocator.report import as_json, infeasible_as_json
from allocator.ui import answers
from allocator.workbook.brand import Brand
from models.assumptions import InputFaultsError

KEPT_FILES = 8
SOLVER = "HiGHS"
PRINT = "export_print"


def pack_job(plan: Allocation, explanation: Explanation, brand: Brand | None) -> Future[bytes]:
    """The board pack in a brand, being written or done."""
    if brand is None:
        return answers.pack_job(plan, explanation)
    return _branded_pack_job(_key(plan), brand, plan, explanation)


@st.cache_resource(max_entries=KEPT_FILES, show_spinner=False, hash_funcs={Brand: repr})
def _branded_pack_job(key: str, brand: Brand, _plan: Allocation, _explanation: Explanation) -> Future[bytes]:
    del key
    return _worker().submit(answers.board_pack, _plan, _explanation, brand)


def no_printer() -> str:
    """Why nothing can be printed here; empty where LibreOffice is."""
    from allocator.workbook.pdf import checked_printer  # noqa: PLC0415

    try:
        checked_printer()
    except InputFaultsError:
        return (
            "printing needs LibreOffice (Calc), which is not on this machine: install it, or open the pack and print "
            "it from there"
        )
    return ""


def ask_print(pack: bytes) -> None:
    """Callback: this pack is wanted on paper."""
    st.session_state[PRINT] = _mark(pack)


def is_print_asked(pack: bytes) -> bool:
    """Whether it was."""
    return bool(st.session_state.get(PRINT) == _mark(pack))


def pdf_job(pack: bytes) -> Future[bytes]:
    """A written pack as PDF, being printed or done."""
    return _pdf_job(_mark(pack), pack)


def _mark(pack: bytes) -> str:
    return hashlib.sha256(pack).hexdigest()


@st.cache_resource(max_entries=KEPT_FILES, show_spinner=False)
def _pdf_job(key: str, _pack: bytes) -> Future[bytes]:
    del key
    return _worker().submit(_pdf, _pack)


def _pdf(pack: bytes) -> bytes:
    from allocator.workbook.pdf import print_pack  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        workbook, printed = Path(folder) / "pack.xlsx", Path(folder) / "pack.pdf"
        workbook.write_bytes(pack)
        print_pack(workbook, printed)
        return printed.read_bytes()


def program_job(plan: Allocation) -> Future[bytes]:
    """The linear program as an MPS file, being written or done."""
    return _program_job(_key(plan), plan)


@st.cache_resource(max_entries=KEPT_FILES, show_spinner=False)
def _program_job(key: str, _plan: Allocation) -> Future[bytes]:
    del key
    return _worker().submit(_program, _plan)


def _program(plan: Allocation) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.mps"
        export_mps(plan.program, path)
        return path.read_bytes()


def answer_job(plan: Allocation, explanation: Explanation) -> Future[bytes]:
    """The answer as JSON, as ``allocator solve --json`` writes it, being written or done."""
    return _answer_job(_key(plan), plan, explanation)


@st.cache_resource(max_entries=KEPT_FILES, show_spinner=False)
def _answer_job(key: str, _plan: Allocation, _explanation: Explanation) -> Future[bytes]:
    del key
    return _worker().submit(lambda: _json(as_json(_plan, _explanation)))


def refusal(case_sha256: str, conflict: answers.Conflict) -> bytes:
    """Why there is no plan, as ``allocator solve --json`` writes it."""
    return _json(infeasible_as_json(case_sha256, SOLVER, conflict.found))


def _json(found: object) -> bytes:
    return json.dumps(found, indent=2, allow_nan=False, ensure_ascii=False).encode()


@st.cache_resource(max_entries=1, show_spinner=False)
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")


def _key(plan: Allocation) -> str:
    return plan.case.model_dump_json(by_alias=True)
