"""Compare: cases side by side, in what they differ and what each is worth."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import streamlit as st

from allocator.allocation import Allocation
from allocator.sentences import headline
from allocator.ui import answers, compare_controls, compared_figures, compared_inputs, kept_cases
from allocator.ui.case_differences import input_rows, summary
from allocator.ui.compared_figures import Answered
from allocator.ui.desk import Desk
from allocator.ui.downloads import failure_of
from allocator.ui.figure import show
from allocator.ui.frame import page_of_case
from allocator.ui.kept_cases import Column
from allocator.ui.markdown_table import show_table
from allocator.ui.npv_by_use_chart import finding, npv_by_use_figure
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done

ALONE = (
    "Only the case on the desk is here. **Edit an input** at the side, and it stands beside the case as it was opened; "
    "**keep this case** and go on editing; **open a case file**; or **choose a template** above."
)


def page() -> None:
    """Draw the page."""
    with page_of_case() as desk:
        compare(desk)


def compare(desk: Desk) -> None:
    """What the cases are worth, what each decides, in which inputs they differ."""
    columns = kept_cases.columns(desk)
    found = [answers.answer(column.case) for column in columns]
    plans = [(c.head, f) for c, f in zip(columns, found, strict=True) if isinstance(f, Allocation)]
    st.subheader(plain(finding(plans)) if plans else "None of these cases has a plan", anchor=False)
    compare_controls.show(desk)
    if len(columns) == 1:
        st.info(ALONE, icon=":material/compare_arrows:")
    if plans:
        show(npv_by_use_figure(plans))
    _answers(columns, found)
    if len(columns) > 1:
        _inputs(columns)


def _answers(columns: Sequence[Column], found: Sequence[Allocation | answers.Conflict | answers.Failure]) -> None:
    jobs = [answers.explanation_job(f) if isinstance(f, Allocation) else None for f in found]
    kept_cases.now_working_on(tuple(job for job in jobs if job is not None))
    answered = [_answered(c, f, job) for c, f, job in zip(columns, found, jobs, strict=True)]
    st.markdown("**What each case decides**")
    st.markdown("\n".join(_decision(c, f, a) for c, f, a in zip(columns, found, answered, strict=True)))
    if all(a.plan is None for a in answered):
        return
    rows = compared_figures.figure_rows(answered)
    st.markdown(f"**What each is worth** :gray[{_differences(columns)}]")
    heads = [column.head for column in columns]
    show_table(
        "compared-figures", compared_figures.printed(rows, answered), heads, compared_figures.full(rows, answered)
    )
    for answer, job in zip(answered, jobs, strict=True):
        if reason := failure_of(job):
            st.caption(plain(f"{answer.head}: NPV over mining only could not be worked out: {reason}"))
    if waiting := [job for job, a in zip(jobs, answered, strict=True) if job is not None and a.awaited]:
        redraw_when_done(waiting, "Working out what each plan is worth over mining only …")


def _answered(column: Column, found: Any, job: Future[Any] | None) -> Answered:
    if job is None:
        return Answered(column.head, None)
    if not job.done() or job.cancelled():
        return Answered(column.head, found, awaited=True)
    return Answered(column.head, found, None if failure_of(job) else job.result())


def _decision(column: Column, found: Any, answered: Answered) -> str:
    if isinstance(found, answers.Conflict):
        why = " ".join(found.sentences[:2])
    elif isinstance(found, answers.Failure):
        why = found.reason
    else:
        why = headline(found, answered.explanation)
    return f"- **{plain(column.head)}**: {plain(why)}"


def _differences(columns: Sequence[Column]) -> str:
    return plain(f"in brackets the difference to {columns[0].head}" if len(columns) > 1 else "")


def _inputs(columns: Sequence[Column]) -> None:
    rows = input_rows([column.case for column in columns])
    st.markdown("**In which inputs they differ**")
    words, switch = st.columns([3, 1], vertical_alignment="center")
    words.markdown(plain(summary(rows, len(columns))))
    every = switch.toggle("Show every input", key=kept_cases.EVERY_INPUT)
    shown = rows if every else [row for row in rows if row.differs]
    if shown:
        compared_inputs.show(shown, [column.head for column in columns])


if __name__ == "__main__":
    page()
