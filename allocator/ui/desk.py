"""What lies on a reader's desk: the case they started from, the case that holds now, edits that were refused.

Pure and frozen: an edit gives a new desk. An edit that breaks a rule is kept beside the case, not in it, so that the
last good answer stays and the edit counts as soon as another one makes it possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from allocator.case import LISTS, SCALARS, TABLES, Case, case_from_document, override
from models.assumptions import Fault, InputFaultsError

Document = Mapping[str, Any]
Value = TypeVar("Value")


def document_of(case: Case) -> dict[str, Any]:
    """The case as a parsed file, dates as text; reading it back gives the same case."""
    return case.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True)
class Change:
    """One input that differs from the case it started from; values as in a file.

    A fleet, purchase or offer that was added has the path ``leases[2]`` and its name as ``now``; one that was removed
    has ``leases[-1]``, the first of those it started with, and its name as ``before``.
    """

    path: str
    before: Any
    now: Any

    @property
    def is_of_row(self) -> bool:
        """Whether a whole fleet, purchase or offer came or went."""
        return self.path.endswith("]")


_ROW = re.compile(r"(\w+)\[(-?\d+)\](?:\.(.+))?")


@dataclass(frozen=True)
class Desk:
    """The case being worked on."""

    origin: str
    """Template or file that it was opened from."""
    base: Case
    case: Case
    """The case that holds: every input sound. The figures shown are always of this one."""
    refused: tuple[tuple[str, Any], ...] = ()
    """Edits that the case cannot take yet, by path."""
    faults: tuple[Fault, ...] = ()
    edition: int = 0
    """Counts how often the inputs were set by something other than their own widgets."""

    @classmethod
    def opened(cls, document: Document, origin: str) -> Desk:
        """A desk with a fresh case.

        Raises
        ------
        InputFaultsError
            With every fault of the document.
        """
        case = case_from_document(document)
        return cls(origin, case, case)

    def edited(self, path: str, value: Any, source: str = "") -> Desk:
        """With one more edit: taken together with those refused before, else alone, else refused.

        An edit to the value that is there already changes nothing, its source included; a ``source`` is kept
        where the case takes the edit.
        """
        if path not in dict(self.refused) and dict(values(document_of(self.case))).get(path, ...) == value:
            return self
        waiting = {**dict(self.refused), path: value}
        faults: tuple[Fault, ...] = ()
        for attempt in (waiting, {path: value}):
            try:
                case = case_from_document(_with_edits(document_of(self.case), attempt))
            except InputFaultsError as error:
                faults = faults or error.faults
            else:
                if source:
                    case = case.model_copy(update={"sources": {**case.sources, path: source}})
                left = tuple((p, v) for p, v in waiting.items() if p not in attempt)
                return replace(self, case=case, refused=left, faults=faults if left else ())
        return replace(self, refused=tuple(waiting.items()), faults=faults)

    def with_row(
        self, key: str, row: Mapping[str, Any], sources: Mapping[str, str] | None = None, place: int | None = None
    ) -> Desk:
        """With one more fleet, purchase or offer, under a name of its own, last or at a place; ``sources`` by field.

        Raises
        ------
        InputFaultsError
            If the case cannot take it.
        """
        document = document_of(self.case)
        rows = document[key]
        named = {**row, "name": free_name(str(row["name"]), {other["name"] for other in rows})}
        at = len(rows) if place is None else min(place, len(rows))
        told = {f"{key}[{at}].{field}": text for field, text in (sources or {}).items()}
        places = {i: i + (i >= at) for i in range(len(rows))}
        kept = _moved(document["sources"], key, places)
        return self._with_rows(document, key, [*rows[:at], named, *rows[at:]], {**kept, **told}, places)

    def without_row(self, key: str, index: int) -> Desk:
        """Without one fleet, purchase or offer; those behind it move up with their sources.

        Raises
        ------
        InputFaultsError
            If others of the case refer to it.
        """
        document = document_of(self.case)
        places = {i: i - (i > index) for i in range(len(document[key])) if i != index}
        left = [document[key][i] for i in places]
        return self._with_rows(document, key, left, _moved(document["sources"], key, places), places)

    def _with_rows(
        self,
        document: dict[str, Any],
        key: str,
        rows: list[Any],
        sources: Mapping[str, str],
        places: Mapping[int, int],
    ) -> Desk:
        """With other rows; edits that wait go where their row goes, and are tried again there."""
        case = case_from_document({**document, key: rows, "sources": sources})
        changed = replace(self, case=case, refused=(), faults=())
        for path, value in _moved(dict(self.refused), key, places).items():
            changed = changed.edited(path, value)
        return changed

    def without_refused(self) -> Desk:
        """With the refused edits forgotten."""
        return replace(self, refused=(), faults=())

    def reset(self, path: str) -> Desk:
        """With one input, and its source, as they were in the case it started from; or a row taken out or put back.

        Raises
        ------
        InputFaultsError
            If a row cannot be taken out or put back while the others are as they are.
        """
        base = document_of(self.base)
        found = _ROW.fullmatch(path)
        if found and not found[3]:
            key, index = found[1], int(found[2])
            if index >= 0:
                return self.without_row(key, index)
            place = -index - 1
            told = {k: v for k, v in self.base.sources.items() if k.startswith(f"{key}[{place}].")}
            fields = {k.partition(".")[2]: v for k, v in told.items()}
            return self.with_row(key, base[key][place], fields, self._place_behind(key, place))
        before = self._path_before(path)
        desk = self.edited(path, dict(values(base))[before])
        told = {path + k.removeprefix(before): v for k, v in self.base.sources.items() if _is_part(k, before)}
        return replace(desk, case=desk.case.model_copy(update={"sources": {**desk.case.sources, **told}}))

    def _place_behind(self, key: str, place: int) -> int:
        """Where a row that was removed goes: behind the last that stood before it and is still there."""
        before = [row.name for row in getattr(self.base, key)[:place]]
        found = [i for i, row in enumerate(getattr(self.case, key)) if row.name in before]
        return found[-1] + 1 if found else 0

    def _path_before(self, path: str) -> str:
        """Where an input stood in the case it started from."""
        found = _ROW.fullmatch(path)
        if not found:
            return path
        key, index = found[1], int(found[2])
        names = [[row.name for row in getattr(case, key)] for case in (self.base, self.case)]
        place = _places_before(*names)[index]
        return path if place is None else f"{key}[{place}].{found[3]}"

    def reset_all(self) -> Desk:
        """As it was opened."""
        return replace(self, case=self.base, refused=(), faults=())

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every input that differs from the case it started from, in the order of the file."""
        if self.case is self.base:
            return ()
        return tuple(_changes(document_of(self.base), document_of(self.case)))


def _changes(base: Document, now: Document) -> Iterator[Change]:
    """Inputs that differ; fleets, purchases and offers are those of the same name where some came or went."""
    before = dict(values(base))
    for path, value in values(now):
        if "[" not in path and before[path] != value:
            yield Change(path, before[path], value)
    for key in LISTS:
        rows, earlier = now[key], base[key]
        places = _places_before([row["name"] for row in earlier], [row["name"] for row in rows])
        for i, (row, place) in enumerate(zip(rows, places, strict=True)):
            if place is None:
                yield Change(f"{key}[{i}]", None, row["name"])
                continue
            for name, value in row.items():
                if earlier[place][name] != value:
                    yield Change(f"{key}[{i}].{name}", earlier[place][name], value)
        for j in range(len(earlier)):
            if j not in places:
                yield Change(f"{key}[-{j + 1}]", earlier[j]["name"], None)


def _places_before(earlier: list[str], names: list[str]) -> list[int | None]:
    """Where each row stood before: where its name was; one of another name where a row of its place is gone.

    >>> _places_before(["Hyper", "Neo"], ["Neo", "New"]), _places_before(["Hyper", "Neo"], ["Hype", "Neo", "New"])
    ([1, None], [0, 1, None])
    """
    places = [earlier.index(name) if name in earlier else None for name in names]
    gone = set(range(len(earlier))) - set(places)
    return [i if place is None and i in gone else place for i, place in enumerate(places)]


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken.

    >>> free_name("Hall", {"Hall", "Hall 2"})
    'Hall 3'
    """
    known = set(taken)
    return next(n for i in range(1, len(known) + 2) if (n := name if i == 1 else f"{name} {i}") not in known)


def _moved(by_path: Mapping[str, Value], key: str, places: Mapping[int, int]) -> dict[str, Value]:
    """What is known by path where rows moved; what was of rows that went is dropped."""
    moved: dict[str, Value] = {}
    for path, text in by_path.items():
        found = _ROW.fullmatch(path)
        if not found or found[1] != key:
            moved[path] = text
        elif int(found[2]) in places:
            moved[f"{key}[{places[int(found[2])]}].{found[3]}"] = text
    return moved


def values(document: Document) -> Iterator[tuple[str, Any]]:
    """Every input of a parsed case as (path, value); a staged list is one value."""
    for name in SCALARS:
        yield name, document[name]
    for key in TABLES:
        yield from ((f"{key}.{name}", value) for name, value in document[key].items())
    for key in LISTS:
        for i, row in enumerate(document[key]):
            yield from ((f"{key}[{i}].{name}", value) for name, value in row.items())


def _with_edits(document: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    for path, value in edits.items():
        document = override(document, path, value)
        document["sources"] = {k: v for k, v in document["sources"].items() if not _is_part(k, path)}
    return document


def _is_part(path: str, whole: str) -> bool:
    """Whether a source belongs to an input, or to a stage of it."""
    return path == whole or path.startswith(f"{whole}[")
