"""A colocation lease, per critical IT MW of an offer: rent, NOI, capex, debt, tax, by month."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from models.assumptions import Assumptions, Flag, Number, Whole, assumption
from models.capex import draws
from models.timeline import MONTHS_PER_YEAR, Day, LastDay, Vector, anniversary_steps

KW_PER_MW = 1000.0


class Recovery(StrEnum):
    """Who pays the building's running costs."""

    NNN = "nnn"
    MODIFIED_GROSS = "modified gross"
    GROSS = "gross"


class Lease(Assumptions):
    """An offer of a long-term lease, as on its term sheet."""

    name: str = assumption(..., unit="", meaning="A name for the offer")
    tenant: str = assumption(..., unit="", meaning="Who pays the rent")
    critical_it_mw: Number = assumption(..., unit="critical IT MW", ge=0.001, le=1e5, meaning="Critical IT MW offered")
    provisioning_ratio: Number = assumption(
        1.43, unit="facility MW per critical IT MW", ge=1, le=3,
        meaning="Facility MW provisioned per critical IT MW (not PUE)", status="derived", dated="2024-2026",
        source="signed deals 1.35-1.52", because="facility load cannot be less than critical IT load",
    )  # fmt: skip
    term_years: Whole = assumption(15, unit="years", ge=1, le=40, meaning="Years of rent from each hall's delivery")
    rent_usd_per_kw_month: Number = assumption(
        ..., unit="USD/kW-month", ge=0, le=5_000, meaning="First-year base rent per kW of critical IT",
    )  # fmt: skip
    escalator_per_year: Number = assumption(
        0.03, unit="per year", ge=-0.2, le=0.2, meaning="Step of the rent on each anniversary of a hall",
        source="3.0 % stated by Hut 8; 2.9-3.1 % implied elsewhere", status="sourced", dated="2026-05",
    )  # fmt: skip
    recovery: Recovery = assumption(
        Recovery.NNN, unit="", meaning="Who pays running costs: nnn, modified gross or gross"
    )
    noi_margin: Number = assumption(
        0.986, unit="share of rent", ge=0, le=1, meaning="Net operating income over rent",
        source="98.6 % stated for River Bend; NNN 98-100 %, modified gross 80-90 %", status="sourced", dated="2025-12",
    )  # fmt: skip
    capex_usd_per_kw: Number = assumption(
        11_500.0, unit="USD/kW", ge=0, le=1e5, meaning="Landlord's cost per kW of critical IT, no GPUs",
        source="8-15 million per critical IT MW, middle 11.5 (CoinShares)", status="sourced", dated="2026",
    )  # fmt: skip
    build_months: Whole = assumption(
        16, unit="months", ge=1, le=120, meaning="Months of construction that end at a hall's delivery",
        source="12-18 months from signing to first delivery in signed deals", status="derived", dated="2026",
    )  # fmt: skip
    deliveries: Whole = assumption(
        3, unit="", ge=1, le=12, meaning="Equal deliveries (halls) in which the capacity comes"
    )
    delivery_interval_months: Whole = assumption(3, unit="months", ge=0, le=36, meaning="Months between two deliveries")
    earliest_start: Day | None = assumption(
        None, unit="",
        meaning='Earliest first delivery, a date or a quarter such as "2027Q2"; as soon as it can be built if absent',
    )  # fmt: skip
    latest_start: LastDay | None = assumption(
        None, unit="", meaning="Latest first delivery; the earliest if absent",
    )  # fmt: skip
    block_mw: Number = assumption(
        0.0, unit="critical IT MW", ge=0, le=1e5, meaning="Size of a whole hall; 0 where any MW can be leased"
    )
    min_mw: Number = assumption(
        0.0, unit="critical IT MW", ge=0, le=1e5, meaning="Least MW the tenant takes if it takes any"
    )
    committed: Flag = assumption(
        False, unit="", meaning="Signed: at least min_mw (or the whole offer, if that is 0) must be delivered"
    )
    ltc: Number = assumption(
        0.80, unit="share of capex", ge=0, le=1, meaning="Loan to cost: debt drawn per dollar of capex",
        source="70-85 % in signed deals", status="sourced", dated="2025",
        because="debt above 100 % of cost is not project debt",
    )  # fmt: skip
    debt_rate: Number = assumption(
        0.071, unit="per year, paid monthly", ge=0, le=1, meaning="Coupon of the project debt",
        source="AI project bonds 6.13-9.25 %", status="sourced", dated="2026-06",
    )  # fmt: skip
    dscr: Number = assumption(
        1.30, unit="x", ge=1, le=10,
        meaning="Least cover of debt service by NOI; sizes the debt where it is smaller than LTC allows",
        source="covenants 1.05-1.40", status="sourced", dated="2026", because="below 1 the debt could not be served",
    )  # fmt: skip


def first_year_rent_usd_per_kw_month(
    contract_value_usd: float, critical_it_mw: float, term_years: int, escalator: float
) -> float:
    """Rent of year one that adds up to a contract's value with yearly steps.

    ``V g / ((1 + g) ** n - 1) / (12 x kW)``, and ``V / n / (12 x kW)`` without an escalator.

    >>> round(first_year_rent_usd_per_kw_month(7.0e9, 245, 15, 0.03), 1)  # River Bend
    128.0
    """
    years = term_years if escalator == 0 else math.expm1(term_years * math.log1p(escalator)) / escalator
    return contract_value_usd / years / (MONTHS_PER_YEAR * KW_PER_MW * critical_it_mw)


def average_rent_usd_per_kw_month(first_year_rent: float, term_years: int, escalator: float) -> float:
    """Mean rent over the term, with yearly steps.

    >>> round(average_rent_usd_per_kw_month(128.0157, 15, 0.03), 1)  # River Bend
    158.7
    """
    years = np.arange(term_years)
    return first_year_rent * float(np.mean((1.0 + escalator) ** years))


def contract_value_usd(lease: Lease) -> float:
    """All base rent over the term for the whole offer, undiscounted."""
    average = average_rent_usd_per_kw_month(lease.rent_usd_per_kw_month, lease.term_years, lease.escalator_per_year)
    return average * MONTHS_PER_YEAR * lease.term_years * KW_PER_MW * lease.critical_it_mw


def implied_escalator(value_usd: float, years: int, longer_value_usd: float, longer_years: int) -> float:
    """Yearly step at which a contract and the same contract with its renewals are consistent.

    Solves ``((1 + g) ** n2 - 1) / ((1 + g) ** n1 - 1) = V2 / V1`` by bisection on [1e-9, 1].
    """
    low, high = 1e-9, 1.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        ratio = ((1.0 + middle) ** longer_years - 1.0) / ((1.0 + middle) ** years - 1.0)
        low, high = (middle, high) if ratio < longer_value_usd / value_usd else (low, middle)
    return 0.5 * (low + high)


def delivery_offsets_months(lease: Lease) -> tuple[int, ...]:
    """Months from the first delivery to each delivery."""
    return tuple(i * lease.delivery_interval_months for i in range(lease.deliveries))


def last_delivery_offset_months(lease: Lease) -> int:
    """Months from the first delivery to the last."""
    return (lease.deliveries - 1) * lease.delivery_interval_months


def billed_rent_usd(lease: Lease, months_since_delivery: Vector, offset_months: int) -> Vector:
    """Rent of one delivery's share of a critical IT MW, by month.

    ``1000 kW / deliveries x rent x (1 + g) ** floor((k - 1) / 12)`` in months ``k = 1 .. 12 x term`` after that
    delivery (``months_since_delivery`` counts from the first one).
    """
    k = months_since_delivery - offset_months
    level = KW_PER_MW / lease.deliveries * lease.rent_usd_per_kw_month * anniversary_steps(lease.escalator_per_year, k)
    return np.where((k >= 1) & (k <= MONTHS_PER_YEAR * lease.term_years), level, 0.0)


def rent_usd(lease: Lease, months_since_delivery: Vector) -> Vector:
    """Rent of one critical IT MW over all its deliveries, by month."""
    parts = [billed_rent_usd(lease, months_since_delivery, offset) for offset in delivery_offsets_months(lease)]
    return np.asarray(np.sum(parts, axis=0))


def noi_usd(rent: Vector, noi_margin: float) -> Vector:
    """Net operating income: rent less what the landlord pays to run the building."""
    return rent * noi_margin


def capex_draws_usd(lease: Lease, months_since_delivery: Vector) -> Vector:
    """Construction draws of one critical IT MW: each delivery is built over the months before it."""
    share = lease.capex_usd_per_kw * KW_PER_MW / lease.deliveries
    parts = [
        draws(share, months_since_delivery - offset, lease.build_months) for offset in delivery_offsets_months(lease)
    ]
    return np.asarray(np.sum(parts, axis=0))


def occupied_share(lease: Lease, months_since_delivery: Vector) -> Vector:
    """Share of the unit's facility MW that is in the tenant's hands during each month."""
    term = MONTHS_PER_YEAR * lease.term_years
    parts = [(months_since_delivery > o) & (months_since_delivery <= o + term) for o in delivery_offsets_months(lease)]
    return np.asarray(np.sum(parts, axis=0) / lease.deliveries)


def stabilised_noi_usd_per_year(lease: Lease) -> float:
    """First-year NOI of one critical IT MW once every hall is let."""
    return lease.rent_usd_per_kw_month * KW_PER_MW * MONTHS_PER_YEAR * lease.noi_margin
