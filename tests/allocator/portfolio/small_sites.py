"""Small sites that differ by a seed, and what the one program finds for them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from allocator.case import Case, case_from_document
from allocator.portfolio.answer import Portfolio
from allocator.portfolio.common import common_limits
from allocator.portfolio.joint import joint_form
from allocator.portfolio.mandate import Candidate, Mandate, SiteTerms
from allocator.portfolio.site_problem import site_problem
from allocator.program.columns import WideProgram
from tests.allocator.small import document, fleet, lease, purchase

TENANTS = ("Acme", "Beta", "Gamma")


def site(number: int, *, seed: int = 0, block_mw: float = 0.0, **changed: Any) -> Case:
    """A site of some 20 facility MW with a purchase and two offers, drawn from its number."""
    rng = np.random.default_rng((seed, number))

    def draw(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    leases = [
        lease(
            name=f"Hall {i}",
            tenant=TENANTS[(number + i) % 3],
            critical_it_mw=draw(5, 12),
            provisioning_ratio=draw(1.2, 1.5),
            rent_usd_per_kw_month=draw(70, 150),
            capex_usd_per_kw=draw(1_800, 3_500),
            build_months=int(rng.integers(3, 10)),
            latest_start="2027Q4",
            ltc=draw(0.3, 0.8),
            block_mw=block_mw,
        )
        for i in range(2)
    ]
    parts = {
        "name": f"Site {number}",
        "site": {"grid_mw": draw(18, 32)},
        "power": {"price_usd_per_mwh": draw(20, 60)},
        "fleets": [fleet(facility_mw=draw(0.5, 3))],
        "purchases": [purchase(price_usd_per_th=draw(3, 8), latest_start_years=0.5)],
        "leases": leases,
        "policy": {"reinvested_share": 0.3},
    }
    return case_from_document(document(**{**parts, **changed}))


def candidates(count: int, terms: dict[int, SiteTerms] | None = None, **changed: Any) -> list[Candidate]:
    known = terms or {}
    return [Candidate(site(i, **changed), known.get(i, SiteTerms())) for i in range(count)]


def as_one_program(sites: list[Candidate], mandate: Mandate) -> float | None:
    """NPV that HiGHS finds from all sites side by side; ``None`` without a plan."""
    common = common_limits(sites, mandate)
    problems = [site_problem(c, common, named=True) for c in sites]
    value = WideProgram(joint_form(problems, common)).value()
    return None if value is None else -value


def by_subsets(sites: list[Candidate], mandate: Mandate) -> float | None:
    """The best over every set of sites that may be entered, each set a program without yes or no: brute force.

    Every site of the set is made a must-do with its ticket, every other one is left out.
    """
    best = None
    for chosen in product((False, True), repeat=len(sites)):
        if any(c.is_required and not taken for c, taken in zip(sites, chosen, strict=True)):
            continue
        inside = [c for c, taken in zip(sites, chosen, strict=True) if taken]
        groups = [c.terms.exclusive_group for c in inside if c.terms.exclusive_group]
        if len(groups) != len(set(groups)):
            continue
        forced = [
            Candidate(c.case, c.terms.model_copy(update={"must_do": True, "exclusive_group": ""})) for c in inside
        ]
        value = as_one_program(forced, mandate) if forced else 0.0
        if value is not None and (best is None or value > best):
            best = value
    return best


def capital_of(answer: Portfolio) -> float:
    return float(answer.capital_used_usd.max())
