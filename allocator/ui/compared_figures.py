"""Figures of several plans side by side, with the differences to the first, signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.formats import megawatts, money, percent, table_money

PENDING, NONE, SAME = "…", "–", "same"
TINY_USD = 0.05e6
"""Differences below the one decimal of a table's millions are told to three figures."""


@dataclass(frozen=True)
class Answered:
    """A case's plan; ``None`` where there is none. Its explanation comes later, or never."""

    head: str
    plan: Allocation | None
    explanation: Explanation | None = None
    awaited: bool = False
    """Whether the explanation is still being worked out."""


@dataclass(frozen=True)
class FigureRow:
    """One figure of every plan; ``None`` where a plan has none."""

    key: str
    label: str
    values: tuple[float | None, ...]
    words: tuple[str, ...]


def npv_over_mining_usd(plan: Allocation, explanation: Explanation | None) -> float | None:
    """NPV over the same site with every offer refused; ``None`` until it is known, or where a lease is signed."""
    if explanation is None or (alone := explanation.twins.mine_only_usd) is None:
        return None
    return plan.npv_usd - alone


def leased_mw(plan: Allocation) -> float:
    """Critical IT MW of all leases taken."""
    return sum((line.units_mw for line in plan.mix if line.activity.use is Use.HOSTING), 0.0)


def mining_mw(plan: Allocation) -> float:
    """Most facility MW that mine in any quarter."""
    return max((quarter.mining_mw for quarter in plan.schedule), default=0.0)


@dataclass(frozen=True)
class _Measure:
    key: str
    label: str
    value: Callable[[Answered], float | None]
    said: Callable[[float], str]
    difference: Callable[[float], str]


def _of_plan(figure: Callable[[Allocation], float | None]) -> Callable[[Answered], float | None]:
    return lambda answered: None if answered.plan is None else figure(answered.plan)


def _over_mining(answered: Answered) -> float | None:
    return None if answered.plan is None else npv_over_mining_usd(answered.plan, answered.explanation)


def money_difference(usd: float) -> str:
    """A signed difference of dollars.

    >>> money_difference(12.34e6), money_difference(-2.5e9), money_difference(4_321.0), money_difference(0.001)
    ('+$12.3 M', '-$2.50 bn', '+$4,320', 'same')
    """
    if abs(usd) < 0.5:
        return SAME
    words = money(usd) if abs(usd) < TINY_USD else table_money(usd)
    return f"+{words}" if usd > 0 else words


def _signed(words: str) -> str:
    return SAME if float(words.split(maxsplit=1)[0].rstrip("x").replace(",", "")) == 0.0 else words


def _points(rate: float) -> str:
    return _signed(f"{rate * 100:+.1f} points")


def _cover(times: float) -> str:
    return _signed(f"{times:+.2f}x")


def _mw(mw: float) -> str:
    return _signed(f"{mw:+,.1f} MW")


MEASURES = (
    _Measure("npv_usd", "NPV over doing nothing", _of_plan(lambda p: p.npv_usd), table_money, money_difference),
    _Measure("npv_over_mining_usd", "NPV over mining only", _over_mining, table_money, money_difference),
    _Measure("capex_usd", "Capex", _of_plan(lambda p: p.capex_usd), table_money, money_difference),
    _Measure("peak_equity_usd", "Peak equity", _of_plan(lambda p: p.peak_equity_usd), table_money, money_difference),
    _Measure("irr", "IRR, unlevered", _of_plan(lambda p: p.irr), percent, _points),
    _Measure("levered_irr", "IRR, equity", _of_plan(lambda p: p.levered_irr), percent, _points),
    _Measure("minimum_dscr", "Min DSCR", _of_plan(lambda p: p.minimum_dscr), lambda x: f"{x:.2f}x", _cover),
    _Measure("leased_critical_it_mw", "Leased, critical IT", _of_plan(leased_mw), megawatts, _mw),
    _Measure("mining_facility_mw", "Mining at its most, facility", _of_plan(mining_mw), megawatts, _mw),
)


def figure_rows(answered: Sequence[Answered]) -> tuple[FigureRow, ...]:
    """Every figure; behind those of the second plan on, the difference to the first one's."""
    return tuple(_row(measure, answered) for measure in MEASURES)


def _row(measure: _Measure, answered: Sequence[Answered]) -> FigureRow:
    values = tuple(measure.value(a) for a in answered)
    return FigureRow(measure.key, measure.label, values, tuple(_words(measure, answered, values)))


def _words(measure: _Measure, answered: Sequence[Answered], values: Sequence[float | None]) -> Iterator[str]:
    first = values[0]
    for i, (one, value) in enumerate(zip(answered, values, strict=True)):
        if value is None:
            waits = one.awaited and measure.key == "npv_over_mining_usd"
            yield PENDING if waits else NONE
        elif i == 0 or first is None:
            yield measure.said(value)
        else:
            yield f"{_unbreakable(measure.said(value))} ({_unbreakable(measure.difference(value - first))})"


def _unbreakable(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def printed(rows: Sequence[FigureRow], answered: Sequence[Answered]) -> pd.DataFrame:
    """The table as it is read."""
    return pd.DataFrame([[row.label, *row.words] for row in rows], columns=["Figure", *(a.head for a in answered)])


def full(rows: Sequence[FigureRow], answered: Sequence[Answered]) -> pd.DataFrame:
    """The same in full precision, as a file: one row a case."""
    table = pd.DataFrame({row.key: [None if v is None else float(v) for v in row.values] for row in rows})
    table.insert(0, "case", [a.head for a in answered])
    return table
