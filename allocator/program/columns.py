"""Programs of many sites: one that is solved again with other costs, and the master that mixes their plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np

from allocator.program.build import StandardForm
from allocator.program.rows import Indices
from allocator.program.solve import Answer, LiveProgram, SolverError, Status
from models.timeline import Vector

MASTER_GAP, MASTER_SECONDS = 1e-6, 60.0
"""Where the choice among whole plans stops; what it leaves open counts in the portfolio's gap."""
USD_PER_STEP = 1e6
"""The master counts dollars by the million: with larger numbers HiGHS loses its way."""
USD_PER_COUNT = 1e7
"""What a count stands for where no plan brings or costs anything: prices then have the size that sites are used to."""
DUST = 1e-13
"""Of the largest use of a plan: what a sum of flows that cancel leaves."""
PRICED_GAP = 1e-5
"""Of one site with whole halls at given prices; what it leaves open counts in the bound."""


class PricedProgram(LiveProgram):
    """One site's program for other costs, from the basis of the answer before.

    It stays in the solver (about a megabyte) or, with ``keep`` false, is handed over again each time.
    """

    def __init__(self, form: StandardForm, *, keep: bool, near: PricedProgram | None = None) -> None:
        """Take a form over; the first search starts where ``near``, if of the same shape, ended."""
        self._keep, self._near = keep, near
        self._basis: highspy.HighsBasis | None = None
        if keep or form.integer.any():
            super().__init__(form)
            if self.has_integers:
                self._set("mip_rel_gap", PRICED_GAP)
        else:
            self.form, self.has_integers = form, False

    def at(self, cost: Vector) -> Answer:
        """The site's best plan at these costs, (columns,)."""
        if self._near is not None and self._near.has_shape_of(self.form):
            self._basis = self._near.basis
            if self._keep and self._basis is not None:
                self._highs.setBasis(self._basis)
        self._near = None
        if self._keep or self.has_integers:
            self.set_cost(cost)
            return self.answer()
        once = PricedProgram(replace(self.form, cost=cost), keep=True)
        if self._basis is not None:
            once._highs.setBasis(self._basis)
        found = once.answer()
        self._basis = once._highs.getBasis()
        return found

    @property
    def basis(self) -> highspy.HighsBasis | None:
        """Where the last search ended; ``None`` before the first, and of a program with whole halls."""
        if self.has_integers:
            return None
        return self._highs.getBasis() if self._keep else self._basis


@dataclass(frozen=True)
class MasterAnswer:
    """The best mix of the plans known so far. Empty unless optimal."""

    status: Status
    objective: float
    weights: Vector
    """Of each plan, in the order added."""
    row_prices: Vector
    """USD that one unit more of each common limit saves, (R,), not negative."""
    site_prices: Vector
    """Reduced cost below which a new plan of a site betters the mix, (S,)."""
    missing: float
    """In phase one: sites that must be entered and are not, and millions of cash under stress that are not there."""
    relief: float
    """By how much the common limits were relaxed, in the relaxation's unit."""


class Master:
    """``min sum c_k w_k`` with ``sum use_k w_k <= limit`` and, of each site, ``lower <= sum of its weights <= upper``.

    Sites of which at most one is entered share a row. Two kinds of helper columns stand beside the plans: those that
    stand for plans not yet known (phase one drives them out), and one that relaxes chosen common rows.
    """

    def __init__(
        self, scale: Vector, sites: int, groups: Sequence[Sequence[int]], may_be_negative: Sequence[int] = ()
    ) -> None:
        """Rows without plans.

        ``scale`` is the size in which the solver sees each common row, (R,): a million for dollars, as for all NPV.
        ``may_be_negative`` are common rows that no plan at all might not meet.
        """
        self._rows, self._sites, self._scale = len(scale), sites, scale
        self._costs: list[float] = []
        self._columns: list[int] = []
        self._of_site: list[int] = []
        self._uses: list[Vector] = []
        self._highs = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise SolverError(f"HiGHS does not know the option {name}")
        none, nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
        for _ in range(len(scale)):
            self._highs.addRow(-highspy.kHighsInf, 0.0, 0, none, nothing)
        for _ in range(sites + len(groups)):
            self._highs.addRow(-highspy.kHighsInf, 1.0, 0, none, nothing)
        self._group_row = {site: self._rows + sites + g for g, group in enumerate(groups) for site in group}
        self._unit = USD_PER_STEP
        """Of the present objective: dollars by the million, or a count."""
        self._missing = [self._add_column(0.0, [self._rows + site], [1.0]) for site in range(sites)]
        if may_be_negative:
            self._missing.append(self._add_column(0.0, may_be_negative, [-1.0] * len(may_be_negative)))
        self._relief = self._add_column(0.0, [], [])
        self.shut_helpers()

    def _add_column(self, cost: float, rows: Sequence[int], values: Sequence[float]) -> int:
        number = int(self._highs.getNumCol())
        at, amounts = np.array(rows, dtype=np.int32), np.array(values)
        if self._highs.addCol(cost, 0.0, highspy.kHighsInf, len(at), at, amounts) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused a plan")
        return number

    def add(self, site: int, cost: float, use: Vector) -> None:
        """Add a plan of a site with what it uses of each common limit, (R,)."""
        used = use / self._scale
        used[np.abs(used) <= DUST * max(1.0, np.abs(used).max(initial=0.0))] = 0.0
        rows = np.flatnonzero(used)
        tail = [self._rows + site, *([self._group_row[site]] if site in self._group_row else [])]
        at = np.concatenate([rows, tail]).astype(np.int32)
        now = cost / USD_PER_STEP if self._unit == USD_PER_STEP else 0.0  # in phase one no plan brings or costs
        self._columns.append(self._add_column(now, at.tolist(), [*used[rows].tolist(), *[1.0] * len(tail)]))
        self._costs.append(cost / USD_PER_STEP)
        self._of_site.append(site)
        self._uses.append(used)

    def set_limits(self, limits: Vector) -> None:
        """Set the common limits, (R,)."""
        for row, limit in enumerate((limits / self._scale).tolist()):
            self._highs.changeRowBounds(row, -highspy.kHighsInf, limit)

    def set_entered(self, lower: Vector, upper: Vector) -> None:
        """How much of each site must and may be entered, (S,) of 0 or 1 each."""
        for site in range(self._sites):
            low = float(lower[site]) if lower[site] > 0 else -highspy.kHighsInf
            self._highs.changeRowBounds(self._rows + site, low, float(upper[site]))

    def shut_helpers(self) -> None:
        """Only plans count: phase two."""
        self._unit = USD_PER_STEP
        self._price(self._costs, 0.0, 0.0)
        self._bound_helpers(0.0, 0.0)

    def seek_a_plan(self, *, relaxed: bool = False) -> None:
        """Phase one: the fewest required sites that are not entered, with or without the relaxation."""
        self._unit = USD_PER_COUNT
        self._price([0.0] * len(self._costs), 1.0, 0.0)
        self._bound_helpers(highspy.kHighsInf, highspy.kHighsInf if relaxed else 0.0)

    def seek_least_relief(self) -> None:
        """The least relaxation with which every required site is entered."""
        self._unit = USD_PER_COUNT
        self._price([0.0] * len(self._costs), 0.0, 1.0)
        self._bound_helpers(0.0, highspy.kHighsInf)

    def relax(self, relief: Mapping[int, float]) -> None:
        """Let the relaxation add so much to each of these common rows and nothing to the others."""
        for row in range(self._rows):
            self._highs.changeCoeff(row, self._relief, -relief.get(row, 0.0) / self._scale[row])

    def _price(self, costs: Sequence[float], missing: float, relief: float) -> None:
        at = [*self._columns, *self._missing, self._relief]
        amounts = np.array([*costs, *[missing] * len(self._missing), relief], dtype=float)
        self._highs.changeColsCost(len(at), np.array(at, dtype=np.int32), amounts)

    def _bound_helpers(self, missing: float, relief: float) -> None:
        for column in self._missing:
            self._highs.changeColBounds(column, 0.0, missing)
        self._highs.changeColBounds(self._relief, 0.0, relief)

    def answer(self) -> MasterAnswer:
        """The best mix, from the basis before.

        Raises
        ------
        SolverError
            If HiGHS proves neither an optimum nor infeasibility.
        """
        self._highs.run()
        status = self._highs.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            self._highs.clearSolver()
            self._highs.run()
            status = self._highs.getModelStatus()
        none = np.zeros(0)
        if status == highspy.HighsModelStatus.kInfeasible:
            return MasterAnswer(Status.INFEASIBLE, np.nan, none, none, none, np.nan, np.nan)
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"HiGHS stopped without an answer: {self._highs.modelStatusToString(status)}")
        solution = self._highs.getSolution()
        value, dual = np.array(solution.col_value), np.array(solution.row_dual)
        site_prices = dual[self._rows : self._rows + self._sites].copy()
        for site, row in self._group_row.items():
            site_prices[site] += dual[row]
        return MasterAnswer(
            Status.OPTIMAL,
            float(self._highs.getInfo().objective_function_value) * self._unit,
            np.maximum(value[np.array(self._columns, dtype=np.int32)], 0.0),
            np.maximum(-dual[: self._rows], 0.0) * self._unit / self._scale,
            site_prices * self._unit,
            float(sum(value[column] for column in self._missing)),
            float(value[self._relief]),
        )

    def whole(self, limits: Vector, lower: Vector, upper: Vector, gated: Indices, single: Indices) -> Vector | None:
        """Weights of plans where ``gated`` sites are entered or not, and of ``single`` sites one plan is taken whole.

        Of the other sites plans are mixed freely. ``None`` if the plans known so far hold no such mix.
        """
        plans, rows, sites = len(self._columns), self._rows, self._sites
        gates = {int(site): plans + g for g, site in enumerate(gated)}
        of_site = np.array(self._of_site, dtype=np.int32)
        entries: list[tuple[Indices, Vector]] = []
        uses = np.array(self._uses).reshape(plans, rows)
        for row in range(rows):
            at = np.flatnonzero(uses[:, row]).astype(np.int32)
            entries.append((at, uses[at, row]))
        low, high = np.full(rows, -highspy.kHighsInf), limits / self._scale
        site_low, site_high = np.where(lower > 0, lower, -highspy.kHighsInf), upper.astype(float)
        for site in range(sites):
            at = np.flatnonzero(of_site == site).astype(np.int32)
            ones: Vector = np.ones(len(at))
            if site in gates:
                at, ones = np.append(at, np.int32(gates[site])), np.append(ones, -1.0)
                site_low[site], site_high[site] = 0.0, 0.0
            entries.append((at, ones))
        for row in dict.fromkeys(self._group_row.values()):
            members = np.array([s for s, r in self._group_row.items() if r == row], dtype=np.int32)
            at = np.flatnonzero(np.isin(of_site, members)).astype(np.int32)
            entries.append((at, np.ones(len(at))))
        groups = len(set(self._group_row.values()))
        columns = plans + len(gates)
        integer = np.zeros(columns, dtype=np.int32)
        integer[plans:] = 1
        integer[np.flatnonzero(np.isin(of_site, single))] = 1
        column_low, column_high = np.zeros(columns), np.ones(columns)
        for site, column in gates.items():
            column_low[column], column_high[column] = lower[site], upper[site]
        starts = np.concatenate([[0], np.cumsum([len(at) for at, _ in entries])]).astype(np.int32)
        solver = highspy.Highs()
        for name, value in (
            ("output_flag", False), ("threads", 1), ("mip_rel_gap", MASTER_GAP), ("time_limit", MASTER_SECONDS),
        ):  # fmt: skip
            if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise SolverError(f"HiGHS does not know the option {name}")
        solver.passModel(
            columns, len(entries), int(starts[-1]), int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize), 0.0, np.concatenate([self._costs, np.zeros(len(gates))]), column_low,
            column_high, np.concatenate([low, site_low, np.full(groups, -highspy.kHighsInf)]),
            np.concatenate([high, site_high, np.ones(groups)]), starts[:-1],
            np.concatenate([at for at, _ in entries]), np.concatenate([v for _, v in entries]), integer,
        )  # fmt: skip
        solver.run()
        if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        return np.asarray(np.maximum(np.array(solver.getSolution().col_value)[:plans], 0.0))


class WideProgram(LiveProgram):
    """One program of many sites: presolve halves what it takes."""

    def __init__(self, form: StandardForm) -> None:
        super().__init__(form)
        self._set("presolve", "on")

    def whole_plan(self, start: Vector | None, seconds: float) -> WholePlan:
        """The best plan in whole numbers that is found in some seconds, beginning from one that is known."""
        self._set("time_limit", seconds)
        self._set("mip_rel_gap", MASTER_GAP)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = start.tolist()
            self._highs.setSolution(known)
        self._highs.run()
        info, status = self._highs.getInfo(), self._highs.getModelStatus()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        y = np.array(self._highs.getSolution().col_value) if found else None
        if status == highspy.HighsModelStatus.kInfeasible:
            return WholePlan(None, np.inf)
        return WholePlan(y, float(info.mip_dual_bound) if self.has_integers else float(info.objective_function_value))


@dataclass(frozen=True)
class WholePlan:
    """A plan in whole numbers, and what no plan costs less than."""

    y: Vector | None
    """``None`` if none was found."""
    bound: float
