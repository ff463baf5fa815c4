"""Leases drawn from a seed over the bounds of every term, as far as the rules between terms allow."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from models.assumptions import Declaration, describe
from models.lease import Lease
from models.returns import Finance

SINCE = np.arange(-130.0, 700.0)
"""Months since the agreed first delivery: longer than any build."""
PRICE = 40.0 + 5.0 * np.sin(SINCE / 7.0)
KNOWN = describe(Lease)
TEXT = {"name": "Random", "tenant": "Acme"}


def _drawn(rng: np.random.Generator, what: Declaration, default: Any) -> Any:
    """Within the bounds, now and then on one of them."""
    if isinstance(default, bool):
        return bool(rng.integers(2))
    if isinstance(default, StrEnum):
        return rng.choice(list(type(default)))
    low, high = float(what.lower or 0.0), float(what.upper if what.upper is not None else 1.0)
    if isinstance(default, int):
        return int(rng.choice([low, high])) if rng.random() < 0.1 else int(rng.integers(low, high + 1))
    edge = high if rng.random() < 0.5 else low
    inside = float(rng.uniform(low, high)) if rng.random() < 0.5 else low + (high - low) * float(rng.random()) ** 4
    open_bound = what.name in {"exit_cap_rate", "tenant_default_per_year"}
    return edge if rng.random() < 0.15 and not open_bound else max(inside, 1e-6 if open_bound else inside)


def random_lease(seed: int, **fixed: Any) -> Lease:
    """A lease of which about half of the terms are drawn, the others on their defaults."""
    rng = np.random.default_rng(seed)
    terms: dict[str, Any] = {**TEXT, "critical_it_mw": 100.0, "rent_usd_per_kw_month": 128.0}
    plain = Lease(**terms)
    for name, what in KNOWN.items():
        default = getattr(plain, name)
        if isinstance(default, (str, tuple)) and not isinstance(default, StrEnum):
            continue
        if rng.random() < 0.5:
            terms[name] = _drawn(rng, what, default if default is not None else 1)
    for text in ("earliest_start", "latest_start"):
        terms.pop(text, None)
    term = terms["term_years"] = int(rng.integers(1, 31))
    terms["free_rent_months"] = int(rng.integers(0, 12 * term)) if rng.random() < 0.3 else 0
    terms["free_rent_months"] = min(terms["free_rent_months"], 12 * term - 12, 60)
    paying = 12 * term - terms["free_rent_months"]
    terms["debt_tenor_years"] = int(rng.integers(1, paying // 12 + 1)) if rng.random() < 0.4 else None
    terms["termination_after_years"] = int(rng.integers(1, term)) if term > 1 and rng.random() < 0.4 else None
    if rng.random() < 0.3:
        terms["draw_curve"] = tuple(_shares(rng, int(rng.integers(1, 9))))
    if rng.random() < 0.3:
        terms["rent_by_year"] = tuple(float(x) for x in rng.uniform(0, 2, int(rng.integers(1, 20))))
    if rng.random() < 0.3:
        shares = _shares(rng, int(rng.integers(1, 5)))
        terms["halls"] = [{"months_after_first": 5 * i, "share": s} for i, s in enumerate(shares)]
    return Lease(**{**terms, **fixed})


def random_finance(seed: int) -> Finance:
    rng = np.random.default_rng(seed)
    short, fifteen, _ = _shares(rng, 3)
    return Finance(
        tax_rate=float(rng.uniform(0, 0.6)),
        bonus_depreciation=float(rng.uniform(0, 1)),
        data_centre_short_life_share=short,
        data_centre_fifteen_year_share=fifteen,
        losses_used_by_parent=bool(rng.integers(2)),
    )


def _shares(rng: np.random.Generator, count: int) -> list[float]:
    weights = rng.uniform(0.05, 1, count)
    return [float(w) for w in weights / weights.sum()]
