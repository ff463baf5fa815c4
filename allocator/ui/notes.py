"""Notes below the answer: rates, checks, what is assumed without a source, what lies outside signed deals."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from allocator.allocation import Allocation
from allocator.case import Case, Input, inputs
from allocator.comparison import outside_sentences
from allocator.formats import day, percent
from allocator.ui import terms


def unsourced(case: Case) -> list[Input]:
    """Figures of the case that are assumptions without a source."""
    return [
        i
        for i in inputs(case)
        if i.status == "assumed" and isinstance(i.value, (int, float)) and not isinstance(i.value, bool)
    ]


def notes(plan: Allocation) -> Iterator[str]:
    """One sentence each."""
    case, finance = plan.case, plan.case.finance
    rates = f"Mining at {percent(finance.discount_rate_mining)}, hosting at {percent(finance.discount_rate_hosting)}"
    yield f"Valued {day(case.valuation_date)} in nominal USD over {case.horizon_years} years."
    yield f"{rates}, unlevered, after {percent(finance.tax_rate)} tax."
    yield from outside_sentences(case)
    if plan.irr_reason:
        yield plan.irr_reason[:1].upper() + plan.irr_reason[1:] + "."
    checked = plan.certificate
    worst = max(checked.primal_residual, checked.dual_residual, checked.duality_gap)
    yield f"Checked: {plan.solver} residuals and gap {worst:.0e}, ledger against statement {checked.ledger_error:.0e}."


def show(plan: Allocation) -> None:
    """Draw them in the current container."""
    st.markdown("**Notes**\n\n" + "\n".join(f"- {terms.plain(note)}" for note in notes(plan)))
    bare = unsourced(plan.case)
    every = sum(1 for _ in inputs(plan.case))
    with st.expander(f"{len(bare)} of {every} inputs are assumptions without a source", key="unsourced"):
        st.dataframe(
            [
                {
                    "input": item.path,
                    "meaning": item.declaration.meaning,
                    "value": terms.in_words(terms.field_name(item.path), item.declaration.unit, item.value),
                    "what is known": item.source or "nothing stated",
                }
                for item in bare
            ],
            hide_index=True,
            width="stretch",
            key="unsourced_table",
        )
