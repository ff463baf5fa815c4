"""The program: ours beside raw HiGHS on the same matrix, PuLP's own HiGHS and CBC."""

from __future__ import annotations

import highspy
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from allocator.activities import activities
from allocator.allocation import allocate, allocation_of
from allocator.files import load_case
from allocator.program.build import Program, StandardForm, build
from allocator.program.solve import LiveProgram
from benchmarks.timing import best, table


def raw_highs(form: StandardForm) -> float:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(form.cost), len(form.row_lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = form.cost, form.column_lower, form.column_upper
    model.row_lower_, model.row_upper_ = form.row_lower, form.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = form.starts, form.index, form.value
    solver.passModel(model)
    solver.run()
    return solver.getInfo().objective_function_value


def through_pulp(program: Program, solver: pulp.LpSolver) -> float:
    program.problem.solve(solver)
    return pulp.value(program.problem.objective)


def main() -> None:
    case = load_case("brownfield")
    choices = activities(case)
    program = build(choices)
    form = program.form
    size = f"{len(choices.items)} activities, {len(form.row_lower)} rows, {len(form.value)} entries"
    base = best("raw HiGHS, the same matrix in one call", lambda: raw_highs(form))
    others = [
        best("LiveProgram: pass, solve, read", lambda: LiveProgram(form).answer()),
        best("ours: PuLP build, solve, read, certificate", lambda: allocation_of(build(choices))),
        best("ours: allocate(case), economics included", lambda: allocate(case)),
        best("PuLP's own HiGHS, built program", lambda: through_pulp(program, pulp.HiGHS(msg=False, threads=1))),
        best("PuLP's CBC, built program", lambda: through_pulp(program, pulp.COIN_CMD(msg=False, path=pulp_cbc_path))),
    ]
    print(table(f"Brownfield, continuous ({size})", base, others))


if __name__ == "__main__":
    main()
