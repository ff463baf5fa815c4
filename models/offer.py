"""What a tenant offers to take: critical IT MW, from when, in what blocks, and what it hangs on."""

from __future__ import annotations

from typing import ClassVar

from models.assumptions import Assumptions, Flag, Number, assumption
from models.timeline import Day, LastDay


class Offer(Assumptions):
    """The offer itself, before its money."""

    title_of_section: ClassVar[str] = "Offer"

    name: str = assumption(..., unit="", meaning="A name for the offer")
    tenant: str = assumption(..., unit="", meaning="Who pays the rent")
    critical_it_mw: Number = assumption(..., unit="critical IT MW", ge=0.001, le=1e5, meaning="Critical IT MW offered")
    provisioning_ratio: Number = assumption(
        1.43, unit="facility MW per critical IT MW", ge=1, le=3,
        meaning="Facility MW provisioned per critical IT MW (not PUE)", status="derived", dated="2024-2026",
        source="signed deals 1.35-1.52", because="facility load cannot be less than critical IT load",
    )  # fmt: skip
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
    first_offer_with: str = assumption(
        "", unit="",
        meaning="Name of the lease whose tenant has the right of first offer on this one; it comes only with that one",
    )  # fmt: skip
    exclusive_group: str = assumption(
        "", unit="", meaning="Offers with the same text here exclude each other: at most one of them is taken"
    )
    signed_deal: str = assumption(
        "", unit="", meaning="Identifier of the signed deal that this offer is, where it is one (HUT-RB)"
    )
