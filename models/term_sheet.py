"""The figures that the trade quotes about one offer, in the view of its sponsor, its lender and its tenant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import capex, tenancy
from models.funding import Funding, funding
from models.lease import Lease, lease_cash_flows, stabilised_noi_usd_per_year
from models.lender_view import LenderView, lender_view
from models.returns import Finance
from models.sponsor_view import QUOTED_DELAYS_MONTHS, SponsorView, sponsor_view
from models.tenant_view import TenantView, tenant_view
from models.timeline import Vector


@dataclass(frozen=True)
class TermSheet:
    """One offer, whole, from one first delivery on; sources and uses are per critical IT MW."""

    lease: Lease
    funding: Funding
    sponsor: SponsorView
    lender: LenderView
    tenant: TenantView


def months_needed_after_delivery(lease: Lease) -> int:
    """Months after the agreed first delivery that a term sheet looks at: the longest stay, with the longest delay."""
    chances = capex.delay_chances(float(lease.delay_months), lease.delay_spread_months)
    latest = max(QUOTED_DELAYS_MONTHS[-1], lease.delay_months, int(np.flatnonzero(chances)[-1]))
    return capex.last_delivery_offset_months(lease) + latest + tenancy.longest_stay_months(lease, lease.term_years)


def term_sheet(
    lease: Lease, finance: Finance, months_since_agreed: Vector, power_price_usd_per_mwh: Vector
) -> TermSheet:
    """Every figure of an offer whose agreed first delivery is month 0 of the months given; (M + 1,) each.

    Values are stated on the first of those months. The first-year power price is that of the first month of rent.

    Raises
    ------
    ValueError
        If the months end before the last hall's last rent at the longest delay (:func:`months_needed_after_delivery`).
    """
    needed = months_needed_after_delivery(lease)
    if months_since_agreed[-1] < needed:
        raise ValueError(f"the months end {needed - months_since_agreed[-1]:.0f} too early for the latest delivery")
    flows = lease_cash_flows(lease, finance, months_since_agreed, power_price_usd_per_mwh)
    sure = lease.model_copy(update={"cancellation_probability": 0.0})
    as_contracted = lease_cash_flows(sure, finance, months_since_agreed, power_price_usd_per_mwh)
    first = months_since_agreed == lease.delay_months + lease.free_rent_months + 1
    noi = stabilised_noi_usd_per_year(lease, float(power_price_usd_per_mwh[first][0]))
    funded = funding(lease, flows, months_since_agreed)
    return TermSheet(
        lease=lease,
        funding=funded,
        sponsor=sponsor_view(lease, finance, months_since_agreed, power_price_usd_per_mwh, flows, funded, noi),
        lender=lender_view(lease, as_contracted, months_since_agreed, noi),
        tenant=tenant_view(lease, finance.discount_rate_hosting, months_since_agreed, power_price_usd_per_mwh),
    )
