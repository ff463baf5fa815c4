"""Ways out of a conflict: the edits of inputs that give a limit, or several together, what they lack."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allocator.case import Case
from allocator.formats import megawatts, money, percent
from allocator.infeasible import Repair
from allocator.program.constraints import grid_mw
from allocator.ui.desk import document_of


@dataclass(frozen=True)
class WayOut:
    """An edit that gives one limit what it lacks."""

    words: str
    path: str
    value: Any


@dataclass(frozen=True)
class JointWayOut:
    """Edits that make a plan possible together."""

    words: str
    edits: tuple[tuple[str, Any], ...]


def ways_out(case: Case, alone: Iterable[Repair]) -> list[WayOut]:
    """An edit for each repair that an input can carry."""
    return [way for repair in alone if (way := way_out(case, repair))]


def joint_way_out(case: Case, together: tuple[Repair, ...]) -> JointWayOut | None:
    """All edits of the cheapest repair of several limits; ``None`` where it is of one, or an input cannot carry it."""
    ways = ways_out(case, together)
    if len(together) < 2 or len(ways) < len(together):
        return None
    edits = dict[str, WayOut]()
    for way in ways:
        known = edits.get(way.path)
        edits[way.path] = way if known is None or _gives_more(way, known) else known
    words = [f"{way.words[:1].lower()}{way.words[1:]}" for way in edits.values()]
    return JointWayOut(f"Together: {' and '.join(words)}", tuple((way.path, way.value) for way in edits.values()))


def way_out(case: Case, repair: Repair) -> WayOut | None:
    """The edit that gives a limit what it lacks, rounded to the safe side; ``None`` where no one input is the limit."""
    if repair.change is None:
        return None
    kind, _, index = repair.limit.key.partition("__")
    if kind in {"capital", "liquidity"}:
        usd = math.ceil(repair.change / 1e5) * 1e5
        return _more_capital(case, usd) if kind == "capital" else _less_cash(case, usd)
    mw = math.ceil(repair.change * 10.0 - 1e-6) / 10.0
    if kind == "grid":
        words = f"Raise the grid by {megawatts(mw)} (facility)"
        return WayOut(words, "site.grid_mw", _raised(case, "site", "grid_mw", mw))
    if kind == "flexible":
        words = f"Lower the flexible floor by {megawatts(mw)} (facility)"
        return WayOut(words, "policy.min_flexible_mw", max(0.0, case.policy.min_flexible_mw - mw))
    if kind in {"hosting", "tenant"}:
        return _greater_share(case, kind, mw)
    return _less_signed(case, int(index), mw) if kind == "committed" else None


def _more_capital(case: Case, usd: float) -> WayOut:
    return WayOut(f"Raise capital by {money(usd)}", "policy.capital_usd", _raised(case, "policy", "capital_usd", usd))


def _less_cash(case: Case, usd: float) -> WayOut | None:
    """Minimum cash cannot go below nothing: what is missing beyond that no edit of it gives."""
    left = case.policy.minimum_cash_usd - usd
    if left < 0.0:
        return None
    return WayOut(f"Lower the cash left in a stress to {money(left)}", "policy.minimum_cash_usd", left)


def _greater_share(case: Case, kind: str, mw: float) -> WayOut:
    """The share of the grid that gives so many megawatts even when the least of it is energised; all of it at most."""
    field, whose = ("max_hosting_share", "hosting") if kind == "hosting" else ("max_tenant_share", "one tenant")
    energised = [step for step in grid_mw(case).tolist() if step > 0.0]
    more = mw / min(energised) if energised else 1.0
    share = min(1.0, math.ceil((getattr(case.policy, field) + more) * 1e3 - 1e-6) / 1e3)
    return WayOut(f"Let {whose} have {percent(share)} of the grid", f"policy.{field}", share)


def _less_signed(case: Case, offer: int, mw: float) -> WayOut:
    lease, path = case.leases[offer], f"leases[{offer}]"
    left = (lease.min_mw or lease.critical_it_mw) - mw
    if left <= 0.0:
        return WayOut(f"Treat {lease.name} as not signed", f"{path}.committed", False)
    return WayOut(f"Deliver at least {megawatts(left)} (critical IT) of {lease.name}", f"{path}.min_mw", left)


def _gives_more(way: WayOut, other: WayOut) -> bool:
    """Whether of two edits of one input the first leaves more room: less cash to be kept, a greater share."""
    return bool(way.value < other.value) == way.path.endswith("minimum_cash_usd")


def _raised(case: Case, table: str, field: str, by: float) -> Any:
    given = document_of(case)[table][field]
    if isinstance(given, list):
        return [{k: v if k == "from" else v + by for k, v in stage.items()} for stage in given]
    return given + by
