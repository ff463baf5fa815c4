"""The answer for a portfolio: which sites are entered, with what, how much capital that takes. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from allocator.activity import USE, Kind, Use
from allocator.allocation import CONTINUOUS_LIMIT, INTEGER_LIMIT, TAKEN_MW
from allocator.portfolio.common import CommonLimits, common_limits
from allocator.portfolio.joint import MOST_SITES, certified, certified_by_site
from allocator.portfolio.mandate import Candidate, Mandate, check_candidates
from allocator.portfolio.plan import Plan
from allocator.portfolio.search import Question
from allocator.portfolio.site_problem import KINDS, Alone, SiteEconomics, SiteProblem
from allocator.portfolio.whole import PortfolioSearch
from allocator.program.certificate import Certificate
from allocator.program.solve import SolverError, Status
from models.assumptions import Fault, InputFaultsError
from models.timeline import Vector

SiteMap = Callable[[Callable[[Candidate], SiteProblem], Sequence[Candidate]], Iterable[SiteProblem]]
"""How a function is applied to every site, in this process or on workers; results keep the order."""


def in_process(function: Callable[[Candidate], SiteProblem], sites: Sequence[Candidate]) -> Iterable[SiteProblem]:
    """One site after the other, here."""
    return map(function, sites)


class Standing(StrEnum):
    """What became of a site."""

    ENTERED = "entered"
    PASSED_OVER = "passed over"
    IMPOSSIBLE = "impossible"
    """Its minimum ticket is more than it can take."""


@dataclass(frozen=True)
class SiteMixLine:
    """One fleet, purchase or offer of a site from one quarter to another."""

    use: Use
    offer_or_fleet: str
    start: str
    stop: str
    units_mw: float
    """Facility MW of machines, or critical IT MW of an offer."""
    facility_mw: float
    npv_usd: float
    capex_usd: float


@dataclass(frozen=True)
class SiteResult:
    """One site of the portfolio's plan."""

    candidate: Candidate
    standing: Standing
    npv_usd: float
    capital_used_usd: Vector
    """Of the budget by quarter, (Q,); negative where the site has given back more than it took."""
    paid_in_usd: float
    """Equity paid in over the horizon before anything comes back: what a minimum ticket counts."""
    capex_usd: float
    debt_usd: Vector
    """Project debt outstanding by quarter, (Q,); empty unless the mandate limits it."""
    mix: tuple[SiteMixLine, ...]
    alone: Alone | None
    """By itself with the whole budget; ``None`` where it has no plan then."""
    ticket_usd: float
    use: Vector
    """Of each common row, (R,)."""

    @property
    def name(self) -> str:
        """What the site is called."""
        return self.candidate.name

    @property
    def peak_capital_usd(self) -> float:
        """The most of the budget that it uses in any quarter."""
        return max(0.0, float(self.capital_used_usd.max(initial=0.0)))

    @cached_property
    def leased_critical_it_mw(self) -> float:
        """Critical IT MW let over the horizon."""
        return float(sum(line.units_mw for line in self.mix if line.use is Use.HOSTING))

    @cached_property
    def hosting_mw(self) -> float:
        """Facility MW that host."""
        return float(sum(line.facility_mw for line in self.mix if line.use is Use.HOSTING))

    @property
    def npv_per_dollar_alone(self) -> float | None:
        """NPV per dollar of capital by itself; ``None`` where it needs no capital or has no plan."""
        return self.alone.npv_per_dollar if self.alone else None


class NoPlanError(Exception):
    """Nothing meets the limits and enters every site that must be entered. Carries what is needed to explain it."""

    def __init__(self, search: PortfolioSearch, common: CommonLimits, impossible: tuple[SiteProblem, ...]) -> None:
        self.search, self.common, self.impossible = search, common, impossible
        super().__init__("no plan enters every site that must be done within the limits")


@dataclass(frozen=True)
class Portfolio:
    """The best plan found, the bound that no plan goes beyond, and the means to ask on."""

    common: CommonLimits
    sites: tuple[SiteResult, ...]
    """In the order of the table."""
    plan: Plan
    search: PortfolioSearch
    certificate: Certificate

    @property
    def mandate(self) -> Mandate:
        """What was given."""
        return self.common.mandate

    @property
    def npv_usd(self) -> float:
        """Value of the plan over entering nothing."""
        return self.plan.npv_usd

    @property
    def bound_usd(self) -> float:
        """No plan is worth more."""
        return max(self.plan.bound_usd, self.plan.npv_usd)

    @property
    def gap(self) -> float:
        """What is open between the two, over 1 + NPV."""
        return self.plan.gap

    @cached_property
    def entered(self) -> tuple[SiteResult, ...]:
        """The sites of the plan."""
        return tuple(s for s in self.sites if s.standing is Standing.ENTERED)

    @cached_property
    def capital_used_usd(self) -> Vector:
        """Of the budget by quarter, (Q,)."""
        return np.asarray(sum(s.capital_used_usd for s in self.sites))

    @cached_property
    def debt_usd(self) -> Vector:
        """Project debt outstanding by quarter, (Q,); empty unless the mandate limits it."""
        return np.asarray(sum(s.debt_usd for s in self.sites))

    @cached_property
    def capex_usd(self) -> float:
        """All capex of the plan, undiscounted."""
        return float(sum(s.capex_usd for s in self.sites))

    @cached_property
    def leased_by_tenant(self) -> dict[str, float]:
        """Critical IT MW let to each tenant over all sites, the largest first."""
        found: dict[str, float] = {}
        for site in self.entered:
            tenants = {lease.name: lease.tenant for lease in site.candidate.case.leases}
            for line in site.mix:
                if line.use is Use.HOSTING:
                    tenant = tenants[line.offer_or_fleet]
                    found[tenant] = found.get(tenant, 0.0) + line.units_mw
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @cached_property
    def ranking(self) -> tuple[SiteResult, ...]:
        """Sites by NPV per dollar of capital, each by itself: those that need none first, those without a plan last."""
        return tuple(sorted(self.sites, key=_rank))


def _rank(site: SiteResult) -> tuple[float, float]:
    if site.alone is None:
        return (np.inf, 0.0)
    ratio = site.alone.npv_per_dollar
    if ratio is None:
        return (-np.inf if site.alone.npv_usd > 0 else 0.0, -site.alone.npv_usd)
    return (-ratio, -site.alone.npv_usd)


def portfolio(
    candidates: Sequence[Candidate], mandate: Mandate, *, map_sites: SiteMap = in_process, gap: float | None = None
) -> Portfolio:
    """The best portfolio of some sites under a mandate, certified.

    Parameters
    ----------
    map_sites : how the economics of every site are computed; :func:`in_process`, or on workers.
    gap : where the search stops, relative; by default where plan and bound meet.

    Raises
    ------
    InputFaultsError
        For sites that do not fit together, with every fault.
    NoPlanError
        If what must be done does not fit the limits.
    SolverError
        If the plan fails its certificate.
    """
    faults: list[Fault] = []
    if not candidates:
        faults.append(Fault("sites", "", "are none", "give at least one row"))
    else:
        check_candidates(list(candidates), mandate, faults)
    if faults:
        raise InputFaultsError(faults)
    common = common_limits(candidates, mandate)
    named = len(candidates) <= MOST_SITES
    known = tuple(map_sites(SiteEconomics(common, candidates[0], named), candidates))
    problems = tuple(p for p in known if p.takes_its_ticket)
    impossible = tuple(p for p in known if not p.takes_its_ticket)
    search = PortfolioSearch(problems, common)
    if any(p.candidate.is_required for p in impossible):
        raise NoPlanError(search, common, impossible)
    plan = search.best(Question(common.limits), gap)
    if plan.status is Status.INFEASIBLE:
        raise NoPlanError(search, common, ())
    certificate = (certified if named else certified_by_site)(problems, common, plan)
    _check(certificate, search, gap)
    done = {p.name: site_result(p, y, common) for p, y in zip(problems, plan.solution, strict=True)}
    for p in impossible:
        done[p.name] = site_result(p, np.zeros(len(p.form.cost)), common)
    return Portfolio(common, tuple(done[c.name] for c in candidates), plan, search, certificate)


def _check(certificate: Certificate, search: PortfolioSearch, gap: float | None) -> None:
    limit = CONTINUOUS_LIMIT if search.is_continuous else INTEGER_LIMIT
    residual = max(certificate.primal_residual, certificate.dual_residual, certificate.ledger_error)
    if not (residual <= limit and certificate.duality_gap <= max(limit, gap or 0.0)):
        raise SolverError(f"the portfolio's plan does not check (limit {limit:g}): {certificate}")


def site_result(problem: SiteProblem, y: Vector, common: CommonLimits) -> SiteResult:
    """One site of a plan, by the solution of its program."""
    choices, case = problem.choices, problem.case
    units = choices.units(y)
    use = problem.use(y, len(common.names))
    label = case.timeline.quarter_label
    owners = {Kind.FLEET: case.fleets, Kind.PURCHASE: case.purchases, Kind.LEASE: case.leases}
    mix = []
    for j in np.flatnonzero(units > TAKEN_MW):
        kind, u = KINDS[choices.kind[j]], float(units[j])
        mix.append(
            SiteMixLine(
                USE[kind],
                owners[kind][choices.owner[j]].name,
                label(int(choices.start[j])),
                label(int(choices.stop[j])),
                u,
                u * float(choices.facility_mw_per_unit[j]),
                u * float(choices.npv_usd[j]),
                u * float(choices.capex_usd[j]),
            )
        )
    entered = Standing.ENTERED if mix else Standing.PASSED_OVER
    debt = common.first_row["debt"]
    return SiteResult(
        candidate=problem.candidate,
        standing=entered if problem.takes_its_ticket else Standing.IMPOSSIBLE,
        npv_usd=float(choices.npv_usd @ units),
        capital_used_usd=use[: common.quarters],
        paid_in_usd=float(choices.paid_in_usd @ units),
        capex_usd=float(choices.capex_usd @ units),
        debt_usd=use[debt : common.first_row["tenant_size"]],
        mix=tuple(mix),
        alone=problem.alone,
        ticket_usd=problem.ticket_usd,
        use=use,
    )
