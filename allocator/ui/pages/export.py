"""Export: everything that can be taken away, what each file is for and how it is read back."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from importlib.resources import files
from typing import Any

import streamlit as st

from allocator.allocation import Allocation
from allocator.files import dump_case
from allocator.formats import table_money
from allocator.ui import answers, export_files, export_jobs, pack_brand, state, trouble
from allocator.ui.desk import Desk
from allocator.ui.downloads import XLSX, failure_of
from allocator.ui.export_files import ExportFile, content_of
from allocator.ui.frame import page_of_case
from allocator.ui.sidebar import file_stem
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done
from allocator.workbook.brand import SHIPPED


def page() -> None:
    """Draw the page."""
    with page_of_case() as desk:
        export(desk)


def export(desk: Desk) -> None:
    """The files of a plan; where there is none, the case and the reason."""
    found = answers.answer(desk.case)
    stem = file_stem(desk.case.name)
    if isinstance(found, Allocation):
        st.subheader(plain(f"{desk.case.name}, worth {table_money(found.npv_usd)}, to take away"), anchor=False)
        _plan_files(found, stem)
        return
    st.subheader(plain(f"{desk.case.name} has no plan: its case can be taken away"), anchor=False)
    export_files.show(_case_file(desk, stem), is_main=True)
    if isinstance(found, answers.Conflict):
        content = export_jobs.refusal(desk.case.sha256(), found)
        export_files.show(_answer_file(stem, content, "Why there is no plan, and what would allow one, for programs."))
        trouble.conflict(found, desk.case)
    else:
        trouble.failure(found)


def _plan_files(plan: Allocation, stem: str) -> None:
    explaining = answers.explanation_job(plan)
    state.now_working_on(explaining)
    reason = failure_of(explaining)
    explanation = explaining.result() if explaining.done() and not explaining.cancelled() and not reason else None
    own = pack_brand.own_brand()
    pack = None if explanation is None else export_jobs.pack_job(plan, explanation, own.brand if own else None)
    answer = None if explanation is None else export_jobs.answer_job(plan, explanation)
    program = export_jobs.program_job(plan)
    waits = "writing it" if explanation else "first, what each limit is worth is worked out"
    export_files.show(_pack_file(stem, pack, waits), reason, is_main=True)
    _brand(own)
    printing = _paper(stem, pack, reason)
    export_files.show(_case_file(state.desk(), stem))
    export_files.show(_answer_file(stem, answer, "The whole answer with every digit, for programs.", waits), reason)
    export_files.show(_program_file(stem, program))
    waiting: list[tuple[Future[Any] | None, str]] = [
        (None if reason else explaining, "Working out what each limit is worth and where each offer turns …"),
        (pack, "Writing the board pack …"),
        (printing, "LibreOffice is printing the pack …"),
        (answer, "Writing the answer …"),
        (program, "Writing the program …"),
    ]
    if open_jobs := [(job, words) for job, words in waiting if job is not None and not job.done()]:
        redraw_when_done([job for job, _ in open_jobs], open_jobs[0][1])


def _pack_file(stem: str, pack: Future[bytes] | None, waits: str) -> ExportFile:
    return ExportFile(
        "export_pack",
        "Board pack .xlsx",
        f"{stem}.xlsx",
        XLSX,
        ":material/table_view:",
        "For the board: the decision on one page, and the whole model behind it as formulae that recalculate.",
        f"Edited inputs are read back and optimised again by `allocator solve {stem}.xlsx`, or by *Open* at the side.",
        pack,
        waits,
    )


def _brand(own: pack_brand.OwnBrand | None) -> None:
    with st.expander("Your own brand" if own is None else plain(f"Brand: {own.file}"), key="brand_expander"):
        st.markdown(
            "Any workbook whose theme is yours: its colours and fonts, the first picture of its first sheet, that "
            "sheet's paper and footer dress the pack and its PDF. Nothing else of it is used; it stays in this session."
        )
        given, shipped = st.columns([2, 1], gap="medium", vertical_alignment="center")
        given.file_uploader(
            "Brand workbook (.xlsx)", ["xlsx"], key=pack_brand.FILE, on_change=pack_brand.take, max_upload_size=20
        )
        shipped.download_button(
            "Shipped brand .xlsx",
            (files("templates") / SHIPPED).read_bytes(),
            SHIPPED,
            XLSX,
            key="download_shipped_brand",
            icon=":material/palette:",
            on_click="ignore",
            width="stretch",
            help="The workbook to start from: change theme, picture, paper or footer, and give it here.",
        )
        if own is not None:
            st.markdown(plain(pack_brand.words(own)))
            st.button("Use the shipped brand", key="drop_brand", icon=":material/undo:", on_click=pack_brand.drop)
    if wrong := pack_brand.faults():
        used = "the shipped brand" if own is None else own.file
        listed = "\n".join(f"- {plain(str(fault))}" for fault in wrong)
        st.error(f"{listed}\n\nThe pack keeps {plain(used)}.", title="This brand workbook cannot be used")


def _paper(stem: str, pack: Future[bytes] | None, reason: str) -> Future[bytes] | None:
    """The PDF, printed once it is asked for; the job while it runs."""
    missing = export_jobs.no_printer()
    written = content_of(pack)
    asked = written is not None and export_jobs.is_print_asked(written)
    printing = export_jobs.pdf_job(written) if written and asked and not missing else None
    waits = "LibreOffice is printing it" if asked else "printed when you ask for it" if written else "after the pack"
    file = ExportFile(
        "export_pdf",
        "Board pack .pdf",
        f"{stem}.pdf",
        "application/pdf",
        ":material/picture_as_pdf:",
        "For those who read on paper: the same workbook as LibreOffice prints it, without its month-by-month sheets.",
        "It is not read back: keep the workbook beside it.",
        printing,
        missing or waits,
        partial(export_jobs.ask_print, written) if written and not asked and not missing else None,
    )
    export_files.show(file, reason)
    return printing


def _case_file(desk: Desk, stem: str) -> ExportFile:
    return ExportFile(
        "export_case",
        "Case .toml",
        f"{stem}.toml",
        "application/toml",
        ":material/description:",
        "Every input with its unit, meaning, bounds and source, to be edited and kept under version control.",
        f"{_beside(desk)}It is opened by `allocator solve {stem}.toml`, by *Open* at the side, or on page Compare.",
        dump_case(desk.case).encode(),
    )


def _beside(desk: Desk) -> str:
    """What the case file needs beside it: prices by the hour are named, not copied."""
    prices = desk.case.power.hourly_prices
    return f"Keep {plain(prices.file)} beside it: the hourly prices are in there. " if prices and prices.file else ""


def _answer_file(stem: str, content: bytes | Future[bytes] | None, purpose: str, waits: str = "") -> ExportFile:
    return ExportFile(
        "export_answer",
        "Answer .json",
        f"{stem}.json",
        "application/json",
        ":material/data_object:",
        purpose,
        f"It names the case by its fingerprint and is not read back; `allocator solve {stem}.toml --json -` prints it.",
        content,
        waits,
    )


def _program_file(stem: str, program: Future[bytes]) -> ExportFile:
    return ExportFile(
        "export_program",
        "Linear program .mps",
        f"{stem}.mps",
        "text/plain",
        ":material/function:",
        "For a second opinion: the program itself, which minimises -NPV in USD.",
        f"Any solver reads it, such as `highs {stem}.mps` or `cbc {stem}.mps`.",
        program,
        "writing it",
    )


if __name__ == "__main__":
    page()
