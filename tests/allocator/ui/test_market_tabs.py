"""The tabs of the market page: the figure on the screen is the library's, and an edit moves it as the library says."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from allocator.files import load_case
from allocator.ui import bitcoin_cost, entry_cost_chart, leaving_chart, replay_chart, tiers_chart
from allocator.ui.figure import Figure
from models import production_cost as cost
from models.machines import catalogue, machines_by_name
from models.mining import Mining
from models.network import Market, hashprice_btc_per_ph_day, total_reward_btc
from models.production_cost import NetworkAverage
from models.replay import replay
from tests.allocator.ui.pages_under_test import figure, on_tab, opened, without_exception, words

TABS = (
    "Machines", "Hashprice ahead", "Does the response hold?", "What a bitcoin costs", "Revenue by tier",
    "Where the figures come from",
)  # fmt: skip
REWARD_BTC = 3.125 / 0.994


@pytest.fixture
def market():
    return load_case("river-bend").market


def btc_hashprice(market) -> float:
    return hashprice_btc_per_ph_day(market.difficulty, total_reward_btc(3.125, market.fee_share))


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_without_exception(tab):
    at = on_tab(opened("market"), tab)
    assert [t.label for t in at.tabs] == list(TABS)
    assert figure(at, "Hashprice")


# What a bitcoin costs


def test_the_costs_of_a_bitcoin_are_the_library_s(market):
    at = on_tab(opened("market"), "What a bitcoin costs")
    average = NetworkAverage()
    cash = cost.cash_cost_usd_per_btc(average, btc_hashprice(market))
    all_in = cost.all_in_cost_usd_per_btc(average, btc_hashprice(market))
    assert figure(at, "Cash cost of a bitcoin") == f"${cash:,.0f}"
    assert figure(at, "All-in cost of a bitcoin") == f"${all_in:,.0f}"
    budget = cost.security_budget_usd_per_day(market.btc_price_usd, REWARD_BTC)
    assert figure(at, "Security budget") == f"${budget / 1e6:.1f} M a day"


def test_another_power_price_of_the_network_changes_the_cost_and_can_be_taken_back(market):
    at = on_tab(opened("market"), "What a bitcoin costs")
    before = figure(at, "Cash cost of a bitcoin")
    at.number_input(key="network_average.power_price_usd_per_mwh").set_value(110.0).run()
    doubled = cost.cash_cost_usd_per_btc(NetworkAverage(), btc_hashprice(market)) * 2.0
    assert figure(without_exception(at), "Cash cost of a bitcoin") == f"${doubled:,.0f}"
    at.button(key="average_reset").click().run()
    assert figure(without_exception(at), "Cash cost of a bitcoin") == before


def test_a_share_is_edited_in_percent(market):
    at = on_tab(opened("market"), "What a bitcoin costs")
    at.number_input(key="network_average.other_cash_share").set_value(40.0).run()
    expected = cost.cash_cost_usd_per_btc(NetworkAverage(other_cash_share=0.4), btc_hashprice(market))
    assert figure(without_exception(at), "Cash cost of a bitcoin") == f"${expected:,.0f}"


def test_an_input_out_of_bounds_is_told_and_the_figures_stay():
    at = on_tab(opened("market"), "What a bitcoin costs")
    before = figure(at, "Cash cost of a bitcoin")
    at.number_input(key="network_average.efficiency_j_per_th").set_value(0.0).run()
    assert "must be above 0" in words(without_exception(at))
    assert figure(at, "Cash cost of a bitcoin") == before


def test_a_harder_network_makes_a_bitcoin_dearer_and_a_higher_price_does_not(market):
    at = on_tab(opened("market"), "What a bitcoin costs")
    before = figure(at, "Cash cost of a bitcoin")
    at.number_input(key="market_btc_price_usd").set_value(142_000.0).run()
    assert figure(without_exception(at), "Cash cost of a bitcoin") == before
    at.number_input(key="market_difficulty").set_value(market.difficulty / 1e12 * 2).run()
    doubled = 2 * cost.cash_cost_usd_per_btc(NetworkAverage(), btc_hashprice(market))
    assert figure(without_exception(at), "Cash cost of a bitcoin") == f"${doubled:,.0f}"


def test_it_says_why_the_figure_in_the_news_is_another():
    text = words(on_tab(opened("market"), "What a bitcoin costs"))
    for said in ("$87,000 is not a cost: it is a regression of price on difficulty", "build-up", "$77,000", "$80,000"):
        assert said in text


def test_the_parts_of_the_build_up_add_up_to_the_library_s_costs(market):
    parts = bitcoin_cost.build_up(NetworkAverage(), btc_hashprice(market))
    # 21.75 kW per PH/s x 1.06 x 24 h x 55 USD/MWh over the bitcoin that one PH/s finds in a day.
    assert parts.power_usd == pytest.approx(21.75 * 1.06 * 0.024 * 55.0 / btc_hashprice(market), rel=1e-12)
    assert parts.other_cash_usd / parts.cash_usd == pytest.approx(0.17, rel=1e-12)
    table = bitcoin_cost.cost_table(parts, 71_000.0)
    ours = table.loc[table["figure"] == bitcoin_cost.OURS, "usd_per_btc"].sum()
    assert ours == pytest.approx(cost.all_in_cost_usd_per_btc(NetworkAverage(), btc_hashprice(market)), rel=1e-12)


@pytest.mark.parametrize(
    ("price", "said"), [(60_000.0, "does not pay"), (80_000.0, "but not the"), (126_000.0, "pays all that it costs")]
)
def test_the_finding_says_what_the_price_pays_for(market, price, said):
    parts = bitcoin_cost.build_up(NetworkAverage(), btc_hashprice(market))
    assert said in bitcoin_cost.finding(parts, price)


# Entry, and who leaves


def test_entry_costs_are_those_published_for_the_newest_machines():
    # At 55 USD/MWh, 20 % over 5 years: S23 Hyd 35.8, S21 XP Hyd 31.4, A4 Ultra 25.5 (works at 0.5 M USD/MW).
    average, mining = NetworkAverage(infrastructure_usd_per_mw=500_000.0), Mining(variable_opex_usd_per_mwh=0.0)
    found = [entry_cost_chart.entry_cost_usd_per_ph_day(m, 55.0, average, mining) for m in entry_cost_chart.NEWEST]
    assert found == pytest.approx([35.8, 31.4, 25.5], rel=0.02)
    prices = [machines_by_name()[model].price_usd_per_th for model in entry_cost_chart.NEWEST]
    assert prices == [18.95, 10.45, 9.0]


def test_a_machine_pays_where_hashprice_reaches_its_entry_cost():
    usual = entry_cost_chart.entry_table(NetworkAverage(), Mining(), 31.0, 45.0)
    assert list(usual["verdict"]) == ["does not pay", "pays", "pays"]
    assert (usual["entry_cost_at_power_asked"] < usual["entry_cost_usd_per_ph_day"]).all()


def test_a_machine_without_a_price_has_no_entry_cost():
    with pytest.raises(ValueError, match="has no price"):
        entry_cost_chart.entry_cost_usd_per_ph_day("Antminer S19", 55.0, NetworkAverage(), Mining())


def test_hashrate_leaves_below_today_s_price_and_comes_back_above(market):
    table = leaving_chart.leaving_table(market)
    assert table["btc_price_usd"].iloc[[0, -1]].tolist() == [30_000.0, 126_000.0]
    assert (np.diff(table["share_leaving"]) < 0).all()
    assert ((table["share_leaving"] > 0) == (table["btc_price_usd"] < market.btc_price_usd)).all()
    assert table["share_leaving"].iloc[0] == cost.hashrate_leaving_at(market, 30_000.0)


def test_without_an_elasticity_nothing_leaves():
    shown = leaving_chart.leaving_figure(Market(switch_off_elasticity_to_hashprice=0.0))
    assert "No hashrate leaves or returns at $30,000" in shown.finding


# Does the response hold?


def test_the_errors_of_the_replay_are_the_library_s(market):
    at = on_tab(opened("market"), "Does the response hold?")
    seen = replay(Market())  # River Bend leaves the response at its defaults
    assert figure(at, "RMS error, the case's model") == f"{seen.rms_error:.1%}".replace("%", " %")
    assert figure(at, "RMS error, no response") == f"{seen.flat_rms_error:.1%}".replace("%", " %")


def test_it_says_that_nine_months_do_not_establish_the_response():
    text = words(on_tab(opened("market"), "Does the response hold?"))
    assert "are consistent with the response and do not establish it" in text
    assert "a straight line fitted to the same months does as well" in text
    assert "No bitcoin price was found from 21 Mar 2026 to 25 May 2026" in text


def test_a_forward_curve_does_not_stand_in_for_the_response():
    expected = Market.model_validate({"forward": [{"from": date(2026, 4, 1), "difficulty": 60e12}]})
    assert replay(replay_chart.response_of(expected)).rms_error == replay(Market()).rms_error


def test_the_fitted_line_is_the_least_squares_line():
    seen = replay(Market())
    months = np.arange(9.0)
    slope = np.cov(months, seen.observed_hashrate_eh_s, bias=True)[0, 1] / np.var(months)
    line = seen.observed_hashrate_eh_s.mean() + slope * (months - months.mean())
    off = np.sqrt(np.mean((line / seen.observed_hashrate_eh_s - 1.0) ** 2))
    assert replay_chart.fitted_line_rms_error(seen) == pytest.approx(off, rel=1e-9)


def test_a_case_whose_network_does_not_respond_is_told_so():
    silent = Market(network_responds=False)
    assert any("does not answer to price" in said for said in replay_chart.words(silent, replay(silent)))


# Revenue by tier


def test_tiers_earn_what_hashrate_index_published_at_the_hashprice_of_that_week():
    # Hashrate Index, 12 January 2026: 97, 75 and 51 USD/MWh at 39.53 USD/PH/day.
    table = tiers_chart.tier_table(39.53, 45.0, 0.0)
    assert table["USD/MWh"].to_numpy() == pytest.approx([97.0, 75.0, 51.0], rel=1e-12)


def test_every_machine_is_in_one_tier_and_the_tier_s_own_efficiency_lies_within_it():
    listed = tiers_chart.machine_revenue_table(35.0, 45.0, 0.01)
    assert sorted(listed["machine"]) == sorted(m.model for m in catalogue())
    for tier in tiers_chart.TIERS:
        assert tier.from_j_per_th <= tier.efficiency_j_per_th < tier.below_j_per_th


def test_the_revenue_of_the_tiers_is_on_the_screen(market):
    at = on_tab(opened("market"), "Revenue by tier")
    fee = load_case("river-bend").mining.pool_fee
    hashprice = btc_hashprice(market) * market.btc_price_usd
    for label, published in (("under 19 J/TH", 97.0), ("19–25 J/TH", 75.0), ("25–38 J/TH", 51.0)):
        assert figure(at, f"Revenue {label}") == f"${published * hashprice / 39.53 * (1 - fee):,.2f} /MWh"


@pytest.mark.parametrize(("power", "said"), [(45.0, "every tier"), (60.0, "only machines of"), (400.0, "no tier")])
def test_the_finding_of_the_tiers_follows_the_power_price(power, said):
    assert said in tiers_chart.tiers_figure(35.68, power, 0.0).finding


def test_the_machine_table_has_the_power_price_at_which_each_stops(market):
    table = opened("market").dataframe[0].value
    fee = load_case("river-bend").mining.pool_fee
    revenue = btc_hashprice(market) * market.btc_price_usd * (1 - fee) / (0.024 * table["J/TH"])
    assert table["shutdown power"].to_numpy() == pytest.approx(revenue.to_numpy(), rel=1e-9)


def every_figure(market: Market) -> list[Figure]:
    seen = replay(replay_chart.response_of(market))
    parts = bitcoin_cost.build_up(NetworkAverage(), btc_hashprice(market))
    return [
        replay_chart.hashrate_figure(seen),
        replay_chart.hashprice_figure(seen),
        bitcoin_cost.cost_figure(parts, market.btc_price_usd),
        entry_cost_chart.entry_figure(NetworkAverage(), Mining(), 35.0, 45.0),
        leaving_chart.leaving_figure(market),
        tiers_chart.tiers_figure(35.0, 45.0, 0.01),
    ]


def test_every_chart_can_be_drawn_with_its_finding_and_data(market):
    for shown in every_figure(market):
        assert shown.chart.to_dict()["layer"]
        assert shown.finding
        assert shown.measure
        assert len(shown.table)
