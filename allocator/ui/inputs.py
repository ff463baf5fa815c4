"""The inputs of a case as a term sheet: groups in a banker's order, each widget made from its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import streamlit as st

from allocator.activity import key_text
from allocator.case import LISTS, TABLES, Case, Input, inputs
from allocator.comparison import outside_by_input
from allocator.formats import megawatts, rent
from allocator.ui import rows, state, terms
from allocator.ui.desk import Desk, document_of, values
from allocator.ui.stages import is_stage, stage_editor
from allocator.ui.stress_picker import STRESSES, stress_picker
from models.assumptions import Assumptions, describe, sections
from models.lease import Lease
from models.machines import SUCCESSOR, catalogue, machines_by_name

CHANGED = ":orange[●]"
REFUSED = ":red[▲]"
OUTSIDE = ":violet[◆]"
_LIST = re.compile(r"(leases\[\d+\]\.\w+|policy\.stresses)\[\d+\].*")


@dataclass(frozen=True)
class Group:
    """One block of the term sheet: a title, what it says at a glance, the tables of the case it holds."""

    key: str
    title: str
    summary: str
    tables: tuple[str, ...]


def groups(case: Case) -> Iterator[Group]:
    """Market, power, mining, every fleet, purchase and lease, finance, policy, risk, site."""
    market, policy, finance = case.market, case.policy, case.finance
    yield Group(
        "market",
        "Market",
        f"BTC ${market.btc_price_usd:,.0f} · difficulty {market.difficulty / 1e12:,.1f} T",
        ("market",),
    )
    yield Group("power", "Power", f"${case.power.price_usd_per_mwh:,.2f} /MWh", ("power",))
    yield Group(
        "mining",
        "Mining",
        f"uptime {case.mining.uptime:.0%} · pool fee {case.mining.pool_fee:.1%}",
        ("mining",),
    )
    for i, fleet in enumerate(case.fleets):
        yield Group(f"fleets_{i}", "Fleet", f"{fleet.name} · {megawatts(fleet.facility_mw)}", (f"fleets[{i}]",))
    for i, purchase in enumerate(case.purchases):
        yield Group(
            f"purchases_{i}",
            "Purchase",
            f"{purchase.name} · ${purchase.price_usd_per_th:,.2f} /TH",
            (f"purchases[{i}]",),
        )
    for i, lease in enumerate(case.leases):
        yield Group(f"leases_{i}", "Lease", f"{lease.name} · {rent(lease.rent_usd_per_kw_month)}", (f"leases[{i}]",))
    rates = f"mining {finance.discount_rate_mining:.1%} · hosting {finance.discount_rate_hosting:.1%}"
    yield Group("finance", "Finance", rates, ("finance",))
    yield Group(
        "policy",
        "Policy",
        f"capital {_capital(policy.capital_usd)} · flexible {megawatts(policy.min_flexible_mw)}",
        ("policy",),
    )
    yield Group(
        "risk",
        "Risk",
        f"BTC volatility {case.risk.btc_volatility_per_year:.0%} · tail {1 - case.risk.tail_level:.0%}",
        ("risk",),
    )
    grid = case.site.grid_mw
    size = max(step.grid_mw for step in grid) if isinstance(grid, tuple) else grid
    yield Group("site", "Site", f"{megawatts(size)} facility · {case.horizon_years} years", ("site", ""))


def _capital(given: Any) -> str:
    if given is None:
        return "without limit"
    return f"${(given[-1].usd if isinstance(given, tuple) else given) / 1e6:,.0f} M"


def term_sheet(desk: Desk) -> None:
    """Every input, group by group.

    A changed one carries a dot, a refused one a triangle, one outside what has been signed elsewhere a diamond.
    """
    by_table: dict[str, list[Input]] = {}
    for item in inputs(desk.case):
        by_table.setdefault(_whole(item.path).rpartition(".")[0], []).append(item)
    changed = {change.path for change in desk.changes}
    refused = dict(desk.refused)
    now = dict(values(document_of(desk.case)))
    outside = outside_by_input(desk.case)

    def mark(*paths: str) -> str:
        signs = (REFUSED, refused), (CHANGED, changed), (OUTSIDE, outside)
        return "".join(f"{sign} " for sign, marked in signs if set(marked) & set(paths))

    for group in groups(desk.case):
        items = [item for table in group.tables for item in by_table.get(table, [])]
        paths = _paths(items)
        single = {item.path: item for item in items}
        title = f"{mark(*paths)}**{group.title}** {terms.plain(group.summary)}"

        def draw(path: str, single: dict[str, Input] = single) -> None:
            item = single.get(path)
            _draw(path, item, refused.get(path, item.value if item else now[path]), mark(path))
            if path in outside:
                st.caption(f"{OUTSIDE} {terms.plain(outside[path])}")

        with _opened(title, f"group_{group.key}") as is_open:
            if not is_open:
                continue
            rows.presets(group.tables[0])
            if group.key.startswith("leases_"):
                _lease_sections(group, draw, mark)
            else:
                for path in paths:
                    draw(path)
            rows.copy_or_remove(group.tables[0])
    rows.add(desk.case)


@contextmanager
def _opened(title: str, key: str) -> Iterator[bool]:
    """A part of the term sheet and whether it is open; a closed one draws none of its inputs, so that pages are quick.

    Streamlit looks through the whole session for every input that it draws: hundreds of them would take seconds. Its
    own expander is another element whenever its title or state changes, which takes the keyboard's focus away.
    """
    is_open = bool(state.choice(key, False))
    with st.container(key=key, gap="xsmall"):
        st.button(
            title,
            key=f"open_{key}",
            icon=":material/keyboard_arrow_down:" if is_open else ":material/keyboard_arrow_right:",
            type="tertiary",
            width="stretch",
            on_click=state.choose,
            args=(key, not is_open),
        )
        yield is_open


def _draw(path: str, item: Input | None, given: Any, mark: str) -> None:
    """One input in its own way; ``given`` is what it shows, as in a file."""
    if item:
        _widget(item, given, mark)
    elif path == STRESSES:
        stress_picker(given, mark)
    elif is_listed(path):
        _list_in_words(path, given, mark)
    else:
        stage_editor(path, given, mark)


def _paths(items: list[Input]) -> list[str]:
    """Every input of a group once; the stresses stand before what they ask for, named or not."""
    paths = [path for path in dict.fromkeys(_whole(item.path) for item in items) if path != STRESSES]
    if "policy.minimum_cash_usd" in paths:
        paths.insert(paths.index("policy.minimum_cash_usd"), STRESSES)
    return paths


def _lease_sections(group: Group, draw: Callable[[str], None], mark: Callable[..., str]) -> None:
    """A lease's many terms under the titles of its term sheet, each closed until it is asked for."""
    (table,) = group.tables
    for title, names in sections(Lease):
        paths = [f"{table}.{name}" for name in names]
        with _opened(f"{mark(*paths)}{title}", f"section_{group.key}_{key_text(title)}") as is_open:
            for path in paths if is_open else ():
                draw(path)


def is_listed(path: str) -> bool:
    """Whether an input is a list without an editor.

    >>> is_listed("leases[0].halls"), is_listed("leases[0].ltc"), is_listed("site.grid_mw")
    (True, False, False)
    """
    name = terms.field_name(path)
    return path.startswith("leases[") and name in Lease.model_fields and Lease.model_fields[name].default == ()


def _list_in_words(path: str, value: Any, mark: str) -> None:
    """A list as text: it is edited in the case file."""
    name = terms.field_name(path)
    unit = describe(Lease)[name].unit
    words = terms.in_words(name, unit, value) if value else "none"
    st.markdown(
        f":small[{mark}{terms.label(name)} :gray[{terms.plain(unit)}]]  \n{terms.plain(words)}",
        help=terms.plain(f"{describe(Lease)[name].meaning}. A list is edited in the case file: Save, edit, Open."),
    )


def _whole(path: str) -> str:
    """The list to which a stage or an item belongs; any other path as it is."""
    if found := _LIST.fullmatch(path):
        return found[1]
    return path.rpartition("[")[0] if is_stage(path) else path


def _widget(item: Input, given: Any, mark: str) -> None:
    """The widget of one input, by the type of its value; ``given`` is what it shows."""
    name, key = terms.field_name(item.path), state.widget_key(item.path)
    kept = terms.scale(name, item.declaration.unit)
    unit = f" :gray[{terms.plain(kept.unit)}]" if kept.unit else ""
    common: dict[str, Any] = {
        "label": f"{mark}{terms.label(name)}{unit}",
        "key": key,
        "help": terms.help_text(item, kept.unit),
        "on_change": state.take_widget,
        "args": (item.path, key, _read_text_or_nothing if name.endswith("_start") else _read_as_is),
    }
    if name == "machine":
        known = machines_by_name()
        state.offer_to_widget(key, known[given].model if given in known else given)
        st.selectbox(options=_machines(item.path), **common)
    elif isinstance(item.value, StrEnum):
        state.offer_to_widget(key, str(given))
        st.selectbox(options=[str(mode) for mode in type(item.value)], **common)
    elif isinstance(item.value, bool):
        state.offer_to_widget(key, given)
        st.toggle(**common)
    elif name == "valuation_date":
        state.offer_to_widget(key, date.fromisoformat(str(given)))
        st.date_input(**{**common, "args": (item.path, key, str)})
    elif name.endswith("_start"):
        state.offer_to_widget(key, "" if given is None else str(given))
        st.text_input(
            placeholder="as soon as it can be built" if name == "earliest_start" else "the earliest", **common
        )
    elif _is_whole(item):
        state.offer_to_widget(key, given)
        st.number_input(step=1, **_optional(item), **common)
    elif isinstance(item.value, float) or item.value is None:
        _number_widget(item, given, kept, common)
    else:
        state.offer_to_widget(key, str(given))
        st.text_input(**common)


def _number_widget(item: Input, given: float | None, kept: terms.Scale, common: dict[str, Any]) -> None:
    shown = None if given is None else kept.shown(given)

    def read(entered: float | None) -> float | None:
        return None if entered is None else kept.read(entered)

    state.offer_to_widget(common["key"], shown)
    st.number_input(
        step=terms.step(shown),
        format=terms.number_format(shown),
        **_optional(item),
        **{**common, "args": (item.path, common["key"], read)},
    )


def _is_whole(item: Input) -> bool:
    """Whether an input is a whole number, given or not."""
    if item.value is not None:
        return isinstance(item.value, int)
    name = terms.field_name(item.path)
    tables: list[type[Assumptions]] = [*TABLES.values(), *LISTS.values()]
    declared = next((table.model_fields[name] for table in tables if name in table.model_fields), None)
    return declared is not None and "int" in str(declared.annotation)


def _optional(item: Input) -> dict[str, Any]:
    """An empty field where an input may be left out, with what that means."""
    if item.declaration.required or item.declaration.default is not None:
        return {}
    return {"value": None, "placeholder": terms.absent(terms.field_name(item.path))}


def _machines(path: str) -> list[str]:
    models = [machine.model for machine in catalogue()]
    return [*models, SUCCESSOR] if path.startswith("purchases") else models


def _read_as_is(entered: Any) -> Any:
    return entered


def _read_text_or_nothing(entered: str) -> str | None:
    return entered.strip() or None
