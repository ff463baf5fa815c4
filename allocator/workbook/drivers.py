"""Which inputs of a sites table separate sites that host from sites that do not, and where to cut them for a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.case import LISTS, TABLES
from allocator.sites.columns import Column
from allocator.sites.table import SiteRow
from allocator.workbook.ranked_sites import Batch
from models.assumptions import describe
from models.timeline import Vector

ASKED_FIRST = (
    "rent_usd_per_kw_month", "price_usd_per_mwh", "grid_mw", "capex_usd_per_kw", "btc_price_usd", "difficulty",
    "discount_rate_hosting", "discount_rate_mining",
)  # fmt: skip
"""Inputs that a committee asks for; others stand in only where none of these differs between sites."""
SITES_PER_BIN, MOST_BINS, FEWEST_BINS = 12, 5, 3
_UNIT_WORDS = frozenset({"usd", "mw", "mwh", "kw", "kwh", "ph", "th", "per", "btc"})
_ITEMS = {"leases": "offer", "fleets": "fleet", "purchases": "purchase"}


@dataclass(frozen=True)
class Driver:
    """An input by which the map of decisions is drawn."""

    label: str
    unit: str
    values: tuple[float | None, ...]
    """Of each ranked site; ``None`` where it is no single number."""
    cuts: tuple[float, ...]
    """Where one bin ends and the next begins, ascending."""

    @property
    def named(self) -> str:
        """Label and unit."""
        return f"{self.label}, {self.unit}" if self.unit else self.label

    @property
    def form(self) -> str:
        """Number format of its values."""
        largest = max((abs(v) for v in self.values if v is not None), default=0.0)
        return "#,##0" if largest >= 100 else "#,##0.0" if largest >= 10 else "0.000"


def drivers(batch: Batch) -> tuple[Driver, ...]:
    """At most two inputs, the one that separates most first; none where no number differs between the sites."""
    columns = batch.table.columns.inputs
    asked = [c for c in columns if _field(c) in ASKED_FIRST]
    found = _scored(batch, asked) or _scored(batch, [c for c in columns if c not in asked])
    return tuple(driver for _, driver in sorted(found, key=lambda pair: -pair[0])[:2])


def _scored(batch: Batch, columns: Sequence[Column]) -> list[tuple[float, Driver]]:
    found = []
    for column in columns:
        values = tuple(_number(_value(batch, site.row, column)) for site in batch.ranked)
        cuts = _cuts(np.array([v for v in values if v is not None]))
        if cuts:
            found.append((_separation(batch, values, cuts), Driver(*_label(column), values, cuts)))
    return found


def _value(batch: Batch, row: SiteRow, column: Column) -> Any:
    if column.path in row.given:
        return row.given[column.path]
    here: Any = batch.table.base.document
    for part in column.parts:
        if isinstance(here, Mapping) and part in here:
            here = here[str(part)]
        elif isinstance(here, (list, tuple)) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return None
    return here


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        return None
    return float(value)


def _cuts(values: Vector) -> tuple[float, ...]:
    """Between bins of about as many sites each, at round figures."""
    if len(values) < FEWEST_BINS or values.min() == values.max():
        return ()
    bins = min(MOST_BINS, max(FEWEST_BINS, len(values) // SITES_PER_BIN))
    exact = np.quantile(values, np.arange(1, bins) / bins)
    rounded = sorted({float(f"{cut:.3g}") for cut in exact})
    return tuple(cut for cut in rounded if values.min() < cut <= values.max())


def _separation(batch: Batch, values: Sequence[float | None], cuts: Sequence[float]) -> float:
    """Share of the variance of hosting that lies between the bins, times how far the two outer bins are apart."""
    known = [(v, _hosting_share(s.hosting_mw, s.mining_mw)) for v, s in zip(values, batch.ranked, strict=True)]
    pairs = np.array([(v, h) for v, h in known if v is not None and h is not None])
    if len(pairs) == 0 or pairs[:, 1].var() == 0:
        return 0.0
    bins, shares = np.digitize(pairs[:, 0], cuts), pairs[:, 1]
    within = sum(shares[bins == b].var() * np.mean(bins == b) for b in np.unique(bins))
    apart = abs(shares[bins == bins.max()].mean() - shares[bins == bins.min()].mean())
    return float((1.0 - within / shares.var()) * apart)


def _hosting_share(hosting_mw: float, mining_mw: float) -> float | None:
    used = hosting_mw + mining_mw
    return hosting_mw / used if used > 0 else None


def _field(column: Column) -> str:
    names = [part for part in column.parts if isinstance(part, str)]
    return names[-1]


def _label(column: Column) -> tuple[str, str]:
    """Words and unit of an input.

    >>> from allocator.sites.columns import Column
    >>> _label(Column(0, "leases[0].rent_usd_per_kw_month", ("leases", 0, "rent_usd_per_kw_month"), False))
    ('rent of offer 1', 'USD/kW-month')
    """
    first, field = str(column.parts[0]), _field(column)
    words = field.split("_")
    end = next((i for i, word in enumerate(words) if i > 0 and word in _UNIT_WORDS), len(words))
    words = [{"btc": "BTC", "it": "IT"}.get(word, word) for word in words[:end]]
    text = " ".join(words)
    if first in LISTS and len(column.parts) > 2:
        own, place = describe(LISTS[first]), column.parts[1]
        label = f"{text} of {_ITEMS.get(first, first)} {int(place) + 1}"
        return label, own[str(column.parts[2])].unit
    if first in TABLES and len(column.parts) > 1:
        own = describe(TABLES[first])
        return ("power price" if field == "price_usd_per_mwh" else text), own[str(column.parts[1])].unit
    return text, ""
