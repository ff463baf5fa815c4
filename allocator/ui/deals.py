"""Beside the signed deals: an offer's measures with their bands, its own deal's notes, every deal with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from allocator.comparison import links
from allocator.formats import comparison_figure, money, percent
from allocator.ui.markdown_table import markdown_table, show_table
from allocator.ui.terms import plain
from models.deals import (
    MEASURES,
    Deal,
    DealKind,
    Place,
    colocation_deals,
    compare,
    deal_named,
    deals,
    notes_figures,
)
from models.lease import Lease

NOTE = (
    "Signed deals: models/deals.csv (announcements and filings, each row with its source). The rent of year one adds "
    "up to the contract's value with the deal's own escalator, 3 % where it states none. Left out: GPU-cloud contracts "
    "such as IREN–Microsoft (they sell the GPUs too) and deals whose value or kind of megawatt is not stated. "
    "Modified-gross rents include running costs that a triple-net tenant pays on top."
)
FIGURES = ("this offer", "lowest", "highest", "deals")
SOURCES = ("source", "second source", "third source")
MILLION = 1e6
SHORT = {
    "critical IT MW": "IT MW", "first-year rent": "rent, y 1", "average rent": "mean rent", "NOI low": "NOI/MW",
    "NOI high": "to", "margin low": "margin", "margin high": "to", "capex low": "capex/MW", "capex high": "to",
    "debt per MW": "debt/MW", "provisioning": "ratio",
}  # fmt: skip
"""Heads of narrow columns; the whole name is behind the mouse."""
FIGURE_WIDTH, NARROW, BRIEF = 70, 56, ("critical IT MW", "term", "LTC", "provisioning")
"""Pixels: every figure fits beside its deal."""
MARKED = "#0072B233"
"""The blue of hosting, thin enough for light and dark."""
_ARROWS = {Place.ABOVE: "▲ ", Place.BELOW: "▼ ", Place.INSIDE: ""}


def show(lease: Lease) -> None:
    """The section of one offer."""
    st.markdown(f"#### {plain(said(lease))}")
    st.caption("Margins beside deals of the same structure, all else beside every signed colocation deal.")
    compared = comparison_table(lease)
    show_table("beside_signed_deals", compared, FIGURES, comparison_data(lease))
    signed = signed_notes_table(lease)
    if signed is not None:
        st.markdown(f"**The notes of {plain(lease.signed_deal)} beside this offer, paid level and sculpted**")
        with st.container(key="printed_signed_notes"):
            st.markdown(markdown_table(signed, ["figure"]))
    further = "structure, tenant, site, dates and links to the sources stand further right"
    st.markdown(f"**Signed colocation deals, the offer first**  \n:gray[{further}]")
    table = deals_table(lease)
    marked = table.style.apply(_mark, axis=1)
    looks: dict[str, Any] = {"hide_index": True, "width": "stretch", "height": "content", "placeholder": "–"}
    st.dataframe(marked, key="signed_deals", column_config=_columns(), **looks)
    st.caption(plain(NOTE))
    st.markdown("**Not compared, and why**")
    st.dataframe(apart_table(), key="deals_apart", column_config=_link_columns(), **looks)


def said(lease: Lease) -> str:
    """What lies outside the bands, in a sentence."""
    outside = [found for found in compare(lease) if found.place is not Place.INSIDE]
    if not outside:
        return f"Beside the signed deals: every figure of {lease.name} lies inside what has been signed"
    named = ", ".join(f"{found.measure.name} {found.place.value}" for found in outside)
    return f"Beside the signed deals, {lease.name} is outside what has been signed: {named}"


def comparison_table(lease: Lease) -> pd.DataFrame:
    """Each measure of an offer with its band, as it is read."""
    return pd.DataFrame(
        [
            {
                "measure": found.measure.label,
                "this offer": comparison_figure(found.measure.key, found.value),
                "place": _ARROWS[found.place] + found.place.value,
                "lowest": comparison_figure(found.measure.key, found.band.low),
                "lowest deal": found.band.lowest,
                "highest": comparison_figure(found.measure.key, found.band.high),
                "highest deal": found.band.highest,
                "deals": str(found.band.count),
            }
            for found in compare(lease)
        ]
    )


def comparison_data(lease: Lease) -> pd.DataFrame:
    """The same in full precision, for the download."""
    return pd.DataFrame(
        [
            {
                "measure": found.measure.key,
                "unit": found.measure.unit,
                "offer": found.value,
                "place": found.place.value,
                "lowest": found.band.low,
                "lowest_deal": found.band.lowest,
                "highest": found.band.high,
                "highest_deal": found.band.highest,
                "deals": found.band.count,
            }
            for found in compare(lease)
        ]
    )


def signed_notes_table(lease: Lease) -> pd.DataFrame | None:
    """The published notes of the deal that an offer is; ``None`` where it is none, or one without notes."""
    deal = deal_named(lease.signed_deal)
    found = None if deal is None else notes_figures(deal, lease)
    if found is None:
        return None
    rows = (
        ("Notes issued", money(found.debt_usd), "Published debt of the deal"),
        ("Coupon", comparison_figure("debt_rate", found.coupon_per_year), "Nominal, paid twice a year"),
        ("Paid level: service a year", money(found.level_payment_usd_per_year, digits=4), "Over the lease's term"),
        ("Paid level: first-year cover", f"{found.first_year_level_cover:.2f}x", "First-year NOI over that service"),
        ("Paid sculpted: cover", f"{found.sculpted_cover:.2f}x", "Present value of NOI at the coupon over the notes"),
        ("Debt yield", percent(found.debt_yield), "First-year NOI over the notes"),
        ("Yield on construction", _yield(found.yield_on_sponsor_cost), "First-year NOI over the landlord's cost"),
        ("Yield on funded cost", percent(found.yield_on_funded_cost),
         "The same with the interest on the notes until rent begins"),
    )  # fmt: skip
    return pd.DataFrame(rows, columns=["notes", "figure", "what it is"])


def deals_table(lease: Lease) -> pd.DataFrame:
    """The offer, then every signed colocation deal, with the figures that are compared, sources and dates."""
    own = {measure.key: measure.of_offer(lease) for measure in MEASURES}
    first = {
        "deal": "▶ this offer", "landlord": "", "critical IT MW": lease.critical_it_mw, **_ends(own, own),
        "structure": str(lease.recovery), "tenant": lease.tenant, "site": lease.name,
    }  # fmt: skip
    return pd.DataFrame([first, *(_deal_row(deal) for deal in colocation_deals())])


def _deal_row(deal: Deal) -> dict[str, Any]:
    ends = {measure.key: measure.ends(deal) or (None, None) for measure in MEASURES}
    low, high = ({key: pair[end] for key, pair in ends.items()} for end in (0, 1))
    return {
        "deal": deal.deal_id, "landlord": deal.landlord, "critical IT MW": deal.critical_it_mw, **_ends(low, high),
        "debt per MW": _scaled(deal.debt_usd_per_mw, 1.0 / MILLION), "structure": deal.structure,
        "tenant": deal.tenant, "site": deal.site, **_sourced(deal),
    }  # fmt: skip


def _ends(low: Mapping[str, float | None], high: Mapping[str, float | None]) -> dict[str, float | None]:
    """Columns of figures in the units that are shown: percent, millions."""
    return {
        "term": low["term_years"],
        "first-year rent": low["rent_usd_per_kw_month"],
        "average rent": low["average_rent_usd_per_kw_month"],
        "NOI low": _scaled(low["noi_usd_per_mw_year"], 1.0 / MILLION),
        "NOI high": _scaled(high["noi_usd_per_mw_year"], 1.0 / MILLION),
        "margin low": _scaled(low["noi_margin"], 100.0),
        "margin high": _scaled(high["noi_margin"], 100.0),
        "capex low": _scaled(low["capex_usd_per_mw"], 1.0 / MILLION),
        "capex high": _scaled(high["capex_usd_per_mw"], 1.0 / MILLION),
        "debt per MW": None,
        "LTC": _scaled(low["ltc"], 100.0),
        "coupon": _scaled(low["debt_rate"], 100.0),
        "provisioning": low["provisioning_ratio"],
    }


def apart_table() -> pd.DataFrame:
    """GPU-cloud contracts, then what is not signed, each with the reason."""
    order = [DealKind.GPU_CLOUD, DealKind.UNSIGNED]
    found = sorted((d for d in deals() if d.kind in order), key=lambda deal: order.index(deal.kind))
    return pd.DataFrame(
        [
            {
                "deal": deal.deal_id, "kind": str(deal.kind), "landlord": deal.landlord, "tenant": deal.tenant,
                "why it is not compared": f"{deal.not_compared_because[:1].upper()}{deal.not_compared_because[1:]}.",
                **_sourced(deal),
            }
            for deal in found
        ]
    )  # fmt: skip


def _sourced(deal: Deal) -> dict[str, str]:
    return {"dated": deal.source_date, **dict(zip(SOURCES, links(deal), strict=False))}


def _yield(rate: float) -> str:
    return percent(rate) if math.isfinite(rate) else "no construction cost"


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _mark(row: pd.Series[Any]) -> list[Any]:
    """The offer's row, first and marked."""
    return [f"background-color: {MARKED}; font-weight: 700" if row.name == 0 else ""] * len(row)


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    formats = {
        "critical IT MW": ("%.0f", "Critical IT MW let"),
        "term": ("%.0f", "Term in years"),
        "first-year rent": (
            "$%.2f",
            "First-year rent, USD/kW-month; adds up to the contract's value with its escalator",
        ),
        "average rent": ("$%.2f", "Average rent over the term, USD/kW-month"),
        "NOI low": ("$%.2f M", "First-year NOI of a critical IT MW, at the lowest margin stated"),
        "NOI high": ("$%.2f M", "First-year NOI of a critical IT MW, at the highest margin stated"),
        "margin low": ("%.1f %%", "Margin: NOI over rent, lowest stated"),
        "margin high": ("%.1f %%", "Margin: NOI over rent, highest stated"),
        "capex low": ("$%.2f M", "Capex of a critical IT MW, lowest stated"),
        "capex high": ("$%.2f M", "Capex of a critical IT MW, highest stated"),
        "debt per MW": ("$%.2f M", "Debt over the critical IT MW that it pays for"),
        "LTC": ("%.1f %%", "Loan to cost"),
        "coupon": ("%.3f %%", "A year"),
        "provisioning": ("%.2f", "Provisioning ratio: facility MW per critical IT MW"),
    }
    numbers = {
        name: number(SHORT.get(name, name), format=form, help=words, width=NARROW if name in BRIEF else FIGURE_WIDTH)
        for name, (form, words) in formats.items()
    }
    text = st.column_config.TextColumn
    return {"deal": text(pinned=True, width=105), "landlord": text(width=110), **numbers, **_link_columns()}


def _link_columns() -> dict[str, Any]:
    return {name: st.column_config.LinkColumn(display_text=r"https?://(?:www\.)?([^/]+)") for name in SOURCES}
