"""Where the market's figures come from: the case's own, those shipped with the program, and today's when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime

import streamlit as st

from allocator import market
from allocator.case import Case, inputs
from allocator.formats import day
from allocator.ui import machine_table, market_state, terms
from allocator.ui.waiting import redraw_when_done
from models.network import hashrate_eh_s

FIGURES = ("btc_price_usd", "difficulty", "fee_share")
SHIPPED_STATUS = {"btc_price_usd": "derived", "difficulty": "sourced", "fee_share": "assumed"}


@dataclass(frozen=True)
class Quotation:
    """One market's figures on one day, and where they come from."""

    title: str
    dated: date
    age: str
    figures: Mapping[str, float]
    hashprice_usd_per_ph_day: float
    source: str

    def rows(self) -> Iterator[tuple[str, str]]:
        """What is shown of it, a name and a figure a line."""
        yield "BTC price", f"${self.figures['btc_price_usd']:,.0f}"
        yield "Difficulty", f"{self.figures['difficulty'] / 1e12:,.2f} T"
        yield "Fees, share of reward", f"{self.figures['fee_share'] * 100:.2f} %"
        yield "Hashprice", f"${self.hashprice_usd_per_ph_day:,.2f} /PH/day"
        yield "Implied hashrate", f"{hashrate_eh_s(self.figures['difficulty']):,.0f} EH/s"


def of_case(case: Case) -> Quotation:
    """The case's own market; its three sources in one line."""
    own = {name: float(getattr(case.market, name)) for name in FIGURES}
    view = market_state.MachineView(**own, power_price_usd_per_mwh=0.0, pool_fee=0.0)
    known = {item.path.removeprefix("market."): item for item in inputs(case) if item.path.startswith("market.")}
    source = " · ".join(
        f"{terms.label(name)} ({known[name].status}): {known[name].source or 'none given'}" for name in FIGURES
    )
    hashprice = machine_table.hashprices(view, case.valuation_date)[1]
    valued = "on the valuation date"
    return Quotation("The case's own market", case.valuation_date, valued, own, hashprice, source)


def of_snapshot(title: str, snapshot: market.MarketSnapshot, today: date) -> Quotation:
    """A snapshot as it is shown."""
    figures = {name: float(getattr(snapshot, name)) for name in FIGURES}
    days = snapshot.age_days(today)
    age = "today" if days == 0 else f"{days} day{'' if days == 1 else 's'} old"
    source = snapshot.source + (", fee share assumed" if _is_shipped(snapshot) else "")
    return Quotation(title, snapshot.taken.date(), age, figures, snapshot.hashprice_usd_per_ph_day, source)


def _is_shipped(snapshot: market.MarketSnapshot) -> bool:
    """Whether figures are those of the program, also where a refresh fell back to them."""
    return snapshot.source == market.shipped_snapshot().source


def begin_refresh() -> None:
    """Callback: ask for today's market beside the page; one that is under way is not asked for twice."""
    earlier = market_state.market_refresh()
    if earlier is None or earlier.done():
        market_state.remember_refresh(_worker().submit(market.refresh))


@st.cache_resource(max_entries=1, show_spinner=False)
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="market")


def show(case: Case) -> None:
    """Draw the three markets beside each other in the current container."""
    st.markdown(
        "**The case keeps the figures it was made with until you ask for others**  \n"
        ":gray[Three markets side by side; “Ask here” fills the questions at the top of this page and leaves the case]"
    )
    today = datetime.now(UTC).date()
    own, shipped, fresh = st.columns(3)
    with own.container(border=True, height="stretch"):
        quoted = of_case(case)
        _card(quoted)
        st.button(
            "Ask here",
            key="ask_case",
            icon=":material/undo:",
            on_click=market_state.ask_machines_of_case,
            width="stretch",
        )
        _source(quoted)
    with shipped.container(border=True, height="stretch"):
        snapshot = market.shipped_snapshot()
        quoted = of_snapshot("Shipped with the program", snapshot, today)
        _card(quoted)
        _offer("shipped", snapshot, case)
        _source(quoted)
    with fresh.container(border=True, height="stretch"):
        _refreshed(case, today)


def _card(quoted: Quotation) -> None:
    st.markdown(f"**{quoted.title}**  \n:gray[{day(quoted.dated)} · {quoted.age}]")
    names, values = st.columns(2)
    names.markdown("  \n".join(f":gray[{name}]" for name, _ in quoted.rows()))
    values.markdown("  \n".join(terms.plain(value) for _, value in quoted.rows()))


def _source(quoted: Quotation) -> None:
    st.caption(f"Source: {terms.plain(quoted.source)}")


def _offer(key: str, snapshot: market.MarketSnapshot, case: Case) -> None:
    figures = {name: float(getattr(snapshot, name)) for name in FIGURES}
    sources = {
        name: f"{SHIPPED_STATUS[name] if _is_shipped(snapshot) else 'sourced'}: "
        f"{snapshot.source}, {snapshot.taken:%Y-%m-%d}"
        for name in FIGURES
    }
    left, right = st.columns(2)
    left.button(
        "Ask here",
        key=f"ask_{key}",
        icon=":material/arrow_upward:",
        on_click=market_state.ask_machines_at,
        args=(figures,),
        width="stretch",
        help="Fill the questions at the top of this page; the case stays as it is",
    )
    right.button(
        "Use in the case",
        key=f"use_{key}",
        icon=":material/input:",
        on_click=market_state.use_market,
        args=(figures, sources),
        width="stretch",
        help=f"Price, difficulty and fee share of the case, with their source; it stays valued on "
        f"{day(case.valuation_date)}, and every plan is worked out again",
    )


def _refreshed(case: Case, today: date) -> None:
    job = market_state.market_refresh()
    under_way = job is not None and not job.done()
    if job is None or under_way or job.exception() is not None:
        st.markdown("**From mempool.space**  \n:gray[not asked yet]" if job is None else "**From mempool.space**")
        _state_of(job)
    else:
        _answered(job.result(), case, today)
    st.button(
        "Refresh from mempool.space",
        key="market_refresh_button",
        icon=":material/refresh:",
        on_click=begin_refresh,
        disabled=under_way,
        width="stretch",
        help="The only thing on these pages that asks another computer for something, and only when clicked",
    )


def _state_of(job: Future[market.MarketSnapshot] | None) -> None:
    if job is None:
        st.caption("Price, difficulty, fees and hashrate of today; nothing is asked for until you click.")
    elif not job.done():
        redraw_when_done([job], "asking mempool.space; the page can be used meanwhile")
    else:
        st.error(terms.plain(f"Not refreshed: {job.exception()}"), icon=":material/error:")


def _answered(snapshot: market.MarketSnapshot, case: Case, today: date) -> None:
    title = "From mempool.space" if snapshot.is_live else "Newest figures at hand"
    quoted = of_snapshot(title, snapshot, today)
    _card(quoted)
    _offer("refreshed", snapshot, case)
    message = terms.plain(snapshot.message[:1].upper() + snapshot.message[1:] + ".")
    if snapshot.is_live:
        st.success(message, icon=":material/check:")
    else:
        st.warning(message, icon=":material/cloud_off:")
    _source(quoted)
