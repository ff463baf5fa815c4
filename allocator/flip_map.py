"""A two-way flip map: the answer to one offer over a grid of two inputs, one of the market and one of the lease."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.activities import Activities, Kind, activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.case import replaced
from allocator.program.build import Program, StandardForm, build
from allocator.program.rows import Indices
from allocator.program.solve import LiveProgram, Status
from models.rent import Recovery
from models.timeline import Vector

POINTS, POINTS_WHOLE = 21, 7
SPAN = (0.5, 1.5)
"""From half to one and a half times today's value."""


@dataclass(frozen=True)
class Axis:
    """An input and the values that it takes."""

    path: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class FlipMap:
    """NPV and what is taken of an offer in every cell, (len(market), len(lease)); NaN where there is no plan."""

    offer: int
    market: Axis
    lease: Axis
    npv_usd: Vector
    taken_mw: Vector
    """Critical IT MW of the offer."""
    mined_mw: Vector
    """Most facility MW that mine in any quarter."""

    @property
    def taken(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Whether the offer is in the plan."""
        return np.asarray(self.taken_mw > TAKEN_MW)


def around(value: float, points: int = POINTS) -> tuple[float, ...]:
    """Values from half to one and a half of today's."""
    return tuple(float(v) for v in np.linspace(SPAN[0] * value, SPAN[1] * value, points))


def flip_map(plan: Allocation, offer: int, market: Axis, lease: Axis) -> FlipMap:
    """Solve every cell, row after row and back (snake order), each from its neighbour's basis.

    An input of the market moves only columns that mine, one of the lease only its own columns, so that a cell's program
    is put together from one program a market value and one a lease value. Where the landlord pays for power, both move
    the lease's columns, and where rows come and go with an input, programs do not fit: then every cell is built anew.
    """
    shape = (len(market.values), len(lease.values))
    npv, taken, mined = (np.full(shape, np.nan) for _ in range(3))
    mine = np.array([a.kind is Kind.LEASE and a.owner == offer for a in plan.choices.items])
    near: LiveProgram | None = None
    for i, j, program, form in _cells(plan, market, lease):
        near = LiveProgram(form, near)
        found = near.answer()
        if found.status is Status.OPTIMAL:
            columns = program.columns
            units = np.maximum(found.y[columns.activity], 0.0) * columns.units_per_step
            mining = np.where(program.choices.hosting, 0.0, units)
            npv[i, j] = -found.objective
            taken[i, j] = units[mine].sum()
            mined[i, j] = (program.choices.facility_mw @ mining).max(initial=0.0)
    return FlipMap(offer, market, lease, npv, taken, mined)


def _cells(plan: Allocation, market: Axis, lease: Axis) -> Iterator[tuple[int, int, Program, StandardForm]]:
    across = range(len(lease.values))
    by_market = [_moved(plan.choices, market.path, value) for value in market.values]
    separate = not any(terms.recovery is Recovery.GROSS for terms in plan.case.leases)
    if separate:
        rows = [build(choices) for choices in by_market]
        hosting = [build(_moved(plan.choices, lease.path, value)).form for value in lease.values]
        columns = rows[0].columns.activity[rows[0].choices.hosting]
        separate = all(form.row_names == row.form.row_names for row in rows for form in hosting)
    for i in range(len(market.values)):
        for j in across if i % 2 == 0 else reversed(across):
            if separate:
                yield i, j, rows[i], _with_columns(rows[i].form, hosting[j], columns)
            else:
                program = build(_moved(by_market[i], lease.path, lease.values[j]))
                yield i, j, program, program.form


def _moved(choices: Activities, path: str, value: float) -> Activities:
    return activities(replaced(choices.case, path, value), reuse=choices)


def _with_columns(form: StandardForm, other: StandardForm, columns: Indices) -> StandardForm:
    """A form whose ``columns``, cost and entries, are those of another form of the same rows."""
    theirs = np.zeros(len(form.cost), dtype=bool)
    theirs[columns] = True
    kept, taken = ~theirs[form.index], theirs[other.index]
    row = np.concatenate([form.row_of_entry[kept], other.row_of_entry[taken]])
    order = np.argsort(row, kind="stable")
    counts = np.bincount(row, minlength=len(form.row_names))
    return replace(
        form,
        cost=np.where(theirs, other.cost, form.cost),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        index=np.concatenate([form.index[kept], other.index[taken]])[order],
        value=np.concatenate([form.value[kept], other.value[taken]])[order],
    )


def default_axes(plan: Allocation, offer: int) -> tuple[Axis, Axis]:
    """Bitcoin price and rent, each from half to one and a half times today's; coarser with whole halls."""
    points = POINTS_WHOLE if plan.program.form.integer.any() else POINTS
    rent = plan.case.leases[offer].rent_usd_per_kw_month
    return (
        Axis("market.btc_price_usd", around(plan.case.market.btc_price_usd, points)),
        Axis(f"leases[{offer}].rent_usd_per_kw_month", around(rent, points)),
    )


def border(found: FlipMap) -> Sequence[float | None]:
    """For each market value the lowest (rent, margin) or highest (cost) lease value that has the offer in the plan."""
    rising = not found.lease.path.endswith("capex_usd_per_kw")
    lines: list[float | None] = []
    for row in found.taken:
        held = [value for value, in_plan in zip(found.lease.values, row, strict=True) if in_plan]
        lines.append((min(held) if rising else max(held)) if held else None)
    return lines
