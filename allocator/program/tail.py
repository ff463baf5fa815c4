"""A program whose objective is part mean and part tail: cuts are added to it while it stays in the solver."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np

from allocator.program.build import Program, StandardForm
from allocator.program.solve import Answer, LiveProgram, Status
from models.timeline import Vector

INTEGER_GAP = 1e-6
"""Of one round with whole halls; what it leaves open counts in the search's own gap."""
MOST_USD = 1e13
"""No plan's tail is worth more: it only keeps the first master from running away."""


class TailProgram(LiveProgram):
    """``max (1 - w) mean'x + w t`` over a program's rows, with ``t <= g_k'x + a_k`` for every cut so far.

    ``t`` is the tail's value as the cuts know it, so that the optimum is an upper bound of the true one, and
    the more cuts the closer. Cuts do not depend on ``w``: one pool serves a whole frontier.
    """

    def __init__(self, program: Program, relaxed: bool = False) -> None:
        """Hand the rows over with a free column for the tail; ``relaxed`` drops the integers."""
        form = program.form
        super().__init__(form if not relaxed else _relaxed(program))
        self._set("mip_rel_gap", INTEGER_GAP)
        self._columns = program.activity_column.astype(np.int32)
        self._steps = program.columns.units_per_step
        self._tail = len(form.cost)
        self._highs.addCol(0.0, -MOST_USD, MOST_USD, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        self.cuts = 0

    def weigh(self, mean_value_usd: Vector, risk_weight: float) -> None:
        """Set the objective; the mean value of a unit of each activity, (J,), and the weight of the tail."""
        cost = np.zeros(self._tail)
        cost[self._columns] = -(1.0 - risk_weight) * mean_value_usd * self._steps
        self.set_cost(cost)
        self._highs.changeColCost(self._tail, -risk_weight)

    def add_cut(self, gradient_usd: Vector) -> None:
        """``t <= g'x``: the mean over some paths of what a unit of each activity is worth, (J,)."""
        index = np.append(self._columns, np.int32(self._tail))
        self._highs.addRow(
            -highspy.kHighsInf, 0.0, len(index), index, np.append(-gradient_usd * self._steps, 1.0)
        )  # fmt: skip
        self.cuts += 1

    def hold_tail(self, least_usd: float) -> None:
        """Leave only plans whose tail is worth at least this."""
        self._highs.changeColBounds(self._tail, max(least_usd, -MOST_USD), MOST_USD)

    def plan(self) -> tuple[Answer, Vector]:
        """Solve from where it stands; the answer, and units of each activity, (J,), empty if there is no plan."""
        found = self.answer()
        if found.status is Status.INFEASIBLE:
            return found, np.zeros(0)
        return found, np.maximum(found.y[self._columns], 0.0) * self._steps


def _relaxed(program: Program) -> StandardForm:
    return replace(program.form, integer=np.zeros_like(program.form.integer))
