"""What the newest machines must earn to pay for themselves, beside the hashprice of the day."""

from __future__ import annotations

import altair as alt
import pandas as pd

from allocator.ui.figure import GAIN, INK, LOSS, Drawing, Figure
from models.machines import machines_by_name
from models.mining import Mining, pue
from models.production_cost import NetworkAverage, full_cost_usd_per_ph_day

NEWEST = ("Antminer S23 Hyd", "Antminer S21 XP Hyd", "SEALMINER A4 Ultra Hydro")
PAYS, DOES_NOT = "pays", "does not pay"
COLOURS = {PAYS: GAIN, DOES_NOT: LOSS}


def entry_cost_usd_per_ph_day(
    model: str, power_price_usd_per_mwh: float, average: NetworkAverage, mining: Mining
) -> float:
    """Full cost of a machine at the catalogue's price, with the case's opex and PUE and the network's site works.

    Raises
    ------
    ValueError
        If the catalogue has no price of it.
    """
    machine = machines_by_name()[model]
    if machine.price_usd_per_th is None:
        raise ValueError(f"{model} has no price")
    return full_cost_usd_per_ph_day(
        machine.efficiency_j_per_th,
        power_price_usd_per_mwh,
        mining.variable_opex_usd_per_mwh,
        pue(model, mining),
        machine.price_usd_per_th,
        average.infrastructure_usd_per_mw,
    )


def entry_figure(average: NetworkAverage, mining: Mining, hashprice: float, own_power_usd_per_mwh: float) -> Figure:
    """A bar a machine at the network's power price, a tick at the price asked, hashprice as a line."""
    table = entry_table(average, mining, hashprice, own_power_usd_per_mwh)
    usual = f"${average.power_price_usd_per_mwh:,.2f}"
    paying = list(table.loc[table["verdict"] == PAYS, "machine"])
    who = "none of the three newest machines" if not paying else " and ".join(paying)
    who = "all three newest machines" if len(paying) == len(table) else who
    measure = (
        f"USD/PH/day, power, machine and works; bars at the network's {usual} /MWh, ticks at the "
        f"${own_power_usd_per_mwh:,.2f} asked above; the line is hashprice"
    )
    finding = f"At {usual} /MWh a hashprice of ${hashprice:,.2f} pays for {who}"
    return Figure("entry_cost", finding, measure, entry_chart(table, hashprice), table)


def entry_table(
    average: NetworkAverage, mining: Mining, hashprice: float, own_power_usd_per_mwh: float
) -> pd.DataFrame:
    """One row a machine."""
    rows = []
    for model in NEWEST:
        machine = machines_by_name()[model]
        usual = entry_cost_usd_per_ph_day(model, average.power_price_usd_per_mwh, average, mining)
        rows.append(
            {
                "machine": model.partition(" ")[2],
                "j_per_th": machine.efficiency_j_per_th,
                "usd_per_th": machine.price_usd_per_th,
                "price_dated": machine.price_date,
                "entry_cost_usd_per_ph_day": usual,
                "entry_cost_at_power_asked": entry_cost_usd_per_ph_day(model, own_power_usd_per_mwh, average, mining),
                "hashprice_usd_per_ph_day": hashprice,
                "verdict": PAYS if usual <= hashprice else DOES_NOT,
                "price_source": machine.price_source,
            }
        )
    table = pd.DataFrame(rows)
    priced = zip(table["machine"], table["usd_per_th"], strict=True)
    return table.assign(
        name=[f"{machine} at ${price:,.2f} /TH" for machine, price in priced],
        label=[f"${usd:,.2f}, {word}" for usd, word in zip(table[_COST], table["verdict"], strict=True)],
    )


_COST = "entry_cost_usd_per_ph_day"


def entry_chart(table: pd.DataFrame, hashprice: float) -> Drawing:
    """The chart of :func:`entry_table`."""
    high = max(float(table[[_COST, "entry_cost_at_power_asked"]].max().max()), hashprice)
    scale = alt.Scale(domain=[0.0, high * 1.5], nice=False)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, ticks=False, domain=False))
    tooltip = [
        alt.Tooltip("machine:N"),
        alt.Tooltip("j_per_th:Q", title="J/TH", format=".1f"),
        alt.Tooltip("usd_per_th:Q", title="USD/TH", format=".2f"),
        alt.Tooltip("price_dated:N", title="price dated"),
        alt.Tooltip(f"{_COST}:Q", title="entry cost at the network's power price", format=",.2f"),
        alt.Tooltip("entry_cost_at_power_asked:Q", title="at the power price asked", format=",.2f"),
    ]
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), legend=None)
    x = alt.X(f"{_COST}:Q", title=None, scale=scale, axis=alt.Axis(format="$,.0f", tickCount=6))
    bars = alt.Chart(table).mark_bar(size=24).encode(x=x, y=y, color=colour, tooltip=tooltip)
    asked = alt.X("entry_cost_at_power_asked:Q", title=None, scale=scale)
    ticks = alt.Chart(table).mark_tick(color=INK, thickness=3, size=32).encode(x=asked, y=y)
    further = table.assign(end=table[[_COST, "entry_cost_at_power_asked"]].max(axis=1).clip(lower=hashprice))
    labels = (
        alt.Chart(further)
        .mark_text(align="left", dx=8, fontSize=12, fontWeight="bold", color=INK)
        .encode(x=alt.X("end:Q", scale=scale, title=None), y=y, text="label:N")
    )
    line = pd.DataFrame([{"hashprice": hashprice, "label": f"hashprice ${hashprice:,.2f}"}])
    at = alt.X("hashprice:Q", scale=scale, title=None)
    rule = alt.Chart(line).mark_rule(color=INK, strokeWidth=2, strokeDash=[5, 3]).encode(x=at)
    name = alt.Chart(line).mark_text(fontSize=12, fontWeight="bold", color=INK, baseline="bottom", align="right", dx=-5)
    return alt.layer(bars, ticks, labels, rule, name.encode(x=at, y=alt.value(-3), text="label:N")).properties(
        height=180
    )
