"""The network, against block counting, closed forms, and a scalar simulation that solves each month by bisection."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import network
from models.network import (
    ANCHOR_DATE,
    ANCHOR_HEIGHT,
    Market,
    block_minutes_at,
    foreseen_reward_log_ratio,
    halving_date,
    hashprice_btc_per_ph_day,
    hashprice_usd_per_ph_day,
    hashrate_eh_s,
    height_on,
    issued_btc,
    monthly_subsidy_btc,
    network_path,
    retarget_factor,
    subsidy_btc,
    total_reward_btc,
)
from models.timeline import Timeline

TWENTY_YEARS = Timeline(date(2026, 2, 7), 20)


# Subsidy and halvings


@pytest.mark.parametrize(
    ("height", "subsidy"),
    [
        (0, 50.0),
        (209_999, 50.0),
        (210_000, 25.0),
        (420_000, 12.5),
        (630_000, 6.25),
        (840_000, 3.125),  # 20 April 2024
        (1_049_999, 3.125),
        (1_050_000, 1.5625),
        (1_260_000, 0.78125),
    ],
)
def test_the_subsidy_halves_every_210_000_blocks(height, subsidy):
    assert subsidy_btc(np.array([float(height)]))[0] == subsidy


def test_issued_btc_is_the_sum_of_every_blocks_subsidy():
    heights = np.arange(1_400_000, dtype=np.int64)
    subsidies = 50.0 / 2.0 ** (heights // 210_000)
    below = np.concatenate([[0.0], np.cumsum(subsidies)])
    for height in (0, 1, 209_999, 210_000, 210_001, 935_424, 1_049_999, 1_050_000, 1_399_999):
        assert issued_btc(np.array([float(height)]))[0] == pytest.approx(below[height], rel=1e-12, abs=1e-9)


def test_no_more_than_21_million_bitcoin_are_ever_issued():
    assert issued_btc(np.array([210_000.0 * 40]))[0] == pytest.approx(21_000_000, rel=1e-10)


def test_the_next_halving_is_within_the_spread_of_published_estimates():
    # 31 March to 17 April 2028: coinpost.ai, damepsp, bitcoinreservestrategies, mooch.fm, Binance Square.
    assert date(2028, 3, 31) <= halving_date(5) <= date(2028, 4, 17)
    assert halving_date(5) == date(2028, 4, 12)  # 114,576 blocks from 935,424 at 144 a day: 795.7 days


def test_halvings_are_1458_days_apart_at_ten_minutes_a_block():
    days = [(halving_date(n + 1) - halving_date(n)).days for n in (5, 6, 7)]
    assert all(abs(d - 210_000 / 144) <= 1 for d in days)


def test_the_subsidy_halves_in_the_course_of_the_halving_date():
    for number in range(5, 9):
        day = halving_date(number)
        morning, next_morning = height_on(day), height_on(date.fromordinal(day.toordinal() + 1))
        assert morning <= number * 210_000 < next_morning


def test_a_months_subsidy_is_the_mean_over_its_blocks():
    timeline = Timeline(ANCHOR_DATE, 3)
    monthly = monthly_subsidy_btc(timeline)
    assert monthly[0] == 3.125
    for m in range(1, timeline.months + 1):
        first, last = (ANCHOR_HEIGHT + 144 * (timeline.month_end(k) - ANCHOR_DATE).days for k in (m - 1, m))
        blocks = np.arange(first, last)
        assert monthly[m] == pytest.approx(np.mean(50.0 / 2.0 ** (blocks // 210_000)), rel=1e-9)


def test_entrants_foresee_the_mean_reward_of_the_next_twelve_months():
    reward = np.array([3.0] * 20 + [1.5] * 10)
    found = foreseen_reward_log_ratio(reward)
    for t in range(len(reward)):
        assert found[t] == pytest.approx(
            math.log(sum(reward[t : t + 12]) / len(reward[t : t + 12]) / reward[t]), abs=1e-12
        )


# Hashprice, hashrate, retargets

DIFFICULTIES = st.floats(1e12, 1e16)


def test_hashprice_of_a_hand_calculation():
    # 1e15 x 86400 / (125.86e12 x 4294967296) = 1.5983e-4 blocks a day; x 3.125 BTC x 71,000 USD.
    expected = 71_000 * 3.125 * 86_400 * 1e15 / (125.86e12 * 4_294_967_296)
    assert hashprice_usd_per_ph_day(71_000, 125.86e12, 3.125) == pytest.approx(expected, rel=1e-12)


@given(DIFFICULTIES, st.floats(4, 30))
def test_hashprice_times_hashrate_is_the_miners_daily_revenue(difficulty, minutes):
    revenue_btc = hashprice_btc_per_ph_day(difficulty, 3.14) * hashrate_eh_s(difficulty, minutes) * 1000
    assert revenue_btc == pytest.approx(1440 / minutes * 3.14, rel=1e-9)


@given(DIFFICULTIES, st.floats(4, 30))
def test_block_minutes_and_hashrate_are_inverses(difficulty, minutes):
    assert block_minutes_at(difficulty, hashrate_eh_s(difficulty, minutes)) == pytest.approx(minutes, rel=1e-12)


@given(DIFFICULTIES, st.floats(1.5, 10), st.floats(1, 1e6))
def test_hashprice_is_proportional_to_price_and_reward_and_inverse_to_difficulty(difficulty, factor, price):
    base = hashprice_usd_per_ph_day(price, difficulty, 3.125)
    assert hashprice_usd_per_ph_day(price * factor, difficulty, 3.125) == pytest.approx(base * factor, rel=1e-12)
    assert hashprice_usd_per_ph_day(price, difficulty * factor, 3.125) == pytest.approx(base / factor, rel=1e-12)
    assert hashprice_usd_per_ph_day(price, difficulty, 3.125 * factor) == pytest.approx(base * factor, rel=1e-12)


@given(st.floats(0, 0.9))
def test_the_fee_share_is_of_the_whole_reward(share):
    reward = total_reward_btc(3.125, share)
    assert (reward - 3.125) / reward == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("minutes", "factor"), [(10, 1), (11.6, 10 / 11.6), (40, 0.25), (60, 0.25), (2.5, 4), (1, 4), (5, 2)]
)
def test_a_retarget_changes_difficulty_by_at_most_four(minutes, factor):
    # Consensus rule; mempool's difficulty-adjustment.ts clamps to +300 % and -75 %.
    assert retarget_factor(minutes) == pytest.approx(factor, rel=1e-12)


# The network's response


def _shares(market: Market, timeline: Timeline, price: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hashprice, running and installed hashrate, month by month; the share that runs is found by bisection.

    Written from the economics, not from the code: hashprice is revenue over running hashrate, and the share
    running is ``min(1, (hashprice / (theta x entry cost)) ** e)``.
    """
    theta, e = market.full_run_multiple, market.switch_off_elasticity_to_hashprice
    subsidy = monthly_subsidy_btc(timeline)
    fees = subsidy[0] * market.fee_share / (1 - market.fee_share)
    rewards = subsidy + fees
    grow = (1 + market.network_growth_per_year) ** (1 / 12)
    running_now = market.difficulty * 2**32 / 600 / 1e18
    first = 0.144 * price[0] * rewards[0] / running_now
    installed = running_now / min(1.0, (first / (theta * market.entry_cost_usd_per_ph_day)) ** e)
    hashprices, running, all_installed = [], [], []
    for t in range(timeline.months + 1):
        entry = market.entry_cost_usd_per_ph_day / grow**t
        revenue = 0.144 * price[t] * rewards[t]
        low, high = 0.0, 1.0
        for _ in range(100):
            share = (low + high) / 2
            wanted = min(1.0, (revenue / (installed * share) / (theta * entry)) ** e) if share > 0 else 1.0
            low, high = (share, high) if wanted > share else (low, share)
        hashprice = revenue / (installed * high)
        hashprices.append(hashprice)
        running.append(installed * high)
        all_installed.append(installed)
        ahead = rewards[t : t + 12].mean() / rewards[t]
        step = math.log(grow) + market.entry_speed_per_year / 12 * math.log(hashprice * ahead / entry)
        installed *= math.exp(min(0.05, max(-0.04, step)))
        if t < market.leaving_months:
            installed *= (1 - market.hashrate_leaving_for_ai) ** (1 / market.leaving_months)
    return np.array(hashprices), np.array(running), np.array(all_installed)


@given(
    price=st.floats(2e4, 3e5),
    growth=st.floats(-0.2, 0.4),
    elasticity=st.floats(0.05, 1.5),
    speed=st.floats(0, 1.5),
    theta=st.floats(0.8, 2.5),
    leaving=st.floats(0, 0.3),
)
def test_the_path_is_that_of_a_simulation_that_bisects_each_month(price, growth, elasticity, speed, theta, leaving):
    market = Market(
        btc_price_usd=price, btc_growth_per_year=growth, switch_off_elasticity_to_hashprice=elasticity,
        entry_speed_per_year=speed, full_run_multiple=theta, hashrate_leaving_for_ai=leaving,
    )  # fmt: skip
    timeline = Timeline(date(2026, 2, 7), 6)
    prices = price * (1 + growth) ** (np.arange(73) / 12)
    hashprice, running, installed = _shares(market, timeline, prices)
    path = network_path(market, timeline)
    np.testing.assert_allclose(path.hashprice_usd_per_ph_day, hashprice, rtol=1e-9)
    np.testing.assert_allclose(path.running_eh_s, running, rtol=1e-9)
    np.testing.assert_allclose(path.installed_eh_s, installed, rtol=1e-9)


@given(st.floats(2e4, 3e5), st.floats(80e12, 250e12), st.floats(0, 0.05), st.booleans())
def test_the_first_state_reproduces_the_difficulty_and_hashprice_given(price, difficulty, fee_share, responds):
    market = Market(btc_price_usd=price, difficulty=difficulty, fee_share=fee_share, network_responds=responds)
    path = network_path(market, TWENTY_YEARS)
    assert path.difficulty[0] == pytest.approx(difficulty, rel=1e-12)
    expected = price * 3.125 / (1 - fee_share) * 86_400 * 1e15 / (difficulty * 2**32)
    assert path.hashprice_usd_per_ph_day[0] == pytest.approx(expected, rel=1e-12)


def test_many_paths_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 0.16, (TWENTY_YEARS.months, 7))
    prices = 71_000 * np.exp(np.vstack([np.zeros(7), np.cumsum(steps, axis=0)]))
    together = network_path(Market(), TWENTY_YEARS, prices)
    for s in range(7):
        alone = network_path(Market(), TWENTY_YEARS, prices[:, s])
        np.testing.assert_allclose(together.hashprice_usd_per_ph_day[:, s], alone.hashprice_usd_per_ph_day, rtol=1e-12)


# The three traps


def test_the_elasticity_is_to_hashprice_and_so_smaller_to_the_bitcoin_price():
    e = 0.3
    market = Market(
        switch_off_elasticity_to_hashprice=e, entry_speed_per_year=0, network_growth_per_year=0,
        hashrate_leaving_for_ai=0, full_run_multiple=20,
    )  # fmt: skip
    timeline = Timeline(date(2026, 2, 7), 1)
    flat = np.full(13, 71_000.0)
    fallen = flat * np.where(np.arange(13) >= 1, 0.8, 1.0)
    a, b = network_path(market, timeline, flat), network_path(market, timeline, fallen)
    running = math.log(b.running_eh_s[5] / a.running_eh_s[5])
    assert running / math.log(b.hashprice_usd_per_ph_day[5] / a.hashprice_usd_per_ph_day[5]) == pytest.approx(
        e, rel=1e-9
    )
    assert running / math.log(0.8) == pytest.approx(0.3 / 1.3, rel=1e-9)  # 0.23, not 0.30


def test_a_rally_cannot_switch_on_machines_that_do_not_exist():
    prices = np.where(np.arange(241) >= 1, 10 * 71_000.0, 71_000.0)
    path = network_path(Market(), TWENTY_YEARS, prices)
    assert (path.running_eh_s <= path.installed_eh_s * (1 + 1e-12)).all()
    assert path.running_eh_s[1] == pytest.approx(path.installed_eh_s[1], rel=1e-12)
    assert np.exp(np.diff(np.log(path.installed_eh_s))).max() <= math.exp(0.05) * (1 + 1e-12)


def test_the_switch_off_threshold_falls_with_the_cost_of_new_machines():
    path = network_path(Market(), TWENTY_YEARS)
    share = path.running_eh_s / path.installed_eh_s
    month = 14 * 12
    ratio = path.hashprice_usd_per_ph_day[month] / (1.5 * 36.5 * 1.12**-14)
    assert share[month] == pytest.approx(min(1.0, ratio**0.45), rel=1e-9)
    against_todays_cost = (path.hashprice_usd_per_ph_day[month] / (1.5 * 36.5)) ** 0.45
    assert share[month] > 1.8 * against_todays_cost  # a fixed threshold would count most of the network as off


def test_without_halvings_hashprice_tends_to_entry_cost(monkeypatch):
    # an independent prototype: h/h* = 1.38, 1.28, 1.21, 1.06, 1.01 at 0, 1, 2, 5, 10 years from a rally to 126k.
    monkeypatch.setattr(network, "monthly_subsidy_btc", lambda timeline: np.full(timeline.months + 1, 3.125))
    path = _from_60k(126e3, leaving=0.10)
    ratio = path.hashprice_usd_per_ph_day / path.entry_cost_usd_per_ph_day
    np.testing.assert_allclose(ratio[[1, 13, 25, 61, 121]], [1.38, 1.28, 1.21, 1.06, 1.01], rtol=0.02)
    assert ratio[240] == pytest.approx(1.0, abs=0.01)
    for price in (60e3, 30e3):
        far = _from_60k(price, leaving=0.10)
        assert far.hashprice_usd_per_ph_day[240] == pytest.approx(far.entry_cost_usd_per_ph_day[240], rel=0.01)


# Behaviour from 60,000 USD and 936 EH/s (an independent prototype). Its figures come out with entry cost 35 on
# 1 July 2026, fees 0.6 %, 10 % leaving for AI over 24 months, and the price moving in the first month after the
# anchor (so that installed machines are those of 60,000 USD).

MID_2026 = Timeline(date(2026, 7, 1), 20)
DIFFICULTY_OF_936_EH = 936e18 * 600 / 2**32


def _from_60k(price: float, leaving: float = 0.10, timeline: Timeline = MID_2026):
    market = Market(
        btc_price_usd=60e3, difficulty=DIFFICULTY_OF_936_EH, fee_share=0.006, entry_cost_usd_per_ph_day=35.0,
        hashrate_leaving_for_ai=leaving,
    )  # fmt: skip
    prices = np.where(np.arange(timeline.months + 1) >= 1, price, 60e3)
    return network_path(market, timeline, prices)


@pytest.mark.parametrize(
    ("price", "now", "six", "twelve", "before", "after", "in_2031", "running_now", "running_twelve"),
    [
        (126e3, 48.4, 43.6, 39.6, 37.8, 23.6, 18.4, 1178, 1439),
        (60e3, 29.0, 28.8, 28.3, 29.6, 18.6, 17.3, 936, 959),
        (30e3, 18.0, 19.6, 20.7, 23.5, 14.9, 16.3, 755, 656),
    ],
)
def test_prices_of_126k_60k_and_30k_behave_as_the_prototype_measured(
    price, now, six, twelve, before, after, in_2031, running_now, running_twelve
):
    path = _from_60k(price)
    hashprice = path.hashprice_usd_per_ph_day
    last_before = next(m for m in range(241) if path.subsidy_btc[m + 1] < 3.125)
    first_after = next(m for m in range(241) if path.subsidy_btc[m] == 1.5625)
    mean_2031 = np.mean([h for m, h in enumerate(hashprice) if MID_2026.month_end(m).year == 2031])
    found = [
        hashprice[1],
        hashprice[7],
        hashprice[13],
        hashprice[last_before],
        hashprice[first_after],
        mean_2031,
    ]
    np.testing.assert_allclose(found[:5], [now, six, twelve, before, after], rtol=0.025)
    assert found[5] == pytest.approx(in_2031, rel=0.05)  # the table does not say which month of 2031
    np.testing.assert_allclose(path.running_eh_s[[1, 13]], [running_now, running_twelve], rtol=0.01)


def test_a_rally_is_not_a_linear_windfall_that_stays():
    rally, flat = _from_60k(126e3), _from_60k(60e3)
    gain = rally.hashprice_usd_per_ph_day / flat.hashprice_usd_per_ph_day
    assert gain[1] < 0.85 * 126 / 60
    assert gain[61] < 1.15
    from_2036 = [m for m in range(241) if MID_2026.month_end(m).year >= 2036]
    for price in (126e3, 30e3):
        np.testing.assert_allclose(
            _from_60k(price).hashprice_usd_per_ph_day[from_2036],
            flat.hashprice_usd_per_ph_day[from_2036],
            rtol=0.02,
        )


def test_a_halving_costs_about_37_percent_of_hashprice_and_not_half():
    hashprice = _from_60k(60e3).hashprice_usd_per_ph_day
    before = next(m for m in range(241) if MID_2026.month_end(m + 1) > halving_date(5))
    assert hashprice[before + 2] / hashprice[before] - 1 == pytest.approx(-0.37, abs=0.015)


def test_hashrate_that_leaves_for_ai_is_refilled_by_entry():
    # an independent prototype: +4 % hashprice after 18 months, +5 % at 24, +2 % at 4 years, +1 % at 6 years.
    gain = _from_60k(60e3, 0.10).hashprice_usd_per_ph_day / _from_60k(60e3, 0.0).hashprice_usd_per_ph_day - 1
    np.testing.assert_allclose(gain[[18, 24, 48, 72]], [0.04, 0.05, 0.02, 0.01], atol=0.01)


def test_no_path_explodes_to_2046():
    # an independent prototype, geometric Brownian motion of 55 % a year: hashprice 8 / 17 / 33 in 2030 and
    # 1.7 / 3.8 / 7.6 in 2040 at the 5th, 50th and 95th percentile; largest of the settings tried 30-45 in 2040.
    rng = np.random.default_rng(7)
    monthly = rng.normal(-(0.55**2) / 24, 0.55 / math.sqrt(12), (240, 3000))
    prices = 60e3 * np.exp(np.vstack([np.zeros(3000), np.cumsum(monthly, axis=0)]))
    market = Market(btc_price_usd=60e3, difficulty=DIFFICULTY_OF_936_EH, entry_cost_usd_per_ph_day=35.0)
    hashprice = network_path(market, MID_2026, prices).hashprice_usd_per_ph_day
    assert np.isfinite(hashprice).all()
    assert hashprice.min() > 0
    in_2030, in_2040 = hashprice[4 * 12], hashprice[14 * 12]
    np.testing.assert_allclose(np.percentile(in_2030, [5, 50, 95]), [8, 17, 33], rtol=0.12)
    np.testing.assert_allclose(np.percentile(in_2040, [5, 50, 95]), [1.7, 3.8, 7.6], rtol=0.2)
    assert in_2040.max() < 45


def test_without_response_hashprice_is_the_constant_growth_closed_form():
    market = Market(network_responds=False, network_growth_per_year=0.2, btc_growth_per_year=0.1)
    path = network_path(market, TWENTY_YEARS)
    months = np.arange(241)
    subsidy = monthly_subsidy_btc(TWENTY_YEARS)
    fee = 3.125 * 0.006 / 0.994
    now = 71_000 * (3.125 + fee) * 86_400e15 / (125.86e12 * 2**32)
    expected = now * (1.1 / 1.2) ** (months / 12) * (subsidy + fee) / (3.125 + fee)
    np.testing.assert_allclose(path.hashprice_usd_per_ph_day, expected, rtol=1e-12)
    np.testing.assert_allclose(path.difficulty, 125.86e12 * 1.2 ** (months / 12), rtol=1e-12)
    np.testing.assert_array_equal(path.running_eh_s, path.installed_eh_s)


def test_elasticity_and_entry_speed_of_zero_leave_only_the_trend():
    market = Market(switch_off_elasticity_to_hashprice=0, entry_speed_per_year=0, hashrate_leaving_for_ai=0)
    path = network_path(market, TWENTY_YEARS)
    now = 125.86e12 * 2**32 / 600 / 1e18
    np.testing.assert_allclose(path.running_eh_s, now * 1.12 ** (np.arange(241) / 12), rtol=1e-10)
