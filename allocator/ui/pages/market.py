"""Market: hashprice today, what machines make of it, the path ahead, what a bitcoin costs, where figures come from."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from allocator.case import Case
from allocator.formats import day
from allocator.ui import (
    cost_section,
    hashprice_chart,
    machine_table,
    market_sources,
    market_state,
    replay_chart,
    state,
    terms,
    tiers_section,
)
from allocator.ui.figure import csv_text, show
from allocator.ui.style import apply_style
from models.machines import Cooling, catalogue

TAB = "market_tab"
MACHINES, AHEAD, RESPONSE, COST, TIERS, SOURCES = (
    "Machines",
    "Hashprice ahead",
    "Does the response hold?",
    "What a bitcoin costs",
    "Revenue by tier",
    "Where the figures come from",
)

FIELDS = {
    "btc_price_usd": ("BTC price", "USD"),
    "difficulty": ("Difficulty", ""),
    "fee_share": ("Fee share", "share of block reward"),
    "power_price_usd_per_mwh": ("Power price", "USD/MWh"),
    "pool_fee": ("Pool fee", "share of revenue"),
}


def page() -> None:
    """Draw the page."""
    apply_style()
    case = state.desk().case
    view = market_state.machine_view()
    other = (
        "" if view == market_state.machine_view_of_case() else " · :orange[●] asked at other figures than the case's"
    )
    st.caption(f"{terms.plain(case.name)} · network of {day(case.valuation_date)}{other}")
    _questions(view)
    _today(view)
    _sections(case, view)


def _sections(case: Case, view: market_state.MachineView) -> None:
    """A tab a question; only the open one is drawn, besides the machines, whose filters would be forgotten."""
    sections: dict[str, Callable[[], None]] = {
        MACHINES: lambda: _machines(view),
        AHEAD: lambda: _ahead(case),
        RESPONSE: lambda: replay_chart.show(case.market),
        COST: lambda: cost_section.show(case, view),
        TIERS: lambda: tiers_section.show(case, view),
        SOURCES: lambda: market_sources.show(case),
    }
    tabs = st.tabs(list(sections), key=TAB, on_change="rerun")
    for tab, (name, draw) in zip(tabs, sections.items(), strict=True):
        if tab.open or name == MACHINES:
            with tab:
                draw()


def _ahead(case: Case) -> None:
    show(hashprice_chart.hashprice_figure(case))
    st.caption(
        "The path is the case's own, changed on the Recommendation page; the tables answer the market asked here."
    )


def _questions(view: market_state.MachineView) -> None:
    columns = st.columns([1, 1, 1, 1, 1, 0.9], vertical_alignment="bottom")
    for column, (field, (label, unit)) in zip(columns, FIELDS.items(), strict=False):
        kept = terms.scale(field, unit)
        key, shown = state.widget_key(f"market_{field}"), kept.shown(getattr(view, field))
        state.offer_to_widget(key, shown)
        column.number_input(
            f"{label} :gray[{kept.unit}]",
            key=key,
            min_value=_lowest(field),
            max_value=99.0 if kept.unit.startswith("%") else None,
            step=terms.step(shown),
            format=terms.number_format(round(shown, 2) if field == "btc_price_usd" else shown),
            on_change=market_state.ask_machines,
            args=(field, key, kept.read),
        )
    columns[-1].button(
        "As in the case",
        key="market_reset",
        icon=":material/undo:",
        width="stretch",
        on_click=market_state.ask_machines_of_case,
    )


def _lowest(field: str) -> float | None:
    """Power may cost less than nothing; a price or a difficulty may not."""
    return {"power_price_usd_per_mwh": None, "btc_price_usd": 1.0, "difficulty": 1e-6}.get(field, 0.0)


def _today(view: market_state.MachineView) -> None:
    when = state.desk().case.valuation_date
    btc, usd = machine_table.hashprices(view, when)
    table = machine_table.machine_table(view, when)
    running = int((table["electricity"] < 1.0).sum())
    figures = [
        ("Hashprice", rf"\${usd:,.2f} /PH/day", "what one PH/s earns in a day"),
        ("Hashprice in BTC", f"{btc:.8f} /PH/day", f"{btc * 1e8:,.0f} sat"),
        (
            "Implied hashrate",
            f"{machine_table.implied_hashrate_eh_s(view):,.0f} EH/s",
            "at a block every ten minutes",
        ),
        (
            "Machines that earn their power",
            f"{running} of {len(table)}",
            rf"at \${view.power_price_usd_per_mwh:,.2f} /MWh",
        ),
    ]
    for column, (label, value, below) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def _machines(view: market_state.MachineView) -> None:
    st.markdown(
        "**What each machine makes of it**  \n"
        ":gray[Per machine at its label efficiency, without site overhead; click a column to sort]"
    )
    left, right = st.columns(2)
    makers = left.pills("Maker", sorted({m.maker for m in catalogue()}), selection_mode="multi", key="market_makers")
    coolings = right.pills("Cooling", [str(c) for c in Cooling], selection_mode="multi", key="market_coolings")
    table = machine_table.machine_table(view, state.desk().case.valuation_date, makers or (), coolings or ())
    if table.empty:
        st.info("No machine of the catalogue is both: widen a filter.")
        return
    machine_table.show(table)
    st.download_button(
        "Data",
        csv_text(table),
        "machines.csv",
        "text/csv",
        key="data_machines",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
    dated = int(table["price of"].ne("").sum())
    st.caption(
        "Specifications and prices: models/machines.csv, each row with its source in the columns to the right. "
        f"{dated} of these machines have a dated price: what was asked on that date, not today."
    )


if __name__ == "__main__":
    page()
