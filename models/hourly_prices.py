"""A year (or more) of metered prices by calendar month, and dispatch against them that is exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydantic import Field

from models.assumptions import Assumptions, Number
from models.timeline import Vector

CALENDAR_MONTHS = 12


class HourlyPrices(Assumptions):
    """Prices of every interval, grouped by calendar month; the order within a month does not matter."""

    file: str = Field("", max_length=1_000, description="The file they were read from")
    months: tuple[tuple[Number, ...], ...] = Field(
        min_length=CALENDAR_MONTHS, max_length=CALENDAR_MONTHS, description="USD/MWh by calendar month, January first"
    )


@dataclass(frozen=True)
class DispatchCurve:
    """Intervals sorted by price, as running sums: what a load pays that runs in every hour cheaper than ``x``.

    ``price_usd_per_mwh`` ascends, (n,). ``share[k]`` is the share of time in the ``k`` cheapest intervals and
    ``cost_usd_per_mwh[k]`` what those intervals cost, averaged over *all* time; both (n + 1,), starting at 0.
    """

    price_usd_per_mwh: Vector
    share: Vector
    cost_usd_per_mwh: Vector

    @cached_property
    def mean_price_usd_per_mwh(self) -> float:
        """Time-average of the prices."""
        return float(self.cost_usd_per_mwh[-1])

    def margin_usd_per_mwh(self, worth_usd_per_mwh: Vector, open_share: float = 1.0) -> Vector:
        """``sum_i w_i max(0, x - p_i)`` for what an hour is worth, any shape: exact, by one search.

        With ``open_share`` below 1 only that share of time, the cheapest, is open to run in; the interval on its edge
        counts in part.
        """
        cheaper = np.searchsorted(self.price_usd_per_mwh, worth_usd_per_mwh)
        margin = np.asarray(worth_usd_per_mwh * self.share[cheaper] - self.cost_usd_per_mwh[cheaper])
        if open_share >= 1.0:
            return margin
        at_edge = np.interp(open_share, self.share, self.cost_usd_per_mwh)
        return np.where(self.share[cheaper] > open_share, worth_usd_per_mwh * open_share - at_edge, margin)

    def running_share(self, worth_usd_per_mwh: Vector, open_share: float = 1.0) -> Vector:
        """Share of time in which an hour costs less than it is worth and is open to run in."""
        return np.minimum(self.share[np.searchsorted(self.price_usd_per_mwh, worth_usd_per_mwh)], open_share)


def dispatch_curve(prices_usd_per_mwh: Vector) -> DispatchCurve:
    """The curve of equally long intervals."""
    ordered = np.sort(np.asarray(prices_usd_per_mwh, dtype=float))
    count = len(ordered)
    share = np.arange(count + 1) / count
    cost = np.concatenate([[0.0], np.cumsum(ordered)]) / count
    return DispatchCurve(ordered, share, cost)
