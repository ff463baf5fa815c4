"""What is known of a site when it has been looked at: a plan in figures and words, or why there is none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class SiteStatus(StrEnum):
    """How a site ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    BAD_INPUT = "bad input"
    FAILED = "failed"
    OVER_TIME = "over time"


@dataclass(frozen=True)
class Outcome:
    """One site's answer. Figures are ``None`` where there is no plan, or no such figure."""

    status: SiteStatus
    reason: str = ""
    """Why there is no plan: every fault, the limits that conflict with their cures, or what the solver said."""
    decision: str = ""
    """The plan in a few words: which offers are taken from when, and what mines."""
    npv_usd: float | None = None
    """Worth over doing nothing, mining and hosting each at its own rate."""
    hosting_npv_usd: float | None = None
    mining_npv_usd: float | None = None
    capex_usd: float | None = None
    peak_equity_usd: float | None = None
    """Most money that the owner has in at one time."""
    npv_per_peak_equity: float | None = None
    """NPV of one dollar of the owner's money; ``None`` where none is needed."""
    irr: float | None = None
    """Per year, unlevered, after tax, on what is built or bought."""
    payback_years: float | None = None
    hosting_mw: float | None = None
    """Facility MW that host in the quarter in which most do."""
    hosting_critical_it_mw: float | None = None
    """Critical IT MW leased, over all offers."""
    mining_mw: float | None = None
    """Facility MW that mine in the quarter in which most do."""
    mean_idle_mw: float | None = None
    """Facility MW energised but idle, mean over the quarters."""

    def as_json(self) -> str:
        """One line that :func:`from_json` reads back to the last digit."""
        return json.dumps(asdict(self), allow_nan=False, ensure_ascii=False)


def from_json(text: str) -> Outcome:
    """The outcome that was written; raises ``ValueError`` or ``TypeError`` for anything else."""
    known = json.loads(text)
    return Outcome(**{**known, "status": SiteStatus(known["status"])})


UNITS = {
    "npv_usd": "USD", "hosting_npv_usd": "USD", "mining_npv_usd": "USD", "capex_usd": "USD", "peak_equity_usd": "USD",
    "npv_per_peak_equity": "USD of NPV per USD", "irr": "per year", "payback_years": "years",
    "hosting_mw": "facility MW", "hosting_critical_it_mw": "critical IT MW", "mining_mw": "facility MW",
    "mean_idle_mw": "facility MW",
}  # fmt: skip
"""Unit of each figure, in the order of the results."""
