"""All sites and their common limits as one program: what is exported, and what a plan is certified against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allocator.portfolio.common import CommonLimits
from allocator.portfolio.plan import Plan
from allocator.portfolio.search import exclusive_groups
from allocator.portfolio.site_problem import SiteProblem
from allocator.program.build import StandardForm, as_pulp
from allocator.program.certificate import Certificate, certify
from allocator.program.columns import WideProgram
from allocator.program.solve import Answer, SolverError, Status
from models.timeline import Vector

MOST_SITES = 200
"""Sites up to which one program is written and checked as one; beyond, a site's own rows and the common ones are."""


def joint_form(problems: Sequence[SiteProblem], common: CommonLimits, limits: Vector | None = None) -> StandardForm:
    """The sites side by side, then a column ``entered__s`` for each that is entered or not, then the common rows.

    ``limits`` stand in place of the common rows' own right-hand sides, (R,).

    The rows of such a site hold ``A x - b entered <= 0``: closed, it does nothing; open, its own limits hold.
    """
    forms = [p.form for p in problems]
    first = np.concatenate([[0], np.cumsum([len(f.cost) for f in forms])])
    gate = {s: int(first[-1]) + g for g, s in enumerate(s for s, p in enumerate(problems) if p.is_gated)}
    size = int(first[-1]) + len(gate)
    row: list[NDArray[np.integer]] = []
    index: list[NDArray[np.integer]] = []
    value: list[Vector] = []
    lower: list[Vector] = []
    upper: list[Vector] = []
    names: list[str] = []
    rows = 0
    for s, form in enumerate(forms):
        own_lower, own_upper = form.row_lower, form.row_upper
        row.append(form.row_of_entry + rows)
        index.append(form.index + first[s])
        value.append(form.value)
        if s in gate:
            limit = np.where(np.isfinite(own_upper), own_upper, own_lower)
            at = np.flatnonzero(limit)
            row.append(at + rows)
            index.append(np.full(len(at), gate[s]))
            value.append(-limit[at])
            own_lower = np.where(np.isfinite(own_lower), own_lower - limit, own_lower)
            own_upper = np.where(np.isfinite(own_upper), own_upper - limit, own_upper)
        lower.append(own_lower)
        upper.append(own_upper)
        names += [f"site_{s:03d}__{name}" for name in form.row_names]
        rows += len(own_lower)
    for s, problem in enumerate(problems):
        row.append(problem.use_row + rows)
        index.append(problem.use_column + first[s])
        value.append(problem.use_value)
    lower.append(np.full(len(common.names), -np.inf))
    upper.append(common.limits if limits is None else limits)
    names += common.names
    rows += len(common.names)
    for g, members in enumerate(exclusive_groups(problems)):
        gated = [gate[s] for s in members if s in gate]
        row.append(np.full(len(gated), rows))
        index.append(np.array(gated, dtype=int))
        value.append(np.ones(len(gated)))
        lower.append(np.array([-np.inf]))
        upper.append(np.array([1.0 if len(gated) == len(members) else 0.0]))
        names.append(f"exclusive__{g}")
        rows += 1
    at, place, amount = np.concatenate(row), np.concatenate(index), np.concatenate(value)
    order = np.argsort(at, kind="stable")
    none = np.zeros(len(gate))
    return StandardForm(
        cost=np.concatenate([*(f.cost for f in forms), none]),
        column_lower=np.concatenate([*(f.column_lower for f in forms), none]),
        column_upper=np.concatenate([*(f.column_upper for f in forms), none + 1.0]),
        integer=np.concatenate([*(f.integer for f in forms), np.ones(size - int(first[-1]), dtype=bool)]),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        starts=np.concatenate([[0], np.cumsum(np.bincount(at, minlength=rows))]).astype(np.int32),
        index=place[order].astype(np.int32),
        value=amount[order],
        column_names=(
            *(f"site_{s:03d}__{name}" for s, form in enumerate(forms) for name in form.column_names),
            *(f"entered__{s:03d}" for s in gate),
        ),
        row_names=tuple(names),
    )


def certified(problems: Sequence[SiteProblem], common: CommonLimits, plan: Plan) -> Certificate:
    """The plan against every row of the one program, at the prices that the search ended with.

    Sites that stay out are left out: all of theirs is zero. The duality gap is that of the continuous rest, whole
    numbers held; what is open of the choice of whole numbers is the plan's own gap, reported beside it.
    """
    kept = [s for s, taken in enumerate(plan.entered) if taken]
    open_sites = [problems[s] for s in kept]
    if not open_sites:
        return Certificate(0.0, 0.0, 0.0, 0.0)
    form = joint_form(open_sites, common)
    gates = np.ones(sum(p.is_gated for p in open_sites))
    own_prices = plan.search.site_rows(plan.found.row_prices)
    groups = sum(1 for _ in exclusive_groups(open_sites))
    prices = np.concatenate([*(own_prices[s] for s in kept), -plan.found.row_prices, np.zeros(groups)])
    y = np.concatenate([*(plan.solution[s] for s in kept), gates])
    answer = Answer(Status.OPTIMAL, float(form.cost @ y), y, prices, 0.0)
    return certify(form, answer, ledger_usd(problems, plan.solution))


def certified_by_site(problems: Sequence[SiteProblem], common: CommonLimits, plan: Plan) -> Certificate:
    """The same of a large portfolio, site by site: each one's rows, the common rows, the gap that the bound leaves."""
    primal = dual = 0.0
    used = np.zeros(len(common.names))
    size = 1.0 + np.abs(common.limits)
    own_prices = plan.search.site_rows(plan.found.row_prices)
    for problem, held, y, prices in zip(problems, plan.search.problems, plan.solution, own_prices, strict=True):
        use = problem.use(y, len(used))
        used += use
        if not y.any():
            continue
        priced = Answer(Status.OPTIMAL, float(problem.form.cost @ y), y, prices, 0.0)
        charged = _charged(held, plan.found.row_prices)
        found = certify(charged, priced, 0.0)
        primal, dual = max(primal, found.primal_residual), max(dual, found.dual_residual)
    primal = max(primal, float((np.maximum(used - common.limits, 0.0) / size).max()))
    objective = sum(float(p.form.cost @ y) for p, y in zip(problems, plan.solution, strict=True))
    ledger = abs(-objective - ledger_usd(problems, plan.solution)) / (1.0 + abs(objective))
    return Certificate(primal, dual, plan.found.gap, ledger)


def _charged(problem: SiteProblem, row_prices: Vector) -> StandardForm:
    return replace(problem.form, cost=problem.form.cost + problem.charge(row_prices))


def ledger_usd(problems: Sequence[SiteProblem], solution: Sequence[Vector]) -> float:
    """NPV of every activity times its units, over all sites."""
    return float(
        sum(p.choices.npv_usd @ p.choices.units(y) for p, y in zip(problems, solution, strict=True) if y.any())
    )


def solved_as_one(problems: Sequence[SiteProblem], common: CommonLimits) -> float:
    """NPV of the best plan as HiGHS finds it from the one program.

    Raises
    ------
    SolverError
        If it finds no plan, or does not prove one.
    """
    value = WideProgram(joint_form(problems, common)).value()
    if value is None:
        raise SolverError("the one program has no plan")
    return -value


def export(problems: Sequence[SiteProblem], common: CommonLimits, path: Path) -> None:
    """Write the one program as an MPS file that minimises -NPV in USD, for any other solver."""
    as_pulp(joint_form(problems, common)).writeMPS(str(path))
