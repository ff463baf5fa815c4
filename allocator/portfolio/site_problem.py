"""One site as the portfolio sees it: its own rows without its own capital limit, and what it uses of common limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from allocator.activities import Activities, Kind, activities
from allocator.allocation import TAKEN_MW
from allocator.case import Case, replaced
from allocator.lease_activities import cash_flows_from
from allocator.portfolio.common import CommonLimits
from allocator.portfolio.mandate import Candidate
from allocator.program.build import Program, StandardForm, build
from allocator.program.rows import Indices
from allocator.program.solve import LiveProgram, Status, solve_form
from allocator.program.variables import Variables
from models.lease import Recovery
from models.timeline import MONTHS_PER_QUARTER, Vector

KINDS = tuple(Kind)
REPLACED = ("capital__", "liquidity__")
"""Families of a site's own rows that the common ones stand for."""
TICKET = "ticket"


@dataclass(frozen=True)
class Alone:
    """What a site is worth by itself with the whole budget, its ticket and the other common limits aside."""

    npv_usd: float
    capital_usd: float
    """The most of the budget that it uses in any quarter."""

    @property
    def npv_per_dollar(self) -> float | None:
        """NPV per dollar of capital; ``None`` for a site that needs none."""
        return self.npv_usd / self.capital_usd if self.capital_usd > 0 else None


@dataclass(frozen=True)
class Choices:
    """The activities of a site in a few numbers each, (J,)."""

    kind: Indices
    """Position in :data:`KINDS`."""
    owner: Indices
    start: Indices
    stop: Indices
    facility_mw_per_unit: Vector
    npv_usd: Vector
    capex_usd: Vector
    paid_in_usd: Vector
    """Equity paid in per unit before anything comes back."""
    units_per_step: Vector
    column: Indices
    """Position in the site's program."""

    def units(self, y: Vector) -> Vector:
        """Facility or critical IT MW of each activity, (J,), of a solution of the site's program."""
        return np.maximum(y[self.column], 0.0) * self.units_per_step


@dataclass(frozen=True)
class SiteProblem:
    """Everything that a portfolio keeps of a site; small enough to be sent to another process."""

    candidate: Candidate
    form: StandardForm
    """The site's own rows; with a ticket, one row that asks for it."""
    choices: Choices
    use_row: Indices
    """Common row, column and value of each entry of what the site's plan uses, in parallel arrays."""
    use_column: Indices
    use_value: Vector
    ticket_usd: float
    most_paid_in_usd: float | None
    """The most equity that the site can take, where it has a ticket; ``None`` where nobody asked."""
    alone: Alone | None
    """``None`` where the site has no plan of its own with the whole budget."""

    @property
    def takes_its_ticket(self) -> bool:
        """Whether the site can take as much equity as it asks for at least."""
        return self.most_paid_in_usd is None or self.most_paid_in_usd >= self.ticket_usd

    @property
    def name(self) -> str:
        """What the site is called."""
        return self.candidate.name

    @property
    def case(self) -> Case:
        """The site's case."""
        return self.candidate.case

    @property
    def is_gated(self) -> bool:
        """Whether entering it is a yes or no."""
        return not self.candidate.is_required and (self.ticket_usd > 0 or bool(self.candidate.terms.exclusive_group))

    @property
    def has_integers(self) -> bool:
        """Whether offers come in whole halls, or whole or not at all."""
        return bool(self.form.integer.any())

    def use(self, y: Vector, rows: int) -> Vector:
        """What a plan uses of each common row, (R,)."""
        found = np.bincount(self.use_row, self.use_value * y[self.use_column], minlength=rows)
        return found.astype(float, copy=False)

    def charge(self, row_prices: Vector) -> Vector:
        """What the common rows' prices add to the cost of each column."""
        size = len(self.form.cost)
        found = np.bincount(self.use_column, self.use_value * row_prices[self.use_row], minlength=size)
        return found.astype(float, copy=False)


@dataclass(frozen=True)
class SiteEconomics:
    """The function that is applied to every site: its economics, its rows and its own optimum with the whole budget.

    Parts that a site shares with the first one are taken over from it, and the search for its optimum starts there.
    """

    common: CommonLimits
    first: Candidate
    named: bool
    """Whether columns and rows have names, which nobody asks for in a large portfolio."""

    def __call__(self, candidate: Candidate) -> SiteProblem:
        """What the portfolio keeps of a site."""
        return site_problem(candidate, self.common, named=self.named, near=self._known)

    @cached_property
    def _known(self) -> Known:
        program = self._program
        live = LiveProgram(program.form)
        solved = not live.has_integers and live.answer().status is Status.OPTIMAL
        return Known(program.choices, live if solved else None)

    @property
    def _program(self) -> Program:
        return build(activities(replaced(self.first.case, "policy.capital_usd", self.common.mandate.capital_usd)))


@dataclass(frozen=True)
class Known:
    """A site that was looked at before."""

    choices: Activities
    solved: LiveProgram | None


def site_problem(candidate: Candidate, common: CommonLimits, *, named: bool, near: Known | None = None) -> SiteProblem:
    """Economics, rows and the site's own optimum with the whole budget; ``near`` is a similar site."""
    own = replaced(candidate.case, "policy.capital_usd", common.mandate.capital_usd)
    program = build(activities(own, reuse=near.choices if near else None))
    choices = _choices(program)
    form = _without_rows(program.form, REPLACED)
    ticket, most = candidate.ticket_usd(common.mandate), None
    if ticket > 0:
        most = _most_paid_in(form, choices)
        form = _with_row(form, TICKET, choices.column, choices.paid_in_usd * choices.units_per_step, ticket)
    if not named:
        form = replace(form, column_names=("",) * len(form.column_names), row_names=("",) * len(form.row_names))
    parts = list(_uses(program.choices, program.columns, common))
    return SiteProblem(
        candidate,
        form,
        choices,
        np.concatenate([row for row, _, _ in parts]).astype(np.int32),
        np.concatenate([column for _, column, _ in parts]).astype(np.int32),
        np.concatenate([value for _, _, value in parts]),
        ticket,
        most,
        _alone(program, near.solved if near else None),
    )


def _choices(program: Program) -> Choices:
    items, known = program.choices.items, program.choices

    def whole(values: list[int]) -> Indices:
        return np.array(values, dtype=np.int32)

    return Choices(
        kind=whole([KINDS.index(a.kind) for a in items]),
        owner=whole([a.owner for a in items]),
        start=whole([a.start for a in items]),
        stop=whole([a.stop for a in items]),
        facility_mw_per_unit=np.array([a.facility_mw_per_unit for a in items]),
        npv_usd=known.npv_usd,
        capex_usd=known.capex_usd,
        paid_in_usd=np.maximum(-known.equity_cash_flow_usd, 0.0).sum(axis=0),
        units_per_step=program.columns.units_per_step,
        column=program.columns.activity,
    )


def _alone(program: Program, near: LiveProgram | None) -> Alone | None:
    found = solve_form(program.form, second_look=False, near=near)
    if found.status is Status.INFEASIBLE:
        return None
    units = np.maximum(found.y[program.activity_column], 0.0) * program.columns.units_per_step
    most = float(found.y[program.columns.capital_used].max(initial=0.0))
    return Alone(-found.objective if (units > TAKEN_MW).any() else 0.0, max(0.0, most))


def _most_paid_in(form: StandardForm, choices: Choices) -> float:
    cost = np.zeros(len(form.cost))
    cost[choices.column] = -choices.paid_in_usd * choices.units_per_step
    found = solve_form(replace(form, cost=cost), second_look=False)
    return -found.objective if found.status is Status.OPTIMAL else 0.0


def _uses(
    choices: Activities, v: Variables, common: CommonLimits
) -> Iterator[tuple[NDArray[np.integer], Indices, Vector]]:
    """Rows, columns and values of what this site uses of the common rows."""
    quarters = np.arange(common.quarters, dtype=np.int32)
    last_known = np.minimum(quarters, choices.case.timeline.quarters - 1)
    yield quarters, v.capital_used[last_known], np.ones(common.quarters)
    if common.mandate.max_debt_usd is not None:
        owed = debt_outstanding_usd(choices) * v.units_per_step
        quarter, activity = np.nonzero(owed)
        yield quarter + common.first_row["debt"], v.activity[activity], owed[quarter, activity]
    leased = np.flatnonzero(choices.hosting)
    tenant = np.array([choices.case.leases[choices.items[j].owner].tenant for j in leased])
    for i, name in enumerate(common.sized_tenants):
        theirs = leased[tenant == name]
        row = np.full(len(theirs), common.first_row["tenant_size"] + i)
        yield row, v.activity[theirs], v.units_per_step[theirs]
    for i, name in enumerate(common.shared_tenants):
        row = np.full(len(leased), common.first_row["tenant_share"] + i)
        share = (tenant == name) - common.mandate.share_of(name)
        yield row, v.activity[leased], v.units_per_step[leased] * share
    for i, stress in enumerate(common.stresses):
        if stress in v.stress_cash_used:
            row = quarters + common.first_row["liquidity"] + i * common.quarters
            yield row, v.stress_cash_used[stress][last_known], np.ones(common.quarters)


def debt_outstanding_usd(choices: Activities) -> Vector:
    """Project debt of each activity at its highest month end of each quarter, per unit, (Q, J); zero for mining.

    Interest during construction is in the balance; of a lease that may be cancelled, the expected balance.
    """
    case, quarters = choices.case, choices.case.timeline.quarters
    found = np.zeros((quarters, len(choices.items)))
    first: dict[int, tuple[int, Vector]] = {}
    for j, activity in enumerate(choices.items):
        if activity.kind is not Kind.LEASE:
            continue
        lease, start = case.leases[activity.owner], activity.start
        if activity.owner not in first or lease.recovery is Recovery.GROSS:
            balance = cash_flows_from(case, lease, start).balance_usd[1:]
            first[activity.owner] = (start, balance.reshape(-1, MONTHS_PER_QUARTER).max(axis=1))
        base, highest = first[activity.owner]
        found[start - base :, j] = highest[: quarters - (start - base)]
    return found


def _without_rows(form: StandardForm, families: tuple[str, ...]) -> StandardForm:
    kept = np.array([not name.startswith(families) for name in form.row_names], dtype=bool)
    entries = kept[form.row_of_entry]
    counts = np.diff(form.starts)[kept]
    return replace(
        form,
        row_lower=form.row_lower[kept],
        row_upper=form.row_upper[kept],
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        index=form.index[entries],
        value=form.value[entries],
        row_names=tuple(name for name, keep in zip(form.row_names, kept, strict=True) if keep),
    )


def _with_row(form: StandardForm, name: str, columns: Indices, values: Vector, at_least: float) -> StandardForm:
    entered = np.flatnonzero(values)
    return replace(
        form,
        row_lower=np.append(form.row_lower, at_least),
        row_upper=np.append(form.row_upper, np.inf),
        starts=np.append(form.starts, form.starts[-1] + len(entered)).astype(np.int32),
        index=np.concatenate([form.index, columns[entered]]).astype(np.int32),
        value=np.concatenate([form.value, values[entered]]),
        row_names=(*form.row_names, name),
    )
