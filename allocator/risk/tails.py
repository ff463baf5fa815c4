"""The tail of a sample: CVaR with exact weights, its gradient's weights, standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.timeline import Vector

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Tail:
    """The worst ``(1 - level) S`` of S equally likely values."""

    rows: Rows
    """Positions of the values in it."""
    weights: Vector
    """Their weights, adding up to 1; the last one counts in part where ``(1 - level) S`` is not whole."""
    cvar: float
    var: float
    """The value at its edge."""


def tail(values: Vector, level: float) -> Tail:
    """The tail of a sample, (S,): ``CVaR = (sum of the k lowest + (n - k) x the next) / n`` with ``n = (1 - level) S``.

    Rockafellar and Uryasev (2002), proposition 8, for equally likely scenarios.
    """
    count = (1.0 - level) * len(values)
    whole = int(np.floor(count + 1e-9))
    taken = min(len(values), whole + (1 if count - whole > 1e-9 else 0) or 1)
    rows = np.argpartition(values, taken - 1)[:taken]
    rows = rows[np.argsort(values[rows], kind="stable")]
    weights = np.full(taken, 1.0 / count if count >= 1.0 else 1.0)
    if taken > whole >= 1:
        weights[-1] = (count - whole) / count
    return Tail(rows, weights, float(weights @ values[rows]), float(values[rows[-1]]))


def cvar(values: Vector, level: float) -> float:
    """Mean of the worst ``1 - level`` of a sample."""
    return tail(values, level).cvar


@dataclass(frozen=True)
class Measured:
    """A sample's mean, CVaR and chance of loss with their standard errors."""

    mean_usd: float
    mean_error_usd: float
    cvar_usd: float
    cvar_error_usd: float
    probability_of_loss: float
    probability_error: float
    paths: int


def measured(values: Vector, level: float, *, antithetic: bool = False, block: int = 0) -> Measured:
    """Mean, CVaR and chance of loss of a sample.

    Standard errors: ``sd / sqrt(S)`` of the values, of ``VaR - max(0, VaR - v) / (1 - level)``, whose mean is the CVaR
    (Trindade et al. 2007), and of the indicator of a loss. Antithetic pairs are averaged first: only pairs
    are independent.
    """
    found = tail(values, level)
    spread = found.var - np.maximum(0.0, found.var - values) / (1.0 - level)
    lost = (values < 0.0).astype(float)

    def error(sample: Vector) -> float:
        independent = _pairs(sample, block) if antithetic else sample
        return float(np.std(independent, ddof=1) / np.sqrt(len(independent)))

    return Measured(
        float(np.mean(values)), error(values), found.cvar, error(spread), float(lost.mean()), error(lost), len(values)
    )


def _pairs(sample: Vector, block: int) -> Vector:
    """Means of antithetic pairs: within a block of so many paths the second half mirrors the first.

    Paths without their mirror image, at the end of the sample, are left out. Half a block or less holds no pair: all of
    its paths are then independent.
    """
    if len(sample) < block // 2 + 2:
        return sample
    means = []
    for first in range(0, len(sample), block):
        part = sample[first : first + block]
        mirrored = len(part) - block // 2
        if mirrored > 0:
            means.append(0.5 * (part[:mirrored] + part[block // 2 :]))
    return np.concatenate(means)
