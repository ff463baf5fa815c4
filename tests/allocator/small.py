"""Small cases for tests: a few machines and offers, a short horizon, every amount written out or drawn from a seed."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import numpy as np

from allocator.case import Case, case_from_document

VALUATION = date(2026, 2, 7)


def fleet(**changed: Any) -> dict[str, Any]:
    row = {"name": "S21", "machine": "S21", "facility_mw": 10, "resale_usd_per_th": 6, "remaining_life_years": 1}
    return {**row, **changed}


def purchase(**changed: Any) -> dict[str, Any]:
    row = {
        "name": "XP", "machine": "S21 XP Hyd", "max_facility_mw": 8, "price_usd_per_th": 6, "lead_months": 3,
        "latest_start_years": 1, "life_years": 2, "infrastructure_usd_per_mw": 100_000,
    }  # fmt: skip
    return {**row, **changed}


def lease(**changed: Any) -> dict[str, Any]:
    row = {
        "name": "Hall", "tenant": "Acme", "critical_it_mw": 8, "provisioning_ratio": 1.25, "term_years": 3,
        "rent_usd_per_kw_month": 120, "capex_usd_per_kw": 2_500, "build_months": 6, "deliveries": 2,
        "ltc": 0.5, "debt_rate": 0.07, "dscr": 1.2,
    }  # fmt: skip
    return {**row, **changed}


def document(**changed: Any) -> dict[str, Any]:
    """A site of 20 facility MW with one fleet, one purchase and one offer, over five years."""
    parts = {
        "name": "Small", "valuation_date": VALUATION, "horizon_years": 5, "site": {"grid_mw": 20},
        "market": {"btc_price_usd": 90_000}, "power": {"price_usd_per_mwh": 40},
        "fleets": [fleet()], "purchases": [purchase()], "leases": [lease()],
        "policy": {"capital_usd": 9e6, "reinvested_share": 0.3},
    }  # fmt: skip
    return deepcopy({**parts, **changed})


def case(**changed: Any) -> Case:
    return case_from_document(document(**changed))


def random_document(seed: int, *, whole: bool) -> dict[str, Any]:
    """A case of two fleets, two purchases and three offers whose figures are drawn from a seed."""
    rng = np.random.default_rng(seed)

    def draw(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    leases = []
    for i in range(3):
        size = float(rng.integers(5, 15))
        block = float(rng.integers(2, 5)) if whole and i < 2 else 0.0
        leases.append(
            lease(
                name=f"Offer {i}",
                tenant=("Acme", "Beta")[i % 2],
                critical_it_mw=size,
                provisioning_ratio=draw(1.2, 1.5),
                term_years=int(rng.integers(2, 5)),
                rent_usd_per_kw_month=draw(60, 160),
                capex_usd_per_kw=draw(1_500, 4_000),
                build_months=int(rng.integers(3, 15)),
                deliveries=int(rng.integers(1, 4)),
                latest_start="2028Q2",
                block_mw=block,
                min_mw=min(size, 5.0) if whole and i == 2 else 0.0,
                ltc=draw(0.3, 0.85),
            )
        )
    policy = {
        "capital_usd": draw(3e6, 3e7), "reinvested_share": draw(0, 0.8), "max_tenant_share": draw(0.3, 1),
        "max_hosting_share": draw(0.5, 1), "min_flexible_mw": draw(0, 6),
    }  # fmt: skip
    return document(
        horizon_years=8,
        site={"grid_mw": [{"from": VALUATION, "grid_mw": 20}, {"from": date(2027, 8, 7), "grid_mw": draw(20, 40)}]},
        market={"btc_price_usd": draw(60_000, 140_000)},
        power={"price_usd_per_mwh": draw(20, 60)},
        fleets=[
            fleet(facility_mw=draw(2, 12), remaining_life_years=4),
            fleet(name="XP19", machine="S19 XP", facility_mw=6),
        ],
        purchases=[
            purchase(price_usd_per_th=draw(3, 12)),
            purchase(name="Next", machine="successor", price_usd_per_th=draw(4, 15), latest_start_years=4),
        ],
        leases=leases,
        policy=policy,
    )
