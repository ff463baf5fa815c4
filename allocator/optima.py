"""Differences of optimal values."""

from __future__ import annotations

from allocator.program.solve import LiveProgram, SolverError

CONTRADICTION = 1e-6
SAME_VALUE = 1e-9
"""Two optima closer than this, relative, are the same."""


def worth(live: LiveProgram) -> float | None:
    """The best NPV of a live program; ``None`` where there is no plan."""
    found = live.value()
    return None if found is None else -found


def difference(better: float, worse: float) -> float:
    """A difference of optima that theory says is not negative; solver noise is zero.

    Raises
    ------
    SolverError
        Where it is negative beyond an integer program's gap: then one of the two is not an optimum.
    """
    gap, scale = better - worse, 1.0 + abs(better)
    if gap < -CONTRADICTION * scale:
        raise SolverError(f"two optima contradict each other: {better:,.2f} USD with more room, {worse:,.2f} with less")
    return gap if gap > SAME_VALUE * scale else 0.0
