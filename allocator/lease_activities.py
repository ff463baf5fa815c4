"""Activities that host: one critical IT MW of an offer, let from a quarter on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.activity import Activity, Bundle, Kind, key_text
from allocator.case import Case
from allocator.lease_rules import start_window
from models.lease import Lease, LeaseCashFlows, Recovery, lease_cash_flows, occupied_months
from models.power import paid_price_usd_per_mwh
from models.timeline import MONTHS_PER_QUARTER, Vector


def cash_flows_from(case: Case, lease: Lease, start: int) -> LeaseCashFlows:
    """Lines of one critical IT MW whose agreed first delivery falls at the start of quarter ``start``; (M + 1,)."""
    since = case.timeline.month_index - start * MONTHS_PER_QUARTER
    return lease_cash_flows(lease, case.finance, since, paid_price_usd_per_mwh(case.power, case.timeline))


def lease_bundles(case: Case) -> Iterator[Bundle]:
    """For each offer, one activity a quarter of its window.

    Later starts are the first one moved, but under gross, where the landlord's power has its own calendar.
    """
    timeline = case.timeline
    for owner, lease in enumerate(case.leases):
        first, last = start_window(timeline, lease)
        starts = range(first, last + 1)
        length = -(-occupied_months(lease) // MONTHS_PER_QUARTER)
        found = tuple(
            Activity(
                f"lease__{owner}_{key_text(lease.name)}__from_{start:03d}",
                f"lease {lease.name} from {timeline.quarter_label(start)}",
                Kind.LEASE,
                owner,
                lease.name,
                start,
                start + length,
                lease.provisioning_ratio,
            )
            for start in starts
        )
        if lease.recovery is Recovery.GROSS:
            flows = [cash_flows_from(case, lease, start) for start in starts]
        else:
            flows = [cash_flows_from(case, lease, first)]

        def columns(name: str, found: list[LeaseCashFlows] = flows, count: int = len(starts)) -> Vector:
            lines = [getattr(flow, name) for flow in found]
            if len(lines) == 1:
                lines = [_moved(lines[0], s * MONTHS_PER_QUARTER) for s in range(count)]
            return np.stack(lines, axis=1)

        # The largest share of the quarter's three months counts: a hall handed over mid-quarter needs its power then.
        by_month = columns("occupied_share")[1:]
        by_quarter = by_month.reshape(-1, MONTHS_PER_QUARTER, len(starts)).max(axis=1)
        yield Bundle(
            found,
            columns("cash_flow_usd"),
            columns("equity_cash_flow_usd"),
            columns("capex_usd").sum(axis=0),
            by_quarter,
            columns("noi_usd") + columns("prepayment_usd") - columns("credit_usd") - columns("late_damages_usd"),
            columns("cfads_usd"),
            columns("service_usd"),
        )


def _moved(line: Vector, months: int) -> Vector:
    """A line that begins some months later, zero before."""
    return np.concatenate([np.zeros(months), line[: len(line) - months]])
