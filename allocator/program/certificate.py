"""How far an answer is from being exactly right, by products of our own: the solver's word is not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.program.build import StandardForm, with_integers_fixed
from models.timeline import Vector

if TYPE_CHECKING:
    from allocator.program.solve import Answer


@dataclass(frozen=True)
class Certificate:
    """How far an answer is from being exactly right; all relative."""

    primal_residual: float
    """Largest breach of a row or bound, over 1 + its limit or the sum of its terms, whichever is larger."""
    dual_residual: float
    """Largest reduced cost with the wrong sign, over 1 + its column's NPV or the sum of its terms, whichever is larger
    (of a balance: as money on its amount, over 1 + objective); or price with the wrong sign, over 1 + the largest."""
    duality_gap: float
    """Objective less the value that the prices prove, over 1 + objective; the proven integer gap if that is larger."""
    ledger_error: float
    """Objective less the NPV of the plan's own cash-flow statement, over 1 + objective."""

    @property
    def worst(self) -> float:
        """The largest of the four."""
        return max(self.primal_residual, self.dual_residual, self.duality_gap, self.ledger_error)


def certify(form: StandardForm, found: Answer, statement_npv_usd: float) -> Certificate:
    """Check an answer with products of our own; the solver's word is not taken."""
    active = with_integers_fixed(form, found.y) if form.integer.any() else form
    y, price = found.y, found.row_price
    low, high = active.column_lower, active.column_upper
    reduced = active.cost - active.transposed_times(price)
    scale = 1.0 + abs(found.objective)
    proven = _bound_side(price, active.row_lower, active.row_upper) + _bound_side(reduced, low, high)
    gap = max(abs(found.objective - proven) / scale, found.integer_gap)
    return Certificate(
        primal_residual=breach(active, y),
        dual_residual=wrong_signs(active, found),
        duality_gap=float(gap),
        ledger_error=abs(-found.objective - statement_npv_usd) / scale,
    )


def _bound_side(price: Vector, lower: Vector, upper: Vector) -> float:
    """``sum price x the bound it leans on``: the lower one for a positive price, the upper for a negative one."""
    lean = np.where(price > 0, lower, upper)
    counted = (price != 0) & np.isfinite(lean)
    return float(np.sum(price[counted] * lean[counted]))


def wrong_signs(form: StandardForm, found: Answer) -> float:
    """Largest reduced cost or price of the wrong sign, over its size as :class:`Certificate` says; no integers."""
    y, price = found.y, found.row_price
    low, high = form.column_lower, form.column_upper
    reduced = form.cost - form.transposed_times(price)
    cost_size = 1.0 + np.maximum(np.abs(form.cost), form.absolute_transposed_times(np.abs(price)))
    # Prices telescope along a balance and cancel; what is left of them counts by its worth on the balance's amount.
    of_balance = np.maximum(cost_size, (1.0 + abs(found.objective)) / (1.0 + np.abs(y)))
    cost_size = np.where(form.cost == 0.0, of_balance, cost_size)
    wrong = (
        np.maximum(
            np.where(np.isfinite(low), 0.0, np.maximum(reduced, 0.0)),
            np.where(np.isfinite(high), 0.0, np.maximum(-reduced, 0.0)),
        )
        / cost_size
    )
    wrong_price = np.maximum(
        np.where(np.isfinite(form.row_lower), 0.0, np.maximum(price, 0.0)),
        np.where(np.isfinite(form.row_upper), 0.0, np.maximum(-price, 0.0)),
    )
    return float(max(wrong.max(initial=0.0), wrong_price.max(initial=0.0) / (1.0 + np.abs(price).max(initial=0.0))))


def breach(form: StandardForm, y: Vector) -> float:
    """Largest breach of a row or bound, over 1 + its limit or the sum of its terms, whichever is larger."""
    used = form.times(y)
    limit = np.where(
        np.isfinite(form.row_upper), form.row_upper, np.where(np.isfinite(form.row_lower), form.row_lower, 0.0)
    )
    size = 1.0 + np.maximum(np.abs(limit), form.absolute_times(np.abs(y)))
    breach = np.maximum(np.maximum(used - form.row_upper, form.row_lower - used), 0.0) / size
    low, high = form.column_lower, form.column_upper
    bound_size = 1.0 + np.maximum(
        np.where(np.isfinite(low), np.abs(low), 0.0), np.where(np.isfinite(high), np.abs(high), 0.0)
    )
    outside = np.maximum(np.maximum(y - high, low - y), 0.0) / bound_size
    return float(max(breach.max(initial=0.0), outside.max(initial=0.0)))
