"""The layouts in which metered prices come: which column holds what, and when each interval began.

ERCOT's four settlement-point layouts (reports NP6-905-CD and NP4-190-CD, and the yearly historical
sheets) share one reading: Central prevailing time, hour ending 1 to 24, and a flag ``Y`` on the *second*
copy of the hour that November repeats. Anything else is plain: a timestamp of the interval's start, and a price.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ERCOT_ZONE = "America/Chicago"
CLOCK_RULES = ("America/New_York", "Europe/Berlin", "Europe/London", "Europe/Helsinki", "Australia/Sydney")
"""One zone for each way in which clocks change; tried where timestamps without offset skip and repeat an hour."""
STAMP_NAMES = frozenset({"timestamp", "time", "datetime", "date", "intervalstart", "intervalstartlocal"})
UNITLESS_NAMES = frozenset({"price", "lmp"})
PRICE_NAMES = frozenset(
    {"priceusdpermwh", "usdpermwh", "usdmwh", "priceusdmwh", "lmpusdpermwh", "lmpusdmwh", "spotusdpermwh"}
)
POINT_NAMES = frozenset(
    {"settlementpoint", "settlementpointname", "location", "locationname", "node", "hub", "zone", "loadzone"}
)
ENERGY_WEIGHTED = "LZEW"
FLAG_NAMES = frozenset({"dstflag", "repeatedhourflag"})
KNOWN_LAYOUTS = (
    "give a header line: timestamp,price_usd_per_mwh; or ERCOT's settlement point prices as they are downloaded, "
    "real-time or day-ahead"
)
OFFSET = re.compile(r"(?:Z|z|[+-]\d\d(?::?\d\d)?)$")


class Layout(StrEnum):
    """How a file says when an interval began."""

    PLAIN = "timestamp,price"
    REAL_TIME = "ERCOT real-time, 15 minutes"
    DAY_AHEAD = "ERCOT day-ahead, hourly"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong at a line of the file: what stands there, the rule it breaks, the remedy."""

    line: int
    value: str
    rule: str
    remedy: str


@dataclass(frozen=True)
class Columns:
    """Positions of the columns: those that say when, the price; the settlement point and its type if the file has them.

    ``unit_is_named``: the header says, or the market settles in, USD/MWh.
    """

    layout: Layout
    when: tuple[int, ...]
    price: int
    point: int | None
    unit_is_named: bool
    kind: int | None = None

    def settlement_point(self, row: list[str]) -> str:
        """The point of a row; ERCOT lists a load zone twice, the second time energy-weighted: ``LZ_WEST/LZEW``."""
        name = "" if self.point is None else row[self.point].strip()
        weighted = self.kind is not None and row[self.kind].strip() == ENERGY_WEIGHTED
        return f"{name}/{ENERGY_WEIGHTED}" if weighted else name


@dataclass
class Rows:
    """The cells that matter as text, row by row (when, then the price), each row with its line in the file."""

    lines: list[int] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)

    @cached_property
    def columns(self) -> list[list[str]]:
        """The same cells column by column, without blanks around them; asked for once all rows are there."""
        return [[text.strip() for text in column] for column in zip(*self.cells, strict=True)]


@dataclass(frozen=True)
class Times:
    """Starts of the intervals, (n,): on the local clock, and on an axis on which time neither skips nor repeats.

    NaT where a row could not be read.
    """

    wall: pd.DatetimeIndex
    instant: pd.DatetimeIndex


def columns_of(header: list[str]) -> Columns | Finding:
    """The layout that a header line announces, or what is wrong with it."""
    names = [_plain_name(cell) for cell in header]
    if "deliverydate" in names:
        return _ercot_columns(names)
    if any(_is_data(cell) for cell in header):
        return Finding(1, repr(",".join(header))[:60], "has no header: the first line is data already", KNOWN_LAYOUTS)
    per_kwh = [cell for cell, name in zip(header, names, strict=True) if name.endswith("kwh") or "cent" in name]
    if per_kwh:
        return Finding(1, repr(per_kwh[0]), "is not USD/MWh", "convert (1 cent per kWh is 10 USD/MWh) and name the "
                       "column price_usd_per_mwh")  # fmt: skip
    stamps = [i for i, name in enumerate(names) if name in STAMP_NAMES]
    prices = [i for i, name in enumerate(names) if name in UNITLESS_NAMES | PRICE_NAMES]
    if not stamps or not prices:
        missing = " and ".join(
            words for words, found in (("timestamp", stamps), ("price in USD/MWh", prices)) if not found
        )
        return Finding(1, repr(",".join(header))[:60], f"names no column for {missing}", KNOWN_LAYOUTS)
    if len(stamps) > 1 or len(prices) > 1:
        doubled = stamps if len(stamps) > 1 else prices
        told = ", ".join(header[i].strip() for i in doubled)
        return Finding(1, repr(told), "are columns of one meaning", "keep one of them")
    point = next((i for i, name in enumerate(names) if name in POINT_NAMES), None)
    return Columns(Layout.PLAIN, (stamps[0],), prices[0], point, names[prices[0]] in PRICE_NAMES)


def _plain_name(cell: str) -> str:
    """A column's name without case, blanks and punctuation; ``$/MWh`` is ``usdpermwh``."""
    return re.sub(r"[\s_\-().\[\]]", "", cell.lower().replace("$", "usd").replace("/", "per"))


def _is_data(cell: str) -> bool:
    return not math.isnan(number(cell)) or bool(re.match(r"\s*\d{1,4}[-/.]\d", cell))


def _ercot_columns(names: list[str]) -> Columns | Finding:
    layout = Layout.DAY_AHEAD if "hourending" in names else Layout.REAL_TIME
    clock = ("hourending",) if layout is Layout.DAY_AHEAD else ("deliveryhour", "deliveryinterval")
    wanted = [
        *(frozenset({name}) for name in ("deliverydate", *clock)), FLAG_NAMES,
        frozenset({"settlementpointprice"}), frozenset({"settlementpoint", "settlementpointname"}),
    ]  # fmt: skip
    places = [next((i for i, name in enumerate(names) if name in known), None) for known in wanted]
    found = [place for place in places if place is not None]
    if len(found) < len(wanted):
        lacking = [" or ".join(sorted(known)) for known, place in zip(wanted, places, strict=True) if place is None]
        return Finding(1, "", f"lacks a column of ERCOT's {layout.value.removeprefix('ERCOT ')} layout: "
                       f"{', '.join(lacking)}", "export it with all columns")  # fmt: skip
    *when, price, point = found
    kind = names.index("settlementpointtype") if "settlementpointtype" in names else None
    return Columns(layout, tuple(when), price, point, unit_is_named=True, kind=kind)


def number(text: str) -> float:
    """A decimal number, infinite ones included; NaN for anything else."""
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def times(rows: Rows, layout: Layout, findings: list[Finding]) -> Times:
    """When each interval began; what cannot be read is appended to ``findings`` and is NaT."""
    if layout is Layout.PLAIN:
        return _stamped(rows, findings)
    return _ercot_times(rows, findings)


def _stamped(rows: Rows, findings: list[Finding]) -> Times:
    texts = rows.columns[0]
    offsets = [OFFSET.search(text, 10) for text in texts]
    wall_texts = [text if found is None else text[: found.start()] for text, found in zip(texts, offsets, strict=True)]
    wall = _iso(wall_texts)
    with_offset = np.array([found is not None for found in offsets])
    expected = bool(with_offset.sum() * 2 > len(texts))
    odd = (with_offset != expected) & readable(wall)
    wall = _only(wall, ~odd)
    if expected:
        instant = _only(_iso(texts, utc=True), ~odd)
        wall = _only(wall, readable(instant))
    else:
        instant = _without_clock_changes(wall)
    _say(findings, rows, ~readable(wall) & ~odd, texts, "is not an ISO timestamp",
         "write 2025-01-31 13:00, with or without an offset such as -06:00")  # fmt: skip
    _say(findings, rows, odd, texts, f"has {'no' if expected else 'an'} offset from UTC, unlike the other rows",
         "write all timestamps with an offset, or none")  # fmt: skip
    return Times(wall, instant)


def _iso(texts: list[str], *, utc: bool = False) -> pd.DatetimeIndex:
    long_enough = [text if len(text) >= 8 else "" for text in texts]
    parsed = pd.DatetimeIndex(pd.to_datetime(long_enough, format="ISO8601", errors="coerce", utc=utc))
    return (parsed.tz_localize(None) if utc else parsed).as_unit("us")


def _without_clock_changes(wall: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Local timestamps on a continuous axis: as they are, or by the clock rule that leaves the fewest irregular steps.

    The first copy of a repeated hour is summer time, the second standard time. Only a rule that explains
    *both* a skipped and a repeated hour leaves fewer, so that a mere gap is never taken for a change of clocks.
    """
    best, fewest = wall, _irregular_steps(wall)
    if fewest == 0:
        return best
    for zone in CLOCK_RULES:
        moved = local_to_utc(wall, zone, second=_is_second_copy(wall))
        left = _irregular_steps(moved)
        if left < fewest:
            best, fewest = moved, left
    return best


def _is_second_copy(wall: pd.DatetimeIndex) -> NDArray[np.bool_]:
    return np.asarray(wall.duplicated(keep="first"), dtype=bool)


def _irregular_steps(axis: pd.DatetimeIndex) -> int:
    """How many neighbours are not one usual interval apart, and how many times are no times."""
    known = axis[readable(axis)]
    steps = np.diff(known.asi8)
    return int((steps != np.median(steps)).sum()) + len(axis) - len(known) if len(steps) else 0


def local_to_utc(wall: pd.DatetimeIndex, zone: str, second: NDArray[np.bool_]) -> pd.DatetimeIndex:
    """Local starts in UTC; ``second`` marks the second copy of a repeated hour. NaT where the clock skips the hour."""
    return wall.tz_localize(zone, ambiguous=~second, nonexistent="NaT").tz_convert("UTC").tz_localize(None)


def _ercot_times(rows: Rows, findings: list[Finding]) -> Times:
    dates, hours, *quarters, flags = rows.columns[:-1]
    days = pd.DatetimeIndex(pd.to_datetime(dates, format="%m/%d/%Y", errors="coerce")).as_unit("us")
    known_hours = {text: _whole(text.removesuffix(":00"), 1, 24) for text in set(hours)}
    hour = np.array([known_hours[text] for text in hours])
    parts, part = hours, np.ones(len(hour))
    if quarters:
        parts = quarters[0]
        known_parts = {text: _whole(text, 1, 4) for text in set(parts)}
        part = np.array([known_parts[text] for text in parts])
    flag = np.array([text.upper() for text in flags])
    wrong = (
        (~readable(days), dates, "is not a date", "write MM/DD/YYYY as ERCOT does"),
        (np.isnan(hour), hours, "is not an hour ending 1 to 24", "write 1 to 24, or 01:00 to 24:00"),
        (np.isnan(part), parts, "is not an interval of the hour", "write 1 to 4"),
        (~np.isin(flag, ("Y", "N")), flags, "is not a repeated-hour flag", "write N, or Y on the second copy"),
    )
    for places, texts, rule, remedy in wrong:
        _say(findings, rows, places, texts, rule, remedy)
    lost = np.logical_or.reduce([places for places, *_ in wrong])
    minutes = np.where(lost, 0.0, (hour - 1) * 60 + (part - 1) * 15).astype("timedelta64[m]")
    wall = _only((days + pd.TimedeltaIndex(minutes)).as_unit("us"), ~lost)
    return Times(wall, _central_to_utc(rows, wall, flag == "Y", findings))


def _central_to_utc(
    rows: Rows, wall: pd.DatetimeIndex, second: NDArray[np.bool_], findings: list[Finding]
) -> pd.DatetimeIndex:
    instant = local_to_utc(wall, ERCOT_ZONE, second)
    first = local_to_utc(wall, ERCOT_ZONE, np.zeros(len(wall), dtype=bool))
    _say(findings, rows, readable(wall) & ~readable(instant), wall, "does not exist: clocks go forward over it",
         "remove the row; that day has 23 hours")  # fmt: skip
    _say(findings, rows, second & readable(instant) & (first.asi8 == instant.asi8), wall,
         "is flagged as a repeated hour, and is none", "flag only the second copy of November's hour")  # fmt: skip
    return instant


def readable(axis: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Where there is a time."""
    return ~np.asarray(axis.isna(), dtype=bool)


def _only(axis: pd.DatetimeIndex, kept: NDArray[np.bool_]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(axis.where(kept))


def _say(
    findings: list[Finding],
    rows: Rows,
    places: NDArray[np.bool_],
    texts: Sequence[str] | pd.DatetimeIndex,
    rule: str,
    remedy: str,
) -> None:
    """Append a finding for each place, with the text that stands there."""
    findings.extend(
        Finding(rows.lines[i], repr(str(texts[i]))[:40], rule, remedy) for i in np.flatnonzero(places).tolist()
    )


def _whole(text: str, low: int, high: int) -> float:
    """A whole number within bounds; NaN otherwise."""
    return float(text) if text.isascii() and text.isdigit() and low <= int(text) <= high else math.nan
