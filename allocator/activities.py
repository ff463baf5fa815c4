"""The only bridge from economics to the program: a case becomes activities.

An activity is one unit of something the site can do, started in one quarter and stopped in another:
one facility MW of a fleet run until 2028Q2, one facility MW of a machine bought in 2026Q3 and run for
five years, one critical IT MW of an offer let from 2027Q2. Everything that the program knows of the world is
in their vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.activity import Activity, Bundle, Kind, Use
from allocator.case import Case
from allocator.lease_activities import lease_bundles
from allocator.mining_activities import fleet_bundles, purchase_bundles
from allocator.stress import Stress, stressed
from models.network import NetworkPath, network_path
from models.timeline import MONTHS_PER_QUARTER, Vector, discount_factors

__all__ = ["Activities", "Activity", "Bundle", "Kind", "Use", "activities"]


@dataclass(frozen=True)
class Activities:
    """Every activity of a case, in the order of its bundles."""

    case: Case
    network: NetworkPath
    bundles: tuple[Bundle, ...]

    @cached_property
    def items(self) -> tuple[Activity, ...]:
        """All activities."""
        return tuple(a for bundle in self.bundles for a in bundle.activities)

    @cached_property
    def cash_flow_usd(self) -> Vector:
        """Unlevered cash flow per unit, (M + 1, J)."""
        return self._joined([b.cash_flow_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def equity_cash_flow_usd(self) -> Vector:
        """Equity cash flow per unit, (M + 1, J)."""
        return self._joined([b.equity_cash_flow_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def operating_cash_usd(self) -> Vector:
        """Operating cash per unit before capex, resale, debt and tax, (M + 1, J)."""
        return self._joined([b.operating_cash_usd for b in self.bundles], self.case.timeline.months + 1)

    def under(self, stress: Stress) -> Activities:
        """The same activities in a worse world."""
        found = activities(stressed(self.case, stress), reuse=self)
        if [a.key for a in found.items] != [a.key for a in self.items]:
            raise RuntimeError(f"the stress {stress.value!r} changes what can be decided")
        return found

    @cached_property
    def stressed(self) -> dict[Stress, Activities]:
        """The activities under each stress that the policy asks a plan to survive."""
        return {stress: self.under(stress) for stress in dict.fromkeys(self.case.policy.stresses)}

    @cached_property
    def treasury_proceeds_usd_per_btc(self) -> Vector:
        """What a bitcoin of the treasury brings on the first day of each quarter, (Q,): ``P - rate max(0, P - basis)``.

        To sell is neutral to value: a bitcoin is worth its price, sold or held, and its tax falls due one day.
        """
        price = self.network.btc_price_usd[: self.case.timeline.months : MONTHS_PER_QUARTER]
        gain = np.maximum(0.0, price - self.case.policy.treasury_basis_usd_per_btc)
        return np.asarray(price - self.case.finance.tax_rate * gain)

    @cached_property
    def cfads_usd(self) -> Vector:
        """Cash flow available for debt service per unit, (M + 1, J)."""
        return self._joined([b.cfads_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def debt_service_usd(self) -> Vector:
        """Debt service per unit, (M + 1, J)."""
        return self._joined([b.debt_service_usd for b in self.bundles], self.case.timeline.months + 1)

    @cached_property
    def facility_mw(self) -> Vector:
        """Facility MW in use per unit, (Q, J)."""
        per_unit: Vector = np.array([a.facility_mw_per_unit for a in self.items])
        return np.asarray(self._joined([b.occupied for b in self.bundles], self.case.timeline.quarters) * per_unit)

    @cached_property
    def capex_usd(self) -> Vector:
        """Capex per unit, (J,)."""
        return np.concatenate([b.capex_usd for b in self.bundles]) if self.bundles else np.zeros(0)

    @cached_property
    def hosting(self) -> NDArrayBool:
        """Which activities host, (J,)."""
        return np.array([a.kind is Kind.LEASE for a in self.items], dtype=bool)

    @cached_property
    def npv_usd(self) -> Vector:
        """NPV per unit, each at the rate of its use, (J,)."""
        months, finance = self.case.timeline.month_index, self.case.finance
        rates = {Use.MINING: finance.discount_rate_mining, Use.HOSTING: finance.discount_rate_hosting}
        factors = {use: discount_factors(rate, months) for use, rate in rates.items()}
        parts = [factors[b.activities[0].use] @ b.cash_flow_usd for b in self.bundles if b.activities]
        return np.concatenate(parts) if parts else np.zeros(0)

    @cached_property
    def capital_used_usd(self) -> Vector:
        """Equity paid in less the reinvested share of what came back, (Q, J), to just before the next quarter.

        A flow on the day on which a quarter begins (machines that start to run) counts in that quarter.
        """
        flow = self.equity_cash_flow_usd
        used = np.cumsum(np.maximum(-flow, 0.0) - self.case.policy.reinvested_share * np.maximum(flow, 0.0), axis=0)
        return used[MONTHS_PER_QUARTER - 1 :: MONTHS_PER_QUARTER][: self.case.timeline.quarters]

    def _joined(self, parts: list[Vector], rows: int) -> Vector:
        return np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0))


NDArrayBool = np.ndarray[tuple[int], np.dtype[np.bool_]]


def activities(case: Case, reuse: Activities | None = None) -> Activities:
    """Every way in which this case's site can be used.

    Parts of ``reuse``, the activities of a similar case, are taken over where none of their inputs differ.
    """
    same_network = reuse is not None and _same(case, reuse.case, _NETWORK)
    path = reuse.network if reuse is not None and same_network else network_path(case.market, case.timeline)
    if reuse is not None and same_network and _same(case, reuse.case, _MINING):
        mining = tuple(b for b in reuse.bundles if b.activities[0].use is Use.MINING)
    else:
        mining = (*fleet_bundles(case, path), *purchase_bundles(case, path))
    if reuse is not None and _same(case, reuse.case, _HOSTING):
        hosting = tuple(b for b in reuse.bundles if b.activities[0].use is Use.HOSTING)
    else:
        hosting = tuple(lease_bundles(case))
    return Activities(case, path, tuple(b for b in (*mining, *hosting) if b.activities))


_NETWORK = ("market", "valuation_date", "horizon_years")
_MINING = ("power", "mining", "fleets", "purchases", "finance")
_HOSTING = ("power", "leases", "finance", "valuation_date", "horizon_years")


def _same(one: Case, other: Case, tables: tuple[str, ...]) -> bool:
    return all(getattr(one, t) is getattr(other, t) or getattr(one, t) == getattr(other, t) for t in tables)
