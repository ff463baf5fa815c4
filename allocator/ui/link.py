"""A case as a link: its difference from a template in the query of the address, and back again.

``?case=brownfield&leases[0].rent_usd_per_kw_month=121``: the template's name, then every input that differs, by its
path, as JSON; a list whose length differs is given whole. What a link holds is untrusted: it is limited in size, and
read by the same rules as a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from allocator.case import LISTS, SCALARS, TABLES, Case, case_from_document, override
from allocator.files import read_document, template_names
from allocator.ui.desk import Desk, document_of, values
from models.assumptions import Fault, InputFaultsError, describe

TEMPLATE, SOURCES = "case", "sources"
LONGEST_QUERY = 6_000
"""Characters: what browsers, mail and chat carry without cutting it."""
MOST_INPUTS = 200

Query = Sequence[tuple[str, str]]


def shared_query(case: Case) -> str | None:
    """The query that gives this case, from the template that needs the fewest words; ``None`` if none is short enough.

    >>> from allocator.files import load_case
    >>> shared_query(load_case("river-bend", ["leases[0].ltc=0.5"]))
    'case=river-bend&leases[0].ltc=0.5'
    """
    found = [urlencode(list(_differences(name, case)), safe="[]", quote_via=quote) for name in template_names()]
    shortest = min(found, key=len)
    return shortest if len(shortest) <= LONGEST_QUERY else None


def _differences(template: str, case: Case) -> Iterator[tuple[str, str]]:
    """Template, inputs that differ from it, and sources that the result would not have by itself."""
    yield TEMPLATE, template
    base, now = document_of(_template(template)), document_of(case)
    changed = base
    for path, value in _edits(base, now):
        changed = override(changed, path, value)
        yield path, _text(value)
    sources = now["sources"]
    if dict(changed["sources"]) != sources:
        kept = changed["sources"]
        gone = {path: None for path in kept if path not in sources}
        new = {path: text for path, text in sources.items() if kept.get(path) != text}
        yield SOURCES, _text({**gone, **new})


def _edits(base: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    resized = [key for key in LISTS if len(base[key]) != len(now[key])]
    before = dict(values(base))
    for key in resized:
        usual, told = _defaults(key), now[SOURCES]
        yield (
            key,
            [
                {name: v for name, v in row.items() if v != usual.get(name, ...) or f"{key}[{i}].{name}" in told}
                for i, row in enumerate(now[key])
            ],
        )
    for path, value in values(now):
        if path.partition("[")[0] not in resized and before[path] != value:
            yield path, value


@cache
def _defaults(key: str) -> Mapping[str, Any]:
    """What an input of a fleet, purchase or offer is where it is left out, as in a file."""
    declared = {name: given for name, given in describe(LISTS[key]).items() if not given.required}
    plain = LISTS[key].model_construct(**{name: given.default for name, given in declared.items()})
    return dict(plain.model_dump(mode="json", by_alias=True, include=set(declared)))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@cache
def _template(name: str) -> Case:
    return case_from_document(read_document(name))


def desk_of_link(query: Mapping[str, Sequence[str]]) -> Desk | None:
    """The desk that a link asks for: the template as its beginning, the differences as changes; ``None`` without any.

    Raises
    ------
    InputFaultsError
        With every fault of the link, or of the case that it leads to.
    """
    if TEMPLATE not in query:
        return None
    length = sum(len(name) + sum(map(len, texts)) + len(texts) + 1 for name, texts in query.items())
    if length > LONGEST_QUERY or len(query) > MOST_INPUTS:
        rule = f"has more than {LONGEST_QUERY:,} characters or {MOST_INPUTS} inputs"
        raise InputFaultsError([Fault("the link", "", rule, "send the case as a file: Save, then Open")])
    faults = [
        Fault(f"the link: {name}"[:80], "", "is given twice", "keep one of them")
        for name, texts in query.items()
        if len(texts) > 1
    ]
    template = query[TEMPLATE][0]
    if template not in template_names():
        remedy = f"one of {', '.join(template_names())}"
        raise InputFaultsError([*faults, Fault("the link: case", template[:40], "is no template", remedy)])
    base = document_of(_template(template))
    changed = base
    for path, texts in query.items():
        if path not in {TEMPLATE, SOURCES} and not path.startswith("embed"):
            changed = _edited(changed, path, texts[0], faults)
    if SOURCES in query:
        changed = _with_sources(changed, query[SOURCES][0], faults)
    case = case_from_document(changed, faults)
    return Desk(template, _template(template), case)


def _edited(document: dict[str, Any], path: str, text: str, faults: list[Fault]) -> dict[str, Any]:
    if re.split(r"[.\[]", path)[0] not in (*SCALARS, *TABLES, *LISTS):
        remedy = f"known: {', '.join((*SCALARS, *TABLES, *LISTS, SOURCES))}"
        faults.append(Fault(path[:80], text[:40], "is not an input of a case", remedy))
        return document
    try:
        return override(document, path, json.loads(text))
    except InputFaultsError as error:
        faults.extend(error.faults)
    except (ValueError, RecursionError):
        faults.append(Fault(path[:80], text[:40], "is not JSON", 'write numbers plainly, text in "double quotes"'))
    return document


def _with_sources(document: dict[str, Any], text: str, faults: list[Fault]) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = text
    if not isinstance(given, dict):
        faults.append(Fault(SOURCES, text[:40], "is not a JSON object", "give sources by the paths of inputs"))
        return document
    told = {**document[SOURCES], **given}
    return {**document, SOURCES: {path: text for path, text in told.items() if text is not None}}
