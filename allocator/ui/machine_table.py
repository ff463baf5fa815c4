"""Every machine of the catalogue at a bitcoin price, difficulty, fee share, power price and pool fee."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from allocator.ui.figure import GAIN, LOSS, MINING
from allocator.ui.market_state import MachineView
from models import mining
from models.machines import catalogue
from models.network import hashprice_btc_per_ph_day, hashrate_eh_s, height_on, subsidy_btc, total_reward_btc

PH_PER_TH = 1e-3
HOURS_PER_DAY = 24.0
RUNS, LOSES = "runs", "loses on power"
SHARE_SHOWN_FULL = 1.5
"""Electricity share of revenue at which the bar is full: well past 1, where a machine earns its power."""


def reward_btc(view: MachineView, day: date) -> float:
    """Subsidy and fees of a block on a day."""
    return total_reward_btc(float(subsidy_btc(np.array([height_on(day)]))[0]), view.fee_share)


def hashprices(view: MachineView, day: date) -> tuple[float, float]:
    """Hashprice in BTC and in USD per PH per day."""
    btc = hashprice_btc_per_ph_day(view.difficulty, reward_btc(view, day))
    return btc, btc * view.btc_price_usd


def implied_hashrate_eh_s(view: MachineView) -> float:
    """Hashrate that finds a block every ten minutes at the difficulty."""
    return hashrate_eh_s(view.difficulty)


def machine_table(
    view: MachineView, day: date, makers: Collection[str] = (), coolings: Collection[str] = ()
) -> pd.DataFrame:
    """One row a machine, the most efficient first; empty filters let all through."""
    btc, usd = hashprices(view, day)
    rows = []
    for machine in sorted(catalogue(), key=lambda m: m.efficiency_j_per_th):
        if (makers and machine.maker not in makers) or (coolings and machine.cooling not in coolings):
            continue
        efficiency, power, fee = machine.efficiency_j_per_th, view.power_price_usd_per_mwh, view.pool_fee
        share = mining.electricity_share_of_revenue(efficiency, power, usd, fee)
        earned = usd * (1.0 - fee) - mining.electricity_usd_per_ph_day(efficiency, power)
        rows.append(
            {
                "machine": machine.model,
                "maker": machine.maker,
                "cooling": str(machine.cooling),
                "TH/s": machine.hashrate_th,
                "W": machine.power_w,
                "J/TH": efficiency,
                "electricity": share,
                "verdict": RUNS if share < 1.0 else LOSES,
                "margin": earned * machine.hashrate_th * PH_PER_TH,
                "shutdown BTC": mining.shutdown_btc_price_usd(efficiency, power, btc, fee),
                "shutdown hashprice": mining.shutdown_hashprice_usd_per_ph_day(efficiency, power, fee),
                "shutdown power": mining.shutdown_power_price_usd_per_mwh(efficiency, usd, fee),
                "price": machine.price_usd_per_th,
                "price of": machine.price_date,
                "price source": machine.price_source,
                "specification": machine.source,
                "confidence": machine.confidence,
            }
        )
    return pd.DataFrame(rows)


def show(table: pd.DataFrame) -> None:
    """Draw it in the current container: a bar for the electricity share, a coloured verdict."""
    column = st.column_config
    shown = {"electricity": table["electricity"] * 100.0, "shutdown BTC": table["shutdown BTC"].round()}
    drawn = table.assign(**shown)
    styled = drawn.style.map(
        lambda verdict: f"color: {GAIN if verdict == RUNS else LOSS}; font-weight: 600", subset=["verdict"]
    )
    st.dataframe(
        styled,
        key="machines",
        hide_index=True,
        width="stretch",
        height=560,
        placeholder="–",
        column_config={
            "machine": column.TextColumn(pinned=True, width="medium"),
            "TH/s": column.NumberColumn(format="localized"),
            "W": column.NumberColumn(format="localized"),
            "J/TH": column.NumberColumn(format="%.1f", help="Watts over terahashes a second, as on the label"),
            "electricity": column.ProgressColumn(
                "power / revenue",
                format="%.1f %%",
                min_value=0.0,
                max_value=SHARE_SHOWN_FULL * 100.0,
                color=MINING,
                help="Electricity share of revenue, after the pool fee; above 100 % the machine loses on power alone",
            ),
            "margin": column.NumberColumn(
                "USD/day", format="%.2f", help="Margin a day: revenue less pool fee and power, per machine"
            ),
            "shutdown BTC": column.NumberColumn(
                "shutdown BTC, USD", format="localized", help="Bitcoin price at which revenue just pays for power"
            ),
            "shutdown hashprice": column.NumberColumn(
                "shutdown hashprice", format="%.2f", help="USD/PH/day at which revenue just pays for power"
            ),
            "shutdown power": column.NumberColumn(
                "shutdown power",
                format="%.2f",
                help="Power price in USD/MWh at which revenue just pays for power: what a MWh earns",
            ),
            "price": column.NumberColumn("price, USD/TH", format="%.2f"),
            "price of": column.TextColumn("price dated"),
        },
    )
