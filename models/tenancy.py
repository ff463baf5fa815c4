"""How long a tenant stays, and who pays if it does not: renewal, termination, default, guarantor, re-letting."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from models.assumptions import Assumptions, Number, Whole, assumption
from models.timeline import MONTHS_PER_YEAR, Vector, increases


class Tenancy(Assumptions):
    """Options and risks of the tenant's stay. Without entries the tenant stays for the term and then leaves."""

    title_of_section: ClassVar[str] = "Tenancy"

    renewal_options: Whole = assumption(0, unit="", ge=0, le=10, meaning="Options of the tenant to renew")
    renewal_years: Whole = assumption(5, unit="years", ge=1, le=20, meaning="Years of each renewal")
    renewal_probability: Number = assumption(
        0.0, unit="probability", ge=0, le=1, meaning="Chance that each option is used, given that the one before was",
        because="it is a probability",
    )  # fmt: skip
    renewal_rent_ratio: Number = assumption(
        1.0, unit="x escalated rent", ge=0, le=5,
        meaning="Rent at the first renewal over the rent that goes on escalating",
    )  # fmt: skip
    termination_after_years: Whole | None = assumption(
        None, unit="years", ge=1, le=40, meaning="Year after which the tenant may leave early; absent if it may not",
    )  # fmt: skip
    termination_probability: Number = assumption(
        0.0, unit="probability", ge=0, le=1, meaning="Chance that it uses that right", because="it is a probability",
    )  # fmt: skip
    termination_fee_months: Number = assumption(
        0.0, unit="months of rent", ge=0, le=240, meaning="Fee for leaving early, in months of the rent of that day",
    )  # fmt: skip
    tenant_default_per_year: Number = assumption(
        0.0, unit="probability per year", ge=0, lt=1,
        meaning="Chance a year that the tenant stops paying; 0 leaves that risk to the discount rate",
        because="it is a probability",
    )  # fmt: skip
    tenant_default_after_years: Whole | None = assumption(
        None, unit="years", ge=0, le=40,
        meaning="Years after which the tenant stops paying for sure, to see what that does; absent if it does not",
    )  # fmt: skip
    guarantor: str = assumption("", unit="", meaning="Who pays if the tenant does not")
    guarantor_cap_share: Number = assumption(
        0.0, unit="share of base-term rent", ge=0, le=1,
        meaning="Most that the guarantor pays, of all base rent over the term",
        source="published backstops 14-49 %; one covers the base term", status="derived", dated="2025",
        because="a guarantor owes no more than the contract",
    )  # fmt: skip
    guarantor_warrants_usd: Number = assumption(
        0.0, unit="USD", ge=0, le=1e11,
        meaning="Value of warrants given to the guarantor for the whole offer, a cost at signing",
    )  # fmt: skip
    reletting_months: Whole = assumption(
        12, unit="months", ge=0, le=240, meaning="Months in which a hall stands empty after its tenant left early",
    )  # fmt: skip
    reletting_rent_ratio: Number = assumption(
        0.8, unit="x contract rent", ge=0, le=2, meaning="Rent of the next tenant over that of the contract",
    )  # fmt: skip


def renewals(terms: Tenancy) -> int:
    """Options that are counted: none where their chance is nil."""
    return terms.renewal_options if np.any(terms.renewal_probability) else 0


def longest_stay_months(terms: Tenancy, term_years: int) -> int:
    """Months from delivery to the end of the last renewal."""
    return MONTHS_PER_YEAR * (term_years + renewals(terms) * terms.renewal_years)


def solvent_share(terms: Tenancy, months_let: Vector) -> Vector:
    """Chance that the tenant has paid every rent up to month ``k``: ``(1 - default) ** (k / 12)``, 0 once it stops."""
    found = np.ones_like(months_let)
    if np.any(terms.tenant_default_per_year):
        found = (1.0 - terms.tenant_default_per_year) ** (np.maximum(months_let, 0.0) / MONTHS_PER_YEAR)
    if terms.tenant_default_after_years is not None:
        found = np.where(months_let > MONTHS_PER_YEAR * terms.tenant_default_after_years, 0.0, found)
    return np.asarray(found)


def may_default(terms: Tenancy) -> bool:
    """Whether a default is counted at all."""
    return bool(np.any(terms.tenant_default_per_year)) or terms.tenant_default_after_years is not None


def staying_share(terms: Tenancy, months_let: Vector) -> Vector:
    """Chance that it has not used its right to leave."""
    if terms.termination_after_years is None:
        return np.ones_like(months_let)
    gone = months_let > MONTHS_PER_YEAR * terms.termination_after_years
    return np.where(gone, 1.0 - terms.termination_probability, 1.0)


def renewed_share(terms: Tenancy, months_let: Vector, term_years: int) -> Vector:
    """Chance that the renewal in which month ``k`` lies is used: ``p ** ceil((k - term) / renewal)``."""
    number = np.ceil((months_let - MONTHS_PER_YEAR * term_years) / (MONTHS_PER_YEAR * terms.renewal_years))
    return np.asarray(terms.renewal_probability ** np.maximum(number, 0.0))


def in_place_share(terms: Tenancy, months_let: Vector, term_years: int) -> Vector:
    """Chance that the tenant of the contract pays the rent of month ``k``."""
    inside = (months_let >= 1) & (months_let <= longest_stay_months(terms, term_years))
    stays = solvent_share(terms, months_let) * staying_share(terms, months_let)
    return np.where(inside, stays * renewed_share(terms, months_let, term_years), 0.0)


def leaving_share(terms: Tenancy, months_let: Vector, term_years: int) -> Vector:
    """Chance that the tenant of the contract leaves after month ``k``, all rents paid and its last option unused.

    ``in place x (1 - p)`` at the end of the base term and of each option, ``in place`` at that of the last.
    """
    past = months_let - MONTHS_PER_YEAR * term_years
    ends = (past >= 0) & (past % (MONTHS_PER_YEAR * terms.renewal_years) == 0)
    last = months_let == longest_stay_months(terms, term_years)
    chance = np.where(last, 1.0, np.where(ends, 1.0 - terms.renewal_probability, 0.0))
    return np.asarray(in_place_share(terms, months_let, term_years) * chance)


def left_early_share(terms: Tenancy, months_let: Vector, term_years: int) -> Vector:
    """Chance that the tenant has left before the base term ended, by default or by its right; 0 outside it."""
    inside = (months_let >= 1) & (months_let <= MONTHS_PER_YEAR * term_years)
    return np.where(inside, 1.0 - solvent_share(terms, months_let) * staying_share(terms, months_let), 0.0)


def relet_share(terms: Tenancy, months_let: Vector, term_years: int) -> Vector:
    """Chance that the next tenant pays: the first left ``reletting_months`` ago or more; it stays for the base term."""
    left = left_early_share(terms, months_let - terms.reletting_months, term_years)
    return np.where(months_let <= MONTHS_PER_YEAR * term_years, left, 0.0)


def termination_fee_usd(terms: Tenancy, rent_usd: Vector, months_let: Vector) -> Vector:
    """Expected fee, in the month after which the tenant may leave: ``p x solvent x months x rent of that month``."""
    if terms.termination_after_years is None:
        return np.zeros_like(months_let)
    due = months_let == MONTHS_PER_YEAR * terms.termination_after_years
    fee = terms.termination_probability * terms.termination_fee_months * solvent_share(terms, months_let) * rent_usd
    return np.where(due, fee, 0.0)


def guarantor_payment_usd(terms: Tenancy, rent_usd: Vector, months_let: Vector, term_years: int) -> Vector:
    """Expected payments of the guarantor by month; months along the first axis, one a row.

    A tenant that defaults in month ``j`` (chance ``f_j``) leaves the rent of months ``j .. j + L - 1`` unpaid and, once
    the hall is let again, the part ``max(0, 1 - ratio)`` of each later one in the base term. The guarantor makes that
    good until it has paid its cap: ``sum_j f_j [min(cap, G_j(k)) - min(cap, G_j(k - 1))]`` with ``G_j(k)`` the rent
    missed by month ``k``.
    """
    if not (may_default(terms) and np.any(terms.guarantor_cap_share)):
        return np.zeros_like(months_let)
    months = months_let.ravel()
    rows = (months >= 1) & (months <= MONTHS_PER_YEAR * term_years)
    rent, k = rent_usd[rows], months_let[rows]
    billed = np.cumsum(rent, axis=0)
    default = (solvent_share(terms, k - 1.0) - solvent_share(terms, k)) * staying_share(terms, k)
    relet = np.minimum(np.arange(len(rent)) + terms.reletting_months, len(rent))
    until_relet = np.concatenate([np.zeros_like(billed[:1]), billed])[relet]
    # [month k, month of default j]; negative, so nothing, where k comes before j
    missed = np.minimum(billed[:, None], until_relet) - (billed - rent)
    shortfall = np.maximum(1.0 - terms.reletting_rent_ratio, 0.0)
    missed = missed + shortfall * np.maximum(billed[:, None] - until_relet, 0.0)
    paid = np.clip(missed, 0.0, terms.guarantor_cap_share * np.sum(rent, axis=0))
    expected = increases(np.sum(paid * default, axis=1))
    found = np.zeros((len(months), *expected.shape[1:]))
    found[rows] = expected
    return found
