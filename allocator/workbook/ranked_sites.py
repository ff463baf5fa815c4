"""Sites of a batch as its workbook orders them: solved ones by NPV with what each does, the others apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.results import SiteResult
from allocator.sites.table import SiteRow, SitesTable
from allocator.sites.work import SHOWN_MW

MOST_LISTED = 30_000
"""Sites on a sheet, and rows without a plan on theirs: more would take gigabytes, and no reader turns so many pages."""


class Doing(StrEnum):
    """What a site does in its best plan."""

    HOSTING = "hosting"
    MINING = "mining"
    BOTH = "hosting and mining"
    NOTHING = "nothing"


@dataclass(frozen=True)
class RankedSite:
    """A solved site with its place by NPV."""

    rank: int
    row: SiteRow
    outcome: Outcome

    @property
    def name(self) -> str:
        """What the site is called."""
        return self.row.name

    @property
    def doing(self) -> Doing:
        """What it does."""
        return doing(self.outcome)

    @property
    def npv_usd(self) -> float:
        """Worth over doing nothing."""
        return self.outcome.npv_usd or 0.0

    @property
    def capital_usd(self) -> float:
        """Most of the owner's money that is in at one time."""
        return self.outcome.peak_equity_usd or 0.0

    @property
    def npv_per_dollar(self) -> float | None:
        """NPV of one dollar of capital; ``None`` where none is needed."""
        return self.npv_usd / self.capital_usd if self.capital_usd > 0 else None

    @property
    def hosting_mw(self) -> float:
        """Facility MW that host in the quarter in which most do."""
        return self.outcome.hosting_mw or 0.0

    @property
    def mining_mw(self) -> float:
        """Facility MW that mine in the quarter in which most do."""
        return self.outcome.mining_mw or 0.0


@dataclass(frozen=True)
class Batch:
    """All sites of a table, solved and not."""

    table: SitesTable
    ranked: tuple[RankedSite, ...]
    """By NPV, the largest first; equals in the order of the table. The best :data:`MOST_LISTED`."""
    unsolved: tuple[tuple[SiteRow, Outcome], ...]
    """In the order of the table, the first :data:`MOST_LISTED`."""
    left_out: int = 0
    """Rows that are on no sheet, for being too many."""

    @property
    def by_dollar(self) -> tuple[RankedSite, ...]:
        """Sites worth something, in the order of NPV per dollar of capital; those that need none come first."""
        worth = [site for site in self.ranked if site.npv_usd > 0]
        return tuple(sorted(worth, key=lambda s: (s.npv_per_dollar is not None, -(s.npv_per_dollar or s.npv_usd))))


def doing(outcome: Outcome) -> Doing:
    """What a plan does; less than a twentieth of a megawatt counts as nothing."""
    hosts, mines = (outcome.hosting_mw or 0.0) >= SHOWN_MW, (outcome.mining_mw or 0.0) >= SHOWN_MW
    if hosts:
        return Doing.BOTH if mines else Doing.HOSTING
    return Doing.MINING if mines else Doing.NOTHING


def batch_of(table: SitesTable, results: Sequence[SiteResult]) -> Batch:
    """Sites of a table with their results, which stand in the order of its rows."""
    pairs = [(row, result.outcome) for row, result in zip(table.rows, results, strict=True)]
    solved = [pair for pair in pairs if pair[1].status is SiteStatus.OPTIMAL]
    solved.sort(key=lambda pair: -(pair[1].npv_usd or 0.0))
    ranked = tuple(RankedSite(rank, row, outcome) for rank, (row, outcome) in enumerate(solved, start=1))
    unsolved = tuple(pair for pair in pairs if pair[1].status is not SiteStatus.OPTIMAL)
    left_out = max(0, len(ranked) - MOST_LISTED) + max(0, len(unsolved) - MOST_LISTED)
    return Batch(table, ranked[:MOST_LISTED], unsolved[:MOST_LISTED], left_out)
