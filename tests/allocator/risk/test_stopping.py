"""When to stop, against Longstaff and Schwartz's own example, binomial trees, and every threshold tried by force."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.risk.stopping import (
    Stopping,
    StoppingRule,
    fitted_rule,
    rewards_at,
    rewards_by,
    threshold_below,
    values_from,
)

# Longstaff and Schwartz, Valuing American Options by Simulation, Review of Financial Studies 14 (2001), section 1:
# eight paths, strike 1.10, 6 % a year continuously, exercise at years 1, 2, 3.
PATHS = np.array([
    [1.00, 1.09, 1.08, 1.34], [1.00, 1.16, 1.26, 1.54], [1.00, 1.22, 1.07, 1.03], [1.00, 0.93, 0.97, 0.92],
    [1.00, 1.11, 1.56, 1.52], [1.00, 0.76, 0.77, 0.90], [1.00, 0.92, 0.84, 1.01], [1.00, 0.88, 1.22, 1.34],
]).T  # fmt: skip
STRIKE, RATE = 1.10, 0.06
AMERICAN, EUROPEAN = 0.1144, 0.0564
EXERCISED_IN_YEAR = [None, None, 3, 1, None, 1, 1, 1]
"""Their stopping rule; path 3 is exercised at year 3."""


def put(prices: np.ndarray, years: np.ndarray, strike: float, rate: float, lapse: float = 0.0) -> Stopping:
    """A put that can be exercised at the dates given; (dates, paths)."""
    worth = np.maximum(strike - prices, 0.0) * np.exp(-rate * years)[:, None]
    return Stopping(
        np.vstack([worth, np.zeros(prices.shape[1])]),
        tuple(np.stack([np.ones_like(p), p, p * p], axis=1) for p in prices),
        tuple(p < strike for p in prices),
        lapse,
    )


def eight_paths(lapse: float = 0.0) -> Stopping:
    return put(PATHS[1:], np.array([1.0, 2.0, 3.0]), STRIKE, RATE, lapse)


def test_the_eight_path_put_is_worth_what_longstaff_and_schwartz_published():
    given = eight_paths()
    rule = fitted_rule(given)
    reward = rewards_by(rule, given)
    assert reward.mean() == pytest.approx(AMERICAN, abs=5e-5)
    assert rewards_at(given, 2).mean() == pytest.approx(EUROPEAN, abs=5e-5)
    expected = [0.0 if y is None else exp(-RATE * y) * (STRIKE - PATHS[y, i]) for i, y in enumerate(EXERCISED_IN_YEAR)]
    np.testing.assert_allclose(reward, expected, rtol=1e-12)


def test_the_regressions_are_those_that_they_printed():
    """E[Y | X] = -1.070 + 2.983 X - 1.813 X^2 at year 2, 2.038 - 3.335 X + 1.356 X^2 at year 1, less exercise."""
    rule = fitted_rule(eight_paths())
    for date, printed in ((1, (-1.070, 2.983, -1.813)), (0, (2.038, -3.335, 1.356))):
        year, found = date + 1, rule.coefficients[date]
        assert found is not None
        onward = found * exp(RATE * year) + np.array([STRIKE, -1.0, 0.0])  # the gain of going on, and what it is over
        np.testing.assert_allclose(onward, printed, atol=6e-4)


def test_a_choice_that_lapses_for_sure_is_now_or_never():
    given = eight_paths(lapse=1 - 1e-12)
    reward = rewards_by(fitted_rule(given), given)
    by_hand = np.where(PATHS[1] < STRIKE, exp(-RATE) * (STRIKE - PATHS[1]), 0.0)
    np.testing.assert_allclose(reward, by_hand, atol=1e-9)
    np.testing.assert_allclose(rewards_at(given, 0), by_hand, rtol=1e-12)
    np.testing.assert_allclose(rewards_at(given, 1), 0.0, atol=1e-11)


@pytest.mark.parametrize("lapse", [0.0, 0.2, 0.6])
def test_rewards_of_a_few_dates_and_chances_to_lapse_are_those_worked_out_by_hand(lapse):
    """Two paths, two dates, nothing learned: go on if ``(1 - l) r1 + l never > r0`` on the whole."""
    reward = np.array([[10.0, 20.0], [40.0, 8.0], [1.0, 3.0]])
    given = Stopping(reward, (np.ones((2, 1)),) * 2, (np.ones(2, dtype=bool),) * 2, lapse)
    found = rewards_by(fitted_rule(given), given)
    onward = (1 - lapse) * reward[1] + lapse * reward[2]
    expected = onward if onward.mean() > reward[0].mean() else reward[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (onward.mean() > 15.0) == (lapse < 0.5)  # 24, 19.6, 10.8 against 15
    np.testing.assert_allclose(rewards_at(given, 1), onward, rtol=1e-12)
    np.testing.assert_allclose(rewards_at(given, 0), reward[0], rtol=1e-12)
    at_last = values_from(fitted_rule(given), given)
    np.testing.assert_allclose(at_last[-1], reward[2])
    np.testing.assert_allclose(at_last[1], reward[1])


def test_where_too_few_paths_are_thought_of_nothing_is_stopped():
    reward = np.array([[5.0, 5.0, 5.0], [0.0, 0.0, 0.0]])
    basis = np.stack([np.ones(3), np.arange(3.0)], axis=1)
    given = Stopping(reward, (basis,), (np.array([True, False, False]),))
    rule = fitted_rule(given)
    assert rule.coefficients == (None,)
    assert not rule.stops(0, basis, given.allowed[0]).any()
    np.testing.assert_array_equal(rewards_by(rule, given), 0.0)


def tree_value(spot: float, strike: float, rate: float, volatility: float, years: float, dates: int) -> float:
    """A Bermudan put by a binomial tree of Cox, Ross and Rubinstein, exercised at equal dates; 200 steps a date."""
    steps = 200 * dates
    dt = years / steps
    up = exp(volatility * sqrt(dt))
    chance = (exp(rate * dt) - 1 / up) / (up - 1 / up)
    worth = np.maximum(strike - spot * up ** (2.0 * np.arange(steps + 1) - steps), 0.0)
    for n in range(steps - 1, -1, -1):
        worth = exp(-rate * dt) * (chance * worth[1:] + (1 - chance) * worth[:-1])
        if n % 200 == 0 and n > 0:
            worth = np.maximum(worth, strike - spot * up ** (2.0 * np.arange(n + 1) - n))
    return float(worth[0])


def test_a_bermudan_put_is_worth_nearly_what_a_binomial_tree_says_and_no_more():
    """Longstaff and Schwartz's table 1, first rows: spot 36, strike 40, 6 %, volatility 0.2, a year; ten dates."""
    spot, strike, rate, volatility, dates = 36.0, 40.0, 0.06, 0.2, 10
    years = np.arange(1, dates + 1) / dates

    def priced(seed: int, paths: int) -> Stopping:
        shocks = np.random.default_rng(seed).standard_normal((dates, paths))
        steps = (rate - volatility**2 / 2) / dates + volatility / sqrt(dates) * shocks
        return put(spot * np.exp(np.cumsum(steps, axis=0)), years, strike, rate)

    rule, fresh = fitted_rule(priced(1, 40_000)), priced(2, 40_000)
    reward = rewards_by(rule, fresh)
    error = reward.std(ddof=1) / np.sqrt(reward.size)
    truth = tree_value(spot, strike, rate, volatility, 1.0, dates)
    assert truth == pytest.approx(4.44, abs=0.03)  # 4.478 where it can be exercised fifty times a year
    assert reward.mean() <= truth + 4 * error
    assert reward.mean() >= truth - 4 * error - 0.005 * truth
    best_fixed = max(rewards_at(fresh, d).mean() for d in range(dates))
    assert reward.mean() > best_fixed + 4 * error


def test_a_rule_never_looks_at_what_is_not_yet_known():
    given = eight_paths()
    rule = fitted_rule(given)
    other = put(np.vstack([PATHS[1:3], PATHS[3:, ::-1]]), np.array([1.0, 2.0, 3.0]), STRIKE, RATE)
    for date in range(2):
        np.testing.assert_array_equal(
            rule.stops(date, given.basis[date], given.allowed[date]),
            rule.stops(date, other.basis[date], other.allowed[date]),
        )
    assert isinstance(rule, StoppingRule)


# The rule of thumb


def by_force(level: np.ndarray, gain: np.ndarray) -> float:
    """The most that any threshold gains; nothing for not stopping at all."""
    edges = [-np.inf, *(0.5 * (a + b) for a, b in zip(np.sort(level)[:-1], np.sort(level)[1:], strict=True)), np.inf]
    return max(float(gain[level < edge].sum()) for edge in edges)


@pytest.mark.parametrize("alike", [False, True])
@given(st.integers(0, 10_000), st.integers(2, 60), st.floats(-2.0, 2.0))
def test_no_other_threshold_gains_more(alike, seed, size, shift):
    random = np.random.default_rng(seed)
    level = random.uniform(10, 60, size)
    if alike:
        level = np.round(level, -1)
    gain = random.normal(shift, 1.0, size) + 0.03 * (30 - level)
    found = threshold_below(level, gain)
    most = by_force(level, gain)
    if found is None:
        assert most == pytest.approx(0.0, abs=1e-12)
    else:
        assert gain[level < found].sum() == pytest.approx(most, rel=1e-9, abs=1e-12)
        assert most > 0.0


def test_a_threshold_is_halfway_between_the_last_that_stops_and_the_first_that_does_not():
    level = np.array([40.0, 10.0, 30.0, 20.0])
    assert threshold_below(level, np.array([-5.0, 1.0, -1.0, 2.0])) == 25.0
    assert threshold_below(level, np.array([5.0, 1.0, 1.0, 2.0])) == float("inf")
    assert threshold_below(level, np.array([-5.0, -1.0, -1.0, -2.0])) is None


def test_paths_of_one_level_stop_together_as_in_months_that_are_sold_forward():
    level = np.full(4, 33.0)
    assert threshold_below(level, np.array([3.0, -1.0, -1.0, -2.0])) is None
    assert threshold_below(level, np.array([3.0, -1.0, -1.0, -0.5])) == float("inf")
