"""Rows of the program: one function a family, in the order of the written formulation.

A limit that holds in every quarter is a running balance (``used_q - used_{q-1} = starts - stops``, a few entries a
column) and a one-entry row that carries the limit itself, so that its price sits on a row. Row names are
``family__member``. The dual of a limit is what one unit more of it is worth for as long as the same plan stays
best; with ties it has two sides, so prices are reported by re-solving (``allocator.explain``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from allocator.activities import Activities, Kind
from allocator.case import CapitalStep, Case, GridStep
from allocator.program.rows import AT_LEAST, AT_MOST, Indices, Rows, balance, bounds, joined, one_row
from allocator.program.variables import Variables
from models.timeline import MONTHS_PER_QUARTER, Timeline, Vector

SLACK = 2.0
"""How many times the offer a taken-or-not row allows: the offer's own row is the limit, also when it is moved."""


def stepped(case: Case, given: float | tuple[GridStep, ...] | tuple[CapitalStep, ...]) -> Vector:
    """A number or a staged list as one value a quarter: the smaller of those on its first and on its last day.

    More counts from the first quarter that begins with it; less counts in the whole quarter in which it comes.
    """
    return np.array(_stepped(case.timeline, given))


@lru_cache(maxsize=64)
def _stepped(timeline: Timeline, given: float | tuple[GridStep, ...] | tuple[CapitalStep, ...]) -> tuple[float, ...]:
    if not isinstance(given, tuple):
        return (float(given),) * timeline.quarters
    starts = np.array([timeline.quarter_start(q).toordinal() for q in range(timeline.quarters + 1)])
    days = np.array([step.from_date.toordinal() for step in given])
    amounts = np.array([0.0, *[step.grid_mw if isinstance(step, GridStep) else step.usd for step in given]])
    on_first, on_last = (amounts[np.searchsorted(days, day, side="right")] for day in (starts[:-1], starts[1:] - 1))
    return tuple(np.minimum(on_first, on_last).tolist())


def grid_mw(case: Case) -> Vector:
    """Facility MW energised in each quarter."""
    return stepped(case, case.site.grid_mw)


def grid(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_j facility_mw_j(q) x_j <= grid_mw(q)``: the interconnection.

    Dual: USD of NPV for one more facility MW in that quarter.
    """
    yield balance("grid_use", v.power_used, v.activity, choices.facility_mw * v.units_per_step)
    yield bounds("grid", v.power_used, grid_mw(choices.case))


def capital(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_j (equity paid in - reinvested share of free cash)_j(q) x_j - proceeds of bitcoin sold <= capital_usd(q)``.

    Dual: USD of NPV for one more dollar of equity by that quarter.
    """
    budget = choices.case.policy.capital_usd
    if budget is None:
        return
    used = choices.capital_used_usd * v.units_per_step
    yield balance("capital_use", v.capital_used, v.activity, used, _sales(choices, v))
    yield bounds("capital", v.capital_used, stepped(choices.case, budget))


def _sales(choices: Activities, v: Variables) -> tuple[Indices, Vector] | None:
    """Each quarter's sale of bitcoin with what one brings."""
    return (v.treasury_sold, choices.treasury_proceeds_usd_per_btc) if v.treasury_sold.size else None


def treasury(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_q sold_q <= treasury_btc``. Dual: USD of NPV for one more bitcoin that may be sold for capital."""
    if v.treasury_sold.size:
        sold = v.treasury_sold
        yield one_row("treasury", sold, np.ones(len(sold)), AT_MOST, choices.case.policy.treasury_btc)


def fleet(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_{j of fleet} x_j <= facility MW owned``. Dual: USD for one more facility MW of these machines today."""
    for owner, owned in enumerate(choices.case.fleets):
        columns, units = _of(choices, v, Kind.FLEET, owner)
        yield one_row(f"fleet__{owner}", columns, units, AT_MOST, owned.facility_mw)


def purchase(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_{j of purchase running in q} x_j <= most that can run``. Dual: USD for one more facility MW of them."""
    for owner, running in v.purchase_running.items():
        mine = _columns_of(choices, Kind.PURCHASE, owner)
        yield balance(f"purchase_use__{owner}", running, v.activity[mine], choices.facility_mw[:, mine])
        most = choices.case.purchases[owner].max_facility_mw
        yield bounds(f"purchase__{owner}", running, np.full(len(running), most))


def offer(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``least take <= sum_{j of offer} x_j <= critical IT MW offered``.

    A least take binds only if the offer is taken (``taken`` is 1), or always where it is signed. Dual of the
    upper side: USD for one more critical IT MW of the same offer.
    """
    for owner, lease in enumerate(choices.case.leases):
        columns, units = _of(choices, v, Kind.LEASE, owner)
        yield one_row(f"offer__{owner}", columns, units, AT_MOST, lease.critical_it_mw)
        if lease.committed:
            yield one_row(f"committed__{owner}", columns, units, AT_LEAST, lease.min_mw or lease.critical_it_mw)
        elif owner in v.taken:
            both = joined([columns, np.array([v.taken[owner]], dtype=np.int32)])
            never_binding = np.append(units, -SLACK * lease.critical_it_mw)
            yield one_row(f"only_if_taken__{owner}", both, never_binding, AT_MOST, 0.0)
            if lease.min_mw > 0:
                yield one_row(f"least_take__{owner}", both, np.append(units, -lease.min_mw), AT_LEAST, 0.0)


def exclusive(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum of taken_l over a group <= 1``, 0 where one of the group is signed: offers of which only one can be taken.

    A whole number decides, so that the row has no dual; what the exclusion costs is found by solving without it.
    """
    leases = choices.case.leases
    for number, group in enumerate(dict.fromkeys(lease.exclusive_group for lease in leases if lease.exclusive_group)):
        members = [i for i, lease in enumerate(leases) if lease.exclusive_group == group]
        open_ones = np.array([v.taken[i] for i in members if i in v.taken], dtype=np.int32)
        if len(members) > 1 and open_ones.size:
            most = 0.0 if any(leases[i].committed for i in members) else 1.0
            yield one_row(f"exclusive__{number}", open_ones, np.ones(len(open_ones)), AT_MOST, most)


def first_offer(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``share of an offer that is taken <= share taken of the lease whose tenant has the right of first offer on it``.

    Written as ``sum_j x_j <= (offered / offered of that lease) x sum_i x_i``; and the same over what has begun by
    quarter q, for every q in which the later offer may begin before the last start of that lease: none begins before
    the one that gives the right. Dual: USD for one critical IT MW of the later offer that needed no earlier lease.
    """
    leases = choices.case.leases
    for owner, lease in enumerate(leases):
        if lease.first_offer_with:
            base = next(i for i, other in enumerate(leases) if other.name == lease.first_offer_with)
            ratio = lease.critical_it_mw / leases[base].critical_it_mw
            (columns, units), (gives, given) = (_of(choices, v, Kind.LEASE, i) for i in (owner, base))
            starts, base_starts = (_starts(choices, i) for i in (owner, base))
            for q in np.unique(starts[starts < base_starts.max(initial=0)]):
                later, first = starts <= q, base_starts <= q
                begun = np.concatenate([units[later], -ratio * given[first]])
                taken = joined([columns[later], gives[first]])
                yield one_row(f"first_offer__{owner}__{q:03d}", taken, begun, AT_MOST, 0.0)
            values = np.concatenate([units, -ratio * given])
            yield one_row(f"first_offer__{owner}", joined([columns, gives]), values, AT_MOST, 0.0)


def _starts(choices: Activities, offer: int) -> Indices:
    """Quarter of each start of an offer, in the order of its columns."""
    mine = _columns_of(choices, Kind.LEASE, offer)
    return np.array([choices.items[j].start for j in mine], dtype=np.int32)


def tenant(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``facility MW of a tenant <= share x grid_mw``. Dual: USD for one more facility MW with that tenant."""
    limits = choices.case.policy.max_tenant_share * grid_mw(choices.case)
    for i, (name, used) in enumerate(v.tenant_used.items()):
        theirs = np.array([a.kind is Kind.LEASE and choices.case.leases[a.owner].tenant == name for a in choices.items])
        yield balance(f"tenant_use__{i}", used, v.activity, choices.facility_mw * theirs * v.units_per_step)
        yield bounds(f"tenant__{i}", used, limits)


def hosting(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``hosting facility MW <= share x grid_mw``. Dual: USD for one more facility MW that may host."""
    if v.hosting_used.size:
        used = choices.facility_mw * choices.hosting * v.units_per_step
        yield balance("hosting_use", v.hosting_used, v.activity, used)
        yield bounds("hosting", v.hosting_used, choices.case.policy.max_hosting_share * grid_mw(choices.case))


def flexible(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``hosting facility MW <= grid_mw - floor``: what stays free to follow the market. Dual: USD per MW of floor.

    While less than the floor is energised nothing can host.
    """
    if v.hosting_used.size and choices.case.policy.min_flexible_mw > 0:
        limits = np.maximum(0.0, grid_mw(choices.case) - choices.case.policy.min_flexible_mw)
        yield bounds("flexible", v.hosting_used, limits)


def liquidity(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``capital_usd(q) + bitcoin sold + sum_j cash so far_{s,j}(q) x_j >= minimum cash`` in stress s.

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
        used = v.stress_cash_used[stress]
        yield balance(f"liquidity_use__{i}", used, v.activity, paid * v.units_per_step, _sales(worse, v))
        yield bounds(f"liquidity__{i}", used, budget)


def cover(choices: Activities, v: Variables) -> Iterator[Rows]:
    """``sum_j (cash for loans_{s,j}(q) - minimum cover x debt service_j(q)) x_j >= 0`` in stress s, mining included.

    Service is what the loans ask for in the case itself, as notes do: a late hall or a failing tenant does not move its
    dates, and the reserve does not pay it. (The cash rows are milder: there a late hall's interest is added to its debt
    until its rent begins.) Rows stand in every quarter in which an offer could hold megawatts, so that its rent or its
    debt moves no row. Dual: USD of NPV for one dollar of cash in that quarter of that stress.
    """
    least = choices.case.policy.minimum_cover
    if least == 0:
        return
    due = by_quarter(choices.debt_service_usd)
    for i, worse in enumerate(choices.stressed.values()):
        left = (cash_for_loans_usd(choices, worse) - least * due) * v.units_per_step
        for q in np.flatnonzero(choices.facility_mw[:, choices.hosting].any(axis=1)):
            entered = np.flatnonzero(left[q])
            yield one_row(f"cover__{i}__{q:03d}", v.activity[entered], left[q, entered], AT_LEAST, 0.0)


def cash_for_loans_usd(choices: Activities, worse: Activities) -> Vector:
    """Operating cash of each activity in a worse world that counts towards the site's cover, (Q, J).

    What owes nothing in a quarter adds what it earns and takes nothing away: its losses are paid from capital, and the
    cash rows count them. Else an offer that nobody takes would forbid a loss of machines.
    """
    cash = by_quarter(worse.operating_cash_usd)
    return np.where(by_quarter(choices.debt_service_usd) == 0.0, np.maximum(cash, 0.0), cash)


def by_quarter(monthly: Vector) -> Vector:
    """Sums over the months of each quarter, (Q, J); month 0 counts in none."""
    return np.asarray(monthly[1:].reshape(-1, MONTHS_PER_QUARTER, monthly.shape[1]).sum(axis=1))


FAMILIES = (
    grid, capital, treasury, fleet, purchase, offer, exclusive, first_offer, tenant, hosting, flexible,
    liquidity, cover,
)  # fmt: skip


def _columns_of(choices: Activities, kind: Kind, owner: int) -> Indices:
    return np.array([j for j, a in enumerate(choices.items) if a.kind is kind and a.owner == owner], dtype=np.int32)


def _of(choices: Activities, v: Variables, kind: Kind, owner: int) -> tuple[Indices, Vector]:
    """Columns of a fleet, purchase or offer, and the megawatts in a step of each."""
    mine = _columns_of(choices, kind, owner)
    return v.activity[mine], v.units_per_step[mine]
