"""What can be wrong with a column of metered prices: order, gaps, copies, an incomplete year, the wrong unit."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.price_layouts import Finding, Times, readable
from models.timeline import Vector

MINUTE_US = 60_000_000
YEARS = range(1990, 2101)
ALLOWED_MINUTES = (60, 30, 15, 5)
LARGEST_PRICE_USD_PER_MWH = 100_000.0
"""No market's cap comes near: ERCOT's was 9,000, Australia's is about 20,000."""
DOLLARS_PER_KWH_BELOW, CENTS_PER_KWH_BELOW = 1.0, 12.0
"""Medians below these look like USD/kWh and like cents per kWh: wholesale power costs 2 to 6 cents."""
LARGEST_USD_PER_KWH, LARGEST_CENTS_PER_KWH, DEAR_CENTS_PER_KWH = 20.0, 100.0, 20.0
"""A year in USD/MWh has hours above the first two; one hour in twenty above the third."""
HIGHEST_MEDIAN_USD_PER_MWH = 1_000.0
WINDOW_DAYS = 14
"""Medians of two weeks on either side of a day; a storm of five days moves neither."""
UNIT_FACTORS = (10.0, 100.0, 1_000.0)

Lines = NDArray[np.int64]


def time_findings(lines: Lines, times: Times) -> list[Finding]:
    """Order, interval grid, copies, gaps, and whether a whole year is there."""
    known = readable(times.instant)
    far = known & ~np.isin(times.wall.year, YEARS)
    findings = [
        Finding(int(lines[i]), str(times.wall[i]), f"is not between {YEARS[0]} and {YEARS[-1]}", "correct the year")
        for i in np.flatnonzero(far).tolist()
    ]
    known &= ~far
    if not known.any():
        return findings
    step = _step_minutes(times.instant[known])
    if step not in ALLOWED_MINUTES:
        second = int(lines[known][1])
        return [*findings, Finding(second, f"{step:g} minutes after the row before", "is no interval known here",
                                   "give prices of every hour, or every 30, 15 or 5 minutes")]  # fmt: skip
    aligned = known & (times.wall.asi8 % int(step * MINUTE_US) == 0)
    findings += [
        Finding(int(lines[i]), str(times.wall[i]), f"is not on the grid of {step:g} minutes", "round it")
        for i in np.flatnonzero(known & ~aligned).tolist()
    ]
    kept = np.flatnonzero(aligned)
    found, astray = _order_findings(lines[kept], times.wall[kept], times.instant[kept].asi8)
    kept = kept[~astray]
    findings += found + _gap_findings(lines, times, kept, int(step))
    return findings + _year_findings(lines[kept], times.wall[kept], int(step))


def _step_minutes(instant: pd.DatetimeIndex) -> float:
    """The commonest distance between neighbours, in minutes; an hour where there is but one time."""
    steps = np.diff(np.unique(instant.asi8))
    values, counts = np.unique(steps, return_counts=True)
    return float(values[np.argmax(counts)]) / MINUTE_US if len(values) else 60.0


def _order_findings(
    lines: Lines, wall: pd.DatetimeIndex, instant: NDArray[np.int64]
) -> tuple[list[Finding], NDArray[np.bool_]]:
    """Copies and rows out of order; and which of these lie outside the time that the other rows span."""
    by_time = np.argsort(instant, kind="stable")
    copies = np.flatnonzero(np.diff(instant[by_time]) == 0) + 1
    repeated = by_time[copies]
    findings = [
        Finding(int(lines[copy]), str(wall[copy]), f"is there already, on line {lines[earlier]}",
                "remove one of the two; only the hour that clocks repeat may come twice")
        for copy, earlier in zip(repeated.tolist(), by_time[copies - 1].tolist(), strict=True)
    ]  # fmt: skip
    first = np.ones(len(instant), dtype=bool)
    first[repeated] = False
    ordered = np.zeros(len(instant), dtype=bool)
    ordered[np.flatnonzero(first)[_longest_ascent(instant[first])]] = True
    late = first & ~ordered
    if late.sum() * 2 > len(instant):
        told = Finding(int(lines[1]), str(wall[1]), "is earlier than the row before, and so are most rows",
                       "sort the file by time, oldest first")  # fmt: skip
        return [*findings, told], np.zeros(len(instant), dtype=bool)
    findings += [
        Finding(int(lines[i]), str(wall[i]), "is out of order", "correct the time, or sort the file by it")
        for i in np.flatnonzero(late).tolist()
    ]
    inside = instant[ordered]
    return findings, late & ((instant < inside[0]) | (instant > inside[-1]))


def _longest_ascent(instant: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the longest ascending run of rows, not necessarily neighbours: the fewest others are out of order."""
    if (np.diff(instant) > 0).all():
        return np.arange(len(instant))
    lowest: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for place, value in enumerate(instant.tolist()):
        length = bisect_left(lowest, value)
        before.append(holders[length - 1] if length else -1)
        lowest[length : length + 1] = [value]
        holders[length : length + 1] = [place]
    run, place = [], holders[-1]
    while place >= 0:
        run.append(place)
        place = before[place]
    return np.array(run[::-1])


def _gap_findings(lines: Lines, times: Times, kept: NDArray[np.int64], step: int) -> list[Finding]:
    """Missing intervals, except those whose row is there but was refused for something else."""
    instant, first = np.unique(times.instant[kept].asi8, return_index=True)
    place = kept[first]
    steps = np.diff(instant) // (step * MINUTE_US)
    gaps = np.flatnonzero((steps > 1) & (steps != np.diff(place)))
    findings: list[Finding] = []
    for other in (minutes for minutes in ALLOWED_MINUTES if minutes > step):
        coarser = gaps[steps[gaps] == other // step]
        if len(coarser) > 24:
            gaps = np.setdiff1d(gaps, coarser)
            line = int(lines[place[coarser[0] + 1]])
            findings.append(Finding(line, f"{other} minutes after the row before,",
                                    f"where other rows follow after {step}", "give one interval length"))  # fmt: skip
    length = pd.Timedelta(minutes=step)
    for gap in gaps.tolist():
        missing = int(steps[gap]) - 1
        since = times.wall[place[gap]] + length
        findings.append(Finding(
            int(lines[place[gap + 1]]), "", f"follows a gap: {missing} interval{'s' if missing > 1 else ''} of {step} "
            f"minutes missing from {since:%Y-%m-%d %H:%M}", "supply them; where clocks change, local timestamps "
            "skip an hour in spring and repeat one in autumn, or do neither",
        ))  # fmt: skip
    return findings


def _year_findings(lines: Lines, wall: pd.DatetimeIndex, step: int) -> list[Finding]:
    length = pd.Timedelta(minutes=step)
    begin, last = wall.min(), wall.max()
    end = last + length
    told = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    if begin == begin.normalize() + length and last == last.normalize() and begin != last:
        return [Finding(int(lines[0]), f"{begin:%Y-%m-%d %H:%M}", "as the first timestamp, and midnight as the last, "
                        "look like ends of intervals", f"give starts: subtract {step} minutes from each")]  # fmt: skip
    if end >= begin + pd.DateOffset(years=1):
        return []
    months = pd.date_range(begin.normalize(), end, freq="MS")
    whole = [month for month in months if month >= begin and month + pd.DateOffset(months=1) <= end]
    missing = sorted(set(range(1, 13)) - {month.month for month in whole})
    names = ", ".join(f"{pd.Timestamp(2001, month, 1):%B}" for month in missing)
    return [Finding(int(lines[-1]), told, f"is less than one whole year; incomplete: {names}",
                    "give every hour of twelve months or more")]  # fmt: skip


def price_findings(lines: Lines, prices: Vector, wall: pd.DatetimeIndex, *, unit_is_named: bool) -> list[Finding]:
    """Prices beyond any market's cap, and units other than USD/MWh, of the file or of a part of it.

    ``unit_is_named``: the header says USD/MWh, so that a year of prices between 1 and 20 is believed.
    """
    beyond = np.flatnonzero(np.abs(prices) > LARGEST_PRICE_USD_PER_MWH)
    findings = [
        Finding(int(lines[i]), f"{prices[i]:g}", f"is beyond {LARGEST_PRICE_USD_PER_MWH:,.0f} USD/MWh",
                "correct it; prices are USD/MWh") for i in beyond
    ]  # fmt: skip
    size = np.abs(prices)
    if not len(size):
        return findings
    middle, largest = float(np.median(size)), float(size.max())
    switched = _switch_of_units(lines, size, wall)
    if switched is not None:
        return [*findings, switched]
    suspected = ""
    if largest == 0.0:
        return [*findings, Finding(1, "", "names a column in which every price is 0",
                                   "give the prices; a flat price needs no file")]  # fmt: skip
    if middle < DOLLARS_PER_KWH_BELOW and largest <= LARGEST_USD_PER_KWH:
        suspected = "USD/kWh: multiply by 1,000"
    elif not unit_is_named and middle < CENTS_PER_KWH_BELOW and largest <= LARGEST_CENTS_PER_KWH:
        if float(np.quantile(size, 0.95)) <= DEAR_CENTS_PER_KWH:
            suspected = "cents per kWh: multiply by 10; if they are USD/MWh, name the column price_usd_per_mwh"
    elif middle > HIGHEST_MEDIAN_USD_PER_MWH:
        suspected = "a unit smaller than the dollar, or not per MWh: convert to USD/MWh"
    if suspected:
        unit, _, remedy = suspected.partition(": ")
        findings.append(
            Finding(1, f"median price {middle:g}, largest {largest:g}:", f"suspected to be in {unit}", remedy)
        )
    return findings


def _switch_of_units(lines: Lines, size: Vector, wall: pd.DatetimeIndex) -> Finding | None:
    """The line at which absolute prices jump by about 10, 100 or 1,000 and stay there for two weeks.

    Both weeks' middle 70 % must lie apart as well, or a windy fortnight after a dear one would be refused.
    """
    days = wall.normalize().asi8
    starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    if len(starts) < 2 * WINDOW_DAYS:
        return None
    logs = np.log10(np.maximum(size, 1e-6))
    daily = np.array([np.median(part) for part in np.split(logs, starts[1:])])
    medians = np.median(np.lib.stride_tricks.sliding_window_view(daily, WINDOW_DAYS), axis=1)
    jumps = medians[WINDOW_DAYS:] - medians[:-WINDOW_DAYS]
    day = int(np.argmax(np.abs(jumps))) + WINDOW_DAYS
    factor = 10 ** abs(jumps[day - WINDOW_DAYS])
    if not any(0.6 * unit < factor < 1.6 * unit for unit in UNIT_FACTORS):
        return None
    low = starts[day - WINDOW_DAYS]
    high = starts[day + WINDOW_DAYS] if day + WINDOW_DAYS < len(starts) else len(size)
    rises = jumps[day - WINDOW_DAYS] > 0
    around = logs[low:high] if rises else -logs[low:high]
    middle = (np.quantile(around, 0.25) + np.quantile(around, 0.75)) / 2
    above = np.cumsum(np.where(around > middle, 1, -1))
    cut = int(np.argmin(above)) + 1
    if cut >= len(around) or np.quantile(around[:cut], 0.85) >= np.quantile(around[cut:], 0.15):
        return None
    before, after = np.median(size[low : low + cut]), np.median(size[low + cut : high])
    return Finding(int(lines[low + cut]), f"median price {before:g} before, {after:g} after:",
                   "mixed units suspected, the level jumps and stays", "convert the whole file to USD/MWh")  # fmt: skip
