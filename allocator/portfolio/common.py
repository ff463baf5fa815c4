"""Limits that sites share: one row a quarter of the budget, of debt and of cash under stress; one or two a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.portfolio.mandate import Candidate, Mandate
from allocator.program.constraints import stepped
from allocator.stress import Stress
from models.timeline import Timeline, Vector


@dataclass(frozen=True)
class CommonLimits:
    """Common rows in their order: capital, debt, tenants by size, tenants by share, liquidity of each stress."""

    mandate: Mandate
    timeline: Timeline
    """That of the site planned longest: what a shorter one has used by its end stays used."""
    budget_usd: Vector
    """Equity available to all sites together in each quarter, (Q,)."""
    sized_tenants: tuple[str, ...]
    """Tenants whose critical IT MW are limited and could go beyond."""
    shared_tenants: tuple[str, ...]
    """Tenants whose share of all leased critical IT MW is limited."""
    stresses: tuple[Stress, ...]
    minimum_cash_usd: float

    @property
    def quarters(self) -> int:
        """Q."""
        return len(self.budget_usd)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the rows in an exported program, (R,)."""
        every = range(self.quarters)
        names = [f"capital__{q:03d}" for q in every]
        names += [f"debt__{q:03d}" for q in every] if self.mandate.max_debt_usd is not None else []
        names += [f"tenant_size__{i}" for i in range(len(self.sized_tenants))]
        names += [f"tenant_share__{i}" for i in range(len(self.shared_tenants))]
        names += [f"liquidity__{i}__{q:03d}" for i in range(len(self.stresses)) for q in every]
        return tuple(names)

    @cached_property
    def first_row(self) -> dict[str, int]:
        """Where each family begins: debt, tenant_size, tenant_share, liquidity (capital begins at 0)."""
        debt = self.quarters
        size = debt + (self.quarters if self.mandate.max_debt_usd is not None else 0)
        share = size + len(self.sized_tenants)
        return {"debt": debt, "tenant_size": size, "tenant_share": share, "liquidity": share + len(self.shared_tenants)}

    @cached_property
    def scale(self) -> Vector:
        """The size in which each row is counted, (R,): dollars by the million, megawatts one by one."""
        found = np.full(len(self.names), 1e6)
        found[self.first_row["tenant_size"] : self.first_row["liquidity"]] = 1.0
        return found

    @cached_property
    def limits(self) -> Vector:
        """Right-hand sides, (R,)."""
        return self.limits_with(self.budget_usd)

    def limits_with(self, budget_usd: Vector) -> Vector:
        """Right-hand sides with another budget, (R,)."""
        debt = self.mandate.max_debt_usd
        parts = [budget_usd, np.full(self.quarters, debt) if debt is not None else np.zeros(0)]
        parts.append(np.array([self.mandate.critical_it_mw_of(name) or 0.0 for name in self.sized_tenants]))
        parts.append(np.zeros(len(self.shared_tenants)))
        parts += [budget_usd - self.minimum_cash_usd for _ in self.stresses]
        return np.concatenate(parts)

    def moved_by(self, family: str) -> dict[int, float]:
        """Rows that one unit more of a limit moves: "capital", "debt", or "tenant_size__i"."""
        if family == "capital":
            first, every = self.first_row["liquidity"], range(self.quarters)
            return dict.fromkeys([*every, *range(first, first + len(self.stresses) * self.quarters)], 1.0)
        if family == "debt":
            return {self.first_row["debt"] + q: 1.0 for q in range(self.quarters)}
        return {self.first_row["tenant_size"] + int(family.rsplit("__", 1)[1]): 1.0}


def common_limits(candidates: Sequence[Candidate], mandate: Mandate) -> CommonLimits:
    """The rows that these sites share.

    Cash under a stress is counted over the sites that ask for it, against the common budget; of their minimum cash the
    largest counts.
    """
    longest = max((c.case for c in candidates), key=lambda case: case.horizon_years)
    offered: dict[str, float] = {}
    for candidate in candidates:
        for lease in candidate.case.leases:
            offered[lease.tenant] = offered.get(lease.tenant, 0.0) + lease.critical_it_mw
    sized = [t for t, mw in offered.items() if mw > (np.inf if (m := mandate.critical_it_mw_of(t)) is None else m)]
    asking = [c.case.policy for c in candidates if c.case.policy.stresses]
    return CommonLimits(
        mandate,
        longest.timeline,
        stepped(longest, mandate.capital_usd if mandate.capital_usd is not None else 0.0),
        tuple(sized),
        tuple(t for t in offered if mandate.share_of(t) < 1.0),
        tuple(dict.fromkeys(stress for policy in asking for stress in policy.stresses)),
        max((policy.minimum_cash_usd for policy in asking), default=0.0),
    )
