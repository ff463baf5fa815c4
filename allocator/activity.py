"""What an activity is: one unit of something the site can do, and the vectors that the program knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from models.timeline import Vector


class Kind(StrEnum):
    """What an activity is made of."""

    FLEET = "fleet"
    PURCHASE = "purchase"
    LEASE = "lease"


class Use(StrEnum):
    """What the megawatts do."""

    MINING = "mining"
    HOSTING = "hosting"


USE = {Kind.FLEET: Use.MINING, Kind.PURCHASE: Use.MINING, Kind.LEASE: Use.HOSTING}


@dataclass(frozen=True)
class Activity:
    """One column of the program; a unit is a facility MW (mining) or a critical IT MW (hosting)."""

    key: str
    """Name in the program: letters, digits and underscores only."""
    name: str
    """Name for people."""
    kind: Kind
    owner: int
    """Position of the fleet, purchase or offer in the case."""
    owner_name: str
    start: int
    """First quarter of use."""
    stop: int
    """First quarter after it."""
    facility_mw_per_unit: float

    @property
    def use(self) -> Use:
        """What the megawatts do."""
        return USE[self.kind]


@dataclass(frozen=True)
class Bundle:
    """Activities of one fleet, purchase or offer with their vectors; arrays are per unit, one column an activity."""

    activities: tuple[Activity, ...]
    cash_flow_usd: Vector
    """Unlevered, after tax with losses used at once; (M + 1, J)."""
    equity_cash_flow_usd: Vector
    """After debt, and after tax with losses carried forward; (M + 1, J). What the capital rows see."""
    capex_usd: Vector
    """Undiscounted, (J,)."""
    occupied: Vector
    """Share of a unit's facility MW in use in each quarter, (Q, J)."""
    operating_cash_usd: Vector
    """What use brings before capex, resale, debt and tax, expected, (M + 1, J)."""
    cfads_usd: Vector
    """Cash flow available for debt service, as a lender to the offer counts it, (M + 1, J); zero for mining."""
    debt_service_usd: Vector
    """(M + 1, J); zero for mining."""


@lru_cache(maxsize=1024)
def key_text(name: str) -> str:
    """A name with everything but letters, digits and underscores replaced, for use in the program."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:40]
