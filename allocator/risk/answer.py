"""The answer of the risk program: frontier, fresh figures, information, waiting, what makes the tail. Frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.activities import Activities, activities
from allocator.allocation import Allocation, MixLine, allocation_of, mix_lines
from allocator.case import Case
from allocator.program.build import build
from allocator.risk.attribution import Cause, Part, Swing, causes_of_tail, parts_of_tail, swings, tail_of
from allocator.risk.cash_fan import CashFan, cash_fan
from allocator.risk.cutting_planes import RiskAverse, TailSearch
from allocator.risk.factors import value_map
from allocator.risk.futures import FEWEST_PATHS, Frozen, Futures
from allocator.risk.information import InformationValues, SiteUnderUncertainty, information_values
from allocator.risk.path_values import PathValues, path_values
from allocator.risk.tails import Measured, measured
from allocator.risk.waiting import WaitingValue, waiting_value
from allocator.stress import STRESSES, Stress
from models.returns import npv
from models.scenarios import PATHS_PER_BLOCK, Draws, Factor
from models.timeline import Vector

WEIGHTS = tuple(w / 10 for w in range(11))
REFERENCE_WEIGHT = 0.2
"""At one rate of 7 % it stands for 15 % on mining and 8 % on leases (measured on one lease: a check, not a law)."""
FRESH_PATHS = 10_000
WAITING_PATHS = 10_000
ATTRIBUTION_PATHS = 10_000
FAN_PATHS = 5_000
FORESIGHT_PATHS, FORESIGHT_WITH_HALLS = 250, 30
"""Paths solved one by one for the value of perfect information, each a program, with whole halls an integer one."""
Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class RiskMix:
    """One point of the frontier."""

    sought: RiskAverse
    """As found, with the figures of the paths it was sought on."""
    fresh: Measured
    """On fresh paths: what is reported."""
    mix: tuple[MixLine, ...]
    """Each with its mean value over the paths it was sought on."""


@dataclass(frozen=True)
class StressRow:
    """One plan under a named stress, at the one rate on the stress's own expected path."""

    stress: Stress
    words: str
    npv_usd: float
    change_usd: float


@dataclass(frozen=True)
class Bridge:
    """From the NPV at two rates to the value at one, for the plan of the deterministic program."""

    two_rate_npv_usd: float
    one_rate_npv_usd: float
    """The same cash flows at the one rate."""
    mean_usd: float
    """Over fresh paths: what randomness does by itself (switching off, late, cancelled and abandoned leases)."""
    cvar_usd: float

    @property
    def weight(self) -> float | None:
        """The weight of the tail at which the value at one rate is the NPV at two; ``None`` if there is none."""
        width = self.mean_usd - self.cvar_usd
        found = (self.mean_usd - self.two_rate_npv_usd) / width if width > 0.0 else np.nan
        return float(found) if 0.0 <= found <= 1.0 else None


@dataclass(frozen=True)
class RiskAnswer:
    """What a site's plans are worth over many futures; every value at the one rate of the risk program."""

    plan: Allocation
    """Of the deterministic program, for comparison."""
    values: PathValues
    """Paths on which plans were sought."""
    fresh: PathValues
    """Paths on which they are valued."""
    mixes: tuple[RiskMix, ...]
    information: InformationValues
    waiting: tuple[WaitingValue, ...]
    bridge: Bridge

    @property
    def case(self) -> Case:
        """The case."""
        return self.plan.case

    @property
    def choices(self) -> Activities:
        """Every activity that was open."""
        return self.plan.choices

    @cached_property
    def reference(self) -> RiskMix:
        """The mix at the weight that stands for the two rates."""
        return next(m for m in self.mixes if m.sought.risk_weight == REFERENCE_WEIGHT)

    def worth(self, mix: RiskMix) -> Vector:
        """Value of a mix on every fresh path, (paths,)."""
        return self.fresh.worth(mix.sought.units)

    def parts(self, mix: RiskMix) -> tuple[Part, ...]:
        """What each part of a mix is worth in the mean and in the mix's tail."""
        return parts_of_tail(self.fresh, mix.sought.units, tail_of(self.fresh, mix.sought.units, self._level)[1])

    def causes(self, mix: RiskMix) -> tuple[Cause, ...]:
        """Which uncertainty makes the distance from mean to CVaR."""
        return causes_of_tail(
            self.fresh.mapped, mix.sought.units, self._level, min(ATTRIBUTION_PATHS, self.fresh.paths)
        )

    def swings(self, mix: RiskMix) -> tuple[Swing, ...]:
        """A tornado of conditional means."""
        return swings(self.fresh, self.worth(mix))

    def fan(self, mix: RiskMix) -> CashFan:
        """Cash flow by year."""
        return cash_fan(self.fresh.mapped, mix.sought.units, FAN_PATHS)

    def stresses(self, mix: RiskMix) -> tuple[StressRow, ...]:
        """A mix under every named stress."""
        rate, units = self.case.finance.discount_rate_risk, mix.sought.units
        usual = npv(rate, self.choices.cash_flow_usd @ units)
        found = []
        for stress in Stress:
            worth = npv(rate, self.choices.under(stress).cash_flow_usd @ units)
            found.append(StressRow(stress, STRESSES[stress].words, worth, worth - usual))
        return tuple(found)

    @property
    def _level(self) -> float:
        return self.case.risk.tail_level


def assess(
    case: Case, paths: int = 10_000, seed: int = 1, draws: Draws = Draws.RANDOM, workers: int = 1,
    progress: Progress = _silent,
) -> RiskAnswer:  # fmt: skip
    """Everything that is known of a case's risk.

    Raises
    ------
    InputFaultsError
        For numbers of paths, seeds or workers that cannot be run.
    InfeasibleError
        If no plan meets every limit.
    UnattainableError
        If no plan has the CVaR that ``risk.least_cvar_usd`` asks for.
    """
    choices = activities(case)
    progress("the plan without risk")
    plan = allocation_of(build(choices))
    progress(f"drawing {paths:,} futures")
    values = path_values(choices, Futures(case, paths, seed, draws, workers))
    progress("drawing fresh ones")
    fresh = path_values(choices, Futures(case, max(paths, FRESH_PATHS), seed, draws, workers, fresh=True))
    search = TailSearch(plan.program, values, case.risk.tail_level, case.risk.least_cvar_usd)
    mixes = []
    start = None
    for weight in WEIGHTS:
        progress(f"best mix at a weight of {weight:.0%} on the tail")
        sought = search.best(weight, start)
        start = sought.units
        mixes.append(_valued(choices, values, fresh, sought))
    progress("what a forecast would be worth")
    site = SiteUnderUncertainty(plan.program, values, expected_factors(values))
    foreseen = FORESIGHT_WITH_HALLS if plan.program.form.integer.any() else FORESIGHT_PATHS
    information = information_values(site, tuple(range(min(foreseen, paths))))
    waiting = []
    for offer, lease in enumerate(case.leases):
        if not lease.committed:
            progress(f"what waiting with {lease.name} is worth")
            waiting.append(_waiting(values, fresh, offer))
    return RiskAnswer(plan, values, fresh, tuple(mixes), information, tuple(waiting), _bridge(plan, fresh))


def measured_on(fresh: PathValues, units: Vector) -> Measured:
    """A plan's figures on fresh paths."""
    futures = fresh.mapped.futures
    level, antithetic = futures.case.risk.tail_level, futures.draws is Draws.ANTITHETIC
    return measured(fresh.worth(units), level, antithetic=antithetic, block=PATHS_PER_BLOCK)


def _valued(choices: Activities, values: PathValues, fresh: PathValues, sought: RiskAverse) -> RiskMix:
    lines = mix_lines(choices, sought.units, values.mean_value_usd * sought.units)
    return RiskMix(sought, measured_on(fresh, sought.units), lines)


def expected_factors(values: PathValues) -> Vector:
    """Factors where the market goes as expected and each offer brings its mean over the paths, (factors,)."""
    mapped = values.mapped
    still = Futures(mapped.case, FEWEST_PATHS, 0, frozen=Frozen(frozenset(Factor)))
    found = values.mean.copy()
    expected = np.zeros((mapped.count, FEWEST_PATHS))
    if mapped.runs:
        value_map(mapped.choices, still).mining_factors(still.market.block(0, FEWEST_PATHS), expected, mapped.discount)
        first = mapped.lease_columns[0] if mapped.lease_columns else mapped.count
        found[:first] = expected[:first, 0]
    return found


def _waiting(values: PathValues, fresh: PathValues, offer: int) -> WaitingValue:
    fleets = values.mapped.case.fleets
    largest = max(range(len(fleets)), key=lambda i: fleets[i].facility_mw, default=None)
    return waiting_value(values.first(WAITING_PATHS), fresh.first(WAITING_PATHS), offer, largest)


def _bridge(plan: Allocation, fresh: PathValues) -> Bridge:
    found = measured_on(fresh, plan.units)
    return Bridge(plan.npv_usd, plan.npv_at_one_rate_usd, found.mean_usd, found.cvar_usd)
