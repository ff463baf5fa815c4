"""Case files: TOML in and out, templates by name, overrides from the command line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomlkit

from allocator.case import LISTS, SCALARS, TABLES, Case, case_from_document, override
from models.assumptions import Assumptions, Declaration, Fault, InputFaultsError, describe, sections
from models.hourly_prices import HourlyPrices

LARGEST_FILE_BYTES = 2_000_000
MOST_KEY_PARTS = 50
_LONG_PATH = re.compile(rb"(?:[A-Za-z0-9_\"'-]+[ \t]*\.[ \t]*){%d}" % MOST_KEY_PARTS)
"""The parser's time grows with the square of the parts of a dotted key."""
LARGEST_PLAIN_INTEGER = 1e12
"""From here on numbers are written as 125.86e12."""


def template_names() -> list[str]:
    """Names of the shipped templates."""
    return sorted(
        item.name.removesuffix(".toml") for item in files("templates").iterdir() if item.name.endswith(".toml")
    )


def read_document(source: str | Path) -> dict[str, Any]:
    """Parse a case file, or a template by its name, without validating it.

    Raises
    ------
    InputFaultsError
        If there is no such file, it cannot be read, or it is not TOML.
    """
    path = Path(source)
    try:
        if not path.suffix and not path.exists() and str(source) in template_names():
            return tomllib.loads((files("templates") / f"{source}.toml").read_text(encoding="utf-8"))
        return parse_document(_bytes(path), str(source))
    except OSError as error:
        raise _refused(str(source)[:80], f"cannot be read ({error.strerror})", "give a case file") from error


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise _refused(str(path), "does not exist", f"give a case file, or a template: {', '.join(template_names())}")
    if not path.is_file():
        raise _refused(str(path), "is not a file", "give a case file")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise _refused(str(path), f"is larger than {LARGEST_FILE_BYTES:,} bytes", "a case file has a few kilobytes")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refused(str(path), f"cannot be read ({error.strerror})", "check its permissions") from error


def parse_document(content: bytes, label: str) -> dict[str, Any]:
    """Parse the content of a case file; ``label`` names it in faults."""
    if _LONG_PATH.search(content):
        raise _refused(label, f"holds a key of more than {MOST_KEY_PARTS} parts", "no input has more than three")
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(label, "is not a text file", "give a TOML case file") from error
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        raise _refused(
            label,
            f"is not TOML: {message[:1].lower()}{message[1:]}",
            "see a template for the form: allocator init FILE",
        ) from error
    except ValueError as error:  # Python refuses to read whole numbers of thousands of digits
        raise _refused(
            label, "holds a number of too many digits", "write it with an exponent, such as 125.86e12"
        ) from error
    except RecursionError as error:
        raise _refused(label, "is nested too deeply", "see a template for the form: allocator init FILE") from error
    if not document:
        raise _refused(label, "is empty", "start from a template: allocator init FILE")
    return document


def _refused(label: str, rule: str, remedy: str) -> InputFaultsError:
    return InputFaultsError([Fault(label, "", rule, remedy)])


def load_case(source: str | Path, settings: Iterable[str] = ()) -> Case:
    """A validated case from a file or template name, with ``PATH=VALUE`` settings applied.

    Raises
    ------
    InputFaultsError
        With every fault found.
    """
    document = read_document(source)
    path = Path(source)
    return case_with_settings(document, settings, path.parent if path.is_file() else Path())


def case_with_settings(document: Mapping[str, Any], settings: Iterable[str], folder: Path) -> Case:
    """A validated case from a parsed file with ``PATH=VALUE`` settings applied; a price file is read from ``folder``.

    Raises
    ------
    InputFaultsError
        With every fault of the settings and of the case that they lead to.
    """
    faults: list[Fault] = []
    return case_from_document(document_with_settings(document, settings, folder, faults), faults)


def document_with_settings(
    document: Mapping[str, Any], settings: Iterable[str], folder: Path, faults: list[Fault]
) -> dict[str, Any]:
    """A copy with ``PATH=VALUE`` settings applied and the files that it names read from ``folder``; faults appended."""
    changed = with_prices_read(apply_settings(document, settings, faults), folder, faults)
    return with_forward_read(changed, folder, faults)


def with_prices_read(document: Mapping[str, Any], folder: Path, faults: list[Fault]) -> dict[str, Any]:
    """A copy in which the name of a price file is replaced by the prices in it; its faults are appended."""
    power = document.get("power")
    if not isinstance(power, Mapping) or not isinstance(name := power.get("hourly_prices"), str):
        return dict(document)
    from allocator.price_files import read_prices  # noqa: PLC0415  (most cases have no price file)

    rest = {key: value for key, value in power.items() if key != "hourly_prices"}
    try:
        prices = read_prices(str(folder / name)).model_copy(update={"file": name})
    except InputFaultsError as error:
        faults.extend(error.faults)
        return {**document, "power": rest}
    return {**document, "power": {**rest, "hourly_prices": prices}}


def with_forward_read(document: Mapping[str, Any], folder: Path, faults: list[Fault]) -> dict[str, Any]:
    """A copy in which the name of a forward curve's file is replaced by its points; its faults are appended."""
    market = document.get("market")
    if not isinstance(market, Mapping) or not isinstance(name := market.get("forward"), str):
        return dict(document)
    from allocator.forward_files import read_forward  # noqa: PLC0415  (most cases have no forward curve)

    try:
        points = read_forward(folder / name)
    except InputFaultsError as error:
        faults.extend(error.faults)
        points = []
    return {**document, "market": {**market, "forward": points}}


def apply_settings(document: Mapping[str, Any], settings: Iterable[str], faults: list[Fault]) -> dict[str, Any]:
    """A copy with every ``PATH=VALUE`` applied that can be; the others are appended to ``faults``."""
    changed = dict(document)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            faults.append(Fault(setting, "", "has no value", "write PATH=VALUE, such as market.btc_price_usd=126000"))
            continue
        try:
            changed = override(changed, path.strip(), parse_value(text))
        except InputFaultsError as error:
            faults.extend(error.faults)
    return changed


def parse_value(text: str) -> Any:
    """A TOML value; anything that is not one is text."""
    if _LONG_PATH.search(text.encode(errors="replace")):
        return text.strip()
    try:
        parsed = tomllib.loads(f"value = {text.strip()}")
        return parsed["value"] if len(parsed) == 1 else text.strip()
    except (ValueError, RecursionError):
        return text.strip()


def dump_case(case: Case, *, with_prices: bool = False) -> str:
    """The case as commented TOML: unit, meaning and bounds beside every input. Reading it back is the identity.

    Hourly prices that came from a file are named, to be read again from beside the case; ``with_prices`` writes their
    months instead, for a reader who has no such file.
    """
    if with_prices and isinstance(prices := case.power.hourly_prices, HourlyPrices):
        bare = case.power.model_copy(update={"hourly_prices": prices.model_copy(update={"file": ""})})
        case = case.model_copy(update={"power": bare})
    document = tomlkit.document()
    document.add(
        tomlkit.comment(
            "A case for the megawatt allocator. Inputs with unit and meaning; what is left out keeps its default."
        )
    )
    known = describe(Case)
    for name in SCALARS:
        _add(document, name, getattr(case, name), known[name])
    for key in TABLES:
        document.add(key, _table(getattr(case, key)))
    for key in LISTS:
        rows = tomlkit.aot()
        for row in getattr(case, key):
            rows.append(_table(row))
        if len(rows):
            document.add(key, rows)
    if case.sources:
        sources = tomlkit.table()
        sources.comment("where values come from; a text that begins with assumed: or derived: says so")
        for path, text in case.sources.items():
            sources.add(path, text)
        document.add("sources", sources)
    return tomlkit.dumps(document)


def _table(row: Assumptions) -> Any:
    table = tomlkit.table()
    for title, names in sections(type(row)):
        if title:
            table.add(tomlkit.comment(f"-- {title} --"))
        for name in names:
            value = getattr(row, name)
            if value is not None and value != ():
                _add(table, name, value, describe(type(row))[name])
    return table


def _add(table: Any, name: str, value: Any, declaration: Declaration) -> None:
    if isinstance(value, HourlyPrices):
        item: Any = tomlkit.item(value.file or _inline({"months": [list(month) for month in value.months]}))
    elif isinstance(value, tuple) and not (value and isinstance(value[0], Assumptions)):
        item = tomlkit.item([_plain(number) for number in value])
    elif isinstance(value, tuple):
        steps = tomlkit.array()
        for step in value:
            inline = tomlkit.inline_table()
            given = step.model_dump(by_alias=True, exclude_none=True)
            inline.update({key: _plain(part) for key, part in given.items()})
            steps.append(inline)
        item = steps.multiline(True)
    else:
        item = tomlkit.item(_plain(value))
    bounds = f" ({declaration.bounds})" if declaration.bounds else ""
    unit = f"{declaration.unit}: " if declaration.unit else ""
    item.comment(unit + declaration.meaning + bounds)
    table.add(name, item)


def _inline(given: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update(given)
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (date, str, bool, int)):
        return value
    if not float(value).is_integer():
        return float(value)
    text = f"{value / 1e12!r}e12"
    return tomlkit.value(text) if abs(value) >= LARGEST_PLAIN_INTEGER and float(text) == value else int(value)
