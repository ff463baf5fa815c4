"""What must hold within an offer, and between an offer and the calendar of its case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from models.assumptions import Fault
from models.capex import tenant_capex_credit_usd
from models.deals import deals
from models.debt import tenor_months
from models.lease import KW_PER_MW, Lease, occupied_months
from models.rent import base_rent_usd, prepayment_usd
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Timeline, add_months

Parts = Mapping[str, Any]
TOLERANCE_MW = 1e-6
SUM_TOLERANCE = 1e-9
"""Shares that are typed with all their digits add up to 1 within this."""


def leases_are_consistent(parts: Parts) -> Iterator[Fault]:
    """Halls and least takes fit the offer."""
    for i, lease in _leases(parts):
        for field in ("block_mw", "min_mw"):
            value = getattr(lease, field)
            if value > lease.critical_it_mw + TOLERANCE_MW:
                yield Fault(
                    f"leases[{i}].{field}",
                    f"{value:g} critical IT MW",
                    f"is more than the offer ({lease.critical_it_mw:g})",
                    "give at most critical_it_mw",
                )


def halls_add_up(parts: Parts) -> Iterator[Fault]:
    """Deliveries of their own come in order, the first at once, and hand over the whole offer; draws the whole cost."""
    for i, lease in _leases(parts):
        if lease.draw_curve and abs(sum(lease.draw_curve) - 1.0) > SUM_TOLERANCE:
            yield Fault(
                f"leases[{i}].draw_curve",
                f"{sum(lease.draw_curve):g} in all",
                "does not add up to 1",
                "give the share of the cost drawn in each equal part of the build time, first to last",
            )
        if not lease.halls:
            continue
        months = [hall.months_after_first for hall in lease.halls]
        if months[0] != 0:
            yield Fault(
                f"leases[{i}].halls[0].months_after_first",
                str(months[0]),
                "is not 0, but the first hall is the first delivery",
                "count the others from it, and move earliest_start",
            )
        for h in range(1, len(months)):
            if months[h] < months[h - 1]:
                yield Fault(
                    f"leases[{i}].halls[{h}].months_after_first",
                    str(months[h]),
                    f"is before the hall above it ({months[h - 1]})",
                    "list halls in the order of their deliveries",
                )
        total = sum(hall.share for hall in lease.halls)
        if abs(total - 1.0) > SUM_TOLERANCE:
            yield Fault(
                f"leases[{i}].halls", f"shares add up to {total:g}", "instead of 1", "share out the whole offer"
            )


def terms_fit_the_term(parts: Parts) -> Iterator[Fault]:
    """Free rent, the right to leave and the loan lie inside the term; credits are no more than the rent."""
    for i, lease in _leases(parts):
        path, months = f"leases[{i}]", lease.term_years * MONTHS_PER_YEAR
        if lease.free_rent_months >= months:
            yield Fault(
                f"{path}.free_rent_months", str(lease.free_rent_months), f"leaves no rent in a term of {months} months",
                "give fewer months, or a longer term_years",
            )  # fmt: skip
            continue
        if lease.termination_after_years is not None and lease.termination_after_years >= lease.term_years:
            yield Fault(
                f"{path}.termination_after_years", str(lease.termination_after_years),
                f"is not inside the term ({lease.term_years} years)", "give an earlier year, or leave it out",
            )  # fmt: skip
        if lease.clearance_months > lease.build_months:
            yield Fault(
                f"{path}.clearance_months", str(lease.clearance_months),
                f"is longer than the building ({lease.build_months} months)", "clear the pads when building starts",
            )  # fmt: skip
        paying = months - lease.free_rent_months
        if tenor_months(lease, lease.term_years, lease.free_rent_months) > paying:
            yield Fault(
                f"{path}.debt_tenor_years", str(lease.debt_tenor_years),
                f"is longer than the rent is paid ({paying} months)", "give at most the term less free rent",
            )  # fmt: skip
        yield from _credit_faults(path, lease, paying)


def chances_have_an_owner(parts: Parts) -> Iterator[Fault]:
    """A spread belongs to an expected delay, a cap to a guarantor: alone, neither would do what it says."""
    for i, lease in _leases(parts):
        if lease.delay_spread_months > 0 and lease.delay_months == 0:
            yield Fault(
                f"leases[{i}].delay_spread_months", f"{lease.delay_spread_months:g}",
                "spreads a delay of 0 months, which stays 0", "give the expected delay_months too, or no spread",
            )  # fmt: skip
        if lease.guarantor_cap_share > 0 and not lease.guarantor.strip():
            yield Fault(
                f"leases[{i}].guarantor_cap_share", f"{lease.guarantor_cap_share:g}",
                "is the cap of a guarantor, but nobody is named", "name the guarantor, or give no cap",
            )  # fmt: skip


def _credit_faults(path: str, lease: Lease, paying: int) -> Iterator[Fault]:
    """What is given back against rent is given back in full, and in no month more than the rent."""
    given_back = np.zeros(paying)
    for field, amount in (
        ("prepayment_credit_months", float(prepayment_usd(lease))),
        ("tenant_capex_credit_months", float(tenant_capex_credit_usd(lease))),
    ):
        months = getattr(lease, field)
        if amount > 0 and months > paying:
            yield Fault(
                f"{path}.{field}", str(months), f"is longer than the rent is paid ({paying} months)",
                "credit it over fewer months",
            )  # fmt: skip
            return
        given_back[:months] += amount / months
        rents = base_rent_usd(lease, lease.free_rent_months + np.arange(1.0, paying + 1))
        above = np.flatnonzero(given_back > rents * (1.0 + SUM_TOLERANCE))
        if amount > 0 and above.size:
            first = int(above[0])
            yield Fault(
                f"{path}.{field}",
                f"{months} months: credits of {given_back[first] / KW_PER_MW:,.2f} USD/kW-month",
                f"are more than the rent of month {first + 1} ({rents[first] / KW_PER_MW:,.2f})",
                "credit it over more months",
            )
            return


def rights_name_a_lease(parts: Parts) -> Iterator[Fault]:
    """A right of first offer belongs to the tenant of another lease, which is signed no later."""
    names = {lease.name: lease for _, lease in _leases(parts)}
    for i, lease in _leases(parts):
        base = names.get(lease.first_offer_with)
        if not lease.first_offer_with:
            continue
        if base is None or base is lease or base.first_offer_with:
            known = ", ".join(repr(n) for n, b in names.items() if b is not lease and not b.first_offer_with) or "none"
            yield Fault(
                f"leases[{i}].first_offer_with", repr(lease.first_offer_with),
                "is not another lease of this case that is offered by itself", f"known: {known}",
            )  # fmt: skip
        elif base.earliest_start and lease.earliest_start and lease.earliest_start < base.earliest_start:
            yield Fault(
                f"leases[{i}].earliest_start", str(lease.earliest_start),
                f"is before the lease that gives the right ({base.earliest_start})", "give a later quarter",
            )  # fmt: skip


def rights_can_be_used(parts: Parts) -> Iterator[Fault]:
    """A lease by right of first offer may begin when the lease that gives the right can have begun.

    Quarters as the program knows them, built-in ones too; that none begins before the other in a plan is a row of it.
    """
    if parts["valuation_date"] is None or parts["horizon_years"] is None:
        return
    timeline = Timeline(parts["valuation_date"], parts["horizon_years"])
    known = {lease.name: lease for _, lease in _leases(parts)}
    for i, lease in _leases(parts):
        base = known.get(lease.first_offer_with)
        if base is None or base is lease:
            continue
        soonest, last = start_window(timeline, base)[0], start_window(timeline, lease)[1]
        if last < soonest:
            yield Fault(
                f"leases[{i}].latest_start", timeline.quarter_label(last),
                f"is before {base.name!r}, which gives the right, can begin ({timeline.quarter_label(soonest)})",
                "give a later date, or leave first_offer_with out",
            )  # fmt: skip


def signed_deals_are_known(parts: Parts) -> Iterator[Fault]:
    """An offer that is a signed deal names one of the table."""
    known = [deal.deal_id for deal in deals()]
    for i, lease in _leases(parts):
        if lease.signed_deal and lease.signed_deal not in known:
            near = get_close_matches(lease.signed_deal, known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            yield Fault(f"leases[{i}].signed_deal", repr(lease.signed_deal), "is not in the table of deals", remedy)


def lease_dates_are_possible(parts: Parts) -> Iterator[Fault]:
    """A hall is delivered after it can be built and before its window closes; its rent fits the horizon."""
    if parts["valuation_date"] is None or parts["horizon_years"] is None:
        return
    timeline = Timeline(parts["valuation_date"], parts["horizon_years"])
    for i, lease in _leases(parts):
        yield from _window_faults(timeline, f"leases[{i}]", lease)


def _window_faults(timeline: Timeline, path: str, lease: Lease) -> Iterator[Fault]:
    soonest = add_months(timeline.valuation_date, lease.build_months)
    if lease.earliest_start and timeline.quarter_from(lease.earliest_start) * MONTHS_PER_QUARTER < lease.build_months:
        yield Fault(
            f"{path}.earliest_start",
            str(lease.earliest_start),
            f"is before a hall can be built ({timeline.valuation_date} + {lease.build_months} months = {soonest})",
            "give a later quarter, or fewer build_months if work has begun",
        )
        return
    first, last = start_window(timeline, lease)
    if lease.latest_start and last < first:
        yield Fault(
            f"{path}.latest_start",
            str(lease.latest_start),
            f"is before the earliest first delivery ({timeline.quarter_start(first)})",
            "give a later date, or an earlier earliest_start",
        )
        return
    end = last * MONTHS_PER_QUARTER + occupied_months(lease)
    if end > timeline.months:
        yield Fault(
            f"{path}.term_years",
            f"{occupied_months(lease) / MONTHS_PER_YEAR:g} years from {timeline.quarter_label(last)}, renewals too,",
            f"runs past the horizon ({timeline.horizon_years} years)",
            f"set horizon_years to at least {-(-end // MONTHS_PER_YEAR)}, or an earlier latest_start",
        )


def start_window(timeline: Timeline, lease: Lease) -> tuple[int, int]:
    """First and last quarter in which the first delivery of an offer may fall."""
    buildable = -(-lease.build_months // MONTHS_PER_QUARTER)
    first = max(buildable, timeline.quarter_from(lease.earliest_start)) if lease.earliest_start else buildable
    last = timeline.quarter_of(lease.latest_start) if lease.latest_start else first
    return first, last


def _leases(parts: Parts) -> Iterator[tuple[int, Lease]]:
    for i, lease in enumerate(parts["leases"]):
        if isinstance(lease, Lease):
            yield i, lease


LEASE_RULES: tuple[Callable[[Parts], Iterator[Fault]], ...] = (
    leases_are_consistent,
    halls_add_up,
    terms_fit_the_term,
    chances_have_an_owner,
    rights_name_a_lease,
    rights_can_be_used,
    signed_deals_are_known,
    lease_dates_are_possible,
)
