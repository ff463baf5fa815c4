"""Risk: scenario paths beside their normals, values of machines, cutting planes beside one row per path."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import highspy
import numpy as np

from allocator.activities import activities
from allocator.case import Case
from allocator.files import load_case
from allocator.program.build import Program, build
from allocator.risk.cutting_planes import TailSearch, frontier
from allocator.risk.futures import Futures
from allocator.risk.path_values import PathValues, path_values
from benchmarks.timing import Timed, best, table
from models.hourly_prices import dispatch_curve
from models.scenarios import PATHS_PER_BLOCK, Draws, MarketModel, generator, normals

PATHS, WIDE, NARROW = 10_000, 100_000, 20_000
LEVEL = 0.95
OFFERS = 25


def scenario_paths() -> str:
    """The joint model of price, fees, network and power beside drawing its normals alone."""
    case = load_case("brownfield")
    model, blocks = MarketModel(case.risk, case.market, case.timeline, 1), range(PATHS // PATHS_PER_BLOCK)
    shape = (3, case.timeline.months, PATHS_PER_BLOCK)
    drawn = best("its normals alone", lambda: [normals(generator(1, 0, b), shape, Draws.RANDOM) for b in blocks])
    whole = best("joint paths of price, fees, hashprice and power", lambda: [model.block(b) for b in blocks])
    return table(f"Scenarios, {PATHS:,} paths x {case.timeline.months} months (target 3)", drawn, [whole])


def machine_values() -> str:
    """Margins of 4 machines, 80 quarters and 10,000 paths against 20 blocks of price, in one pass over the curve."""
    curve = dispatch_curve(np.linspace(10.0, 90.0, 20))
    worth = np.random.default_rng(0).uniform(0.0, 120.0, (240, PATHS))

    def blocks(of: np.ndarray) -> np.ndarray:
        return sum(np.maximum(0.0, of - price) / 20 for price in curve.price_usd_per_mwh)

    ours = best(
        "4 machines, exact (target 300 ms)", lambda: [curve.margin_usd_per_mwh(worth) for _ in range(4)], runs=3
    )
    loop = best("block by block", lambda: [blocks(worth) for _ in range(4)], runs=1)
    off = np.abs(curve.margin_usd_per_mwh(worth) - blocks(worth)).max()
    return table(f"Values of 4 machines x 240 months x {PATHS:,} paths (difference {off:.0e})", ours, [loop])


@cache
def site(name: str, paths: int) -> tuple[Program, PathValues]:
    """A template on so many futures."""
    choices = activities(load_case(name))
    return build(choices), path_values(choices, Futures(choices.case, paths, 1, workers=2))


def passes() -> str:
    """Passes over the factors of 100,000 paths for each shipped template at a gap of 1e-6, and along the frontier."""
    lines = [f"Passes over the factors of {WIDE:,} paths (target 60 at a gap of 1e-6)"]
    for name in ("river-bend", "brownfield"):
        program, values = site(name, WIDE)
        for weight in (0.5, 0.9, 1.0):
            timed = best("", lambda w=weight: TailSearch(program, values, LEVEL).best(w), runs=1)  # noqa: B023
            found = TailSearch(program, values, LEVEL).best(weight)
            lines.append(
                f"  {name}, {len(program.choices.items)} activities, weight {weight}: {found.passes} passes, "
                f"gap {found.gap:.0e}, {timed.seconds:.2f} s"
            )
        search = TailSearch(program, values, LEVEL)
        frontier(search, tuple(w / 10 for w in range(11)))
        lines.append(f"  {name}, frontier of 11 weights with one pool of cuts: {search.passes} passes")
    return "\n".join(lines)


def many_offers() -> str:
    """Passes with 25 independent offers at a gap of 1e-4."""
    case = load_case("brownfield")
    lease = case.leases[0]
    offers = tuple(
        lease.model_copy(
            update={"name": f"Offer {i}", "tenant": f"Tenant {i}", "critical_it_mw": 14.0,
                    "rent_usd_per_kw_month": 112.0 + i}
        )
        for i in range(OFFERS)
    )  # fmt: skip
    choices = activities(case.model_copy(update={"leases": offers}))
    program, values = build(choices), path_values(choices, Futures(choices.case, PATHS, 1, workers=2))
    lines = [f"{OFFERS} independent offers, {len(choices.items)} activities, {PATHS:,} paths (target 60 at 1e-4)"]
    for weight in (0.5, 0.9, 1.0):
        found = TailSearch(program, values, LEVEL, gap=1e-4).best(weight)
        lines.append(f"  weight {weight}: {found.passes} passes, gap {found.gap:.0e}")
    return "\n".join(lines)


def small_case() -> Case:
    """Two fleets and two offers: some 60 activities."""
    case = load_case("brownfield")
    fleets = tuple(fleet.model_copy(update={"remaining_life_years": 5}) for fleet in case.fleets)
    return case.model_copy(update={"purchases": (), "fleets": fleets})


def one_row_per_path(program: Program, value: np.ndarray, weight: float) -> float:
    """Rockafellar and Uryasev's program as a textbook has it: a variable and a dense row for every path."""
    form, (paths, count) = program.form, value.shape
    columns, rows = len(form.cost), len(form.row_lower)
    steps, of_activity = program.columns.units_per_step, program.activity_column
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    cost = np.zeros(columns + 1 + paths)
    cost[of_activity] = -(1 - weight) * value.mean(axis=0) * steps
    cost[columns], cost[columns + 1 :] = -weight, weight / ((1 - LEVEL) * paths)
    lower = np.concatenate([form.column_lower, [-highspy.kHighsInf], np.zeros(paths)])
    upper = np.concatenate([form.column_upper, np.full(1 + paths, highspy.kHighsInf)])
    # shortfall_s - quantile + value_s'x >= 0
    index = np.concatenate([np.tile(of_activity, (paths, 1)), np.full((paths, 1), columns)], axis=1)
    index = np.concatenate([index, (columns + 1 + np.arange(paths))[:, None]], axis=1)
    entries = np.concatenate([value * steps, np.full((paths, 1), -1.0), np.ones((paths, 1))], axis=1)
    starts = np.concatenate([form.starts[:-1], form.starts[-1] + (count + 2) * np.arange(paths)])
    solver.passModel(
        len(cost), rows + paths, len(form.value) + entries.size, int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize), 0.0, cost, lower, upper,
        np.concatenate([form.row_lower, np.zeros(paths)]),
        np.concatenate([form.row_upper, np.full(paths, highspy.kHighsInf)]),
        starts.astype(np.int32), np.concatenate([form.index, index.ravel()]).astype(np.int32),
        np.concatenate([form.value, entries.ravel()]), np.zeros(len(cost), dtype=np.int32),
    )  # fmt: skip
    solver.run()
    return -float(solver.getInfo().objective_function_value)


def beside_one_row_per_path() -> str:
    """The same optimum by cutting planes and by one row per path."""
    choices = activities(small_case())
    program, values = build(choices), path_values(choices, Futures(choices.case, NARROW, 1, workers=2))
    weights, constant = values.mapped.loading
    dense = np.concatenate([block.T @ weights for block in values.blocks]) + constant
    weight, answers = 0.5, {}

    def ours() -> None:
        answers["ours"] = TailSearch(program, values, LEVEL).best(weight).objective_usd

    def textbook() -> None:
        answers["textbook"] = one_row_per_path(program, dense, weight)

    cuts = best("cutting planes over the factors", ours, runs=3)
    rows = once("one row per path in HiGHS (target 40)", textbook)
    others = [rows, *skfolio_cvar(dense)]
    off = abs(answers["ours"] - answers["textbook"]) / abs(answers["textbook"])
    return table(
        f"Mean and CVaR, {NARROW:,} paths x {len(choices.items)} activities (difference {off:.0e})", cuts, others
    )


def once(name: str, work: object) -> Timed:
    """One run, for what takes long."""
    import time

    start = time.perf_counter()
    work()  # type: ignore[operator]
    return Timed(name, time.perf_counter() - start)


def skfolio_cvar(dense: np.ndarray) -> list[Timed]:
    """skfolio's CVaR of the same size, where it is installed."""
    if find_spec("skfolio") is None:
        return []
    from skfolio import RiskMeasure
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    returns = dense / np.abs(dense).max()
    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_UTILITY, risk_measure=RiskMeasure.CVAR, cvar_beta=LEVEL
    )
    return [once("skfolio MeanRisk, CVaR (target 100)", lambda: model.fit(returns))]


def main() -> None:
    for part in (scenario_paths, machine_values, passes, many_offers, beside_one_row_per_path):
        print(part(), "\n")


if __name__ == "__main__":
    main()
