"""The same decision written a second time, the long way: dense rows of cumulative amounts, raw highspy, no PuLP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import highspy
import numpy as np

from allocator.activities import Activities, Kind


def _steps(choices: Activities, given: object) -> np.ndarray:
    timeline = choices.case.timeline
    starts = [timeline.month_end(3 * q) for q in range(timeline.quarters)]
    if not isinstance(given, tuple):
        return np.full(len(starts), float(given))
    amounts = [(s.from_date, getattr(s, "grid_mw", None) or getattr(s, "usd", 0.0)) for s in given]

    def on(day: date) -> float:
        return max([(d, a) for d, a in amounts if d <= day], default=(None, 0.0))[1]

    ends = [timeline.month_end(3 * q + 3) - timedelta(days=1) for q in range(timeline.quarters)]
    return np.array([min(on(start), on(end)) for start, end in zip(starts, ends, strict=True)])


Row = tuple[np.ndarray, float, float]
"""What a unit of each activity counts, and the least and the most of the sum."""


def best_npv_usd(choices: Activities, also: Sequence[Row] = ()) -> float | None:  # noqa: C901, PLR0912, PLR0915  (one list of limits)
    """Largest NPV of a mix of these activities that also keeps further rows, or ``None`` if there is no mix."""
    case, items = choices.case, choices.items
    months, policy = case.timeline.month_index, case.policy
    hosting = np.array([a.kind is Kind.LEASE for a in items])
    rates = np.where(hosting, case.finance.discount_rate_hosting, case.finance.discount_rate_mining)
    worth = np.array(
        [(1 + r) ** (-months / 12) @ choices.cash_flow_usd[:, j] for j, r in enumerate(rates)], dtype=float
    )
    power = choices.facility_mw
    grid = _steps(choices, case.site.grid_mw)
    quarters = range(case.timeline.quarters)
    owner = np.array([a.owner for a in items])
    kind = np.array([a.kind for a in items])

    rows: list[Row] = list(also)
    for q in quarters:
        rows.append((power[q], -np.inf, grid[q]))
        rows.append((power[q] * hosting, -np.inf, policy.max_hosting_share * grid[q]))
        rows.append((power[q] * hosting, -np.inf, max(0.0, grid[q] - policy.min_flexible_mw)))
        for tenant in {offer.tenant for offer in case.leases}:
            theirs = np.array([a.kind is Kind.LEASE and case.leases[a.owner].tenant == tenant for a in items])
            rows.append((power[q] * theirs, -np.inf, policy.max_tenant_share * grid[q]))
        for i, bought in enumerate(case.purchases):
            rows.append((power[q] * ((kind == Kind.PURCHASE) & (owner == i)), -np.inf, bought.max_facility_mw))
    if policy.capital_usd is not None:
        flow = choices.equity_cash_flow_usd
        used = np.where(flow < 0, -flow, -policy.reinvested_share * flow).cumsum(axis=0)
        budget = _steps(choices, policy.capital_usd)
        rows += [(used[3 * q + 2], -np.inf, budget[q]) for q in quarters]
    for i, owned in enumerate(case.fleets):
        rows.append((((kind == Kind.FLEET) & (owner == i)).astype(float), -np.inf, owned.facility_mw))
    for i, offer in enumerate(case.leases):
        least = (offer.min_mw or offer.critical_it_mw) if offer.committed else -np.inf
        rows.append((((kind == Kind.LEASE) & (owner == i)).astype(float), least, offer.critical_it_mw))

        if offer.first_offer_with:
            other = [base.name for base in case.leases].index(offer.first_offer_with)
            share = (kind == Kind.LEASE) * ((owner == i) / offer.critical_it_mw)
            share = share - (kind == Kind.LEASE) * ((owner == other) / case.leases[other].critical_it_mw)
            start = np.array([a.start for a in items])
            rows += [(share * (start <= q), -np.inf, 0.0) for q in quarters]

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 1e-9)
    blocks = np.array([case.leases[a.owner].block_mw if a.kind is Kind.LEASE else 0.0 for a in items])
    step = np.where(blocks > 0, blocks, 1.0)
    for j in range(len(items)):
        solver.addVar(0.0, highspy.kHighsInf)
        solver.changeColCost(j, -worth[j] * step[j])
        if blocks[j] > 0:
            solver.changeColIntegrality(j, highspy.HighsVarType.kInteger)
    everything = np.arange(len(items), dtype=np.int32)
    for entries, low, high in rows:
        solver.addRow(low, high, len(items), everything, entries * step)
    for i, offer in enumerate(case.leases):
        if offer.min_mw > 0 and not offer.committed:
            solver.addVar(0.0, 1.0)
            yes = solver.getNumCol() - 1
            solver.changeColIntegrality(yes, highspy.HighsVarType.kInteger)
            theirs = np.flatnonzero((kind == Kind.LEASE) & (owner == i)).astype(np.int32)
            index = np.append(theirs, np.int32(yes)).astype(np.int32)
            for size, low, high in ((offer.min_mw, 0.0, np.inf), (offer.critical_it_mw, -np.inf, 0.0)):
                solver.addRow(low, high, len(index), index, np.append(step[theirs], -size))
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -solver.getInfo().objective_function_value
