"""Futures of small cases, and what the engine of a single path says of one of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.activities import Activities, activities
from allocator.case import Case
from allocator.lease_activities import lease_bundles
from allocator.mining_activities import fleet_bundles, purchase_bundles
from allocator.risk.futures import Frozen, Futures
from allocator.risk.path_values import PathValues, path_values
from models.network import network_path
from models.scenarios import Factor
from models.timeline import discount_factors

EVERYTHING = Frozen(frozenset(Factor), delay=True, cancellation=True, default=True)
PRICE_ALONE = Frozen(frozenset({Factor.FEES, Factor.POWER}), delay=True, cancellation=True, default=True)
PUNCTUAL = {"delay_mean_months": 0.0}
"""A risk table whose frozen delay is none."""


def valued(case: Case, paths: int = 100, seed: int = 1, **given: Any) -> PathValues:
    """Values of a case's activities on some futures."""
    return path_values(activities(case), Futures(case, paths, seed, **given))


def npv_at_one_rate(choices: Activities) -> np.ndarray:
    """NPV of every activity at the rate of the risk program, from its cash flow by month."""
    case = choices.case
    return discount_factors(case.finance.discount_rate_risk, case.timeline.month_index) @ choices.cash_flow_usd


def on_path(case: Case, btc_price_usd: np.ndarray) -> Activities:
    """The activities of a case whose bitcoin price takes another path, the network answering it."""
    network = network_path(case.market, case.timeline, btc_price_usd)
    bundles = (*fleet_bundles(case, network), *purchase_bundles(case, network), *lease_bundles(case))
    return Activities(case, network, tuple(b for b in bundles if b.activities))
