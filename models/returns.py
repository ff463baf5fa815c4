"""Value and return of a cash flow: NPV, IRR, payback, MOIC, yield on cost; the discount rates."""

from __future__ import annotations

import numpy as np

from models.assumptions import Assumptions, Flag, Number, assumption
from models.timeline import MONTHS_PER_YEAR, Vector, discount_factors


class Finance(Assumptions):
    """Rates at which money is valued and taxed."""

    discount_rate_mining: Number = assumption(
        0.15, unit="per year", ge=0, le=1,
        meaning="Rate for unlevered mining cash flows",
        source="no published hurdle; miner loans cost 9-20 %",
    )  # fmt: skip
    discount_rate_hosting: Number = assumption(
        0.08, unit="per year", ge=0, le=1,
        meaning="Rate for unlevered lease cash flows",
        source="0.80 x 6.5 % project debt + 0.20 x 13 % equity = 7.8 %; the 13 % is assumed",
    )  # fmt: skip
    discount_rate_risk: Number = assumption(
        0.07, unit="per year", ge=0, le=1,
        meaning="The single rate of the risk program",
        source="middle of AI project bond coupons of 2025-26 (6.1-9.25 %)", status="derived", dated="2026-06",
    )  # fmt: skip
    discount_rate_equity: Number = assumption(
        0.13, unit="per year", ge=0, le=1,
        meaning="Cost of equity, for levered flows only", source="12-15 % asked of project equity",
    )  # fmt: skip
    tax_rate: Number = assumption(
        0.21, unit="share of taxable income", ge=0, le=0.6,
        meaning="Income tax rate", source="26 USC 11, US federal corporate rate", status="sourced",
    )  # fmt: skip
    bonus_depreciation: Number = assumption(
        1.0, unit="share of cost", ge=0, le=1,
        meaning="Share of 5- and 15-year property expensed when placed in service",
        source="permanent 100 % for property acquired after 19 January 2025 (costsegsmart.com)",
        status="sourced", dated="2026",
    )  # fmt: skip
    data_centre_short_life_share: Number = assumption(
        0.4, unit="share of capex", ge=0, le=1,
        meaning="Share of data-centre capex in the 5-year class: electrical, cooling, racks",
        source="45-60 % reclassified to 5 and 15 years by cost segregation (costsegsmart.com); the split is assumed",
        dated="2026",
    )  # fmt: skip
    data_centre_fifteen_year_share: Number = assumption(
        0.1, unit="share of capex", ge=0, le=1,
        meaning="Share in the 15-year class: generators, chilled-water plant, site works; the rest is 39-year shell",
        source="45-60 % reclassified to 5 and 15 years by cost segregation (costsegsmart.com); the split is assumed",
        dated="2026",
    )  # fmt: skip
    losses_used_by_parent: Flag = assumption(
        True, unit="",
        meaning="The parent uses tax losses at once in the value of a plan; if false each activity carries its own on",
    )  # fmt: skip


def npv(rate_per_year: float, cash_flow_usd: Vector) -> float:
    """``sum_m (1 + r) ** (-m / 12) * c_m`` of monthly flows; month 0 is not discounted.

    >>> abs(npv(0.10, np.array([-100.0] + [0.0] * 11 + [110.0]))) < 1e-12
    True
    """
    months = np.arange(len(cash_flow_usd), dtype=float)
    return float(discount_factors(rate_per_year, months) @ cash_flow_usd)


_SCAN = np.concatenate([np.linspace(-0.9, 0.0, 46)[:-1], np.linspace(0.0, 1.0, 101), np.geomspace(1.05, 50.0, 60)])


def irr(cash_flow_usd: Vector) -> float | None:
    """Annual effective IRR of monthly flows: the rate at which their NPV is zero.

    The NPV is scanned from -90 % to 5,000 % a year and the single crossing is bisected to 1e-13.
    ``None`` where no rate or several rates solve it: an answer that is not one number is not given
    as one (:func:`irr_reason` says which).
    """
    bracket = _brackets(cash_flow_usd)
    if len(bracket) != 1:
        return None
    low, high = bracket[0]
    rising = npv(low, cash_flow_usd) < npv(high, cash_flow_usd)
    while high - low > 1e-13 * max(1.0, abs(low)):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if (npv(middle, cash_flow_usd) > 0) == rising:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def irr_reason(cash_flow_usd: Vector) -> str:
    """Why :func:`irr` gives no figure; empty where it gives one."""
    found = len(_brackets(cash_flow_usd))
    if found == 1:
        return ""
    if not np.any(cash_flow_usd < 0):
        return "no IRR: nothing is invested"
    return "no IRR: the money never comes back" if found == 0 else f"no IRR: {found} rates solve it"


def _brackets(cash_flow_usd: Vector) -> list[tuple[float, float]]:
    """Intervals of the scan in which the NPV changes its sign."""
    months = np.arange(len(cash_flow_usd), dtype=float)
    if not (np.any(cash_flow_usd < 0) and np.any(cash_flow_usd > 0)):
        return []
    # Scaling by (1 + r) ** (M / 12) below zero would overflow; the sign is all that is wanted.
    factors = np.exp(-np.log1p(_SCAN)[:, None] * (months / MONTHS_PER_YEAR))
    signs = np.sign(factors @ cash_flow_usd)
    steps = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    pairs = [(float(_SCAN[i]), float(_SCAN[i + 1])) for i in steps]
    return pairs + [(float(r), float(r)) for r in _SCAN[signs == 0]]


def payback_years(cash_flow_usd: Vector) -> float | None:
    """Years until the cumulative flow turns positive for good; ``None`` if it never does.

    Interpolated within the month. 0 where the cumulative flow is never negative.
    """
    total = np.cumsum(cash_flow_usd)
    if total[-1] < 0:
        return None
    below = np.flatnonzero(total < 0)
    if not below.size:
        return 0.0
    last = int(below[-1])
    return float(last + -total[last] / (total[last + 1] - total[last])) / MONTHS_PER_YEAR


def moic(equity_cash_flow_usd: Vector) -> float | None:
    """Multiple on invested capital: all inflows over all outflows; ``None`` where nothing is paid in."""
    paid = -float(np.minimum(equity_cash_flow_usd, 0.0).sum())
    return float(np.maximum(equity_cash_flow_usd, 0.0).sum()) / paid if paid > 0 else None


def yield_on_cost(stabilised_noi_usd_per_year: float, cost_usd: float) -> float:
    """First stabilised year's NOI over the cost of the project."""
    return stabilised_noi_usd_per_year / cost_usd
