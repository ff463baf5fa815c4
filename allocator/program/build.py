"""From activities to a PuLP problem, and to the arrays that a solver takes in one call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pulp

from allocator.activities import Activities
from allocator.program.constraints import FAMILIES, Limit, limits
from allocator.program.objective import ledger, minimised
from allocator.program.variables import Variables, variables
from models.timeline import Vector

Indices = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True)
class StandardForm:
    """``min c'y`` with ``row_lower <= A y <= row_upper`` and column bounds; ``A`` by rows (CSR)."""

    cost: Vector
    column_lower: Vector
    column_upper: Vector
    integer: np.ndarray[tuple[int], np.dtype[np.bool_]]
    row_lower: Vector
    row_upper: Vector
    starts: Indices
    index: Indices
    value: Vector
    column_names: tuple[str, ...]
    row_names: tuple[str, ...]

    @cached_property
    def row_number(self) -> dict[str, int]:
        """Position of a row by name."""
        return {name: i for i, name in enumerate(self.row_names)}

    @cached_property
    def _row_of_entry(self) -> Indices:
        return np.repeat(np.arange(len(self.row_names), dtype=np.int32), np.diff(self.starts))

    def times(self, y: Vector) -> Vector:
        """``A y``."""
        return _summed_by(self._row_of_entry, self.value * y[self.index], len(self.row_names))

    def absolute_times(self, y: Vector) -> Vector:
        """``|A| y``: the size of a row's terms."""
        return _summed_by(self._row_of_entry, np.abs(self.value) * y[self.index], len(self.row_names))

    def transposed_times(self, price: Vector) -> Vector:
        """``A' p``."""
        return _summed_by(self.index, self.value * price[self._row_of_entry], len(self.column_names))

    def absolute_transposed_times(self, price: Vector) -> Vector:
        """``|A|' p``: the size of a reduced cost's terms."""
        return _summed_by(self.index, np.abs(self.value) * price[self._row_of_entry], len(self.column_names))


def _summed_by(position: Indices, amount: Vector, size: int) -> Vector:
    return np.bincount(position, amount, minlength=size).astype(float, copy=False)


@dataclass(frozen=True)
class Program:
    """A built problem with what is needed to read its answer."""

    choices: Activities
    problem: pulp.LpProblem
    columns: Variables
    limits: tuple[Limit, ...]
    form: StandardForm
    activity_column: Indices
    """Position in the standard form of each activity's variable, (J,)."""


def build(choices: Activities) -> Program:
    """Variables, objective, constraints, in that order."""
    problem = pulp.LpProblem("allocation", pulp.LpMinimize)
    columns = variables(problem, choices)
    problem.setObjective(minimised(ledger(choices, columns)))
    for family in FAMILIES:
        for name, entries, sense, right_hand_side in family(choices, columns):
            problem.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(entries), sense, name, right_hand_side))
    form = standard_form(problem)
    number = {name: i for i, name in enumerate(form.column_names)}
    positions = np.array([number[v.name] for v in columns.activity], dtype=np.int32)
    return Program(choices, problem, columns, tuple(limits(choices, columns)), form, positions)


def standard_form(problem: pulp.LpProblem) -> StandardForm:
    """A PuLP minimisation as arrays, read in one pass; sets ``index`` on its variables.

    Raises
    ------
    ValueError
        For a maximisation: only the minimising twin is built and exported.
    """
    if problem.sense != pulp.LpMinimize:
        raise ValueError("the program is written as a minimisation")
    columns = problem.variables()
    for i, column in enumerate(columns):
        column.index = i
    rows = problem.constraints()
    starts = np.zeros(len(rows) + 1, dtype=np.int32)
    index: list[int] = []
    value: list[float] = []
    lower, upper = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for i, row in enumerate(rows):
        index.extend(v.index for v in row.expr)
        value.extend(row.expr.values())
        starts[i + 1] = len(index)
        if row.sense >= 0:
            lower[i] = -row.constant
        if row.sense <= 0:
            upper[i] = -row.constant
    cost = np.zeros(len(columns))
    for variable, worth in problem.objective.items():
        cost[variable.index] = worth
    return StandardForm(
        cost=cost,
        column_lower=np.array([-np.inf if v.lowBound is None else v.lowBound for v in columns]),
        column_upper=np.array([np.inf if v.upBound is None else v.upBound for v in columns]),
        integer=np.array([v.cat == pulp.LpInteger for v in columns], dtype=bool),
        row_lower=lower,
        row_upper=upper,
        starts=starts,
        index=np.array(index, dtype=np.int32),
        value=np.array(value),
        column_names=tuple(v.name for v in columns),
        row_names=tuple(row.name for row in rows),
    )
