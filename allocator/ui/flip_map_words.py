"""A flip map in words: its inputs with their units, where the answer turns, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.case import Case
from allocator.flip_map import Axis, FlipMap, border
from allocator.formats import percent, rent
from allocator.ui.terms import field_name


@dataclass(frozen=True)
class Scale:
    """How an axis is named, drawn and said."""

    name: str
    unit: str
    form: str
    words: Callable[[float], str]
    shown: float = 1.0
    """What a value is multiplied by to be drawn."""


SCALES = {
    "btc_price_usd": Scale("BTC price", "USD", ",.0f", lambda usd: f"${usd:,.0f}"),
    "price_usd_per_mwh": Scale("power price", "USD/MWh", ",.0f", lambda usd: f"${usd:,.2f} /MWh"),
    "rent_usd_per_kw_month": Scale("rent", "USD/kW-month", ",.0f", rent),
    "capex_usd_per_kw": Scale("capex", "USD/kW of critical IT", ",.0f", lambda usd: f"${usd:,.0f} /kW"),
    "noi_margin": Scale("NOI margin", "% of rent", ",.0f", percent, 100.0),
}


def scale_of(axis: Axis) -> Scale:
    """The scale of an axis, by its input."""
    return SCALES[field_name(axis.path)]


def today(case: Case, axis: Axis) -> float:
    """Where the case itself stands on an axis."""
    table, name = axis.path.rsplit(".", 1)
    if table.startswith("leases["):
        return float(getattr(case.leases[int(table[7:-1])], name))
    return float(getattr(getattr(case, table), name))


def finding(case: Case, found: FlipMap) -> str:
    """Where the answer turns, over which stretch of the market; said of cells that were solved, nothing between."""
    market, lease, name = scale_of(found.market), scale_of(found.lease), case.leases[found.offer].name
    if not found.taken.any():
        return f"{name} is refused everywhere on this map"
    if found.taken.all():
        return f"{name} is taken everywhere on this map: {_span(found.lease)} and {_span(found.market)}"
    lines = border(found)
    here = int(np.argmin(np.abs(np.array(found.market.values) - today(case, found.market))))
    turn = lines[here]
    if turn is None:
        some = [value for value, line in zip(found.market.values, lines, strict=True) if line is not None]
        where = f"{market.words(min(some))} to {market.words(max(some))}"
        return f"{name} is refused at today's {market.name} at every {lease.name} shown; taken only from {where}"
    falling = field_name(found.lease.path) == "capex_usd_per_kw"
    no_worse = [line is not None and (line >= turn if falling else line <= turn) for line in lines]
    first = last = here
    while first > 0 and no_worse[first - 1]:
        first -= 1
    while last + 1 < len(lines) and no_worse[last + 1]:
        last += 1
    stretch = _stretch(found.market, first, last)
    verb = "stays in the plan" if found.taken[here, nearest(found.lease, today(case, found.lease))] else "is taken"
    side = "below" if falling else "above"
    return f"{name} {verb} at {_named(lease)} of {lease.words(turn)} and {side}, at every {market.name} {stretch}"


def _named(scale: Scale) -> str:
    return {"rent": "a rent", "NOI margin": "an NOI margin"}.get(scale.name, scale.name)


def nearest(axis: Axis, value: float) -> int:
    """Number of the value of an axis that is nearest to one."""
    return int(np.argmin(np.abs(np.array(axis.values) - value)))


def _span(axis: Axis) -> str:
    scale = scale_of(axis)
    return f"{scale.name} from {scale.words(axis.values[0])} to {scale.words(axis.values[-1])}"


def _stretch(axis: Axis, first: int, last: int) -> str:
    words = scale_of(axis).words
    low, high = words(axis.values[first]), words(axis.values[last])
    if first == 0 and last == len(axis.values) - 1:
        return f"from {low} to {high}"
    if first == 0:
        return f"up to {high}"
    return f"from {low} up" if last == len(axis.values) - 1 else f"from {low} to {high}"


def missing_words(found: FlipMap) -> str:
    """How many cells have no plan at all."""
    without = int(np.isnan(found.npv_usd).sum())
    return f"{without} cells have no plan that meets every limit. " if without else ""
