"""An offer as its sponsor quotes it: contract value, rent, NOI, yield on cost, equity returns, what a delay costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import rent
from models.capex import delay_chances
from models.funding import Funding, funded_cost_usd, sponsor_cost_usd
from models.lease import KW_PER_MW, Lease, LeaseCashFlows, contract_value_usd, lease_cash_flows, noi_margin
from models.returns import Finance, irr, irr_reason, moic, npv, payback_years, yield_on_cost
from models.timeline import MONTHS_PER_YEAR, Vector

QUOTED_DELAYS_MONTHS = (0, 3, 6, 9, 12, 18)
NO_DEFAULT = {"tenant_default_per_year": 0.0, "tenant_default_after_years": None}


@dataclass(frozen=True)
class SponsorView:
    """Figures of the whole offer; a return that does not exist is ``None``, with its reason in words."""

    contract_value_usd: float
    contract_value_with_renewals_usd: float
    first_year_rent_usd_per_kw_month: float
    average_rent_usd_per_kw_month: float
    stabilised_noi_usd_per_year: float
    noi_margin: float | None
    noi_margin_reason: str
    capex_usd_per_critical_it_mw: float
    yield_on_sponsor_cost: float | None
    yield_on_funded_cost: float | None
    development_spread: float | None
    yield_reason: str
    npv_usd: float
    irr_unlevered: float | None
    irr_unlevered_reason: str
    payback_years: float | None
    payback_reason: str
    peak_equity_usd: float
    irr_equity: float | None
    irr_equity_reason: str
    equity_moic: float | None
    equity_moic_reason: str
    guarantor_cap_usd: float
    guarantor_cap_years_of_rent: float
    loss_from_default_usd: float
    npv_by_delay_usd: tuple[tuple[int, float], ...]
    """(months late, NPV) for each of :data:`QUOTED_DELAYS_MONTHS`."""
    npv_expected_over_delays_usd: float


def contract_value_with_renewals_usd(lease: Lease) -> float:
    """All base rent over base term and every option, whatever its chance, undiscounted, for the whole offer.

    ``sum_k rent(k) x (renewal ratio after the base term)``.
    """
    base = MONTHS_PER_YEAR * lease.term_years
    k = np.arange(1.0, base + MONTHS_PER_YEAR * lease.renewal_options * lease.renewal_years + 1)
    level = np.where(k > base, lease.renewal_rent_ratio, 1.0)
    return float((rent.base_rent_usd(lease, k) * level).sum() * lease.critical_it_mw)


def first_year_rent_usd_per_kw_month(lease: Lease) -> float:
    """Base rent per kW of the first month in which it is paid: with take or pay, before any credit."""
    return float(rent.base_rent_usd(lease, np.array([lease.free_rent_months + 1.0]))[0]) / KW_PER_MW


def average_rent_usd_per_kw_month(lease: Lease) -> float:
    """``contract value / (12 x term x kW)``: free months count as months without rent."""
    return contract_value_usd(lease) / (MONTHS_PER_YEAR * lease.term_years * KW_PER_MW * lease.critical_it_mw)


def development_spread(yield_on_funded_cost: float, exit_cap_rate: float) -> float:
    """What building earns over buying: ``yield on funded cost - cap rate`` at which let halls change hands."""
    return yield_on_funded_cost - exit_cap_rate


def peak_equity_usd(equity_cash_flow_usd: Vector) -> float:
    """Most money the owner has in at one time: ``max(0, -min cumulative equity cash flow)``."""
    return float(max(0.0, -np.cumsum(equity_cash_flow_usd).min()))


def guarantor_cap_usd(lease: Lease) -> float:
    """Most that the guarantor pays: ``share x base-term rent``; 0 where nobody is named and no share is given."""
    return lease.guarantor_cap_share * contract_value_usd(lease)


def guarantor_cap_years_of_rent(lease: Lease) -> float:
    """That cap over the mean rent of a year: ``share x term``."""
    return lease.guarantor_cap_share * lease.term_years


def lease_npv_usd(lease: Lease, finance: Finance, months_since_agreed: Vector, power_price: Vector) -> float:
    """Unlevered value of the whole offer after tax, at the hosting rate, on the first day of the months given."""
    flows = lease_cash_flows(lease, finance, months_since_agreed, power_price)
    return npv(finance.discount_rate_hosting, flows.cash_flow_usd) * lease.critical_it_mw


def npv_by_delay_usd(
    lease: Lease, finance: Finance, months_since_agreed: Vector, power_price: Vector
) -> tuple[tuple[tuple[int, float], ...], float]:
    """Value with each quoted delay in place of the offer's own, and the mean over its distribution of delays.

    ``sum_d chance(d) x NPV(d)`` with :func:`models.capex.delay_chances`.
    """
    chances = delay_chances(float(lease.delay_months), lease.delay_spread_months)
    wanted = sorted({*QUOTED_DELAYS_MONTHS, *(int(d) for d in np.flatnonzero(chances))})
    worth = {
        d: lease_npv_usd(lease.model_copy(update={"delay_months": d}), finance, months_since_agreed, power_price)
        for d in wanted
    }
    expected = sum(float(chances[d]) * npv_usd for d, npv_usd in worth.items() if chances[d] > 0)
    return tuple((d, worth[d]) for d in QUOTED_DELAYS_MONTHS), expected


def loss_from_default_usd(lease: Lease, finance: Finance, months_since_agreed: Vector, power_price: Vector) -> float:
    """Value without the tenant's default less value with it, guarantor and re-letting counted, at the hosting rate."""
    safe = lease.model_copy(update=NO_DEFAULT)
    return lease_npv_usd(safe, finance, months_since_agreed, power_price) - lease_npv_usd(
        lease, finance, months_since_agreed, power_price
    )


def sponsor_view(
    lease: Lease, finance: Finance, months_since_agreed: Vector, power_price: Vector, flows: LeaseCashFlows,
    funded: Funding, noi_usd_per_year: float,
) -> SponsorView:  # fmt: skip
    """Every figure of the sponsor; ``noi_usd_per_year`` is stabilised, per critical IT MW."""
    mw = lease.critical_it_mw
    rent_now = first_year_rent_usd_per_kw_month(lease)
    on_funded = _yield(noi_usd_per_year, funded_cost_usd(lease, funded))
    equity = flows.equity_cash_flow_usd * mw
    back, multiple = payback_years(flows.cash_flow_usd), moic(equity)
    builds = sponsor_cost_usd(lease) > 0
    delays, expected = npv_by_delay_usd(lease, finance, months_since_agreed, power_price)
    return SponsorView(
        contract_value_usd=contract_value_usd(lease),
        contract_value_with_renewals_usd=contract_value_with_renewals_usd(lease),
        first_year_rent_usd_per_kw_month=rent_now,
        average_rent_usd_per_kw_month=average_rent_usd_per_kw_month(lease),
        stabilised_noi_usd_per_year=noi_usd_per_year * mw,
        noi_margin=noi_margin(lease, noi_usd_per_year),
        noi_margin_reason="" if rent_now > 0 else "no margin: no rent is paid",
        capex_usd_per_critical_it_mw=sponsor_cost_usd(lease),
        yield_on_sponsor_cost=_yield(noi_usd_per_year, sponsor_cost_usd(lease)),
        yield_on_funded_cost=on_funded,
        development_spread=None if on_funded is None else development_spread(on_funded, lease.exit_cap_rate),
        yield_reason="" if builds else "no yield: the landlord builds nothing",
        npv_usd=npv(finance.discount_rate_hosting, flows.cash_flow_usd) * mw,
        irr_unlevered=irr(flows.cash_flow_usd),
        irr_unlevered_reason=irr_reason(flows.cash_flow_usd),
        payback_years=back,
        payback_reason="" if back is not None else "no payback: the money never comes back",
        peak_equity_usd=peak_equity_usd(equity),
        irr_equity=irr(equity),
        irr_equity_reason=irr_reason(equity),
        equity_moic=multiple,
        equity_moic_reason="" if multiple is not None else "no MOIC: no equity is paid in",
        guarantor_cap_usd=guarantor_cap_usd(lease),
        guarantor_cap_years_of_rent=guarantor_cap_years_of_rent(lease),
        loss_from_default_usd=loss_from_default_usd(lease, finance, months_since_agreed, power_price),
        npv_by_delay_usd=delays,
        npv_expected_over_delays_usd=expected,
    )


def _yield(noi_usd_per_year: float, cost_usd: float) -> float | None:
    return yield_on_cost(noi_usd_per_year, cost_usd) if cost_usd > 0 else None
