"""What is left when a lease ends: nothing, megawatts that go back to mining, or a building that is sold."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import numpy as np

from models.assumptions import Assumptions, Number, assumption
from models.timeline import Vector


class AfterTerm(StrEnum):
    """What happens to a hall when its stay ends: with the base term, unless the tenant of the contract goes on."""

    BACK_TO_MINING = "back to mining"
    """The hall is given up, its megawatts return to the site; it is worth nothing and costs nothing more."""
    NOTHING = "none"
    """It stands empty on its megawatts at its running cost until the last option would have ended, then is shut."""
    SOLD = "sold"
    """It is sold with its megawatts at a cap rate on what its tenant pays; an empty one is given away."""


class ExitValue(Assumptions):
    """Terms of the end."""

    title_of_section: ClassVar[str] = "End of the lease"

    after_term: AfterTerm = assumption(
        AfterTerm.BACK_TO_MINING, unit="", meaning="When the tenant's stay has ended: back to mining, none or sold"
    )
    exit_cap_rate: Number = assumption(
        0.08, unit="per year", gt=0, le=0.5,
        meaning="Yield at which let halls change hands: forward NOI over price; also the measure of development spread",
    )  # fmt: skip
    selling_cost_share: Number = assumption(0.02, unit="share of price", ge=0, le=1, meaning="Cost of a sale")


def held_share(terms: ExitValue, in_place_share: Vector, months_let: Vector, base_months: int, stay: int) -> Vector:
    """Share of a hall that its owner still has in month ``k`` since delivery: its stay has not ended.

    1 in the base term; after it, until the last option ends, the chance that the tenant is in place, or 1 where halls
    are kept empty; 0 after that. By how much it falls after a month is the chance that the stay ends with that month.
    """
    kept = 1.0 if terms.after_term is AfterTerm.NOTHING else in_place_share
    return np.where(months_let <= base_months, 1.0, np.where(months_let <= stay, kept, 0.0))


def net_sale_usd(terms: ExitValue, forward_noi_usd_per_year: Vector) -> Vector:
    """Proceeds of a sale: ``max(0, NOI of the next year) / cap rate x (1 - selling cost)``; 0 where nothing is sold."""
    if terms.after_term is not AfterTerm.SOLD:
        return np.zeros_like(forward_noi_usd_per_year)
    return np.asarray(
        np.maximum(forward_noi_usd_per_year, 0.0) / terms.exit_cap_rate * (1.0 - terms.selling_cost_share)
    )
