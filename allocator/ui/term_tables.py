"""A term sheet as a banker reads it: sponsor, lender and tenant side by side, sources beside uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from allocator.formats import money, percent
from allocator.offers import OfferTerms
from allocator.term_lines import (
    TermLine,
    lender_lines,
    notes_lines,
    source_lines,
    sponsor_lines,
    tenant_lines,
    use_lines,
)
from allocator.ui.terms import plain


def show(terms: OfferTerms) -> None:
    """Three columns: the sponsor's figures, the lender's, and the tenant's above sources and uses."""
    with st.container(key="term_sheet"):
        sponsor, lender, tenant = st.columns(3, gap="medium")
        with sponsor:
            _view("Sponsor", list(sponsor_lines(terms)))
        with lender:
            _view("Lender", list(lender_lines(terms)))
            if terms.notes is not None:
                _view(f"Published notes ({plain(terms.sheet.lease.signed_deal)})", list(notes_lines(terms)))
        with tenant:
            _view("Tenant", list(tenant_lines(terms)))
            st.markdown(funding_table(terms))


def _view(title: str, lines: Sequence[TermLine]) -> None:
    st.markdown(term_table(title, lines))
    if missing := missing_words(lines):
        st.caption(plain(missing))


def term_table(title: str, lines: Iterable[TermLine]) -> str:
    """One view as a Markdown table."""
    rows = [f"| {_label(line)} | {plain(line.shown)} |" for line in lines]
    return "\n".join([f"| **{title}** | |", "| :--- | ---: |", *rows])


def _label(line: TermLine) -> str:
    """A label; one that goes on from the line above is indented."""
    return f"&emsp;{plain(line.label)}" if line.label[:1].islower() else plain(line.label)


def missing_words(lines: Iterable[TermLine]) -> str:
    """Why figures are missing, each reason once."""
    reasons = dict.fromkeys(line.reason for line in lines if line.value is None and line.reason)
    return "; ".join(reasons)


def funding_table(terms: OfferTerms) -> str:
    """Uses and sources of one critical IT MW as a Markdown table, with shares; lines of nothing are left out."""
    total = terms.sheet.funding.uses_usd
    parts = [_funding_rows("Uses", use_lines(terms), total), _funding_rows("Sources", source_lines(terms), total)]
    return "\n".join(
        ["| **Sources and uses** | **per critical IT MW** | |", "| :--- | ---: | ---: |", *parts[0], *parts[1]]
    )


def _funding_rows(title: str, lines: Iterable[TermLine], total: float) -> list[str]:
    rows = []
    for line in lines:
        if isinstance(line.value, float) and line.value:
            share = percent(line.value / total) if total else "–"
            rows.append(f"| {plain(line.label)} | {plain(line.shown)} | {plain(share)} |")
    return [*rows, f"| **{title}** | **{plain(money(total))}** | |"]


def show_meanings(terms: OfferTerms) -> None:
    """Every figure with how it is made."""
    notes = (notes_lines,) if terms.notes is not None else ()
    views = (sponsor_lines, lender_lines, *notes, tenant_lines, use_lines, source_lines)
    rows = [f"| {plain(line.label)} | {plain(line.meaning)} |" for view in views for line in view(terms)]
    st.markdown("\n".join(["| Figure | What it is |", "| :--- | :--- |", *rows]))
