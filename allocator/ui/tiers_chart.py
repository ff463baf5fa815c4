"""What a MWh earns by efficiency: the tiers that Hashrate Index publishes, and every machine of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from allocator.ui.figure import GAIN, INK, LOSS, MINING, Drawing, Figure
from models.machines import Machine, catalogue
from models.mining import revenue_usd_per_mwh

PUBLISHED_HASHPRICE_USD_PER_PH_DAY = 39.53
"""Hashprice of the week in which the tiers' revenue was published (Hashrate Index, 12 January 2026)."""
EARNS, LOSES = "earns its power", "loses on power"
COLOURS = {EARNS: GAIN, LOSES: LOSS}
BEST_J_PER_TH, WORST_J_PER_TH = 9.0, 38.0
SOURCE = (
    "Tiers: Hashrate Index, roundup of 12 January 2026 (97, 75 and 51 USD/MWh at a hashprice of 39.53); each tier is "
    "moved here with hashprice at the efficiency that those figures imply. Machines: models/machines.csv, at their "
    "label efficiency, without site overhead, after the pool fee."
)


@dataclass(frozen=True)
class Tier:
    """Machines from one efficiency to another, with the revenue that was published for them."""

    name: str
    from_j_per_th: float
    below_j_per_th: float
    published_usd_per_mwh: float

    @property
    def efficiency_j_per_th(self) -> float:
        """Efficiency at which the published revenue is earned: ``hashprice x 1000 / (24 x revenue)``."""
        return PUBLISHED_HASHPRICE_USD_PER_PH_DAY * 1000.0 / (24.0 * self.published_usd_per_mwh)

    @property
    def machines(self) -> list[Machine]:
        """The catalogue's machines in it, the most efficient first."""
        found = [m for m in catalogue() if self.from_j_per_th <= m.efficiency_j_per_th < self.below_j_per_th]
        return sorted(found, key=lambda m: m.efficiency_j_per_th)


TIERS = (
    Tier("under 19 J/TH", 0.0, 19.0, 97.0),
    Tier("19–25 J/TH", 19.0, 25.0, 75.0),
    Tier("25–38 J/TH", 25.0, 38.0, 51.0),
)


def revenue(efficiency_j_per_th: float, hashprice: float, pool_fee: float) -> float:
    """USD that a MWh earns at the machine, after the pool's fee."""
    return float(revenue_usd_per_mwh(np.asarray(hashprice), efficiency_j_per_th, 1.0, pool_fee))


def tier_table(hashprice: float, power_price_usd_per_mwh: float, pool_fee: float) -> pd.DataFrame:
    """One row a tier."""
    rows = []
    for tier in TIERS:
        earned = revenue(tier.efficiency_j_per_th, hashprice, pool_fee)
        each = [revenue(m.efficiency_j_per_th, hashprice, pool_fee) for m in tier.machines]
        rows.append(
            {
                "tier": tier.name,
                "at J/TH": tier.efficiency_j_per_th,
                "USD/MWh": earned,
                "after power": earned - power_price_usd_per_mwh,
                "on 12 Jan 2026": tier.published_usd_per_mwh,
                "machines": len(each),
                "least": min(each),
                "most": max(each),
                "which": ", ".join(m.model for m in tier.machines),
            }
        )
    return pd.DataFrame(rows)


def machine_revenue_table(hashprice: float, power_price_usd_per_mwh: float, pool_fee: float) -> pd.DataFrame:
    """One row a machine of a tier, the most efficient first."""
    rows = []
    for tier in TIERS:
        for machine in tier.machines:
            earned = revenue(machine.efficiency_j_per_th, hashprice, pool_fee)
            rows.append(
                {
                    "machine": machine.model,
                    "tier": tier.name,
                    "J/TH": machine.efficiency_j_per_th,
                    "USD/MWh": earned,
                    "after power": earned - power_price_usd_per_mwh,
                    "verdict": EARNS if earned > power_price_usd_per_mwh else LOSES,
                }
            )
    return pd.DataFrame(rows)


def tiers_figure(hashprice: float, power_price_usd_per_mwh: float, pool_fee: float) -> Figure:
    """Every machine on the curve of revenue, over the three tiers, with the power price as a line."""
    table = machine_revenue_table(hashprice, power_price_usd_per_mwh, pool_fee)
    tiers = tier_table(hashprice, power_price_usd_per_mwh, pool_fee)
    paying = tiers.loc[tiers["after power"] > 0, "tier"]
    power = f"${power_price_usd_per_mwh:,.2f} /MWh"
    finding = {
        0: f"At {power} no tier earns its power",
        len(
            TIERS
        ): f"At {power} every tier earns its power; {TIERS[-1].name} keeps ${tiers['after power'].iloc[-1]:,.2f}",
    }.get(len(paying), f"At {power} only machines of {' and '.join(paying)} earn their power")
    measure = "USD per MWh at the machine, by J/TH; one point a machine; the line is the power price asked above"
    chart = tiers_chart(table, tiers, hashprice, power_price_usd_per_mwh, pool_fee)
    return Figure("revenue_by_tier", finding, measure, chart, table)


def tiers_chart(
    table: pd.DataFrame, tiers: pd.DataFrame, hashprice: float, power_price_usd_per_mwh: float, pool_fee: float
) -> Drawing:
    """The chart of :func:`machine_revenue_table`."""
    efficiencies = np.linspace(BEST_J_PER_TH, WORST_J_PER_TH, 120)
    curve = pd.DataFrame({"J/TH": efficiencies, "USD/MWh": [revenue(e, hashprice, pool_fee) for e in efficiencies]})
    top = max(float(curve["USD/MWh"].max()), power_price_usd_per_mwh) * 1.15
    across = alt.Scale(domain=[BEST_J_PER_TH, WORST_J_PER_TH], nice=False)
    up = alt.Scale(domain=[min(0.0, power_price_usd_per_mwh * 1.1), top], nice=False)
    x = alt.X("J/TH:Q", title="J/TH", scale=across, axis=alt.Axis(grid=False, tickCount=12))
    y = alt.Y("USD/MWh:Q", title=None, scale=up, axis=alt.Axis(format="$,.0f", tickCount=6))
    bands = pd.DataFrame(
        [
            {
                "from": max(BEST_J_PER_TH, tier.from_j_per_th),
                "to": tier.below_j_per_th,
                "middle": (max(BEST_J_PER_TH, tier.from_j_per_th) + tier.below_j_per_th) / 2,
                "label": f"{tier.name}: ${earned:,.2f} /MWh",
                "shade": 0.13 if i % 2 else 0.05,
            }
            for i, (tier, earned) in enumerate(zip(TIERS, tiers["USD/MWh"], strict=True))
        ]
    )
    shaded = (
        alt.Chart(bands)
        .mark_rect(color=INK)
        .encode(
            x=alt.X("from:Q", scale=across, title="J/TH"),
            x2="to",
            opacity=alt.Opacity("shade:Q", scale=None, legend=None),
        )
    )
    names = (
        alt.Chart(bands)
        .mark_text(fontSize=13, fontWeight="bold", color=INK, baseline="top")
        .encode(x=alt.X("middle:Q", scale=across, title="J/TH"), y=alt.value(6), text="label:N")
    )
    line = alt.Chart(curve).mark_line(color=MINING, strokeWidth=2).encode(x=x, y=y)
    points = (
        alt.Chart(table)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "verdict:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=alt.Legend(orient="top", title=None, offset=2),
            ),
            shape=alt.Shape(
                "verdict:N", scale=alt.Scale(domain=list(COLOURS), range=["circle", "triangle-down"]), legend=None
            ),
            tooltip=[
                alt.Tooltip("machine:N"),
                alt.Tooltip("J/TH:Q", format=".1f"),
                alt.Tooltip("USD/MWh:Q", format=",.2f"),
                alt.Tooltip("after power:Q", format="+,.2f"),
                alt.Tooltip("verdict:N"),
            ],
        )
    )
    power = pd.DataFrame([{"USD/MWh": power_price_usd_per_mwh, "label": f"power ${power_price_usd_per_mwh:,.2f}"}])
    rule = alt.Chart(power).mark_rule(color=INK, strokeWidth=2, strokeDash=[5, 3]).encode(y=y)
    text = alt.Chart(power).mark_text(
        align="left", dx=6, baseline="top", dy=4, fontSize=12, fontWeight="bold", color=INK
    )
    return alt.layer(shaded, line, rule, points, names, text.encode(x=alt.value(0), y=y, text="label:N")).properties(
        height=340
    )
