"""What page Risk is asked: how many futures, which, at which weight on the tail; and the wait for its answer."""

from __future__ import annotations

import streamlit as st

from allocator.case import Case
from allocator.formats import table_money
from allocator.risk.answer import REFERENCE_WEIGHT, WEIGHTS, RiskAnswer, RiskMix
from allocator.risk.words import share
from allocator.ui import state
from allocator.ui.risk_answers import Asked, RiskJob, Unattainable
from allocator.ui.terms import plain
from allocator.ui.waiting import LOOK_EVERY_SECONDS

PATHS, SEED, WEIGHT, STOPPED = "risk_paths", "risk_seed", "risk_weight", "risk_stopped"
CHOICES_OF_PATHS = (1_000, 10_000, 20_000, 50_000)
USUAL_PATHS, USUAL_SEED = 10_000, 1
LARGEST_SEED = 2**53 - 1
"""What a browser holds exactly."""
ROUNDED_USD = 1e5


def asked(case: Case) -> Asked:
    """Draw how many futures and which, and read them."""
    left, middle, right = st.columns([5, 2, 5], gap="medium")
    paths, seed = state.choice(PATHS, USUAL_PATHS), state.choice(SEED, USUAL_SEED)
    state.offer_to_widget(PATHS, paths)
    left.segmented_control(
        "Futures",
        CHOICES_OF_PATHS,
        key=PATHS,
        format_func=lambda count: f"{count:,}",
        required=True,
        help="Random futures on which mixes are sought; as many fresh ones, 10,000 at least, value them. More narrow "
        "the standard errors: four times as many halve them. A choice of this page, no input of the case.",
        on_change=state.take_choice,
        args=(PATHS,),
    )
    state.offer_to_widget(SEED, seed)
    middle.number_input(
        "Seed",
        key=SEED,
        min_value=0,
        max_value=LARGEST_SEED,
        step=1,
        help="The same seed draws the same futures. A choice of this page, no input of the case.",
        on_change=state.take_choice,
        args=(SEED,),
    )
    with right:
        _weight()
    return Asked(case, int(paths), int(seed))


def _weight() -> None:
    state.offer_to_widget(WEIGHT, state.choice(WEIGHT, REFERENCE_WEIGHT))
    st.select_slider(
        "Weight on the tail",
        WEIGHTS,
        key=WEIGHT,
        format_func=share,
        help="The best mix of (1 - weight) x mean NPV + weight x CVaR. 0 %: the mean alone; 100 %: nothing but the "
        "worst futures. Arrow keys move it; a click on the frontier does too.",
        on_change=state.take_choice,
        args=(WEIGHT,),
    )


def chosen_mix(answer: RiskAnswer) -> RiskMix:
    """The mix at the weight that was chosen."""
    weight = state.choice(WEIGHT, REFERENCE_WEIGHT)
    return min(answer.mixes, key=lambda mix: abs(mix.sought.risk_weight - weight))


def is_stopped(question: Asked) -> bool:
    """Whether the reader stopped the work on this very question; says so and offers to begin again."""
    if state.choice(STOPPED, "") != question.key:
        return False
    st.info("Stopped. The other pages are not affected.", icon=":material/stop_circle:")
    st.button(
        "Work it out",
        key="risk_resume",
        type="primary",
        icon=":material/play_arrow:",
        on_click=state.choose,
        args=(STOPPED, ""),
    )
    return True


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def wait_for(job: RiskJob, question: Asked) -> None:
    """How far the work has come, with a button that stops it; the page is drawn again when it ends."""
    if job.done() or job.stopped:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="bottom")
    bar.progress(job.share, f":material/hourglass_top: {plain(job.words[:1].upper() + job.words[1:])} …")
    button.button(
        "Stop",
        key="risk_stop",
        icon=":material/stop:",
        width="stretch",
        on_click=_stop,
        args=(job, question),
    )


def _stop(job: RiskJob, question: Asked) -> None:
    if not job.done():
        state.choose(STOPPED, question.key)
        job.cancel()


def unattainable(found: Unattainable) -> None:
    """The CVaR that is asked for cannot be had: how much can, and the field to change."""
    most = ROUNDED_USD * (found.most_usd // ROUNDED_USD)
    asked_words, most_words = table_money(found.asked_usd), table_money(most)
    st.error(
        plain(
            f"The case asks for a CVaR of {asked_words} at least; the most that any plan has is "
            f"{table_money(found.most_usd)}. In the side, under Risk, lower Least CVaR or leave it empty"
        )
        + " (`risk.least_cvar_usd`).",
        title="No plan has the CVaR that is asked for",
        icon=":material/block:",
    )
    st.markdown("**Repair it**")
    for key, words, value in (
        ("repair_least_cvar_none", "Ask for no least CVaR", None),
        ("repair_least_cvar_most", plain(f"Ask for {most_words}"), most),
    ):
        st.button(words, key=key, icon=":material/build:", on_click=state.repair, args=("risk.least_cvar_usd", value))
