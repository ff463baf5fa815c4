"""Bitcoin's reward and the network that competes for it: subsidy, difficulty, hashprice, response to price.

A price rally is not a windfall that lasts: machines that hashprice no longer carries switch off (short
run), and installed hashrate follows the ratio of hashprice to the full cost of the newest machine (long
run). :func:`network_path` is that recursion; with ``network_responds = false`` hashrate grows at a
constant rate instead, as mining calculators assume.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from pydantic import ConfigDict, Field

from models.assumptions import Assumptions, Flag, Number, Whole, assumption
from models.timeline import MONTHS_PER_YEAR, Day, Timeline, Vector, growth_factors

HASHES_PER_DIFFICULTY = 2.0**32
SECONDS_PER_DAY = 86_400.0
HASHES_PER_PH = 1e15
TARGET_BLOCK_MINUTES = 10.0
BLOCKS_PER_DAY = 144.0
BLOCKS_PER_HALVING = 210_000
FIRST_SUBSIDY_BTC = 50.0
ANCHOR_HEIGHT, ANCHOR_DATE = 935_424, date(2026, 2, 7)
"""A dated height: the retarget of 7 February 2026 (news.superex.com/articles/32226.html)."""
RETARGET_LIMIT = 4.0
"""One retarget changes difficulty by at most a factor of four either way (Bitcoin consensus rule)."""
LARGEST_FALL, LARGEST_RISE = -0.04, 0.05
"""Bounds of the monthly change in installed hashrate (log): what can be unplugged or delivered. Assumed."""


class ForwardPoint(Assumptions):
    """What the user expects from a day on: a bitcoin price, a difficulty or a hashprice."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)
    from_date: Day = Field(alias="from", description="Day of the figures")
    btc_price_usd: Number | None = assumption(
        None, unit="USD", gt=0, le=1e8, meaning="Bitcoin price expected on that day"
    )
    difficulty: Number | None = assumption(None, unit="", ge=1e9, le=1e18, meaning="Difficulty expected on that day")
    hashprice_usd_per_ph_day: Number | None = assumption(
        None, unit="USD/PH/day", gt=0, le=1e6, meaning="Hashprice expected on that day, such as a forward",
    )  # fmt: skip


class Market(Assumptions):
    """Bitcoin and its network on the valuation date, and how they move from there."""

    btc_price_usd: Number = assumption(
        71_000.0, unit="USD", gt=0, le=1e8, meaning="Bitcoin price on the valuation date",
        source="spot near 71,091 in the reports of the first week of February", status="sourced", dated="2026-02-07",
    )  # fmt: skip
    difficulty: Number = assumption(
        125.86e12, unit="", ge=1e9, le=1e18,
        meaning="Network difficulty in force on the valuation date, such as 125.86e12",
        source="retarget at height 935,424 (news.superex.com/articles/32226.html)",
        status="sourced", dated="2026-02-07",
    )  # fmt: skip
    fee_share: Number = assumption(
        0.006, unit="share of block reward", ge=0, le=0.99,
        meaning="Transaction fees as a share of the total block reward; the fee in BTC a block then stays",
        source="0.55 % (Hashrate Index, 12 January 2026) to 1.0 %", status="sourced", dated="2026-01-12",
        because="a share of the total reward lies between 0 and 1",
    )  # fmt: skip
    btc_growth_per_year: Number = assumption(
        0.10, unit="per year", ge=-0.9, le=2, meaning="Growth of the bitcoin price",
    )  # fmt: skip
    network_growth_per_year: Number = assumption(
        0.12, unit="per year", ge=-0.5, le=2,
        meaning="Growth of hashrate where hashprice equals entry cost; entry cost falls at the same rate",
        source="29.55 J/TH (2020-05) to 9.5 (2026-01) is 20 % a year; capex and power price fall more slowly",
    )  # fmt: skip
    forward: tuple[ForwardPoint, ...] = assumption(
        (), unit="",
        meaning="A forward curve: {from, btc_price_usd, difficulty or hashprice_usd_per_ph_day}, or a CSV file",
    )  # fmt: skip
    network_responds: Flag = assumption(
        True, unit="", meaning="Hashrate answers to price; if false it grows at network_growth_per_year",
    )  # fmt: skip
    switch_off_elasticity_to_hashprice: Number = assumption(
        0.45, unit="", ge=0, le=5, meaning="Short run: elasticity of running hashrate to hashprice; 0 switches it off",
        source="fit to October 2025 - June 2026, jointly with the two below; consistent, not proven", status="derived",
        dated="2026-06",
    )  # fmt: skip
    entry_speed_per_year: Number = assumption(
        0.6, unit="per year", ge=0, le=10,
        meaning="Long run: growth of installed hashrate per log point of hashprice over entry cost; 0 switches it off",
        source="prior of 0.3-1.0, not identified by nine months of data",
    )  # fmt: skip
    entry_cost_usd_per_ph_day: Number = assumption(
        36.5, unit="USD/PH/day", gt=0, le=1e5,
        meaning="Full cost of the newest machine on the valuation date: power, tilted capex annuity, infrastructure",
        source="38 in October 2025 to 35 in mid-2026: S23 Hyd at 18.95 USD/TH and 55 USD/MWh costs 35.8",
        status="derived", dated="2026-02",
    )  # fmt: skip
    full_run_multiple: Number = assumption(
        1.5, unit="x entry cost", gt=0, le=20,
        meaning="Hashprice above this multiple of entry cost runs everything installed",
    )  # fmt: skip
    hashrate_leaving_for_ai: Number = assumption(
        0.10, unit="share of hashrate", ge=0, le=0.9, meaning="Share of installed hashrate that leaves for AI",
        source="VanEck: up to 10 %, an upper bound", status="sourced", dated="2026-02",
    )  # fmt: skip
    leaving_months: Whole = assumption(
        24, unit="months", ge=1, le=600, meaning="Months over which that share leaves",
    )  # fmt: skip


def subsidy_btc(height: Vector) -> Vector:
    """Block subsidy at a height: ``50 / 2 ** floor(height / 210000)``.

    >>> subsidy_btc(np.array([1_049_999.0, 1_050_000.0])).tolist()
    [3.125, 1.5625]
    """
    return np.asarray(FIRST_SUBSIDY_BTC * 0.5 ** np.floor(height / BLOCKS_PER_HALVING))


def issued_btc(height: Vector) -> Vector:
    """All subsidies paid below a height, in BTC (closed form of the halving series)."""
    epoch = np.floor(height / BLOCKS_PER_HALVING)
    past = 2.0 * FIRST_SUBSIDY_BTC * BLOCKS_PER_HALVING * (1.0 - 0.5**epoch)
    return np.asarray(past + (height - epoch * BLOCKS_PER_HALVING) * FIRST_SUBSIDY_BTC * 0.5**epoch)


def height_on(day: date) -> float:
    """Block height of a day at 144 blocks a day from the anchor."""
    return ANCHOR_HEIGHT + BLOCKS_PER_DAY * (day - ANCHOR_DATE).days


def halving_date(number: int) -> date:
    """Day on which the subsidy halves for the ``number``-th time, at 144 blocks a day.

    >>> halving_date(5)
    datetime.date(2028, 4, 12)
    """
    return ANCHOR_DATE + timedelta(days=(number * BLOCKS_PER_HALVING - ANCHOR_HEIGHT) // int(BLOCKS_PER_DAY))


def subsidy_on(day: date) -> float:
    """Block subsidy of a day, in BTC."""
    return float(subsidy_btc(np.array([height_on(day)]))[0])


def total_reward_btc(subsidy: float, fee_share: float) -> float:
    """Subsidy plus fees of a block, from the fees' share of the total: ``subsidy / (1 - share)``."""
    return subsidy / (1.0 - fee_share)


def hashprice_btc_per_ph_day(difficulty: float, reward_btc: float) -> float:
    """``reward * 86400 * 1e15 / (difficulty * 2**32)``: what one PH/s earns in a day.

    A hash finds a block with probability ``1 / (difficulty * 2**32)``, so no block rate enters: 144
    blocks a day over a spot hashrate would be wrong by as much as blocks are slow (13 % in February 2026).
    """
    return reward_btc * SECONDS_PER_DAY * HASHES_PER_PH / (difficulty * HASHES_PER_DIFFICULTY)


def hashprice_usd_per_ph_day(btc_price_usd: float, difficulty: float, reward_btc: float) -> float:
    """Hashprice in dollars: price times :func:`hashprice_btc_per_ph_day`."""
    return btc_price_usd * hashprice_btc_per_ph_day(difficulty, reward_btc)


def hashrate_eh_s(difficulty: float, block_minutes: float = TARGET_BLOCK_MINUTES) -> float:
    """Hashrate that finds a block every ``block_minutes``: ``difficulty * 2**32 / seconds``, in EH/s."""
    return difficulty * HASHES_PER_DIFFICULTY / (block_minutes * 60.0) / 1e18


def block_minutes_at(difficulty: float, hashrate: float) -> float:
    """Mean minutes between blocks at a hashrate in EH/s."""
    return difficulty * HASHES_PER_DIFFICULTY / (hashrate * 1e18) / 60.0


def retarget_factor(block_minutes: float) -> float:
    """Next difficulty over this one: ``10 / minutes``, within [1/4, 4].

    >>> round(retarget_factor(11.6) - 1, 4)
    -0.1379
    """
    return min(RETARGET_LIMIT, max(1.0 / RETARGET_LIMIT, TARGET_BLOCK_MINUTES / block_minutes))


@dataclass(frozen=True)
class NetworkPath:
    """Monthly states 0..M of the network; arrays of shape (M + 1,) or (M + 1, paths)."""

    btc_price_usd: Vector
    subsidy_btc: Vector
    fees_btc: Vector
    entry_cost_usd_per_ph_day: Vector
    installed_eh_s: Vector
    running_eh_s: Vector
    hashprice_usd_per_ph_day: Vector

    @property
    def difficulty(self) -> Vector:
        """Difficulty at which the running hashrate finds a block every ten minutes."""
        return np.asarray(self.running_eh_s * 1e18 * TARGET_BLOCK_MINUTES * 60.0 / HASHES_PER_DIFFICULTY)


def monthly_subsidy_btc(timeline: Timeline) -> Vector:
    """Mean subsidy of the blocks of each month; month 0 is the spot subsidy. Shape (M + 1,)."""
    heights = np.array([height_on(timeline.month_end(m)) for m in range(timeline.months + 1)])
    months = np.diff(issued_btc(heights)) / np.diff(heights)
    return np.concatenate([subsidy_btc(heights[:1]), months])


def foreseen_reward_log_ratio(reward_btc: Vector, look_ahead_months: int = 12) -> Vector:
    """``f_t = ln(mean(R_t .. R_{t+11}) / R_t)``: entrants see the halving coming.

    At the end of the horizon the mean is over what is left.
    """
    total = np.concatenate([[0.0], np.cumsum(reward_btc)])
    last = np.minimum(np.arange(len(reward_btc)) + look_ahead_months, len(reward_btc))
    first = np.arange(len(reward_btc))
    return np.asarray(np.log((total[last] - total[first]) / (last - first) / reward_btc))


REVENUE_PER_EH = BLOCKS_PER_DAY / 1000.0
"""USD/PH/day per (USD/BTC x BTC/block / EH/s): 144 blocks a day shared by 1,000 PH per EH."""


def forward_log(market: Market, timeline: Timeline, field: str, now: float) -> Vector:
    """Logs of a forward curve on the months 0..M, (M + 1,): straight lines in logs from today through its points.

    NaN after the last point, and everywhere where no point gives the figure.
    """
    points = [(p.from_date, getattr(p, field)) for p in market.forward if getattr(p, field) is not None]
    found = np.full(timeline.months + 1, np.nan)
    if not points:
        return found
    days = np.array([timeline.valuation_date.toordinal(), *[day.toordinal() for day, _ in points]], dtype=float)
    logs = np.log(np.array([now, *[value for _, value in points]]))
    ends = np.array([timeline.month_end(m).toordinal() for m in range(timeline.months + 1)], dtype=float)
    inside = ends <= days[-1]
    found[inside] = np.interp(ends[inside], days, logs)
    return found


def expected_btc_price_usd(market: Market, timeline: Timeline) -> Vector:
    """The case's bitcoin price by month, (M + 1,): its forward curve, then its growth from the curve's last month."""
    given = forward_log(market, timeline, "btc_price_usd", market.btc_price_usd)
    known = np.flatnonzero(np.isfinite(given))
    last = int(known[-1]) if known.size else 0
    start = float(np.exp(given[last])) if known.size else market.btc_price_usd
    onward = start * growth_factors(market.btc_growth_per_year, timeline.month_index - last)
    return np.where(np.isfinite(given), np.exp(given), onward)


def given_log_hashprice(market: Market, timeline: Timeline, log_gross: Vector) -> Vector:
    """Logs of the hashprice that forward curves fix, the shape of ``log_gross``; NaN in months that the model answers.

    A hashprice counts before a difficulty, which fixes it through the hashrate that finds a block every ten minutes.
    ``log_gross`` is the log of hashprice times hashrate, (M + 1,) or (M + 1, paths).
    """
    wide = (slice(None),) + (None,) * (log_gross.ndim - 1)
    running_now = float(np.log(hashrate_eh_s(market.difficulty)))
    now = float(np.exp(np.mean(log_gross[0]) - running_now))
    hashprice = forward_log(market, timeline, "hashprice_usd_per_ph_day", now)[wide]
    running = forward_log(market, timeline, "difficulty", market.difficulty)[wide] + np.log(hashrate_eh_s(1.0))
    return np.where(np.isfinite(hashprice), hashprice, log_gross - running)


def network_path(market: Market, timeline: Timeline, btc_price_usd: Vector | None = None) -> NetworkPath:
    """The network month by month.

    With ``a_t = ln P_t + ln(0.144 R_t) - i_t`` (log hashprice if all installed hashrate ``exp(i)`` ran) and
    the entry cost ``h*_t = h*_0 (1 + g) ** (-t / 12)``::

        s_t = min(0, a_t - ln h*_t - ln theta)        ln u_t = e / (1 + e) s_t       ln h_t = a_t - ln u_t
        i_{t+1} = i_t + clip(ln(1 + g) / 12 + kappa / 12 (ln h_t + f_t - ln h*_t), -4 %, +5 %)
                      + ln(1 - phi) / T  while t < T

    ``u`` is the exact solution of ``u = min(1, (h / (theta h*)) ** e)``, so no iteration is needed, and it
    never exceeds 1: a rally cannot switch on machines that do not exist. Without the response,
    hashrate grows at ``g``. The first state reproduces the difficulty given.

    Months for which a forward curve gives hashprice or difficulty take it; installed hashrate follows, and is at least
    what then runs.

    Parameters
    ----------
    btc_price_usd : prices of months 0..M, shape (M + 1,) or (M + 1, paths); by default the market's
        forward curve, then its growth.
    """
    months = timeline.month_index
    price = expected_btc_price_usd(market, timeline) if btc_price_usd is None else btc_price_usd
    wide = (slice(None),) + (None,) * (price.ndim - 1)
    subsidy = monthly_subsidy_btc(timeline)
    fees = np.full_like(subsidy, total_reward_btc(float(subsidy[0]), market.fee_share) - float(subsidy[0]))
    reward = subsidy + fees
    growth = np.log1p(market.network_growth_per_year)
    entry = market.entry_cost_usd_per_ph_day * growth_factors(market.network_growth_per_year, -months)
    gross = np.log(price) + np.log(REVENUE_PER_EH * reward)[wide]
    running_now = np.log(hashrate_eh_s(market.difficulty))
    given = given_log_hashprice(market, timeline, gross)
    if not market.network_responds:
        running = (running_now + growth * months / MONTHS_PER_YEAR)[wide] + np.zeros_like(price)
        running = np.where(np.isfinite(given), gross - given, running)
        return NetworkPath(price, subsidy, fees, entry, np.exp(running), np.exp(running), np.exp(gross - running))

    installed, log_hashprice = responding_network(market, timeline, gross, entry, reward, given)
    return NetworkPath(
        price, subsidy, fees, entry, np.exp(installed), np.exp(gross - log_hashprice), np.exp(log_hashprice)
    )


def responding_network(
    market: Market, timeline: Timeline, log_gross: Vector, entry_cost: Vector, reward_btc: Vector, given: Vector
) -> tuple[Vector, Vector]:
    """The recursion of :func:`network_path`: logs of installed hashrate and of hashprice, the shape of ``log_gross``.

    Time runs along the first axis, so that a month of all paths lies in one piece; every step is done in place.

    Parameters
    ----------
    log_gross : log of hashprice times hashrate, (M + 1,) or (M + 1, paths).
    entry_cost, reward_btc : by month, (M + 1,); of the reward the expected one, by which entrants foresee halvings.
    given : logs of hashprices that a forward curve fixes, of the shape of ``log_gross`` or one column, NaN elsewhere.
    """
    months = timeline.month_index
    elasticity = market.switch_off_elasticity_to_hashprice
    damping = elasticity / (1.0 + elasticity)
    ceiling = np.log(market.full_run_multiple * entry_cost)
    running_now = np.log(hashrate_eh_s(market.difficulty))
    leaving = np.where(
        months < market.leaving_months, np.log1p(-market.hashrate_leaving_for_ai) / market.leaving_months, 0.0
    )
    speed = market.entry_speed_per_year / MONTHS_PER_YEAR
    drift = np.log1p(market.network_growth_per_year) / MONTHS_PER_YEAR
    drift = drift + speed * (foreseen_reward_log_ratio(reward_btc) - np.log(entry_cost))
    wide, given = log_gross.reshape(len(months), -1), given.reshape(len(months), -1)
    fixed = np.asarray(np.isfinite(given).any(axis=1))
    installed, log_hashprice = np.empty_like(wide), np.empty_like(wide)
    level = running_now - elasticity * np.minimum(0.0, wide[0] - running_now - ceiling[0])
    full, step = np.empty_like(level), np.empty_like(level)
    for t in range(len(months)):
        if fixed[t]:
            np.fmax(level, wide[t] - given[t], out=level)
        installed[t] = level
        np.subtract(wide[t], level, out=full)
        np.subtract(full, ceiling[t], out=step)
        np.minimum(step, 0.0, out=step)
        step *= damping
        answered = log_hashprice[t]
        np.subtract(full, step, out=answered)
        if fixed[t]:
            np.copyto(answered, given[t], where=np.isfinite(given[t]))
        np.multiply(answered, speed, out=step)
        step += drift[t]
        np.clip(step, LARGEST_FALL, LARGEST_RISE, out=step)
        step += leaving[t]
        level += step
    return installed.reshape(log_gross.shape), log_hashprice.reshape(log_gross.shape)
