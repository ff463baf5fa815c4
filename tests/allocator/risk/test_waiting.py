"""What waiting with an offer is worth, between its bounds, where nothing is random, and by nested simulation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from allocator.activities import activities
from allocator.case import Case
from allocator.files import load_case
from allocator.risk.futures import Frozen, Futures
from allocator.risk.path_values import PathValues, path_values
from allocator.risk.states import market_states
from allocator.risk.waiting import Pads, WaitingValue, waiting_value
from models.machines import machines_by_name
from models.network import expected_btc_price_usd, network_path
from models.scenarios import Factor
from models.timeline import Timeline
from tests.allocator import small
from tests.allocator.risk.futures_of_small_cases import npv_at_one_rate

PATHS = 2_500
CERTAIN = {"delay_mean_months": 0, "delay_deviation_months": 0, "cancellation_probability": 0,
           "tenant_default_per_year": 0}  # fmt: skip


def two_sets(case: Case, paths: int = PATHS, **given) -> tuple[PathValues, PathValues]:
    """Paths to fit a rule on, and others to value it on."""
    choices = activities(case)
    return tuple(path_values(choices, Futures(case, paths, 1, fresh=f, **given)) for f in (False, True))


@cache
def of_brownfield() -> tuple[PathValues, PathValues]:
    return two_sets(load_case("brownfield"))


def lapsing(values: PathValues, lapse: float) -> PathValues:
    """The same paths where an offer that is not signed lapses with this chance a quarter."""
    choices = values.mapped.choices
    risk = choices.case.risk.model_copy(update={"offer_lapse_per_quarter": lapse})
    case = choices.case.model_copy(update={"risk": risk})
    return replace(values, mapped=replace(values.mapped, choices=replace(choices, case=case)))


@cache
def waiting_in_brownfield(offer: int, fleet: int, lapse: float) -> WaitingValue:
    return waiting_value(*(lapsing(v, lapse) for v in of_brownfield()), offer, fleet)


def rewards_of(values: tuple[PathValues, PathValues], offer: int, fleet: int | None) -> np.ndarray:
    """What each date, and never, brings on the paths of valuation, (dates + 1, paths)."""
    fitted, fresh = values
    pads = Pads(fresh, offer, fleet, like=Pads(fitted, offer, fleet))
    return pads.stopping(market_states(fresh.mapped.futures, max(*pads.dates, 1))).reward


# Between the bounds


@pytest.mark.parametrize("lapse", [0.0, 0.05])
@pytest.mark.parametrize("fleet", [0, 1])
@pytest.mark.parametrize("offer", [0, 1])
def test_the_lower_figure_is_below_the_upper_one_and_near_and_foresight_is_above_both(offer, fleet, lapse):
    found = waiting_in_brownfield(offer, fleet, lapse)
    error = float(np.hypot(found.flexible_error_usd, found.upper_error_usd))
    assert found.flexible_usd <= found.upper_usd + 3 * error
    assert found.gap == pytest.approx((found.upper_usd - found.flexible_usd) / found.flexible_usd, rel=1e-12)
    assert found.gap <= 0.01 + 3 * error / found.flexible_usd
    reward = rewards_of(of_brownfield(), offer, fleet)
    foreseen = reward[-1]
    for d in range(len(reward) - 2, -1, -1):  # knows prices, but not whether the offer lapses
        later = (1 - lapse) * foreseen + lapse * reward[-1] if d < len(reward) - 2 else reward[-1]
        foreseen = np.maximum(reward[d], later)
    assert foreseen.mean() > found.flexible_usd
    assert foreseen.mean() > found.upper_usd - 3 * found.upper_error_usd
    assert found.flexible_usd >= found.best_fixed_usd - 3 * found.option_error_usd
    fixed = [
        (1 - lapse) ** d * r.mean() + (1 - (1 - lapse) ** d) * reward[-1].mean() for d, r in enumerate(reward[:-1])
    ]
    np.testing.assert_allclose(found.fixed_usd, fixed, rtol=1e-9)
    assert found.never_usd == pytest.approx(reward[-1].mean(), rel=1e-9)
    assert found.of_mw(10) == pytest.approx(10 * (found.timing_usd + found.option_usd), rel=1e-9)


def test_an_offer_that_may_lapse_is_worth_no_more_to_wait_with():
    worth = []
    for lapse in (0.0, 0.05, 0.3):
        found = waiting_in_brownfield(1, 1, lapse)
        worth.append(found.flexible_usd)
        assert found.now_usd == pytest.approx(found.fixed_usd[0], rel=1e-12)
    error = 3 * found.flexible_error_usd * 0.2  # the same paths: most of the error is common
    assert worth[0] >= worth[1] - error
    assert worth[1] >= worth[2] - error


# Where nothing is random


@pytest.mark.parametrize("lapse", [0.0, 0.05])
@pytest.mark.parametrize("fleet", [0, 1, None])
@pytest.mark.parametrize("rent", [70, 80, 120])
def test_where_the_market_is_certain_flexibility_is_worth_the_best_fixed_date(lapse, fleet, rent):
    case = small.case(
        horizon_years=8, power={"price_usd_per_mwh": 25}, risk={"offer_lapse_per_quarter": lapse},
        fleets=[small.fleet(remaining_life_years=4), small.fleet(name="Old", machine="S19 XP", remaining_life_years=2)],
        leases=[small.lease(latest_start="2028Q2", rent_usd_per_kw_month=rent)],
    )  # fmt: skip
    found = waiting_value(*two_sets(case, 200, frozen=Frozen(market=frozenset(Factor))), 0, fleet)
    best = max(*found.fixed_usd, found.never_usd)
    assert found.flexible_usd == pytest.approx(best, rel=1e-9)
    assert found.upper_usd == pytest.approx(best, rel=1e-9)
    assert found.best_fixed_usd == pytest.approx(best, rel=1e-3)  # offers' chances are drawn anew on fresh paths
    assert found.flexible_error_usd == pytest.approx(0.0, abs=1e-9 * abs(best))


def test_without_a_fleet_on_the_pads_the_lease_alone_counts():
    fitted, fresh = of_brownfield()
    found = waiting_value(fitted, fresh, 1, None)
    offer = fresh.mapped.case.leases[1]
    first = fresh.mapped.lease_columns[1]
    worth = fresh.mean[first : first + len(found.dates)] / offer.provisioning_ratio
    lapse = fresh.mapped.case.risk.offer_lapse_per_quarter
    np.testing.assert_allclose(found.fixed_usd, (1 - lapse) ** np.arange(len(worth)) * worth, rtol=1e-9)
    assert found.never_usd == 0.0
    assert found.fleet == ""
    assert found.option_usd == pytest.approx(0.0, abs=1e-9 * found.now_usd)
    assert found.facility_mw == pytest.approx(60 * 1.45, rel=1e-12)


def test_an_unsigned_offer_whose_rent_drifts_is_worth_what_its_rent_then_brings():
    drift = -0.08
    offer = small.lease(latest_start="2028Q2", prepaid_rent_months=2, guarantor="Big", guarantor_cap_share=0.3)
    case = small.case(horizon_years=8, leases=[offer], risk={"unsigned_rent_growth_per_year": drift})
    values = two_sets(case, 300)[1]
    found = Pads(values, 0, 0).lease_usd
    for position in (0, 3, len(found) - 1):
        rent = 120 * (1 + drift) ** (position / 4)
        other = small.case(horizon_years=8, leases=[{**offer, "rent_usd_per_kw_month": rent}])
        drawn = two_sets(other, 300)[1]
        mean = drawn.mean[drawn.mapped.lease_columns[0] + position]
        assert found[position] == pytest.approx(mean / 1.25, rel=1e-9)


# By nested simulation

TWO_DATES = {
    "horizon_years": 6, "purchases": [], "power": {"price_usd_per_mwh": 30}, "market": {"btc_price_usd": 90_000},
    "fleets": [small.fleet(remaining_life_years=1, resale_usd_per_th=0)],
}  # fmt: skip
VOLATILITY, HALF_LIFE, RENT = 1.6, 1.0, 84.0


def two_dates(rent: float, lapse: float) -> Case:
    """Signed today or in a quarter, built in two; a fleet of one year mines meanwhile, in its last quarter if never."""
    risk = {**CERTAIN, "btc_volatility_per_year": VOLATILITY, "btc_half_life_years": HALF_LIFE,
            "offer_lapse_per_quarter": lapse}  # fmt: skip
    offer = small.lease(latest_start="2026Q4", build_months=6, deliveries=1, rent_usd_per_kw_month=rent)
    return small.case(**TWO_DATES, leases=[offer], risk=risk)


@cache
def simulated(states: int, inner: int) -> np.ndarray:
    """Margins of a facility MW in the first four quarters, (4, states, inner), written anew.

    The first quarter of a state is the same for all its continuations.
    """
    case = two_dates(RENT, 0.0)
    timeline = Timeline(case.valuation_date, 2)
    kept = 0.5 ** (1 / (12 * HALF_LIFE))
    speed = np.log(2) / HALF_LIFE
    deviation = VOLATILITY * np.sqrt((1 - kept**2) / (2 * speed))
    random = np.random.default_rng(99)
    x = np.zeros((timeline.months + 1, states, inner))
    for month in range(1, timeline.months + 1):
        shock = random.standard_normal((states, 1 if month <= 3 else inner))
        x[month] = kept * x[month - 1] + deviation * shock
    years = timeline.month_index / 12
    variance = VOLATILITY**2 * (1 - np.exp(-2 * speed * years)) / (2 * speed)
    price = expected_btc_price_usd(case.market, timeline)[:, None] * np.exp(
        x.reshape(timeline.months + 1, -1) - variance[:, None] / 2
    )
    hashprice = network_path(case.market, timeline, price).hashprice_usd_per_ph_day[1:13]
    month = np.arange(1, 13)[:, None]
    at_meter = machines_by_name()["S21"].efficiency_j_per_th * 1.06
    revenue = hashprice * 1_000 / (24 * at_meter) * 0.99
    run = np.maximum(0.0, revenue - 2 - 30 * 1.02 ** (month / 12)) * (365.25 * 2) * 0.97
    cash = 0.79 * (run - 25_000 / 12 * 1.02 ** (month / 12)) / 1.07 ** (month / 12)
    return cash.reshape(4, 3, states, inner).sum(axis=1)


@pytest.mark.parametrize("lapse", [0.0, 0.3])
def test_two_dates_are_worth_what_nested_simulation_says(lapse):
    case = two_dates(RENT, lapse)
    frozen = Frozen(market=frozenset({Factor.FEES, Factor.POWER}))
    found: WaitingValue = waiting_value(*two_sets(case, 10_000, frozen=frozen), 0, 0)
    choices = activities(case)
    lease = npv_at_one_rate(choices)[choices.hosting] / 1.25
    assert len(lease) == len(found.dates) == 2

    quarter = simulated(2_000, 150)
    gain = lease[1] - quarter[3]  # of signing at the second date over never
    half = gain.shape[1] // 2
    signs = [(part.mean(axis=1) > 0)[:, None] for part in (gain[:, :half], gain)]
    brought = [(gain[:, half:] * signs[0]).mean(axis=1), (gain * signs[1]).mean(axis=1)]  # too little, too much
    low, high = ((1 - lapse) * b.mean() for b in brought)
    errors = [b.std(ddof=1) / np.sqrt(len(b)) for b in brought]
    of_paths = (gain * signs[1]).std(ddof=1) / np.sqrt(10_000)  # the engine has one continuation a path
    slack = 4 * float(np.hypot(max(errors), of_paths))
    never = quarter.sum(axis=0).mean(axis=1)
    assert abs(found.never_usd - never.mean()) <= 4 * np.hypot(
        never.std(ddof=1) / np.sqrt(len(never)), quarter.sum(axis=0).std(ddof=1) / np.sqrt(10_000)
    )
    assert found.now_usd < found.never_usd  # so that today it is best to wait
    assert low - slack <= found.flexible_usd - found.never_usd <= high + slack
    assert found.upper_usd >= found.never_usd + low - slack - 3 * found.upper_error_usd
    assert found.gap <= 0.03
    signs_always = (1 - lapse) * float(gain.mean())
    assert low > max(0.0, signs_always) + 4 * max(errors)  # to react is worth more than either fixed plan
    assert found.triggers[0].hashprice_usd_per_ph_day is None
    threshold = found.triggers[1].hashprice_usd_per_ph_day
    assert threshold is not None
    assert 0.0 < threshold < np.inf
