"""What every page of a case has around it: style, whose case it is, edits that wait, the side with its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from allocator.allocation import Allocation
from allocator.formats import day
from allocator.ui import answers, sidebar, state, trouble
from allocator.ui.desk import Desk
from allocator.ui.style import apply_style
from allocator.ui.terms import plain


@contextmanager
def page_of_case() -> Iterator[Desk]:
    """The frame of a page that shows the reader's case, with or without a plan of it.

    The side is drawn last, so that an edit shows in the figures before its seventy widgets are drawn again.
    """
    apply_style()
    desk = state.desk()
    case = desk.case
    st.caption(f"{plain(case.name)} · valued {day(case.valuation_date)} · {case.horizon_years} years")
    trouble.refused_edits(desk)
    yield desk
    with st.sidebar:
        sidebar.show(desk)


def page_of_plan(draw: Callable[[Allocation], None]) -> None:
    """A page that shows the plan of the reader's case; where there is none, it says why and offers a way out."""
    with page_of_case() as desk:
        found = answers.answer(desk.case)
        if isinstance(found, answers.Conflict):
            trouble.conflict(found, desk.case)
        elif isinstance(found, answers.Failure):
            trouble.failure(found)
        else:
            draw(found)
