"""The objective as a ledger: one named term an activity, USD of NPV; their sum is what the program maximises."""

from __future__ import annotations

import numpy as np

from allocator.activities import Activities
from allocator.program.variables import Variables
from models.timeline import Vector


def ledger(choices: Activities, columns: Variables) -> Vector:
    """NPV of one step of each activity in USD, (J,), each at the rate of its use."""
    return choices.npv_usd * columns.units_per_step


def minimised(terms: Vector, columns: Variables) -> Vector:
    """``-NPV`` by column: the program is written as a minimisation, so that any solver that reads its file agrees."""
    cost = np.zeros(len(columns.names))
    cost[columns.activity] = -terms
    return cost
