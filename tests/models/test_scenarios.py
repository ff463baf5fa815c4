"""Random paths of the market, against the case itself, closed forms of its processes, and the network path by path."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from allocator.case import case_from_document
from models.assumptions import InputFaultsError
from models.network import ForwardPoint, Market, expected_btc_price_usd, network_path
from models.scenarios import (
    PATHS_PER_BLOCK,
    Draws,
    Factor,
    MarketModel,
    MarketPaths,
    PriceProcess,
    Risk,
    correlation_root,
)
from models.timeline import Timeline
from tests.allocator.small import document

TEN_YEARS = Timeline(date(2026, 2, 7), 10)
MARKET = Market(btc_price_usd=71_000, btc_growth_per_year=0.1, fee_share=0.02)
STILL = {"btc_volatility_per_year": 0.0, "fee_deviation": 0.0, "power_volatility_per_year": 0.0,
         "power_spike_months_per_year": 0.0}  # fmt: skip
ERRORS = 4.0
"""Standard errors within which a sample must lie; by chance one check in 16,000 does not. Seeds are fixed."""


def drawn(blocks: int = 4, market: Market = MARKET, timeline: Timeline = TEN_YEARS, **given) -> MarketPaths:
    """Some blocks of paths side by side; keywords of :class:`Risk`, or of the model itself."""
    own = {name: given.pop(name) for name in ("seed", "draws", "frozen") if name in given}
    model = MarketModel(Risk(**given), market, timeline, **{"seed": 7, **own})
    parts = [model.block(b) for b in range(blocks)]
    return MarketPaths(*(np.concatenate([getattr(p, f) for p in parts], axis=-1) for f in vars(parts[0])))


def assert_mean(sample: np.ndarray, expected: np.ndarray) -> None:
    """Means over paths (last axis) lie within four of their standard errors."""
    error = sample.std(axis=-1, ddof=1) / np.sqrt(sample.shape[-1])
    assert np.all(np.abs(sample.mean(axis=-1) - expected) <= ERRORS * error + 1e-12 * np.maximum(1.0, np.abs(expected)))


def assert_variance(sample: np.ndarray, expected: np.ndarray) -> None:
    """Variances over paths likewise; the error of a variance comes from the sample's fourth moment."""
    centred = sample - sample.mean(axis=-1, keepdims=True)
    found = (centred**2).mean(axis=-1)
    error = np.sqrt(((centred**4).mean(axis=-1) - found**2) / sample.shape[-1])
    assert np.all(np.abs(found - expected) <= ERRORS * error + 1e-24)


# Without chance a path is the case


FORWARD = (
    ForwardPoint(from_date=date(2026, 8, 7), hashprice_usd_per_ph_day=33.0, btc_price_usd=80_000),
    ForwardPoint(from_date=date(2027, 2, 7), difficulty=150e12),
)
MARKETS = [
    MARKET,
    MARKET.model_copy(update={"network_responds": False}),
    MARKET.model_copy(update={"fee_share": 0.0, "hashrate_leaving_for_ai": 0.0}),
    MARKET.model_copy(update={"forward": FORWARD}),
]
NAMES = ["network responds", "network does not", "no fees", "forward curves"]


@pytest.mark.parametrize("market", MARKETS, ids=NAMES)
@pytest.mark.parametrize("process", list(PriceProcess))
@pytest.mark.parametrize("how", ["volatilities of 0", "everything frozen"])
def test_without_chance_every_path_is_the_network_path_of_the_case(market, process, how):
    frozen = frozenset(Factor) if how == "everything frozen" else frozenset()
    still = {} if frozen else STILL
    found = drawn(1, market, price_process=process, btc_jumps_per_year=2.0 if frozen else 0.0, frozen=frozen, **still)
    expected = network_path(market, TEN_YEARS)
    for name in ("btc_price_usd", "fees_btc", "hashprice_usd_per_ph_day"):
        every = getattr(found, name)
        assert every.shape == (TEN_YEARS.months + 1, PATHS_PER_BLOCK)
        np.testing.assert_allclose(every, np.broadcast_to(getattr(expected, name)[:, None], every.shape), rtol=1e-12)
    assert np.all(found.power_level == 1.0)


# Moments of the bitcoin price


@pytest.mark.parametrize("volatility", [0.2, 0.55])
@pytest.mark.parametrize("half_life", [0.5, 4.0])
def test_a_reverting_price_has_the_moments_of_ornstein_and_uhlenbeck(volatility, half_life):
    found = drawn(btc_volatility_per_year=volatility, btc_half_life_years=half_life)
    expected = expected_btc_price_usd(MARKET, TEN_YEARS)
    years, speed = TEN_YEARS.month_index / 12, np.log(2) / half_life
    variance = volatility**2 * (1 - np.exp(-2 * speed * years)) / (2 * speed)
    assert_mean(found.btc_price_usd, expected)
    assert_variance(np.log(found.btc_price_usd), variance)
    assert_mean(np.log(found.btc_price_usd / expected[:, None]), -variance / 2)


def test_a_brownian_price_has_a_log_variance_that_grows_with_time():
    found = drawn(price_process=PriceProcess.GEOMETRIC, btc_volatility_per_year=0.4)
    assert_mean(found.btc_price_usd, expected_btc_price_usd(MARKET, TEN_YEARS))
    assert_variance(np.log(found.btc_price_usd), 0.4**2 * TEN_YEARS.month_index / 12)


@pytest.mark.parametrize("process", list(PriceProcess))
def test_jumps_leave_the_mean_as_it_is_and_add_their_compound_poisson_variance(process):
    rate, mean, deviation, half_life = 2.0, -0.15, 0.15, 2.0
    found = drawn(
        price_process=process, btc_volatility_per_year=0.3, btc_half_life_years=half_life, btc_jumps_per_year=rate,
        btc_jump_mean=mean, btc_jump_deviation=deviation,
    )  # fmt: skip
    months = TEN_YEARS.month_index
    jumps = rate / 12 * (mean**2 + deviation**2)  # of one month: lambda E[J^2]
    if process is PriceProcess.GEOMETRIC:
        variance = 0.3**2 * months / 12 + jumps * months
    else:
        left, speed = 0.5 ** (2 * months / (12 * half_life)), np.log(2) / half_life
        variance = 0.3**2 * (1 - left) / (2 * speed) + jumps * (1 - left) / (1 - 0.5 ** (2 / (12 * half_life)))
    assert_mean(found.btc_price_usd, expected_btc_price_usd(MARKET, TEN_YEARS))
    assert_variance(np.log(found.btc_price_usd), variance)


def test_what_keeps_the_mean_is_half_the_variance_and_mertons_compensator():
    """Log of the mean of what is drawn: ``sigma^2 t / 2 + lambda t (e^(mu + delta^2 / 2) - 1)`` (Merton 1976).

    Where prices revert a jump of ``j`` months ago is worth ``a^j`` of itself; antithetic shocks have a mean of nothing.
    """
    given = {"btc_volatility_per_year": 0.4, "btc_half_life_years": 2.0}
    jumps = {"btc_jumps_per_year": 2.0, "btc_jump_mean": -0.15, "btc_jump_deviation": 0.2}
    months, expected = TEN_YEARS.month_index, np.log(expected_btc_price_usd(MARKET, TEN_YEARS))
    kept, speed = 0.5 ** (1 / 24), np.log(2) / 2
    reverting = 0.4**2 * (1 - kept ** (2 * months)) / (2 * speed) / 2
    each = 2.0 / 12 * (np.exp(-0.15 * kept**months + (0.2 * kept**months) ** 2 / 2) - 1)
    of_jumps = np.concatenate([[0.0], np.cumsum(each)[:-1]])
    merton = 0.4**2 * months / 12 / 2 + 2.0 * months / 12 * (np.exp(-0.15 + 0.2**2 / 2) - 1)
    for process, more, correction in (
        (PriceProcess.MEAN_REVERTING, {}, reverting), (PriceProcess.GEOMETRIC, {}, 0.4**2 * months / 12 / 2),
        (PriceProcess.MEAN_REVERTING, jumps, reverting + of_jumps), (PriceProcess.GEOMETRIC, jumps, merton),
    ):  # fmt: skip
        found = drawn(1, price_process=process, draws=Draws.ANTITHETIC, **given, **more)
        taken = expected[:, None] + found.price_deviation - np.log(found.btc_price_usd)
        np.testing.assert_allclose(taken, np.broadcast_to(correction[:, None], taken.shape), rtol=1e-9, atol=1e-11)
        if not more:
            logs = (np.log(found.btc_price_usd) - expected[:, None]).mean(axis=1)
            np.testing.assert_allclose(logs, -correction, rtol=1e-9, atol=1e-11)


def test_jumps_alone_come_as_often_as_they_are_said_to():
    found = drawn(price_process=PriceProcess.GEOMETRIC, btc_volatility_per_year=0, btc_jumps_per_year=0.5,
                  btc_jump_mean=-0.3, btc_jump_deviation=0.0)  # fmt: skip
    jumps = np.diff(found.price_deviation, axis=0) / -0.3
    assert np.allclose(jumps, np.rint(jumps), atol=1e-12)
    count = np.rint(jumps).sum(axis=0)  # Poisson with mean 5 over ten years
    assert_mean(count[None, :], np.array([5.0]))
    assert_variance(count[None, :], np.array([5.0]))
    assert_mean((count == 0)[None, :].astype(float), np.array([np.exp(-5.0)]))


# Fees and power


def test_fees_keep_their_mean_and_reach_their_stationary_deviation():
    found = drawn(fee_deviation=0.6, fee_half_life_years=0.5)
    mean = network_path(MARKET, TEN_YEARS).fees_btc
    assert_mean(found.fees_btc, mean)
    years = TEN_YEARS.month_index / 12
    assert_variance(np.log(found.fees_btc), 0.6**2 * (1 - 0.5 ** (2 * years / 0.5)))
    assert np.log(found.fees_btc[-1]).std() == pytest.approx(0.6, rel=0.03)


def test_power_has_a_mean_of_one_with_spikes_and_the_deviation_of_its_process():
    spiky = drawn(power_volatility_per_year=0.3, power_spike_months_per_year=0.5, power_spike_multiple=5.0)
    assert np.all(spiky.power_level[0] == 1.0)
    assert_mean(spiky.power_level, np.ones(TEN_YEARS.months + 1))
    calm = drawn(power_volatility_per_year=0.3, power_half_life_years=1.0, power_spike_months_per_year=0.0)
    years, speed = TEN_YEARS.month_index / 12, np.log(2)
    assert_variance(np.log(calm.power_level), 0.3**2 * (1 - np.exp(-2 * speed * years)) / (2 * speed))


def test_fees_and_power_are_corrected_by_half_their_variance():
    found = drawn(1, draws=Draws.ANTITHETIC, fee_deviation=0.6, fee_half_life_years=0.5, power_volatility_per_year=0.3,
                  power_half_life_years=1.0, power_spike_months_per_year=0.0, btc_fee_correlation=0.5)  # fmt: skip
    years, mean = TEN_YEARS.month_index / 12, network_path(MARKET, TEN_YEARS).fees_btc
    fees = 0.6**2 * (1 - 0.5 ** (2 * years / 0.5))
    power = 0.3**2 * (1 - 0.5 ** (2 * years)) / (2 * np.log(2))
    np.testing.assert_allclose(np.log(found.fees_btc).mean(axis=1), np.log(mean) - fees / 2, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(np.log(found.power_level).mean(axis=1), -power / 2, rtol=1e-9, atol=1e-11)


def test_spikes_come_as_often_and_as_high_as_they_are_said_to():
    found = drawn(power_volatility_per_year=0.0, power_spike_months_per_year=0.6, power_spike_multiple=4.0)
    levels = np.unique(np.round(found.power_level[1:], 12))
    usual = 1 / (1 + 0.05 * 3.0)  # 0.05 x 4 usual + 0.95 usual = 1
    np.testing.assert_allclose(levels, [usual, 4.0 * usual], rtol=1e-11)
    spikes = (found.power_level[1:] > 1.0).astype(float).reshape(1, -1)
    assert_mean(spikes, np.array([0.05]))


@pytest.mark.parametrize("draws", list(Draws))
def test_the_correlations_of_shocks_are_found_again_in_the_paths(draws):
    asked = {"btc_fee_correlation": 0.5, "btc_power_correlation": -0.4, "fee_power_correlation": 0.2}
    found = drawn(1, draws=draws, power_spike_months_per_year=0.0, **asked)
    kept = [0.5 ** (1 / (12 * h)) for h in (4.0, 0.5, 1.0)]
    logs = [np.log(a) for a in (found.btc_price_usd, found.fees_btc, found.power_level)]
    logs = [a - a.mean(axis=1, keepdims=True) for a in logs]
    shocks = np.array([(a[1:] - k * a[:-1]).ravel() for a, k in zip(logs, kept, strict=True)])
    matrix = np.corrcoef(shocks)
    error = 1 / np.sqrt(shocks.shape[1] / (2 if draws is Draws.ANTITHETIC else 1))
    for (i, j), rho in zip(((0, 1), (0, 2), (1, 2)), asked.values(), strict=True):
        assert matrix[i, j] == pytest.approx(rho, abs=ERRORS * error * (1 - rho**2))


def test_the_root_of_the_correlations_gives_them_back():
    risk = Risk(btc_fee_correlation=0.5, btc_power_correlation=-0.4, fee_power_correlation=0.2)
    root = correlation_root(risk)
    np.testing.assert_allclose(root @ root.T, [[1, 0.5, -0.4], [0.5, 1, 0.2], [-0.4, 0.2, 1]], rtol=1e-14, atol=1e-15)


# The network's answer on every path


@pytest.mark.parametrize("market", MARKETS, ids=NAMES)
def test_hashprice_on_a_path_is_the_network_path_of_its_price(market):
    found = drawn(1, market, frozen=frozenset({Factor.FEES}))
    some = found.btc_price_usd[:, :50]
    expected = network_path(market, TEN_YEARS, some)
    np.testing.assert_allclose(found.hashprice_usd_per_ph_day[:, :50], expected.hashprice_usd_per_ph_day, rtol=1e-12)


def test_hashprice_follows_fees_where_the_network_does_not_respond():
    market = MARKET.model_copy(update={"network_responds": False})
    found = drawn(1, market, frozen=frozenset({Factor.BTC_PRICE}))
    path = network_path(market, TEN_YEARS)
    reward = (path.subsidy_btc[:, None] + found.fees_btc) / (path.subsidy_btc + path.fees_btc)[:, None]
    np.testing.assert_allclose(
        found.hashprice_usd_per_ph_day, path.hashprice_usd_per_ph_day[:, None] * reward, rtol=1e-12
    )


def test_months_sold_forward_bring_the_same_on_every_path():
    found = drawn(1, MARKETS[3])
    assert np.ptp(found.hashprice_usd_per_ph_day[:7], axis=1).max() < 1e-9
    assert found.hashprice_usd_per_ph_day[6, 0] == pytest.approx(33.0, rel=1e-12)
    assert np.ptp(found.hashprice_usd_per_ph_day[18:], axis=1).min() > 1.0


# Which random numbers are drawn


def test_antithetic_halves_mirror_each_other():
    model = MarketModel(Risk(), MARKET, TEN_YEARS, 3, Draws.ANTITHETIC)
    found, half = model.block(0), PATHS_PER_BLOCK // 2
    np.testing.assert_array_equal(found.shocks[..., half:], -found.shocks[..., :half])
    np.testing.assert_allclose(found.price_deviation[:, half:], -found.price_deviation[:, :half], rtol=1e-12)


@pytest.mark.parametrize("draws", list(Draws))
def test_the_first_paths_stay_what_they_are_when_more_are_drawn(draws):
    model = MarketModel(Risk(btc_jumps_per_year=1.0), MARKET, TEN_YEARS, 5, draws)
    few, many = model.block(1, 100), model.block(1)
    for name in vars(few):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[..., :100])


def test_another_seed_and_another_block_are_other_paths():
    one = MarketModel(Risk(), MARKET, TEN_YEARS, 1)
    first = one.block(0).shocks
    for other in (one.block(1).shocks, MarketModel(Risk(), MARKET, TEN_YEARS, 2).block(0).shocks):
        correlation = np.corrcoef(first.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < ERRORS / np.sqrt(first.size)


def test_a_frozen_factor_leaves_the_shocks_of_the_others_alone():
    loose, held = drawn(1), drawn(1, frozen=frozenset({Factor.FEES}))
    np.testing.assert_array_equal(loose.btc_price_usd, held.btc_price_usd)
    np.testing.assert_array_equal(loose.power_level, held.power_level)
    assert np.ptp(held.fees_btc) < 1e-15


# What is refused


def faults_of(**risk) -> dict[str, str]:
    with pytest.raises(InputFaultsError) as refused:
        case_from_document(document(risk=risk))
    return {fault.field: str(fault) for fault in refused.value.faults}


def test_correlations_that_cannot_hold_together_are_refused_with_what_to_do():
    found = faults_of(btc_fee_correlation=0.9, btc_power_correlation=0.9, fee_power_correlation=-0.9)
    ((field, text),) = found.items()
    assert field == "risk.btc_fee_correlation, btc_power_correlation, fee_power_correlation"
    assert "0.9, 0.9, -0.9" in text
    assert "not positive definite" in text
    assert "move one of them towards the product of the other two" in text
    case_from_document(document(risk={"btc_fee_correlation": 0.9, "btc_power_correlation": 0.9,
                                      "fee_power_correlation": 0.81}))  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("btc_volatility_per_year", float("nan")), ("tail_level", 1), ("tail_level", 0), ("btc_volatility_per_year", -0.1),
     ("tenant_default_per_year", 1), ("btc_fee_correlation", 1.5), ("price_process", "a hunch")],
)  # fmt: skip
def test_a_risk_table_that_makes_no_sense_is_refused_by_field(field, value):
    assert list(faults_of(**{field: value})) == [f"risk.{field}"]
