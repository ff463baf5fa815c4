"""Method: how the figures come about, where the inputs come from, what is left out, how far to trust the answer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from allocator.allocation import Allocation
from allocator.case import Case
from allocator.method_words import CONVENTIONS, FORMULAE, GLOSSARY, LIMITS, PACK_CONVENTIONS, TRUST, Words
from allocator.ui import answers, certificate_table, sources_table
from allocator.ui.frame import page_of_case
from allocator.ui.markdown_table import show_table
from allocator.ui.method_formulae import NOTATION
from allocator.ui.terms import plain
from allocator.ui.worked_figures import worked
from allocator.workbook.constants import CONSTANTS
from models.deals import deals
from models.machines import catalogue

NO_BREAK = "\N{NO-BREAK SPACE}"
# Numbers that only the workbook's formulae need a name for (a string here would be drawn on the page).
OF_CELLS = frozenset({"usd_per_million", "s_curve_square", "s_curve_cube", "two", "label_length"})
SECTIONS = ("Formulae", "Conventions", "Sources", "Limits", "How to trust it", "Glossary")


def page() -> None:
    """Draw the page; it needs no plan, only says where one is missing."""
    with page_of_case() as desk:
        found = answers.answer(desk.case)
        plan = found if isinstance(found, Allocation) else None
        st.subheader(plain(_finding(desk.case, plan)), anchor=False)
        if plan is None:
            st.warning("This case has no plan; Recommendation says why. What follows needs none.")
        method(desk.case, plan)


def method(case: Case, plan: Allocation | None) -> None:
    """A tab a subject."""
    formulae, conventions, sources, limits, trust, glossary = st.tabs(SECTIONS, key="method_tab")
    with formulae:
        _formulae(worked(case, plan))
    with conventions:
        _words("conventions", "Convention", CONVENTIONS)
        _words("pack_conventions", "In the board pack", PACK_CONVENTIONS)
        st.markdown("**Numbers that no case sets**  \n:gray[Unit conversions, rules of Bitcoin and of tax, tolerances]")
        _constants()
    with sources:
        sources_table.show(case)
        st.markdown(_tables_behind())
    with limits:
        st.markdown("**What the model leaves out**, in the order in which it matters")
        _words("limits", "Subject", LIMITS)
        st.caption("None of it is advice.")
    with trust:
        _trust(plan)
    with glossary:
        _words("glossary", "Term", GLOSSARY)


def _finding(case: Case, plan: Allocation | None) -> str:
    table = sources_table.sources_table(case)
    known = int(table["status"].isin(["sourced", "derived"]).sum())
    checked = f"; the plan checks to {plan.certificate.worst:.0e}" if plan else ""
    return f"{known} of {len(table)} inputs are published or derived, the rest assumed{checked}"


def _formulae(figures: dict[str, str]) -> None:
    st.caption(
        "In words as on sheet Method of the board pack, in notation, and in this case's figures where it has some."
    )
    for name, words in FORMULAE:
        with st.container(border=True, key=f"formula_{name.lower().replace(' ', '_')}"):
            st.markdown(f"**{plain(name)}**  \n{plain(words)}")
            if name in NOTATION:
                st.latex(NOTATION[name])
            if name in figures:
                st.markdown(f":gray[Here:] {plain(figures[name])}")


def _words(key: str, head: str, words: Words) -> None:
    """Terms and what they mean."""
    rows = [f"| **{plain(word).replace(' ', NO_BREAK)}** | {plain(meaning)} |" for word, meaning in words]
    with st.container(key=f"printed_{key}"):
        st.markdown("\n".join([f"| {head} | |", "| :--- | :--- |", *rows]))


def _constants() -> None:
    listed = [c for c in CONSTANTS if c.name not in OF_CELLS]
    data = pd.DataFrame([{"name": c.name, "value": str(c.value), "meaning": c.meaning} for c in listed])
    shown = pd.DataFrame([{"Meaning": c.meaning, "Value": _number(c.value)} for c in listed])
    show_table("constants", shown, ["Value"], data)


def _number(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def _tables_behind() -> str:
    machines, signed = catalogue(), deals()
    priced = sum(bool(machine.price_date) for machine in machines)
    return (
        "**Tables behind the inputs**, each row with its own source:  \n"
        f"- {len(machines)} machines, {priced} with a dated price: page Market, *Machines*\n"
        f"- {len(signed)} signed and announced deals: page Leases, and sheet Deals of the board pack\n"
        "- dated observations of the network, on which its response was tried: page Market, *Does the response hold?*"
    )


def _trust(plan: Allocation | None) -> None:
    if plan is not None:
        table = certificate_table.certificate_table(plan)
        size = f"{len(plan.program.columns.names):,} columns, {len(plan.program.form.row_lower):,} rows"
        st.markdown(
            f"**The certificate of this plan** :gray[relative errors, by products of our own; {plan.solver}, {size}]"
        )
        show_table("certificate", certificate_table.printed(table), ["Found", "Allowed"], table)
    _words("trust", "How answers are checked", TRUST)


if __name__ == "__main__":
    page()
