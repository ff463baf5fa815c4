"""What a bitcoin costs, on the Market page: the figures, the build-up, entry, and who leaves at which price."""

from __future__ import annotations

import streamlit as st

from allocator.case import Case
from allocator.formats import money
from allocator.ui import (
    bitcoin_cost,
    entry_cost_chart,
    leaving_chart,
    machine_table,
    market_state,
    network_average,
    terms,
)
from allocator.ui.figure import show as show_figure
from allocator.ui.figure import show_figures
from models.network import BLOCKS_PER_DAY
from models.production_cost import security_budget_usd_per_day

ENTRY_NOTE = (
    "Entry cost: power with the case's variable opex and PUE, a falling annuity of the machine (20 % a year over 5 "
    "years, 12 % a year cheaper) and of the network average's site works (20 % over 10 years). The machine prices are "
    "undated list prices of a shop in mid-2026, of low confidence. Hashrate that leaves: the case's short-run "
    "response; entry and retirement come after it."
)


def show(case: Case, view: market_state.MachineView) -> None:
    """Draw it in the current container."""
    average, _ = network_average.average()
    btc_hashprice, hashprice = machine_table.hashprices(view, case.valuation_date)
    parts = bitcoin_cost.build_up(average, btc_hashprice)
    reward = machine_table.reward_btc(view, case.valuation_date)
    _headline(view.btc_price_usd, parts, reward)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_figure(bitcoin_cost.cost_figure(parts, view.btc_price_usd))
        st.markdown(
            "**Why these figures differ**\n\n"
            + "\n".join(f"- {terms.plain(sentence)}" for sentence in bitcoin_cost.why_they_differ(parts))
        )
    with right.container(border=True):
        st.markdown("**The network's average miner**  \n:gray[Each a choice that is shown: change it and see]")
        network_average.show()
    entry = entry_cost_chart.entry_figure(average, case.mining, hashprice, view.power_price_usd_per_mwh)
    show_figures(entry, leaving_chart.leaving_figure(view.market(case.market)))
    if not case.market.network_responds:
        st.info("In this case hashrate does not answer to price; the chart shows what its response would be if it did.")
    st.caption(ENTRY_NOTE)


def _headline(price: float, parts: bitcoin_cost.BuildUp, reward: float) -> None:
    budget = security_budget_usd_per_day(price, reward)
    figures = [
        ("Bitcoin price", f"${price:,.0f}", "as asked above"),
        ("Cash cost of a bitcoin", f"${parts.cash_usd:,.0f}", _against(price, parts.cash_usd)),
        ("All-in cost of a bitcoin", f"${parts.all_in_usd:,.0f}", _against(price, parts.all_in_usd)),
        ("Security budget", f"{money(budget)} a day", f"{BLOCKS_PER_DAY:.0f} blocks of {reward:.4f} BTC"),
    ]
    for column, (label, value, below) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(label, terms.plain(value), terms.plain(below), delta_color="off", delta_arrow="off", border=True)


def _against(price: float, cost: float) -> str:
    side = "above" if cost > price else "below"
    return f"{money(abs(cost - price))} {side} the price"
