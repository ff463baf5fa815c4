"""What is all or nothing: sites with a minimum ticket, sites of which at most one is entered, whole halls.

Parts of such sites are allowed first: that proves a bound. A small integer program then chooses among the plans that
were found, what it chose is held and the rest solved again for the best of it. Where the bound is still open the
search branches on the sites that are entered in part; with whole halls, a few sites at a time are decided anew. Bound,
plan and gap are reported as they are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.portfolio.common import CommonLimits
from allocator.portfolio.halls import decided_again, neighbourhoods
from allocator.portfolio.plan import Plan
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

    def best(self, question: Question, gap: float | None = None, *, thorough: bool = True) -> Plan:
        """The best plan that was found; without one, ``status`` says so.

        Of many sites with whole halls none is decided anew unless ``thorough``.
        """
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
        return self._mixed(question, limit, tighter.row_prices, target, thorough=thorough)

    def known_bound(self, question: Question) -> float:
        """The lowest bound for a question that is known without solving anything."""
        return min(self._parts.known_bound(question), self._whole.known_bound(question))

    def least_relief(self, question: Question, relief: dict[int, float]) -> float | None:
        """As :meth:`Search.least_relief`, parts of halls allowed."""
        return self._parts.least_relief(question, relief)

    def has_plan(self, question: Question) -> bool:
        """Whether any plan meets a question, parts of halls allowed."""
        return self._parts.has_plan(question)

    def _no_plan(self, found: Found) -> Plan:
        return Plan(Status.INFEASIBLE, np.nan, np.nan, (), (), found, self._parts)

    def _plan(self, found: Found, search: Search, bound_usd: float) -> Plan:
        bound, share = max(bound_usd, found.npv_usd), search.entered(found.weights)
        entered = tuple(not p.is_gated or bool(share[s] > 0.5) for s, p in enumerate(self.problems))
        solution = tuple(
            y if taken else np.zeros_like(y) for y, taken in zip(search.solution(found.weights), entered, strict=True)
        )
        return Plan(found.status, found.npv_usd, bound, solution, entered, found, search)

    # Halls

    def _mixed(self, question: Question, bound_usd: float, row_prices: Vector, gap: float, *, thorough: bool) -> Plan:
        """The best choice among whole plans, then a few sites at a time decided anew while the bound is open."""
        weights = self._whole.whole_mix(question)
        best = None if weights is None else self._rest(question, self._whole.solution(weights), bound_usd, gap)
        open_sites = [s for s in range(len(self.problems)) if s not in question.shut]
        again = neighbourhoods(self._shortfall_usd(best, row_prices), open_sites)
        if best is None or not thorough:
            again = [sites for sites in again if len(sites) == len(open_sites)]
        for sites in again:
            if best is not None and best.gap <= max(gap, WHOLE_GAP):
                break
            solution = [np.zeros(len(p.form.cost)) for p in self.problems] if best is None else best.solution
            anew, most = decided_again(self.problems, self.common, question, solution, sites, known=best is not None)
            bound_usd = min(bound_usd, most) if len(sites) == len(open_sites) else bound_usd
            found = None if anew is None else self._rest(question, anew, bound_usd, gap)
            best = max(filter(None, (found, best)), key=lambda plan: plan.npv_usd, default=None)
        if best is None:
            return self._no_plan(Found(Status.INFEASIBLE, np.nan, bound_usd, np.zeros(0), np.zeros(0)))
        for site, y in enumerate(best.solution):
            if y.any():
                self._whole.add(site, y)
        return replace(best, bound_usd=max(bound_usd, best.npv_usd))

    def _shortfall_usd(self, plan: Plan | None, row_prices: Vector) -> Vector:
        """What each site's plan earns less than its best at prices of the common rows, (S,)."""
        most = self._whole.profit_usd(row_prices)
        if plan is None:
            return most
        costs = [p.form.cost + p.charge(row_prices) for p in self.problems]
        return np.asarray(most + np.array([cost @ y for cost, y in zip(costs, plan.solution, strict=True)]))

    def _rest(self, question: Question, solution: Sequence[Vector], bound_usd: float, gap: float) -> Plan | None:
        """The best plan with the whole numbers of another one: what is continuous is solved again."""
        held = [halls_fixed(p, y) for p, y in zip(self.problems, solution, strict=True)]
        rest = self._search(held)
        for site, y in enumerate(solution):
            if y.any():
                rest.add(site, y)
        entered = np.array([float(y.any()) for y in solution])
        whole = frozenset(s for s, p in enumerate(held) if (p.form.column_lower > 0).any())
        asked = self._held(question, entered)
        found = rest.best(replace(asked, entered=asked.entered | whole), gap=gap)
        return None if found.status is Status.INFEASIBLE else self._plan(found, rest, bound_usd)

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
        while nodes and looked < most and self._is_open(nodes[0].bound_usd, best, gap):
            node = heapq.heappop(nodes)
            for asked in self._branches(node):
                looked += 1
                found = self._parts.best(asked, gap=gap)
                if found.status is Status.INFEASIBLE:
                    continue
                bound = min(node.bound_usd, found.bound_usd)
                if not self._is_open(bound, best, gap):
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
    def _is_open(bound_usd: float, best: Found | None, gap: float) -> bool:
        return best is None or bound_usd > best.npv_usd + max(gap, WHOLE_GAP) * (1.0 + abs(best.npv_usd))


@dataclass(frozen=True)
class _Node:
    """Part of the choices, by its bound: the highest is looked at first."""

    bound_usd: float
    number: int
    question: Question
    found: Found

    def __lt__(self, other: _Node) -> bool:
        return (-self.bound_usd, self.number) < (-other.bound_usd, other.number)
