"""The flip map as a heat map: how much of an offer the best plan takes, over two inputs."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from allocator.allocation import TAKEN_MW
from allocator.case import Case
from allocator.flip_map import Axis, FlipMap
from allocator.ui.figure import HOSTING, Drawing, Figure
from allocator.ui.flip_map_words import finding, nearest, scale_of, today
from allocator.ui.terms import field_name

DARK, LIGHT, TODAY = "#1A1A1A", "#FFFFFF", "#D55E00"
LABELLED = 6
"""About so many cells a side carry their megawatts as a number."""
HEIGHT = 430


def map_figure(case: Case, found: FlipMap) -> Figure:
    """Its finding is where the answer turns; its data are the cells."""
    market, lease = scale_of(found.market), scale_of(found.lease)
    measure = (
        f"Critical IT MW taken, as numbers and shades; across: {market.name} in {market.unit}, up: {lease.name} in "
        f"{lease.unit}; line: where the answer turns; diamond: the case; {len(found.market.values)} x "
        f"{len(found.lease.values)} plans"
    )
    return Figure("flip_map", finding(case, found), measure, map_chart(case, found), map_table(found))


def map_table(found: FlipMap) -> pd.DataFrame:
    """One row a cell."""
    m, n = np.meshgrid(found.market.values, found.lease.values, indexing="ij")
    return pd.DataFrame(
        {
            field_name(found.market.path): m.ravel(),
            field_name(found.lease.path): n.ravel(),
            "taken_critical_it_mw": found.taken_mw.ravel(),
            "most_mined_facility_mw": found.mined_mw.ravel(),
            "npv_usd": found.npv_usd.ravel(),
        }
    )


def grid_table(found: FlipMap) -> pd.DataFrame:
    """Critical IT MW taken as the map shows it: the lease's values down, the largest first, the market's across."""
    market, lease = scale_of(found.market), scale_of(found.lease)
    table = pd.DataFrame(found.taken_mw.T[::-1], columns=[market.words(value) for value in found.market.values])
    table.insert(0, lease.name, [lease.words(value) for value in found.lease.values[::-1]])
    return table


def map_chart(case: Case, found: FlipMap) -> Drawing:
    """Cells, the numbers of some, the line where the answer turns, the case."""
    market, lease = scale_of(found.market), scale_of(found.lease)
    cells = _cells(found)
    across, up = _edges(found.market), _edges(found.lease)
    x_scale = alt.Scale(domain=[across[0], across[-1]], nice=False, zero=False)
    y_scale = alt.Scale(domain=[up[0], up[-1]], nice=False, zero=False)
    x = alt.X("x:Q", title=None, scale=x_scale, axis=alt.Axis(format=market.form, tickCount=7, grid=False))
    y = alt.Y("y:Q", title=None, scale=y_scale, axis=alt.Axis(format=lease.form, tickCount=7, grid=False))
    most = case.leases[found.offer].critical_it_mw
    shades = alt.Scale(domain=[0.0, most], range=["#E4E4E4", HOSTING], clamp=True)
    squares = (
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=alt.X("x_low:Q", title=None, scale=x_scale, axis=alt.Axis(format=market.form, tickCount=7, grid=False)),
            x2="x_high",
            y=alt.Y("y_low:Q", title=None, scale=y_scale, axis=alt.Axis(format=lease.form, tickCount=7, grid=False)),
            y2="y_high",
            color=alt.Color("taken:Q", legend=None, scale=shades),
            # Without it the seams between cells show.
            stroke=alt.Stroke("taken:Q", legend=None, scale=shades),
            tooltip=[
                alt.Tooltip("market_words:N", title=market.name),
                alt.Tooltip("lease_words:N", title=lease.name),
                alt.Tooltip("label:N", title="critical IT MW taken"),
                alt.Tooltip("mined:Q", title="most that mines, facility MW", format=",.0f"),
                alt.Tooltip("npv_million:Q", title="NPV, USD M", format=",.1f"),
            ],
        )
    )
    layers: list[alt.Chart] = [squares]
    for side, colour in ((cells["taken"] > 0.5 * most, LIGHT), (cells["taken"] <= 0.5 * most, DARK)):
        some = cells[side & cells["labelled"] & ~_beside(case, found, cells)]
        if len(some):
            layers.append(alt.Chart(some).mark_text(fontSize=11, color=colour).encode(x=x, y=y, text="label:N"))
    line = _border_line(found)
    if len(line):
        for width, colour in ((5, LIGHT), (2.5, DARK)):
            path = alt.Chart(line).mark_line(strokeWidth=width, color=colour, strokeJoin="miter")
            layers.append(path.encode(x=x, y=y, order="order:Q", detail="piece:N"))
    layers += _case_marks(case, found, x, y)
    return alt.layer(*layers).properties(height=HEIGHT)


def _case_marks(case: Case, found: FlipMap, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A diamond where the case stands, named."""
    at = today(case, found.market), today(case, found.lease)
    taken = float(found.taken_mw[nearest(found.market, at[0]), nearest(found.lease, at[1])])
    words = pd.DataFrame(
        {"x": [at[0] * scale_of(found.market).shown], "y": [at[1] * scale_of(found.lease).shown], "t": ["the case"]}
    )
    ink = LIGHT if taken > 0.5 * case.leases[found.offer].critical_it_mw else DARK
    marked = alt.Chart(words)
    return [
        marked.mark_point(shape="diamond", size=190, filled=True, color=TODAY, stroke=LIGHT, opacity=1).encode(
            x=x, y=y
        ),
        marked.mark_text(align="left", dx=11, fontSize=12, fontWeight="bold", color=ink).encode(x=x, y=y, text="t:N"),
    ]


def _cells(found: FlipMap) -> pd.DataFrame:
    market, lease = scale_of(found.market), scale_of(found.lease)
    across, up = _edges(found.market), _edges(found.lease)
    every_x, every_y = (max(1, round(len(axis.values) / LABELLED)) for axis in (found.market, found.lease))
    rows = []
    for i, m in enumerate(found.market.values):
        for j, n in enumerate(found.lease.values):
            taken = float(found.taken_mw[i, j])
            rows.append(
                {
                    "x": m * market.shown,
                    "y": n * lease.shown,
                    "x_low": across[i],
                    "x_high": across[i + 1],
                    "y_low": up[j],
                    "y_high": up[j + 1],
                    "taken": 0.0 if np.isnan(taken) else taken,
                    "label": _label(taken),
                    "labelled": i % every_x == every_x // 2 and j % every_y == every_y // 2,
                    "market_words": market.words(m),
                    "lease_words": lease.words(n),
                    "mined": found.mined_mw[i, j],
                    "npv_million": found.npv_usd[i, j] / 1e6,
                }
            )
    return pd.DataFrame(rows)


def _beside(case: Case, found: FlipMap, cells: pd.DataFrame) -> pd.Series:
    """Cells in which the case's own mark and name stand."""
    step = 2.5 * (cells["x_high"].iloc[0] - cells["x_low"].iloc[0])
    right = cells["x"] - today(case, found.market) * scale_of(found.market).shown
    at = today(case, found.lease) * scale_of(found.lease).shown
    beside: pd.Series = (right.abs() < step) & (cells["y_low"] < at) & (at < cells["y_high"])
    return beside


def _label(taken: float) -> str:
    if np.isnan(taken):
        return "no plan"
    return f"{taken:,.0f}" if taken > TAKEN_MW else "none"


def _edges(axis: Axis) -> list[float]:
    """Where cells begin and end: half way between values, as far beyond the first and the last."""
    values = np.array(axis.values) * scale_of(axis).shown
    middle = 0.5 * (values[1:] + values[:-1])
    return [float(2 * values[0] - middle[0]), *map(float, middle), float(2 * values[-1] - middle[-1])]


def _border_line(found: FlipMap) -> pd.DataFrame:
    """Steps along the edges of the cells in which the answer turns; a new piece where a column does not turn."""
    across, up = _edges(found.market), _edges(found.lease)
    rows: list[dict[str, float]] = []
    piece, broken = 0, True
    for i, taken in enumerate(found.taken):
        turns = np.flatnonzero(taken[1:] != taken[:-1])
        if not len(turns):
            broken = True
            continue
        piece += broken
        broken = False
        rows += [{"x": x, "y": up[int(turns[0]) + 1], "piece": piece} for x in (across[i], across[i + 1])]
    return pd.DataFrame(rows, columns=["x", "y", "piece"]).assign(order=range(len(rows)))
