"""Random cases whose signed leases meet tight limits, and what is named as their cure applied to the case itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.allocation import InfeasibleError, allocate
from allocator.case import CapitalStep, Case, case_from_document, replaced
from allocator.program.build import Program
from tests.allocator.small import VALUATION, random_document

STRESSES = ("price falls", "hashprice low", "lease late", "tenant defaults")
TIGHT = ("capital_usd", "max_tenant_share", "max_hosting_share", "min_flexible_mw", "minimum_cash_usd")


def drawn(seed: int, *, whole: bool) -> Case:
    """One to three signed leases and one or two tight limits; half of the sites grow."""
    rng = np.random.default_rng(77_000 + seed)
    given: dict[str, Any] = random_document(seed, whole=whole)
    given["horizon_years"] = 9
    for i in rng.permutation(3)[: int(rng.integers(1, 4))]:
        lease = given["leases"][i]
        lease["committed"] = True
        if rng.random() < 0.5:
            lease["min_mw"] = round(float(rng.uniform(1, lease["critical_it_mw"])), 2)
    late = float(rng.uniform(21.5, 40))
    given["site"]["grid_mw"] = [{"from": VALUATION, "grid_mw": 20.0}, {"from": "2028-02-07", "grid_mw": late}]
    if rng.random() < 0.5:
        given["site"]["grid_mw"] = late
    policy = given["policy"] = {"capital_usd": 6e7, "reinvested_share": 0.3}
    tight = {
        "capital_usd": round(float(rng.uniform(1e5, 8e6))),
        "max_tenant_share": round(float(rng.uniform(0.1, 0.5)), 3),
        "max_hosting_share": round(float(rng.uniform(0.1, 0.6)), 3),
        "min_flexible_mw": round(float(rng.uniform(8, 21)), 2),
        "minimum_cash_usd": round(float(rng.uniform(4e7, 7e7))),
    }
    for field in rng.choice(TIGHT, size=int(rng.integers(1, 3)), replace=False):
        policy[str(field)] = tight[str(field)]
    if "minimum_cash_usd" in policy:
        policy["stresses"] = [str(rng.choice(STRESSES))]
    if rng.random() < 0.3:
        policy["treasury_btc"] = float(rng.integers(1, 60))
    return case_from_document(given)


def is_possible(given: Case) -> bool:
    try:
        allocate(given)
    except InfeasibleError:
        return False
    return True


def without_a_plan(given: Case) -> Program | None:
    """The program of a case that has no plan; ``None`` if it has one."""
    try:
        allocate(given)
    except InfeasibleError as error:
        return error.program
    return None


def loosened(given: Case, key: str, change: float) -> Case | None:  # noqa: C901, PLR0911  (one list of limits)
    """The case with a limit that gives so much; ``None`` where no input says just that."""
    family, _, member = key.partition("__")
    policy = given.policy
    if family == "grid":
        return replaced(given, "site.grid_mw", _raised(given.site.grid_mw, "grid_mw", change))
    if family == "capital":
        capital = policy.capital_usd
        if isinstance(capital, tuple) and capital[0].from_date > given.valuation_date:
            capital = (CapitalStep(from_date=given.valuation_date, usd=0.0), *capital)
        return replaced(given, "policy.capital_usd", _raised(capital, "usd", change))
    if family == "treasury":
        return replaced(given, "policy.treasury_btc", policy.treasury_btc + change)
    if family == "flexible":
        return replaced(given, "policy.min_flexible_mw", _left(policy.min_flexible_mw, change))
    if family == "liquidity":
        return replaced(given, "policy.minimum_cash_usd", _left(policy.minimum_cash_usd, change))
    if family == "offer":
        size = given.leases[int(member)].critical_it_mw
        least = given.leases[int(member)].min_mw or size
        return replaced(
            replaced(given, f"leases[{member}].min_mw", least), f"leases[{member}].critical_it_mw", size + change
        )
    if family == "committed":
        lease = given.leases[int(member)]
        left = _left(lease.min_mw or lease.critical_it_mw, change)
        field, value = ("min_mw", left) if left > 0 else ("committed", False)
        return replaced(given, f"leases[{member}].{field}", value)
    if isinstance(given.site.grid_mw, tuple):
        return None  # A share is of another megawatt in every stage.
    share = change / given.site.grid_mw
    if family == "hosting":
        return replaced(given, "policy.max_hosting_share", policy.max_hosting_share + share)
    tenant = list(dict.fromkeys(lease.tenant for lease in given.leases))[int(member)]
    if {lease.tenant for lease in given.leases if lease.committed} != {tenant}:
        return None  # One share holds for every tenant.
    return replaced(given, "policy.max_tenant_share", policy.max_tenant_share + share)


def _raised(given: Any, field: str, change: float) -> Any:
    if isinstance(given, tuple):
        return tuple(step.model_copy(update={field: getattr(step, field) + change}) for step in given)
    return given + change


def _left(size: float, change: float) -> float:
    """What stays of a floor; no floor is below nothing."""
    assert change <= size * (1.0 + 1e-5) + 1e-6, (size, change)
    return max(0.0, size - change)


def whole_of(given: Case, key: str) -> float:
    """All that a limit could ever give: the whole of a floor, much more of anything else."""
    family, _, member = key.partition("__")
    if family == "committed":
        lease = given.leases[int(member)]
        return lease.min_mw or lease.critical_it_mw
    floors = {"flexible": given.policy.min_flexible_mw, "liquidity": given.policy.minimum_cash_usd}
    return floors.get(family, {"capital": 1e10, "treasury": 1e5}.get(family, 1e3))
