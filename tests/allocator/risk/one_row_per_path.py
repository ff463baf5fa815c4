"""The textbook's program of mean and CVaR, one row a path (Rockafellar and Uryasev 2000), in raw highspy."""

from __future__ import annotations

import highspy
import numpy as np

from allocator.program.build import Program
from allocator.risk.path_values import PathValues

INFINITE = highspy.kHighsInf


def values_by_path(values: PathValues) -> np.ndarray:
    """What a unit of each activity is worth on every path, (paths, J): the matrix that the engine never makes."""
    weights, constant = values.mapped.loading
    return np.concatenate([block.T @ weights for block in values.blocks]) + constant


def textbook_optimum(
    program: Program, worth: np.ndarray, level: float, weight: float, least_cvar: float | None = None,
    *, whole: bool = False, method: str = "choose",
) -> float | None:  # fmt: skip
    """``max (1 - w) mean + w (v - sum_s u_s / ((1 - a) S))``, ``u_s >= v - value on path s``; ``None`` for no plan."""
    form, paths = program.form, len(worth)
    per_column = np.zeros((paths, len(form.cost)))
    per_column[:, program.activity_column] = worth * program.columns.units_per_step
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 1e-8)
    solver.setOptionValue("solver", method)
    none, nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
    count = len(form.cost)
    scale = 1e-6  # USD in millions: coefficients of one size
    cost = -(1 - weight) * per_column.mean(axis=0) * scale
    for j in range(count):
        solver.addCol(float(cost[j]), form.column_lower[j], form.column_upper[j], 0, none, nothing)
        if whole and form.integer[j]:
            solver.changeColIntegrality(j, highspy.HighsVarType.kInteger)
    solver.addCol(-weight, -INFINITE, INFINITE, 0, none, nothing)
    each = 1.0 / ((1.0 - level) * paths)
    for _ in range(paths):
        solver.addCol(weight * each, 0.0, INFINITE, 0, none, nothing)
    for i in range(len(form.row_names)):
        entries = slice(form.starts[i], form.starts[i + 1])
        solver.addRow(form.row_lower[i], form.row_upper[i], form.starts[i + 1] - form.starts[i],
                      form.index[entries], form.value[entries])  # fmt: skip
    if weight > 0.0 or least_cvar is not None:
        used = np.flatnonzero(per_column.any(axis=0)).astype(np.int32)
        for s in range(paths):
            index = np.concatenate([used, [count, count + 1 + s]]).astype(np.int32)
            solver.addRow(0.0, INFINITE, len(index), index, np.concatenate([per_column[s, used] * scale, [-1.0, 1.0]]))
    if least_cvar is not None:
        index = np.arange(count, count + 1 + paths, dtype=np.int32)
        solver.addRow(least_cvar * scale, INFINITE, len(index), index, np.append(1.0, np.full(paths, -each)))
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -float(solver.getInfo().objective_function_value) / scale
