"""The base class of every input, and the faults that a wrong input collects.

An assumption is declared once: unit, default, bounds, meaning, source. The commented case file, the
check, the pages and the workbook all read that one declaration through :func:`describe`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Status = Literal["sourced", "derived", "assumed"]
REQUIRED: Any = ...


class Assumptions(BaseModel):
    """A frozen table of inputs. Unknown fields, NaN and infinities are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    title_of_section: ClassVar[str] = ""
    """Title above its inputs where it is one part of a larger table."""


def assumption(
    default: Any,
    *,
    unit: str,
    meaning: str,
    source: str = "",
    dated: str = "",
    status: Status = "assumed",
    because: str = "",
    bounds_in_type: bool = False,
    **bounds: float,
) -> Any:
    """Declare one input.

    Parameters
    ----------
    default : the value when a case does not give one; ``REQUIRED`` where there is none.
    unit : as it is printed beside the value; "" for text.
    meaning : one line in the trade's words.
    source, dated, status : where the default comes from; "assumed" marks a choice without a source.
    because : why the bounds are what they are, told to whoever breaks them.
    bounds : ``ge``, ``gt``, ``le``, ``lt``; with ``bounds_in_type`` they are only stated here and the type checks them
        (a value that is a number or a list).
    """
    lower, upper = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    notes = {
        "unit": unit,
        "source": source,
        "dated": dated,
        "status": status,
        "because": because,
        "lower": lower,
        "upper": upper,
    }
    enforced: dict[str, Any] = {} if bounds_in_type else dict(bounds)
    return Field(default, description=meaning, json_schema_extra=notes, **enforced)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Declaration:
    """What is known of an input before any case gives it a value."""

    name: str
    unit: str
    meaning: str
    default: Any
    required: bool
    lower: float | None
    upper: float | None
    source: str
    dated: str
    status: str
    because: str

    @property
    def bounds(self) -> str:
        """The allowed range in words, in the input's unit."""
        if self.lower is not None and self.upper is not None:
            return f"{self.lower:g} to {self.upper:g}"
        if self.lower is not None:
            return f"at least {self.lower:g}"
        return f"at most {self.upper:g}" if self.upper is not None else ""


@cache
def describe(table: type[Assumptions]) -> Mapping[str, Declaration]:
    """Every input of a table, by field name, in the order of declaration."""
    return MappingProxyType({name: _declaration(name, info) for name, info in table.model_fields.items()})


def sections(table: type[Assumptions]) -> list[tuple[str, list[str]]]:
    """Inputs of a table under the titles of the parts that it is made of; one part without a title if it has none."""
    bases = [part for part in reversed(table.__mro__) if issubclass(part, Assumptions)]
    parts = [part for part in bases if part.__dict__.get("title_of_section")]
    if not parts:
        return [("", list(table.model_fields))]
    return [(part.title_of_section, [n for n in table.model_fields if n in part.__annotations__]) for part in parts]


def _declaration(name: str, info: FieldInfo) -> Declaration:
    notes: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    lower, upper = notes.get("lower"), notes.get("upper")
    text = {key: str(notes.get(key, "")) for key in ("unit", "source", "dated", "status", "because")}
    required = info.is_required()
    default = None if required else info.get_default(call_default_factory=True)
    return Declaration(name, text["unit"], info.description or "", default, required, lower, upper,
                       text["source"], text["dated"], text["status"], text["because"])  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where, what was given, the rule it breaks, the remedy."""

    field: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        given = f"{self.value} " if self.value else ""
        return f"{self.field}: {given}{self.rule}; {self.remedy}"


class InputFaultsError(ValueError):
    """An input was refused. Carries every fault found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


Table = TypeVar("Table", bound=Assumptions)


def read_table(table: type[Table], path: str, given: Any, faults: list[Fault]) -> Table | None:
    """Validate one table, appending its faults; ``None`` if it has any."""
    if not isinstance(given, Mapping):
        faults.append(Fault(path, shown(given), "is not a table", f"write [{path}] and its inputs on the lines below"))
        return None
    try:
        return table.model_validate(dict(given))
    except ValidationError as error:
        faults.extend(_faults(table, path, error))
        return None


def shown(value: Any) -> str:
    """A value as it is quoted back to the user, shortened to one line."""
    try:
        text = " ".join(repr(value).split())
    except RecursionError:
        return "something nested too deeply"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 60 else text[:57] + "..."


def _faults(table: type[Assumptions], path: str, error: ValidationError) -> Iterator[Fault]:
    known = describe(table)
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        inner = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"][1:]
                        if part not in _TAGS)  # fmt: skip
        where = ".".join(filter(None, (path, name))) + inner
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, known, n=1) if not inner else []
            others = f"known inputs: {', '.join(known)}" if not inner else "see the list's form in a template"
            yield Fault(where, "", "is not an input of this table", f"did you mean {near[0]}?" if near else others)
            continue
        what = known.get(name)
        yield Fault(where, "" if item["type"] == "missing" else shown(item.get("input")),
                    _rule(item["type"], item.get("ctx", {}), item["msg"], what), _remedy(what))  # fmt: skip


_TAGS = ("number", "steps", "nothing")
"""Which form of an input was read; no part of its path."""
_RULES = {
    "missing": "is required and was not given",
    "finite_number": "is not a finite number",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "bool_type": "is neither true nor false",
    "string_type": "is not text",
    "tuple_type": "is not a list",
    "string_too_short": "is empty",
    "model_type": "is neither a price file that was read nor a table with months",
}
_BOUNDS = {
    "greater_than": ("gt", "must be above {:g}"),
    "greater_than_equal": ("ge", "is below {:g}"),
    "less_than": ("lt", "must be below {:g}"),
    "less_than_equal": ("le", "is above {:g}"),
}


def _rule(kind: str, context: Mapping[str, Any], message: str, what: Declaration | None) -> str:
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        because = f" ({what.because})" if what and what.because else ""
        return words.format(context[key]) + because
    if kind == "enum":
        return f"is not one of {context['expected']}"
    if kind in _RULES:
        return _RULES[kind]
    return message.removeprefix("Value error, ").removeprefix("Input ")


def _remedy(what: Declaration | None) -> str:
    if what is None:
        return "correct it"
    known = ", ".join(filter(None, (what.unit, what.bounds)))
    return f"give {what.meaning[:1].lower()}{what.meaning[1:]}" + (f" ({known})" if known else "")
