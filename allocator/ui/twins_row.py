"""The plan beside its twins: all mining, all hosting, nothing at all, each with what it would give up."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.formats import table_money
from allocator.ui.metrics import NONE, PENDING, Metric

SAME_USD = 1_000.0


def twin_metrics(plan: Allocation, explanation: Explanation | None) -> Iterator[Metric]:
    """NPV of each, and the regret of having chosen it."""
    yield Metric("This plan", table_money(plan.npv_usd), "the best there is", "NPV over doing nothing.")
    yield _twin(plan, explanation, "All mining", "Every offer refused, the machines used as best they can.")
    yield _twin(plan, explanation, "All hosting", "No machine runs, owned or bought; offers taken as best they can.")
    meaning = "Nothing runs and nothing is built; every value here is counted from it."
    yield Metric("Do nothing", table_money(0.0), _regret(plan.npv_usd), meaning)


def _twin(plan: Allocation, explanation: Explanation | None, label: str, meaning: str) -> Metric:
    if explanation is None:
        return Metric(label, PENDING, "being worked out", meaning)
    twins = explanation.twins
    worth = twins.mine_only_usd if label == "All mining" else twins.host_only_usd
    if worth is None:
        return Metric(label, NONE, "no such plan: a lease is signed", meaning)
    return Metric(label, table_money(worth), _regret(plan.npv_usd - worth), meaning)


def _regret(usd: float) -> str:
    return f"regret {table_money(usd)}" if usd >= SAME_USD else "no regret: the same plan"


def show(plan: Allocation, explanation: Explanation | None) -> None:
    """Draw them in the current container."""
    found = list(twin_metrics(plan, explanation))
    for column, metric in zip(st.columns(len(found), gap="small"), found, strict=True):
        column.metric(
            metric.label,
            metric.value.replace("$", r"\$"),
            metric.below.replace("$", r"\$"),
            delta_color="off",
            delta_arrow="off",
            help=metric.meaning,
            border=True,
        )
