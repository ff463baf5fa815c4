"""The mix: every activity of the plan with its megawatts, dates and money."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.formats import quarter


def mix_table(plan: Allocation) -> pd.DataFrame:
    """One row an activity, hosting first, then by start."""
    label = plan.case.timeline.quarter_label
    lines = sorted(
        plan.mix, key=lambda line: (line.activity.use is Use.MINING, line.activity.start, line.activity.stop)
    )
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
    table = mix_table(plan)
    if table.empty:
        st.markdown("The plan uses nothing: the site stays idle.")
        return
    megawatt = st.column_config.NumberColumn(format="%.1f")
    million = {name: st.column_config.NumberColumn(f"{name}, USD M", format="%.1f") for name in ("capex", "NPV")}
    st.dataframe(
        table,
        key="mix",
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        column_config={"critical IT MW": megawatt, "facility MW": megawatt, **million},
    )
