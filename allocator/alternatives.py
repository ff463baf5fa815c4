"""Other plans that are nearly as good: what of the answer is firm, and what could as well be done differently."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from allocator.activities import Activities, Kind
from allocator.allocation import Allocation
from allocator.program.solve import LiveProgram, Status
from models.timeline import Vector

NEAR_SHARE = 0.01
PERIODS_YEARS = (3, 8)
"""Ends of the first and the second period; the third lasts to the horizon."""
SHOWN = 3
DIFFERENT_MW = 1.0
"""Alternatives that differ by less, over all groups and periods, are the same plan."""


@dataclass(frozen=True)
class Group:
    """A fleet, purchase or offer."""

    kind: Kind
    owner: int
    name: str


@dataclass(frozen=True)
class UseRange:
    """Facility MW of a group, averaged over the horizon: in the plan, and least and most in plans nearly as good."""

    group: Group
    plan_mw: float
    least_mw: float
    most_mw: float


@dataclass(frozen=True)
class Alternative:
    """A plan nearly as good that does something else."""

    npv_usd: float
    difference_mw: float
    """Sum over groups and periods of the change in average facility MW, each period by its share of the horizon."""
    average_mw: Vector
    """(groups, periods), facility MW."""


@dataclass(frozen=True)
class NearOptimal:
    """The plans within a share of the best value."""

    share: float
    periods: tuple[str, ...]
    plan_average_mw: Vector
    ranges: tuple[UseRange, ...]
    alternatives: tuple[Alternative, ...]
    """The most different ones, farthest first."""


def near_optimal(plan: Allocation, share: float = NEAR_SHARE) -> NearOptimal:
    """Ranges of every group, and the most different mixes, among plans worth at least ``1 - share`` of the best.

    Each group's average megawatts in each of three periods are pushed down and up, by warm re-solves under the row
    ``NPV >= (1 - share) best``; of the plans found those farthest from the answer and from each other are kept. With
    whole halls, where every push is an integer program, only the average over the horizon is pushed.
    """
    choices = plan.choices
    groups, spans = _groups(choices), _spans(choices)
    weights = np.array([len(span) for span in spans]) / choices.case.timeline.quarters
    uses = np.array([[_average_use(choices, group, span) for span in spans] for group in groups])
    uses = uses.reshape(len(groups), len(spans), len(choices.items))
    live = LiveProgram(plan.program.form)
    live.hold_objective(plan.answer.objective + share * abs(plan.answer.objective))
    mine = _averages(uses, plan.units)
    found: list[Vector] = []
    ranges = []
    for g, group in enumerate(groups):
        whole = np.tensordot(weights, uses[g], axes=1)
        ends = []
        for target in (whole,) if live.has_integers else (whole, *uses[g]):
            for sign in (1.0, -1.0):
                units = _pushed(plan, live, sign * target)
                ends.append(float(whole @ units))
                found.append(units)
        at_plan = float(whole @ plan.units)
        ranges.append(UseRange(group, at_plan, min(at_plan, *ends), max(at_plan, *ends)))
    return NearOptimal(share, _labels(choices), mine, tuple(ranges), _farthest(plan, uses, weights, found))


def _groups(choices: Activities) -> list[Group]:
    return list(dict.fromkeys(Group(a.kind, a.owner, a.owner_name) for a in choices.items))


def _spans(choices: Activities) -> list[range]:
    quarters = choices.case.timeline.quarters
    ends = [min(4 * years, quarters) for years in PERIODS_YEARS]
    return [range(begin, end) for begin, end in pairwise(sorted({0, *ends, quarters}))]


def _labels(choices: Activities) -> tuple[str, ...]:
    return tuple(f"years {span[0] // 4 + 1}-{(span[-1] + 1) // 4}" for span in _spans(choices))


def _average_use(choices: Activities, group: Group, span: range) -> Vector:
    """Facility MW of a unit of each activity of a group, averaged over a period; 0 for others, (J,)."""
    mine = np.array([a.kind is group.kind and a.owner == group.owner for a in choices.items])
    return np.asarray(choices.facility_mw[span.start : span.stop].mean(axis=0) * mine)


def _averages(uses: Vector, units: Vector) -> Vector:
    return np.asarray(uses @ units)


def _pushed(plan: Allocation, live: LiveProgram, target: Vector) -> Vector:
    """Units of the plan, among those nearly as good, that makes ``target @ units`` least; (J,)."""
    cost = np.zeros(len(plan.program.form.cost))
    cost[plan.program.activity_column] = target * plan.program.columns.units_per_step
    live.set_cost(cost)
    answer = live.answer()
    if answer.status is not Status.OPTIMAL:
        return plan.units
    return np.maximum(answer.y[plan.program.activity_column], 0.0) * plan.program.columns.units_per_step


def _farthest(plan: Allocation, uses: Vector, weights: Vector, found: list[Vector]) -> tuple[Alternative, ...]:
    """Greedily the plan farthest from all chosen so far, by weighted change of average megawatts."""
    profiles = [_averages(uses, units) for units in found]
    chosen = [_averages(uses, plan.units)]
    picked: list[Alternative] = []
    while len(picked) < SHOWN and profiles:
        away = [min(float((np.abs(p - c) * weights).sum()) for c in chosen) for p in profiles]
        best = int(np.argmax(away))
        if away[best] < DIFFERENT_MW:
            break
        difference = float((np.abs(profiles[best] - chosen[0]) * weights).sum())
        worth = float(plan.choices.npv_usd @ found[best])
        picked.append(Alternative(worth, difference, profiles[best]))
        chosen.append(profiles[best])
    return tuple(sorted(picked, key=lambda a: -a.difference_mw))
