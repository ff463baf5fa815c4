"""Blocks of rows as arrays: what a family of limits hands to the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pulp

from models.timeline import Vector

Indices = np.ndarray[tuple[int], np.dtype[np.int32]]
ROUNDING = 1e-14
AT_MOST, EQUAL, AT_LEAST = pulp.LpConstraintLE, pulp.LpConstraintEQ, pulp.LpConstraintGE


@dataclass(frozen=True)
class Rows:
    """Rows of one sense: ``sum of value x column  (<=, =, >=)  limit``; entries row after row."""

    names: Sequence[str]
    counts: Indices
    """Entries of each row."""
    index: Indices
    """Column of each entry."""
    value: Vector
    sense: int
    limit: Vector


@lru_cache(maxsize=256)
def quarter_names(family: str, quarters: int) -> tuple[str, ...]:
    """Names of a row or column for each quarter."""
    return tuple(f"{family}__{q:03d}" for q in range(quarters))


def one_row(name: str, columns: Indices, values: Vector, sense: int, limit: float) -> Rows:
    """A single row."""
    return Rows([name], np.array([len(columns)], dtype=np.int32), columns, values, sense, np.array([float(limit)]))


def bounds(family: str, columns: Indices, limits: Vector) -> Rows:
    """``column_q <= limit_q``, one row a quarter: the limit itself, so that its price sits on a row."""
    names = quarter_names(family, len(columns))
    ones = np.ones(len(columns))
    return Rows(names, ones.astype(np.int32), columns, ones, AT_MOST, np.asarray(limits, dtype=float))


def balance(
    family: str, levels: Indices, columns: Indices, amounts: Vector, relief: tuple[Indices, Vector] | None = None
) -> Rows:
    """``level_q - level_{q-1} = sum_j (amount_{q,j} - amount_{q-1,j}) x_j - relief_q`` for every quarter.

    Parameters
    ----------
    levels, columns : columns of the running balance (Q,) and of the activities (J,); ``amounts`` is (Q, J).
    relief : columns and what one unit of each takes off the balance, (Q,).
    """
    changes = np.diff(amounts, axis=0, prepend=0.0)
    # What running sums leave of flows that cancel is rounding, and solvers drop it with a warning.
    changes[np.abs(changes) <= ROUNDING * np.abs(amounts).max(axis=0, initial=0.0)] = 0.0
    quarter, activity = np.nonzero(changes)
    every = np.arange(len(levels))
    rows = [every, every[1:], quarter]
    index = [levels, levels[:-1], columns[activity]]
    value = [np.ones(len(levels)), -np.ones(len(levels) - 1), -changes[quarter, activity]]
    if relief is not None:
        rows.append(every)
        index.append(relief[0])
        value.append(relief[1])
    row = np.concatenate(rows)
    order = np.argsort(row, kind="stable")
    counts = np.bincount(row, minlength=len(levels)).astype(np.int32)
    names = quarter_names(family, len(levels))
    return Rows(names, counts, np.concatenate(index)[order], np.concatenate(value)[order], EQUAL, np.zeros(len(levels)))


def joined(parts: Sequence[Indices]) -> Indices:
    """Columns one after the other."""
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts])
