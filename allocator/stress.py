"""Named stresses: the same decisions in a worse world, as a case with some inputs replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from models.lease import Lease
from models.network import ForwardPoint
from models.timeline import MONTHS_PER_YEAR, add_months

if TYPE_CHECKING:
    from allocator.case import Case


class Stress(StrEnum):
    """What may go wrong, by name."""

    PRICE_FALLS = "price falls"
    HASHPRICE_LOW = "hashprice low"
    LEASE_LATE = "lease late"
    TENANT_DEFAULTS = "tenant defaults"
    WINTER_STORM = "winter storm"
    RALLY = "rally"


@dataclass(frozen=True)
class Description:
    """A stress in words, with where its size comes from."""

    words: str
    source: str
    stressed: Callable[[Case], Case]


PRICE_FALL_SHARE = 0.38
"""Fall of bitcoin from October 2025 to February 2026 (market report of February 2026)."""
RECORD_LOW_USD_PER_PH_DAY, LOW_YEARS = 28.0, 2
"""Luxor's hashprice of 23 February 2026, its lowest; how long it stays is assumed."""
LATE_MONTHS = 12
DEFAULT_AFTER_YEARS = 5
STORM_HOURS = 240.0
"""Hours without power in every January and February: ten days. Assumed; Winter Storm Uri of 2021 lasted about eight."""
RALLY_PRICE_USD, RALLY_MONTHS = 126_000.0, 6
"""Bitcoin's high of October 2025, reached again half a year after the valuation date."""


def _price_falls(case: Case) -> Case:
    price = case.market.btc_price_usd * (1.0 - PRICE_FALL_SHARE)
    growth = min(0.0, case.market.btc_growth_per_year)
    return _with_market(case, btc_price_usd=price, btc_growth_per_year=growth, forward=())


def _hashprice_low(case: Case) -> Case:
    days = [add_months(case.valuation_date, 1), add_months(case.valuation_date, LOW_YEARS * MONTHS_PER_YEAR)]
    points = tuple(ForwardPoint(from_date=day, hashprice_usd_per_ph_day=RECORD_LOW_USD_PER_PH_DAY) for day in days)
    return _with_market(case, forward=points)


def _rally(case: Case) -> Case:
    day = add_months(case.valuation_date, RALLY_MONTHS)
    return _with_market(case, forward=(ForwardPoint(from_date=day, btc_price_usd=RALLY_PRICE_USD),))


def _lease_late(case: Case) -> Case:
    return _with_leases(case, lambda lease: {"delay_months": min(60, lease.delay_months + LATE_MONTHS)})


def _tenant_defaults(case: Case) -> Case:
    def earlier(lease: Lease) -> dict[str, object]:
        own = lease.tenant_default_after_years
        return {"tenant_default_after_years": DEFAULT_AFTER_YEARS if own is None else min(own, DEFAULT_AFTER_YEARS)}

    return _with_leases(case, earlier)


def _winter_storm(case: Case) -> Case:
    before = case.power.outage_hours or (0.0,) * MONTHS_PER_YEAR
    hours = tuple(max(h, STORM_HOURS) if month < 2 else h for month, h in enumerate(before))
    return case.model_copy(update={"power": case.power.model_copy(update={"outage_hours": hours})})


def _with_market(case: Case, **changes: object) -> Case:
    return case.model_copy(update={"market": case.market.model_copy(update=changes)})


def _with_leases(case: Case, change: Callable[[Lease], dict[str, object]]) -> Case:
    leases = tuple(lease.model_copy(update=change(lease)) for lease in case.leases)
    return case.model_copy(update={"leases": leases})


STRESSES: dict[Stress, Description] = {
    Stress.PRICE_FALLS: Description(
        f"bitcoin falls {PRICE_FALL_SHARE:.0%} at once and stays there",
        "the fall from October 2025 to February 2026",
        _price_falls,
    ),
    Stress.HASHPRICE_LOW: Description(
        f"hashprice stays at ${RECORD_LOW_USD_PER_PH_DAY:.0f} /PH/day for {LOW_YEARS} years",
        "Luxor's record low of 23 February 2026; how long it lasts is assumed",
        _hashprice_low,
    ),
    Stress.LEASE_LATE: Description(f"every hall comes {LATE_MONTHS} months late", "assumed", _lease_late),
    Stress.TENANT_DEFAULTS: Description(
        f"every tenant stops paying after {DEFAULT_AFTER_YEARS} years and its guarantor pays up to the cap",
        "assumed; no default of an AI lease is known",
        _tenant_defaults,
    ),
    Stress.WINTER_STORM: Description(
        f"no power for {STORM_HOURS:.0f} hours in every January and February",
        "assumed; Winter Storm Uri of 2021 lasted about eight days",
        _winter_storm,
    ),
    Stress.RALLY: Description(
        f"bitcoin is back at ${RALLY_PRICE_USD:,.0f} after {RALLY_MONTHS} months, with leases signed",
        "the high of October 2025",
        _rally,
    ),
}


def stressed(case: Case, stress: Stress) -> Case:
    """The case as it is under a stress; what can be decided stays the same.

    A stress that has come is no longer one to be survived: the policy of this case asks for none, so that none is
    counted twice.
    """
    calm = case.policy.model_copy(update={"stresses": ()})
    return STRESSES[stress].stressed(case).model_copy(update={"policy": calm})
