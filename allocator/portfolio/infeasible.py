"""Why what must be done does not fit: the least change to each limit across sites, and which obligations could go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allocator.portfolio.answer import NoPlanError
from allocator.portfolio.search import Question
from allocator.program.solve import Status, solve_form

USD_PER_STEP = 1e6
"""Dollars are relaxed by the million."""
NOTHING = 1e-3
"""Dollars or megawatts: rounding."""
MOST_OBLIGATIONS = 40
"""Sites that must be done, up to which each is asked about by itself."""


@dataclass(frozen=True)
class Relief:
    """A limit across sites and the least by which it must give; ``None`` if it cannot cure the conflict alone."""

    limit: str
    unit: str
    change: float | None


@dataclass(frozen=True)
class Impossible:
    """A site that must be done and cannot be, whatever the others do."""

    site: str
    ticket_usd: float
    most_usd: float | None
    """The most equity that it can take; ``None`` where its own limits conflict."""


@dataclass(frozen=True)
class PortfolioInfeasibility:
    """What is known of a portfolio without a plan."""

    impossible: tuple[Impossible, ...]
    reliefs: tuple[Relief, ...]
    droppable: tuple[str, ...]
    """Sites that must be done, each of which, left out alone, leaves a plan."""

    @property
    def is_of_whole_halls(self) -> bool:
        """Whether parts of halls would fit: no limit need give, but no plan in whole ones was found."""
        return any(r.change is not None and r.change <= NOTHING for r in self.reliefs)


def portfolio_infeasibility(error: NoPlanError) -> PortfolioInfeasibility:
    """The conflict's cures, each alone, parts of halls allowed; of impossible sites nothing else is asked."""
    hopeless = tuple(_impossible(error))
    if hopeless:
        return PortfolioInfeasibility(hopeless, (), ())
    question = Question(error.common.limits)
    return PortfolioInfeasibility((), tuple(_reliefs(error, question)), tuple(_droppable(error, question)))


def _impossible(error: NoPlanError) -> Iterator[Impossible]:
    for problem in error.impossible:
        if problem.candidate.is_required:
            yield Impossible(problem.name, problem.ticket_usd, problem.most_paid_in_usd)
    for problem in error.search.problems:
        if problem.candidate.is_required and solve_form(problem.form, second_look=False).status is Status.INFEASIBLE:
            yield Impossible(problem.name, problem.ticket_usd, None)


def _reliefs(error: NoPlanError, question: Question) -> Iterator[Relief]:
    common = error.common
    families = [("capital", "budget", "USD")]
    if common.mandate.max_debt_usd is not None:
        families.append(("debt", "limit of debt", "USD"))
    families += [
        (f"tenant_size__{i}", f"limit of tenant {name}", "critical IT MW")
        for i, name in enumerate(common.sized_tenants)
    ]
    for family, label, unit in families:
        scale = USD_PER_STEP if unit == "USD" else 1.0
        moved = {row: scale * amount for row, amount in common.moved_by(family).items()}
        found = error.search.least_relief(question, moved)
        yield Relief(label, unit, None if found is None else found * scale)


def _droppable(error: NoPlanError, question: Question) -> Iterator[str]:
    required = [s for s, p in enumerate(error.search.problems) if p.candidate.is_required]
    for site in required[:MOST_OBLIGATIONS]:
        without = Question(question.limits, shut=frozenset({site}))
        if error.search.has_plan(without):
            yield error.search.problems[site].name
