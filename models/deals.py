"""Signed deals of the trade, and where an offer stands beside them (``deals.csv``, each row with its source)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

import numpy as np

from models.debt import level_payment, sculpted_debt
from models.funding import sponsor_cost_usd
from models.lease import Lease, contract_noi_usd, contract_value_usd, noi_margin, stabilised_noi_usd_per_year
from models.rent import (
    KW_PER_MW,
    Recovery,
    average_rent_usd_per_kw_month,
    base_rent_usd,
    first_year_rent_usd_per_kw_month,
)
from models.timeline import MONTHS_PER_YEAR

ASSUMED_ESCALATOR = 0.03
"""Where a deal states none: what Hut 8 states and others imply (2.9-3.1 %)."""
ROUNDING = 1e-9
"""A figure this close to the end of a band, relative, is inside it."""
COUPONS_PER_YEAR = 2
"""Notes pay twice a year."""


class DealKind(StrEnum):
    """What is sold."""

    COLOCATION = "colocation"
    GPU_CLOUD = "gpu cloud"
    """The GPUs with the building: never compared with a lease."""
    UNSIGNED = "unsigned"
    """Not binding, not effective, or no tenant: in no band."""


@dataclass(frozen=True)
class Deal:
    """One row of the table; ``None`` where the sources read do not say."""

    deal_id: str
    kind: DealKind
    landlord: str
    tenant: str
    site: str
    structure: str
    recovery: Recovery | None
    announced: str
    critical_it_mw: float | None
    facility_mw: float | None
    term_years: int | None
    contract_value_usd: float | None
    escalator_per_year: float | None
    noi_margin_low: float | None
    noi_margin_high: float | None
    stated_noi_usd_per_year: float | None
    capex_low_usd_per_mw: float | None
    capex_high_usd_per_mw: float | None
    capex_usd: float | None
    debt_usd: float | None
    funded_critical_it_mw: float | None
    """Critical IT MW that the debt, or the capex, pays for."""
    ltc: float | None
    coupon_per_year: float | None
    not_compared_because: str
    source: str
    source_date: str
    confidence: str
    note: str

    @property
    def escalator(self) -> float:
        """Its own, or 3 %."""
        return ASSUMED_ESCALATOR if self.escalator_per_year is None else self.escalator_per_year

    @property
    def first_year_rent_usd_per_kw_month(self) -> float | None:
        """Rent of year one that adds up to the contract's value with its escalator."""
        if self.contract_value_usd is None or self.critical_it_mw is None or self.term_years is None:
            return None
        return first_year_rent_usd_per_kw_month(
            self.contract_value_usd, self.critical_it_mw, self.term_years, self.escalator
        )

    @property
    def average_rent_usd_per_kw_month(self) -> float | None:
        """Contract value over term and critical IT kW."""
        first = self.first_year_rent_usd_per_kw_month
        if first is None or self.term_years is None:
            return None
        return average_rent_usd_per_kw_month(first, self.term_years, self.escalator)

    @property
    def noi_margin(self) -> float | None:
        """Middle of what is stated."""
        return _middle(self.noi_margin_low, self.noi_margin_high)

    @property
    def noi_range_usd_per_mw_year(self) -> tuple[float | None, float | None]:
        """First-year NOI of a critical IT MW at the lowest and highest margin stated, or what is stated over its MW."""
        rent = self.first_year_rent_usd_per_kw_month
        if rent is not None and self.noi_margin_low is not None and self.noi_margin_high is not None:
            yearly = rent * KW_PER_MW * MONTHS_PER_YEAR
            return yearly * self.noi_margin_low, yearly * self.noi_margin_high
        if self.stated_noi_usd_per_year is None or self.critical_it_mw is None:
            return None, None
        stated = self.stated_noi_usd_per_year / self.critical_it_mw
        return stated, stated

    @property
    def noi_usd_per_mw_year(self) -> float | None:
        """Middle of that range."""
        return _middle(*self.noi_range_usd_per_mw_year)

    @property
    def capex_usd_per_mw(self) -> float | None:
        """Middle of the range that is guided, or the stated sum over what it pays for."""
        if self.capex_usd is not None and self.funded_critical_it_mw is not None:
            return self.capex_usd / self.funded_critical_it_mw
        return _middle(self.capex_low_usd_per_mw, self.capex_high_usd_per_mw)

    @property
    def debt_usd_per_mw(self) -> float | None:
        """Debt over the critical IT MW that it pays for."""
        if self.debt_usd is None or self.funded_critical_it_mw is None:
            return None
        return self.debt_usd / self.funded_critical_it_mw

    @property
    def provisioning_ratio(self) -> float | None:
        """Facility MW over critical IT MW."""
        if self.facility_mw is None or self.critical_it_mw is None:
            return None
        return self.facility_mw / self.critical_it_mw


def _middle(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else (low + high) / 2.0


_NUMBERS = (
    "critical_it_mw", "facility_mw", "contract_value_usd", "escalator_per_year", "noi_margin_low", "noi_margin_high",
    "capex_low_usd_per_mw", "capex_high_usd_per_mw", "capex_usd", "debt_usd", "funded_critical_it_mw", "ltc",
    "coupon_per_year",
)  # fmt: skip


@cache
def deals() -> tuple[Deal, ...]:
    """Every deal, in the order of the table."""
    with (files("models") / "deals.csv").open(encoding="utf-8") as table:
        return tuple(_deal(row) for row in csv.DictReader(table))


def _deal(row: dict[str, str]) -> Deal:
    kind = DealKind(row["kind"])
    given = {name: float(row[name]) if row[name] and kind is not DealKind.UNSIGNED else None for name in _NUMBERS}
    stated = row["noi_usd_per_year"]
    return Deal(
        deal_id=row["deal_id"],
        kind=kind,
        landlord=row["landlord"],
        tenant=row["tenant"],
        site=row["site"],
        structure=row["lease_structure"] or "not stated",
        recovery=Recovery(row["recovery"]) if row["recovery"] else None,
        announced=row["announced"],
        term_years=int(float(row["term_years"])) if row["term_years"] else None,
        stated_noi_usd_per_year=float(stated) if stated else None,
        not_compared_because=row["not_compared_because"],
        source=row["source"],
        source_date=row["source_date"],
        confidence=row["confidence"],
        note=row["note"],
        **given,
    )


def colocation_deals() -> tuple[Deal, ...]:
    """Signed leases of the building alone: what an offer may be compared with."""
    return tuple(deal for deal in deals() if deal.kind is DealKind.COLOCATION)


def deal_named(deal_id: str) -> Deal | None:
    """The deal of an identifier such as HUT-RB."""
    return next((deal for deal in deals() if deal.deal_id == deal_id), None)


@dataclass(frozen=True)
class Measure:
    """A figure that deals and offers both have."""

    key: str
    label: str
    unit: str
    of_deal: Callable[[Deal], float | None]
    of_offer: Callable[[Lease], float]
    range_of_deal: Callable[[Deal], tuple[float | None, float | None]] | None = None
    """Where a deal states a range: its ends, which reach further than the middle."""

    @property
    def name(self) -> str:
        """The label within a sentence."""
        return self.label if self.label[1:2].isupper() else self.label[:1].lower() + self.label[1:]

    def ends(self, deal: Deal) -> tuple[float, float] | None:
        """Lowest and highest figure of a deal; ``None`` where it has none."""
        low, high = self.range_of_deal(deal) if self.range_of_deal else (None, None)
        if low is not None and high is not None:
            return low, high
        value = self.of_deal(deal)
        return None if value is None else (value, value)


def _margin(offer: Lease) -> float:
    """The offer's NOI margin, power at no price; what it states where no rent is paid."""
    found = noi_margin(offer, stabilised_noi_usd_per_year(offer))
    return offer.noi_margin if found is None else found


MEASURES = (
    Measure(
        "rent_usd_per_kw_month", "First-year rent", "USD/kW-month",
        lambda d: d.first_year_rent_usd_per_kw_month, lambda o: o.rent_usd_per_kw_month,
    ),
    Measure(
        "average_rent_usd_per_kw_month", "Average rent over the term", "USD/kW-month",
        lambda d: d.average_rent_usd_per_kw_month,
        lambda o: contract_value_usd(o) / (o.critical_it_mw * KW_PER_MW * MONTHS_PER_YEAR * o.term_years),
    ),
    Measure(
        "noi_usd_per_mw_year", "NOI, first year", "USD per critical IT MW and year",
        lambda d: d.noi_usd_per_mw_year, stabilised_noi_usd_per_year, lambda d: d.noi_range_usd_per_mw_year,
    ),
    Measure(
        "noi_margin", "NOI margin", "share of rent",
        lambda d: d.noi_margin, _margin, lambda d: (d.noi_margin_low, d.noi_margin_high),
    ),
    Measure(
        "capex_usd_per_mw", "Capex", "USD per critical IT MW",
        lambda d: d.capex_usd_per_mw, lambda o: o.capex_usd_per_kw * KW_PER_MW,
        lambda d: (d.capex_low_usd_per_mw, d.capex_high_usd_per_mw),
    ),
    Measure("ltc", "Loan to cost", "share of cost", lambda d: d.ltc, lambda o: o.ltc),
    Measure("debt_rate", "Coupon", "per year", lambda d: d.coupon_per_year, lambda o: o.debt_rate),
    Measure(
        "provisioning_ratio", "Provisioning ratio", "facility MW per critical IT MW",
        lambda d: d.provisioning_ratio, lambda o: o.provisioning_ratio,
    ),
    Measure(
        "term_years", "Term", "years",
        lambda d: None if d.term_years is None else float(d.term_years), lambda o: float(o.term_years),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Band:
    """Lowest and highest figure among signed deals."""

    low: float
    high: float
    lowest: str
    highest: str
    """Identifiers of the deals at the ends."""
    count: int


def band(measure: Measure, recovery: Recovery | None = None) -> Band | None:
    """The band of a measure; with a recovery only over deals of that structure, where two or more have the figure."""
    known = [(ends, d) for d in colocation_deals() if (ends := measure.ends(d)) is not None]
    alike = [pair for pair in known if pair[1].recovery is recovery]
    if recovery is not None and len(alike) > 1:
        known = alike
    if not known:
        return None
    low, high = min(known, key=lambda pair: pair[0][0]), max(known, key=lambda pair: pair[0][1])
    return Band(low[0][0], high[0][1], low[1].deal_id, high[1].deal_id, len(known))


class Place(StrEnum):
    """Where a figure stands."""

    BELOW = "below"
    INSIDE = "inside"
    ABOVE = "above"


@dataclass(frozen=True)
class Comparison:
    """One figure of an offer beside the signed deals."""

    measure: Measure
    value: float
    band: Band
    place: Place


def compare(offer: Lease) -> tuple[Comparison, ...]:
    """Every measure of an offer; margins beside deals of its own structure, everything else beside all."""
    found = []
    for measure in MEASURES:
        near = band(measure, offer.recovery if measure.key == "noi_margin" else None)
        if near is None:
            continue
        value = measure.of_offer(offer)
        slack = ROUNDING * max(abs(near.low), abs(near.high))
        place = Place.BELOW if value < near.low - slack else Place.ABOVE if value > near.high + slack else Place.INSIDE
        found.append(Comparison(measure, value, near, place))
    return tuple(found)


@dataclass(frozen=True)
class NotesFigures:
    """What the published notes of a signed deal mean beside a case's NOI and capex."""

    debt_usd: float
    coupon_per_year: float
    level_payment_usd_per_year: float
    first_year_level_cover: float
    sculpted_cover: float
    debt_yield: float
    yield_on_sponsor_cost: float
    """First-year NOI over the landlord's construction cost: with contingency, less what the tenant pays of it."""
    yield_on_funded_cost: float
    """First-year NOI over that cost with the interest on the notes until rent begins: all that debt and equity pay."""


def notes_figures(deal: Deal, offer: Lease) -> NotesFigures | None:
    """Level and sculpted cover of a deal's notes, fully repaid over the lease's term, twice a year.

    NOI and construction cost are the offer's, on the critical IT MW that the notes pay for; power is at no price.

    * Level: ``D r / (1 - (1 + r) ** -n)`` with ``r = coupon / 2`` and ``n = 2 x term``; its cover is first-year NOI
      over two payments.
    * Sculpted: ``PV(NOI) / D`` at the same rate; at each date the contract's NOI of the six months before it, free
      months and listed rents as they stand.
    * Funded cost: ``landlord's cost + D x coupon x (build + delay + free months) / 12``: the notes are issued when
      building starts and cost their coupon until rent begins. The debt yield, ``NOI / D``, knows nothing of cost.

    ``None`` where the deal's notes are not known. River Bend: 335.8 million a year, 1.10 and about 1.33.
    """
    mw = deal.funded_critical_it_mw
    if deal.debt_usd is None or deal.coupon_per_year is None or mw is None:
        return None
    rate, periods = deal.coupon_per_year / COUPONS_PER_YEAR, COUPONS_PER_YEAR * offer.term_years
    first = stabilised_noi_usd_per_year(offer) * mw
    months = np.arange(1.0, MONTHS_PER_YEAR * offer.term_years + 1)
    by_month = contract_noi_usd(offer, months, base_rent_usd(offer, months), np.zeros_like(months)) * mw
    noi = by_month.reshape(periods, -1).sum(axis=1)
    payment = COUPONS_PER_YEAR * level_payment(deal.debt_usd, rate, periods)
    cost = sponsor_cost_usd(offer) * mw
    waiting = (offer.build_months + offer.delay_months + offer.free_rent_months) / MONTHS_PER_YEAR
    funded = cost + deal.debt_usd * deal.coupon_per_year * waiting
    return NotesFigures(
        debt_usd=deal.debt_usd,
        coupon_per_year=deal.coupon_per_year,
        level_payment_usd_per_year=payment,
        first_year_level_cover=first / payment,
        sculpted_cover=sculpted_debt(noi, np.arange(1.0, periods + 1.0), rate, 1.0) / deal.debt_usd,
        debt_yield=first / deal.debt_usd,
        yield_on_sponsor_cost=first / cost if cost else float("inf"),
        yield_on_funded_cost=first / funded,
    )
