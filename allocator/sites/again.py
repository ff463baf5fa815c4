"""Some sites of a table solved once more, for what one row of results does not hold: mix and schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.activities import activities
from allocator.allocation import Allocation, allocation_of
from allocator.program.build import build
from allocator.sites.table import SiteRow, SitesTable, site_case
from allocator.sites.work import packed, unpacked


def plans_again(table: SitesTable, rows: Sequence[SiteRow]) -> Iterator[Allocation]:
    """The plan of each row as the batch found it; for rows that have one."""
    shared = unpacked(packed(table))
    for row in rows:
        choices = activities(site_case(shared.table, row), reuse=shared.choices)
        yield allocation_of(build(choices), near=shared.solved)
