"""A statement as a list of lines: each holds the function that computes it and the Excel formula that computes it.

Both stand side by side, so that engine and workbook cannot drift apart. In a formula ``[noi_usd]`` is another line of
the same statement in the same month, ``[noi_usd.prev]`` and ``[noi_usd.next]`` the months before and after it,
``[noi_usd.first]`` month 0, ``[noi_usd.all]`` every month, ``[noi_usd.ever]`` these with the empty column before them,
``[noi_usd.total]`` the number in column C, ``[network:reward_btc]`` a line of another statement, and ``@ltc`` the input
``ltc`` of the fleet, purchase or offer to which the statement belongs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from openpyxl.utils import get_column_letter

Subject = TypeVar("Subject")
Values = Mapping[str, Any]
"""Other lines of the statement, by name: arrays over the months 0..M, or single numbers."""

LABEL_COLUMN, UNIT_COLUMN, SINGLE_COLUMN, OPENING_COLUMN, FIRST_MONTH_COLUMN = 1, 2, 3, 4, 5
"""Column D stays empty: it is the month before the first, so that one formula serves every month."""


@dataclass(frozen=True)
class Line(Generic[Subject]):
    """One row of a statement, by month."""

    name: str
    label: str
    unit: str
    value: Callable[[Subject, Values], Any]
    formula: str
    total: bool = False
    """Whether column C sums the row."""
    opening: float | None = None
    """What stands in column D, before the first month."""
    beside: str = ""
    """Formula of a number in column C that belongs to the row and is no sum of it."""


@dataclass(frozen=True)
class Single(Generic[Subject]):
    """One number of a statement, in column C."""

    name: str
    label: str
    unit: str
    value: Callable[[Subject, Values], Any]
    formula: str | None
    """``None`` for a property of the activity, which stands as a value."""


@dataclass(frozen=True)
class Heading:
    """A title between lines."""

    label: str


Row = Line[Subject] | Single[Subject] | Heading
Statement = Sequence[Line[Subject] | Single[Subject] | Heading]


class StatementValues(Mapping[str, Any]):
    """Every line and number of a statement as the engine computes it; each is computed when first asked for."""

    def __init__(self, statement: Statement[Subject], subject: Subject) -> None:
        self._rows = {row.name: row for row in statement if not isinstance(row, Heading)}
        self._subject = subject
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = self._rows[name].value(self._subject, self)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True)
class Placed:
    """Where a statement lies in the workbook."""

    title: str
    """Title of its sheet; free of quotes."""
    rows: Mapping[str, int]
    singles: frozenset[str]
    months: int
    """M, the last month."""

    @property
    def last_column(self) -> str:
        """Letter of the column of month M."""
        return str(get_column_letter(FIRST_MONTH_COLUMN + self.months))

    def single(self, name: str) -> str:
        """Absolute address of a single number, or of a line's total, with its sheet."""
        return f"'{self.title}'!$C${self.rows[name]}"

    def all_months(self, name: str) -> str:
        """Absolute address of every month of a line, with its sheet."""
        first = get_column_letter(FIRST_MONTH_COLUMN)
        return f"'{self.title}'!${first}${self.rows[name]}:${self.last_column}${self.rows[name]}"

    def month(self, name: str, column: str) -> str:
        """Address of one month of a line, with its sheet."""
        return f"'{self.title}'!{column}${self.rows[name]}"


_REFERENCE = re.compile(r"\[(?:(\w+):)?(\w+)(?:\.(\w+))?\]")
_OWN_INPUT = re.compile(r"@([a-z]\w*)")
_HERE, _BEFORE, _AFTER = "\x00", "\x01", "\x02"


@dataclass(frozen=True)
class Formula:
    """A formula with its addresses filled in, all but the column."""

    text: str

    def at(self, column: int) -> str:
        """The formula as it stands in a column."""
        text = self.text
        for mark, shift in ((_HERE, 0), (_BEFORE, -1), (_AFTER, 1)):
            text = text.replace(mark, get_column_letter(column + shift))
        return text


def resolved(formula: str, here: Placed, others: Mapping[str, Placed], own_inputs: str = "") -> Formula:
    """Fill the addresses into a formula; ``own_inputs`` begins the owner's defined names (``in__leases_0__``)."""

    def address(found: re.Match[str]) -> str:
        statement, name, part = found.groups()
        placed = others[statement] if statement else here
        row = placed.rows[name]
        sheet = f"'{placed.title}'!" if statement else ""
        first = get_column_letter(FIRST_MONTH_COLUMN)
        if name in placed.singles or part == "total":
            return f"{sheet}$C${row}"
        if part is None:
            return f"{sheet}{_HERE}{row}"
        return {
            "prev": f"{sheet}{_BEFORE}{row}",
            "next": f"{sheet}{_AFTER}{row}",
            "first": f"{sheet}${first}${row}",
            "all": f"{sheet}${first}${row}:${placed.last_column}${row}",
            "ever": f"{sheet}${get_column_letter(OPENING_COLUMN)}${row}:${placed.last_column}${row}",
        }[part]

    return Formula(_OWN_INPUT.sub(lambda m: own_inputs + m[1], _REFERENCE.sub(address, formula)))
