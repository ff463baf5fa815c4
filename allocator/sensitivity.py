"""One input at a time, and two: what the plan is worth when a driver moves, kept as it is or decided again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.activities import activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.case import Case, path_parts, replaced
from allocator.flip_map import Axis, FlipMap, around, flip_map
from allocator.program.build import build
from allocator.program.solve import LiveProgram, Status

TWO_WAY_POINTS = 7
MOST_DELAY_MONTHS = 36


@dataclass(frozen=True)
class Driver:
    """Something that moves a plan's worth: which inputs it moves, how, and how far it is tried."""

    key: str
    label: str
    unit: str
    """Of a change: ``share`` of today's value, or the input's own unit."""
    inputs: tuple[str, ...]
    """Paths of the inputs, with ``leases[*]`` for those of every offer."""
    steps: tuple[float, ...]
    """Changes at which the plan is valued, from least to most."""
    lower: float
    upper: float
    """How far a change may be typed."""

    @property
    def is_relative(self) -> bool:
        """Whether a change multiplies: ``value x (1 + change)``; else it is added."""
        return self.unit == "share"

    def paths(self, case: Case) -> tuple[str, ...]:
        """The inputs of a case that the driver moves."""
        found: list[str] = []
        for path in self.inputs:
            every = range(len(case.leases)) if "[*]" in path else range(1)
            found += [path.replace("[*]", f"[{i}]") for i in every]
        return tuple(found)

    def moved(self, value: float, change: float) -> float:
        """An input's value after a change.

        >>> DRIVERS[0].moved(70_000.0, 0.1), DRIVERS[2].moved(45.0, -5.0)
        (77000.0, 40.0)
        """
        return value * (1 + change) if self.is_relative else value + change


_AROUND = (-0.2, -0.1, 0.1, 0.2)
DRIVERS = (
    Driver("btc_price", "Bitcoin price", "share", ("market.btc_price_usd",), _AROUND, -0.95, 9.0),
    Driver("difficulty", "Network difficulty", "share", ("market.difficulty",), _AROUND, -0.95, 9.0),
    Driver("power_price", "Power price", "USD/MWh", ("power.riders_usd_per_mwh",), (-10.0, -5.0, 5.0, 10.0), -90, 900),
    Driver("rent", "Rent of every offer", "share", ("leases[*].rent_usd_per_kw_month",), _AROUND, -0.95, 9.0),
    Driver("capex", "Capex of every hall", "share", ("leases[*].capex_usd_per_kw",), _AROUND, -0.95, 9.0),
    Driver("delay", "Halls late", "months", ("leases[*].delay_months",), (3, 6, 9, 12), 0, MOST_DELAY_MONTHS),
    Driver("default", "Chance of tenants' default", "per year", ("leases[*].tenant_default_per_year",),
           (0.005, 0.01, 0.02, 0.03), 0.0, 0.5),
    Driver("rate_mining", "Discount rate, mining", "points", ("finance.discount_rate_mining",),
           (-0.04, -0.02, 0.02, 0.04), -0.5, 0.5),
    Driver("rate_hosting", "Discount rate, hosting", "points", ("finance.discount_rate_hosting",),
           (-0.02, -0.01, 0.01, 0.02), -0.5, 0.5),
)  # fmt: skip
"""Power moves by what is paid beside the energy, so that hourly prices move too."""


@dataclass(frozen=True)
class Step:
    """The plan after one change of one driver."""

    change: float
    same_mix_usd: float | None
    """Worth of the recommended megawatts and dates; ``None`` where a hall can no longer stand as planned."""
    decided_again_usd: float | None
    """Worth of the best plan then; ``None`` where it was not asked, or where there is none."""


@dataclass(frozen=True)
class OneWay:
    """A driver with the plan's worth at each of its steps."""

    driver: Driver
    steps: tuple[Step, ...]

    @property
    def width_usd(self) -> float:
        """Distance between the best and the worst step, the mix kept."""
        worth = [s.same_mix_usd for s in self.steps if s.same_mix_usd is not None]
        return max(worth) - min(worth) if worth else 0.0


@dataclass(frozen=True)
class Sensitivities:
    """What :func:`sensitivities` finds."""

    one_way: tuple[OneWay, ...]
    two_way: FlipMap | None
    """Rent of one offer against the bitcoin price; ``None`` without offers, and with whole halls."""
    whole_halls: bool
    """With whole halls every new decision is an integer program: only the mix as it is was valued."""


def sensitivities(plan: Allocation) -> Sensitivities:
    """Every driver at its steps, and rent against bitcoin price.

    The mix as recommended is valued at every step; the decision is taken again at the two ends of each driver, and
    in every cell of the two-way table.
    """
    whole = bool(plan.program.form.integer.any())
    drivers = [d for d in DRIVERS if d.paths(plan.case)]
    one_way = tuple(OneWay(driver, tuple(_steps(plan, driver, again=not whole))) for driver in drivers)
    return Sensitivities(one_way, None if whole else _two_way(plan), whole)


def _steps(plan: Allocation, driver: Driver, *, again: bool) -> Iterator[Step]:
    for change in driver.steps:
        moved = _moved(plan.case, driver, change)
        choices = activities(moved, reuse=plan.choices)
        worth = {a.name: float(v) for a, v in zip(choices.items, choices.npv_usd, strict=True)}
        kept = [(plan.choices.items[j].name, plan.units[j]) for j in np.flatnonzero(plan.units > TAKEN_MW)]
        stands = all(name in worth for name, _ in kept)
        same = sum(worth[name] * float(mw) for name, mw in kept) if stands else None
        decided = None
        if again and change in (driver.steps[0], driver.steps[-1]):
            found = LiveProgram(build(choices).form).answer()
            decided = -found.objective if found.status is Status.OPTIMAL else None
        yield Step(change, same, decided)


def _moved(case: Case, driver: Driver, change: float) -> Case:
    for path in driver.paths(case):
        case = replaced(case, path, driver.moved(value_at(case, path), change))
    return case


def value_at(case: Case, path: str) -> float:
    """The number at a path such as ``leases[0].rent_usd_per_kw_month``."""
    node: object = case
    for part in path_parts(path):
        node = node[part] if isinstance(part, int) else getattr(node, part)  # type: ignore[index]
    return node  # type: ignore[return-value]


def _two_way(plan: Allocation) -> FlipMap | None:
    case = plan.case
    if not case.leases:
        return None
    taken = [i for i in range(len(case.leases)) if any(
        line.activity.use.value == "hosting" and line.activity.owner == i for line in plan.mix)]  # fmt: skip
    offer = taken[0] if taken else 0
    rent = case.leases[offer].rent_usd_per_kw_month
    return flip_map(
        plan,
        offer,
        Axis("market.btc_price_usd", around(case.market.btc_price_usd, TWO_WAY_POINTS)),
        Axis(f"leases[{offer}].rent_usd_per_kw_month", around(rent, TWO_WAY_POINTS)),
    )
