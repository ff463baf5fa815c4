"""The best mix of mean and CVaR by cutting planes: a small master in the solver, one pass over the paths a round.

CVaR is concave in the plan, so the mean over the worst paths at any plan gives a plane above it. Each round solves the
master with the planes so far, looks at a point between its plan and the best one known (which keeps the
search from jumping about), and adds the plane found there. The master's optimum is an upper bound, the best plan valued
is a lower one: their gap is always reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.allocation import TAKEN_MW
from allocator.program.build import Program
from allocator.program.solve import Status
from allocator.program.tail import TailProgram
from allocator.risk.path_values import PathValues
from allocator.risk.tails import cvar, tail
from models.timeline import Vector

GAP, WHOLE_HALL_GAP = 1e-6, 1e-5
"""Each round of whole halls is an integer program: the last digits would cost more than all the others."""
MOST_ROUNDS = 400
TOWARDS_MASTER, LONGER = 0.3, 1.5
"""How far from the best plan to the master's the next point lies, and by how much more after a step that bettered it.

A fixed share halves its way to a use given up: River Bend at a weight of 1 took 50 passes, and takes 7.
"""


class UnattainableError(Exception):
    """No plan's CVaR reaches what was asked; carries the most that any reaches."""

    def __init__(self, asked_usd: float, most_usd: float) -> None:
        self.asked_usd, self.most_usd = asked_usd, most_usd
        super().__init__(f"no plan has a CVaR of {asked_usd:,.0f} USD; the most that any has is {most_usd:,.0f} USD")


@dataclass(frozen=True)
class RiskAverse:
    """The best plan for one weight of the tail, as far as the paths it was sought on can tell."""

    risk_weight: float
    units: Vector
    """Facility or critical IT MW of each activity, (J,)."""
    mean_usd: float
    cvar_usd: float
    bound_usd: float
    """No plan's ``(1 - w) mean + w CVaR`` on these paths is higher."""
    gap: float
    """What is open between that and this plan's, over 1 + its size."""
    passes: int
    """Passes over the value factors that this weight took."""

    @property
    def objective_usd(self) -> float:
        """``(1 - w) mean + w CVaR``."""
        return (1.0 - self.risk_weight) * self.mean_usd + self.risk_weight * self.cvar_usd


@dataclass
class TailSearch:
    """One pool of cuts for all weights of the tail."""

    program: Program
    values: PathValues
    level: float
    least_cvar_usd: float | None = None
    gap: float | None = None
    """Where to stop; by default a millionth, and ten with whole halls."""
    most_rounds: int = MOST_ROUNDS
    passes: int = 0
    _cuts: list[Vector] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Every tail is worth at most the mean: that is the first cut."""
        self._mean = self.values.mean_value_usd
        self._relaxed = TailProgram(self.program, relaxed=True)
        self._whole = TailProgram(self.program) if self.program.form.integer.any() else None
        usual = GAP if self._whole is None else WHOLE_HALL_GAP
        self._target = usual if self.gap is None else self.gap
        self._add(self._mean)
        if self.least_cvar_usd is not None:
            self._hold(self.least_cvar_usd)

    def best(self, risk_weight: float, start: Vector | None = None) -> RiskAverse:
        """The best plan at a weight between 0 and 1, from a plan that is known to be allowed, if there is one.

        Raises
        ------
        UnattainableError
            If no plan has the CVaR that was asked for.
        """
        first = self.passes
        found = self._search(self._relaxed, risk_weight, start, TOWARDS_MASTER)
        if self._whole is not None:
            found = self._search(self._whole, risk_weight, start, 1.0)
        units, _, _, bound, gap = found
        units = np.where(units > TAKEN_MW, units, 0.0)  # what halving the way to a master leaves of a use given up
        tail_mean = cvar(self.values.worth(units), self.level)
        return RiskAverse(risk_weight, units, float(self._mean @ units), tail_mean, bound, gap, self.passes - first)

    def _search(
        self, master: TailProgram, weight: float, start: Vector | None, step: float
    ) -> tuple[Vector, float, float, float, float]:
        """Units, mean, CVaR, bound, gap."""
        master.weigh(self._mean, weight)
        best, best_mean, best_cvar, best_worth = start, 0.0, 0.0, -np.inf
        if start is not None:
            best_mean, best_cvar = self._look(start)
            best_worth = self._worth(weight, best_mean, best_cvar)
        bound, gap, shortest = np.inf, np.inf, step
        for _ in range(self.most_rounds):
            answer, units = master.plan()
            if answer.status is Status.INFEASIBLE:
                raise UnattainableError(self.least_cvar_usd or 0.0, self._most_cvar())
            bound = min(bound, -answer.objective + answer.integer_gap * abs(answer.objective))
            gap = (bound - best_worth) / (1.0 + abs(best_worth)) if np.isfinite(best_worth) else np.inf
            if best is not None and gap <= self._target:
                break
            point = units if best is None else step * units + (1.0 - step) * best
            mean, tail_mean = self._look(point)
            worth = self._worth(weight, mean, tail_mean)
            if worth > best_worth:
                best, best_mean, best_cvar, best_worth = point, mean, tail_mean, worth
                step = min(1.0, LONGER * step)
            else:
                step = shortest
            gap = (bound - best_worth) / (1.0 + abs(best_worth)) if np.isfinite(best_worth) else np.inf
            if gap <= self._target:
                break
        if best is None:
            raise UnattainableError(self.least_cvar_usd or 0.0, self._most_cvar())
        return best, best_mean, best_cvar, bound, max(0.0, gap)

    def _worth(self, weight: float, mean: float, tail_mean: float) -> float:
        """The objective of a plan valued; one without the CVaR asked for is no plan."""
        least = self.least_cvar_usd
        if least is not None and tail_mean < least - self._target * (1.0 + abs(least)):
            return -np.inf
        return (1.0 - weight) * mean + weight * tail_mean

    def _look(self, units: Vector) -> tuple[float, float]:
        """Mean and CVaR of a plan, and the cut that they give."""
        worth = self.values.worth(units)
        self.passes += 1
        found = tail(worth, self.level)
        self._add(self.values.gradient(self.values.tail_mean(found.rows, found.weights)))
        return float(self._mean @ units), found.cvar

    def _add(self, gradient: Vector) -> None:
        self._cuts.append(gradient)
        self._relaxed.add_cut(gradient)
        if self._whole is not None:
            self._whole.add_cut(gradient)

    def _hold(self, least_usd: float) -> None:
        for master in filter(None, (self._relaxed, self._whole)):
            master.hold_tail(least_usd)

    def _most_cvar(self) -> float:
        """The highest CVaR that any plan reaches."""
        free = TailSearch(self.program, self.values, self.level, None, self._target, self.most_rounds)
        return free.best(1.0).cvar_usd


def frontier(search: TailSearch, weights: tuple[float, ...]) -> tuple[RiskAverse, ...]:
    """The best plan at each weight; each search begins where the one before it ended."""
    found: list[RiskAverse] = []
    for weight in weights:
        found.append(search.best(weight, found[-1].units if found else None))
    return tuple(found)
