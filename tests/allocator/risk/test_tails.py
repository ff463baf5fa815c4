"""CVaR and its errors, by hand, by Rockafellar and Uryasev's minimisation, and against the normal distribution."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.risk.tails import cvar, measured, tail
from models.scenarios import Draws, normals

STANDARD = NormalDist()
RNG = np.random.default_rng


def minimised(values: np.ndarray, level: float) -> float:
    """``max over v of v - sum max(0, v - x) / ((1 - level) S)``; the optimum is at one of the values (2000)."""
    candidates = [v - np.maximum(0.0, v - values).sum() / ((1 - level) * len(values)) for v in values]
    return float(max(candidates))


def normal_cvar(mean: float, deviation: float, level: float) -> float:
    """``mu - sigma phi(z) / (1 - level)`` with ``z`` the quantile of the level."""
    return mean - deviation * STANDARD.pdf(STANDARD.inv_cdf(level)) / (1 - level)


# Exact on a sample


@pytest.mark.parametrize(
    ("values", "level", "expected", "rows", "weights"),
    [
        ([5, 1, 4, 2, 3], 0.6, 1.5, [1, 3], [0.5, 0.5]),  # two of five
        ([5, 1, 4, 2, 3], 0.5, (1 + 2 + 0.5 * 3) / 2.5, [1, 3, 4], [0.4, 0.4, 0.2]),  # two and a half
        ([5, 1, 4, 2, 3], 0.8, 1.0, [1], [1.0]),  # one
        ([5, 1, 4, 2, 3], 0.9, 1.0, [1], [1.0]),  # half of one is still the worst
        ([5, 1, 4, 2, 3], 0.7, (1 + 0.5 * 2) / 1.5, [1, 3], [2 / 3, 1 / 3]),
        ([-3, -3, -3, 9], 0.5, -3.0, None, [0.5, 0.5]),  # ties
        ([7], 0.95, 7.0, [0], [1.0]),
        ([10, -20], 0.01, (-20 + 0.98 * 10) / 1.98, [1, 0], [1 / 1.98, 0.98 / 1.98]),
    ],
)
def test_the_tail_of_a_few_values_is_what_it_is_by_hand(values, level, expected, rows, weights):
    found = tail(np.array(values, dtype=float), level)
    assert found.cvar == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-12)
    if rows is not None:
        assert found.rows.tolist() == rows
        assert found.var == values[rows[-1]]


@given(
    st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=60),
    st.floats(0.01, 0.995),
)
def test_cvar_is_the_optimum_of_rockafellar_and_uryasev(values, level):
    sample = np.array(values)
    found = tail(sample, level)
    size = 1.0 + np.abs(sample).max()
    assert found.weights.sum() == pytest.approx(1.0, rel=1e-9)
    if (1 - level) * len(values) >= 1:
        assert found.cvar == pytest.approx(minimised(sample, level), abs=1e-8 * size)
    else:
        assert found.cvar == sample.min()
    assert sample.min() - 1e-9 * size <= found.cvar <= sample.mean() + 1e-9 * size


def test_two_thousand_values_at_the_levels_in_use_agree_with_the_minimisation():
    sample = RNG(1).standard_t(3, 2_001) * 1e7
    for level in (0.5, 0.9, 0.95, 0.975, 0.99):
        assert cvar(sample, level) == pytest.approx(minimised(sample, level), rel=1e-12)


def test_cvar_is_concave_and_moves_with_money():
    first, second = RNG(2).normal(size=(2, 500))
    assert cvar(first + second, 0.95) >= cvar(first, 0.95) + cvar(second, 0.95)
    assert cvar(3 * first + 7, 0.95) == pytest.approx(3 * cvar(first, 0.95) + 7, rel=1e-12)


# Against the normal distribution


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_a_normal_sample_has_the_cvar_of_its_distribution(level):
    found = measured(RNG(5).normal(40.0, 15.0, 100_000), level)
    assert abs(found.cvar_usd - normal_cvar(40.0, 15.0, level)) <= 4 * found.cvar_error_usd
    assert abs(found.mean_usd - 40.0) <= 4 * found.mean_error_usd
    assert abs(found.probability_of_loss - STANDARD.cdf(-40 / 15)) <= 4 * found.probability_error
    assert found.mean_error_usd == pytest.approx(15.0 / np.sqrt(100_000), rel=0.01)
    assert found.paths == 100_000


def test_standard_errors_cover_the_truth_in_ninety_five_of_a_hundred_samples():
    """Of 1,000 samples 950 are expected within 1.96 errors, give or take 6.9 (binomial); four of those are allowed.

    A CVaR's error is estimated from its own tail of 100 values, which makes it a little small: 940 are expected.
    """
    truth, random = (10.0, normal_cvar(10.0, 8.0, 0.95), STANDARD.cdf(-10 / 8)), RNG(12)
    inside = np.zeros(3)
    for _ in range(1_000):
        m = measured(random.normal(10.0, 8.0, 2_000), 0.95)
        found = ((m.mean_usd, m.mean_error_usd), (m.cvar_usd, m.cvar_error_usd),
                 (m.probability_of_loss, m.probability_error))  # fmt: skip
        inside += [abs(value - t) <= 1.96 * error for (value, error), t in zip(found, truth, strict=True)]
    assert abs(inside[0] - 950) <= 28
    assert abs(inside[1] - 940) <= 30
    assert abs(inside[2] - 950) <= 28


# Antithetic pairs


def linear(block: int, blocks: int, draws: Draws, seed: int) -> np.ndarray:
    random = RNG(seed)
    return np.concatenate([3.0 + 2.0 * normals(random, (block,), draws) for _ in range(blocks)])


def test_antithetic_pairs_leave_no_error_in_the_mean_of_a_linear_value():
    found = measured(linear(500, 4, Draws.ANTITHETIC, 1), 0.95, antithetic=True, block=500)
    usual = measured(linear(500, 4, Draws.RANDOM, 1), 0.95)
    assert found.mean_usd == pytest.approx(3.0, rel=1e-12)
    assert found.mean_error_usd < 1e-12
    assert usual.mean_error_usd == pytest.approx(2.0 / np.sqrt(2_000), rel=0.1)
    assert found.probability_error < usual.probability_error


def test_antithetic_errors_are_what_repeated_samples_scatter_by():
    """The value is ``z + z^2``: its mirror image takes away the linear part, so that pairs have the variance of z^2."""
    means, errors, tails, tail_errors = [], [], [], []
    random = RNG(7)
    for _ in range(400):
        z = np.concatenate([normals(random, (250,), Draws.ANTITHETIC) for _ in range(2)])
        found = measured(z + z * z, 0.9, antithetic=True, block=250)
        means.append(found.mean_usd)
        errors.append(found.mean_error_usd)
        tails.append(found.cvar_usd)
        tail_errors.append(found.cvar_error_usd)
    # The deviation of 400 means is known to 1 / sqrt(800) = 3.5 %, so within 15 %; so is Var z^2 = 2 over 250 pairs.
    assert np.mean(errors) == pytest.approx(np.sqrt(2 / 250), rel=0.02)
    assert np.std(means) == pytest.approx(np.mean(errors), rel=0.15)
    assert np.std(tails) == pytest.approx(np.mean(tail_errors), rel=0.2)


def test_paths_without_their_mirror_image_count_in_the_mean_but_not_in_the_error():
    whole = linear(100, 3, Draws.ANTITHETIC, 3)
    for paths in (230, 260, 300):
        found = measured(whole[:paths], 0.9, antithetic=True, block=100)
        assert found.mean_usd == pytest.approx(whole[:paths].mean(), rel=1e-12)
        assert found.mean_error_usd < 1e-12


@pytest.mark.parametrize("paths", [30, 50, 51])
def test_fewer_paths_than_half_a_block_are_no_pairs_and_all_independent(paths):
    few = linear(100, 1, Draws.ANTITHETIC, 3)[:paths]
    assert measured(few, 0.9, antithetic=True, block=100) == measured(few, 0.9)
