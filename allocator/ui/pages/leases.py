"""Leases: the term sheet of each offer as its sponsor, lender and tenant read it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from allocator.offers import OfferTerms
from allocator.term_lines import finding, footing
from allocator.ui import answers, cover_chart, deals, delay_chart, state, term_tables
from allocator.ui.figure import show, show_figures
from allocator.ui.frame import page_of_case
from allocator.ui.terms import plain


def page() -> None:
    """Draw the page; it needs no plan, only says where one is missing."""
    with page_of_case() as desk:
        found = answers.answer(desk.case)
        plan = None
        if isinstance(found, answers.Conflict):
            said = f"{found.sentences[0]} Each offer is quoted from its earliest start; Recommendation shows a repair."
            st.warning(plain(said), icon=":material/warning:")
        elif isinstance(found, answers.Failure):
            said = f"{found.reason}. Each offer is quoted from its earliest start."
            st.warning(plain(said), icon=":material/warning:")
        else:
            plan = found
        if sheets := answers.term_sheets(desk.case, plan):
            term_sheet(_chosen(sheets))
        else:
            st.info("This case has no offer of a lease. Open another case, or add an offer at the side.")


def _chosen(sheets: Sequence[OfferTerms]) -> OfferTerms:
    """The offer asked for; until one is, the first that the plan takes."""
    names = [terms.sheet.lease.name for terms in sheets]
    taken = next((terms.sheet.lease.name for terms in sheets if terms.taken_mw > 0), names[0])
    asked = state.offer_shown()
    now = asked if asked in names else taken
    if len(sheets) > 1:
        state.offer_to_widget(state.OFFER, now)
        st.segmented_control("Offer", names, key=state.OFFER, on_change=state.show_offer, required=True)
    return sheets[names.index(now)]


def term_sheet(terms: OfferTerms) -> None:
    """One offer, from the sentence to the charts."""
    st.subheader(plain(finding(terms)), anchor=False)
    st.caption(plain(f"Figures of the {footing(terms)}; totals are of the whole offer."))
    term_tables.show(terms)
    show(cover_chart.cover_figure(terms))
    show_figures(delay_chart.delay_figure(terms))
    deals.show(terms.sheet.lease)
    with st.expander("What each figure is", key="term_meanings"):
        term_tables.show_meanings(terms)


if __name__ == "__main__":
    page()
