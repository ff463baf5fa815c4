"""What would turn the answer: the rent, capex, price, rate or delay at which each offer leaves or enters the plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from allocator.allocation import Allocation
from allocator.break_even import BreakEven
from allocator.case import Case
from allocator.explain import Explanation
from allocator.flip_points import FlipPoint
from allocator.formats import percent, rent
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.terms import field_name, plain
from models.network import hashprice_usd_per_ph_day, subsidy_on, total_reward_btc

HASHPRICE = "hashprice at today's BTC price"


@dataclass(frozen=True)
class Turn:
    """One input that was moved until the answer to an offer changed, or as far as was tried."""

    offer: str
    taken: bool
    what: str
    unit: str
    today: float
    at: float | None
    """``None`` where nothing tried turned it."""
    tried_to: float
    words: Callable[[float], str]
    reason: str = ""

    @property
    def distance(self) -> float:
        """Change that turns it, as a share of today's; infinite where none did, or where today's is nothing."""
        return math.inf if self.at is None or not self.today else self.at / self.today - 1.0


def turns(plan: Allocation, explanation: Explanation) -> list[Turn]:
    """Every break-even and flip point, the nearest first; those that nothing turned last."""
    taken = {found.offer: found.taken for found in explanation.break_evens}
    found = [
        *(_rent_turn(found) for found in explanation.break_evens),
        *(_turn(plan.case, flip, taken=taken.get(flip.offer, False)) for flip in explanation.flips),
    ]
    return sorted(found, key=lambda turn: (turn.at is None, abs(turn.distance)))


def _rent_turn(found: BreakEven) -> Turn:
    at = found.rent_usd_per_kw_month
    now = found.current_usd_per_kw_month
    return Turn(found.name, found.taken, "rent", "USD/kW-month", now, at, now, rent, found.reason)


def _turn(case: Case, flip: FlipPoint, *, taken: bool) -> Turn:
    offer = case.leases[flip.offer].name
    name = field_name(flip.path)
    if name == "difficulty":
        now, tried = (_hashprice(case, value) for value in (flip.current, flip.searched_to))
        at = None if flip.flips_at is None else _hashprice(case, flip.flips_at)
        return Turn(offer, taken, HASHPRICE, "USD/PH/day", now, at, tried, _hashprice_words)
    what, unit, words = NAMED[name]
    return Turn(offer, taken, what, unit, flip.current, flip.flips_at, flip.searched_to, words)


def _hashprice(case: Case, difficulty: float) -> float:
    reward = total_reward_btc(subsidy_on(case.valuation_date), case.market.fee_share)
    return hashprice_usd_per_ph_day(case.market.btc_price_usd, difficulty, reward)


def _hashprice_words(usd: float) -> str:
    return f"${usd:,.2f} /PH/day"


def _months(months: float) -> str:
    return f"{months:,.0f} months"


NAMED: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "capex_usd_per_kw": ("capex", "USD/kW of critical IT", lambda usd: f"${usd:,.0f} /kW"),
    "btc_price_usd": ("BTC price", "USD", lambda usd: f"${usd:,.0f}"),
    "price_usd_per_mwh": ("power price", "USD/MWh", lambda usd: f"${usd:,.2f} /MWh"),
    "discount_rate_hosting": ("hosting rate", "per year", percent),
    "delay_months": ("delay of its halls", "months", _months),
}


def turning_table(found: list[Turn]) -> pd.DataFrame:
    """One row an input of an offer, in words."""
    return pd.DataFrame(
        [
            {
                "offer": f"{turn.offer} ({'taken' if turn.taken else 'refused'})",
                "what would turn it": turn.what,
                "today": turn.words(turn.today),
                "turns at": _at(turn),
                "distance": _distance(turn),
            }
            for turn in found
        ]
    )


def turning_data(found: list[Turn]) -> pd.DataFrame:
    """The same in numbers."""
    return pd.DataFrame(
        [
            {
                "offer": turn.offer,
                "taken": turn.taken,
                "input": turn.what,
                "unit": turn.unit,
                "today": turn.today,
                "turns_at": turn.at,
                "tried_to": None if turn.reason else turn.tried_to,
                "reason": turn.reason,
            }
            for turn in found
        ]
    )


def _at(turn: Turn) -> str:
    if turn.at is not None:
        return turn.words(turn.at)
    if turn.reason:
        return turn.reason
    side = "up to" if turn.tried_to > turn.today else "down to"
    return f"not within the values tried ({side} {turn.words(turn.tried_to)})"


def _distance(turn: Turn) -> str:
    if turn.at is None:
        return DASH
    if not turn.today:
        return f"+{turn.words(turn.at)}"
    size = abs(turn.distance)
    return f"{'+' if turn.distance > 0 else '-'}{size * 100:,.0f} %" if size >= 1.0 else _signed_percent(turn.distance)


def _signed_percent(share: float) -> str:
    return f"{'+' if share > 0 else '-'}{percent(abs(share))}"


def finding(found: list[Turn]) -> str:
    """What turns the answer first."""
    if not found:
        return "This case has no offer whose answer could turn"
    nearest = found[0]
    if nearest.at is None:
        return "Nothing that was tried turns the answer to any offer"
    would = "leaves the plan" if nearest.taken else "enters the plan"
    return (
        f"{nearest.offer} {would} first if its {nearest.what} goes to {nearest.words(nearest.at)}, {_distance(nearest)}"
    )


def notes(plan: Allocation) -> Iterator[str]:
    """How far the table reaches."""
    yield "Each input is moved alone, all others as they are; an offer leaves when its last megawatt does."
    if plan.program.form.integer.any():
        yield "With whole halls only rent, capex and the BTC price are moved, in wider steps."
    else:
        yield (
            "Hashprice is moved through difficulty, at today's BTC price; between two values tried a change and its "
            "return would go unseen."
        )


def show(plan: Allocation, explanation: Explanation) -> None:
    """Draw it in the current container."""
    found = turns(plan, explanation)
    st.markdown(f"**{plain(finding(found))}**  \n:gray[Nearest first; distance from today's value]")
    if found:
        show_table("turns", turning_table(found), ("today", "turns at", "distance"), turning_data(found))
        st.caption(plain(" ".join(notes(plan))))
