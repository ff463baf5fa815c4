"""Value of every activity on every path, held as a few hundred factors and never as paths times activities.

What an activity is worth on a path is linear in the path's *factors*: discounted mining margins by machine and
quarter, the market for machines by quarter, the value of an offer by start. Activities differ only in which of them
they add up: ``A = F' B + 1 c'`` with ``F`` (factors, paths), ``B`` (factors, activities), ``c`` (activities,). A plan
``x`` is worth ``F' (B x) + c x``, one pass over the factors however many activities there are.

Everything is discounted at the one rate of the risk program, taxed with losses used at once: risk is in the paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from allocator.activities import Activities, Activity, Kind
from allocator.case import Case
from allocator.lease_rules import start_window
from allocator.mining_activities import month_of_mining_usd, purchase_starts
from allocator.risk.futures import Futures
from allocator.risk.gross_power import GrossPower
from models import mining as mine
from models.execution import Outcomes, OutcomeValues
from models.lease import Lease, Recovery
from models.power import paid_price_usd_per_mwh, price_level
from models.scenarios import MarketPaths
from models.tax import depreciation, yearly_rates
from models.timeline import MONTHS_PER_QUARTER, Vector, discount_factors, growth_factors


@dataclass(frozen=True)
class Run:
    """Quarters in which machines of one kind can run: one factor a quarter, from ``first`` to before ``last``."""

    efficiency_j_per_th: float
    pue: float
    started_month: int
    """Month from which they degrade."""
    first: int
    last: int
    column: int = 0

    def margin_usd(self, case: Case, paths: MarketPaths, weight: Vector) -> Vector:
        """Discounted margin of one facility MW after tax by quarter, (quarters, paths)."""
        if self.last <= self.first:
            return np.zeros((0, paths.btc_price_usd.shape[1]))
        months = np.arange(self.first * MONTHS_PER_QUARTER + 1, self.last * MONTHS_PER_QUARTER + 1)
        kept = mine.hashrate_kept(case.mining.degradation_per_year, (months - self.started_month).astype(float))[
            :, None
        ]
        level = paths.power_level[months] * price_level(case.power, months.astype(float))[:, None]
        cash = month_of_mining_usd(
            case, months.astype(float), paths.hashprice_usd_per_ph_day[months], self.efficiency_j_per_th, self.pue,
            kept, level,
        )  # fmt: skip
        cash *= weight[months][:, None]
        return np.asarray(cash.reshape(-1, MONTHS_PER_QUARTER, cash.shape[1]).sum(axis=1))


@dataclass(frozen=True)
class ValueMap:
    """Which factors an activity adds up: the matrices ``B`` and ``c``, and how the factors are computed."""

    choices: Activities
    futures: Futures
    runs: tuple[Run, ...]
    run_of: dict[tuple[Kind, int, int], Run]
    """By kind, owner and start of an activity that mines."""

    @property
    def case(self) -> Case:
        """The case."""
        return self.choices.case

    @cached_property
    def windows(self) -> tuple[range, ...]:
        """Quarters in which each offer may start."""
        spans = (start_window(self.case.timeline, lease) for lease in self.case.leases)
        return tuple(range(first, last + 1) for first, last in spans)

    @cached_property
    def market_column(self) -> int:
        """First factor of the market for machines: one at each quarter's beginning and at the end."""
        return sum(run.last - run.first for run in self.runs)

    @cached_property
    def lease_columns(self) -> tuple[int, ...]:
        """First factor of each offer: one a start."""
        first = self.market_column + self.case.timeline.quarters + 1
        lengths = [len(window) for window in self.windows]
        return tuple(first + sum(lengths[:i]) for i in range(len(lengths)))

    @cached_property
    def count(self) -> int:
        """Number of factors."""
        return self.market_column + self.case.timeline.quarters + 1 + sum(len(window) for window in self.windows)

    @cached_property
    def after_tax(self) -> float:
        """What is left of a dollar of income."""
        return 1.0 - self.case.finance.tax_rate

    @cached_property
    def discount(self) -> Vector:
        """Discount factors by month at the one rate, (M + 1,)."""
        return discount_factors(self.case.finance.discount_rate_risk, self.case.timeline.month_index)

    @cached_property
    def loading(self) -> tuple[Vector, Vector]:
        """``B``, (factors, activities), and ``c``, (activities,), of the value at the one rate."""
        return self.loading_of(self.discount, np.ones(self.case.timeline.quarters))

    def loading_of(self, month_weight: Vector, quarter_weight: Vector) -> tuple[Vector, Vector]:
        """The same for any weights of months, (M + 1,), on what is paid, and of quarters, (Q,), on margins.

        Offers are left out of all but the value: their factors are values, not cash.
        """
        items, quarters = self.choices.items, self.case.timeline.quarters
        weights, constant = np.zeros((self.count, len(items))), np.zeros(len(items))
        for j, activity in enumerate(items):
            if activity.kind is Kind.LEASE:
                weights[self.lease_columns[activity.owner] + activity.start - self.windows[activity.owner].start, j] = 1
                continue
            run = self.run_of[activity.kind, activity.owner, activity.start]
            first = run.column + activity.start - run.first
            span = slice(activity.start, activity.stop)
            weights[first : first + activity.stop - activity.start, j] = quarter_weight[span]
            market = weights[self.market_column : self.market_column + quarters + 1, j]
            part = self._fleet if activity.kind is Kind.FLEET else self._purchase
            constant[j] = part(activity, market, month_weight)
        return weights, constant

    def _fleet(self, activity: Activity, market: Vector, month_weight: Vector) -> float:
        """Machines of a fleet are sold when it stops."""
        fleet, run = self.case.fleets[activity.owner], self.run_of[activity.kind, activity.owner, 0]
        end = activity.stop * MONTHS_PER_QUARTER
        now = mine.machine_cost_usd_per_mw(
            fleet.resale_usd_per_th, run.efficiency_j_per_th, run.pue, fleet.hashrate_factor
        )
        market[activity.stop] += self.after_tax * month_weight[end] * self._resold(now, end)
        return 0.0

    def _purchase(self, activity: Activity, market: Vector, month_weight: Vector) -> float:
        """Machines cost what the market asks when they start, works what they cost; both are deducted from tax."""
        case, purchase = self.case, self.case.purchases[activity.owner]
        run = self.run_of[activity.kind, activity.owner, activity.start]
        begin, end = activity.start * MONTHS_PER_QUARTER, activity.stop * MONTHS_PER_QUARTER
        price = mine.price_usd_per_th(purchase.machine, purchase.price_usd_per_th, case.mining, activity.start / 4)
        machines = mine.machine_cost_usd_per_mw(price, run.efficiency_j_per_th, run.pue, purchase.hashrate_factor)
        age = case.timeline.month_index - begin
        rates = yearly_rates(1.0, case.finance.bonus_depreciation)
        deducted = np.where(age <= end - begin, depreciation(1.0, age, rates), 0.0)
        deducted[end] += 1.0 - deducted.sum()
        cost = case.finance.tax_rate * float(month_weight @ deducted) - float(month_weight[begin])
        market[activity.start] += cost * machines
        market[activity.stop] += self.after_tax * month_weight[end] * self._resold(machines, end - begin)
        return cost * purchase.infrastructure_usd_per_mw

    def _resold(self, price_when_new: float, months: int) -> float:
        """What machines bring after so many months in a market as today's, for what they still hash."""
        aged = mine.resale_usd(price_when_new, self.case.mining.resale_decline_per_year, np.array(float(months)))
        return float(aged * mine.hashrate_kept(self.case.mining.degradation_per_year, np.array(float(months))))

    def _values_of(self, offer: int, lease: Lease) -> OutcomeValues:
        case = self.case
        power = paid_price_usd_per_mwh(case.power, case.timeline)
        return OutcomeValues(lease, case.finance, case.timeline, power, tuple(self.windows[offer]))

    def _delays(self, offer: int) -> list[int]:
        """Every delay that is drawn."""
        return sorted({int(d) for block in self.futures.outcomes[offer] for d in np.unique(block.delay_months)})

    def _outcome_values(self, offer: int, lease: Lease) -> dict[int, tuple[Vector, Vector]]:
        """For each delay that is drawn: values by start and quarters paid, and where the lease is cancelled."""
        values = self._values_of(offer, lease)
        return {d: (values.with_delay(d), values.cancelled(d)) for d in self._delays(offer)}

    @cached_property
    def gross_power(self) -> dict[int, GrossPower]:
        """The power bills of the offers whose landlord pays for power."""
        return {
            i: GrossPower(self._values_of(i, lease), self.after_tax).prepared(self._delays(i))
            for i, lease in enumerate(self.case.leases)
            if lease.recovery is Recovery.GROSS
        }

    @cached_property
    def lease_values(self) -> tuple[dict[int, tuple[Vector, Vector]], ...]:
        """Values of every offer in each of its outcomes."""
        return tuple(self._outcome_values(i, lease) for i, lease in enumerate(self.case.leases))

    def mean_of_offer(self, offer: int, lease: Lease) -> Vector:
        """Mean over the paths of an offer on other terms, by start; (starts,)."""
        values, total = self._outcome_values(offer, lease), np.zeros(len(self.windows[offer]))
        for outcomes in self.futures.outcomes[offer]:
            total += by_outcome(values, outcomes, len(total)).sum(axis=1)
        return total / self.futures.paths

    def prepare(self) -> None:
        """Find what all blocks share, before threads ask for it."""
        self.loading, self.lease_values, self.gross_power  # noqa: B018

    def block(self, number: int) -> Vector:
        """Factors of one block of paths, (factors, paths)."""
        found = np.zeros((self.count, self.futures.sizes[number]))
        market = self.market_paths(number)
        if market is not None:
            self.mining_factors(market, found, self.discount)
        for offer, column in enumerate(self.lease_columns):
            found[column : column + len(self.windows[offer])] = self.lease_factors(offer, number, market)
        return found

    def market_paths(self, number: int) -> MarketPaths | None:
        """The market of one block, where anything hangs on it."""
        if not (self.runs or self.gross_power):
            return None
        return self.futures.market.block(number, self.futures.sizes[number])

    def lease_factors(self, offer: int, number: int, market: MarketPaths | None) -> Vector:
        """Value of one offer on every path of a block by start, (starts, paths)."""
        outcomes = self.futures.outcomes[offer][number]
        found = by_outcome(self.lease_values[offer], outcomes, len(self.windows[offer]))
        if offer in self.gross_power and market is not None:
            found += self.gross_power[offer].surprise(outcomes, market.power_level, self.discount[None, :])[0]
        return found

    def mining_factors(
        self, market: MarketPaths, out: Vector, month_weight: Vector, load: Vector | None = None
    ) -> None:
        """Margins, weighted by month, and the market for machines of one block; with a ``load`` only what it uses."""
        case = self.case
        for run in self.runs:
            columns = slice(run.column, run.column + run.last - run.first)
            if load is None or load[columns].any():
                out[columns] = run.margin_usd(case, market, self.after_tax * month_weight)
        starts = slice(0, None, MONTHS_PER_QUARTER)
        entry = case.market.entry_cost_usd_per_ph_day * growth_factors(
            case.market.network_growth_per_year, -case.timeline.month_index[starts]
        )
        elasticity = case.mining.resale_elasticity_to_hashprice
        level = mine.resale_market(market.hashprice_usd_per_ph_day[starts], entry[:, None], elasticity)
        level /= (self.choices.network.hashprice_usd_per_ph_day[0] / entry[0]) ** elasticity
        out[self.market_column : self.market_column + len(level)] = level


def by_outcome(values: dict[int, tuple[Vector, Vector]], outcomes: Outcomes, starts: int) -> Vector:
    """Value of a lease on every path of a block by start, (starts, paths)."""
    found = np.empty((starts, len(outcomes.delay_months)))
    for delay in np.unique(outcomes.delay_months):
        late = np.flatnonzero(outcomes.delay_months == delay)
        kept, lost = values[int(delay)]
        found[:, late] = np.where(outcomes.cancelled[late], lost[:, None], kept[:, outcomes.paid_quarters[late]])
    return found


def value_map(choices: Activities, futures: Futures) -> ValueMap:
    """The factors of a case's activities; machines that are alike share theirs."""
    case, found = choices.case, _Runs(choices.case.mining.degradation_per_year > 0.0)
    run_key: dict[tuple[Kind, int, int], tuple[float, float, int]] = {}
    for owner, fleet in enumerate(case.fleets):
        efficiency = mine.efficiency_j_per_th(fleet.machine, case.mining) * fleet.efficiency_factor
        last = min(case.timeline.quarters, fleet.remaining_life_years * 4)
        run_key[Kind.FLEET, owner, 0] = found.add(efficiency, mine.pue(fleet.machine, case.mining), 0, last)
    for owner, purchase in enumerate(case.purchases):
        site_pue = mine.pue(purchase.machine, case.mining)
        for start in purchase_starts(case, owner):
            efficiency = mine.efficiency_j_per_th(purchase.machine, case.mining, start / 4) * purchase.efficiency_factor
            last = min(case.timeline.quarters, start + 4 * purchase.life_years)
            run_key[Kind.PURCHASE, owner, start] = found.add(efficiency, site_pue, start, last)
    runs = found.runs()
    return ValueMap(choices, futures, tuple(runs.values()), {key: runs[run] for key, run in run_key.items()})


@dataclass
class _Runs:
    """Collects runs: of machines that are alike and do not degrade there is one, over all the quarters in question."""

    degrade: bool
    spans: dict[tuple[float, float, int], tuple[int, int]] = field(default_factory=dict)

    def add(self, efficiency: float, site_pue: float, first: int, last: int) -> tuple[float, float, int]:
        key = (efficiency, site_pue, first * MONTHS_PER_QUARTER if self.degrade else 0)
        known = self.spans.get(key, (first, last))
        self.spans[key] = (min(known[0], first), max(known[1], last))
        return key

    def runs(self) -> dict[tuple[float, float, int], Run]:
        found, column = {}, 0
        for key, (first, last) in self.spans.items():
            found[key] = Run(*key, first, last, column)
            column += last - first
        return found
