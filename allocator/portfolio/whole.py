"""What is all or nothing: sites with a minimum ticket, sites of which at most one is entered, whole halls.

Parts of such sites are allowed first: that proves a bound. A small integer program then chooses among the plans that
were found, what it chose is held and the rest solved again for the best of it, and where the bound is still open the
search branches on the sites that are entered in part. Bound, plan and gap are reported as they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.portfolio.common import CommonLimits
from allocator.portfolio.search import GAP, Found, Question, Search, halls_fixed, relaxed
from allocator.portfolio.site_problem import SiteProblem
from allocator.program.solve import Status
from models.timeline import Vector

WHOLE_GAP = 1e-6
"""Where branching stops."""
ENTERED = 1e-6
"""A site entered by less than this share is not, by more than the rest of it is."""
MOST_MIXES = 4
PRICED_SITES = 4_000
"""Branches that are looked at, times sites: what may be spent on the last of the gap."""


@dataclass(frozen=True)
class Plan:
    """The best plan found for a question, and what no plan goes beyond."""

    status: Status
    npv_usd: float
    bound_usd: float
    solution: tuple[Vector, ...]
    """Of each site's program."""
    found: Found
    """The continuous search that the plan comes from, whole numbers held: its prices certify the rest."""
    held: tuple[SiteProblem, ...]
    """The sites with their halls held, as that search saw them."""

    @property
    def gap(self) -> float:
        """What is open between bound and plan, over 1 + the plan's NPV."""
        return max(0.0, self.bound_usd - self.npv_usd) / (1.0 + abs(self.npv_usd))


class PortfolioSearch:
    """Answers questions about the same sites, whole numbers included, from the plans that all of them gathered."""

    def __init__(self, problems: Sequence[SiteProblem], common: CommonLimits) -> None:
        self.problems = tuple(problems)
        self.common = common
        self.has_halls = any(p.has_integers for p in problems)
        self._gated = [s for s, p in enumerate(problems) if p.is_gated]
        self._parts = self._search([relaxed(p) if p.has_integers else p for p in problems])
        self._whole = self._search(problems) if self.has_halls else self._parts

    @property
    def is_continuous(self) -> bool:
        """Whether nothing is all or nothing: then the plan is proven optimal."""
        return not self.has_halls and not self._gated

    @property
    def pricings(self) -> int:
        """How often every site was solved."""
        return self._parts.pricings + (self._whole.pricings if self.has_halls else 0)

    def _search(self, problems: Sequence[SiteProblem]) -> Search:
        return Search(problems, self.common)

    def best(self, question: Question, gap: float | None = None) -> Plan:
        """The best plan that was found; without one, ``status`` says so."""
        target = GAP if gap is None else gap
        bound = self._parts.best(question, gap=target)
        if bound.status is Status.INFEASIBLE:
            return self._no_plan(bound)
        if not self.has_halls:
            return self._gates(question, bound, target)
        tighter = self._whole.best(question, start=bound.row_prices, gap=max(target, WHOLE_GAP))
        if tighter.status is Status.INFEASIBLE:
            return self._no_plan(tighter)
        limit = min(bound.bound_usd, tighter.bound_usd)
        return self._mixed(question, limit, target)

    def known_bound(self, question: Question) -> float:
        """The lowest bound for a question that is known without solving anything."""
        return self._parts.known_bound(question)

    def least_relief(self, question: Question, relief: dict[int, float]) -> float | None:
        """As :meth:`Search.least_relief`, parts of halls allowed."""
        return self._parts.least_relief(question, relief)

    def has_plan(self, question: Question) -> bool:
        """Whether any plan meets a question, parts of halls allowed."""
        return self._parts.has_plan(question)

    def _no_plan(self, found: Found) -> Plan:
        return Plan(Status.INFEASIBLE, np.nan, np.nan, (), found, self.problems)

    def _plan(self, found: Found, search: Search, bound_usd: float) -> Plan:
        bound = max(bound_usd, found.npv_usd)
        return Plan(found.status, found.npv_usd, bound, tuple(search.solution(found.weights)), found,
                    tuple(search.problems))  # fmt: skip

    # Halls

    def _mixed(self, question: Question, bound_usd: float, gap: float) -> Plan:
        """The best choice among whole plans, the rest of each solved again; a few times, with what that adds."""
        best: Plan | None = None
        for _ in range(MOST_MIXES):
            weights = self._whole.whole_mix(question)
            if weights is None:
                break
            held = [halls_fixed(p, y) for p, y in zip(self.problems, self._whole.solution(weights), strict=True)]
            rest = self._search(held)
            for site, y in enumerate(self._whole.solution(weights)):
                if self._whole.entered(weights)[site] > 1.0 - ENTERED:
                    rest.add(site, y)
            found = rest.best(self._held(question, self._whole.entered(weights)), gap=gap)
            if found.status is Status.INFEASIBLE or (best is not None and found.npv_usd <= best.npv_usd):
                break
            best = self._plan(found, rest, bound_usd)
            for site, y in enumerate(best.solution):
                if y.any():
                    self._whole.add(site, y)
        if best is None:
            return self._no_plan(Found(Status.INFEASIBLE, np.nan, bound_usd, np.zeros(0), np.zeros(0)))
        return best

    def _held(self, question: Question, entered: Vector) -> Question:
        """The question with every gated site entered or shut as in a mix."""
        taken = frozenset(s for s in self._gated if entered[s] > 0.5)
        return replace(
            question, entered=question.entered | taken, shut=question.shut | (frozenset(self._gated) - taken)
        )

    # Sites that are entered or not

    def _open(self, found: Found) -> list[int]:
        """Gated sites that a mix enters in part."""
        share = self._parts.entered(found.weights)
        return [s for s in self._gated if ENTERED < share[s] < 1.0 - ENTERED]

    def _gates(self, question: Question, root: Found, gap: float) -> Plan:
        """Branch and bound on the sites entered in part; what was chosen is held and solved for its best once more."""
        best, closed = None, -np.inf
        if not self._gated:
            return self._plan(root, self._parts, root.bound_usd)
        if not self._open(root):
            best = root
        else:
            best = max(self._rounded(question, gap), key=lambda f: f.npv_usd, default=None)
        nodes = [] if best is root else [_Node(root.bound_usd, 0, question, root)]
        looked, most = 0, max(8, PRICED_SITES // len(self.problems))
        while nodes and looked < most and self._is_open(nodes[0].bound_usd, best):
            node = heapq.heappop(nodes)
            for asked in self._branches(node):
                looked += 1
                found = self._parts.best(asked, gap=gap)
                if found.status is Status.INFEASIBLE:
                    continue
                bound = min(node.bound_usd, found.bound_usd)
                if not self._is_open(bound, best):
                    closed = max(closed, bound)
                elif self._open(found):
                    heapq.heappush(nodes, _Node(bound, looked, asked, found))
                else:
                    closed = max(closed, bound)
                    best = found if best is None or found.npv_usd > best.npv_usd else best
        if best is None:
            return self._no_plan(root)
        held = self._parts.best(self._held(question, self._parts.entered(best.weights)), gap=gap)
        bounds = [root.bound_usd] if best is root else [closed, *(n.bound_usd for n in nodes)]
        return self._plan(held, self._parts, max(held.npv_usd, *bounds))

    def _rounded(self, question: Question, gap: float) -> Iterator[Found]:
        """Plans by choosing among those known."""
        worth = -np.inf
        for _ in range(MOST_MIXES):
            weights = self._parts.whole_mix(question)
            if weights is None:
                return
            found = self._parts.best(self._held(question, self._parts.entered(weights)), gap=gap)
            if found.status is Status.INFEASIBLE or found.npv_usd <= worth:
                return
            worth = found.npv_usd
            yield found

    def _branches(self, node: _Node) -> tuple[Question, Question]:
        """The site that is nearest to half entered, entered and left out."""
        share = self._parts.entered(node.found.weights)
        site = min(self._open(node.found), key=lambda s: abs(share[s] - 0.5))
        asked = node.question
        return (
            replace(asked, entered=asked.entered | {site}),
            replace(asked, shut=asked.shut | {site}),
        )

    @staticmethod
    def _is_open(bound_usd: float, best: Found | None) -> bool:
        return best is None or bound_usd > best.npv_usd + WHOLE_GAP * (1.0 + abs(best.npv_usd))


@dataclass(frozen=True)
class _Node:
    """Part of the choices, by its bound: the highest is looked at first."""

    bound_usd: float
    number: int
    question: Question
    found: Found

    def __lt__(self, other: _Node) -> bool:
        return (-self.bound_usd, self.number) < (-other.bound_usd, other.number)
