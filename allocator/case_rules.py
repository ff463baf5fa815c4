"""What must hold between the tables of a case. Each rule reads only tables that are sound by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from allocator.lease_rules import LEASE_RULES, TOLERANCE_MW, Parts
from models.assumptions import Fault
from models.lease import Lease
from models.machines import SUCCESSOR, catalogue, machines_by_name
from models.mining import Fleet, Purchase
from models.scenarios import correlation_root


def check_together(parts: Parts, faults: list[Fault]) -> None:
    """Append the faults of every rule whose tables are present."""
    for rule in RULES:
        faults.extend(rule(parts))


def names_are_unique(parts: Parts) -> Iterator[Fault]:
    """Two fleets, purchases or offers must not share a name: results are reported by name."""
    seen: dict[str, str] = {}
    for key in ("fleets", "purchases", "leases"):
        for i, row in _sound(parts, key):
            path = f"{key}[{i}].name"
            if not row.name.strip() or len(row.name) > 300:
                yield Fault(
                    path,
                    repr(row.name[:40]),
                    "is empty or longer than 300 characters",
                    "give it a short name",
                )
            elif row.name in seen:
                yield Fault(path, repr(row.name), f"is also the name of {seen[row.name]}", "give each its own name")
            seen[row.name] = f"{key}[{i}]"


def machines_are_known(parts: Parts) -> Iterator[Fault]:
    """Every machine is in the catalogue; only a purchase may be the successor."""
    import difflib  # noqa: PLC0415

    known = machines_by_name()
    for key in ("fleets", "purchases"):
        for i, row in _sound(parts, key):
            if row.machine in known or (key == "purchases" and row.machine == SUCCESSOR):
                continue
            near = difflib.get_close_matches(row.machine, known, n=1, cutoff=0.4)
            remedy = f"did you mean {near[0]!r}? " if near else ""
            yield Fault(
                f"{key}[{i}].machine",
                repr(row.machine),
                f"is not one of the {len(catalogue())} machines of the catalogue",
                remedy + "list them with: allocator machines",
            )


def steps_are_in_order(parts: Parts) -> Iterator[Fault]:
    """Stages of energisation and of capital come in the order of their dates."""
    for table, field in (("site", "grid_mw"), ("policy", "capital_usd")):
        steps = getattr(parts[table], field, None)
        if not isinstance(steps, tuple):
            continue
        if not steps:
            yield Fault(f"{table}.{field}", "[]", "is an empty list", "give a number, or at least one stage")
        for i in range(1, len(steps)):
            if steps[i].from_date <= steps[i - 1].from_date:
                yield Fault(
                    f"{table}.{field}[{i}].from",
                    str(steps[i].from_date),
                    f"is not after the stage before it ({steps[i - 1].from_date})",
                    "put the stages in the order of their dates",
                )


def forward_points_are_in_order(parts: Parts) -> Iterator[Fault]:
    """A forward curve runs from the valuation date on, day after day, and each point says something."""
    if parts["market"] is None:
        return
    before, what = parts["valuation_date"], "the valuation date"
    for i, point in enumerate(parts["market"].forward):
        path = f"market.forward[{i}]"
        if before is not None and point.from_date <= before:
            yield Fault(f"{path}.from", str(point.from_date), f"is not after {what} ({before})", "order the dates")
        if point.btc_price_usd is None and point.difficulty is None and point.hashprice_usd_per_ph_day is None:
            yield Fault(path, "", "gives no figure", "give btc_price_usd, difficulty or hashprice_usd_per_ph_day")
        before, what = point.from_date, "the point before it"


def tax_classes_add_up(parts: Parts) -> Iterator[Fault]:
    """The 5- and 15-year classes leave no less than nothing for the shell."""
    finance = parts["finance"]
    if finance is None:
        return
    short = finance.data_centre_short_life_share + finance.data_centre_fifteen_year_share
    if short > 1.0:
        yield Fault(
            "finance.data_centre_fifteen_year_share",
            f"{finance.data_centre_fifteen_year_share:g}",
            f"and data_centre_short_life_share ({finance.data_centre_short_life_share:g}) are more than the whole cost",
            "give shares of which the rest is the shell",
        )


def stresses_can_be_asked(parts: Parts) -> Iterator[Fault]:
    """Cash under stress is counted from the capital at hand; a bitcoin treasury adds to capital."""
    policy = parts["policy"]
    if policy is None or policy.capital_usd is not None:
        return
    for field, asked in (("stresses", bool(policy.stresses)), ("treasury_btc", policy.treasury_btc > 0)):
        if asked:
            yield Fault(
                f"policy.{field}",
                "",
                "has no meaning while capital is without limit",
                "give policy.capital_usd: the cash at hand",
            )


def shocks_can_be_so_correlated(parts: Parts) -> Iterator[Fault]:
    """Three correlations are possible together only if their matrix is positive definite."""
    risk = parts["risk"]
    if risk is None:
        return
    try:
        correlation_root(risk)
    except np.linalg.LinAlgError:
        three = (risk.btc_fee_correlation, risk.btc_power_correlation, risk.fee_power_correlation)
        yield Fault(
            "risk.btc_fee_correlation, btc_power_correlation, fee_power_correlation",
            ", ".join(f"{r:g}" for r in three),
            "cannot hold together: their correlation matrix is not positive definite",
            "move one of them towards the product of the other two",
        )


def one_of_a_group_is_signed(parts: Parts) -> Iterator[Fault]:
    """Of offers that exclude each other only one can be signed."""
    signed: dict[str, str] = {}
    for i, lease in _sound(parts, "leases"):
        if lease.committed and lease.exclusive_group:
            if lease.exclusive_group in signed:
                yield Fault(
                    f"leases[{i}].committed",
                    "true",
                    f"but {signed[lease.exclusive_group]} of the same exclusive_group is signed",
                    "sign one of them, or take it out of the group",
                )
            signed[lease.exclusive_group] = lease.name


def uses_fit_the_site(parts: Parts) -> Iterator[Fault]:
    """No offer, fleet or floor is larger than the largest grid."""
    grid = _largest_grid(parts)
    if grid is None:
        return
    for i, lease in _sound(parts, "leases"):
        facility = lease.critical_it_mw * lease.provisioning_ratio
        if facility > grid + TOLERANCE_MW:
            product = f"{lease.critical_it_mw:g} critical IT MW x provisioning ratio {lease.provisioning_ratio:g}"
            yield Fault(
                f"leases[{i}].critical_it_mw",
                f"{product} = {facility:,.1f} facility MW",
                f"is larger than the site ({grid:,.1f} facility MW)",
                f"offer at most {grid / lease.provisioning_ratio:,.1f} critical IT MW, or raise site.grid_mw",
            )
    for i, fleet in _sound(parts, "fleets"):
        if fleet.facility_mw > grid + TOLERANCE_MW:
            yield Fault(
                f"fleets[{i}].facility_mw",
                f"{fleet.facility_mw:g} facility MW",
                f"is larger than the site ({grid:g} facility MW)",
                "give only what the site can power, or raise site.grid_mw",
            )
    policy = parts["policy"]
    if policy is not None and policy.min_flexible_mw > grid + TOLERANCE_MW:
        yield Fault(
            "policy.min_flexible_mw",
            f"{policy.min_flexible_mw:g} facility MW",
            f"is larger than the site ({grid:g} facility MW)",
            "keep at most the whole site flexible",
        )


def _sound(parts: Parts, key: str) -> Iterator[tuple[int, Any]]:
    for i, row in enumerate(parts[key]):
        if isinstance(row, (Fleet, Purchase, Lease)):
            yield i, row


def _largest_grid(parts: Parts) -> float | None:
    if parts["site"] is None:
        return None
    grid = parts["site"].grid_mw
    if isinstance(grid, tuple):
        return max((step.grid_mw for step in grid), default=None)
    return float(grid)


RULES: tuple[Callable[[Parts], Iterator[Fault]], ...] = (
    names_are_unique,
    machines_are_known,
    steps_are_in_order,
    forward_points_are_in_order,
    tax_classes_add_up,
    stresses_can_be_asked,
    shocks_can_be_so_correlated,
    one_of_a_group_is_signed,
    uses_fit_the_site,
    *LEASE_RULES,
)
