"""Joint random paths of a market: bitcoin price, fees, the network's answer on every path, power price.

Every path is the case's expected path times a random factor of mean one, so that with all volatilities at zero a path
*is* the case, and the mean of the paths is it again. Paths come in blocks, each from its own seed: neither the number
of workers nor the number of paths changes a path that was there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.assumptions import Assumptions, Number, assumption
from models.network import (
    REVENUE_PER_EH,
    Market,
    expected_btc_price_usd,
    given_log_hashprice,
    monthly_subsidy_btc,
    responding_network,
    total_reward_btc,
)
from models.network import hashrate_eh_s as hashrate_of_difficulty
from models.timeline import MONTHS_PER_YEAR, Timeline, Vector, growth_factors

PATHS_PER_BLOCK = 2_500
MARKET_STREAM = 0
"""First of a seed's streams of random numbers; those of the offers follow it."""


class PriceProcess(StrEnum):
    """How the bitcoin price strays from its expected path."""

    MEAN_REVERTING = "mean reverting"
    GEOMETRIC = "geometric brownian"


class Draws(StrEnum):
    """How normal variates are drawn."""

    RANDOM = "random"
    ANTITHETIC = "antithetic"


class Factor(StrEnum):
    """What a path of the market draws; one that is frozen stays at its expectation."""

    BTC_PRICE = "bitcoin price"
    FEES = "transaction fees"
    POWER = "power price"


class Risk(Assumptions):
    """What is uncertain, and how the tail is measured."""

    price_process: PriceProcess = assumption(
        PriceProcess.MEAN_REVERTING, unit="",
        meaning="How the bitcoin price strays from its expected path: " + " or ".join(PriceProcess),
    )  # fmt: skip
    btc_volatility_per_year: Number = assumption(
        0.55, unit="per sqrt(year)", ge=0, le=3, meaning="Volatility of the bitcoin price",
        source="30-60 % realised over 2024-25 (JPMorgan); the fall of October 2025 suggests the upper half",
        status="derived", dated="2025",
    )  # fmt: skip
    btc_half_life_years: Number = assumption(
        4.0, unit="years", ge=0.1, le=100,
        meaning="Time in which half of a deviation from the expected price is gone, if it reverts",
    )  # fmt: skip
    btc_jumps_per_year: Number = assumption(
        0.0, unit="per year", ge=0, le=24, meaning="Jumps of the price a year, beside its volatility; 0 for none",
    )  # fmt: skip
    btc_jump_mean: Number = assumption(
        -0.15, unit="log", ge=-2, le=2, meaning="Mean of a jump in the logarithm of the price",
    )  # fmt: skip
    btc_jump_deviation: Number = assumption(
        0.15, unit="log", ge=0, le=2, meaning="Standard deviation of a jump in the logarithm of the price",
    )  # fmt: skip
    fee_deviation: Number = assumption(
        0.6, unit="log", ge=0, le=3, meaning="Standard deviation of the logarithm of fees in BTC a block",
    )  # fmt: skip
    fee_half_life_years: Number = assumption(
        0.5, unit="years", ge=0.02, le=100, meaning="Time in which half of a deviation of fees is gone",
    )  # fmt: skip
    power_volatility_per_year: Number = assumption(
        0.25, unit="per sqrt(year)", ge=0, le=3,
        meaning="Volatility of the level of power prices; 0 where the price is contracted",
    )  # fmt: skip
    power_half_life_years: Number = assumption(
        1.0, unit="years", ge=0.02, le=100, meaning="Time in which half of a deviation of power prices is gone",
    )  # fmt: skip
    power_spike_months_per_year: Number = assumption(
        0.2, unit="months per year", ge=0, le=12, meaning="Months a year with a spike of power prices",
    )  # fmt: skip
    power_spike_multiple: Number = assumption(
        3.0, unit="x", ge=1, le=100, meaning="Power price of such a month over that of other months",
    )  # fmt: skip
    btc_fee_correlation: Number = assumption(
        0.3, unit="", ge=-1, le=1, meaning="Correlation of shocks to bitcoin price and fees",
    )  # fmt: skip
    btc_power_correlation: Number = assumption(
        0.0, unit="", ge=-1, le=1, meaning="Correlation of shocks to bitcoin price and power price",
    )  # fmt: skip
    fee_power_correlation: Number = assumption(
        0.0, unit="", ge=-1, le=1, meaning="Correlation of shocks to fees and power price",
    )  # fmt: skip
    tenant_default_per_year: Number = assumption(
        0.01, unit="probability per year", ge=0, lt=1,
        meaning="Chance a year that a tenant stops paying, for offers that state none: here it is no part of the rate",
        source="no default of such a lease found in sources; between BBB- and B of rated companies", dated="2026",
        because="it is a probability",
    )  # fmt: skip
    delay_mean_months: Number = assumption(
        3.0, unit="months", ge=0, le=36, meaning="Mean delay of a delivery, for offers that state none",
    )  # fmt: skip
    delay_deviation_months: Number = assumption(
        3.0, unit="months", ge=0, le=36, meaning="Standard deviation of that delay",
    )  # fmt: skip
    cancellation_probability: Number = assumption(
        0.03, unit="probability", ge=0, le=1,
        meaning="Chance that a lease falls away before delivery, for offers that state none",
        because="it is a probability",
    )  # fmt: skip
    tail_level: Number = assumption(
        0.95, unit="share of paths", gt=0, lt=1,
        meaning="CVaR is the mean of the worst 1 - this share of the paths",
        because="at 1 no path is left to take the mean of, at 0 it is the mean of all",
    )  # fmt: skip
    least_cvar_usd: Number | None = assumption(
        None, unit="USD", ge=-1e12, le=1e12, meaning="CVaR that every plan must have at least; absent for none",
    )  # fmt: skip
    offer_lapse_per_quarter: Number = assumption(
        0.05, unit="probability per quarter", ge=0, lt=1,
        meaning="Chance a quarter that an offer not signed is withdrawn", because="it is a probability",
    )  # fmt: skip
    unsigned_rent_growth_per_year: Number = assumption(
        0.0, unit="per year", ge=-0.5, le=0.5, meaning="Change a year of the rent that an unsigned offer would bring",
    )  # fmt: skip

    @property
    def correlation(self) -> Vector:
        """Of the shocks to bitcoin price, fees and power, (3, 3)."""
        bf, bp, fp = self.btc_fee_correlation, self.btc_power_correlation, self.fee_power_correlation
        return np.array([[1.0, bf, bp], [bf, 1.0, fp], [bp, fp, 1.0]])


def correlation_root(risk: Risk) -> Vector:
    """Lower triangular ``L`` with ``L L'`` the correlation, (3, 3).

    Raises
    ------
    numpy.linalg.LinAlgError
        If no three variables can be so correlated: the matrix is not positive definite.
    """
    return np.asarray(np.linalg.cholesky(risk.correlation), dtype=float)


def generator(seed: int, stream: int, block: int) -> np.random.Generator:
    """The random numbers of one block of one stream; a pure function of its arguments."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream, block))))


def normals(random: np.random.Generator, shape: tuple[int, ...], draws: Draws) -> Vector:
    """Standard normal variates; antithetic ones come with their mirror images in the last axis's other half."""
    if draws is Draws.RANDOM:
        return random.standard_normal(shape)
    half = random.standard_normal((*shape[:-1], -(-shape[-1] // 2)))
    return np.concatenate([half, -half], axis=-1)[..., : shape[-1]]


def reversion_per_month(half_life_years: float) -> float:
    """Share of a deviation that is left after a month: ``2 ** (-1 / (12 half-life))``."""
    return float(2.0 ** (-1.0 / (MONTHS_PER_YEAR * half_life_years)))


def monthly_deviation(volatility_per_year: float, kept: float) -> float:
    """Standard deviation of a month's shock: exact for an Ornstein-Uhlenbeck process of which ``kept`` is left.

    ``sigma sqrt((1 - a^2) / (2 k))`` with ``k = -12 ln a``; ``sigma / sqrt(12)`` where nothing reverts.
    """
    if kept == 1.0:
        return volatility_per_year / float(np.sqrt(MONTHS_PER_YEAR))
    speed = -MONTHS_PER_YEAR * np.log(kept)
    return volatility_per_year * float(np.sqrt((1.0 - kept**2) / (2.0 * speed)))


def log_variance(deviation: float, kept: float, months: int) -> Vector:
    """Variance of the deviation after 0..M months, (M + 1,): ``s^2 (1 + a^2 + .. + a^(2 (m - 1)))``."""
    return np.concatenate([[0.0], np.cumsum(deviation**2 * kept ** (2.0 * np.arange(months)))])


def jump_compensator(risk: Risk, kept: float, months: int) -> Vector:
    """Log of the mean of what jumps do to the price by month, (M + 1,).

    ``sum_{i < m} lambda / 12 (E[exp(a^i J)] - 1)`` with ``J`` normal: a jump decays as any other deviation does.
    """
    left = kept ** np.arange(months)
    growth = np.exp(left * risk.btc_jump_mean + 0.5 * (left * risk.btc_jump_deviation) ** 2) - 1.0
    return np.concatenate([[0.0], np.cumsum(risk.btc_jumps_per_year / MONTHS_PER_YEAR * growth)])


Shocks = tuple[tuple[float, Vector], ...]
"""Weights and standard normal variates, (M, paths), whose weighted sum drives a process."""


def _accumulated(shocks: Shocks, kept: float) -> Vector:
    """Deviations 0..M, (M + 1, paths): ``x_m = a x_{m - 1} + sum_i w_i shock_i,m``; weights of 0 cost nothing."""
    weighted = [(weight, shock) for weight, shock in shocks if weight]
    months, paths = shocks[0][1].shape
    found, part = np.empty((months + 1, paths)), np.empty(paths)
    found[0] = 0.0
    for m in range(months):
        now = np.multiply(found[m], kept, out=found[m + 1])
        for weight, shock in weighted:
            now += np.multiply(shock[m], weight, out=part)
    return found


@dataclass(frozen=True)
class MarketPaths:
    """A block of paths by month, arrays (M + 1, paths)."""

    btc_price_usd: Vector
    fees_btc: Vector
    hashprice_usd_per_ph_day: Vector
    power_level: Vector
    """Power price over the case's own."""
    price_deviation: Vector
    """Log of the price over its expected path, without the correction for the mean: a sum of shocks."""
    shocks: Vector
    """Standard normal shocks of months 1..M to bitcoin price, fees and power, uncorrelated, (3, M, paths)."""


@dataclass(frozen=True)
class MarketModel:
    """Draws blocks of paths for a market; what all blocks share is computed once."""

    risk: Risk
    market: Market
    timeline: Timeline
    seed: int
    draws: Draws = Draws.RANDOM
    frozen: frozenset[Factor] = frozenset()

    @property
    def kept(self) -> float:
        """Share of a deviation of the price that is left after a month."""
        reverts = self.risk.price_process is PriceProcess.MEAN_REVERTING
        return reversion_per_month(self.risk.btc_half_life_years) if reverts else 1.0

    def block(self, number: int, paths: int = PATHS_PER_BLOCK) -> MarketPaths:
        """The first ``paths`` paths of a block."""
        months, random = self.timeline.months, generator(self.seed, MARKET_STREAM, number)
        shocks = normals(random, (3, months, PATHS_PER_BLOCK), self.draws)
        jumps = self._jumps(random)
        spikes = random.random((months, PATHS_PER_BLOCK))
        shocks, spikes = shocks[..., :paths], spikes[:, :paths]
        root = correlation_root(self.risk)
        log_factor, deviation = self._log_price(shocks[0], None if jumps is None else jumps[:, :paths])
        log_price = log_factor
        log_price += np.log(expected_btc_price_usd(self.market, self.timeline))[:, None]
        fees = self._fees(tuple(zip(root[1, :2], shocks[:2], strict=True)))
        power = self._power(tuple(zip(root[2], shocks, strict=True)), spikes)
        log_hashprice = self._log_hashprice(log_price, fees)
        return MarketPaths(
            np.exp(log_price, out=log_price), fees, np.exp(log_hashprice, out=log_hashprice), power, deviation, shocks
        )

    def _jumps(self, random: np.random.Generator) -> Vector | None:
        """Sums of jumps in each month, (M, paths)."""
        risk = self.risk
        if risk.btc_jumps_per_year == 0.0:
            return None
        shape = (self.timeline.months, PATHS_PER_BLOCK)
        count = random.poisson(risk.btc_jumps_per_year / MONTHS_PER_YEAR, shape)
        return np.asarray(
            count * risk.btc_jump_mean + np.sqrt(count) * risk.btc_jump_deviation * random.standard_normal(shape)
        )

    def _log_price(self, shocks: Vector, jumps: Vector | None) -> tuple[Vector, Vector]:
        """Log of the price over its mean, and the deviation itself; (M + 1, paths)."""
        if Factor.BTC_PRICE in self.frozen:
            still = np.zeros((len(shocks) + 1, shocks.shape[1]))
            return still, still.copy()
        kept = self.kept
        deviation = monthly_deviation(self.risk.btc_volatility_per_year, kept)
        correction = 0.5 * log_variance(deviation, kept, len(shocks))
        terms: Shocks = ((deviation, shocks),)
        if jumps is not None:
            terms = (*terms, (1.0, jumps))
            correction = correction + jump_compensator(self.risk, kept, len(shocks))
        found = _accumulated(terms, kept)
        return found - correction[:, None], found

    def _fees(self, shocks: Shocks) -> Vector:
        """Fees in BTC a block by month, (M + 1, paths)."""
        subsidy = float(monthly_subsidy_btc(self.timeline)[0])
        mean = total_reward_btc(subsidy, self.market.fee_share) - subsidy
        if Factor.FEES in self.frozen:
            return np.full((self.timeline.months + 1, shocks[0][1].shape[1]), mean)
        kept = reversion_per_month(self.risk.fee_half_life_years)
        deviation = self.risk.fee_deviation * float(np.sqrt(1.0 - kept**2))
        return _log_normal(shocks, deviation, kept, mean)

    def _power(self, shocks: Shocks, spikes: Vector) -> Vector:
        """Level of power prices by month over the case's own, (M + 1, paths); its mean is 1."""
        if Factor.POWER in self.frozen:
            return np.ones((len(spikes) + 1, spikes.shape[1]))
        risk, kept = self.risk, reversion_per_month(self.risk.power_half_life_years)
        level = _log_normal(shocks, monthly_deviation(risk.power_volatility_per_year, kept), kept, 1.0)
        chance = risk.power_spike_months_per_year / MONTHS_PER_YEAR
        usual = 1.0 / (1.0 + chance * (risk.power_spike_multiple - 1.0))
        level[1:] *= np.where(spikes < chance, usual * risk.power_spike_multiple, usual)
        return level

    def _log_hashprice(self, log_price: Vector, fees: Vector) -> Vector:
        """Log of hashprice by month as :func:`models.network.network_path` answers a path's price and fees.

        Months that a forward curve fixes are the same on every path: they are sold forward. Entrants foresee the
        expected reward, not the path's.
        """
        market, timeline = self.market, self.timeline
        subsidy, months = monthly_subsidy_btc(timeline), timeline.month_index
        now = float(subsidy[0])
        expected = subsidy + (total_reward_btc(now, market.fee_share) - now)
        gross = fees + subsidy[:, None]
        gross *= REVENUE_PER_EH
        np.log(gross, out=gross)
        gross += log_price
        given = given_log_hashprice(market, timeline, gross) if market.forward else np.full((len(months), 1), np.nan)
        if market.network_responds:
            entry = market.entry_cost_usd_per_ph_day * growth_factors(market.network_growth_per_year, -months)
            return responding_network(market, timeline, gross, entry, expected, given)[1]
        running = np.log(hashrate_of_difficulty(market.difficulty))
        running = running + np.log1p(market.network_growth_per_year) * months / MONTHS_PER_YEAR
        return np.where(np.isfinite(given), given, gross - running[:, None])


def _log_normal(shocks: Shocks, deviation: float, kept: float, mean: float) -> Vector:
    """A log-normal process of mean ``mean`` whose deviations revert, (M + 1, paths)."""
    if mean <= 0.0:
        return np.zeros((len(shocks[0][1]) + 1, shocks[0][1].shape[1]))
    found = _accumulated(tuple((deviation * weight, shock) for weight, shock in shocks), kept)
    found += (np.log(mean) - 0.5 * log_variance(deviation, kept, len(found) - 1))[:, None]
    return np.exp(found, out=found)
