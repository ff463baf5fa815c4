"""Rent of a colocation lease and what the landlord pays out of it, per critical IT MW, by month since delivery."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from models.assumptions import Assumptions, Number, Whole, assumption
from models.timeline import HOURS_PER_MONTH, MONTHS_PER_YEAR, Vector, anniversary_steps, due_in

KW_PER_MW = 1000.0
RentMultiple = Annotated[Number, Field(ge=0, le=20)]


class Recovery(StrEnum):
    """Who pays the building's running costs while a tenant is in place."""

    NNN = "nnn"
    """The tenant pays power, property tax, insurance and maintenance."""
    MODIFIED_GROSS = "modified gross"
    """The tenant pays power, the landlord the rest."""
    GROSS = "gross"
    """The landlord pays everything, power too."""


class Rent(Assumptions):
    """What the tenant pays, for how long, and what of it the landlord keeps."""

    title_of_section: ClassVar[str] = "Rent"

    term_years: Whole = assumption(15, unit="years", ge=1, le=40, meaning="Years of rent from each hall's delivery")
    rent_usd_per_kw_month: Number = assumption(
        ..., unit="USD/kW-month", ge=0, le=5_000, meaning="First-year base rent per kW of critical IT",
    )  # fmt: skip
    escalator_per_year: Number = assumption(
        0.03, unit="per year", ge=-0.2, le=0.2, meaning="Step of the rent on each anniversary of a hall",
        source="3.0 % stated by Hut 8; 2.9-3.1 % implied elsewhere", status="sourced", dated="2026-05",
    )  # fmt: skip
    rent_by_year: tuple[RentMultiple, ...] = assumption(
        (), unit="x first-year rent",
        meaning="Base rent of years 1, 2, ... where the term sheet lists them; the escalator goes on after the last",
    )  # fmt: skip
    free_rent_months: Whole = assumption(
        0, unit="months", ge=0, le=60, meaning="Months without rent after each delivery; the term runs meanwhile",
    )  # fmt: skip
    take_or_pay_share: Number = assumption(
        1.0, unit="share of capacity", ge=0, le=1, meaning="Least share of the capacity that is paid, used or not",
    )  # fmt: skip
    expected_use: Number = assumption(
        1.0, unit="share of capacity", ge=0, le=1, meaning="Share of the capacity that the tenant is expected to use",
    )  # fmt: skip
    prepaid_rent_months: Number = assumption(
        0.0, unit="months of first-year rent", ge=0, le=120, meaning="Rent paid in advance when construction starts",
    )  # fmt: skip
    prepayment_credit_months: Whole = assumption(
        12, unit="months", ge=1, le=240, meaning="Months of rent over which a prepayment is credited in equal parts",
    )  # fmt: skip
    recovery: Recovery = assumption(
        Recovery.NNN, unit="", meaning="Who pays running costs: nnn, modified gross or gross"
    )
    noi_margin: Number = assumption(
        0.986, unit="share of rent", ge=0, le=1,
        meaning="Rent left after costs that no tenant bears, before running costs and power that are given below",
        source="98.6 % stated for River Bend; NNN 98-100 %, modified gross 80-90 %", status="sourced", dated="2025-12",
    )  # fmt: skip
    running_cost_usd_per_kw_month: Number = assumption(
        0.0, unit="USD/kW-month", ge=0, le=1_000,
        meaning="Property tax, insurance and maintenance, where noi_margin does not hold them; the landlord pays them "
        "under modified gross and gross, and always for an empty hall",
        source="17.9 at Barber Lake (Cipher 8-K illustration)", status="sourced", dated="2025-11",
    )  # fmt: skip
    running_cost_growth_per_year: Number = assumption(
        0.03, unit="per year", ge=-0.2, le=0.2, meaning="Growth of running costs on each anniversary of a hall",
        source="Cipher 8-K illustration", status="sourced", dated="2025-11",
    )  # fmt: skip
    pue: Number = assumption(
        1.25, unit="ratio", ge=1, le=3, meaning="Energy at the meter per energy at the rack, for power under gross",
        source="1.18 design at Polaris Forge, 1.2-1.3 elsewhere", status="sourced", dated="2025",
        because="a meter sees at least what the racks use",
    )  # fmt: skip
    load_factor: Number = assumption(
        0.8, unit="share of critical IT", ge=0, le=1, meaning="Mean load of the racks, for power under gross",
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


def rent_index(terms: Rent, months_let: Vector) -> Vector:
    """Base rent of a month over that of year one; year ``y = floor((k - 1) / 12)`` counts from 0.

    ``(1 + g) ** y``; with a list of ``n`` years ``list[y]``, and ``list[n - 1] (1 + g) ** (y - n + 1)`` after it.
    """
    if not terms.rent_by_year:
        return anniversary_steps(terms.escalator_per_year, months_let)
    listed = np.array(terms.rent_by_year)
    year = np.floor((months_let - 1.0) / MONTHS_PER_YEAR)
    beyond = np.maximum(year - (len(listed) - 1.0), 0.0)
    found = listed[np.clip(year, 0, len(listed) - 1).astype(int)]
    return np.asarray(found * anniversary_steps(terms.escalator_per_year, MONTHS_PER_YEAR * beyond + 1.0))


def base_rent_usd(terms: Rent, months_let: Vector) -> Vector:
    """Monthly base rent of one critical IT MW, ``k`` months after its delivery, whatever the term.

    ``1000 kW x rent x index x max(take or pay, expected use)`` from month ``free + 1`` on, 0 before.
    """
    billed = np.maximum(terms.take_or_pay_share, terms.expected_use)
    first = np.asarray(KW_PER_MW * terms.rent_usd_per_kw_month * billed)
    return first * np.where(months_let > terms.free_rent_months, rent_index(terms, months_let), 0.0)


def prepayment_usd(terms: Rent) -> Vector:
    """Rent of one critical IT MW paid when its construction starts: ``months x 1000 kW x first-year rent``."""
    return np.asarray(KW_PER_MW * terms.rent_usd_per_kw_month * terms.prepaid_rent_months)


def credited(amount_usd: Vector, months_let: Vector, free_months: int, credit_months: int) -> Vector:
    """An amount given back against rent in equal parts over the first ``credit_months`` of rent."""
    inside = (months_let > free_months) & (months_let <= free_months + credit_months)
    return due_in(inside, amount_usd / credit_months)


def running_cost_usd(terms: Rent, months_let: Vector) -> Vector:
    """Property tax, insurance and maintenance of one critical IT MW, stepping up on each anniversary."""
    if not np.any(terms.running_cost_usd_per_kw_month):
        return np.zeros_like(months_let)
    steps = anniversary_steps(terms.running_cost_growth_per_year, months_let)
    return np.where(months_let >= 1, KW_PER_MW * terms.running_cost_usd_per_kw_month * steps, 0.0)


def landlord_bears_running_cost(terms: Rent) -> bool:
    """Whether the landlord pays the running costs of a let hall."""
    return terms.recovery is not Recovery.NNN


def power_cost_usd(terms: Rent, price_usd_per_mwh: Vector) -> Vector:
    """Monthly power of one critical IT MW that a landlord under gross pays: ``load x PUE x hours x price``."""
    if terms.recovery is not Recovery.GROSS:
        return np.zeros_like(price_usd_per_mwh)
    return np.asarray(terms.load_factor * terms.pue * HOURS_PER_MONTH * price_usd_per_mwh)
