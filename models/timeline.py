"""The one calendar: months, quarters, anniversaries, escalation, discount factors."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

Vector = NDArray[np.float64]
MONTHS_PER_QUARTER = 3
MONTHS_PER_YEAR = 12
HOURS_PER_MONTH = 365.25 * 24 / 12
DAYS_PER_MONTH = 365.25 / 12


@lru_cache(maxsize=4096)
def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last of that month where it is shorter.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Timeline:
    """Months 0..M from a valuation date; quarters 0..Q-1."""

    valuation_date: date
    horizon_years: int

    @property
    def months(self) -> int:
        """M, the last month."""
        return self.horizon_years * MONTHS_PER_YEAR

    @property
    def quarters(self) -> int:
        """Q, the number of quarters."""
        return self.months // MONTHS_PER_QUARTER

    @cached_property
    def month_index(self) -> Vector:
        """0..M as floats, shape (M + 1,)."""
        return np.arange(self.months + 1, dtype=float)

    def month_end(self, month: int) -> date:
        """The day on which the flows of a month fall."""
        return add_months(self.valuation_date, month)

    def quarter_start(self, quarter: int) -> date:
        """The first day of a quarter of this timeline."""
        return self.month_end(quarter * MONTHS_PER_QUARTER)

    def quarter_label(self, quarter: int) -> str:
        """The calendar quarter in which quarter ``quarter`` begins.

        >>> Timeline(date(2026, 2, 7), 20).quarter_label(5)
        '2027Q2'
        """
        day = self.quarter_start(quarter)
        return f"{day.year}Q{(day.month + 2) // 3}"

    def quarter_from(self, day: date) -> int:
        """The first quarter that begins on or after a day (0 for a day in the past)."""
        months = (day.year - self.valuation_date.year) * 12 + day.month - self.valuation_date.month
        while self.month_end(months) < day:
            months += 1
        return max(0, -(-months // MONTHS_PER_QUARTER))

    def quarter_of(self, day: date) -> int:
        """The quarter in which a day lies; for a window's last day, the last quarter that begins by then."""
        quarter = self.quarter_from(day)
        return quarter if self.quarter_start(quarter) <= day else quarter - 1


_QUARTER = re.compile(r"^\s*(?:(\d{4})\s*-?\s*Q([1-4])|Q([1-4])\s+(\d{4}))\s*$", re.IGNORECASE)


def parse_quarter(text: str) -> date | None:
    """The first day of "2027Q2" or "Q2 2027"; ``None`` for any other text.

    >>> parse_quarter("Q2 2027")
    datetime.date(2027, 4, 1)
    """
    found = _QUARTER.match(text)
    if not found:
        return None
    year, quarter = int(found[1] or found[4]), int(found[2] or found[3])
    return date(year, 3 * quarter - 2, 1)


FIRST_YEAR, LAST_YEAR = 2009, 2150
"""Bitcoin's first year, and far enough for any lease."""


def _day(value: Any) -> date:
    """A date, or a text that names one; nothing else is taken for one."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        value = parse_quarter(value) or _iso_day(value)
    if not isinstance(value, date):
        raise ValueError("is not a date such as 2027-05-07 or a quarter such as 2027Q2")  # noqa: TRY004
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _last_day(value: Any) -> date:
    """The last day of a quarter that is named, so that the quarter is inside a window that ends with it."""
    named = isinstance(value, str) and parse_quarter(value) is not None
    day = _day(value)
    return add_months(day, MONTHS_PER_QUARTER) - timedelta(days=1) if named else day


Day = Annotated[date, BeforeValidator(_day)]
"""A date as an input; a quarter such as "2027Q2" is its first day."""
LastDay = Annotated[date, BeforeValidator(_last_day)]
"""A date as the end of a window; a quarter is its last day."""


def discount_factors(rate_per_year: float, month_index: Vector) -> Vector:
    """``(1 + r) ** (-m / 12)``, shape of ``month_index``."""
    return np.asarray((1.0 + rate_per_year) ** (-month_index / MONTHS_PER_YEAR))


def growth_factors(rate_per_year: float, month_index: Vector) -> Vector:
    """``(1 + g) ** (m / 12)``: a level that grows smoothly, shape of ``month_index``."""
    return np.asarray((1.0 + rate_per_year) ** (month_index / MONTHS_PER_YEAR))


def anniversary_steps(rate_per_year: float | Vector, months_since_start: Vector) -> Vector:
    """``(1 + g) ** floor((k - 1) / 12)``: a level that steps up on each anniversary.

    ``k`` counts months from 1; month 13 is the first of the second year. With a rate per path, (n,), the months are a
    column, (M, 1), and each year is raised to its power once.
    """
    year = np.floor((months_since_start - 1.0) / MONTHS_PER_YEAR)
    if not np.ndim(rate_per_year):
        return np.asarray((1.0 + rate_per_year) ** year)
    years, of_month = np.unique(year, return_inverse=True)
    return ((1.0 + rate_per_year) ** years[:, None])[of_month.ravel()]


def due_in(months: NDArray[np.bool_], amount_usd: Vector) -> Vector:
    """An amount in the months in which it is due, 0 in the others; one column where it is nothing for everybody."""
    return np.where(months, amount_usd, 0.0) if np.asarray(amount_usd).any() else np.zeros(months.shape)


def increases(level: Vector) -> Vector:
    """By how much a running level rises in each month, the first from 0; months along the first axis."""
    found = np.array(level, dtype=float)
    found[1:] -= level[:-1]
    return found


def quarter_ends(monthly: Vector) -> Vector:
    """Values of months 3, 6, .. M of an array over months 0..M; shape (Q, ...)."""
    return monthly[MONTHS_PER_QUARTER::MONTHS_PER_QUARTER]
