"""An offer as its tenant compares it: what a kW of critical IT costs a month, all in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import rent
from models.lease import KW_PER_MW, Lease
from models.rent import Recovery
from models.timeline import HOURS_PER_MONTH, MONTHS_PER_YEAR, Vector, discount_factors


@dataclass(frozen=True)
class TenantView:
    """Occupancy cost per kW of critical IT and month; GPUs and the tenant's own staff are not in it."""

    occupancy_cost_year_one_usd_per_kw_month: float
    occupancy_cost_average_usd_per_kw_month: float
    occupancy_cost_levelised_usd_per_kw_month: float
    rent_year_one_usd_per_kw_month: float
    running_cost_year_one_usd_per_kw_month: float
    """Paid by the tenant on top of rent: under NNN."""
    power_year_one_usd_per_kw_month: float
    """Paid by the tenant on top of rent: under NNN and modified gross."""


def tenants_running_cost_usd(lease: Lease, months_let: Vector) -> Vector:
    """Property tax, insurance and maintenance of one critical IT MW that the tenant pays: all under NNN, else none."""
    borne = rent.landlord_bears_running_cost(lease)
    return np.zeros_like(months_let) if borne else rent.running_cost_usd(lease, months_let)


def tenants_power_usd(lease: Lease, power_price_usd_per_mwh: Vector) -> Vector:
    """Power of one critical IT MW in a month, unless the landlord pays it: ``load x PUE x hours x site's price``."""
    if lease.recovery is Recovery.GROSS:
        return np.zeros_like(power_price_usd_per_mwh)
    return np.asarray(lease.load_factor * lease.pue * HOURS_PER_MONTH * power_price_usd_per_mwh)


def levelised_usd_per_month(cost_usd: Vector, rate_per_year: float) -> float:
    """The even monthly cost of the same present value: ``PV(cost) / PV(1)``, months counted from 1.

    >>> round(levelised_usd_per_month(np.array([100.0, 100.0, 100.0]), 0.08), 9)
    100.0
    """
    factors = discount_factors(rate_per_year, np.arange(1.0, len(cost_usd) + 1))
    return float(factors @ cost_usd / factors.sum())


def tenant_view(
    lease: Lease, discount_rate_hosting: float, months_since_agreed: Vector, power_price_usd_per_mwh: Vector
) -> TenantView:
    """Occupancy cost over the base term of the first hall: rent, free months as such, plus what the tenant pays beside.

    Credits are left out: they give back what the tenant paid before.
    """
    k = months_since_agreed - lease.delay_months
    term = (k >= 1) & (k <= MONTHS_PER_YEAR * lease.term_years)
    base = rent.base_rent_usd(lease, k)[term] / KW_PER_MW
    running = tenants_running_cost_usd(lease, k)[term] / KW_PER_MW
    power = tenants_power_usd(lease, power_price_usd_per_mwh)[term] / KW_PER_MW
    cost = base + running + power
    first = slice(0, MONTHS_PER_YEAR)
    return TenantView(
        occupancy_cost_year_one_usd_per_kw_month=float(cost[first].mean()),
        occupancy_cost_average_usd_per_kw_month=float(cost.mean()),
        occupancy_cost_levelised_usd_per_kw_month=levelised_usd_per_month(cost, discount_rate_hosting),
        rent_year_one_usd_per_kw_month=float(base[first].mean()),
        running_cost_year_one_usd_per_kw_month=float(running[first].mean()),
        power_year_one_usd_per_kw_month=float(power[first].mean()),
    )
