"""The network's response against what happened: October 2025 to June 2026, month by month.

A difficulty set at a retarget measures the epoch before it: ``difficulty x 2**32 / 600`` is that epoch's mean hashrate,
dated at its middle. Published hashrates are not used (they disagree by a tenth on one date). Prices are dated
observations, interpolated by day. The model starts from October alone and is then given only prices.

Nine points, all one way: a straight line fitted to them does as well, so the sample is *consistent* with the
response and does not establish it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np

from models.network import (
    BLOCKS_PER_DAY,
    HASHES_PER_DIFFICULTY,
    TARGET_BLOCK_MINUTES,
    Market,
    hashprice_usd_per_ph_day,
    hashrate_eh_s,
    network_path,
    subsidy_on,
    total_reward_btc,
)
from models.timeline import Timeline, Vector, add_months

EPOCH_DAYS = 2016 / BLOCKS_PER_DAY
LONGEST_EPOCH_DAYS = 20
"""A longer gap between two retargets of the table means that some in between were not found."""
FIRST_MONTH, MONTHS = date(2025, 10, 1), 9
ENTRY_COST_OCTOBER_2025_USD_PER_PH_DAY = 38.0
"""Full cost of the newest machine in October 2025, bottom-up as in ``Market.entry_cost_usd_per_ph_day``."""


@dataclass(frozen=True)
class Observation:
    """One dated figure of ``network_history.csv``."""

    day: date
    kind: str
    value: float
    quality: str
    source: str


@dataclass(frozen=True)
class Replay:
    """Monthly means, October 2025 first; arrays of shape (9,)."""

    months: tuple[date, ...]
    btc_price_usd: Vector
    observed_hashrate_eh_s: Vector
    modelled_hashrate_eh_s: Vector
    observed_hashprice_usd_per_ph_day: Vector
    modelled_hashprice_usd_per_ph_day: Vector

    @property
    def rms_error(self) -> float:
        """Root-mean-square relative error of hashrate over all months, the anchor included."""
        return float(np.sqrt(np.mean((self.modelled_hashrate_eh_s / self.observed_hashrate_eh_s - 1.0) ** 2)))

    @property
    def flat_rms_error(self) -> float:
        """The same for hashrate that stays where it was in October: what no response would say."""
        return float(np.sqrt(np.mean((self.observed_hashrate_eh_s[0] / self.observed_hashrate_eh_s - 1.0) ** 2)))


@cache
def history() -> tuple[Observation, ...]:
    """Dated difficulties and prices, each with its source."""
    with (files("models") / "network_history.csv").open(encoding="utf-8") as table:
        return tuple(
            Observation(date.fromisoformat(r["date"]), r["kind"], float(r["value"] or "nan"), r["quality"], r["source"])
            for r in csv.DictReader(table)
        )


def epoch_hashrates() -> tuple[Vector, Vector]:
    """Middle day (ordinal) and mean hashrate (EH/s) of each epoch that a difficulty measures."""
    start = next(o.day for o in history() if o.kind == "epoch_start").toordinal()
    middles, rates = [], []
    for seen in (o for o in history() if o.kind == "difficulty"):
        end = seen.day.toordinal()
        began = start if end - start < LONGEST_EPOCH_DAYS else end - EPOCH_DAYS
        middles.append(0.5 * (began + end))
        rates.append(hashrate_eh_s(seen.value))
        start = end
    return np.array(middles), np.array(rates)


def observed_months() -> tuple[tuple[date, ...], Vector, Vector]:
    """First days of the months, and the monthly means of price (USD) and hashrate (EH/s)."""
    middles, rates = epoch_hashrates()
    priced = [o for o in history() if o.kind == "btc_price"]
    days, prices = np.array([o.day.toordinal() for o in priced]), np.array([o.value for o in priced])
    last = max(o.day for o in history()).toordinal()
    months = tuple(add_months(FIRST_MONTH, m) for m in range(MONTHS))
    spans = [np.arange(m.toordinal(), min(add_months(m, 1).toordinal(), last + 1)) for m in months]
    mean_price = np.array([np.interp(span, days, prices).mean() for span in spans])
    mean_rate = np.array([np.interp(span, middles, rates).mean() for span in spans])
    return months, mean_price, mean_rate


def replay(market: Market) -> Replay:
    """Run the network from October's mean with observed prices and the response of ``market``."""
    months, price, observed = observed_months()
    difficulty = observed * 1e18 * TARGET_BLOCK_MINUTES * 60.0 / HASHES_PER_DIFFICULTY
    start = market.model_copy(
        update={
            "btc_price_usd": float(price[0]),
            "difficulty": float(difficulty[0]),
            "forward": (),
            "entry_cost_usd_per_ph_day": ENTRY_COST_OCTOBER_2025_USD_PER_PH_DAY,
        }
    )
    timeline = Timeline(add_months(FIRST_MONTH, 0).replace(day=15), 1)
    known = np.concatenate([price, np.full(timeline.months + 1 - MONTHS, price[-1])])
    path = network_path(start, timeline, known)
    reward = total_reward_btc(subsidy_on(FIRST_MONTH), market.fee_share)
    seen = np.array(
        [hashprice_usd_per_ph_day(float(p), float(d), reward) for p, d in zip(price, difficulty, strict=True)]
    )
    return Replay(
        months, price, observed, path.running_eh_s[:MONTHS], seen, path.hashprice_usd_per_ph_day[:MONTHS]
    )  # fmt: skip


def fitted_elasticity(market: Market, tried: Vector | None = None) -> tuple[float, float]:
    """The short-run elasticity with the least error, all else as in ``market``, and that error.

    By trying 0.00, 0.01 .. 1.00. Only jointly with the speed of entry and the share that leaves is it known at all: a
    faster entry fits with a larger elasticity.
    """
    grid = np.arange(0.0, 1.005, 0.01) if tried is None else tried
    errors = [
        replay(market.model_copy(update={"switch_off_elasticity_to_hashprice": float(e)})).rms_error for e in grid
    ]
    best = int(np.argmin(errors))
    return float(grid[best]), float(errors[best])
