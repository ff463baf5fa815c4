"""Columns of the program: how much of each activity, and the running balances of power, capital and cash."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.activities import Activities, Kind
from allocator.case import Case
from allocator.program.rows import Indices, quarter_names
from allocator.stress import Stress
from models.timeline import Vector


@dataclass
class _Columns:
    """Names and bounds, in the order in which they are added."""

    names: list[str] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)

    def add(self, name: str, lower: float = 0.0, upper: float = np.inf, *, integer: bool = False) -> int:
        self.names.append(name)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.names) - 1

    def add_balance(self, name: str, quarters: int, lower: float = 0.0) -> Indices:
        first = len(self.names)
        self.names.extend(quarter_names(name, quarters))
        self.lower.extend([lower] * quarters)
        self.upper.extend([np.inf] * quarters)
        self.integer.extend([False] * quarters)
        return np.arange(first, first + quarters, dtype=np.int32)


@dataclass(frozen=True)
class Variables:
    """Positions of columns by role, their names and bounds."""

    names: tuple[str, ...]
    lower: Vector
    upper: Vector
    integer: np.ndarray[tuple[int], np.dtype[np.bool_]]
    activity: Indices
    """(J,)."""
    units_per_step: Vector
    """(J,): 1 for a continuous activity, the size of a hall for an offer that comes in whole halls."""
    power_used: Indices
    """Facility MW in use, one a quarter."""
    hosting_used: Indices
    """Facility MW that host, one a quarter; empty unless a policy limits them."""
    tenant_used: dict[str, Indices]
    """Facility MW of each tenant, one a quarter; empty unless a policy limits them."""
    capital_used: Indices
    """Equity paid in less cash reinvested, to the end of each quarter; empty without a capital limit."""
    purchase_running: dict[int, Indices]
    """Facility MW of each purchase that run, one a quarter."""
    taken: dict[int, int]
    """1 if an offer with a least take, or one that excludes others, is taken at all."""
    treasury_sold: Indices
    """Bitcoin of the treasury sold on the first day of each quarter; empty without one, or without a capital limit."""
    stress_cash_used: dict[Stress, Indices]
    """Cash that the plan has used up by the end of each quarter of a stress, negative where it brought some."""


def variables(choices: Activities) -> Variables:
    """Every column: activities in their order, then the balances, then the yes-or-no of offers."""
    case, policy = choices.case, choices.case.policy
    quarters = case.timeline.quarters
    blocks = [case.leases[a.owner].block_mw if a.kind is Kind.LEASE else 0.0 for a in choices.items]
    columns = _Columns()
    activity = [
        columns.add(a.key, upper=_most_halls(case, a.owner) if block > 0 else np.inf, integer=block > 0)
        for a, block in zip(choices.items, blocks, strict=True)
    ]
    none = np.zeros(0, dtype=np.int32)
    hosting_limited = (policy.max_hosting_share < 1 or policy.min_flexible_mw > 0) and bool(case.leases)
    tenants = list(dict.fromkeys(lease.tenant for lease in case.leases)) if policy.max_tenant_share < 1 else []
    has_treasury = policy.treasury_btc > 0 and policy.capital_usd is not None
    roles = {
        "power_used": columns.add_balance("power_used", quarters),
        "hosting_used": columns.add_balance("hosting_used", quarters) if hosting_limited else none,
        "tenant_used": {t: columns.add_balance(f"tenant_used__{i}", quarters) for i, t in enumerate(tenants)},
        "capital_used": columns.add_balance("capital_used", quarters, -np.inf)
        if policy.capital_usd is not None
        else none,
        "purchase_running": {i: columns.add_balance(f"purchase_running__{i}", quarters) for i in _bought(choices)},
        "taken": {
            i: columns.add(f"taken__{i}", 0.0, 1.0, integer=True)
            for i, lease in enumerate(case.leases)
            if not lease.committed and (lease.min_mw > 0 or excludes_others(case, i))
        },
        "treasury_sold": columns.add_balance("treasury_sold", quarters) if has_treasury else none,
        "stress_cash_used": {
            stress: columns.add_balance(f"stress_cash_used__{i}", quarters, -np.inf)
            for i, stress in enumerate(dict.fromkeys(policy.stresses))
        },
    }
    return Variables(
        names=tuple(columns.names),
        lower=np.array(columns.lower),
        upper=np.array(columns.upper),
        integer=np.array(columns.integer, dtype=bool),
        activity=np.array(activity, dtype=np.int32),
        units_per_step=np.array([block or 1.0 for block in blocks]),
        **roles,  # type: ignore[arg-type]
    )


def _most_halls(case: Case, owner: int) -> float:
    """Halls of an offer that one start can have: those offered, and one more to ask what that would be worth."""
    lease = case.leases[owner]
    return float(np.floor(lease.critical_it_mw / lease.block_mw + 1e-9) + 1.0)


def excludes_others(case: Case, owner: int) -> bool:
    """Whether an offer shares its exclusive group with another one."""
    group = case.leases[owner].exclusive_group
    return bool(group) and sum(lease.exclusive_group == group for lease in case.leases) > 1


def _bought(choices: Activities) -> list[int]:
    return list(dict.fromkeys(a.owner for a in choices.items if a.kind is Kind.PURCHASE))
