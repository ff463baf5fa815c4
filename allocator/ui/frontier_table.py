"""The frontier of mean and tail as tables: a row a weight, in figures and in print, and a row a point of the chart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.formats import percent, table_money
from allocator.risk.answer import RiskAnswer, RiskMix
from allocator.risk.report import mining_now
from allocator.risk.words import hosted_mw, share

WEIGHT = "risk_weight"
SAME_USD = 5e4
"""Points nearer to each other than this are drawn as one."""
NEAR = 0.12, 0.07
"""Shares of the chart's width and height within which two names would overlap."""
FIGURES = ("weight", "mean NPV", "mean s.e.", "CVaR", "CVaR s.e.", "loss in", "hosting MW", "mining MW now")


def frontier_table(answer: RiskAnswer, chosen: RiskMix) -> pd.DataFrame:
    """One row a weight, in full."""
    return pd.DataFrame(
        [
            {
                "risk_weight": mix.sought.risk_weight,
                "mean_npv_usd": mix.fresh.mean_usd,
                "mean_standard_error_usd": mix.fresh.mean_error_usd,
                "cvar_npv_usd": mix.fresh.cvar_usd,
                "cvar_standard_error_usd": mix.fresh.cvar_error_usd,
                "probability_of_loss": mix.fresh.probability_of_loss,
                "hosting_facility_mw": hosted_mw(mix),
                "mining_now_facility_mw": mining_now(answer, mix),
                "chosen": mix is chosen,
            }
            for mix in answer.mixes
        ]
    )


def points_table(answer: RiskAnswer, chosen: RiskMix) -> pd.DataFrame:
    """One row a point: weights with the same figures share one."""
    groups: list[list[RiskMix]] = []
    for mix in answer.mixes:
        if groups and _same(groups[-1][-1], mix):
            groups[-1].append(mix)
        else:
            groups.append([mix])
    rows = []
    for group in groups:
        first, last = (share(m.sought.risk_weight) for m in (group[0], group[-1]))
        own = chosen if any(m is chosen for m in group) else group[0]
        rows.append(
            {
                WEIGHT: own.sought.risk_weight,
                "label": first if first == last else f"{first} to {last}",
                "mean": own.fresh.mean_usd / 1e6,
                "cvar": own.fresh.cvar_usd / 1e6,
                "mean_words": f"{table_money(own.fresh.mean_usd)} ± {table_money(own.fresh.mean_error_usd)}",
                "cvar_words": f"{table_money(own.fresh.cvar_usd)} ± {table_money(own.fresh.cvar_error_usd)}",
                "loss": percent(own.fresh.probability_of_loss),
                "hosting": hosted_mw(own),
                "mining": mining_now(answer, own),
                "mean_low": (own.fresh.mean_usd - own.fresh.mean_error_usd) / 1e6,
                "mean_high": (own.fresh.mean_usd + own.fresh.mean_error_usd) / 1e6,
                "cvar_low": (own.fresh.cvar_usd - own.fresh.cvar_error_usd) / 1e6,
                "cvar_high": (own.fresh.cvar_usd + own.fresh.cvar_error_usd) / 1e6,
                "chosen": own is chosen,
            }
        )
    points = pd.DataFrame(rows)
    return points.assign(named=_named(points))


def _named(points: pd.DataFrame) -> list[bool]:
    """Which points have room for a name beside them: those far enough from the one named before."""
    across, up = (max(1e-9, float(np.ptp(points[name]))) for name in ("cvar", "mean"))
    found, last = [], None
    for x, y in zip(points["cvar"], points["mean"], strict=True):
        near = last is not None and abs(x - last[0]) < NEAR[0] * across and abs(y - last[1]) < NEAR[1] * up
        last = last if near else (x, y)
        found.append(not near)
    return found


def _same(one: RiskMix, other: RiskMix) -> bool:
    a, b = one.fresh, other.fresh
    return max(abs(a.mean_usd - b.mean_usd), abs(a.cvar_usd - b.cvar_usd)) < SAME_USD


def printed_table(answer: RiskAnswer, chosen: RiskMix) -> pd.DataFrame:
    """The frontier in words and units."""
    return pd.DataFrame(
        [
            {
                "weight": f"{'● ' if mix is chosen else ''}{share(mix.sought.risk_weight)}",
                "mean NPV": table_money(mix.fresh.mean_usd),
                "mean s.e.": table_money(mix.fresh.mean_error_usd),
                "CVaR": table_money(mix.fresh.cvar_usd),
                "CVaR s.e.": table_money(mix.fresh.cvar_error_usd),
                "loss in": percent(mix.fresh.probability_of_loss),
                "hosting MW": f"{hosted_mw(mix):,.1f}",
                "mining MW now": f"{mining_now(answer, mix):,.1f}",
            }
            for mix in answer.mixes
        ]
    )
