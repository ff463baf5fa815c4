"""What a megawatt-hour costs, hour by hour, and when a mining load runs against it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.assumptions import Assumptions, Number, assumption
from models.hourly_prices import CALENDAR_MONTHS, DispatchCurve, HourlyPrices, dispatch_curve
from models.timeline import HOURS_PER_MONTH, MONTHS_PER_YEAR, Timeline, Vector, growth_factors

HOURS_PER_YEAR = HOURS_PER_MONTH * MONTHS_PER_YEAR
CalendarMonths = NDArray[np.int_]
"""0 for January to 11 for December, by month of a timeline."""
OutageHours = Annotated[Number, Field(ge=0, le=744)]


class Power(Assumptions):
    """The site's tariff for mining load; a tenant on a triple-net lease pays for its own power."""

    price_usd_per_mwh: Number = assumption(
        45.0, unit="USD/MWh", ge=-500, le=5_000,
        meaning="Price of energy at the meter in every hour, where no hourly prices are given; may be negative",
        source="US wholesale average 38-51 (EIA, November 2025); miners quote 60-80 all-in", dated="2025-11",
    )  # fmt: skip
    escalation_per_year: Number = assumption(
        0.02, unit="per year", ge=-0.5, le=1, meaning="Growth of everything that power costs and earns",
    )  # fmt: skip
    hourly_prices: HourlyPrices | None = assumption(
        None, unit="USD/MWh",
        meaning="A CSV of hourly or shorter prices, or {months = [12 lists]} such as 12 x 24; instead of one price",
    )  # fmt: skip
    transmission_usd_per_mwh: Number = assumption(
        0.0, unit="USD/MWh", ge=-100, le=1_000, meaning="Transmission and distribution per MWh used, beside the energy",
    )  # fmt: skip
    riders_usd_per_mwh: Number = assumption(
        0.0, unit="USD/MWh", ge=-100, le=1_000, meaning="Riders, losses and taxes per MWh used, beside the energy",
    )  # fmt: skip
    demand_charge_usd_per_kw_month: Number = assumption(
        0.0, unit="USD/kW-month", ge=0, le=200, meaning="Demand charge of a month in which the machines run at all",
    )  # fmt: skip
    demand_response_usd_per_mw_year: Number = assumption(
        0.0, unit="USD/facility MW-year", ge=0, le=1e6, meaning="Paid to mining load for standing ready to switch off",
    )  # fmt: skip
    curtailment_hours_per_year: Number = assumption(
        0.0, unit="hours per year", ge=0, le=4_000,
        meaning="Hours a year in which the grid calls mining load off, evenly over the months: the dearest of each",
    )  # fmt: skip
    curtailment_credit_usd_per_mwh: Number = assumption(
        0.0, unit="USD/MWh", ge=0, le=10_000,
        meaning="Paid to mining load for each MWh not used when called off that it would have used",
    )  # fmt: skip
    outage_hours: tuple[OutageHours, ...] = assumption(
        (), unit="hours a month",
        meaning="Hours of forced outage in each calendar month, January first (a winter storm); twelve numbers or none",
    )  # fmt: skip


def dispatch_curves(power: Power) -> tuple[DispatchCurve, ...]:
    """One curve a calendar month, January first; a single one where every month is the same."""
    if power.hourly_prices is None:
        return (dispatch_curve(np.array([power.price_usd_per_mwh])),)
    return tuple(dispatch_curve(np.array(month)) for month in power.hourly_prices.months)


def mean_price_usd_per_mwh(power: Power) -> float:
    """Time-average of the energy price over the months, without adders."""
    return float(np.mean([curve.mean_price_usd_per_mwh for curve in dispatch_curves(power)]))


def paid_price_usd_per_mwh(power: Power, timeline: Timeline) -> Vector:
    """Price of a steady load with transmission and riders in each month 0..M: mean of the month x price level."""
    curves = dispatch_curves(power)
    means = np.array([curve.mean_price_usd_per_mwh for curve in curves])
    by_month = means[calendar_months(timeline)] if len(curves) > 1 else means[0]
    return np.asarray((by_month + adders_usd_per_mwh(power)) * price_level(power, timeline.month_index))


def adders_usd_per_mwh(power: Power) -> float:
    """What every MWh costs beside its energy: transmission and riders."""
    return power.transmission_usd_per_mwh + power.riders_usd_per_mwh


def called_off_share(power: Power) -> float:
    """Share of time in which the grid calls mining load off."""
    return power.curtailment_hours_per_year / HOURS_PER_YEAR


def price_level(power: Power, month_index: Vector) -> Vector:
    """Power prices of each month over those of the valuation date: ``(1 + g) ** (m / 12)``."""
    return growth_factors(power.escalation_per_year, month_index)


def calendar_months(timeline: Timeline) -> CalendarMonths:
    """Calendar month, 0 for January, in which each month 0..M of the timeline begins."""
    first = timeline.valuation_date.month - 1
    return np.asarray((first + np.arange(timeline.months + 1) - 1) % CALENDAR_MONTHS)


def margin_usd_per_mwh(
    net_revenue_usd_per_mwh: Vector, power: Power, level: Vector, calendar_month: CalendarMonths
) -> Vector:
    """Mean margin of an hour when the load runs only in hours that pay.

    With the energy price ``L p_i`` of hour ``i``, adders ``L a`` and called-off hours being the dearest::

        sum over hours not called off of w_i max(0, revenue - L (p_i + a)) + share called off x L x credit x baseline

    The baseline is the share of the other hours in which the load runs: what never runs is paid nothing.

    Parameters
    ----------
    net_revenue_usd_per_mwh : what an MWh earns less variable opex, (M + 1,) or (M + 1, n).
    level : price level of each month, (M + 1,), or of each month and column, (M + 1, n).
    calendar_month : calendar month (0..11) of each month, (M + 1,).
    """
    if level.ndim < net_revenue_usd_per_mwh.ndim:
        level = level[(slice(None),) + (None,) * (net_revenue_usd_per_mwh.ndim - 1)]
    called = called_off_share(power)
    worth = net_revenue_usd_per_mwh / level - adders_usd_per_mwh(power)
    curves = dispatch_curves(power)
    if len(curves) == 1:
        found = _margin_with_credit(power, curves[0], worth, called)
    else:
        found = np.empty_like(worth)
        for month, curve in enumerate(curves):
            now = calendar_month == month
            found[now] = _margin_with_credit(power, curve, worth[now], called)
    return np.asarray(found * level)


def _margin_with_credit(power: Power, curve: DispatchCurve, worth: Vector, called: float) -> Vector:
    margin = curve.margin_usd_per_mwh(worth, 1.0 - called)
    if called == 0.0:
        return margin
    baseline = curve.running_share(worth, 1.0 - called) / (1.0 - called)
    return margin + called * power.curtailment_credit_usd_per_mwh * baseline


def demand_charge_usd_per_mw_month(power: Power, level: Vector) -> Vector:
    """Demand charge of a facility MW in a month in which it runs."""
    return power.demand_charge_usd_per_kw_month * 1000.0 * level


def demand_response_usd(power: Power, level: Vector) -> Vector:
    """Monthly payment to a facility MW of mining load for standing ready."""
    return power.demand_response_usd_per_mw_year / MONTHS_PER_YEAR * level


def available_share(power: Power, calendar_month: CalendarMonths) -> Vector:
    """Share of a month without forced outage: ``1 - outage hours / hours in a month``."""
    if not power.outage_hours:
        return np.ones(len(calendar_month))
    return np.asarray(1.0 - np.array(power.outage_hours)[calendar_month] / HOURS_PER_MONTH)
