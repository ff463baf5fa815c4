"""What is known of the market at the beginning of each quarter, and the shocks of the quarter that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.risk.futures import Futures
from models.timeline import MONTHS_PER_QUARTER, Vector


@dataclass(frozen=True)
class MarketStates:
    """Arrays (quarters + 1, paths) of states, (quarters, paths) of shocks."""

    hashprice_usd_per_ph_day: Vector
    log_hashprice: Vector
    """Less its mean over the paths."""
    price_deviation: Vector
    """Log of the bitcoin price over its expected path, less its mean."""
    log_power: Vector
    """Log of the level of power prices, less its mean."""
    price_shock: Vector
    """Standard normal: what the quarter's three months do to the bitcoin price, free of jumps."""
    fee_shock: Vector
    power_shock: Vector

    def basis(self, quarter: int) -> Vector:
        """Polynomials of what is known when a quarter begins, (paths, 8): 1, h, x, h2, hx, x2, x3, power."""
        h, x, p = (_standard(a[quarter]) for a in (self.log_hashprice, self.price_deviation, self.log_power))
        return np.stack([np.ones_like(h), h, x, h * h, h * x, x * x, x**3, p], axis=1)

    def surprises(self, quarter: int) -> Vector:
        """Functions of a quarter's shocks whose mean is 0 whatever is known when it begins, (paths, 32).

        State polynomials times Hermite polynomials of the price's shock (He1, He2, He3), and times the other shocks:
        increments of martingales.
        """
        basis, z = self.basis(quarter), self.price_shock[quarter][:, None]
        hermite = (z, z * z - 1.0, z**3 - 3.0 * z)
        parts = [basis * h for h in hermite]
        parts += [basis[:, :4] * self.power_shock[quarter][:, None], basis[:, :4] * self.fee_shock[quarter][:, None]]
        return np.concatenate(parts, axis=1)


def _standard(values: Vector) -> Vector:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def market_states(futures: Futures, quarters: int) -> MarketStates:
    """States of the first quarters of every path."""
    model = futures.market
    kept = model.kept
    last = quarters * MONTHS_PER_QUARTER
    monthly = kept ** np.arange(MONTHS_PER_QUARTER - 1, -1, -1.0)
    monthly /= np.sqrt(np.sum(monthly**2))
    even = np.full(MONTHS_PER_QUARTER, 1.0 / np.sqrt(MONTHS_PER_QUARTER))

    def block(number: int) -> tuple[Vector, ...]:
        paths = model.block(number, futures.sizes[number])
        shocks = paths.shocks[:, :last].reshape(3, quarters, MONTHS_PER_QUARTER, -1)
        return (
            paths.hashprice_usd_per_ph_day[: last + 1 : MONTHS_PER_QUARTER].copy(),
            paths.price_deviation[: last + 1 : MONTHS_PER_QUARTER].copy(),
            np.log(paths.power_level[: last + 1 : MONTHS_PER_QUARTER]),
            *(np.einsum("m,qmp->qp", w, shocks[i]) for i, w in enumerate((monthly, even, even))),
        )

    hashprice, deviation, power, *shock = (
        np.concatenate(p, axis=1) for p in zip(*futures.each_block(block), strict=True)
    )
    log_hashprice = np.log(hashprice)
    return MarketStates(
        hashprice,
        log_hashprice - log_hashprice.mean(axis=1, keepdims=True),
        deviation - deviation.mean(axis=1, keepdims=True),
        power - power.mean(axis=1, keepdims=True),
        *shock,
    )
