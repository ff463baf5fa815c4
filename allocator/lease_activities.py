"""Activities that host: one critical IT MW of an offer, let from a quarter on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.activity import Activity, Bundle, Kind, key_text
from allocator.case import Case
from allocator.case_rules import start_window
from models import lease as leasing
from models.debt import DebtSchedule, schedule
from models.tax import depreciation, tax_at_once, tax_carried_forward, yearly_rates
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector


@dataclass(frozen=True)
class LeaseCashFlows:
    """One critical IT MW of an offer by month, arrays (M + 1,) in USD, for one first delivery."""

    rent_usd: Vector
    noi_usd: Vector
    capex_usd: Vector
    depreciation_usd: Vector
    tax_usd: Vector
    cash_flow_usd: Vector
    debt: DebtSchedule
    levered_tax_usd: Vector
    equity_cash_flow_usd: Vector
    occupied_share: Vector


def lease_cash_flows(case: Case, lease: leasing.Lease, start: int) -> LeaseCashFlows:
    """Value lines of one critical IT MW whose first delivery falls at the start of quarter ``start``.

    Unlevered: ``NOI - capex - tax``, tax on ``NOI - depreciation`` with losses used at once. Equity: ``NOI - capex
    + debt drawn - debt service - tax``, tax on ``NOI - depreciation - interest`` with losses carried forward.
    Depreciation starts after the last delivery; what is left is written off when the last rent is paid.
    """
    months = case.timeline.month_index
    since = months - start * MONTHS_PER_QUARTER
    rent = leasing.rent_usd(lease, since)
    noi = leasing.noi_usd(rent, lease.noi_margin)
    capex = leasing.capex_draws_usd(lease, since)
    closing = leasing.last_delivery_offset_months(lease)
    maturity = lease.term_years * MONTHS_PER_YEAR
    end = min(len(months) - 1, start * MONTHS_PER_QUARTER + closing + maturity)
    cost = lease.capex_usd_per_kw * leasing.KW_PER_MW
    rates = yearly_rates(case.finance.data_centre_short_life_share, case.finance.bonus_depreciation)
    deducted = depreciation(cost, since - closing, rates)
    deducted[end + 1 :] = 0.0
    deducted[end] += cost - deducted.sum()
    loan = schedule(
        capex,
        noi,
        since,
        closing_month=closing,
        maturity_month=max(maturity, closing + 1),
        ltc=lease.ltc,
        debt_rate=lease.debt_rate,
        dscr=lease.dscr,
    )
    rate = case.finance.tax_rate
    tax = tax_at_once(rate, noi - deducted)
    levered_tax = tax_carried_forward(rate, noi - deducted - loan.interest_usd)
    cash = noi - capex - tax
    equity = noi - capex + loan.draw_usd - loan.service_usd - levered_tax
    return LeaseCashFlows(
        rent, noi, capex, deducted, tax, cash, loan, levered_tax, equity, leasing.occupied_share(lease, since)
    )


def lease_bundles(case: Case) -> Iterator[Bundle]:
    """For each offer, one activity a quarter of its window; later starts are the first one moved."""
    timeline = case.timeline
    for owner, lease in enumerate(case.leases):
        first, last = start_window(timeline, lease)
        base = lease_cash_flows(case, lease, first)
        shifts = range(last - first + 1)
        length = -(-(leasing.last_delivery_offset_months(lease)) // MONTHS_PER_QUARTER) + 4 * lease.term_years
        found = tuple(
            Activity(
                f"lease__{owner}_{key_text(lease.name)}__from_{first + s:03d}",
                f"lease {lease.name} from {timeline.quarter_label(first + s)}",
                Kind.LEASE,
                owner,
                lease.name,
                first + s,
                first + s + length,
                lease.provisioning_ratio,
            )
            for s in shifts
        )
        # The largest share of the quarter's three months counts: a hall handed over mid-quarter needs its power then.
        by_quarter = base.occupied_share[1:].reshape(-1, MONTHS_PER_QUARTER).max(axis=1)

        def moved(line: Vector, months: int = MONTHS_PER_QUARTER, steps: range = shifts) -> Vector:
            return np.stack(
                [np.concatenate([np.zeros(s * months), line[: len(line) - s * months]]) for s in steps],
                axis=1,
            )

        yield Bundle(
            found,
            moved(base.cash_flow_usd),
            moved(base.equity_cash_flow_usd),
            np.full(len(found), float(base.capex_usd.sum())),
            moved(by_quarter, 1),
            moved(base.noi_usd),
            moved(base.debt.service_usd),
        )
