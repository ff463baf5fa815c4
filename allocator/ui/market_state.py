"""What page Market is asked, and the refresh of its figures: the owner of these keys of the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from allocator.market import MarketSnapshot
from allocator.ui.state import desk, put_anew, widget_key
from models.network import Market

MACHINE_VIEW, NETWORK_AVERAGE, REFRESH = "machine_view", "network_average", "market_refresh"


@dataclass(frozen=True)
class MachineView:
    """What the machine table is asked at; by default the case's own market."""

    btc_price_usd: float
    difficulty: float
    fee_share: float
    power_price_usd_per_mwh: float
    pool_fee: float

    def market(self, market: Market) -> Market:
        """A case's market at the price, difficulty and fees that are asked."""
        asked = {name: getattr(self, name) for name in ("btc_price_usd", "difficulty", "fee_share")}
        return market.model_copy(update=asked)


def machine_view_of_case() -> MachineView:
    """The case's own market, power price and pool fee."""
    case = desk().case
    return MachineView(
        case.market.btc_price_usd,
        case.market.difficulty,
        case.market.fee_share,
        case.power.price_usd_per_mwh,
        case.mining.pool_fee,
    )


def machine_view() -> MachineView:
    """The market page's questions: those of the case until the reader asks others."""
    asked: dict[str, float] = st.session_state.get(MACHINE_VIEW, {})
    return replace(machine_view_of_case(), **asked)


def ask_machines(field: str, key: str, read: Callable[[Any], Any]) -> None:
    """Callback of a market-page widget: one figure other than the case's."""
    st.session_state[MACHINE_VIEW] = {
        **st.session_state.get(MACHINE_VIEW, {}),
        field: read(st.session_state[key]),
    }


def ask_machines_of_case() -> None:
    """Callback: back to the case's own market."""
    st.session_state[MACHINE_VIEW] = {}
    put_anew(desk())


def ask_machines_at(figures: Mapping[str, float]) -> None:
    """Callback: the market page is asked at figures of another market; the case stays as it is."""
    st.session_state[MACHINE_VIEW] = {**st.session_state.get(MACHINE_VIEW, {}), **figures}
    put_anew(desk())


def use_market(figures: Mapping[str, float], sources: Mapping[str, str]) -> None:
    """Callback: figures of another market become the case's own, with where they come from."""
    changed = desk()
    for name, value in figures.items():
        changed = changed.edited(f"market.{name}", value, sources.get(name, ""))
    asked = st.session_state.get(MACHINE_VIEW, {})
    st.session_state[MACHINE_VIEW] = {name: value for name, value in asked.items() if name not in figures}
    put_anew(changed)


def average_asked() -> Mapping[str, float]:
    """Inputs of the network average that the reader changed."""
    found: Mapping[str, float] = st.session_state.get(NETWORK_AVERAGE, {})
    return found


def ask_average(name: str, key: str, read: Callable[[Any], Any]) -> None:
    """Callback of a widget of the network average."""
    if key == widget_key(f"{NETWORK_AVERAGE}.{name}") and key in st.session_state:
        st.session_state[NETWORK_AVERAGE] = {**average_asked(), name: read(st.session_state[key])}


def ask_average_as_declared() -> None:
    """Callback: the network average back to its declared inputs."""
    st.session_state[NETWORK_AVERAGE] = {}
    put_anew(desk())


def market_refresh() -> Future[MarketSnapshot] | None:
    """The refresh that the reader asked for, under way or done."""
    found: Future[MarketSnapshot] | None = st.session_state.get(REFRESH)
    return found


def remember_refresh(job: Future[MarketSnapshot]) -> None:
    """Keep the refresh that was just begun."""
    st.session_state[REFRESH] = job
