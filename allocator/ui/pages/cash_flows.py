"""Cash flows: what mining, leases and their debt bring and cost, year by year or month by month."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler
from streamlit.delta_generator import DeltaGenerator

from allocator.allocation import Allocation
from allocator.formats import money
from allocator.ui import cash_flow_charts, state
from allocator.ui.cash_flow_table import COVER, RESULTS, CashFlows, Period, by_period, cash_flows
from allocator.ui.figure import csv_text, show, show_figures
from allocator.ui.frame import page_of_plan
from allocator.ui.sidebar import file_stem
from allocator.ui.terms import plain

SMALLEST_SHOWN = 0.05
PERIOD, SECTION = "cash_flow_period", "cash_flow_section"
SECTIONS: dict[str, tuple[str, ...]] = {
    "Everything": ("Mining", "Hosting", "Together", "For the owner"),
    "Mining": ("Mining",),
    "Hosting": ("Hosting",),
    "Debt and owner": ("For the owner",),
}
PERIOD_WORDS = {
    Period.YEAR: "calendar year",
    Period.QUARTER: "quarter since the valuation date, named by its start",
    Period.MONTH: "month since the valuation date, named by its end",
}
PERIODS = {"By year": Period.YEAR, "By quarter": Period.QUARTER, "By month": Period.MONTH}


def cash_flow(plan: Allocation) -> None:
    """The finding, the charts, the statement."""
    flows = cash_flows(plan)
    total = float(flows.line("Cash flow, unlevered").sum())
    owner = float(flows.line("Cash flow to the owner").sum())
    st.subheader(
        plain(
            f"The plan brings {money(total)} of cash over {plan.case.horizon_years} years before debt, "
            f"{money(owner)} to the owner after it: undiscounted, after tax"
        ),
        anchor=False,
    )
    debt = cash_flow_charts.debt_figure(flows)
    if debt:
        show_figures(cash_flow_charts.flow_figure(plan, flows), debt)
    else:
        show(cash_flow_charts.flow_figure(plan, flows))
    _statement(plan, flows)


def _statement(plan: Allocation, flows: CashFlows) -> None:
    left, right = st.columns([3, 2])
    section = _choice(left, "Lines", SECTION, list(SECTIONS))
    period = PERIODS[_choice(right, "Period", PERIOD, list(PERIODS))]
    table = by_period(flows, period, SECTIONS[section])
    measure = (
        f"USD M a {PERIOD_WORDS[period]}, nominal; costs as they enter the cash flow below; lines of nothing left out"
    )
    st.markdown(f"**Statement**  \n:gray[{measure}]")
    st.dataframe(
        _styled(_with_flows(table)),
        key=f"statement_{period}",
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="",
        column_config={
            "section": st.column_config.Column("", pinned=True, width=95),
            "line": st.column_config.Column("USD M", pinned=True, width=255),
        },
    )
    st.download_button(
        "Data",
        csv_text(table),
        f"{file_stem(plan.case.name)}-cash-flow-by-{period}.csv",
        "text/csv",
        key="data_statement",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        "The same lines, with a formula behind every figure, are the sheets Cash flow, Monthly and one for each "
        "activity in the board pack. The value counts a loss against other income at once; the owner's tax carries it "
        "forward (`finance.losses_used_by_parent`)."
    )


def _choice(column: DeltaGenerator, label: str, key: str, options: list[str]) -> str:
    state.offer_to_widget(key, state.choice(key, options[0]))
    found = column.segmented_control(
        label, options, key=key, required=True, on_change=state.take_choice, args=(key,), label_visibility="collapsed"
    )
    return str(found or options[0])


def _styled(table: pd.DataFrame) -> Styler:
    """Money in brackets where it flows out, cover as a ratio, sums in bold."""

    def bold(row: pd.Series[Any]) -> list[str]:
        return ["font-weight: 700" if row["line"] in RESULTS else ""] * len(row)

    figures = [name for name in table.columns if name not in {"section", "line"}]
    is_ratio = table["line"] == COVER
    styled = table.style.apply(bold, axis=1).format(_bracketed, subset=(table.index[~is_ratio], figures))
    return styled.format(_ratio, subset=(table.index[is_ratio], figures))


def _with_flows(table: pd.DataFrame) -> pd.DataFrame:
    """Without lines of nothing, sums stay; a section is named beside its first line."""
    figures = table.drop(columns=["section", "line"])
    moves = (figures.abs() >= SMALLEST_SHOWN).any(axis=1) | table["line"].isin(RESULTS)
    kept = table[moves].reset_index(drop=True)
    return kept.assign(section=kept["section"].mask(kept["section"] == kept["section"].shift(), ""))


def _ratio(value: object) -> str:
    return f"{value:.2f}x" if isinstance(value, float) and not math.isnan(value) else ""


def _bracketed(value: object) -> str:
    if not isinstance(value, float) or math.isnan(value):
        return ""
    if abs(value) < SMALLEST_SHOWN:
        return "–"
    return f"{value:,.1f}" if value > 0 else f"({-value:,.1f})"


if __name__ == "__main__":
    page_of_plan(cash_flow)
