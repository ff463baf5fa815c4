import pytest

from allocator.files import load_case
from models.machines import catalogue
from models.network import hashprice_usd_per_ph_day, hashrate_eh_s, total_reward_btc
from tests.allocator.ui.pages_under_test import figure, opened, without_exception

SUBSIDY_BTC = 3.125  # until block 1,050,000, April 2028


def hashprice_of(market) -> float:
    return hashprice_usd_per_ph_day(
        market.btc_price_usd, market.difficulty, total_reward_btc(SUBSIDY_BTC, market.fee_share)
    )


def test_it_shows_the_hashprice_and_hashrate_of_the_case():
    at = opened("market")
    market = load_case("river-bend").market
    assert figure(at, "Hashprice") == f"${hashprice_of(market):,.2f} /PH/day"
    assert figure(at, "Implied hashrate") == f"{hashrate_eh_s(market.difficulty):,.0f} EH/s"


def test_every_machine_is_listed_and_a_filter_leaves_its_maker():
    at = opened("market")
    assert len(at.dataframe[0].value) == len(catalogue())
    at.button_group(key="market_makers").set_value(["MicroBT"]).run()
    assert set(without_exception(at).dataframe[0].value["maker"]) == {"MicroBT"}


def test_another_btc_price_changes_the_hashprice_and_no_input_of_the_case():
    at = opened("market")
    at.number_input(key="market_btc_price_usd").set_value(142_000.0).run()
    market = load_case("river-bend").market
    assert figure(at, "Hashprice") == f"${hashprice_of(market) * 142_000.0 / market.btc_price_usd:,.2f} /PH/day"
    assert at.session_state["desk"].case.market == market
    at.button(key="market_reset").click().run()
    assert figure(without_exception(at), "Hashprice") == f"${hashprice_of(market):,.2f} /PH/day"


def test_the_market_page_follows_an_edit_made_on_the_recommendation():
    at = opened()
    at.number_input(key="market.btc_price_usd").set_value(142_000.0).run()
    at.switch_page("allocator/ui/pages/market.py").run()
    assert without_exception(at).number_input(key="market_btc_price_usd").value == pytest.approx(142_000.0)
    at.switch_page("allocator/ui/pages/recommendation.py").run()
    assert without_exception(at).number_input(key="market.btc_price_usd").value == 142_000.0
