"""Rows of the program: one function a family, in the order of the written formulation.

A limit that holds in every quarter is a running balance (``used_q - used_{q-1} = starts - stops``, a few entries a
column) and a one-entry row that carries the limit itself, so that its price sits on a row. Row names are
``family__member``. The dual of a limit is what one unit more of it is worth for as long as the same plan stays
best; with ties it has two sides, so prices are reported by re-solving (``allocator.explain``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pulp

from allocator.activities import Activities, Kind
from allocator.case import CapitalStep, Case, GridStep
from allocator.program.variables import Variables
from models.timeline import MONTHS_PER_QUARTER, Vector

Row = tuple[str, list[tuple[pulp.LpVariable, float]], int, float]
"""Name, entries, sense, right-hand side."""
SLACK = 2.0
AT_MOST, EQUAL, AT_LEAST = pulp.LpConstraintLE, pulp.LpConstraintEQ, pulp.LpConstraintGE


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


def stepped(case: Case, given: float | tuple[GridStep, ...] | tuple[CapitalStep, ...]) -> Vector:
    """A number or a staged list as one value a quarter: the smaller of those on its first and on its last day.

    More counts from the first quarter that begins with it; less counts in the whole quarter in which it comes.
    """
    timeline = case.timeline
    if not isinstance(given, tuple):
        return np.full(timeline.quarters, float(given))
    starts = np.array([timeline.quarter_start(q).toordinal() for q in range(timeline.quarters + 1)])
    days = np.array([step.from_date.toordinal() for step in given])
    amounts = np.array([0.0, *[step.grid_mw if isinstance(step, GridStep) else step.usd for step in given]])
    on_first, on_last = (amounts[np.searchsorted(days, day, side="right")] for day in (starts[:-1], starts[1:] - 1))
    return np.asarray(np.minimum(on_first, on_last))


def grid_mw(case: Case) -> Vector:
    """Facility MW energised in each quarter."""
    return stepped(case, case.site.grid_mw)


def _balance(
    name: str,
    balance: list[pulp.LpVariable],
    columns: list[pulp.LpVariable],
    amounts: Vector,
    relief: Sequence[tuple[pulp.LpVariable, float]] = (),
) -> Iterator[Row]:
    """``balance_q - balance_{q-1} = sum_j (amount_{q,j} - amount_{q-1,j}) x_j - relief_q`` for every quarter."""
    changes = np.diff(amounts, axis=0, prepend=0.0)
    for q, level in enumerate(balance):
        entered = np.flatnonzero(changes[q])
        entries = [(level, 1.0)] + ([(balance[q - 1], -1.0)] if q else [])
        entries += zip([columns[j] for j in entered], (-changes[q, entered]).tolist(), strict=True)
        entries += relief[q : q + 1]
        yield f"{name}__{q:03d}", entries, EQUAL, 0.0


def grid(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_j facility_mw_j(q) x_j <= grid_mw(q)``: the interconnection.

    Dual: USD of NPV for one more facility MW in that quarter.
    """
    yield from _balance("grid_use", v.power_used, v.activity, choices.facility_mw * v.units_per_step)
    for q, limit in enumerate(grid_mw(choices.case).tolist()):
        yield f"grid__{q:03d}", [(v.power_used[q], 1.0)], AT_MOST, limit


def capital(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_j (equity paid in - reinvested share of free cash)_j(q) x_j - proceeds of bitcoin sold <= capital_usd(q)``.

    Dual: USD of NPV for one more dollar of equity by that quarter.
    """
    budget = choices.case.policy.capital_usd
    if budget is None:
        return
    used = choices.capital_used_usd * v.units_per_step
    yield from _balance("capital_use", v.capital_used, v.activity, used, _sales(choices, v))
    for q, limit in enumerate(stepped(choices.case, budget).tolist()):
        yield f"capital__{q:03d}", [(v.capital_used[q], 1.0)], AT_MOST, limit


def _sales(choices: Activities, v: Variables) -> list[tuple[pulp.LpVariable, float]]:
    """Each quarter's sale of bitcoin with what one brings."""
    return list(zip(v.treasury_sold, choices.treasury_proceeds_usd_per_btc.tolist(), strict=False))


def treasury(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_q sold_q <= treasury_btc``. Dual: USD of NPV for one more bitcoin that may be sold for capital."""
    if v.treasury_sold:
        yield "treasury", [(sold, 1.0) for sold in v.treasury_sold], AT_MOST, choices.case.policy.treasury_btc


def fleet(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_{j of fleet} x_j <= facility MW owned``. Dual: USD for one more facility MW of these machines today."""
    for owner, owned in enumerate(choices.case.fleets):
        yield f"fleet__{owner}", _of(choices, v, Kind.FLEET, owner), AT_MOST, owned.facility_mw


def purchase(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_{j of purchase running in q} x_j <= most that can run``. Dual: USD for one more facility MW of them."""
    for owner, running in v.purchase_running.items():
        mine = np.array([a.kind is Kind.PURCHASE and a.owner == owner for a in choices.items])
        yield from _balance(f"purchase_use__{owner}", running, v.activity, choices.facility_mw * mine)
        for q, level in enumerate(running):
            yield (
                f"purchase__{owner}__{q:03d}",
                [(level, 1.0)],
                AT_MOST,
                choices.case.purchases[owner].max_facility_mw,
            )


def offer(choices: Activities, v: Variables) -> Iterator[Row]:
    """``least take <= sum_{j of offer} x_j <= critical IT MW offered``.

    A least take binds only if the offer is taken (``taken`` is 1), or always where it is signed. Dual of the
    upper side: USD for one more critical IT MW of the same offer.
    """
    for owner, lease in enumerate(choices.case.leases):
        let = _of(choices, v, Kind.LEASE, owner)
        yield f"offer__{owner}", let, AT_MOST, lease.critical_it_mw
        if lease.committed:
            yield f"committed__{owner}", let, AT_LEAST, lease.min_mw or lease.critical_it_mw
        elif owner in v.taken:
            never_binding = SLACK * lease.critical_it_mw  # the offer's own row is the limit, also when it is moved
            yield f"only_if_taken__{owner}", [*let, (v.taken[owner], -never_binding)], AT_MOST, 0.0
            if lease.min_mw > 0:
                yield f"least_take__{owner}", [*let, (v.taken[owner], -lease.min_mw)], AT_LEAST, 0.0


def exclusive(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum of taken_l over a group <= 1``, 0 where one of the group is signed: offers of which only one can be taken.

    A whole number decides, so that the row has no dual; what the exclusion costs is found by solving without it.
    """
    leases = choices.case.leases
    for number, group in enumerate(dict.fromkeys(lease.exclusive_group for lease in leases if lease.exclusive_group)):
        members = [i for i, lease in enumerate(leases) if lease.exclusive_group == group]
        if len(members) > 1:
            signed = any(leases[i].committed for i in members)
            open_ones = [(v.taken[i], 1.0) for i in members if i in v.taken]
            if open_ones:
                yield f"exclusive__{number}", open_ones, AT_MOST, 0.0 if signed else 1.0


def first_offer(choices: Activities, v: Variables) -> Iterator[Row]:
    """``share of an offer that is taken <= share taken of the lease whose tenant has the right of first offer on it``.

    Written as ``sum_j x_j <= (offered / offered of that lease) x sum_i x_i``. Dual: USD for one critical IT MW of the
    later offer that needed no earlier lease.
    """
    leases = choices.case.leases
    for owner, lease in enumerate(leases):
        if lease.first_offer_with:
            base = next(i for i, other in enumerate(leases) if other.name == lease.first_offer_with)
            ratio = lease.critical_it_mw / leases[base].critical_it_mw
            gives = [(variable, -ratio * units) for variable, units in _of(choices, v, Kind.LEASE, base)]
            yield f"first_offer__{owner}", [*_of(choices, v, Kind.LEASE, owner), *gives], AT_MOST, 0.0


def tenant(choices: Activities, v: Variables) -> Iterator[Row]:
    """``facility MW of a tenant <= share x grid_mw``. Dual: USD for one more facility MW with that tenant."""
    limits = (choices.case.policy.max_tenant_share * grid_mw(choices.case)).tolist()
    for i, (name, used) in enumerate(v.tenant_used.items()):
        theirs = np.array([a.kind is Kind.LEASE and choices.case.leases[a.owner].tenant == name for a in choices.items])
        yield from _balance(f"tenant_use__{i}", used, v.activity, choices.facility_mw * theirs * v.units_per_step)
        for q, limit in enumerate(limits):
            yield f"tenant__{i}__{q:03d}", [(used[q], 1.0)], AT_MOST, limit


def hosting(choices: Activities, v: Variables) -> Iterator[Row]:
    """``hosting facility MW <= share x grid_mw``. Dual: USD for one more facility MW that may host."""
    if not v.hosting_used:
        return
    yield from _balance(
        "hosting_use", v.hosting_used, v.activity, choices.facility_mw * choices.hosting * v.units_per_step
    )
    for q, limit in enumerate((choices.case.policy.max_hosting_share * grid_mw(choices.case)).tolist()):
        yield f"hosting__{q:03d}", [(v.hosting_used[q], 1.0)], AT_MOST, limit


def flexible(choices: Activities, v: Variables) -> Iterator[Row]:
    """``hosting facility MW <= grid_mw - floor``: what stays free to follow the market. Dual: USD per MW of floor.

    While less than the floor is energised nothing can host.
    """
    if not v.hosting_used or choices.case.policy.min_flexible_mw == 0:
        return
    for q, limit in enumerate((grid_mw(choices.case) - choices.case.policy.min_flexible_mw).tolist()):
        yield f"flexible__{q:03d}", [(v.hosting_used[q], 1.0)], AT_MOST, max(0.0, limit)


def liquidity(choices: Activities, v: Variables) -> Iterator[Row]:
    """``capital_usd(q) + bitcoin sold + sum_j cumulative cash to the owner_{s,j}(q) x_j >= minimum cash`` in stress s.

    Every dollar that came in counts, and bitcoin at the price of the stress. Dual: USD of NPV for one dollar less of
    minimum cash, or one more of capital that is there in that stress alone.
    """
    policy = choices.case.policy
    if policy.capital_usd is None:
        return
    budget = stepped(choices.case, policy.capital_usd) - policy.minimum_cash_usd
    for i, (stress, worse) in enumerate(choices.stressed.items()):
        flow = worse.equity_cash_flow_usd
        paid = -np.cumsum(flow, axis=0)[MONTHS_PER_QUARTER - 1 :: MONTHS_PER_QUARTER][: choices.case.timeline.quarters]
        used, sales = v.stress_cash_used[stress], _sales(worse, v)
        yield from _balance(f"liquidity_use__{i}", used, v.activity, paid * v.units_per_step, sales)
        for q, limit in enumerate(budget.tolist()):
            yield f"liquidity__{i}__{q:03d}", [(used[q], 1.0)], AT_MOST, limit


def cover(choices: Activities, v: Variables) -> Iterator[Row]:
    """``sum_j (operating cash_{s,j}(q) - minimum cover x debt service_j(q)) x_j >= 0`` in stress s, mining included.

    Service is what the loans ask for in the case itself: a late or failing tenant does not move it. Dual: USD of NPV
    for one dollar of cash in that quarter of that stress.
    """
    least = choices.case.policy.minimum_cover
    if least == 0:
        return
    due = _by_quarter(choices.debt_service_usd)
    for i, worse in enumerate(choices.stressed.values()):
        left = (_by_quarter(worse.operating_cash_usd) - least * due) * v.units_per_step
        for q in np.flatnonzero(due.any(axis=1)):
            entered = np.flatnonzero(left[q])
            entries = list(zip([v.activity[j] for j in entered], left[q, entered].tolist(), strict=True))
            yield f"cover__{i}__{q:03d}", entries, AT_LEAST, 0.0


def _by_quarter(monthly: Vector) -> Vector:
    """Sums over the months of each quarter, (Q, J); month 0 counts in none."""
    return np.asarray(monthly[1:].reshape(-1, MONTHS_PER_QUARTER, monthly.shape[1]).sum(axis=1))


FAMILIES = (
    grid, capital, treasury, fleet, purchase, offer, exclusive, first_offer, tenant, hosting, flexible, liquidity, cover,
)  # fmt: skip


def _of(choices: Activities, v: Variables, kind: Kind, owner: int) -> list[tuple[pulp.LpVariable, float]]:
    return [
        (v.activity[j], float(v.units_per_step[j]))
        for j, a in enumerate(choices.items)
        if a.kind is kind and a.owner == owner
    ]


def limits(choices: Activities, v: Variables) -> Iterator[Limit]:
    """Every limit whose value is reported, with the rows that one unit more of it moves."""
    case = choices.case
    yield Limit("grid", "grid", "facility MW", tuple(_moved_by_grid(case, v)))
    if v.capital_used:
        moved = list(_each_quarter(case, "capital"))
        moved += [row for i in range(len(v.stress_cash_used)) for row in _each_quarter(case, f"liquidity__{i}")]
        yield Limit("capital", "capital", "USD", tuple(moved))
    if v.treasury_sold:
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
    if v.hosting_used and case.policy.max_hosting_share < 1:
        yield Limit("hosting", "limit of hosting", "facility MW", _each_quarter(case, "hosting"))
    if v.hosting_used and case.policy.min_flexible_mw > 0:
        yield Limit("flexible", f"{RELIEF}flexible floor", "facility MW", _above_the_floor(case), is_floor=True)


def _stress_limits(case: Case, v: Variables) -> Iterator[Limit]:
    for i, stress in enumerate(v.stress_cash_used):
        if case.policy.capital_usd is not None:
            label = f"{RELIEF}minimum cash under the stress {stress.value!r}"
            yield Limit(f"liquidity__{i}", label, "USD", _each_quarter(case, f"liquidity__{i}"), is_floor=True)


def _moved_by_grid(case: Case, v: Variables) -> Iterator[tuple[str, float]]:
    """One more megawatt of grid also raises what is a share of it."""
    yield from _each_quarter(case, "grid")
    if v.hosting_used:
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
