"""A whole case: the models' assumptions, the site and its policy. Read, checked with every fault at once, written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from allocator.readable import unreadable_text
from allocator.stress import Stress
from models.assumptions import (
    Assumptions,
    Declaration,
    Fault,
    InputFaultsError,
    Number,
    Whole,
    assumption,
    describe,
    read_table,
    shown,
)
from models.lease import Lease
from models.mining import Fleet, Mining, Purchase
from models.network import Market
from models.power import Power
from models.returns import Finance
from models.scenarios import Risk
from models.timeline import Day, Timeline


class GridStep(Assumptions):
    """One stage of energisation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)
    from_date: Day = Field(alias="from", description="Day from which this much is energised")
    grid_mw: Number = assumption(..., unit="facility MW", ge=0, le=1e5, meaning="Facility MW energised from that day")


class CapitalStep(Assumptions):
    """One stage of available capital."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)
    from_date: Day = Field(alias="from", description="Day from which this much is available in total")
    usd: Number = assumption(..., unit="USD", ge=0, le=1e12, meaning="Equity available in total from that day")


def _shape(value: Any) -> str:
    return "steps" if isinstance(value, (list, tuple)) else "nothing" if value is None else "number"


GridMw = Annotated[
    Annotated[Number, Field(gt=0, le=1e5), Tag("number")] | Annotated[tuple[GridStep, ...], Tag("steps")],
    Discriminator(_shape),
]
CapitalUsd = Annotated[
    Annotated[Number, Field(ge=0, le=1e12), Tag("number")]
    | Annotated[tuple[CapitalStep, ...], Tag("steps")]
    | Annotated[None, Tag("nothing")],
    Discriminator(_shape),
]


class Site(Assumptions):
    """The interconnection."""

    grid_mw: GridMw = assumption(
        ..., unit="facility MW", gt=0, le=1e5, bounds_in_type=True,
        meaning="Facility MW of the interconnection, or a list of {from, grid_mw}",
        because="a site without power has nothing to allocate",
    )  # fmt: skip


class Policy(Assumptions):
    """What the owner allows."""

    capital_usd: CapitalUsd = assumption(
        None, unit="USD", ge=0, le=1e12, bounds_in_type=True,
        meaning="Equity available, or a list of {from, usd}; without limit if absent",
    )  # fmt: skip
    reinvested_share: Number = assumption(
        0.0, unit="share of free cash", ge=0, le=1,
        meaning="Share of the plan's own free cash that returns to the capital budget",
    )  # fmt: skip
    max_hosting_share: Number = assumption(
        1.0, unit="share of grid", ge=0, le=1, meaning="Most of the grid that may host"
    )
    max_tenant_share: Number = assumption(
        1.0, unit="share of grid", ge=0, le=1, meaning="Most of the grid that one tenant may have"
    )
    min_flexible_mw: Number = assumption(
        0.0, unit="facility MW", ge=0, le=1e6, meaning="Facility MW never leased, so that they can follow the market",
    )  # fmt: skip
    stresses: tuple[Stress, ...] = assumption(
        (), unit="",
        meaning="Stresses that a plan must survive: " + ", ".join(Stress),
    )  # fmt: skip
    minimum_cash_usd: Number = assumption(
        0.0, unit="USD", ge=0, le=1e12,
        meaning="Cash left in every quarter of each of those stresses: capital and all flows so far",
    )  # fmt: skip
    minimum_cover: Number = assumption(
        0.0, unit="x", ge=0, le=10,
        meaning="Operating cash over debt service of the site in every quarter of those stresses, service on the dates "
        "agreed: a late hall or a failed tenant moves none, and no reserve counts; 0 asks for none",
    )  # fmt: skip
    treasury_btc: Number = assumption(
        0.0, unit="BTC", ge=0, le=1e7, meaning="Bitcoin held that may be sold to pay for the plan",
    )  # fmt: skip
    treasury_basis_usd_per_btc: Number = assumption(
        0.0, unit="USD", ge=0, le=1e8, meaning="What that bitcoin cost: a sale above it is taxed",
    )  # fmt: skip


class Case(Assumptions):
    """One decision to make."""

    name: str = assumption(..., unit="", meaning="What the case is called")
    valuation_date: Day = assumption(..., unit="", meaning="Month 0: the day on which values are stated")
    horizon_years: Whole = assumption(20, unit="years", ge=1, le=40, meaning="Years that are planned")
    site: Site
    market: Market = Market()
    power: Power = Power()
    mining: Mining = Mining()
    fleets: tuple[Fleet, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    leases: tuple[Lease, ...] = ()
    finance: Finance = Finance()
    policy: Policy = Policy()
    risk: Risk = Risk()
    sources: Mapping[str, str] = Field(default_factory=dict, description="Where a value comes from, by its path")

    @property
    def timeline(self) -> Timeline:
        """Its calendar."""
        return Timeline(self.valuation_date, self.horizon_years)

    def sha256(self) -> str:
        """Fingerprint of every input, independent of comments and order in the file."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True, exclude={"sources"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


TABLES: dict[str, type[Assumptions]] = {
    "site": Site, "market": Market, "power": Power, "mining": Mining, "finance": Finance, "policy": Policy,
    "risk": Risk,
}  # fmt: skip
LISTS: dict[str, type[Assumptions]] = {"fleets": Fleet, "purchases": Purchase, "leases": Lease}
SCALARS = ("name", "valuation_date", "horizon_years")


class _Header(Assumptions):
    """The inputs above the first table, validated on their own so that their faults join the others."""

    name: str = Field(min_length=1, max_length=300, description="a name for the case")
    valuation_date: Day = assumption(..., unit="", meaning="A date such as 2026-02-07")
    horizon_years: Whole = assumption(20, unit="years", ge=1, le=40, meaning="Years that are planned")


def case_from_document(document: Mapping[str, Any], found_before: Iterable[Fault] = ()) -> Case:
    """Validate a parsed file; faults found before it was complete are reported with its own.

    Raises
    ------
    InputFaultsError
        With every fault of every table, and of the tables together, not only the first.
    """
    from allocator.case_rules import check_together  # noqa: PLC0415  (the rules need the types above)

    faults = [*found_before, *unreadable_text(document)]
    header = read_table(_Header, "", {k: document[k] for k in SCALARS if k in document}, faults)
    parts: dict[str, Any] = {key: getattr(header, key, None) for key in SCALARS}
    for key, table in TABLES.items():
        parts[key] = read_table(table, key, document.get(key, {}), faults)
    for key in LISTS:
        parts[key] = tuple(_rows(key, document.get(key, []), faults))
    parts["sources"] = _sources(document.get("sources", {}), document, faults)
    for key in document.keys() - TABLES.keys() - LISTS.keys() - set(SCALARS) - {"sources"}:
        known = ", ".join((*SCALARS, *TABLES, *LISTS, "sources"))
        faults.append(Fault(str(key), shown(document[key]), "is not an input of a case", f"known: {known}"))
    check_together(parts, faults)
    if faults:
        raise InputFaultsError(faults)
    return Case.model_construct(**parts)


def case_near(case: Case, document: Mapping[str, Any], changed: Iterable[tuple[str, int | None]]) -> Case:
    """The case of a document that differs from a sound case's own only in these parts; the others are not read again.

    Parts are ``("power", None)`` for a table, ``("leases", 0)`` for an item, ``("leases", None)`` for a whole list,
    ``("horizon_years", None)`` for an input above the tables. Rules between tables are all held. Sources are left out.

    Raises
    ------
    InputFaultsError
        With every fault, as :func:`case_from_document`.
    """
    from allocator.case_rules import check_together  # noqa: PLC0415  (the rules need the types above)

    faults: list[Fault] = []
    parts: dict[str, Any] = {key: getattr(case, key) for key in (*SCALARS, *TABLES, *LISTS)}
    parts["sources"] = {}
    for key, index in dict.fromkeys(changed):
        if key in TABLES:
            parts[key] = read_table(TABLES[key], key, document.get(key, {}), faults)
        elif key in SCALARS:
            header = read_table(_Header, "", {k: document[k] for k in SCALARS if k in document}, faults)
            parts |= {k: getattr(header, k, None) for k in SCALARS}
        elif index is None:
            parts[key] = tuple(_rows(key, document.get(key, []), faults))
        else:
            read = read_table(LISTS[key], f"{key}[{index}]", document[key][index], faults)
            parts[key] = (*parts[key][:index], read, *parts[key][index + 1 :])
    check_together(parts, faults)
    if faults:
        raise InputFaultsError(faults)
    return Case.model_construct(**parts)


def _rows(key: str, given: Any, faults: list[Fault]) -> Iterator[Assumptions | None]:
    if not isinstance(given, list):
        faults.append(Fault(key, shown(given), "is not a list of tables", f"write [[{key}]] above each one"))
        return
    for index, row in enumerate(given):
        yield read_table(LISTS[key], f"{key}[{index}]", row, faults)


def _sources(given: Any, document: Mapping[str, Any], faults: list[Fault]) -> dict[str, str]:
    if not isinstance(given, Mapping):
        faults.append(
            Fault(
                "sources",
                shown(given),
                "is not a table",
                'write [sources] and lines such as "site.grid_mw" = "..."',
            )
        )
        return {}
    for path, text in given.items():
        if not isinstance(text, str):
            faults.append(Fault(f"sources.{path}", shown(text), "is not text", "say where the value comes from"))
        elif not _exists(document, str(path)):
            faults.append(
                Fault(
                    f"sources.{path}",
                    "",
                    "names no input of this case",
                    "use a path such as leases[0].rent_usd_per_kw_month",
                )
            )
    return {str(k): str(v) for k, v in given.items()}


_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\[\d{1,6}\])*)")


def path_parts(path: str) -> list[str | int]:
    """``leases[0].ltc`` as ``["leases", 0, "ltc"]``.

    Raises
    ------
    InputFaultsError
        For text that is no path.
    """
    parts: list[str | int] = []
    for piece in path.strip().split("."):
        found = _STEP.fullmatch(piece)
        if not found:
            raise InputFaultsError(
                [Fault(path, "", "is not a path", "write one such as market.btc_price_usd or leases[0].ltc")]
            )
        parts.append(found[1])
        parts.extend(int(i) for i in re.findall(r"\d+", found[2]))
    return parts


def _exists(document: Any, path: str) -> bool:
    try:
        for part in path_parts(path):
            document = document[part]
    except (KeyError, IndexError, TypeError, InputFaultsError):
        return False
    return True


def override(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a parsed file with one input replaced; the replaced value's source is dropped.

    Raises
    ------
    InputFaultsError
        For a list position that the case does not have, or a path through something that has no parts.
    """
    parts = path_parts(path)
    changed = _replaced(document, parts, value, path)
    if isinstance(sources := changed.get("sources"), Mapping):
        below = (f"{path}.", f"{path}[")
        changed["sources"] = {k: v for k, v in sources.items() if k != path and not str(k).startswith(below)}
    return dict(changed)


def _replaced(node: Any, parts: list[str | int], value: Any, path: str) -> Any:
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(head, int):
        if not isinstance(node, list) or head >= len(node):
            held = len(node) if isinstance(node, list) else 0
            raise InputFaultsError([Fault(path, "", f"has no item [{head}]", f"the case has {held}, counted from 0")])
        return [_replaced(item, rest, value, path) if i == head else item for i, item in enumerate(node)]
    if not isinstance(node, Mapping):
        raise InputFaultsError([Fault(path, "", f"has no part {head}", "see the paths in a template")])
    return {**node, head: _replaced(node.get(head, {}), rest, value, path)}


def replaced(case: Case, path: str, value: Any) -> Case:
    """A copy of a sound case with one input replaced by one that is known to be sound; nothing is validated.

    >>> from allocator.files import load_case
    >>> replaced(load_case("river-bend"), "leases[0].ltc", 0.5).leases[0].ltc
    0.5
    """
    return _with_part(case, path_parts(path), value)  # type: ignore[no-any-return]


def _with_part(node: Any, parts: list[str | int], value: Any) -> Any:
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(head, int):
        return tuple(_with_part(item, rest, value) if i == head else item for i, item in enumerate(node))
    return node.model_copy(update={head: _with_part(getattr(node, head), rest, value)})


@dataclass(frozen=True)
class Input:
    """One input of a case with what is known of it: what a form, a sheet or a file needs to show it."""

    path: str
    value: Any
    declaration: Declaration
    source: str
    status: str

    @property
    def is_default(self) -> bool:
        """Whether the case leaves it at the declared default."""
        return not self.declaration.required and self.value == self.declaration.default


_STATUSES = ("sourced", "derived", "assumed")


def inputs(case: Case) -> Iterator[Input]:
    """Every input in the order of the file; lists item by item, hourly prices as one."""
    for name in SCALARS:
        yield _input(case, name, getattr(case, name), describe(Case)[name])
    for key in TABLES:
        yield from _table_inputs(case, key, getattr(case, key))
    for key in LISTS:
        for index, row in enumerate(getattr(case, key)):
            yield from _table_inputs(case, f"{key}[{index}]", row)


def _table_inputs(case: Case, prefix: str, table: Assumptions) -> Iterator[Input]:
    for name, declaration in describe(type(table)).items():
        value = getattr(table, name)
        if isinstance(value, tuple):
            for index, step in enumerate(value):
                if not isinstance(step, Assumptions):
                    yield _input(case, f"{prefix}.{name}[{index}]", step, declaration)
                    continue
                for field, known in describe(type(step)).items():
                    part = "from" if field == "from_date" else field
                    yield _input(case, f"{prefix}.{name}[{index}].{part}", getattr(step, field), known)
        else:
            yield _input(case, f"{prefix}.{name}", value, declaration)


def _input(case: Case, path: str, value: Any, declaration: Declaration) -> Input:
    if path in case.sources:
        head, _, rest = case.sources[path].partition(":")
        status, text = (head, rest.strip()) if head in _STATUSES else ("sourced", case.sources[path])
        return Input(path, value, declaration, text, status)
    if not declaration.required and value == declaration.default:
        text = ", ".join(filter(None, (declaration.source, declaration.dated)))
        return Input(path, value, declaration, text, declaration.status)
    return Input(path, value, declaration, "entered in the case, no source given", "assumed")
