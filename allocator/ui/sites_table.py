"""Sites of a batch by NPV: the table that can be sorted, what it says in a sentence, rows without a plan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from allocator.formats import money
from allocator.sites.outcome import SiteStatus
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.sites_upload import Loaded, place

if TYPE_CHECKING:
    from allocator.sites.batch import Solved
    from allocator.sites.table import SiteRow, SitesTable

MOST_LISTED = 50
MOST_LEADING = 3
USD_M = 1e6


def grid_mw(table: SitesTable, row: SiteRow) -> float | None:
    """Facility MW of a site's grid, the most of its stages; ``None`` where the row's own cannot be read."""
    given: Any = row.given.get("site.grid_mw")
    if given is None:
        known = table.base.case.site.grid_mw
        return float(known) if isinstance(known, (int, float)) else max(float(step.grid_mw) for step in known)
    try:
        return float(max(step["grid_mw"] for step in given)) if isinstance(given, list) else float(given)
    except (TypeError, ValueError, KeyError):
        return None


def ranking(solved: Solved) -> pd.DataFrame:
    """One row a site, the best NPV first, those without a plan last; USD and MW in full."""
    rows = []
    for row, found in zip(solved.table.rows, solved.outcomes, strict=True):
        grid, npv, capex = grid_mw(solved.table, row), found.npv_usd, found.capex_usd
        rows.append(
            {
                "site": row.name,
                "npv_usd": npv,
                "npv_usd_per_grid_mw": npv / grid if npv is not None and grid else None,
                "npv_per_capex": npv / capex if npv is not None and capex else None,
                "capex_usd": capex,
                "hosting_critical_it_mw": found.hosting_critical_it_mw,
                "hosting_npv_usd": found.hosting_npv_usd,
                "mining_npv_usd": found.mining_npv_usd,
                "status": found.status.value,
                "decision_or_reason": found.decision or found.reason,
            }
        )
    table = pd.DataFrame(rows)
    figures = [name for name in table.columns if name not in ("site", "status", "decision_or_reason")]
    table[figures] = table[figures].astype(float)
    return table.sort_values("npv_usd", ascending=False, na_position="last", kind="stable", ignore_index=True)


def planned(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a ranking that have a plan."""
    return table[table["status"] == SiteStatus.OPTIMAL.value]


def headline(table: pd.DataFrame, *, so_far: bool = False) -> str:
    """How many sites are worth taking, for how much; ``so_far`` where others are still open."""
    return f"So far, {_decapitalised(_headline(table))}" if so_far else _headline(table)


def _decapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _headline(table: pd.DataFrame) -> str:
    known = planned(table)
    worth = known[known["npv_usd"] > 0]
    if known.empty:
        return f"None of the {len(table):,} sites has a plan."
    if worth.empty:
        return f"None of the {len(table):,} sites is worth more than doing nothing."
    which = "The site is" if len(table) == 1 else f"{len(worth):,} of {len(table):,} sites are"
    if len(worth) == 1 < len(table):
        which = f"1 of {len(table):,} sites is"
    leads = "" if len(worth) == 1 else f"; {worth['site'].iloc[0]} leads with {money(float(worth['npv_usd'].iloc[0]))}"
    return (
        f"{which} worth taking: {money(float(worth['npv_usd'].sum()))} of NPV on "
        f"{money(float(worth['capex_usd'].sum()))} of capex, each site by itself{leads}."
    )


def without_plan(table: pd.DataFrame) -> str:
    """How many rows have no plan and of what kind; empty where every one has."""
    found = Counter(status for status in table["status"] if status != SiteStatus.OPTIMAL.value)
    if not found:
        return ""
    kinds = ", ".join(f"{count:,} {status}" for status, count in found.items())
    count = sum(found.values())
    return f"{count:,} of {len(table):,} sites {'has' if count == 1 else 'have'} no plan: {kinds}. Each says why below."


def show_ranking(table: pd.DataFrame) -> None:
    """Draw it; a click on a head sorts by it."""
    shown = pd.DataFrame(
        {
            "site": table["site"],
            "npv": table["npv_usd"] / USD_M,
            "per_mw": table["npv_usd_per_grid_mw"] / USD_M,
            "per_dollar": table["npv_per_capex"],
            "capex": table["capex_usd"] / USD_M,
            "leased": table["hosting_critical_it_mw"],
            "words": [
                words if status == SiteStatus.OPTIMAL.value else f"{status}: {words}"
                for status, words in zip(table["status"], table["decision_or_reason"], strict=True)
            ],
            "status": table["status"],
        }
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        key="sites_ranking",
        placeholder=DASH,
        hide_index=True,
        width="stretch",
        height=min(35 * (len(shown) + 1) + 3, 530),
        column_config={
            "site": st.column_config.TextColumn("Site", pinned=True, width=150),
            "npv": number("NPV, USD M", format="%,.1f", width=90, help="Over doing nothing, each use at its own rate."),
            "per_mw": number(
                "per facility MW", format="%,.2f", width=105, help="NPV in USD M over facility MW of the site's grid."
            ),
            "per_dollar": number("per $ of capex", format="%,.2f", width=100, help="NPV over capex, both in USD."),
            "capex": number("Capex, USD M", format="%,.1f", width=100, help="Of everything built, undiscounted."),
            "leased": number("Leased, critical IT MW", format="%,.1f", width=145),
            "status": st.column_config.TextColumn("Status", width=80),
            "words": st.column_config.TextColumn("Decision, or why there is none", width=520),
        },
    )


def show_without_plan(table: pd.DataFrame) -> None:
    """Every row without a plan with its whole reason."""
    without = table[table["status"] != SiteStatus.OPTIMAL.value]
    if without.empty:
        return
    with st.expander(f"Why {len(without):,} of the sites have no plan", expanded=len(without) <= 5):
        listed = without[["site", "status", "decision_or_reason"]].rename(columns={"decision_or_reason": "reason"})
        show_table("sites_without_plan", listed.head(MOST_LISTED), (), listed)
        if len(listed) > MOST_LISTED:
            st.caption(f"And {len(listed) - MOST_LISTED:,} more, in the data.")


def show_row_faults(loaded: Loaded) -> None:
    """What is wrong with single rows, before anything is solved: row, column, value, rule, remedy."""
    if not loaded.faults:
        return
    rows, count = loaded.faulty, len(loaded.faults)
    which = "1 row has" if rows == 1 else f"{rows:,} rows have"
    faults = "1 fault" if count == 1 else f"{count:,} faults"
    st.warning(
        f"{which} {faults}. They will be rows with a reason; the others are solved all the same.",
        icon=":material/rule:",
    )
    listed = pd.DataFrame(
        [(*place(f), f.value, f.rule, f.remedy) for f in loaded.faults],
        columns=["row", "column", "value", "rule", "remedy"],
    )
    with st.expander("Which rows, and what to change", expanded=count <= 12):
        show_table("sites_faults", listed.head(MOST_LISTED), ["row"], listed)
        if count > MOST_LISTED:
            st.caption(f"And {count - MOST_LISTED:,} more, in the data.")
