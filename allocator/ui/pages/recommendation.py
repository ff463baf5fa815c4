"""Recommendation: the decision, what it is worth, what limits it, what would change it."""

from __future__ import annotations

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.sentences import decision, headline
from allocator.ui import (
    answers,
    bridge_chart,
    deals,
    downloads,
    limits_chart,
    metrics,
    mix_table,
    notes,
    rents_chart,
    schedule_chart,
    state,
)
from allocator.ui.figure import show
from allocator.ui.frame import page_of_plan
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done


def page() -> None:
    """Draw the page."""
    page_of_plan(recommendation)


def recommendation(plan: Allocation) -> None:
    """The plan at once; its explanation as soon as the background has it."""
    job = answers.explanation_job(plan)
    state.now_working_on(job)
    reason = downloads.failure_of(job)
    explanation = job.result() if job.done() and not job.cancelled() and not reason else None
    _sentences(plan, explanation)
    metrics.show(plan, explanation)
    show(schedule_chart.schedule_figure(plan))
    left, right = st.columns(2, gap="medium")
    with left:
        show(bridge_chart.bridge_figure(plan))
    with right:
        if explanation:
            show(limits_chart.limits_figure(explanation))
        elif reason:
            st.warning(plain(reason), title="What binds could not be worked out")
        else:
            redraw_when_done([job], "Working out what each limit is worth and where each offer turns …")
    if explanation and (rents := rents_chart.rents_figure(explanation)):
        show(rents)
        st.caption(plain(deals.NOTE))
    st.markdown("**The mix**")
    mix_table.show(plan)
    writing = downloads.show(plan, explanation)
    if writing:
        redraw_when_done([writing], "Writing the board pack …")
    notes.show(plan)


def _sentences(plan: Allocation, explanation: Explanation | None) -> None:
    """The decision large; what makes it fragile before it, what would change it and what limits it below."""
    first = headline(plan, explanation)
    said = decision(plan, explanation) if explanation else [first]
    at = said.index(first)
    for sentence in said[:at]:
        st.warning(plain(sentence), icon=":material/warning:")
    st.subheader(plain(first), anchor=False)
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in said[at + 1 :]))


if __name__ == "__main__":
    page()
