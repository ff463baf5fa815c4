"""What a search ends with: a plan of every site, and the bound that no plan goes beyond."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.portfolio.search import Found, Search
from allocator.program.solve import Status
from models.timeline import Vector


@dataclass(frozen=True)
class Plan:
    """The best plan found for a question, and what no plan goes beyond."""

    status: Status
    npv_usd: float
    bound_usd: float
    solution: tuple[Vector, ...]
    """Of each site's program; zero for a site that is not entered."""
    entered: tuple[bool, ...]
    """Which sites may do anything: all but those with a ticket or a group that stay out."""
    found: Found
    """The continuous search that the plan comes from, whole numbers held: its prices certify the rest."""
    search: Search
    """The search that found it, halls held."""

    @property
    def gap(self) -> float:
        """What is open between bound and plan, over 1 + the plan's NPV."""
        return max(0.0, self.bound_usd - self.npv_usd) / (1.0 + abs(self.npv_usd))
