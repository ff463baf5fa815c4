"""Inputs of several cases side by side: which differ, in the trade's words; offers and machines matched by name.

Pure: nothing is drawn and nothing is remembered here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from allocator.case import LISTS, SCALARS, TABLES, Case
from allocator.formats import day, megawatts, rent
from allocator.ui import terms
from allocator.ui.desk import document_of
from allocator.ui.labels import ABSENT
from models.assumptions import Declaration, describe

LISTED = {"fleets": "Fleet", "purchases": "Purchase", "leases": "Lease"}
NOT_THERE, NO_ITEM = "–", "not in this case"
HEADLINE = "name"
"""What a case is called stands above its column, and an item's name above its rows: neither is a row."""


@dataclass(frozen=True)
class InputRow:
    """One input of all cases."""

    group: str
    """Which part of the case: ``Market``, ``Lease River Bend``."""
    label: str
    unit: str
    path: str
    """As in the first case that has it."""
    values: tuple[Any, ...]
    """One a case, as in a file; ``None`` also where the case has no such offer or machine."""
    words: tuple[str, ...]
    differs: bool
    everywhere: bool
    """Whether every case has it."""


@dataclass(frozen=True)
class _Found:
    path: str
    value: Any


_Items = Mapping[tuple[str, int], tuple[str, Mapping[str, Any]]]


def input_rows(cases: Sequence[Case]) -> tuple[InputRow, ...]:
    """Every input of the cases, in the order of a file.

    A fleet, purchase or offer that some cases lack has one row that says so; its own inputs differ only between the
    cases that have it.
    """
    documents = [document_of(case) for case in cases]
    declared = {"": _declared_above_tables(), **{key: describe(table) for key, table in TABLES.items()}}
    rows = [_row("Case", n, n, declared[""][n], [_Found(n, d[n]) for d in documents]) for n in SCALARS if n != HEADLINE]
    for key, known in declared.items():
        for name in documents[0][key] if key else ():
            found = [_Found(f"{key}.{name}", document[key][name]) for document in documents]
            rows.append(_row(key.capitalize(), f"{key}.{name}", name, known[name], found))
    for key, table in LISTS.items():
        by_name = [_by_name(key, document) for document in documents]
        for which in dict.fromkeys(which for items in by_name for which in items):
            rows += _item_rows(key, which, describe(table), [items.get(which) for items in by_name])
    return tuple(rows)


def _declared_above_tables() -> dict[str, Declaration]:
    return {name: known for name, known in describe(Case).items() if name in SCALARS}


def _by_name(key: str, document: Mapping[str, Any]) -> _Items:
    """Items of a list by name; the second of the same name is another item."""
    seen: Counter[str] = Counter()
    found = {}
    for index, item in enumerate(document[key]):
        found[item["name"], seen[item["name"]]] = (f"{key}[{index}]", item)
        seen[item["name"]] += 1
    return found


def _item_rows(
    key: str,
    which: tuple[str, int],
    declared: Mapping[str, Declaration],
    found: Sequence[tuple[str, Mapping[str, Any]] | None],
) -> Iterator[InputRow]:
    name, again = which
    group = f"{LISTED[key]} {name}" + (f" ({again + 1})" if again else "")
    first, first_item = next(f for f in found if f is not None)
    if None in found:
        words = tuple(NO_ITEM if f is None else _size(key, f[1]) for f in found)
        yield InputRow(group, "In the case", "", first, tuple(f is not None for f in found), words, True, False)
    for field in first_item:
        if field != HEADLINE:
            given = [None if f is None else _Found(f"{f[0]}.{field}", f[1][field]) for f in found]
            yield _row(group, f"{first}.{field}", field, declared[field], given)


def _size(key: str, item: Mapping[str, Any]) -> str:
    if key == "leases":
        return f"{megawatts(item['critical_it_mw'])} (critical IT) at {rent(item['rent_usd_per_kw_month'])}"
    mw = megawatts(item["facility_mw"] if key == "fleets" else item["max_facility_mw"])
    return f"{'up to ' if key == 'purchases' else ''}{mw} (facility)"


def _row(group: str, path: str, name: str, known: Declaration, found: Sequence[_Found | None]) -> InputRow:
    given = [_fingerprint(f.value) for f in found if f is not None]
    differs = len(set(given)) > 1
    words = tuple(NOT_THERE if f is None else value_words(name, known.unit, f.value) for f in found)
    if differs:
        words = _told_apart(words, found)
    values = tuple(None if f is None else f.value for f in found)
    unit = terms.scale(name, known.unit).unit
    return InputRow(group, terms.label(name), unit, path, values, words, differs, None not in found)


def value_words(name: str, unit: str, value: Any) -> str:
    """A value without its unit, which stands in a column of its own.

    >>> value_words("fee_share", "share of block reward", 0.006), value_words("capital_usd", "USD", None)
    ('0.6', 'without limit')
    """
    if value is None:
        return ABSENT.get(name, "without limit" if name == "capital_usd" else "none")
    if isinstance(value, Mapping):
        return str(value.get("file") or "by the hour")
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and "from" in value[0]:
        return ", ".join(_stage_words(stage, unit) for stage in value)
    if isinstance(value, str) and name.endswith(("_date", "_start")):
        return day(date.fromisoformat(value))
    return terms.in_words(name, unit, value).removesuffix(f" {terms.scale(name, unit).unit}")


def _stage_words(stage: Mapping[str, Any], unit: str) -> str:
    """Amounts from a day on; of a forward curve only what it gives."""
    amounts = [
        f"{terms.scale(key, unit if key in {'usd', 'grid_mw'} else '').shown(value):,.10g}"
        for key, value in stage.items()
        if key != "from" and value is not None
    ]
    return f"{' / '.join(amounts)} from {day(date.fromisoformat(str(stage['from'])))}"


def _fingerprint(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _told_apart(words: tuple[str, ...], found: Sequence[_Found | None]) -> tuple[str, ...]:
    """Words that read the same although the values differ are numbered."""
    versions: dict[str, dict[str, int]] = {}
    for word, f in zip(words, found, strict=True):
        if f is not None:
            seen = versions.setdefault(word, {})
            seen.setdefault(_fingerprint(f.value), len(seen) + 1)
    return tuple(
        f"{word} (version {versions[word][_fingerprint(f.value)]})"
        if f is not None and len(versions[word]) > 1
        else word
        for word, f in zip(words, found, strict=True)
    )


def summary(rows: Sequence[InputRow], cases: int) -> str:
    """How many inputs differ and how many are the same, in a sentence."""
    differ = sum(row.differs for row in rows)
    same = sum(row.everywhere and not row.differs for row in rows)
    apart = len(rows) - differ - same
    every = "both cases" if cases == 2 else f"all {cases} cases"
    first = "No input differs" if not differ else f"{differ} input{'s differ' if differ > 1 else ' differs'}"
    rest = f"; {same} are the same in {every}"
    return first + rest + (f", and {apart} belong to offers or machines that not every case has." if apart else ".")
