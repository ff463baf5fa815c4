"""A small offer whose figures can be worked out by hand, and its term sheet."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.lease import Lease
from models.returns import Finance
from models.term_sheet import TermSheet, months_needed_after_delivery, term_sheet

BEFORE_DELIVERY = 30
FINANCE = Finance()


def offer(**changed: Any) -> Lease:
    """10 critical IT MW for 10 years at 100 USD/kW-month flat, NNN, 8,000 USD/kW built in a year, one hall."""
    terms = {
        "name": "Hall", "tenant": "Acme", "critical_it_mw": 10.0, "term_years": 10, "rent_usd_per_kw_month": 100.0,
        "escalator_per_year": 0.0, "noi_margin": 0.95, "capex_usd_per_kw": 8_000.0, "build_months": 12,
        "deliveries": 1, "ltc": 0.6, "debt_rate": 0.06, "dscr": 1.2,
    }  # fmt: skip
    return Lease(**{**terms, **changed})


def months_for(lease: Lease) -> np.ndarray:
    return np.arange(-BEFORE_DELIVERY, months_needed_after_delivery(lease) + 1.0)


def sheet_of(lease: Lease, power_usd_per_mwh: float = 50.0, finance: Finance = FINANCE) -> TermSheet:
    since = months_for(lease)
    return term_sheet(lease, finance, since, np.full_like(since, power_usd_per_mwh))
