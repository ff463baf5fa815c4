"""What knowing the future would be worth (EVPI), and what planning for more than the average future is (VSS).

Written for any two-stage problem: what differs is how a decision is found and what it is worth in a scenario.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from allocator.program.build import Program
from allocator.program.solve import Status
from allocator.program.tail import INTEGER_GAP, TailProgram
from allocator.risk.path_values import PathValues
from models.timeline import Vector

D = TypeVar("D")
ORDER_TOLERANCE = 2.0 * INTEGER_GAP
"""Of the values' size: a plan with whole halls and the one it is compared with may each be so far from the best."""


class TwoStage(Protocol[D]):
    """A decision now, a scenario then."""

    probabilities: Vector
    """Of every scenario, (S,)."""

    def stochastic(self) -> D:
        """The decision that is best over all scenarios."""

    def expected_value(self) -> D:
        """The decision that is best if every uncertain figure comes as its mean."""

    def worth(self, decision: D) -> Vector:
        """What a decision is worth in every scenario, (S,)."""

    def wait_and_see(self, scenario: int) -> float:
        """What the best decision for one scenario is worth in it."""


@dataclass(frozen=True)
class InformationValues:
    """Values of information; wait and see >= stochastic >= expected-value plan."""

    wait_and_see: float
    stochastic: float
    expected_value_plan: float
    evpi: float
    """What a perfect forecast would add: wait and see less stochastic, over the scenarios solved one by one."""
    evpi_error: float
    """Its standard error where only a sample of the scenarios was solved one by one; 0 where all were."""
    vss: float
    """What planning for all scenarios adds over planning for the mean: stochastic less expected-value plan."""
    solved: int


def information_values(problem: TwoStage[D], scenarios: tuple[int, ...] | None = None) -> InformationValues:
    """EVPI and VSS (Birge and Louveaux, Introduction to Stochastic Programming, chapter 4).

    Parameters
    ----------
    scenarios : those to solve one by one; all of them if absent. A sample counts its scenarios as equally likely.

    Raises
    ------
    ArithmeticError
        If the order of the three values does not hold: a decision was then not the best.
    """
    chance, plan = problem.probabilities, problem.stochastic()
    worth, of_mean = problem.worth(plan), problem.worth(problem.expected_value())
    every = scenarios is None
    asked = np.arange(len(chance)) if scenarios is None else np.array(scenarios)
    weights = chance if every else np.full(len(asked), 1.0 / len(asked))
    known = np.array([problem.wait_and_see(int(s)) for s in asked])
    added = known - worth[asked]
    stochastic, mean_plan = float(chance @ worth), float(chance @ of_mean)
    slack = ORDER_TOLERANCE * (1.0 + np.abs(known).max() + abs(stochastic))
    if added.min() < -slack or stochastic < mean_plan - slack:
        raise ArithmeticError(
            f"values are out of order: a forecast adds {added.min():,.2f} somewhere, "
            f"stochastic {stochastic:,.2f} against {mean_plan:,.2f} of the expected-value plan"
        )
    evpi = float(weights @ added)
    error = 0.0 if every else float(np.std(added, ddof=1) / np.sqrt(len(added)))
    return InformationValues(stochastic + evpi, stochastic, mean_plan, evpi, error, stochastic - mean_plan, len(asked))


@dataclass
class SiteUnderUncertainty:
    """A site's plan as a two-stage problem: the mix is decided now, everything else is a path."""

    program: Program
    values: PathValues
    factors_if_expected: Vector
    """Factors where the market goes as expected and offers bring their mean, (factors,)."""

    def __post_init__(self) -> None:
        """One live program is asked again and again."""
        self.probabilities = np.full(self.values.paths, 1.0 / self.values.paths)
        self._live = TailProgram(self.program)
        self._live.hold_tail(0.0)
        self._live.add_cut(np.zeros(len(self.program.choices.items)))

    def _best(self, value_usd: Vector) -> tuple[float, Vector]:
        """The best mix for values of a unit of each activity, (J,), and what it is worth."""
        self._live.weigh(value_usd, 0.0)
        answer, units = self._live.plan()
        if answer.status is Status.INFEASIBLE:
            raise ArithmeticError("a site that has a plan has one on every path")
        return -answer.objective, units

    def stochastic(self) -> Vector:
        """Units of each activity that are worth most in the mean of the paths."""
        return self._best(self.values.mean_value_usd)[1]

    def expected_value(self) -> Vector:
        """Units that are worth most if the market goes as expected."""
        return self._best(self.values.gradient(self.factors_if_expected))[1]

    def worth(self, decision: Vector) -> Vector:
        """Value of a mix on every path."""
        return self.values.worth(decision)

    def wait_and_see(self, scenario: int) -> float:
        """Value of the best mix for one path."""
        return self._best(self.values.gradient(self.values.path(scenario)))[0]
