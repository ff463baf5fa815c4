"""The objective as a ledger: one named term an activity, USD of NPV; their sum is what the program maximises."""

from __future__ import annotations

import pulp

from allocator.activities import Activities
from allocator.program.variables import Variables


def ledger(choices: Activities, columns: Variables) -> list[tuple[str, pulp.LpVariable, float]]:
    """``(activity, variable, NPV of one step in USD)`` for every activity, each at the rate of its use."""
    worth = (choices.npv_usd * columns.units_per_step).tolist()
    return [(a.key, x, v) for a, x, v in zip(choices.items, columns.activity, worth, strict=True)]


def minimised(terms: list[tuple[str, pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """``-NPV``: the program is written as a minimisation, so that any solver that reads the exported file agrees."""
    return pulp.LpAffineExpression([(variable, -worth) for _, variable, worth in terms])
