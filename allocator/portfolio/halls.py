"""Whole halls: a few sites at a time are decided again as one integer program, all others held as they are.

At the prices that prove the bound, what is open between plan and bound is what each site's plan falls short of the
best at these prices, and limits that have a price and are not used up. The sites that fall short the most
are decided again together, with some others to give them room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from allocator.portfolio.common import CommonLimits
from allocator.portfolio.joint import joint_form
from allocator.portfolio.search import Question
from allocator.portfolio.site_problem import SiteProblem
from allocator.program.columns import WholePlan, WideProgram
from models.timeline import Vector

TOGETHER = 8
"""Sites decided at a time; as many as this are decided in one program, which then proves the bound as well."""
MOST_DRAWS = 5
SECONDS = 20.0
"""For one such program."""


def neighbourhoods(shortfall_usd: Vector, open_sites: Sequence[int]) -> list[list[int]]:
    """Sets of sites to decide again: those that fall short the most, with others drawn evenly; the same every time."""
    ordered = sorted(open_sites, key=lambda s: -shortfall_usd[s])
    if len(ordered) <= TOGETHER:
        return [list(ordered)]
    first, rest = TOGETHER // 2, ordered[TOGETHER // 2 :]
    order = np.random.default_rng(0).permutation(len(rest))
    draws = (order[begin : begin + first] for begin in range(0, min(len(rest), MOST_DRAWS * first), first))
    return [ordered[:TOGETHER], *([*ordered[:first], *(rest[i] for i in draw)] for draw in draws)]


def decided_again(
    problems: Sequence[SiteProblem],
    common: CommonLimits,
    question: Question,
    solution: Sequence[Vector],
    sites: Sequence[int],
    *,
    known: bool,
) -> tuple[list[Vector] | None, float]:
    """The plan with some sites decided anew, and what those can be worth at the most with the others as they are.

    ``known`` says that ``solution`` is a plan: the search then begins from it. ``None`` if no plan was found.
    """
    rows = len(common.names)
    chosen = [problems[s] for s in sites]
    held = sum((p.use(y, rows) for s, (p, y) in enumerate(zip(problems, solution, strict=True)) if s not in sites),
               start=np.zeros(rows))  # fmt: skip
    form = joint_form(chosen, common, question.limits - held)
    gated = [s for s in sites if problems[s].is_gated]
    first = len(form.cost) - len(gated)
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    taken = {p.candidate.terms.exclusive_group for s, p in enumerate(problems) if s not in sites and solution[s].any()}
    for column, s in enumerate(gated, start=first):
        group = problems[s].candidate.terms.exclusive_group
        if s in question.shut or (group and group in taken):
            upper[column] = 0.0
        elif s in question.entered:
            lower[column] = 1.0
    start = np.concatenate([*(solution[s] for s in sites), [float(solution[s].any()) for s in gated]])
    program = WideProgram(replace(form, column_lower=lower, column_upper=upper))
    found: WholePlan = program.whole_plan(start if known else None, SECONDS)
    if found.y is None:
        return None, -found.bound
    anew, begin = list(solution), 0
    for s in sites:
        size = len(problems[s].form.cost)
        anew[s] = found.y[begin : begin + size]
        begin += size
    for column, s in enumerate(gated, start=first):
        if found.y[column] < 0.5:
            anew[s] = np.zeros_like(anew[s])
    return anew, -found.bound
