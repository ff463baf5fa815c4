"""The offers that a plan takes, as a banker reads them, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from allocator.formats import percent, rent, table_money
from allocator.offers import OfferTerms
from allocator.term_lines import NO_FIGURE, footing, points

LATE_MONTHS = (6, 12)


def term_block(terms: OfferTerms) -> Group:
    """The offer, its rent, yield, debt, cover, its deal's own notes, equity and what a delay costs: a line each."""
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, words in _rows(terms):
        table.add_row(label, Text(words))
    head = Text(terms.sheet.lease.name, style="bold")
    return Group(head + Text(f"  {footing(terms)}", style="dim"), table)


def _rows(terms: OfferTerms) -> Iterator[tuple[str, str]]:
    lease, s, v = terms.sheet.lease, terms.sheet.sponsor, terms.sheet.lender
    longer = s.contract_value_with_renewals_usd > s.contract_value_usd
    renewed = f", {table_money(s.contract_value_with_renewals_usd)} with renewals" if longer else ""
    mean = f"{rent(s.first_year_rent_usd_per_kw_month)} in year one, {s.average_rent_usd_per_kw_month:,.2f} mean"
    yield "contract", f"{table_money(s.contract_value_usd)}{renewed}; {mean}"
    if s.development_spread is None:
        yield "yield on cost", s.yield_reason
    else:
        both = f"{percent(s.yield_on_sponsor_cost)} on construction, {percent(s.yield_on_funded_cost)} funded"
        side = "over" if s.development_spread >= 0 else "under"
        yield (
            "yield on cost",
            f"{both}, {points(s.development_spread)} {side} a cap rate of {percent(lease.exit_cap_rate)}",
        )
    if v.debt_yield is None:
        yield "debt", v.debt_yield_reason
    else:
        size = f"{table_money(v.debt_usd)}, {percent(v.ltc_achieved)} of cost, limited by {v.sized_by}"
        yield "debt", f"{size}; debt yield {percent(v.debt_yield)}"
    if v.minimum_dscr is None or v.average_dscr is None or v.level_first_year_cover is None:
        yield "cover", v.cover_reason
    else:
        service = f"{v.minimum_dscr:.2f}x at least, {v.average_dscr:.2f}x on average ({lease.amortisation})"
        yield "cover", f"{service}; {v.level_first_year_cover:.2f}x in year one if paid level"
    if (notes := terms.notes) is not None:
        paid = f"level {table_money(notes.level_payment_usd_per_year)} a year, {notes.first_year_level_cover:.2f}x"
        cover = f"{paid}; sculpted {notes.sculpted_cover:.2f}x"
        yielded = f"yield {percent(notes.debt_yield)}"
        yield (
            "signed notes",
            f"{table_money(notes.debt_usd)} at {notes.coupon_per_year * 100:.3f} %: {cover}; {yielded}",
        )
    multiple = NO_FIGURE if s.equity_moic is None else f"{s.equity_moic:.1f}x"
    yield "equity", f"{table_money(s.peak_equity_usd)} at its peak, MOIC {multiple}, IRR {percent(s.irr_equity)}"
    worth = dict(s.npv_by_delay_usd)
    late = [f"{months} months late {table_money(worth[months])}" for months in LATE_MONTHS]
    yield "NPV", f"{table_money(s.npv_usd)}; {', '.join(late)}"
