"""The mix: every activity of the plan with its megawatts, dates and money."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from allocator.activities import Use
from allocator.allocation import Allocation, MixLine
from allocator.formats import quarter
from models.timeline import Timeline


def mix_table(plan: Allocation) -> pd.DataFrame:
    """One row an activity, hosting first, then by start."""
    return lines_table(plan.mix, plan.case.timeline)


def lines_table(mix: tuple[MixLine, ...], timeline: Timeline) -> pd.DataFrame:
    """The same of any mix."""
    label = timeline.quarter_label
    lines = sorted(mix, key=lambda line: (line.activity.use is Use.MINING, line.activity.start, line.activity.stop))
    return pd.DataFrame(
        [
            {
                "use": str(line.activity.use),
                "activity": f"{line.activity.kind} {line.activity.owner_name}",
                "critical IT MW": line.units_mw if line.activity.use is Use.HOSTING else None,
                "facility MW": line.facility_mw,
                "from": quarter(label(line.activity.start)),
                "until": quarter(label(line.activity.stop)),
                "capex": line.capex_usd / 1e6,
                "NPV": line.npv_usd / 1e6,
            }
            for line in lines
        ],
        columns=["use", "activity", "critical IT MW", "facility MW", "from", "until", "capex", "NPV"],
    )


def show(plan: Allocation) -> None:
    """Draw it in the current container."""
    show_lines(mix_table(plan), "mix", "NPV")


def show_lines(table: pd.DataFrame, key: str, npv: str) -> None:
    """Draw any mix; ``npv`` says what its value is."""
    if table.empty:
        st.markdown("The plan uses nothing: the site stays idle.")
        return
    megawatt = st.column_config.NumberColumn(format="%.1f")
    named = {"capex": "capex", "NPV": npv}
    million = {name: st.column_config.NumberColumn(f"{said}, USD M", format="%.1f") for name, said in named.items()}
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        column_config={"critical IT MW": megawatt, "facility MW": megawatt, **million},
    )
