"""The best plan of many sites under common limits, by pricing the limits (Dantzig-Wolfe).

Each round every site is solved alone with the common rows charged at their prices. What the sites then earn, with the
limits at those prices, is an upper bound of every plan; the master's mix of the plans found so far is a plan. Sites
solved at the master's own prices make new plans until the two meet, which for sites without whole halls they do. Plans
and priced bounds stay valid for every budget and every set of sites, so that questions after the first cost few rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from allocator.portfolio.common import CommonLimits
from allocator.portfolio.site_problem import SiteProblem
from allocator.program.build import with_integers_fixed
from allocator.program.columns import Master, MasterAnswer, PricedProgram
from allocator.program.rows import Indices
from allocator.program.solve import Answer, Status
from models.timeline import Vector

GAP = 1e-9
"""Where the search stops, relative to the plan."""
BETTER = 1e-9
"""A plan is new to the master if its reduced profit is this share of its NPV or more."""
MOST_ROUNDS = 200
MOST_KEPT = 400
"""Sites up to which every program stays in the solver; more are handed over again each round and take little memory."""
UNMET, UNMET_USD = 1e-7, 0.1
"""Share of one required site that may be left unentered, and what a plan must better in phase one: rounding."""


@dataclass(frozen=True)
class SitePlan:
    """One plan of one site."""

    site: int
    npv_usd: float
    index: Indices
    """Columns of the site's program that are not zero, and their values."""
    value: Vector


@dataclass(frozen=True)
class Question:
    """A budget and what is said of sites: which are left out, which are entered for certain."""

    limits: Vector
    """Right-hand sides of the common rows, (R,)."""
    shut: frozenset[int] = frozenset()
    entered: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Found:
    """The best mix for a question, and the bound that no plan goes beyond."""

    status: Status
    npv_usd: float
    bound_usd: float
    weights: Vector
    """Of each plan of the search, in the order in which they were found."""
    row_prices: Vector
    """USD of NPV per unit of each common row at which the bound was proven, (R,)."""
    rounds: int = 0

    @property
    def gap(self) -> float:
        """What is open between bound and plan, over 1 + the plan's NPV."""
        return max(0.0, self.bound_usd - self.npv_usd) / (1.0 + abs(self.npv_usd))


@dataclass(frozen=True)
class _Priced:
    """What every site earns at some prices of the common rows: a bound for every budget."""

    row_prices: Vector
    profit_usd: Vector
    """At most, (S,)."""


NO_PLAN = np.zeros(0)


@dataclass
class Search:
    """One pool of plans for every question about the same sites."""

    problems: Sequence[SiteProblem]
    common: CommonLimits
    gap: float = GAP
    most_rounds: int = MOST_ROUNDS
    plans: list[SitePlan] = field(default_factory=list)
    pricings: int = 0
    """Rounds of all questions so far."""

    def __post_init__(self) -> None:
        """Build the master and hand every site to the solver."""
        keep = len(self.problems) <= MOST_KEPT
        first = PricedProgram(self.problems[0].form, keep=keep) if self.problems else None
        rest = (PricedProgram(p.form, keep=keep, near=first) for p in self.problems[1:])
        self._programs = [*([first] if first else []), *rest]
        self._required = [s for s, p in enumerate(self.problems) if p.candidate.is_required]
        self._gated = np.array([p.is_gated for p in self.problems], dtype=bool)
        self._groups = list(exclusive_groups(self.problems))
        self._grouped = np.array([bool(p.candidate.terms.exclusive_group) for p in self.problems], dtype=bool)
        self.rows = len(self.common.names)
        liquidity = range(self.common.first_row["liquidity"], self.rows)
        self._master = Master(self.common.scale, len(self.problems), self._groups, liquidity)
        self._priced: list[_Priced] = []
        self._seen: set[tuple[int, bytes]] = set()

    def best(self, question: Question, start: Vector | None = None, gap: float | None = None) -> Found:
        """The best plan; ``start`` are prices of the common rows to begin with, ``gap`` where to stop.

        Infeasible where the limits do not admit what must be done.
        """
        target = self.gap if gap is None else gap
        lower, upper = self._entered(question)
        self._master.set_limits(question.limits)
        self._master.set_entered(lower, upper)
        self._master.shut_helpers()
        if start is not None or not self.plans:
            self._price(np.zeros(self.rows) if start is None else start, question)
        answer, rounds = self._master.answer(), 0
        best_bound = self.known_bound(question)
        while rounds < self.most_rounds:
            rounds += 1
            if answer.status is Status.INFEASIBLE:
                answer = self._master.answer() if self._find_a_plan(question) else answer
                if answer.status is Status.INFEASIBLE:
                    return Found(Status.INFEASIBLE, np.nan, np.nan, NO_PLAN, NO_PLAN, rounds)
            if best_bound + answer.objective <= target * (1.0 + abs(answer.objective)):
                break
            bound, added = self._price(answer.row_prices, question, answer.site_prices)
            best_bound = min(best_bound, bound)
            if added:
                answer = self._master.answer()
            else:
                break
        proof = min(self._priced, key=lambda priced: self._bound(priced, question))
        return Found(Status.OPTIMAL, -answer.objective, best_bound, answer.weights, proof.row_prices, rounds)

    def profit_usd(self, row_prices: Vector) -> Vector:
        """What every site earns at the most at prices that were seen, (S,)."""
        return next(p.profit_usd for p in self._priced if p.row_prices is row_prices)

    def site_rows(self, row_prices: Vector) -> list[Vector]:
        """Prices of each site's own rows at prices of the common ones, as a minimisation has them."""
        return [
            program.at(problem.form.cost + problem.charge(row_prices)).row_price
            for problem, program in zip(self.problems, self._programs, strict=True)
        ]

    def has_plan(self, question: Question) -> bool:
        """Whether what must be done fits."""
        lower, upper = self._entered(question)
        self._master.set_limits(question.limits)
        self._master.set_entered(lower, upper)
        return self._find_a_plan(question)

    def least_relief(self, question: Question, relief: dict[int, float]) -> float | None:
        """The least amount, times ``relief`` by common row, that lets a plan exist; ``None`` if no amount does."""
        lower, upper = self._entered(question)
        self._master.set_limits(question.limits)
        self._master.set_entered(lower, upper)
        self._master.relax(relief)
        try:
            if not self._find_a_plan(question, relaxed=True):
                return None
            self._master.seek_least_relief()
            return self._without_profit(question).relief
        finally:
            self._master.relax({})
            self._master.shut_helpers()

    def solution(self, weights: Vector) -> list[Vector]:
        """The mix of plans as one solution of each site's program."""
        found = [np.zeros(len(p.form.cost)) for p in self.problems]
        for plan, weight in zip(self.plans, weights.tolist(), strict=False):
            if weight > 0.0:
                found[plan.site][plan.index] += weight * plan.value
        return found

    def entered(self, weights: Vector) -> Vector:
        """Share of each site that is entered, (S,)."""
        of_site = np.array([plan.site for plan in self.plans[: len(weights)]], dtype=np.int64)
        return np.bincount(of_site, weights, minlength=len(self.problems)).astype(float, copy=False)

    def whole_mix(self, question: Question) -> Vector | None:
        """Weights of the best mix in which gated sites are entered or not; ``None`` if the plans hold none."""
        lower, upper = self._entered(question)
        single = np.flatnonzero([p.has_integers for p in self.problems]).astype(np.int32)
        gated = np.flatnonzero(self._gated).astype(np.int32)
        return self._master.whole(question.limits, lower, upper, gated, single)

    def add(self, site: int, y: Vector) -> None:
        """Add a plan of a site to the pool; one that is known already is not added twice."""
        problem = self.problems[site]
        index = np.flatnonzero(y).astype(np.int32)
        key = (site, index.tobytes() + y[index].tobytes())
        if key not in self._seen:
            self._seen.add(key)
            cost = float(problem.form.cost @ y)
            self.plans.append(SitePlan(site, -cost, index, y[index]))
            self._master.add(site, cost, problem.use(y, self.rows))

    def _entered(self, question: Question) -> tuple[Vector, Vector]:
        lower, upper = np.zeros(len(self.problems)), np.ones(len(self.problems))
        lower[[*self._required, *question.entered]] = 1.0
        for site in question.shut:
            lower[site] = upper[site] = 0.0
        return lower, upper

    def known_bound(self, question: Question) -> float:
        """The lowest bound for this question that prices seen so far prove."""
        return min((self._bound(priced, question) for priced in self._priced), default=np.inf)

    def _bound(self, priced: _Priced, question: Question) -> float:
        """``sum price x limit + what the sites earn at these prices``, of a group the best one alone."""
        lower, upper = self._entered(question)
        earned = np.where(lower > 0, priced.profit_usd, np.maximum(priced.profit_usd, 0.0))
        earned = np.where(upper > 0, earned, 0.0)
        in_groups = sum(self._of_group(members, earned, lower) for members in self._groups)
        return float(priced.row_prices @ question.limits + earned[~self._grouped].sum() + in_groups)

    @staticmethod
    def _of_group(members: Sequence[int], earned: Vector, lower: Vector) -> float:
        forced = [site for site in members if lower[site] > 0]
        return float(sum(earned[site] for site in forced) if forced else max(earned[list(members)]))

    def _price(self, row_prices: Vector, question: Question, site_prices: Vector | None = None) -> tuple[float, int]:
        """Solve every site at these prices: the bound that it proves, and how many plans are new."""
        self.pricings += 1
        profit, added = np.zeros(len(self.problems)), 0
        for site, (problem, program) in enumerate(zip(self.problems, self._programs, strict=True)):
            found = program.at(problem.form.cost + problem.charge(row_prices))
            if found.status is Status.INFEASIBLE:
                profit[site] = -np.inf
                continue
            profit[site] = -found.objective + found.integer_gap * abs(found.objective)
            added += self._is_new(site, found, site_prices)
        self._priced.append(_Priced(row_prices, profit))
        return self._bound(self._priced[-1], question), added

    def _is_new(self, site: int, found: Answer, site_prices: Vector | None) -> bool:
        """Add the plan if the master would gain from it."""
        if site_prices is not None:
            size = 1.0 + abs(float(self.problems[site].form.cost @ found.y))
            if found.objective >= site_prices[site] - BETTER * size:
                return False
        before = len(self.plans)
        self.add(site, found.y)
        return len(self.plans) > before

    def _find_a_plan(self, question: Question, *, relaxed: bool = False) -> bool:
        """Phase one: plans of the required sites until they fit together, or none is left that could help."""
        self._master.seek_a_plan(relaxed=relaxed)
        met = self._without_profit(question).missing <= UNMET
        if not relaxed:
            self._master.shut_helpers()
        return met

    def _without_profit(self, question: Question) -> MasterAnswer:
        """Add plans for the master's present aim, in which no plan brings or costs anything, until none betters it."""
        for _ in range(self.most_rounds):
            answer, added = self._master.answer(), 0
            if answer.status is Status.INFEASIBLE:
                break
            for site, (problem, program) in enumerate(zip(self.problems, self._programs, strict=True)):
                if site in question.shut:
                    continue
                found = program.at(problem.charge(answer.row_prices))
                if found.status is Status.OPTIMAL and found.objective < answer.site_prices[site] - UNMET_USD:
                    before = len(self.plans)
                    self.add(site, found.y)
                    added += len(self.plans) > before
            if not added:
                break
        return answer


def exclusive_groups(problems: Sequence[SiteProblem]) -> Iterator[list[int]]:
    """Positions of the sites of each exclusive group."""
    names = dict.fromkeys(p.candidate.terms.exclusive_group for p in problems)
    for group in filter(None, names):
        yield [s for s, p in enumerate(problems) if p.candidate.terms.exclusive_group == group]


def relaxed(problem: SiteProblem) -> SiteProblem:
    """The site with parts of halls allowed: quicker to price, and a bound all the same."""
    return replace(problem, form=replace(problem.form, integer=np.zeros_like(problem.form.integer)))


def halls_fixed(problem: SiteProblem, y: Vector) -> SiteProblem:
    """The site with its halls as they are in a plan."""
    return replace(problem, form=with_integers_fixed(problem.form, y)) if problem.has_integers else problem
