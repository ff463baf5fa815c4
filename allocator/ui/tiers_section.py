"""Revenue by efficiency tier, on the Market page: three figures, every machine, the tables behind them."""

from __future__ import annotations

import streamlit as st

from allocator.case import Case
from allocator.ui import machine_table, market_state, terms, tiers_chart
from allocator.ui.figure import show as show_figure


def show(case: Case, view: market_state.MachineView) -> None:
    """Draw it in the current container."""
    hashprice = machine_table.hashprices(view, case.valuation_date)[1]
    asked = (hashprice, view.power_price_usd_per_mwh, view.pool_fee)
    tiers = tiers_chart.tier_table(*asked)
    for column, (tier, earned, left) in zip(
        st.columns(len(tiers)), tiers[["tier", "USD/MWh", "after power"]].itertuples(index=False), strict=True
    ):
        below = f"{'keeps' if left > 0 else 'loses'} ${abs(left):,.2f} /MWh after power"
        column.metric(
            f"Revenue {tier}",
            terms.plain(f"${earned:,.2f} /MWh"),
            terms.plain(below),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    show_figure(tiers_chart.tiers_figure(*asked))
    money = st.column_config.NumberColumn(format="%.2f")
    dollars = dict.fromkeys(("USD/MWh", "after power", "on 12 Jan 2026", "least", "most"), money)
    st.markdown("**The tiers and their machines**  \n:gray[USD per MWh; least and most: its machines of the catalogue]")
    st.dataframe(
        tiers,
        key="tiers",
        hide_index=True,
        width="stretch",
        column_config={
            **dollars,
            "at J/TH": st.column_config.NumberColumn(
                format="%.1f", help="Efficiency at which the published revenue is earned"
            ),
            "which": st.column_config.TextColumn("machines of the catalogue", width="large"),
        },
    )
    st.markdown("**Every machine**  \n:gray[USD per MWh at the machine: also the power price at which it should stop]")
    st.dataframe(
        tiers_chart.machine_revenue_table(*asked),
        key="machine_revenue",
        hide_index=True,
        width="stretch",
        height=320,
        column_config={**dollars, "J/TH": st.column_config.NumberColumn(format="%.1f")},
    )
    st.caption(tiers_chart.SOURCE)
