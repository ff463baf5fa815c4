"""The one file that calls a solver and reads it: status first, then values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import highspy
import numpy as np
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from allocator.program.build import Program, StandardForm, with_integers_fixed
from allocator.program.certificate import breach, wrong_signs
from allocator.program.time_limit import seconds_left
from models.assumptions import Fault, InputFaultsError
from models.timeline import Vector

INTEGER_GAP, OTHER_INTEGER_GAP = 1e-7, 5e-7
CLEAN = 1e-10
"""A relative breach or wrong sign below this needs no second look; certificates allow ten times as much."""
HIGHS = "HiGHS"
SURE = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
    highspy.HighsModelStatus.kObjectiveTarget,
)
"""Anything else, "unbounded" included, says more of HiGHS's numerics than of a program in which all is bounded."""
PRIMAL_SIMPLEX = 4
"""HiGHS's own number for it."""
WHOLE_HALL_OPTIONS: dict[str, object] = {
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_effort": 0.0,
    "mip_allow_restart": False,
    "mip_detect_symmetry": False,
}
"""For whole halls: cuts close the gap at the root, and without all this it takes a fifth of the time to prove it."""


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"


class SolverError(RuntimeError):
    """The solver gave no answer, or one that does not check. Never shown as a number."""


class OverTimeError(SolverError):
    """The time that was given ran out before an answer was proven."""


def check_time() -> float:
    """Seconds that are left; raises :class:`OverTimeError` where there are none."""
    left = seconds_left()
    if left <= 0.0:
        raise OverTimeError("the time given ran out")
    return left


@dataclass(frozen=True)
class Answer:
    """What a solver says of a standard form. ``y`` and prices are empty unless optimal."""

    status: Status
    objective: float
    y: Vector
    row_price: Vector
    """d objective / d right-hand side of each row, with whole halls fixed; (rows,)."""
    integer_gap: float
    """Proven relative gap of the integer program; 0 without integers."""


class LiveProgram:
    """A standard form held in HiGHS: rows can be moved and the program solved again from where it stands."""

    def __init__(self, form: StandardForm, near: LiveProgram | None = None) -> None:
        """Hand a form over; ``near`` is a solved program of the same shape, from whose basis the search starts."""
        self.form = form
        self.has_integers = bool(form.integer.any())
        self._relaxations = 0
        self._highs = highspy.Highs()
        self._set("output_flag", False)
        self._set("threads", 1)
        self._set("mip_rel_gap", INTEGER_GAP)
        self._set("mip_abs_gap", 1e-6)
        for name, value in WHOLE_HALL_OPTIONS.items():
            self._set(name, value)
        if not self.has_integers:
            self._set("presolve", "off")
        self._pass(form)
        if near is not None and not self.has_integers and near.has_shape_of(form):
            self._highs.setBasis(near._highs.getBasis())  # noqa: SLF001  (another of its kind)

    def has_shape_of(self, form: StandardForm) -> bool:
        """Whether its basis can be one of another form."""
        return len(self.form.cost) == len(form.cost) and len(self.form.row_lower) == len(form.row_lower)

    def _set(self, option: str, value: object) -> None:
        if self._highs.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS does not know the option {option} = {value}")

    def _pass(self, form: StandardForm) -> None:
        taken = self._highs.passModel(
            len(form.cost),
            len(form.row_lower),
            len(form.value),
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            form.cost,
            form.column_lower,
            form.column_upper,
            form.row_lower,
            form.row_upper,
            form.starts[:-1],
            form.index,
            form.value,
            form.integer.astype(np.int32),
        )
        if taken == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused the program")

    def without_scaling(self) -> None:
        """Look for an answer afresh, rows as they are and to tighter tolerances: slower, exact in their own units."""
        self._highs.clearSolver()
        self._set("simplex_scale_strategy", 0)
        self._tightly()

    def by_primal_simplex(self) -> None:
        """Look for an answer afresh by the primal simplex, to tighter tolerances.

        HiGHS's dual one takes reduced costs of a billionth of a dollar for nothing, which is all that there is of an
        offer at its break-even.
        """
        self._highs.clearSolver()
        self._set("simplex_strategy", PRIMAL_SIMPLEX)
        self._tightly()

    def _tightly(self) -> None:
        self._set("primal_feasibility_tolerance", 1e-9)
        self._set("dual_feasibility_tolerance", 1e-9)

    def move_rows(self, moves: Iterable[tuple[str, float]], amount: float) -> None:
        """Set the right-hand side of rows to their own plus ``amount`` times each coefficient; 0 restores them.

        A limit that is not negative does not become so: where nothing is energised one less is still nothing.
        """
        for name, coefficient in moves:
            i = self.form.row_number[name]
            lower, upper = self.form.row_lower[i], self.form.row_upper[i]
            shift = amount * coefficient
            moved = [max(0.0, b + shift) if b >= 0.0 else b + shift for b in (float(lower), float(upper))]
            self._highs.changeRowBounds(i, moved[0], moved[1])

    def hold_objective(self, at_most: float) -> None:
        """Add the row ``c'y <= at_most``: only plans that are as good as that are left."""
        priced = np.flatnonzero(self.form.cost)
        self._highs.addRow(-highspy.kHighsInf, at_most, len(priced), priced.astype(np.int32), self.form.cost[priced])

    def set_cost(self, cost: Vector) -> None:
        """Minimise something else; (columns,)."""
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), np.asarray(cost, dtype=float))

    def add_relaxation(self, moves: Iterable[tuple[str, float]], scale: float) -> None:
        """Add a column that loosens each of the rows by ``scale``; it is shut until :meth:`relax` opens it."""
        rows, values = [], []
        for name, coefficient in moves:
            i = self.form.row_number[name]
            rows.append(i)
            loosens_upwards = np.isfinite(self.form.row_upper[i])
            values.append(-scale * abs(coefficient) if loosens_upwards else scale * abs(coefficient))
        self._highs.addCol(0.0, 0.0, 0.0, len(rows), np.array(rows, dtype=np.int32), np.array(values))
        self._relaxations += 1

    def relax(self, costs: Mapping[int, float], most: Mapping[int, float] | None = None) -> Answer:
        """The cheapest use of some relaxations, by number in the order added, each up to its most; others are shut."""
        ends = most or {}
        first = len(self.form.cost)
        self.set_cost(np.zeros(first))
        for number in range(self._relaxations):
            self._highs.changeColCost(first + number, costs.get(number, 0.0))
            end = ends.get(number, highspy.kHighsInf) if number in costs else 0.0
            self._highs.changeColBounds(first + number, 0.0, end)
        return self.answer()

    def answer(self) -> Answer:
        """Solve from the present basis.

        Raises
        ------
        SolverError
            If HiGHS proves neither an optimum nor infeasibility.
        """
        self._run()
        for again in ({"presolve": "on"}, {"simplex_strategy": PRIMAL_SIMPLEX}):
            if self._highs.getModelStatus() in SURE:
                break
            self._afresh(again)
        return self._read()

    def _afresh(self, options: Mapping[str, object]) -> None:
        """Solve again without the present basis and in another way, where HiGHS could not make up its mind."""
        before = {name: self._highs.getOptionValue(name)[1] for name in options}
        self._highs.clearSolver()
        for name, value in options.items():
            self._set(name, value)
        self._run()
        for name, value in before.items():
            self._set(name, value)

    def _run(self) -> None:
        """Solve from the present basis, no longer than there is time."""
        left = check_time()
        if math.isfinite(left):
            self._set("time_limit", self._highs.getRunTime() + left)
        self._highs.run()
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
            raise OverTimeError("the time given ran out")

    def _read(self) -> Answer:
        status = self._highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return Answer(Status.INFEASIBLE, np.nan, np.zeros(0), np.zeros(0), 0.0)
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"HiGHS stopped without an answer: {self._highs.modelStatusToString(status)}")
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        prices = np.array(solution.row_dual) if solution.dual_valid else np.zeros(0)
        gap = float(info.mip_gap) if self.has_integers else 0.0
        return Answer(Status.OPTIMAL, float(info.objective_function_value), np.array(solution.col_value), prices, gap)

    def goes_below(self, objective: float) -> bool:
        """Whether any plan has a lower objective; with integers the search stops at the first that does."""
        self._highs.setOptionValue("objective_target", objective if self.has_integers else -highspy.kHighsInf)
        self._run()
        reached = self._highs.getModelStatus() == highspy.HighsModelStatus.kObjectiveTarget
        self._highs.setOptionValue("objective_target", -highspy.kHighsInf)
        if reached:
            return True
        found = self._read()
        return found.status is Status.OPTIMAL and found.objective < objective

    def value(self) -> float | None:
        """The optimum, or ``None`` where there is no plan."""
        found = self.answer()
        return found.objective if found.status is Status.OPTIMAL else None


class BulkHiGHS(pulp.LpSolver):  # type: ignore[misc]
    """HiGHS for PuLP: columns and rows handed over in one call, duals with the sign of a minimisation."""

    name = "BulkHiGHS"

    def available(self) -> bool:
        """HiGHS is in this process."""
        return True

    def actualSolve(self, lp: pulp.LpProblem, **_: object) -> int:  # noqa: N802  (PuLP's name)
        """Solve and write the values into PuLP's own objects."""
        from allocator.program.build import standard_form  # noqa: PLC0415

        form = standard_form(lp)
        found = solve_form(form)
        if found.status is Status.INFEASIBLE:
            lp.assignStatus(pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible)
            return int(pulp.LpStatusInfeasible)
        reduced = form.cost - form.transposed_times(found.row_price)
        for i, variable in enumerate(lp.variables()):
            variable.varValue, variable.dj = float(found.y[i]), float(reduced[i])
        activity = form.times(found.y)
        for i, row in enumerate(lp.constraints()):
            row.pi, row.slack = float(found.row_price[i]), float(-row.constant - activity[i])
        lp.assignStatus(pulp.LpStatusOptimal, pulp.LpSolutionOptimal)
        return int(pulp.LpStatusOptimal)


def solve_form(form: StandardForm, second_look: bool = True, near: LiveProgram | None = None) -> Answer:
    """Solve with HiGHS, from ``near`` if given; whole halls are then fixed, the rest solved again for clean values.

    A search that only compares values needs no ``second_look`` at residuals of a billionth of a dollar.
    """
    live = LiveProgram(form, near)
    found = live.answer()
    if found.status is Status.INFEASIBLE:
        return found
    if not live.has_integers:
        return _polished(form, found) if second_look else found
    rest = with_integers_fixed(form, found.y)
    fixed = LiveProgram(rest).answer()
    if second_look:
        fixed = _polished(rest, fixed)
    if fixed.status is Status.INFEASIBLE:
        raise SolverError("the whole halls found do not admit a plan when fixed")
    return Answer(Status.OPTIMAL, fixed.objective, fixed.y, fixed.row_price, found.integer_gap)


def _polished(form: StandardForm, found: Answer) -> Answer:
    """The same answer, or that of a second look where HiGHS's scaling or tolerance left a residual in dollars."""
    if found.status is Status.INFEASIBLE:
        return found
    for look in (LiveProgram.without_scaling, LiveProgram.by_primal_simplex):
        if _residual(form, found) <= CLEAN:
            break
        again = LiveProgram(form)
        look(again)
        try:
            other = again.answer()
        except SolverError:
            continue  # HiGHS can call a sound program unbounded here; the certificate judges the answer that is kept.
        if other.status is Status.OPTIMAL and _residual(form, other) < _residual(form, found):
            found = other
    return found


def _residual(form: StandardForm, found: Answer) -> float:
    """The larger of an answer's primal and dual residuals, as the certificate measures them."""
    return max(breach(form, found.y), wrong_signs(form, found))


def solver_names() -> list[str]:
    """Solvers that can be named: HiGHS in process, CBC, and whatever else PuLP finds on this machine."""
    others = [
        n for n in pulp.listSolvers(onlyAvailable=True) if n not in ("HiGHS", "HiGHS_CMD", "PULP_CBC_CMD", "COIN_CMD")
    ]
    return [HIGHS, "CBC", *others]


def solve(program: Program, solver: str = HIGHS, near: LiveProgram | None = None) -> Answer:
    """Solve a built program with a solver by name (case does not matter); HiGHS starts from ``near`` if given.

    Raises
    ------
    InputFaultsError
        For a solver that is not on this machine.
    SolverError
        If the solver gives no proven answer.
    """
    if solver.upper() in ("HIGHS", "BULKHIGHS"):
        return solve_form(program.form, near=near)
    if solver.upper() == "CBC":
        chosen = pulp.COIN_CMD(msg=False, threads=1, path=pulp_cbc_path, gapRel=INTEGER_GAP)
    elif solver.upper() in (name.upper() for name in solver_names()):
        name = next(n for n in solver_names() if n.upper() == solver.upper())
        chosen = pulp.getSolver(name, msg=False)
    else:
        raise InputFaultsError(
            [
                Fault(
                    "--solver",
                    repr(solver),
                    "is not a solver on this machine",
                    f"use one of {', '.join(solver_names())}",
                )
            ]
        )
    return _solve_elsewhere(program, chosen, solver)


def _solve_elsewhere(program: Program, chosen: pulp.LpSolver, name: str) -> Answer:
    """Solve through PuLP with another solver; its values are then read and its prices recomputed in HiGHS."""
    form, problem = program.form, program.problem
    try:
        problem.solve(chosen)
    except pulp.PulpSolverError as error:
        raise SolverError(f"{name} failed: {error}") from error
    if problem.status == pulp.LpStatusInfeasible:
        return Answer(Status.INFEASIBLE, np.nan, np.zeros(0), np.zeros(0), 0.0)
    if problem.status != pulp.LpStatusOptimal or problem.sol_status != pulp.LpSolutionOptimal:
        raise SolverError(f"{name} stopped without a proven optimum: {pulp.LpStatus[problem.status]}")
    found = {v.name: v.varValue or 0.0 for v in problem.variables()}
    y = np.array([found.get(name, 0.0) for name in form.column_names])
    ours = solve_form(with_integers_fixed(form, y) if form.integer.any() else form)
    if ours.status is Status.INFEASIBLE:
        raise SolverError(f"{name} gave a plan that HiGHS proves impossible")
    objective = float(form.cost @ y)
    if form.integer.any() and LiveProgram(form).goes_below(objective - OTHER_INTEGER_GAP * (1.0 + abs(objective))):
        raise SolverError(f"{name} stopped short of the optimum: HiGHS finds a better plan")
    return Answer(Status.OPTIMAL, objective, y, ours.row_price, OTHER_INTEGER_GAP if form.integer.any() else 0.0)


def export_mps(program: Program, path: Path) -> None:
    """Write the program as an MPS file that minimises -NPV in USD, for any other solver."""
    program.problem.writeMPS(str(path))
