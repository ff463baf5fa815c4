"""What an offer costs and who pays for it: sources and uses until rent begins, per critical IT MW, as contracted."""

from __future__ import annotations

from dataclasses import dataclass

from models import rent
from models.capex import landlord_cost_usd
from models.lease import KW_PER_MW, Lease, LeaseCashFlows
from models.timeline import Vector


@dataclass(frozen=True)
class Funding:
    """Uses and sources of one critical IT MW until its rent begins, USD; both add up to the same.

    As the contract stands: the hall is built for sure, at the expected cost and delay.
    """

    construction_use_usd: float
    """All of it with contingency, the tenant's part too."""
    interest_use_usd: float
    """Interest that is added to the debt until rent begins."""
    fee_use_usd: float
    reserve_use_usd: float
    debt_source_usd: float
    """Balance when rent begins."""
    tenant_source_usd: float
    """Construction that the tenant pays as it is drawn."""
    prepayment_source_usd: float
    equity_source_usd: float
    """What is left to the owner; negative where the others bring more than is used, and the rest is paid out."""

    @property
    def uses_usd(self) -> float:
        """``construction + interest + fee + reserve``."""
        return self.construction_use_usd + self.interest_use_usd + self.fee_use_usd + self.reserve_use_usd

    @property
    def sources_usd(self) -> float:
        """``debt + tenant + prepayment + equity``."""
        return self.debt_source_usd + self.tenant_source_usd + self.prepayment_source_usd + self.equity_source_usd


def funding(lease: Lease, flows: LeaseCashFlows, months_since_agreed: Vector) -> Funding:
    """Sources and uses of a hall; equity pays each bill that nobody else pays.

    ``equity = landlord's construction - draws + fee + reserve - prepayment``; interest is the sum over its months.
    """
    loan = flows.hall_debt
    before_rent = months_since_agreed - lease.delay_months <= lease.free_rent_months
    fee, reserve = float(loan.fee_usd.sum()), float(loan.reserve_usd[before_rent].sum())
    prepaid = float(rent.prepayment_usd(lease))
    landlord = sponsor_cost_usd(lease)
    return Funding(
        construction_use_usd=construction_usd(lease),
        interest_use_usd=float(loan.interest_usd[before_rent].sum()),
        fee_use_usd=fee,
        reserve_use_usd=reserve,
        debt_source_usd=float(loan.debt_usd),
        tenant_source_usd=construction_usd(lease) - landlord,
        prepayment_source_usd=prepaid,
        equity_source_usd=landlord - float(loan.draw_usd.sum()) + fee + reserve - prepaid,
    )


def construction_usd(lease: Lease) -> float:
    """Cost of building one critical IT MW, whoever pays: ``1000 kW x capex x (1 + contingency)``."""
    return KW_PER_MW * lease.capex_usd_per_kw * (1.0 + lease.contingency_share)


def sponsor_cost_usd(lease: Lease) -> float:
    """The landlord's part of that, before any financing: ``construction x (1 - tenant's share)``."""
    return float(landlord_cost_usd(lease))


def funded_cost_usd(lease: Lease, found: Funding) -> float:
    """All that debt and equity pay: ``sponsor cost + interest until rent + fee + reserve``; the cost in LTC."""
    return sponsor_cost_usd(lease) + found.interest_use_usd + found.fee_use_usd + found.reserve_use_usd
