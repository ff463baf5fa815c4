"""Offers beside signed deals, in words: what lies outside what has been signed so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from allocator.case import Case
from allocator.formats import comparison_figure
from models.deals import Comparison, Deal, Place, compare, deal_named, notes_figures

INPUT_OF = {
    "rent_usd_per_kw_month": "rent_usd_per_kw_month",
    "average_rent_usd_per_kw_month": "rent_usd_per_kw_month",
    "noi_usd_per_mw_year": "rent_usd_per_kw_month",
    "noi_margin": "noi_margin",
    "capex_usd_per_mw": "capex_usd_per_kw",
    "ltc": "ltc",
    "debt_rate": "debt_rate",
    "provisioning_ratio": "provisioning_ratio",
    "term_years": "term_years",
}
"""The input that moves each measure."""


def outside_notes(case: Case) -> list[str]:
    """One line for every input of an offer that puts a figure outside the band of signed colocation deals."""
    return [f"{path}: {said}" for path, said in outside_by_input(case).items()]


def outside_sentences(case: Case) -> list[str]:
    """The same with the offers' names, for those who read no paths."""
    return [f"{case.leases[i].name}: {_said(found)}." for i, found in _outside(case)]


def outside_by_input(case: Case) -> dict[str, str]:
    """The same by the path of the input that moves the figure."""
    return {f"leases[{i}].{INPUT_OF[found.measure.key]}": _said(found) for i, found in _outside(case)}


def _outside(case: Case) -> Iterator[tuple[int, Comparison]]:
    for i, lease in enumerate(case.leases):
        outside = [found for found in compare(lease) if found.place is not Place.INSIDE]
        moved_by: set[str] = set()
        for found in outside:
            if INPUT_OF[found.measure.key] not in moved_by:
                moved_by.add(INPUT_OF[found.measure.key])
                yield i, found


def _said(found: Comparison) -> str:
    measure, band = found.measure, found.band
    end = band.highest if found.place is Place.ABOVE else band.lowest
    extreme = "highest" if found.place is Place.ABOVE else "lowest"
    low, high = comparison_figure(measure.key, band.low), comparison_figure(measure.key, band.high)
    return (
        f"{measure.name} {comparison_figure(measure.key, found.value)} is {found.place.value} the {band.count} signed "
        f"colocation deals ({low} to {high}, {extreme} {end})"
    )


def links(deal: Deal) -> list[str]:
    """Addresses of a deal's sources."""
    return re.findall(r"https?://[^\s;]+", deal.source)


def as_rows(case: Case) -> list[dict[str, Any]]:
    """Every comparison with the bands, for JSON; and the notes of a deal that an offer is."""
    rows: list[dict[str, Any]] = []
    for lease in case.leases:
        deal = deal_named(lease.signed_deal) if lease.signed_deal else None
        notes = notes_figures(deal, lease) if deal else None
        rows.append(
            {
                "offer": lease.name,
                "measures": [
                    {
                        "measure": c.measure.key,
                        "unit": c.measure.unit,
                        "value": c.value,
                        "lowest": c.band.low,
                        "lowest_deal": c.band.lowest,
                        "highest": c.band.high,
                        "highest_deal": c.band.highest,
                        "deals": c.band.count,
                        "place": c.place.value,
                    }
                    for c in compare(lease)
                ],
                "signed_deal": lease.signed_deal or None,
                "signed_notes": vars(notes) if notes else None,
            }
        )
    return rows
