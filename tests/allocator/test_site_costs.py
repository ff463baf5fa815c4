"""What a bitcoin costs at a site, against a sum written out by hand."""

from __future__ import annotations

import pytest

from allocator.files import load_case
from allocator.site_costs import site_costs
from tests.allocator.small import case, fleet, purchase


def test_cash_cost_is_power_and_opex_over_the_bitcoin_that_the_pool_pays():
    given = case(fleets=[fleet(machine="S21")], purchases=[], power={"price_usd_per_mwh": 40, "riders_usd_per_mwh": 3})
    # S21: 17.5 J/TH air-cooled at PUE 1.06 is 18.55 kW per PH/s; 45 USD/MWh with opex of 2; 25,000 USD/MW-year.
    kw = 17.5 * 1.06
    cash = kw * 24 / 1000 * 45 + kw / 1000 * 25_000 / 0.97 / 365.25
    found = 3.125 / 0.994 * 86_400e15 / (125.86e12 * 2**32) * 0.99
    assert site_costs(given)[0].cash_usd_per_btc == pytest.approx(cash / found, rel=1e-12)


def test_all_in_cost_recovers_machines_and_works_with_their_return():
    given = case(fleets=[], purchases=[purchase(life_years=2)], mining={"efficiency_gain_per_year": 0.0})
    row = site_costs(given)[0]
    # Level monthly payments in advance that are worth 1 at 15 % over n years, times twelve.
    q = 1.15 ** (-1 / 12)
    annuity = {years: 12 * (1 - q) / (1 - q ** (12 * years)) for years in (2, 10)}
    capital = 1000 * 6 * annuity[2] + 12.0 * 1.05 / 1000 * 100_000 * annuity[10]
    found = 3.125 / 0.994 * 86_400e15 / (125.86e12 * 2**32) * 0.99
    expected = capital / 0.97 / 365.25 / found
    assert row.all_in_usd_per_btc - row.cash_usd_per_btc == pytest.approx(expected, rel=1e-9)


def test_better_machines_make_a_cheaper_bitcoin():
    xp, s21, *_ = site_costs(load_case("brownfield"))
    assert (xp.name, s21.name) == ("S19 XP", "S21")
    assert s21.cash_usd_per_btc < xp.cash_usd_per_btc < xp.all_in_usd_per_btc
