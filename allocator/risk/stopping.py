"""When to stop: least-squares Monte Carlo, for any reward that can be taken once.

Rewards are given as they turn out on each path, discounted to one date, so that those of different dates can be
compared. The rule is fitted on one set of paths and valued on another: what it brings there is a lower figure of what
flexibility is worth, whatever the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.timeline import Vector

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class StoppingRule:
    """Coefficients of the fitted gain of going on over stopping, by date; ``None`` where it is never right to stop."""

    coefficients: tuple[Vector | None, ...]

    def stops(self, date: int, basis: Vector, allowed: Mask) -> Mask:
        """On which paths the rule stops at a date, (paths,); the basis is (paths, terms)."""
        found = self.coefficients[date]
        if found is None:
            return np.zeros(len(basis), dtype=bool)
        return np.asarray(allowed & (basis @ found <= 0.0))


@dataclass(frozen=True)
class Stopping:
    """Rewards of stopping at each date, on paths. The last row is what is had without ever stopping."""

    reward: Vector
    """(dates + 1, paths), discounted to one date."""
    basis: tuple[Vector, ...]
    """What is known at each date, (paths, terms) each."""
    allowed: tuple[Mask, ...]
    """Paths on which stopping is thought of at each date, (paths,) each."""
    lapse: float = 0.0
    """Chance from each date to the next that the choice is taken away."""

    @property
    def dates(self) -> int:
        """Dates at which one can stop."""
        return len(self.reward) - 1


def fitted_rule(given: Stopping) -> StoppingRule:
    """The rule by backward regression (Longstaff and Schwartz 2001), on the paths given.

    Regressed is the *gain of going on*, going on less stopping: where it is not positive one stops. With the
    reward in the span of the basis that is the regression of the value of going on itself.
    """
    later, found = given.reward[-1].copy(), []
    for date in range(given.dates - 1, -1, -1):
        onward = (1.0 - given.lapse) * later + given.lapse * given.reward[-1]
        basis, inside = given.basis[date], given.allowed[date]
        coefficients = None
        if inside.sum() >= basis.shape[1]:
            coefficients = np.linalg.lstsq(basis[inside], (onward - given.reward[date])[inside], rcond=None)[0]
        found.append(coefficients)
        stops = StoppingRule((coefficients,)).stops(0, basis, inside)
        later = np.where(stops, given.reward[date], onward)
    return StoppingRule(tuple(reversed(found)))


def values_from(rule: StoppingRule, given: Stopping) -> list[Vector]:
    """What a rule brings from each date on, on each path; (paths,) each, and last what is had without stopping."""
    found = [given.reward[-1]]
    for date in range(given.dates - 1, -1, -1):
        onward = (1.0 - given.lapse) * found[-1] + given.lapse * given.reward[-1]
        stops = rule.stops(date, given.basis[date], given.allowed[date])
        found.append(np.where(stops, given.reward[date], onward))
    return found[::-1]


def rewards_by(rule: StoppingRule, given: Stopping) -> Vector:
    """What a rule brings on each path, (paths,); over lapses it is the mean."""
    return values_from(rule, given)[0]


def rewards_at(given: Stopping, date: int) -> Vector:
    """What stopping at one date, come what may, brings on each path; going without where the choice lapses first."""
    stays = (1.0 - given.lapse) ** date
    return np.asarray(stays * given.reward[date] + (1.0 - stays) * given.reward[-1])


def threshold_below(level: Vector, gain_of_stopping: Vector) -> float | None:
    """The level below which stopping gains most in sum, by sorting the paths; ``None`` where stopping never gains.

    No basis enters, so that it is steady where the roots of a fitted polynomial are not; infinite where
    stopping is right at every level. Paths of one level stop together.
    """
    order = np.argsort(level, kind="stable")
    parted = np.append(np.diff(level[order]) > 0.0, True)
    summed = np.where(parted, np.cumsum(gain_of_stopping[order]), -np.inf)
    best = int(np.argmax(summed))
    if summed[best] <= 0.0:
        return None
    return float("inf") if best == len(level) - 1 else float(0.5 * (level[order[best]] + level[order[best + 1]]))
