"""Columns of the program: how much of each activity, and the running balances of power and capital."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pulp

from allocator.activities import Activities, Kind
from allocator.case import Case
from allocator.stress import Stress
from models.timeline import Vector


@dataclass(frozen=True)
class Variables:
    """PuLP variables by role, and how many units of an activity one step of its variable is."""

    activity: list[pulp.LpVariable]
    units_per_step: Vector
    """(J,): 1 for a continuous activity, the size of a hall for an offer that comes in whole halls."""
    power_used: list[pulp.LpVariable]
    """Facility MW in use, one a quarter."""
    hosting_used: list[pulp.LpVariable]
    """Facility MW that host, one a quarter; empty unless a policy limits them."""
    tenant_used: dict[str, list[pulp.LpVariable]]
    """Facility MW of each tenant, one a quarter; empty unless a policy limits them."""
    capital_used: list[pulp.LpVariable]
    """Equity paid in less cash reinvested, to the end of each quarter; empty without a capital limit."""
    purchase_running: dict[int, list[pulp.LpVariable]]
    """Facility MW of each purchase that run, one a quarter."""
    taken: dict[int, pulp.LpVariable]
    """1 if an offer with a least take, or one that excludes others, is taken at all."""
    treasury_sold: list[pulp.LpVariable]
    """Bitcoin of the treasury sold on the first day of each quarter; empty without one, or without a capital limit."""
    stress_cash_used: dict[Stress, list[pulp.LpVariable]]
    """Cash that the plan has used up by the end of each quarter of a stress, negative where it brought some."""


def variables(problem: pulp.LpProblem, choices: Activities) -> Variables:
    """Add every column: activities in their order, then the balances, then the yes-or-no of least takes."""
    case = choices.case
    quarters = range(case.timeline.quarters)
    steps = np.ones(len(choices.items))
    columns = []
    for j, activity in enumerate(choices.items):
        block = case.leases[activity.owner].block_mw if activity.kind is Kind.LEASE else 0.0
        if block > 0:
            steps[j] = block
        columns.append(problem.add_variable(activity.key, 0, None, pulp.LpInteger if block > 0 else pulp.LpContinuous))

    def balance(name: str, lower: float | None = 0) -> list[pulp.LpVariable]:
        return [problem.add_variable(f"{name}__{q:03d}", lower) for q in quarters]

    policy = case.policy
    hosting_limited = policy.max_hosting_share < 1 or policy.min_flexible_mw > 0
    tenants = list(dict.fromkeys(lease.tenant for lease in case.leases)) if policy.max_tenant_share < 1 else []
    return Variables(
        activity=columns,
        units_per_step=steps,
        power_used=balance("power_used"),
        hosting_used=balance("hosting_used") if hosting_limited and case.leases else [],
        tenant_used={tenant: balance(f"tenant_used__{i}") for i, tenant in enumerate(tenants)},
        capital_used=balance("capital_used", None) if policy.capital_usd is not None else [],
        purchase_running={i: balance(f"purchase_running__{i}") for i in _bought(choices)},
        taken={i: problem.add_variable(f"taken__{i}", 0, 1, pulp.LpInteger)
               for i, lease in enumerate(case.leases)
               if not lease.committed and (lease.min_mw > 0 or excludes_others(case, i))},
        treasury_sold=balance("treasury_sold") if policy.treasury_btc > 0 and policy.capital_usd is not None else [],
        stress_cash_used={stress: balance(f"stress_cash_used__{i}", None)
                          for i, stress in enumerate(dict.fromkeys(policy.stresses))},
    )  # fmt: skip


def excludes_others(case: Case, owner: int) -> bool:
    """Whether an offer shares its exclusive group with another one."""
    group = case.leases[owner].exclusive_group
    return bool(group) and sum(lease.exclusive_group == group for lease in case.leases) > 1


def _bought(choices: Activities) -> list[int]:
    return list(dict.fromkeys(a.owner for a in choices.items if a.kind is Kind.PURCHASE))
