"""The program: ours beside raw HiGHS on the same matrix, PuLP's HiGHS and CBC, and linopy; and what is asked of it."""

from __future__ import annotations

from importlib.util import find_spec

import highspy
import numpy as np
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from allocator.activities import Activities, Kind, activities
from allocator.allocation import Allocation, InfeasibleError, allocate, allocation_of
from allocator.break_even import break_evens
from allocator.case import Case, replaced
from allocator.explain import shadow_prices
from allocator.files import load_case
from allocator.flip_map import default_axes, flip_map
from allocator.infeasible import infeasibility
from allocator.program.build import Program, StandardForm, as_pulp, build
from allocator.program.constraints import grid_mw, stepped
from allocator.program.solve import LiveProgram, solve_form
from benchmarks.timing import Timed, best, table

HALLS_MW = (35.0, 20.0)


def raw_highs(form: StandardForm) -> float:
    """The same arrays in one call, HiGHS's own options, one thread."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(
        len(form.cost), len(form.row_lower), len(form.value), int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize), 0.0, form.cost, form.column_lower, form.column_upper, form.row_lower,
        form.row_upper, form.starts[:-1], form.index, form.value, form.integer.astype(np.int32),
    )  # fmt: skip
    solver.run()
    return float(solver.getInfo().objective_function_value)


def through_pulp(form: StandardForm, solver: pulp.LpSolver) -> float:
    """Built and solved by PuLP alone."""
    problem = as_pulp(form)
    problem.solve(solver)
    return float(pulp.value(problem.objective))


def through_linopy(choices: Activities) -> float:
    """The same decision as a linopy user would write it: one expression over activities a limit."""
    import linopy
    import xarray as xr

    case, items = choices.case, choices.items
    quarters, count = range(case.timeline.quarters), range(len(items))
    model = linopy.Model()
    x = model.add_variables(lower=0, coords=[("activity", list(count))], name="x")

    def rows(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, coords=[("quarter", list(quarters)), ("activity", list(count))])

    def limit(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, coords=[("quarter", list(quarters))])

    def only(kind: Kind, owner: int) -> np.ndarray:
        return np.array([float(a.kind is kind and a.owner == owner) for a in items])

    power = choices.facility_mw
    model.add_constraints((rows(power) * x).sum("activity") <= limit(grid_mw(case)), name="grid")
    free = np.maximum(0.0, grid_mw(case) - case.policy.min_flexible_mw)
    model.add_constraints((rows(power * choices.hosting) * x).sum("activity") <= limit(free), name="flexible")
    budget = limit(stepped(case, case.policy.capital_usd or 0.0))
    model.add_constraints((rows(choices.capital_used_usd) * x).sum("activity") <= budget, name="capital")
    for i, bought in enumerate(case.purchases):
        running = rows(power * only(Kind.PURCHASE, i))
        most = limit(np.full(len(quarters), bought.max_facility_mw))
        model.add_constraints((running * x).sum("activity") <= most, name=f"purchase{i}")
    sizes = [(Kind.FLEET, i, f.facility_mw) for i, f in enumerate(case.fleets)]
    sizes += [(Kind.LEASE, i, lease.critical_it_mw) for i, lease in enumerate(case.leases)]
    for kind, i, most_mw in sizes:
        mine = xr.DataArray(only(kind, i), coords=[("activity", list(count))])
        model.add_constraints((mine * x).sum() <= most_mw, name=f"{kind.value}{i}")
    model.add_objective((xr.DataArray(-choices.npv_usd, coords=[("activity", list(count))]) * x).sum())
    model.solve(solver_name="highs", io_api="direct", output_flag=False, threads=1)
    return float(model.objective.value)


def whole_halls(case: Case) -> Case:
    """The same offers in whole halls."""
    for i, size in enumerate(HALLS_MW):
        case = replaced(case, f"leases[{i}].block_mw", size)
    return case


def impossible(case: Case) -> Program:
    """Hyper signed whole with 30 million dollars."""
    poor = replaced(replaced(case, "policy.capital_usd", 30e6), "leases[0].committed", True)
    try:
        allocate(poor)
    except InfeasibleError as error:
        return error.program
    raise AssertionError("the case has a plan")


def main() -> None:
    case = load_case("brownfield")
    choices = activities(case)
    form = build(choices).form
    size = f"{len(choices.items)} activities, {len(form.row_lower)} rows, {len(form.value)} entries"
    base = best("raw HiGHS, the same matrix in one call", lambda: raw_highs(form))
    others = [
        best("ours: build, solve, read, certificate", lambda: allocation_of(build(choices))),
        best("ours: the same with a PuLP problem", lambda: (build(choices).problem, allocation_of(build(choices)))),
        best("ours: allocate(case), economics included", lambda: allocate(case)),
        best("PuLP's own HiGHS", lambda: through_pulp(form, pulp.HiGHS(msg=False, threads=1))),
        best("PuLP's CBC", lambda: through_pulp(form, pulp.COIN_CMD(msg=False, path=pulp_cbc_path))),
    ]
    if find_spec("linopy"):
        difference = abs(through_linopy(choices) - raw_highs(form)) / abs(raw_highs(form))
        others.append(best(f"linopy (same NPV to {difference:.0e})", lambda: through_linopy(choices), runs=3))
    else:
        print("linopy is not installed: pip install linopy")
    print(table(f"Brownfield, continuous ({size})", base, others))
    plan, halls = allocate(case), allocate(whole_halls(case))
    asked = best("one solve", lambda: solve_form(form))
    print(table("What is asked of it, beside one solve", asked, questions(case, plan, halls)))


def questions(case: Case, plan: Allocation, halls: Allocation) -> list[Timed]:
    """Everything that an explanation asks, timed."""
    program = impossible(case)
    return [
        best("all two-sided values of limits", lambda: shadow_prices(plan)),
        best(f"break-even rents of {len(case.leases)} offers", lambda: break_evens(plan), runs=3),
        best("flip map 21 x 21, bitcoin price x rent", lambda: flip_map(plan, 0, *default_axes(plan, 0)), runs=2),
        best("no plan: conflict, each limit alone, cheapest together", lambda: infeasibility(program), runs=3),
        best(
            f"whole halls ({halls.program.form.integer.sum()} whole numbers)",
            lambda: LiveProgram(halls.program.form).answer(),
            runs=3,
        ),
    ]


if __name__ == "__main__":
    main()
