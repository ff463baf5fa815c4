"""Limits that can be asked about, each with the rows that one unit more of it moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allocator.activities import Activities
from allocator.case import Case
from allocator.program.constraints import grid_mw
from allocator.program.variables import Variables

RELIEF = "relief from the "
"""How the limit of a floor is named: one more unit of relief is one unit less of floor."""


@dataclass(frozen=True)
class Limit:
    """Something whose size can be asked about: "one more facility MW of grid". Names the rows that it moves.

    Moves are in the direction that gives the plan more room: more of a budget, less of a floor.
    """

    key: str
    label: str
    unit: str
    moves: tuple[tuple[str, float], ...]
    """Row name and what one unit more room adds to its right-hand side."""
    is_floor: bool = False
    """Whether room means less of it: a signed commitment, a floor of flexible megawatts."""


def limits(choices: Activities, v: Variables) -> Iterator[Limit]:
    """Every limit whose value is reported, with the rows that one unit more of it moves."""
    case = choices.case
    yield Limit("grid", "grid", "facility MW", tuple(_moved_by_grid(case, v)))
    if v.capital_used.size:
        moved = list(_each_quarter(case, "capital"))
        moved += [row for i in range(len(v.stress_cash_used)) for row in _each_quarter(case, f"liquidity__{i}")]
        yield Limit("capital", "capital", "USD", tuple(moved))
    if v.treasury_sold.size:
        yield Limit("treasury", "treasury", "BTC", (("treasury", 1.0),))
    for i, owned in enumerate(case.fleets):
        yield Limit(f"fleet__{i}", f"fleet {owned.name}", "facility MW", ((f"fleet__{i}", 1.0),))
    for i in v.purchase_running:
        rows = _each_quarter(case, f"purchase__{i}")
        yield Limit(f"purchase__{i}", f"purchase {case.purchases[i].name}", "facility MW", rows)
    for i, lease in enumerate(case.leases):
        yield Limit(f"offer__{i}", f"offer {lease.name}", "critical IT MW", ((f"offer__{i}", 1.0),))
        if lease.committed:
            row = ((f"committed__{i}", -1.0),)
            yield Limit(f"committed__{i}", f"{RELIEF}commitment to {lease.name}", "critical IT MW", row, is_floor=True)
    yield from _policy_limits(case, v)
    yield from _stress_limits(case, v)


def _policy_limits(case: Case, v: Variables) -> Iterator[Limit]:
    for i, name in enumerate(v.tenant_used):
        yield Limit(f"tenant__{i}", f"limit of tenant {name}", "facility MW", _each_quarter(case, f"tenant__{i}"))
    if v.hosting_used.size and case.policy.max_hosting_share < 1:
        yield Limit("hosting", "limit of hosting", "facility MW", _each_quarter(case, "hosting"))
    if v.hosting_used.size and case.policy.min_flexible_mw > 0:
        yield Limit("flexible", f"{RELIEF}flexible floor", "facility MW", _above_the_floor(case), is_floor=True)


def _stress_limits(case: Case, v: Variables) -> Iterator[Limit]:
    for i, stress in enumerate(v.stress_cash_used):
        if case.policy.capital_usd is not None:
            label = f"{RELIEF}minimum cash under the stress {stress.value!r}"
            yield Limit(f"liquidity__{i}", label, "USD", _each_quarter(case, f"liquidity__{i}"), is_floor=True)


def _moved_by_grid(case: Case, v: Variables) -> Iterator[tuple[str, float]]:
    """One more megawatt of grid also raises what is a share of it."""
    yield from _each_quarter(case, "grid")
    if v.hosting_used.size:
        yield from _each_quarter(case, "hosting", case.policy.max_hosting_share)
        if case.policy.min_flexible_mw > 0:
            yield from _above_the_floor(case)
    for i in range(len(v.tenant_used)):
        yield from _each_quarter(case, f"tenant__{i}", case.policy.max_tenant_share)


def _above_the_floor(case: Case) -> tuple[tuple[str, float], ...]:
    """Quarters in which more than the floor is energised; in the others nothing can host whatever one MW more does."""
    energised = grid_mw(case)
    rows = _each_quarter(case, "flexible")
    return tuple(row for row, mw in zip(rows, energised, strict=True) if mw >= case.policy.min_flexible_mw)


def _each_quarter(case: Case, family: str, amount: float = 1.0) -> tuple[tuple[str, float], ...]:
    return tuple((f"{family}__{q:03d}", amount) for q in range(case.timeline.quarters))
