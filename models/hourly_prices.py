"""A year (or more) of metered prices by calendar month, and dispatch against them that is exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.assumptions import Assumptions, Number
from models.timeline import Vector

CALENDAR_MONTHS = 12
CELLS, STRETCH = 4_096, 8_192
"""Cells of the table that stands for a search, and values looked up at a time: they stay in the processor's cache."""


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
        if open_share >= 1.0:
            if len(self.price_usd_per_mwh) == 1:
                return np.asarray(np.maximum(worth_usd_per_mwh - self.price_usd_per_mwh[0], 0.0))
            if self._cells is not None and np.size(worth_usd_per_mwh) > CELLS:
                return self._looked_up(np.ascontiguousarray(worth_usd_per_mwh, dtype=float), self._cells)
        cheaper = np.searchsorted(self.price_usd_per_mwh, worth_usd_per_mwh)
        margin = np.asarray(worth_usd_per_mwh * self.share[cheaper] - self.cost_usd_per_mwh[cheaper])
        if open_share >= 1.0:
            return margin
        at_edge = np.interp(open_share, self.share, self.cost_usd_per_mwh)
        return np.where(self.share[cheaper] > open_share, worth_usd_per_mwh * open_share - at_edge, margin)

    @cached_property
    def _cells(self) -> NDArray[np.int64] | None:
        """Number of prices below each of equally wide cells between the ends; ``None`` if two share a cell."""
        price = self.price_usd_per_mwh
        width = (price[-1] - price[0]) / CELLS
        if len(price) < 2 or np.diff(price).min() <= 2.0 * width:
            return None
        inside = np.searchsorted(price, price[0] + width * np.arange(CELLS))
        return np.concatenate([[0], inside, [len(price)]])

    def _looked_up(self, worth: Vector, cells: NDArray[np.int64]) -> Vector:
        """The same by a table instead of a search: a cell holds one price at most, and one comparison decides."""
        first, found = self.price_usd_per_mwh[0], np.empty_like(worth)
        per_usd = CELLS / (self.price_usd_per_mwh[-1] - first)
        next_price = np.append(self.price_usd_per_mwh, np.inf)
        given, out = worth.reshape(-1), found.reshape(-1)
        for begin in range(0, len(given), STRETCH):
            now = given[begin : begin + STRETCH]
            cell = np.clip((now - first) * per_usd + 1.0, 0.0, CELLS + 1.0).astype(np.int32)
            cheaper = cells.take(cell)
            cheaper += next_price.take(cheaper) < now
            margin = self.share.take(cheaper)
            margin *= now
            margin -= self.cost_usd_per_mwh.take(cheaper)
            out[begin : begin + STRETCH] = margin
        return found

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
