"""The plan's cash flow line by line, as sheet Cash flow of the board pack has it: by year, quarter or month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from allocator.allocation import Allocation
from allocator.formats import quarter
from allocator.workbook.cash_flow_sheet import STATEMENT
from allocator.workbook.entries import entries
from allocator.workbook.lines import StatementValues
from allocator.workbook.monthly_lines import monthly_statement
from models.timeline import MONTHS_PER_QUARTER, Timeline, Vector

RESULTS = ("Cash flow, mining", "Cash flow, hosting", "Cash flow, unlevered", "Cash flow to the owner")
"""Lines that sum up those above them."""
BALANCE, COVER, RUNNING = "Debt outstanding at the end", "CFADS over debt service (DSCR)", "To the owner, running sum"


class Period(StrEnum):
    """How long a column of the statement is."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"


@dataclass(frozen=True)
class StatementLine:
    """One line by month, as it enters the cash flow below it: costs are negative; (M + 1,)."""

    section: str
    label: str
    usd: Vector


@dataclass(frozen=True)
class CashFlows:
    """Every line of a plan by month, and what debt leaves open; arrays are (M + 1,)."""

    timeline: Timeline
    lines: tuple[StatementLine, ...]
    balance_usd: Vector
    cfads_usd: Vector
    service_usd: Vector

    def line(self, label: str) -> Vector:
        """A line by its label."""
        return next(line.usd for line in self.lines if line.label == label)


def cash_flows(plan: Allocation) -> CashFlows:
    """The statement of the recommended mix.

    The lines are those of the board pack, which tests hold to the engine month by month; the annual sheet sums them
    by calendar year, as :func:`by_period` does.
    """
    found = StatementValues(monthly_statement(plan.case, entries(plan)), None)
    months = plan.case.timeline.months + 1

    def monthly(names: str) -> Vector:
        return np.asarray(sum(np.broadcast_to(found[name], (months,)) for name in names.split("+")), dtype=float)

    def lines() -> Iterator[StatementLine]:
        section = ""
        for label, names, sign in STATEMENT:
            if not names:
                section = label
            else:
                yield StatementLine(section, label, sign * monthly(names))

    return CashFlows(
        plan.case.timeline, tuple(lines()), monthly("balance_usd"), monthly("cfads_usd"), monthly("service_usd")
    )


def period_of_months(timeline: Timeline, period: Period) -> list[str]:
    """The year, quarter or month to which each month's end belongs; the valuation date belongs to the first."""
    if period is Period.QUARTER:
        last = timeline.quarters - 1
        places = [min(max(0, m - 1) // MONTHS_PER_QUARTER, last) for m in range(timeline.months + 1)]
        return [quarter(timeline.quarter_label(q)) for q in places]
    ends = [timeline.month_end(m) for m in range(timeline.months + 1)]
    return [str(end.year) if period is Period.YEAR else f"{end:%b %Y}" for end in ends]


def by_period(flows: CashFlows, period: Period, sections: tuple[str, ...]) -> pd.DataFrame:
    """USD million, one row a line with its section, one column a period and their sum; DSCR as a ratio."""
    names = period_of_months(flows.timeline, period)
    columns = list(dict.fromkeys(names))
    place = np.array([columns.index(name) for name in names])
    last = np.array([np.flatnonzero(place == i)[-1] for i in range(len(columns))])

    def summed(usd: Vector) -> Vector:
        return np.bincount(place, usd, len(columns)).astype(float)

    rows = [
        {"section": line.section, "line": line.label, "total": line.usd.sum() / 1e6}
        | dict(zip(columns, summed(line.usd) / 1e6, strict=True))
        for line in flows.lines
        if line.section in sections
    ]
    if "For the owner" in sections:
        due, cfads = summed(flows.service_usd), summed(flows.cfads_usd)
        cover = np.divide(cfads, due, out=np.full_like(due, np.nan), where=due > 1.0)
        owner = np.cumsum(flows.line("Cash flow to the owner"))[last] / 1e6
        for label, values in ((BALANCE, flows.balance_usd[last] / 1e6), (COVER, cover), (RUNNING, owner)):
            ending = {"section": "Debt", "line": label, "total": np.nan}
            rows.append(ending | dict(zip(columns, values, strict=True)))
    return pd.DataFrame(rows)
