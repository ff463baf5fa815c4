"""Nine months that happened against the response: consistent with it, which is all that nine months can say."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from models.network import Market
from models.replay import fitted_elasticity, history, observed_months, replay


def test_shipped_defaults_are_within_4_percent_and_0_4_of_the_flat_baseline():
    seen = replay(Market())
    assert seen.rms_error <= 0.04
    assert seen.rms_error <= 0.4 * seen.flat_rms_error


def test_the_flat_baseline_is_the_model_without_response_or_growth():
    flat = replay(Market(network_responds=False, network_growth_per_year=0.0))
    assert flat.rms_error == pytest.approx(flat.flat_rms_error, rel=1e-12)


@pytest.mark.parametrize("growth", [0.12, 0.25, 0.35])
def test_constant_growth_does_worse_than_the_response(growth):
    # An independent prototype: 17.0, 22.5 and 26.5 % for growth of 12, 25 and 35 % a year.
    assert replay(Market(network_responds=False, network_growth_per_year=growth)).rms_error > 0.10


def test_the_anchor_month_is_met_exactly():
    seen = replay(Market())
    assert seen.modelled_hashrate_eh_s[0] == pytest.approx(seen.observed_hashrate_eh_s[0], rel=1e-12)


def test_monthly_means_agree_with_dated_figures_from_other_sources():
    months, price, hashrate = observed_months()
    assert months[0] == date(2025, 10, 1)
    assert len(months) == 9
    # Luxor, November 2025 monthly averages: BTC 96,532 USD; difficulty 153.33 T (1,098 EH/s). Ours are sparser.
    assert price[1] == pytest.approx(96_532, rel=0.05)
    assert hashrate[1] == pytest.approx(153.33e12 * 2**32 / 600 / 1e18, rel=0.03)
    # JPMorgan, January 2026: 981 EH/s.
    assert hashrate[3] == pytest.approx(981, rel=0.02)


def test_observed_hashprice_is_price_over_difficulty():
    seen = replay(Market())
    for price, hashrate, hashprice in zip(
        seen.btc_price_usd, seen.observed_hashrate_eh_s, seen.observed_hashprice_usd_per_ph_day, strict=True
    ):
        # 144 blocks of 3.125 BTC and 0.6 % fees shared by the hashrate that finds one every ten minutes.
        assert hashprice == pytest.approx(144 * 3.125 / 0.994 * price / (hashrate * 1000), rel=1e-12)


def test_every_observation_has_a_source_and_a_finite_value():
    for seen in history():
        assert seen.source
        assert seen.kind == "epoch_start" or np.isfinite(seen.value)


def test_the_shipped_elasticity_is_close_to_the_best_and_a_faster_entry_asks_for_more():
    shipped = replay(Market())
    best, error = fitted_elasticity(Market())
    assert error <= shipped.rms_error <= error + 0.005
    # An independent prototype: 0.45 jointly with a speed of 0.6; between 0.3 and 0.6 in all settings that fit.
    assert 0.3 <= best <= 0.6
    faster, _ = fitted_elasticity(Market(entry_speed_per_year=1.0))
    assert faster > best
