"""What a megawatt-hour costs, hour by hour: tariffs as a price-duration curve, and dispatch against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.assumptions import Assumptions, Number, assumption
from models.timeline import Vector, growth_factors


class Power(Assumptions):
    """The site's tariff for mining load; a tenant on a triple-net lease pays for its own power."""

    price_usd_per_mwh: Number = assumption(
        45.0, unit="USD/MWh", ge=-500, le=5_000,
        meaning="All-in price of power at the meter; may be negative",
        source="US wholesale average 38-51 (EIA, November 2025); miners quote 60-80 all-in", dated="2025-11",
    )  # fmt: skip
    escalation_per_year: Number = assumption(
        0.02, unit="per year", ge=-0.5, le=1, meaning="Growth of the power price",
    )  # fmt: skip


@dataclass(frozen=True)
class PriceDurationCurve:
    """Hourly prices reduced to blocks: a price and the share of hours that have it (shares sum to 1)."""

    price_usd_per_mwh: Vector
    share_of_hours: Vector


def flat_curve(power: Power) -> PriceDurationCurve:
    """One block: the same price in every hour."""
    return PriceDurationCurve(np.array([power.price_usd_per_mwh]), np.ones(1))


def price_level(power: Power, month_index: Vector) -> Vector:
    """Power price of each month over that of the valuation date."""
    return growth_factors(power.escalation_per_year, month_index)


def margin_usd_per_mwh(
    revenue_usd_per_mwh: Vector, curve: PriceDurationCurve, level: Vector, variable_opex_usd_per_mwh: float
) -> Vector:
    """Mean margin of an hour when the load runs only in hours that pay.

    ``sum_b w_b max(0, revenue - level p_b - variable opex)``. Shapes: revenue and level (M + 1,) or
    broadcastable; the block axis is summed out.
    """
    cost = level[..., None] * curve.price_usd_per_mwh + variable_opex_usd_per_mwh
    return np.maximum(0.0, revenue_usd_per_mwh[..., None] - cost) @ curve.share_of_hours


def running_share(
    revenue_usd_per_mwh: Vector, curve: PriceDurationCurve, level: Vector, variable_opex_usd_per_mwh: float
) -> Vector:
    """Share of hours in which the load runs: those whose price is below what it earns."""
    cost = level[..., None] * curve.price_usd_per_mwh + variable_opex_usd_per_mwh
    return (revenue_usd_per_mwh[..., None] > cost) @ curve.share_of_hours
