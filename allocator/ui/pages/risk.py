"""Risk: what mixes are worth over many futures, what makes their tail, what knowing more and waiting are worth."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from allocator.allocation import Allocation
from allocator.formats import megawatts, percent, table_money
from allocator.risk.answer import RiskAnswer, RiskMix
from allocator.risk.report import mining_now
from allocator.risk.words import decision, hosted_mw, share
from allocator.ui import (
    answers,
    cash_fan_chart,
    downloads,
    frontier_chart,
    information_section,
    mix_table,
    risk_answers,
    risk_controls,
    risk_stresses,
    state,
    tail_charts,
    tornado_chart,
    trouble,
    waiting_section,
    worth_chart,
)
from allocator.ui.figure import show, show_figures
from allocator.ui.frame import page_of_plan
from allocator.ui.markdown_table import unbroken
from allocator.ui.risk_answers import Asked
from allocator.ui.terms import plain
from allocator.ui.waiting import redraw_when_done

FRONTIER, FUTURES, TAIL, STRESSES, INFORMATION, WAITING = (
    "Mean against tail",
    "How it may turn out",
    "What makes the tail",
    "When things go wrong",
    "What knowing is worth",
    "What waiting is worth",
)


def page() -> None:
    """Draw the page."""
    page_of_plan(risk)


def risk(plan: Allocation) -> None:
    """The controls, then the answer or the wait for it."""
    asked = risk_controls.asked(plan.case)
    if risk_controls.is_stopped(asked):
        return
    job = risk_answers.risk_job(asked)
    state.now_working_on(job, state.ASSESSING)
    if not job.done():
        risk_controls.wait_for(job, asked)
        return
    outcome = job.outcome()
    if isinstance(outcome, risk_answers.Unattainable):
        risk_controls.unattainable(outcome)
    elif isinstance(outcome, answers.Failure):
        trouble.failure(outcome)
    else:
        known(asked, outcome)


def known(asked: Asked, answer: RiskAnswer) -> None:
    """The chosen mix in a sentence and in figures, then a tab a question; only the open one is drawn."""
    mix = risk_controls.chosen_mix(answer)
    st.subheader(plain(unbroken(decision(answer, mix))), anchor=False)
    _figures(answer, mix)
    finance = answer.case.finance
    st.caption(
        f"Every value on this page is at one rate, {percent(finance.discount_rate_risk)} "
        f"(`finance.discount_rate_risk`), over {answer.fresh.paths:,} fresh futures on which nothing was sought: "
        f"risk is in the futures. Elsewhere it is in two rates, mining {percent(finance.discount_rate_mining)} "
        f"and hosting {percent(finance.discount_rate_hosting)}; *{INFORMATION}* leads from one to the other."
    )
    sections: dict[str, Callable[[], None]] = {
        FRONTIER: lambda: _frontier(answer, mix),
        FUTURES: lambda: _futures(asked, answer, mix),
        TAIL: lambda: _tail(asked, answer, mix),
        STRESSES: lambda: risk_stresses.show_stresses(answer, mix),
        INFORMATION: lambda: information_section.show_information(answer),
        WAITING: lambda: waiting_section.show_waiting(answer),
    }
    tabs = st.tabs(list(sections), key=state.RISK_TAB, on_change="rerun")
    for tab, draw in zip(tabs, sections.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _figures(answer: RiskAnswer, mix: RiskMix) -> None:
    fresh = mix.fresh
    tail = share(1 - answer.case.risk.tail_level)
    found = [
        ("Mean NPV", table_money(fresh.mean_usd), f"± {table_money(fresh.mean_error_usd)} s.e.", "Over all futures."),
        (
            "CVaR",
            table_money(fresh.cvar_usd),
            f"± {table_money(fresh.cvar_error_usd)} s.e.",
            f"Mean NPV of the worst {tail} of futures.",
        ),
        (
            "Loss in",
            percent(fresh.probability_of_loss),
            f"± {percent(fresh.probability_error)} s.e.",
            "Share of futures in which the mix is worth less than doing nothing.",
        ),
        ("Leased", megawatts(hosted_mw(mix)), "facility", "Facility MW of every offer that the mix takes."),
        ("Mines now", megawatts(mining_now(answer, mix)), "facility", "Facility MW that mine in the first quarter."),
    ]
    for column, (label, value, below, meaning) in zip(st.columns(len(found), gap="small"), found, strict=True):
        column.metric(
            label, plain(value), plain(below), delta_color="off", delta_arrow="off", help=meaning, border=True
        )


def _frontier(answer: RiskAnswer, mix: RiskMix) -> None:
    frontier_chart.show_frontier(answer, mix)
    st.markdown(
        f"**The mix at a weight of {share(mix.sought.risk_weight)}**  \n:gray[NPV: mean over the "
        f"{answer.values.paths:,} futures on which it was sought]"
    )
    mix_table.show_lines(mix_table.lines_table(mix.mix, answer.case.timeline), "risk_mix", "mean NPV")


def _futures(asked: Asked, answer: RiskAnswer, mix: RiskMix) -> None:
    show(worth_chart.worth_figure(answer, mix))
    job = risk_answers.fan_job(asked, answer, mix)
    state.now_working_on(job, state.FANNING)
    if reason := downloads.failure_of(job):
        st.warning(plain(reason), title="Cash flow by year could not be worked out")
    elif job.done():
        show(cash_fan_chart.fan_figure(answer.case, job.result()))
    else:
        redraw_when_done([job], "Working out cash flow by year …")


def _tail(asked: Asked, answer: RiskAnswer, mix: RiskMix) -> None:
    parts = tail_charts.parts_figure(answer.case, answer.parts(mix))
    job = risk_answers.tail_job(asked, answer, mix)
    state.now_working_on(job, state.ATTRIBUTING)
    if job.done() and not downloads.failure_of(job):
        figures = job.result()
        show_figures(tail_charts.causes_figure(answer.case, figures.causes), parts)
        show(tornado_chart.swings_figure(mix, figures.swings))
        return
    show(parts)
    if reason := downloads.failure_of(job):
        st.warning(plain(reason), title="What makes the tail could not be worked out")
    else:
        redraw_when_done([job], "Letting each uncertainty loose in every order …")


if __name__ == "__main__":
    page()
