"""Flip points: the value of one input at which the answer to an offer changes, found by solving again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from allocator.activities import Activities, Kind, activities
from allocator.allocation import TAKEN_MW, Allocation
from allocator.case import Case, replaced
from allocator.lease_rules import start_window
from allocator.optima import SAME_VALUE
from allocator.program.build import StandardForm, build
from allocator.program.solve import LiveProgram
from models.lease import occupied_months
from models.timeline import MONTHS_PER_QUARTER

TOLERANCE, TOLERANCE_WHOLE = 1e-4, 1e-2
"""Share of today's value to which a flip is found."""
PRICES_UP = (1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 3.0, 5.0, 10.0, 20.0)
PRICES_DOWN = (0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2, 0.1, 0.05)
HALLS_UP, HALLS_DOWN = (1.25, 3.0, 20.0), (0.8, 0.35, 0.05)
POWER_UP, POWER_DOWN = (1.25, 1.5, 2.0, 3.0), (0.75, 0.5, 0.25, 0.05)
RATES_UP, RATES_DOWN = (1.25, 1.5, 2.0, 3.0, 4.0), (0.75, 0.5, 0.25, 0.1)
"""Multiples of today's value that are tried in turn, prices near today's by the tenth."""
DELAYS_MONTHS = (6, 12, 24, 36, 60)


@dataclass(frozen=True)
class FlipPoint:
    """The value of an input at which a taken offer leaves the plan, or a refused one enters it."""

    offer: int
    path: str
    current: float
    flips_at: float | None
    """``None`` where nothing changes at any value tried up to ``searched_to``."""
    searched_to: float

    @property
    def is_upwards(self) -> bool:
        """Whether values above today's were tried."""
        return self.searched_to > self.current


@dataclass(frozen=True)
class Scan:
    """Values of an input to try, nearest first."""

    path: str
    current: float
    values: tuple[float, ...]
    whole: bool = False
    """Whether only whole numbers make sense."""


def flip_points(plan: Allocation) -> tuple[FlipPoint, ...]:
    """For every offer that is not signed: capex, BTC price, difficulty, power price, delay, hosting rate that turn it.

    Each direction is scanned in steps and the first change is bisected to a share of today's value; with whole halls,
    where every question is an integer program, in fewer steps, less finely and for capex and the BTC price only.
    Between two steps a change and its return would go unseen. Delays are tried as far as every rent stays within the
    horizon: beyond it they would lose rent for no reason of the lease.
    """
    found = []
    worlds = Worlds(plan.choices)
    halls = bool(plan.program.form.integer.any())
    for offer, lease in enumerate(plan.case.leases):
        if lease.committed:
            continue
        taken = plan.taken_mw(Kind.LEASE, offer) > TAKEN_MW
        for scan in _scans(plan.case, offer, taken=taken, halls=halls):
            wanted = partial(worlds.wanted, offer, scan.path)
            tolerance = (TOLERANCE_WHOLE if halls else TOLERANCE) * abs(scan.current)
            found.append(_flip(offer, scan, wanted, now=taken, tolerance=1.0 if scan.whole else tolerance))
    return tuple(found)


def _scans(case: Case, offer: int, *, taken: bool, halls: bool) -> Iterator[Scan]:
    """Both directions of the market; of the lease's own inputs only the one that can turn the answer."""
    lease, market = case.leases[offer], case.market

    def multiples(path: str, current: float, factors: tuple[float, ...]) -> Scan:
        return Scan(path, current, tuple(current * f for f in factors))

    if lease.capex_usd_per_kw > 0:
        yield multiples(f"leases[{offer}].capex_usd_per_kw", lease.capex_usd_per_kw, (4.0,) if taken else (0.1,))
    for steps in (HALLS_UP, HALLS_DOWN) if halls else (PRICES_UP, PRICES_DOWN):
        yield multiples("market.btc_price_usd", market.btc_price_usd, steps)
    if halls:
        return
    for steps in (PRICES_UP, PRICES_DOWN):
        # Hashprice moves against difficulty.
        yield multiples("market.difficulty", market.difficulty, tuple(1.0 / f for f in steps))
    if case.power.hourly_prices is None and case.power.price_usd_per_mwh > 0:
        for few in (POWER_UP, POWER_DOWN):
            yield multiples("power.price_usd_per_mwh", case.power.price_usd_per_mwh, few)
    if case.finance.discount_rate_hosting > 0:
        rates = RATES_UP if taken else RATES_DOWN
        yield multiples("finance.discount_rate_hosting", case.finance.discount_rate_hosting, rates)
    last = start_window(case.timeline, lease)[1] * MONTHS_PER_QUARTER + occupied_months(lease)
    latest = lease.delay_months + case.timeline.months - last
    late = tuple(float(m) for m in sorted({*DELAYS_MONTHS, latest}) if lease.delay_months < m <= latest)
    if taken and late:
        yield Scan(f"leases[{offer}].delay_months", float(lease.delay_months), late, whole=True)


def _flip(offer: int, scan: Scan, wanted: Callable[[float], bool], *, now: bool, tolerance: float) -> FlipPoint:
    """The first value tried at which the answer differs, bisected; unanswered if none does."""
    near = scan.current
    for far in scan.values:
        if wanted(far) != now:
            break
        near = far
    else:
        return FlipPoint(offer, scan.path, scan.current, None, near)
    while abs(far - near) > tolerance:
        middle = 0.5 * (near + far)
        if scan.whole:
            middle = float(round(middle))
        if wanted(middle) == now:
            near = middle
        else:
            far = middle
    return FlipPoint(offer, scan.path, scan.current, far, far)


class Worlds:
    """The case with one input replaced, solved once for all offers; each search begins where the one before ended."""

    def __init__(self, choices: Activities) -> None:
        self.choices = choices
        self._forms: dict[tuple[str, float], StandardForm] = {}
        self._open: dict[tuple[str, float], float | None] = {}
        self._near: dict[str, LiveProgram] = {}

    def wanted(self, offer: int, path: str, value: float) -> bool:
        """Whether the best plan is worth more with the offer open than without it, at a value of the input."""
        form = self._form(path, value)
        closing = self._solver(f"without {offer}", form)
        closing.move_rows(closed(self.choices.case, [offer]), -1.0)
        without = closing.value()
        if closing.has_integers and without is not None:
            # One yes or no: the search may stop at the first better plan.
            return LiveProgram(form).goes_below(without - SAME_VALUE * (1.0 + abs(without)))
        best = self._best(path, value, form)
        if without is None or best is None:
            return best is not None
        return best < without - SAME_VALUE * (1.0 + abs(without))

    def _form(self, path: str, value: float) -> StandardForm:
        if (path, value) not in self._forms:
            given = int(value) if path.endswith("_months") else value
            changed = activities(replaced(self.choices.case, path, given), reuse=self.choices)
            self._forms[path, value] = build(changed).form
        return self._forms[path, value]

    def _best(self, path: str, value: float, form: StandardForm) -> float | None:
        if (path, value) not in self._open:
            self._open[path, value] = self._solver("open", form).value()
        return self._open[path, value]

    def _solver(self, role: str, form: StandardForm) -> LiveProgram:
        found = self._near[role] = LiveProgram(form, self._near.get(role))
        return found


def closed(case: Case, offers: list[int]) -> list[tuple[str, float]]:
    """Rows that shut offers when they are moved by -1."""
    return [(f"offer__{i}", case.leases[i].critical_it_mw) for i in offers]
