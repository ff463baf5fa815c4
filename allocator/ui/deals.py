"""Signed colocation deals, their rents on the footing of an offer's: first-year, base.

The table gives the mean rent over the term; an offer states the rent of its first year. The two differ by the escalator
(River Bend: 158.7 and 128.0 USD/kW-month), so a mean is brought back to year one before it is drawn beside an offer.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from models.assumptions import describe
from models.lease import Lease
from models.rent import average_rent_usd_per_kw_month

HIGHEST_COLOCATION_RENT = 300.0
"""Mean rents above this, in USD/kW-month, sell the GPUs with the building."""
NOTE = (
    "Signed deals: models/deals.csv (announcements and filings, each row with its source). Means over the term are "
    "brought back to year one with the deal's own escalator, 3 % where it states none. Left out: GPU-cloud contracts "
    "such as IREN–Microsoft (they sell the GPUs too) and deals without a stated value. Modified-gross rents include "
    "running costs that a triple-net tenant pays on top."
)


@dataclass(frozen=True)
class Deal:
    """One signed lease to compare with."""

    landlord: str
    tenant: str
    site: str
    structure: str
    announced: str
    rent_usd_per_kw_month: float
    """First year."""


@cache
def colocation_deals() -> tuple[Deal, ...]:
    """Deals whose rent is known and pays for the building only, in the order of the table."""
    with (files("models") / "deals.csv").open(encoding="utf-8") as table:
        return tuple(_deal(row) for row in csv.DictReader(table) if _is_comparable(row))


def _is_comparable(row: Mapping[str, str]) -> bool:
    mean = row["avg_rent_usd_per_kw_month_derived"]
    return (
        bool(mean)
        and float(mean) <= HIGHEST_COLOCATION_RENT
        and "GPU cloud" not in row["lease_structure"]
        and bool(row["term_years"])
    )


def _deal(row: Mapping[str, str]) -> Deal:
    stated = re.match(r"\d+(\.\d+)?", row["escalator_pct"])
    escalator = float(stated[0]) / 100.0 if stated else float(describe(Lease)["escalator_per_year"].default)
    mean = float(row["avg_rent_usd_per_kw_month_derived"])
    first_year = mean / average_rent_usd_per_kw_month(1.0, int(float(row["term_years"])), escalator)
    return Deal(
        row["landlord"],
        row["tenant"],
        row["site"],
        row["lease_structure"] or "not stated",
        row["announced"],
        first_year,
    )
