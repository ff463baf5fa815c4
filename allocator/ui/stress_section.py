"""What becomes of the plan when something goes wrong: a row a named stress."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.formats import table_money
from allocator.sentences import worst_stress
from allocator.stress_table import StressOutcome
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.terms import plain

SAME_USD = 1_000.0
HINT = (
    "To ask for a plan that survives some of them: in the side, under Policy, choose them under *Must survive* and say "
    "how much cash must be left and what cover is asked in each (`policy.stresses`, `policy.minimum_cash_usd`, "
    "`policy.minimum_cover`). The plan is then the best one that does."
)


def stress_table(outcomes: tuple[StressOutcome, ...]) -> pd.DataFrame:
    """One row a stress, in words and units."""
    return pd.DataFrame(
        [
            {
                "if": found.words,
                "the plan is worth": table_money(found.npv_usd),
                "change": change_words(found.change_usd),
                "lowest cash": _cash(found.least_cash_usd),
                "lowest cover": _cover(found.least_cover),
                "best plan, had it been known": DASH if found.best_npv_usd is None else table_money(found.best_npv_usd),
                "regret": _regret(found),
            }
            for found in outcomes
        ]
    )


def stress_data(outcomes: tuple[StressOutcome, ...]) -> pd.DataFrame:
    """The same in numbers."""
    return pd.DataFrame(
        [
            {
                "stress": found.stress.value,
                "words": found.words,
                "npv_usd": found.npv_usd,
                "change_usd": found.change_usd,
                "least_cash_usd": found.least_cash_usd,
                "least_cover": found.least_cover,
                "best_npv_usd": found.best_npv_usd,
                "regret_usd": found.regret_usd,
            }
            for found in outcomes
        ]
    )


def change_words(usd: float) -> str:
    """A difference with its sign; "none" below a thousand dollars."""
    if abs(usd) < SAME_USD:
        return "none"
    return f"{'+' if usd > 0 else ''}{table_money(usd)}"


def _cash(usd: float | None) -> str:
    if usd is None:
        return "capital without limit"
    return f"{table_money(usd)}: cash runs out" if usd < 0 else table_money(usd)


def _cover(cover: float | None) -> str:
    if cover is None:
        return "no debt"
    return f"{cover:.2f}x: debt not covered" if cover < 1.0 else f"{cover:.2f}x"


def _regret(found: StressOutcome) -> str:
    if found.regret_usd is None:
        return "no plan then"
    if found.best_npv_usd is not None and found.best_npv_usd < found.npv_usd - SAME_USD:
        return "not payable as it is"
    return "none" if found.regret_usd < SAME_USD else table_money(found.regret_usd)


def finding(explanation: Explanation) -> str:
    """What the stresses do to the plan, in one line."""
    outcomes = explanation.stresses
    worse = [found for found in outcomes if found.change_usd < -SAME_USD]
    lost = [found for found in outcomes if found.npv_usd < 0]
    start = f"{len(worse)} of {len(outcomes)} named stresses {'costs' if len(worse) == 1 else 'cost'} the plan money"
    if lost:
        return f"{start}; in {len(lost)} of them it is worth less than doing nothing"
    return f"{start}; in none of them is it worth less than doing nothing"


def show(plan: Allocation, explanation: Explanation) -> None:
    """Draw it in the current container."""
    outcomes = explanation.stresses
    if not outcomes:
        st.info("The named stresses were not worked out.")
        return
    st.markdown(f"**{plain(finding(explanation))}**  \n:gray[The same mix, kept as it is, in a worse world]")
    figures = ("the plan is worth", "change", "lowest cash", "lowest cover", "best plan, had it been known", "regret")
    show_table("stresses", stress_table(outcomes), figures, stress_data(outcomes))
    for sentence in worst_stress(explanation):
        st.markdown(f"- {plain(sentence)}")
    if any(found.best_npv_usd is not None and found.best_npv_usd < found.npv_usd - SAME_USD for found in outcomes):
        st.markdown(
            "- *Not payable as it is*: the mix as it is would be worth more than the best plan had it been known, "
            "because under the stress it breaks a limit of the case, capital most of all."
        )
    asked = ", ".join(str(stress) for stress in plan.case.policy.stresses)
    st.info(f"This plan must already survive: {plain(asked)}. {HINT}" if asked else HINT, icon=":material/shield:")
