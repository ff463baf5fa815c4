"""What is left when a lease ends: nothing, megawatts that go back to mining, or a building that is sold."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import numpy as np

from models.assumptions import Assumptions, Number, assumption
from models.timeline import Vector


class AfterTerm(StrEnum):
    """What happens to the halls after the last renewal."""

    BACK_TO_MINING = "back to mining"
    """The megawatts return to the site; the halls are worth nothing."""
    NOTHING = "none"
    """The halls stand empty on their megawatts and are worth nothing."""
    SOLD = "sold"
    """The halls are sold with their megawatts at a cap rate."""


class ExitValue(Assumptions):
    """Terms of the end."""

    title_of_section: ClassVar[str] = "End of the lease"

    after_term: AfterTerm = assumption(
        AfterTerm.BACK_TO_MINING, unit="", meaning="After the last renewal: back to mining, none or sold"
    )
    exit_cap_rate: Number = assumption(
        0.08, unit="per year", gt=0, le=0.5,
        meaning="Yield at which let halls change hands: forward NOI over price; also the measure of development spread",
    )  # fmt: skip
    selling_cost_share: Number = assumption(0.02, unit="share of price", ge=0, le=1, meaning="Cost of a sale")


def net_sale_usd(terms: ExitValue, forward_noi_usd_per_year: Vector) -> Vector:
    """Proceeds of a sale: ``max(0, NOI of the next year) / cap rate x (1 - selling cost)``; 0 where nothing is sold."""
    if terms.after_term is not AfterTerm.SOLD:
        return np.zeros_like(forward_noi_usd_per_year)
    return np.asarray(
        np.maximum(forward_noi_usd_per_year, 0.0) / terms.exit_cap_rate * (1.0 - terms.selling_cost_share)
    )
