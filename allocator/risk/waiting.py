"""What it is worth not to sign an offer today: its timing, the option proper, and when to sign.

On the pads of the offer a fleet mines until the halls need them. To sign at a date brings the fleet's margin until
then and the lease; never to sign, the margin alone. *Timing* is what the best date fixed today brings over the first
one, which the program itself finds. The *option proper* is what reacting to hashprice and price adds to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.activities import Kind
from allocator.risk.path_values import PathValues
from allocator.risk.states import MarketStates, market_states
from allocator.risk.stopping import Stopping, StoppingRule, fitted_rule, rewards_at, threshold_below, values_from
from models.lease import Lease
from models.timeline import MONTHS_PER_QUARTER, Timeline, Vector, growth_factors


@dataclass(frozen=True)
class Trigger:
    """A rule of thumb: sign when hashprice is below this at that date."""

    quarter: str
    hashprice_usd_per_ph_day: float | None
    """``None``: do not sign for the sake of a low hashprice; infinite: sign whatever it is."""


@dataclass(frozen=True)
class WaitingValue:
    """What waiting with one offer is worth: USD per facility MW of its pads, at the one rate of the risk program."""

    offer: str
    fleet: str
    """What mines on the pads until then; empty where nothing does."""
    facility_mw: float
    """Of the whole offer."""
    dates: tuple[str, ...]
    """Quarters in which it may be signed."""
    now_usd: float
    never_usd: float
    fixed_usd: tuple[float, ...]
    """For each date, if it is fixed today."""
    best_fixed: int
    """The date that is best on the paths on which the rule was fitted; -1 for never."""
    flexible_usd: float
    """What a rule brings that reacts: a lower figure, from paths that it was not fitted on."""
    flexible_error_usd: float
    upper_usd: float
    """From a martingale fitted on other paths, with rewards as they turn out: an upper bound but for sampling error."""
    upper_error_usd: float
    option_error_usd: float
    triggers: tuple[Trigger, ...]

    @property
    def best_fixed_usd(self) -> float:
        """Value of the best date fixed today, or of never."""
        return self.never_usd if self.best_fixed < 0 else self.fixed_usd[self.best_fixed]

    @property
    def timing_usd(self) -> float:
        """What the best fixed date adds to signing at the first."""
        return self.best_fixed_usd - self.now_usd

    @property
    def option_usd(self) -> float:
        """What reacting adds to the best fixed date; may be negative within its error."""
        return self.flexible_usd - self.best_fixed_usd

    @property
    def gap(self) -> float:
        """Upper less lower figure, over the lower one's size."""
        return (self.upper_usd - self.flexible_usd) / max(1.0, abs(self.flexible_usd))

    def of_mw(self, facility_mw: float) -> float:
        """What it is worth to keep so many megawatts unsigned and decide later, over signing them at the first date."""
        return facility_mw * (self.flexible_usd - self.now_usd)


@dataclass(frozen=True)
class Pads:
    """One offer beside the fleet on its pads, on some paths."""

    values: PathValues
    offer: int
    fleet: int | None
    like: Pads | None = None
    """Pads on other paths whose choices these take over: what is chosen on some paths is valued on others."""

    @property
    def lease(self) -> Lease:
        """The offer."""
        return self.values.mapped.case.leases[self.offer]

    @property
    def timeline(self) -> Timeline:
        """The calendar."""
        return self.values.mapped.case.timeline

    @cached_property
    def build_quarters(self) -> int:
        """Quarters from signing to the first delivery."""
        return -(-self.lease.build_months // MONTHS_PER_QUARTER)

    @cached_property
    def dates(self) -> tuple[int, ...]:
        """Quarters in which the offer may be signed, not before today; each is a build time before a start."""
        return tuple(max(0, start - self.build_quarters) for start in self.values.mapped.windows[self.offer])

    @cached_property
    def mined_until(self) -> Vector:
        """Value of the fleet run until the end of each quarter, (quarters + 1, paths), one facility MW."""
        mapped = self.values.mapped
        if self.fleet is None:
            return np.zeros((1, self.values.paths))
        own = np.array([a.kind is Kind.FLEET and a.owner == self.fleet for a in mapped.choices.items], dtype=bool)
        weights, constant = mapped.loading
        used = np.flatnonzero(weights[:, own].any(axis=1))
        load = weights[used][:, own].T
        parts = [load @ block[used].astype(np.float64) for block in self.values.blocks]
        return np.asarray(np.concatenate(parts, axis=1) + constant[own][:, None])

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """For each date, when the fleet stops if the offer is signed then: when it pays best until the pads are due."""
        if self.like is not None:
            return self.like.stops
        mean, free = (
            self.mined_until.mean(axis=1),
            self.build_quarters - self.lease.clearance_months // MONTHS_PER_QUARTER,
        )
        return tuple(int(np.argmax(mean[: date + max(0, free) + 1])) for date in self.dates)

    @cached_property
    def never(self) -> int:
        """When the fleet stops if the offer is never signed."""
        if self.like is not None:
            return self.like.never
        return int(np.argmax(self.mined_until.mean(axis=1)))

    @cached_property
    def lease_usd(self) -> Vector:
        """Mean value of the lease signed at each date per facility MW, (dates,).

        Its rent is the one that an offer not signed until then would bring, ``rent (1 + g) ** years``; a lease is worth
        as much more for every dollar of rent.
        """
        mapped, case = self.values.mapped, self.values.mapped.case
        first = mapped.lease_columns[self.offer]
        mean = self.values.mean[first : first + len(self.dates)]
        growth = case.risk.unsigned_rent_growth_per_year
        if growth == 0.0:
            return np.asarray(mean / self.lease.provisioning_ratio)
        months = MONTHS_PER_QUARTER * (np.array(self.dates) - self.dates[0])
        change = growth_factors(growth, months.astype(float)) - 1.0
        doubled = self.lease.model_copy(update={"rent_usd_per_kw_month": 2.0 * self.lease.rent_usd_per_kw_month})
        of_rent = mapped.mean_of_offer(self.offer, doubled) - mean
        return np.asarray((mean + change * of_rent) / self.lease.provisioning_ratio)

    def stopping(self, states: MarketStates) -> Stopping:
        """Rewards of signing at each date, and of never."""
        rewards = [self.mined_until[stop] + lease for stop, lease in zip(self.stops, self.lease_usd, strict=True)]
        everywhere = np.ones(self.values.paths, dtype=bool)
        return Stopping(
            np.stack([*rewards, self.mined_until[self.never]]),
            tuple(states.basis(date) for date in self.dates),
            (everywhere,) * len(self.dates),
            self.values.mapped.case.risk.offer_lapse_per_quarter,
        )


class _Hedges:
    """Martingales that stand for what is learned quarter by quarter: sums of surprises with fitted coefficients.

    A surprise has mean zero whatever was known before, so that taking a hedge from a reward leaves its mean as it is; a
    good fit takes its chance away. Fitted on one set of paths, they are martingales on any other.
    """

    def __init__(self, pads: Pads, states: MarketStates, given: Stopping, rule: StoppingRule) -> None:
        """Fit on these paths: each reward is regressed on what is known and on each quarter's surprises."""
        self._pads, going_on = pads, values_from(rule, given)
        ends = {("signed", d): stop for d, stop in enumerate(pads.stops)} | {("never", 0): pads.never}
        begins = {("signed", d): pads.dates[d] for d in range(len(pads.dates))} | {("never", 0): pads.dates[0]}
        rewards = {key: pads.mined_until[end] for key, end in ends.items()}
        for d in range(len(pads.dates) - 1):
            begins["on", d], ends["on", d], rewards["on", d] = pads.dates[d], pads.dates[d + 1], going_on[d + 1]
        self._coefficients: dict[tuple[str, int], dict[int, Vector]] = {key: {} for key in rewards}
        for quarter in range(pads.dates[0], max(ends.values())):
            asked = [key for key in rewards if begins[key] <= quarter < ends[key]]
            if not asked:
                continue
            known, surprises = states.basis(quarter), states.surprises(quarter)
            targets = np.stack([rewards[key] for key in asked], axis=1)
            found = np.linalg.lstsq(np.concatenate([known, surprises], axis=1), targets, rcond=None)[0]
            for key, column in zip(asked, found[known.shape[1] :].T, strict=True):
                self._coefficients[key][quarter] = column

    def taken(self, key: tuple[str, int], states: MarketStates, since: int) -> Vector:
        """A hedge from a quarter on, on any paths, (paths,)."""
        parts = [states.surprises(q) @ c for q, c in self._coefficients[key].items() if q >= since]
        return np.asarray(sum(parts, np.zeros(states.log_hashprice.shape[1])))


def upper_figure(hedges: _Hedges, pads: Pads, states: MarketStates, given: Stopping) -> Vector:
    """The dual of the stopping problem on each path, (paths,); its mean is at least the value of any rule.

    From the last date back ``U = max(sign - hedge, (1 - lapse) (U' - hedge) + lapse (never - hedge))`` with rewards as
    they turn out (Rogers 2002; Haugh and Kogan 2004): the mean of a maximum is at least the maximum of the means.
    """
    never, later = given.reward[-1], None
    for d in range(given.dates - 1, -1, -1):
        date = pads.dates[d]
        without = never - hedges.taken(("never", 0), states, date)
        onward = without
        if later is not None:
            onward = (1.0 - given.lapse) * (later - hedges.taken(("on", d), states, date)) + given.lapse * without
        later = np.maximum(given.reward[d] - hedges.taken(("signed", d), states, date), onward)
    return np.asarray(later)


def waiting_value(fitted_on: PathValues, valued_on: PathValues, offer: int, fleet: int | None) -> WaitingValue:
    """Value of waiting with an offer beside a fleet: the rule is fitted on one set of paths and valued on another."""
    fit = Pads(fitted_on, offer, fleet)
    pads = Pads(valued_on, offer, fleet, like=fit)
    quarters = max(fit.never, *fit.stops, *fit.dates, 1)
    fit_states = market_states(fitted_on.mapped.futures, quarters)
    states = market_states(valued_on.mapped.futures, quarters)
    seen, given = fit.stopping(fit_states), pads.stopping(states)
    rule = fitted_rule(seen)
    hedges = _Hedges(fit, fit_states, seen, rule)
    reached = values_from(rule, given)
    lower, upper = reached[0], upper_figure(hedges, pads, states, given)
    fixed_then = [float(rewards_at(seen, d).mean()) for d in range(seen.dates)]
    best = int(np.argmax(fixed_then))
    best = best if fixed_then[best] > float(seen.reward[-1].mean()) else -1
    best_reward = given.reward[-1] if best < 0 else rewards_at(given, best)
    timeline, lease = pads.timeline, pads.lease
    onward = [(1.0 - given.lapse) * reached[d + 1] + given.lapse * given.reward[-1] for d in range(given.dates)]
    triggers = tuple(
        Trigger(
            timeline.quarter_label(date),
            _sign_below(states.hashprice_usd_per_ph_day[date], given.reward[d] - onward[d], known=date == 0),
        )
        for d, date in enumerate(pads.dates)
    )
    return WaitingValue(
        lease.name,
        "" if fleet is None else pads.values.mapped.case.fleets[fleet].name,
        lease.critical_it_mw * lease.provisioning_ratio,
        tuple(timeline.quarter_label(date) for date in pads.dates),
        float(given.reward[0].mean()),
        float(given.reward[-1].mean()),
        tuple(float(rewards_at(given, d).mean()) for d in range(given.dates)),
        best,
        float(lower.mean()),
        _error(lower),
        float(upper.mean()),
        _error(upper),
        _error(lower - best_reward),
        triggers,
    )


def _sign_below(hashprice: Vector, gain_of_signing: Vector, *, known: bool) -> float | None:
    """The hashprice below which to sign; today it is one number, so that signing pays on the whole or does not."""
    if known:
        return float("inf") if gain_of_signing.mean() > 0.0 else None
    return threshold_below(hashprice, gain_of_signing)


def _error(sample: Vector) -> float:
    return float(np.std(sample, ddof=1) / np.sqrt(len(sample)))
