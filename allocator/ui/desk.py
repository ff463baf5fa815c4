"""What lies on a reader's desk: the case they started from, the case that holds now, edits that were refused.

Pure and frozen: an edit gives a new desk. An edit that breaks a rule is kept beside the case, not in it, so that the
last good answer stays and the edit counts as soon as another one makes it possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from allocator.case import LISTS, SCALARS, TABLES, Case, case_from_document, override
from models.assumptions import Fault, InputFaultsError

Document = Mapping[str, Any]


def document_of(case: Case) -> dict[str, Any]:
    """The case as a parsed file, dates as text; reading it back gives the same case."""
    return case.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True)
class Change:
    """One input that differs from the case it started from; values as in a file."""

    path: str
    before: Any
    now: Any


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

    def without_refused(self) -> Desk:
        """With the refused edits forgotten."""
        return replace(self, refused=(), faults=())

    def reset(self, path: str) -> Desk:
        """With one input, and its source, as they were in the case it started from."""
        value = dict(values(document_of(self.base)))[path]
        desk = self.edited(path, value)
        sources = {**desk.case.sources, **{k: v for k, v in self.base.sources.items() if _is_part(k, path)}}
        return replace(desk, case=desk.case.model_copy(update={"sources": sources}))

    def reset_all(self) -> Desk:
        """As it was opened."""
        return replace(self, case=self.base, refused=(), faults=())

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every input that differs from the case it started from, in the order of the file."""
        if self.case is self.base:
            return ()
        before = dict(values(document_of(self.base)))
        return tuple(Change(p, before.get(p), v) for p, v in values(document_of(self.case)) if before.get(p) != v)


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
