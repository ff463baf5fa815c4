"""Which month of one hall each delivery of an offer is in: how a line of one hall becomes one of all halls."""

from __future__ import annotations

import re

import numpy as np

from allocator.workbook.lease_unit import LeaseUnit
from allocator.workbook.lines import Heading, Line, Single, Statement
from models.lease import Lease

MOST_DELIVERIES = 12
"""Equal deliveries that a reader may type, whatever their number when the pack is written."""


def _count(lease: Lease) -> int:
    return len(lease.halls) or MOST_DELIVERIES


def all_halls(lease: Lease, line: str) -> str:
    """``sum_h share_h x line(m - offset_h)``; before a hall's first month the empty column D is read."""
    return each_hall(lease, f"{{{line}}}")


def each_hall(lease: Lease, term: str) -> str:
    """``sum_h share_h x term_h``; braces round a line in the term stand for its month of that hall."""
    return "+".join(
        f"[hall_place_{h}.total]*" + re.sub(r"\{(\w+)\}", rf"INDEX([\1.ever],[hall_place_{h}])", term)
        for h in range(1, _count(lease) + 1)
    )


def mean_over_halls(lease: Lease, line: str) -> str:
    """``sum_h share_h x line(m + offset_h)``: a line of the calendar by month of a hall's stay, mean over the halls."""
    return "+".join(
        f"[hall_place_{h}.total]*INDEX([{line}.all],MIN([network:last_month],[network:month]+[hall_offset_{h}])+1)"
        for h in range(1, _count(lease) + 1)
    )


def last_offset_formula(lease: Lease) -> str:
    """Months from the first delivery to the last."""
    if lease.halls:
        return f"MAX({','.join(f'@halls_{h}__months_after_first' for h in range(len(lease.halls)))})"
    return "(@deliveries-1)*@delivery_interval_months"


def hall_places(lease: Lease) -> Statement[LeaseUnit]:
    """When each delivery comes; then its share of the offer and where in a hall's row each month is found."""
    halls = range(1, _count(lease) + 1)
    return (
        Heading("Deliveries: when they come after the first"),
        *(_offset(lease, h) for h in halls),
        Heading("Deliveries: share of the offer, and the place of each month in the row of one hall"),
        *(_place(lease, h) for h in halls),
    )


def _months_after_first(lease: Lease, h: int) -> int:
    return lease.halls[h - 1].months_after_first if lease.halls else (h - 1) * lease.delivery_interval_months


def _offset(lease: Lease, h: int) -> Single[LeaseUnit]:
    own = f"@halls_{h - 1}__months_after_first" if lease.halls else f"[hall_offset_{h - 1}]+@delivery_interval_months"
    return Single(
        f"hall_offset_{h}", f"Delivery {h}, after the first", "months",
        lambda s, _: float(_months_after_first(s.lease, h)), f"={own}" if lease.halls or h > 1 else "=0",
    )  # fmt: skip


def _place(lease: Lease, h: int) -> Line[LeaseUnit]:
    if lease.halls:
        share = f"@halls_{h - 1}__share"
    elif h == 1:
        share = "1/@deliveries"
    else:
        before = f"SUM([hall_place_1.total]:[hall_place_{h - 1}.total])"
        share = f"IF(ROUND({before}*@deliveries,0)<@deliveries,1/@deliveries,0)"
    return Line(
        f"hall_place_{h}", f"Delivery {h}", "months",
        lambda s, _: np.maximum(1.0, s.months + 2.0 - _months_after_first(s.lease, h)),
        f"=MAX(1,[network:month]+1+1-[hall_offset_{h}])", beside=f"={share}",
    )  # fmt: skip
