"""What makes a plan's tail: which uncertainty (Shapley), which part of it (Euler), which way (conditional means)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np

from allocator.activities import Kind
from allocator.risk.factors import ValueMap, value_map
from allocator.risk.futures import Frozen, Futures
from allocator.risk.path_values import PathValues
from allocator.risk.tails import Tail, cvar, tail
from models.scenarios import Factor
from models.timeline import Vector

DELAY, CANCELLATION, DEFAULT = "delay of deliveries", "cancelled leases", "default of tenants"
OFFERS = (DELAY, CANCELLATION, DEFAULT)
TENTH = 0.1


@dataclass(frozen=True)
class Cause:
    """One uncertainty, and what of the distance from mean to CVaR it makes."""

    name: str
    usd: float


@dataclass(frozen=True)
class Part:
    """One fleet, purchase or offer of the plan."""

    name: str
    mean_usd: float
    in_tail_usd: float
    """Its mean over the paths of the plan's tail; the parts add up to mean and CVaR of the plan."""


@dataclass(frozen=True)
class Swing:
    """What the plan is worth in the mean of the tenth of paths in which something is lowest, and highest."""

    name: str
    unit: str
    lowest: float
    """Mean of the thing itself in its lowest tenth."""
    highest: float
    lowest_usd: float
    highest_usd: float
    correlation: float
    """Of the plan's value with it over all paths."""


def parts_of_tail(values: PathValues, units: Vector, found: Tail) -> tuple[Part, ...]:
    """Euler's allocation: what each part of a plan is worth in the mean, and in the plan's own tail."""
    mean, worst = values.mean_value_usd, values.gradient(values.tail_mean(found.rows, found.weights))
    named: dict[tuple[Kind, int], list[int]] = {}
    for j, activity in enumerate(values.mapped.choices.items):
        if units[j] > 0.0:
            named.setdefault((activity.kind, activity.owner), []).append(j)
    return tuple(
        Part(
            values.mapped.choices.items[own[0]].owner_name,
            float(mean[own] @ units[own]),
            float(worst[own] @ units[own]),
        )
        for own in named.values()
    )


def causes_of_tail(mapped: ValueMap, units: Vector, level: float, paths: int) -> tuple[Cause, ...]:
    """Shapley values of the distance from mean to CVaR over bitcoin price, fees, power and what befalls leases.

    The game: a set of uncertainties is let loose, the others stay at their expectation, and what it brings about is
    ``mean - CVaR`` of the plan. Shares are averaged over all orders in which the uncertainties could be let loose; they
    add up to the whole. Mining hangs on the market alone and a lease on what befalls it (and on power, if its landlord
    pays for it), so that a few runs of each give all 64 sets.
    """
    of_leases = frozenset((*OFFERS, Factor.POWER) if mapped.gross_power else OFFERS)
    own = replace(mapped.futures, paths=paths)
    mining = {
        loose: _worth_of(mapped, replace(own, frozen=_all_but(loose)), units, leases=False)
        for loose in _subsets(tuple(Factor))
    }
    hosting = {
        loose: _worth_of(mapped, replace(own, frozen=_all_but(loose)), units, leases=True)
        for loose in _subsets(sorted(of_leases))
    }
    names = (*Factor, *OFFERS)

    def distance(loose: frozenset[str]) -> float:
        worth = mining[loose & frozenset(Factor)] + hosting[loose & of_leases]
        return float(worth.mean()) - cvar(worth, level)

    worths = {loose: distance(loose) for loose in _subsets(names)}
    return tuple(Cause(str(name), _shapley(name, names, worths)) for name in names)


def _all_but(loose: frozenset[str]) -> Frozen:
    """Everything stays at its expectation but these."""
    return Frozen(
        frozenset(set(Factor) - loose),
        delay=DELAY not in loose,
        cancellation=CANCELLATION not in loose,
        default=DEFAULT not in loose,
    )


def _subsets(names: Iterable[str]) -> list[frozenset[str]]:
    listed = tuple(names)
    return [frozenset(chosen) for size in range(len(listed) + 1) for chosen in combinations(listed, size)]


def _shapley(name: str, names: tuple[str, ...], worths: dict[frozenset[str], float]) -> float:
    """``sum over sets S without it of |S|! (n - |S| - 1)! / n! (v(S + it) - v(S))``."""
    n, total = len(names), 0.0
    for loose in _subsets(other for other in names if other != name):
        weight = factorial(len(loose)) * factorial(n - len(loose) - 1) / factorial(n)
        total += weight * (worths[loose | {name}] - worths[loose])
    return total


def _worth_of(mapped: ValueMap, futures: Futures, units: Vector, *, leases: bool) -> Vector:
    """What the leases of a plan, or its mining, are worth on each path of some futures, (paths,)."""
    partial = value_map(mapped.choices, futures)
    hosting = mapped.choices.hosting
    weights, constant = partial.loading
    kept = np.where(hosting if leases else ~hosting, units, 0.0)
    load, certain = weights @ kept, float(constant @ kept)
    if not load.any():
        return np.full(futures.paths, certain)

    def block(number: int) -> Vector:
        factors = np.zeros((partial.count, futures.sizes[number]))
        market = None if leases and not partial.gross_power else partial.market_paths(number)
        if not leases and market is not None:
            partial.mining_factors(market, factors, partial.discount, load)
        for offer, column in enumerate(partial.lease_columns if leases else ()):
            columns = slice(column, column + len(partial.windows[offer]))
            if load[columns].any():
                factors[columns] = partial.lease_factors(offer, number, market)
        return np.asarray(load @ factors)

    partial.prepare()
    return np.concatenate(list(futures.each_block(block))) + certain


def swings(values: PathValues, worth: Vector) -> tuple[Swing, ...]:
    """A tornado of conditional means: bitcoin price, hashprice, fees, power over the horizon, and each offer's delay.

    Each is the mean over the months of a path, discounted at the one rate; largest difference first.
    """
    mapped, futures = values.mapped, values.mapped.futures
    weight = mapped.discount[1:] / mapped.discount[1:].sum()

    def block(number: int) -> Vector:
        paths = futures.market.block(number, futures.sizes[number])
        lines = (paths.btc_price_usd, paths.hashprice_usd_per_ph_day, paths.fees_btc, paths.power_level)
        return np.stack([weight @ line[1:] for line in lines])

    market = np.concatenate(list(futures.each_block(block)), axis=1)
    named = [
        ("Bitcoin price", "USD", market[0]),
        ("Hashprice", "USD/PH/day", market[1]),
        ("Transaction fees", "BTC/block", market[2]),
        ("Power price over the case's", "x", market[3]),
    ]
    for lease, blocks in zip(mapped.case.leases, futures.outcomes, strict=True):
        late = np.concatenate([b.delay_months for b in blocks]).astype(float)
        named.append((f"Delay of {lease.name}", "months", late))
    found = [_swing(name, unit, thing, worth) for name, unit, thing in named if np.ptp(thing) > 0.0]
    return tuple(sorted(found, key=lambda s: -abs(s.highest_usd - s.lowest_usd)))


def _swing(name: str, unit: str, thing: Vector, worth: Vector) -> Swing:
    count = max(1, round(TENTH * len(thing)))
    order = np.argsort(thing, kind="stable")
    low, high = order[:count], order[-count:]
    correlation = float(np.corrcoef(thing, worth)[0, 1]) if np.ptp(worth) > 0.0 else 0.0
    return Swing(
        name, unit, float(thing[low].mean()), float(thing[high].mean()), float(worth[low].mean()),
        float(worth[high].mean()), correlation,
    )  # fmt: skip


def tail_of(values: PathValues, units: Vector, level: float) -> tuple[Vector, Tail]:
    """A plan's value on every path, and its tail."""
    worth = values.worth(units)
    return worth, tail(worth, level)
