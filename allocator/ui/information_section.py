"""What knowing more is worth, and how the value at two rates becomes the value at one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from allocator.formats import money, percent, table_money
from allocator.risk.answer import Bridge, RiskAnswer
from allocator.risk.words import NOTHING_USD, bridge_sentence
from allocator.ui.bridge_chart import bridge_chart
from allocator.ui.figure import Figure, show
from allocator.ui.markdown_table import DASH, show_table
from allocator.ui.terms import plain


def information_table(answer: RiskAnswer) -> pd.DataFrame:
    """One row a value, with a sentence of what it says."""
    known = answer.information
    forecast = (
        f"No forecast of prices and leases, however good, is worth more to this site. {known.solved:,} futures were "
        "each solved as if they had been known."
    )
    planning = (
        "What the best plan over all futures adds in the mean over the best plan for the one expected future."
        if known.vss > NOTHING_USD
        else "Nothing: the plan that is best for the one expected future is best over all of them in the mean."
    )
    return pd.DataFrame(
        [
            {
                "what": "Knowing every future in advance (EVPI)",
                "worth": table_money(known.evpi),
                "s.e.": table_money(known.evpi_error),
                "that is": forecast,
            },
            {
                "what": "Planning for all futures, not the expected one (VSS)",
                "worth": table_money(known.vss),
                "s.e.": DASH,
                "that is": planning,
            },
        ]
    )


def information_data(answer: RiskAnswer) -> pd.DataFrame:
    """The same in numbers, with what they are made of."""
    known = answer.information
    return pd.DataFrame(
        [
            {
                "evpi_usd": known.evpi,
                "evpi_standard_error_usd": known.evpi_error,
                "vss_usd": known.vss,
                "wait_and_see_usd": known.wait_and_see,
                "stochastic_usd": known.stochastic,
                "expected_value_plan_usd": known.expected_value_plan,
                "foresight_paths": known.solved,
            }
        ]
    )


def rates_figure(answer: RiskAnswer) -> Figure:
    """The bridge from two rates to one, for the plan made without risk."""
    bridge, finance = answer.bridge, answer.case.finance
    table = rates_table(bridge)
    chance = bridge.mean_usd - bridge.one_rate_npv_usd
    rate = bridge.one_rate_npv_usd - bridge.two_rate_npv_usd
    finding = (
        f"One rate instead of two {_moves(rate)}; chance {_moves(chance)}"
        if max(abs(rate), abs(chance)) > NOTHING_USD
        else "Neither the rate nor chance changes what the plan made without risk is worth"
    )
    measure = (
        f"USD M, the plan made without risk; two rates: mining {percent(finance.discount_rate_mining)}, hosting "
        f"{percent(finance.discount_rate_hosting)}; one rate: {percent(finance.discount_rate_risk)}; mean and CVaR "
        f"of {answer.fresh.paths:,} fresh futures"
    )
    return Figure("two_rates_to_one", finding, measure, bridge_chart(table), table)


def _moves(usd: float) -> str:
    if abs(usd) <= NOTHING_USD:
        return "changes nothing"
    return f"{'adds' if usd > 0 else 'takes'} {table_money(abs(usd))}"


def rates_table(bridge: Bridge) -> pd.DataFrame:
    """One row a step with where its bar begins and ends."""
    totals = (bridge.two_rate_npv_usd, bridge.one_rate_npv_usd, bridge.mean_usd, bridge.cvar_usd)
    names = ("at two rates", "one rate", "chance", "to the tail")
    ends = ("", "at one rate", "mean", "CVaR")
    rows = [_total(names[0], totals[0])]
    for i in range(1, len(totals)):
        change = totals[i] - totals[i - 1]
        rows.append(
            {
                "step": names[i],
                "use": "gain",
                "npv_usd": change,
                "begin_usd": totals[i - 1],
                "end_usd": totals[i],
                "label": f"{'+' if change > 0 else ''}{money(change)}" if abs(change) > NOTHING_USD else "none",
            }
        )
        rows.append(_total(ends[i], totals[i]))
    return pd.DataFrame(rows)


def _total(name: str, usd: float) -> dict[str, object]:
    shown = money(usd) if abs(usd) > NOTHING_USD else "$0"
    return {"step": name, "use": "total", "npv_usd": usd, "begin_usd": 0.0, "end_usd": usd, "label": shown}


def show_information(answer: RiskAnswer) -> None:
    """Draw it in the current container."""
    known = answer.information
    adds = f"is worth {table_money(known.vss)}" if known.vss > NOTHING_USD else "adds nothing"
    finding = (
        f"A perfect forecast would be worth {table_money(known.evpi)}; planning for all futures, not the expected "
        f"one, {adds}"
    )
    if max(np.abs([known.evpi, known.vss])) <= NOTHING_USD:
        finding = "Neither knowing the future nor planning for all of them would change the plan"
    rate = percent(answer.case.finance.discount_rate_risk)
    st.markdown(f"**{plain(finding)}**  \n:gray[{plain(f'USD at one rate, {rate}; no weight on the tail')}]")
    show_table("information", information_table(answer), ("worth", "s.e."), information_data(answer))
    show(rates_figure(answer))
    st.markdown(plain(bridge_sentence(answer.bridge)))
