"""Columns of a sites table: which input of a case each one is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from allocator.case import LISTS, SCALARS, TABLES, override, path_parts
from allocator.sites.cells import is_blank
from models.assumptions import Assumptions, Fault, InputFaultsError, describe, shown

NAME, REMARK, OF_PORTFOLIO = "name", "#", "portfolio."
MOST_ITEMS = 100
"""Fleets, purchases or offers of one site."""


@dataclass(frozen=True)
class Column:
    """One column: its place in the file, and the input that it holds."""

    place: int
    path: str
    parts: tuple[str | int, ...]
    """The path in steps; for a column of a portfolio, its name."""
    is_text: bool
    """Whether the input is text, so that 007 stays what it is."""
    of_portfolio: bool = False

    @property
    def part(self) -> tuple[str, int | None]:
        """The table or item of the case in which it lies, as :func:`allocator.case.case_near` names parts."""
        second = self.parts[1] if len(self.parts) > 1 else None
        return str(self.parts[0]), second if isinstance(second, int) else None


@dataclass(frozen=True)
class Columns:
    """The columns that mean something; those whose head begins with ``#`` are remarks."""

    name: int
    inputs: tuple[Column, ...]
    portfolio: tuple[Column, ...]
    """What a portfolio asks of a site, under heads ``portfolio.*``."""


def read_columns(heads: Sequence[Any], document: Mapping[str, Any], faults: list[Fault]) -> Columns:
    """Columns of a table whose sites differ from the case of ``document``; every fault of a head is appended."""
    found: list[Column] = []
    name: int | None = None
    seen: dict[tuple[str | int, ...], str] = {}
    for place, given in enumerate(heads):
        head = given.strip() if isinstance(given, str) else given
        where = f"row 1, column {place + 1}"
        if is_blank(head):
            faults.append(Fault(where, "", "has no head", "name the input, or begin the head of a remark with #"))
        elif not isinstance(head, str):
            faults.append(Fault(where, shown(head), "is not a text", "name an input, such as site.grid_mw"))
        elif head.startswith(REMARK):
            continue
        elif head == NAME and name is None:
            name = place
        elif head == NAME:
            faults.append(Fault(where, NAME, "stands twice", "leave one column of names"))
        elif (column := _column(place, head, document, where, faults)) is not None:
            faults.extend(_clashes(column, seen, where))
            seen[column.parts] = head
            found.append(column)
    if name is None:
        faults.append(Fault("row 1", "", f"has no column {NAME}", "give every site a name"))
    inputs = tuple(column for column in found if not column.of_portfolio)
    faults.extend(_gaps(inputs, document))
    return Columns(name or 0, inputs, tuple(column for column in found if column.of_portfolio))


def _column(place: int, head: str, document: Mapping[str, Any], where: str, faults: list[Fault]) -> Column | None:
    if head.startswith(OF_PORTFOLIO):
        return Column(place, head, (head,), is_text=False, of_portfolio=True)
    try:
        parts = path_parts(head)
        known, field = _place_in_case(head, parts)
        _check_beyond_field(head, parts, document)
    except InputFaultsError as error:
        faults.extend(Fault(where, head, fault.rule, fault.remedy) for fault in error.faults)
        return None
    is_text = known is not None and len(parts) <= 3 and _is_text(known.model_fields[field].annotation)
    return Column(place, head, tuple(parts), is_text)


def _place_in_case(head: str, parts: list[str | int]) -> tuple[type[Assumptions] | None, str]:
    """The table and field in which a path lies; no table for an input above the tables."""
    first = str(parts[0])
    if first in SCALARS and len(parts) == 1:
        return None, first
    if first in LISTS:
        if len(parts) < 3 or not isinstance(parts[1], int):
            raise _unknown(head, "is no input of one item", f"write one such as {first}[0].name")
        if parts[1] >= MOST_ITEMS:
            raise _unknown(head, f"is beyond the {MOST_ITEMS} items that a site can have", "count from 0")
        table, field = LISTS[first], parts[2]
    elif first in TABLES and len(parts) > 1:
        table, field = TABLES[first], parts[1]
    else:
        known = [*SCALARS, *(f"{key}.*" for key in TABLES), *(f"{key}[0].*" for key in LISTS)]
        raise _unknown(head, "is not an input of a case", f"known: {', '.join(known)}; begin a remark with #")
    fields = describe(table)
    if field not in fields:
        near = difflib.get_close_matches(str(field), fields, n=1)
        remedy = f"did you mean {head.replace(str(field), near[0])}?" if near else "see the inputs in a template"
        raise _unknown(head, "is not an input of a case", remedy + " (begin a remark with #)")
    return table, str(field)


def _unknown(head: str, rule: str, remedy: str) -> InputFaultsError:
    return InputFaultsError([Fault(head, "", rule, remedy)])


def _is_text(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, (str, StrEnum))


def _check_beyond_field(head: str, parts: list[str | int], document: Mapping[str, Any]) -> None:
    """A path into an input that is itself a list, such as ``site.grid_mw[1].grid_mw``, must lie in the base case."""
    own = 3 if parts[0] in LISTS else 2
    if len(parts) > own:
        override(document, head, None)


def _clashes(column: Column, seen: Mapping[tuple[str | int, ...], str], where: str) -> list[Fault]:
    for parts, head in seen.items():
        shorter, longer = sorted((parts, column.parts), key=len)
        if longer[: len(shorter)] == shorter:
            rule = "stands twice" if shorter == longer else f"lies within {head}, or {head} within it"
            return [Fault(where, column.path, rule, "leave one of the two columns")]
    return []


def _gaps(columns: Sequence[Column], document: Mapping[str, Any]) -> list[Fault]:
    """Items that a base case does not have are counted on from its last one without gaps."""
    faults = []
    for key in LISTS:
        held = len(document.get(key, []))
        numbers = {index for name, index in (column.part for column in columns) if name == key and index is not None}
        asked = sorted(numbers - set(range(held)))
        for place, index in enumerate(asked, start=held):
            if index != place:
                rule = f"has columns of {key}[{index}] but none of {key}[{place}]"
                faults.append(Fault("row 1", "", rule, f"the base case has {held}; count on from there"))
                break
    return faults
