"""From activities to a PuLP problem, and to the arrays that a solver takes in one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pulp

from allocator.activities import Activities
from allocator.program.constraints import FAMILIES
from allocator.program.limits import Limit, limits
from allocator.program.objective import ledger, minimised
from allocator.program.rows import AT_LEAST, AT_MOST, EQUAL, Indices
from allocator.program.variables import Variables, variables
from models.timeline import Vector


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
    def row_of_entry(self) -> Indices:
        """Row of each entry."""
        return np.repeat(np.arange(len(self.row_names), dtype=np.int32), np.diff(self.starts))

    def times(self, y: Vector) -> Vector:
        """``A y``."""
        return _summed_by(self.row_of_entry, self.value * y[self.index], len(self.row_names))

    def absolute_times(self, y: Vector) -> Vector:
        """``|A| y``: the size of a row's terms."""
        return _summed_by(self.row_of_entry, np.abs(self.value) * y[self.index], len(self.row_names))

    def transposed_times(self, price: Vector) -> Vector:
        """``A' p``."""
        return _summed_by(self.index, self.value * price[self.row_of_entry], len(self.column_names))

    def absolute_transposed_times(self, price: Vector) -> Vector:
        """``|A|' p``: the size of a reduced cost's terms."""
        return _summed_by(self.index, np.abs(self.value) * price[self.row_of_entry], len(self.column_names))


def _summed_by(position: Indices, amount: Vector, size: int) -> Vector:
    return np.bincount(position, amount, minlength=size).astype(float, copy=False)


@dataclass(frozen=True)
class Program:
    """A built program with what is needed to read its answer."""

    choices: Activities
    columns: Variables
    form: StandardForm
    """What HiGHS takes in one call."""

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """Every limit that can be asked about."""
        return tuple(limits(self.choices, self.columns))

    @property
    def activity_column(self) -> Indices:
        """Position in the standard form of each activity's variable, (J,)."""
        return self.columns.activity

    @cached_property
    def problem(self) -> pulp.LpProblem:
        """The same columns and rows as a PuLP problem, for every other solver and for export."""
        return as_pulp(self.form)


def build(choices: Activities) -> Program:
    """Variables, objective, constraints, in that order."""
    columns = variables(choices)
    cost = minimised(ledger(choices, columns), columns)
    blocks = [block for family in FAMILIES for block in family(choices, columns)]
    limit = np.concatenate([block.limit for block in blocks])
    sense = np.concatenate([np.full(len(block.names), block.sense) for block in blocks])
    form = StandardForm(
        cost=cost,
        column_lower=columns.lower,
        column_upper=columns.upper,
        integer=columns.integer,
        row_lower=np.where(sense >= EQUAL, limit, -np.inf),
        row_upper=np.where(sense <= EQUAL, limit, np.inf),
        starts=np.concatenate([[0], np.cumsum(np.concatenate([b.counts for b in blocks]))]).astype(np.int32),
        index=np.concatenate([block.index for block in blocks]).astype(np.int32),
        value=np.concatenate([block.value for block in blocks]),
        column_names=columns.names,
        row_names=tuple(name for block in blocks for name in block.names),
    )
    return Program(choices, columns, form)


def as_pulp(form: StandardForm) -> pulp.LpProblem:
    """A PuLP minimisation of the same columns and rows, each expression handed over in one piece."""
    problem = pulp.LpProblem("allocation", pulp.LpMinimize)
    bounds = zip(form.column_lower.tolist(), form.column_upper.tolist(), form.integer.tolist(), strict=True)
    column = [
        problem.add_variable(
            name,
            None if low == -np.inf else low,
            None if high == np.inf else high,
            pulp.LpInteger if whole else pulp.LpContinuous,
        )
        for name, (low, high, whole) in zip(form.column_names, bounds, strict=True)
    ]
    priced = np.flatnonzero(form.cost)
    problem.setObjective(
        pulp.LpAffineExpression(list(zip([column[j] for j in priced], form.cost[priced].tolist(), strict=True)))
    )
    index, value, starts = form.index.tolist(), form.value.tolist(), form.starts.tolist()
    for i, name in enumerate(form.row_names):
        begin, end = starts[i], starts[i + 1]
        entries = list(zip([column[j] for j in index[begin:end]], value[begin:end], strict=True))
        lower, upper = form.row_lower[i], form.row_upper[i]
        sense = pulp.LpConstraintEQ if lower == upper else AT_LEAST if upper == np.inf else AT_MOST
        right_hand_side = float(lower if sense == AT_LEAST else upper)
        problem.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(entries), sense, name, right_hand_side))
    return problem


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


def with_integers_fixed(form: StandardForm, y: Vector) -> StandardForm:
    """The linear program that is left when every whole number is what it is in ``y``."""
    whole = np.round(y)
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    lower[form.integer] = upper[form.integer] = whole[form.integer]
    return replace(form, column_lower=lower, column_upper=upper, integer=np.zeros_like(form.integer))
