"""Building a lease's halls: cost, who funds it, how it is drawn, how late it comes, what falls through."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from models.assumptions import Assumptions, Number, Whole, assumption
from models.rent import KW_PER_MW
from models.timeline import Vector, due_in

LONGEST_DELAY_MONTHS = 60
DrawShare = Annotated[Number, Field(ge=0, le=1)]


class Hall(Assumptions):
    """One delivery of an offer."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    months_after_first: Whole = assumption(
        ..., unit="months", ge=0, le=120, meaning="Months from the first delivery to this one"
    )
    share: Number = assumption(..., unit="share of the offer", gt=0, le=1, meaning="Share of the capacity that comes")


class Construction(Assumptions):
    """What the landlord builds and when it hands it over."""

    title_of_section: ClassVar[str] = "Construction"

    capex_usd_per_kw: Number = assumption(
        11_500.0, unit="USD/kW", ge=0, le=1e5, meaning="Landlord's cost per kW of critical IT, no GPUs",
        source="8-15 million per critical IT MW, middle 11.5 (CoinShares)", status="sourced", dated="2026",
    )  # fmt: skip
    contingency_share: Number = assumption(
        0.0, unit="share of capex", ge=0, le=1, meaning="Contingency expected to be spent, over capex_usd_per_kw",
    )  # fmt: skip
    tenant_capex_share: Number = assumption(
        0.0, unit="share of capex", ge=0, le=1, meaning="Share of the cost that the tenant pays as it is drawn",
        source="CoreWeave paid 80 % of Core Scientific's capex in Q3 2025", status="sourced", dated="2025",
    )  # fmt: skip
    tenant_capex_credit_share: Number = assumption(
        0.0, unit="share of tenant-paid capex", ge=0, le=1, meaning="Part of that given back against rent",
    )  # fmt: skip
    tenant_capex_credit_months: Whole = assumption(
        60, unit="months", ge=1, le=480, meaning="Months of rent over which it is given back in equal parts",
    )  # fmt: skip
    build_months: Whole = assumption(
        16, unit="months", ge=1, le=120, meaning="Months of construction that end at a hall's delivery",
        source="12-18 months from signing to first delivery in signed deals", status="derived", dated="2026",
    )  # fmt: skip
    clearance_months: Whole = assumption(
        0, unit="months", ge=0, le=60,
        meaning="Months before a hall's agreed delivery in which its megawatts serve no other use (built on the pads)",
    )  # fmt: skip
    draw_curve: tuple[DrawShare, ...] = assumption(
        (), unit="share of cost",
        meaning="Cost drawn in equal parts of the build time, first to last, adding up to 1; an S-curve if absent",
    )  # fmt: skip
    deliveries: Whole = assumption(
        3, unit="", ge=1, le=12, meaning="Equal deliveries (halls) in which the capacity comes"
    )
    delivery_interval_months: Whole = assumption(3, unit="months", ge=0, le=36, meaning="Months between two deliveries")
    halls: tuple[Hall, ...] = assumption(
        (), unit="",
        meaning="Deliveries of their own size and date, {months_after_first, share}; instead of equal ones",
    )  # fmt: skip
    delay_months: Whole = assumption(
        0, unit="months", ge=0, le=LONGEST_DELAY_MONTHS,
        meaning="Months by which each delivery is expected to come later than agreed",
    )  # fmt: skip
    delay_spread_months: Number = assumption(
        0.0, unit="months", ge=0, le=36, meaning="Standard deviation of that delay",
    )  # fmt: skip
    late_damages_share: Number = assumption(
        0.0, unit="share of a month's rent", ge=0, le=2,
        meaning="Liquidated damages to the tenant for each month late, of a month's first-year base rent; 1 is a day's "
        "rent for each day late",
    )  # fmt: skip
    late_grace_months: Whole = assumption(0, unit="months", ge=0, le=36, meaning="Months late before damages are due")
    late_damages_months: Whole = assumption(6, unit="months", ge=0, le=60, meaning="Most months of damages")
    cancellation_probability: Number = assumption(
        0.0, unit="probability", ge=0, le=1, meaning="Chance that the lease falls away before its first delivery",
        because="it is a probability",
    )  # fmt: skip
    cancellation_sunk_share: Number = assumption(
        0.3, unit="share of capex", ge=0, le=1, meaning="Part of the cost that is lost if it does",
    )  # fmt: skip


def landlord_cost_usd(terms: Construction) -> Vector:
    """Cost of one critical IT MW to the landlord: with contingency, less what the tenant pays."""
    total = KW_PER_MW * terms.capex_usd_per_kw * (1.0 + terms.contingency_share)
    return np.asarray(total * (1.0 - terms.tenant_capex_share))


def tenant_capex_credit_usd(terms: Construction) -> Vector:
    """What one critical IT MW gives back to the tenant, against rent, of the capex that it paid."""
    total = KW_PER_MW * terms.capex_usd_per_kw * (1.0 + terms.contingency_share)
    return np.asarray(total * terms.tenant_capex_share * terms.tenant_capex_credit_share)


def deliveries(terms: Construction) -> tuple[tuple[int, float], ...]:
    """Months from the first delivery to each, and its share of the capacity; the shares add up to 1."""
    if terms.halls:
        return tuple((hall.months_after_first, hall.share) for hall in terms.halls)
    return tuple((i * terms.delivery_interval_months, 1.0 / terms.deliveries) for i in range(terms.deliveries))


def last_delivery_offset_months(terms: Construction) -> int:
    """Months from the first delivery to the last, as agreed."""
    return max(offset for offset, _ in deliveries(terms))


def drawn_share(elapsed_share: Vector, curve: tuple[float, ...] = ()) -> Vector:
    """Cumulative share of cost drawn at a share ``u`` of the build time.

    ``u**2 (3 - 2u)``, the S-curve of construction: slow, fast, slow; with a curve, its parts one after the other, each
    drawn evenly. 0 before the start, 1 from delivery on.
    """
    u = np.clip(elapsed_share, 0.0, 1.0)
    if curve:
        parts, spent = np.linspace(0.0, 1.0, len(curve) + 1), np.concatenate([[0.0], np.cumsum(curve)])
        return np.asarray(np.interp(u, parts, spent))
    return np.asarray(u * u * (3.0 - 2.0 * u))


def draws(
    cost_usd: Vector | float, months_since_delivery: Vector, build_months: int, curve: tuple[float, ...] = ()
) -> Vector:
    """Monthly draws of a cost over the ``build_months`` that end at delivery; they sum to the cost.

    ``months_since_delivery`` is 0 in the month at whose end the hall is handed over.
    """
    elapsed = (months_since_delivery + build_months) / build_months
    before = (months_since_delivery - 1.0 + build_months) / build_months
    return np.asarray(cost_usd * (drawn_share(elapsed, curve) - drawn_share(before, curve)))


def late_damages_usd(terms: Construction, monthly_rent_usd: Vector, months_since_agreed: Vector) -> Vector:
    """Damages in each month between the agreed and the expected delivery, after the grace, up to their most.

    ``share x a month's first-year base rent``: the trade states so many days' rent for each day late, as months here.
    """
    d = months_since_agreed - terms.late_grace_months
    due = (d >= 1) & (d <= terms.late_damages_months) & (months_since_agreed <= terms.delay_months)
    return due_in(due, terms.late_damages_share * monthly_rent_usd) if due.any() else np.zeros(due.shape)


def delay_chances(expected_months: float, spread_months: float) -> Vector:
    """Chance of each delay of 0, 1, .. 60 months: a log-normal delay of that mean and spread, rounded to months.

    ``s**2 = ln(1 + (sd / mean)**2)``, ``mu = ln(mean) - s**2 / 2``; the tail beyond 60 counts as 60. Without a spread
    all weight is on the expected delay.
    """
    found: Vector = np.zeros(LONGEST_DELAY_MONTHS + 1)
    if expected_months <= 0 or spread_months <= 0:
        found[min(round(expected_months), LONGEST_DELAY_MONTHS)] = 1.0
        return found
    spread = math.sqrt(math.log1p((spread_months / expected_months) ** 2))
    centre = math.log(expected_months) - spread**2 / 2
    edges = [0.5 + d for d in range(LONGEST_DELAY_MONTHS)]
    below = [0.5 * (1.0 + math.erf((math.log(e) - centre) / (spread * math.sqrt(2.0)))) for e in edges]
    return np.diff(np.array([0.0, *below, 1.0]))
