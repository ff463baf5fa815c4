"""The term sheet of every offer of a case: as the plan takes it, or from its earliest start where it is not taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from allocator.activity import Kind
from allocator.allocation import Allocation
from allocator.case import Case
from allocator.lease_rules import start_window
from models.capex import LONGEST_DELAY_MONTHS
from models.deals import NotesFigures, deal_named, notes_figures
from models.power import paid_price_usd_per_mwh
from models.term_sheet import TermSheet, term_sheet
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Timeline

REASONS = {
    "yield_on_sponsor_cost": "yield_reason",
    "yield_on_funded_cost": "yield_reason",
    "development_spread": "yield_reason",
    "payback_years": "payback_reason",
    "minimum_dscr": "cover_reason",
    "average_dscr": "cover_reason",
    "level_service_usd_per_year": "cover_reason",
    "level_first_year_cover": "cover_reason",
    "sculpted_cover": "cover_reason",
}
"""Figures that may not exist, and the field that says why, where it is not the figure's own name with ``_reason``."""
NOTES = (
    "debt_usd",
    "coupon_per_year",
    "level_payment_usd_per_year",
    "first_year_level_cover",
    "sculpted_cover",
    "debt_yield",
)
"""Figures of published notes that stand beside our own of the same loan."""
NO_NOTES = "no published notes: the offer is no signed deal that has any"
_NESTED = ("npv_by_delay_usd", "cover_by_year")


@dataclass(frozen=True)
class OfferTerms:
    """One offer, whole, with the start for which its figures hold."""

    offer: int
    start: int
    """Quarter of the agreed first delivery: where the plan takes most of it, else the earliest."""
    start_label: str
    taken_mw: float
    """Critical IT MW that the plan takes of it, over all starts."""
    sheet: TermSheet
    notes: NotesFigures | None = None
    """What the published notes mean of the signed deal that this offer is, where it is one that has notes."""


def offer_terms(case: Case, plan: Allocation | None = None) -> tuple[OfferTerms, ...]:
    """Term sheets in the order of the case; without a plan, as where no plan exists, each from its earliest start.

    The calendar goes on beyond the case's horizon for as long as a hall that comes late is let.
    """
    longer = Timeline(case.valuation_date, case.horizon_years + 1 + LONGEST_DELAY_MONTHS // MONTHS_PER_YEAR)
    price = paid_price_usd_per_mwh(case.power, longer)
    found = []
    for offer, lease in enumerate(case.leases):
        lines = [m for m in plan.mix if m.activity.kind is Kind.LEASE and m.activity.owner == offer] if plan else []
        most = max(lines, key=lambda line: line.units_mw, default=None)
        start = most.activity.start if most else start_window(case.timeline, lease)[0]
        since = longer.month_index - start * MONTHS_PER_QUARTER
        sheet = term_sheet(lease, case.finance, since, price)
        taken = float(sum(line.units_mw for line in lines))
        deal = deal_named(lease.signed_deal)
        notes = None if deal is None else notes_figures(deal, lease)
        found.append(OfferTerms(offer, start, case.timeline.quarter_label(start), taken, sheet, notes))
    return tuple(found)


def offers_as_json(found: tuple[OfferTerms, ...]) -> list[dict[str, Any]]:
    """One flat object an offer; a figure that does not exist is null, and ``<figure>_reason`` says why."""
    return [_flat(terms) for terms in found]


def _flat(terms: OfferTerms) -> dict[str, Any]:
    sheet, lease = terms.sheet, terms.sheet.lease
    row: dict[str, Any] = {
        "offer": lease.name,
        "tenant": lease.tenant,
        "taken": terms.taken_mw > 0,
        "critical_it_mw": lease.critical_it_mw,
        "taken_critical_it_mw": terms.taken_mw,
        "start": terms.start_label,
    }
    for view in (sheet.sponsor, sheet.lender, sheet.tenant):
        row |= {name: value for name, value in asdict(view).items() if name not in _NESTED}
    for figure, reason in REASONS.items():
        row[f"{figure}_reason"] = row[reason] if row[figure] is None else ""
    for shared in ("yield_reason", "payback_reason", "cover_reason"):
        del row[shared]
    row["sized_by"] = str(sheet.lender.sized_by)
    row |= {f"npv_{months}_months_late_usd": worth for months, worth in sheet.sponsor.npv_by_delay_usd}
    for name in NOTES:
        row[f"notes_{name}"] = None if terms.notes is None else getattr(terms.notes, name)
        row[f"notes_{name}_reason"] = NO_NOTES if terms.notes is None else ""
    funded = {f"{name}_per_critical_it_mw": value for name, value in asdict(sheet.funding).items()}
    totals = {"uses_usd_per_critical_it_mw": sheet.funding.uses_usd}
    return row | funded | totals | {"sources_usd_per_critical_it_mw": sheet.funding.sources_usd}
