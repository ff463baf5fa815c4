"""Why: what limits the plan, what would turn it, what is nearly as good, what becomes of it when things go wrong."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.sentences import headline
from allocator.ui import (
    answers,
    deals,
    downloads,
    flip_map_section,
    limits_by_quarter,
    limits_chart,
    near_chart,
    rents_chart,
    state,
    stress_section,
    turning_table,
    twins_row,
)
from allocator.ui.figure import show
from allocator.ui.frame import page_of_plan
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done

LIMITS, TURNS, MAP, NEAR, STRESSES = (
    "What limits it",
    "What would turn it",
    "Where it turns",
    "Nearly as good",
    "When things go wrong",
)


def page() -> None:
    """Draw the page."""
    page_of_plan(why)


def why(plan: Allocation) -> None:
    """The decision beside its twins, then a tab a question; only the open one is drawn."""
    job = answers.explanation_job(plan)
    state.now_working_on(job)
    reason = downloads.failure_of(job)
    explanation = job.result() if job.done() and not job.cancelled() and not reason else None
    st.subheader(plain(headline(plan, explanation)), anchor=False)
    twins_row.show(plan, explanation)
    if reason:
        st.warning(plain(reason), title="What the plan rests on could not be worked out")
    sections: dict[str, Callable[[Explanation], None]] = {
        LIMITS: lambda known: _limits(plan, known),
        TURNS: lambda known: _turns(plan, known),
        MAP: lambda _: None,
        NEAR: lambda known: near_chart.show_near(known, plan.npv_usd),
        STRESSES: lambda known: stress_section.show(plan, known),
    }
    waiting = explanation is None and not reason
    for tab, (name, draw) in zip(
        st.tabs(list(sections), key=state.WHY_TAB, on_change="rerun"), sections.items(), strict=True
    ):
        if tab.open:
            with tab:
                if name == MAP:
                    flip_map_section.show(plan)
                elif explanation:
                    draw(explanation)
    if waiting:
        redraw_when_done(
            [job], "Working out what each limit is worth, where each offer turns, what is nearly as good …"
        )


def _limits(plan: Allocation, explanation: Explanation) -> None:
    show(limits_chart.limits_figure(explanation))
    limits_by_quarter.show_sides(explanation)
    limits_by_quarter.show_by_quarter(plan, explanation)


def _turns(plan: Allocation, explanation: Explanation) -> None:
    turning_table.show(plan, explanation)
    if rents := rents_chart.rents_figure(explanation):
        show(rents)
        st.caption(plain(deals.NOTE))


if __name__ == "__main__":
    page()
