"""Dispatch against a price file: one search a month and machine beside a loop over the hours."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import Timed, best, table
from models.hourly_prices import HourlyPrices
from models.power import Power, calendar_months, dispatch_curves, margin_usd_per_mwh, price_level
from models.timeline import Timeline, date

MACHINES = 4
TIMELINE = Timeline(date(2026, 2, 7), 20)
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def main() -> None:
    rng = np.random.default_rng(1)
    for per_hour in (1, 4):
        months = tuple(tuple((rng.gamma(1.2, 40.0, d * 24 * per_hour) - 10).tolist()) for d in DAYS)
        power = Power(hourly_prices=HourlyPrices(months=months))
        level, calendar = price_level(power, TIMELINE.month_index), calendar_months(TIMELINE)
        net = rng.uniform(0, 150, (TIMELINE.months + 1, MACHINES))
        arrays = [np.array(m) for m in months]

        def hour_by_hour(net=net, arrays=arrays, level=level, calendar=calendar) -> np.ndarray:
            found = np.empty_like(net)
            for m in range(len(net)):
                cost = level[m] * arrays[calendar[m]]
                for k in range(MACHINES):
                    found[m, k] = np.maximum(0.0, net[m, k] - cost).mean()
            return found

        def ours(net=net, power=power, level=level, calendar=calendar) -> np.ndarray:
            return margin_usd_per_mwh(net, power, level, calendar)

        worst = np.max(np.abs(ours() - hour_by_hour()) / (1e-300 + hour_by_hour().max()))
        curves = best("building the twelve curves", lambda power=power: _rebuilt(power))
        base = best("evaluating 240 months x 4 machines", ours)
        others: list[Timed] = [best("hour by hour in numpy", hour_by_hour, runs=3), curves]
        print(table(f"Dispatch against {8760 * per_hour:,} prices (largest difference {worst:.0e})", base, others))


def _rebuilt(power: Power) -> object:
    return dispatch_curves(power.model_copy(update={"escalation_per_year": power.escalation_per_year + 1e-12}))


if __name__ == "__main__":
    main()
