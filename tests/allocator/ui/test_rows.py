"""Adding, copying and removing on the page, undo, and figures that belong together."""

from contextlib import contextmanager
from datetime import date

import pytest

from allocator.allocation import allocate
from allocator.case import inputs
from allocator.files import load_case
from allocator.formats import table_money
from allocator.ui import state
from allocator.ui.desk import Desk
from allocator.ui.presets import deal_presets, market_presets
from models.deals import colocation_deals
from tests.allocator.ui.pages_under_test import RENT, figure, key, opened, without_exception


@pytest.fixture
def page():
    return opened()


def case_of(at):
    return at.session_state["desk"].case


def test_an_offer_is_added_on_signed_terms_with_its_sources_and_counts_in_the_plan(page):
    page.selectbox(key="add_deal").set_value(0)
    page.number_input(key="add_critical_it_mw").set_value(50.0)
    page.text_input(key="add_tenant").set_value("Newcomer")
    page.button(key="add_offer").click().run()
    case = case_of(without_exception(page))
    added, deal = case.leases[1], colocation_deals()[0]
    assert (added.name, added.critical_it_mw, added.term_years) == ("Newcomer", 50.0, deal.term_years)
    assert added.rent_usd_per_kw_month == pytest.approx(deal.first_year_rent_usd_per_kw_month, abs=0.005)
    assert {i.path: i.source for i in inputs(case)}["leases[1].term_years"] == deal.source
    assert figure(page, "NPV") == table_money(allocate(case).npv_usd)


def test_machines_are_added_copied_and_removed_and_undo_brings_them_back(page):
    page.radio(key="add_kind").set_value("A fleet").run()
    page.selectbox(key="add_machine").set_value("Antminer S19 XP").run()
    page.number_input(key="add_facility_mw").set_value(12.0)
    page.button(key="add_fleets").click().run()
    assert [(f.name, f.facility_mw) for f in case_of(without_exception(page)).fleets] == [("Antminer S19 XP", 12.0)]
    page.button(key="copy_fleets[0]").click().run()
    assert [f.name for f in case_of(page).fleets] == ["Antminer S19 XP", "Antminer S19 XP 2"]
    page.button(key="remove_fleets[0]").click().run()
    assert [f.name for f in case_of(without_exception(page)).fleets] == ["Antminer S19 XP 2"]
    for names in (["Antminer S19 XP", "Antminer S19 XP 2"], ["Antminer S19 XP"], []):
        page.button(key="undo").click().run()
        assert [f.name for f in case_of(without_exception(page)).fleets] == names
    assert page.button(key="undo").disabled


def test_undo_takes_back_the_last_change_whatever_made_it(page):
    page.number_input(key=RENT).set_value(130.0).run()
    page.selectbox(key="template").set_value("brownfield").run()
    page.button(key="undo").click().run()
    assert case_of(without_exception(page)).name == "River Bend"
    assert page.number_input(key=key(page, RENT)).value == 130.0
    page.button(key="undo").click().run()
    assert case_of(page) == load_case("river-bend")
    assert page.number_input(key=key(page, RENT)).value == load_case("river-bend").leases[0].rent_usd_per_kw_month


def test_a_day_s_market_is_taken_with_its_sources(page):
    known = market_presets()
    assert known[0].name.startswith("26 Jun 2026")
    place = next(i for i, preset in enumerate(known) if preset.name.startswith("2 Feb 2026"))
    page.selectbox(key=key(page, "preset_market")).set_value(place).run()
    market = case_of(without_exception(page)).market
    assert (market.btc_price_usd, market.difficulty) == (76_176.0, 141.67e12)  # f2pool; forklog
    assert "f2pool" in {i.path: i.source for i in inputs(case_of(page))}["market.btc_price_usd"]
    assert page.selectbox(key=key(page, "preset_market")).value is None


def test_signed_terms_are_put_on_an_offer_and_what_they_do_not_state_stays(page):
    place = next(
        i for i, preset in enumerate(deal_presets()) if ("signed_deal", "CIFR-FS1") in [v[:2] for v in preset.values]
    )
    before = case_of(page).leases[0]
    page.selectbox(key=key(page, "preset_leases[0]")).set_value(place).run()
    after = case_of(without_exception(page)).leases[0]
    assert (after.term_years, after.debt_rate, after.capex_usd_per_kw) == (10, 0.07125, 10_000.0)
    assert (after.critical_it_mw, after.ltc) == (before.critical_it_mw, before.ltc)


def test_a_figure_outside_signed_deals_is_marked_and_said_at_its_input(page):
    page.number_input(key=RENT).set_value(190.0).run()
    assert "◆" in without_exception(page).number_input(key=RENT).label
    assert any("above the 11 signed colocation deals" in c.value for c in page.sidebar.caption)


def test_a_closed_part_draws_none_of_its_inputs_and_opens_by_its_button():
    at = opened(closed=True)
    assert not [n for n in at.number_input if n.key.startswith("leases")]
    at.button(key="open_group_leases_0").click().run()
    at.button(key="open_section_leases_0_Rent").click().run()
    assert without_exception(at).number_input(key=RENT).value == 128.0
    at.button(key="open_group_leases_0").click().run()
    assert not [n for n in at.number_input if n.key.startswith("leases")]


def test_a_second_click_on_the_same_page_is_not_heard():
    at = opened()
    before = at.session_state["desk"]
    names = [purchase.name for purchase in before.case.purchases]
    with _session(at):
        state.remove_row("purchases", 0, before.edition)
        state.remove_row("purchases", 0, before.edition)
    assert [p.name for p in at.session_state["desk"].case.purchases] == names[1:]


def test_a_row_that_another_names_stays_and_the_reason_is_told():
    at = opened()
    at.selectbox(key="template").set_value("brownfield").run()
    at.session_state["desk"] = at.session_state["desk"].edited("leases[1].first_offer_with", "Hyper")
    at.run()
    at.button(key="remove_leases[0]").click().run()
    assert len(without_exception(at).session_state["desk"].case.leases) == 2
    assert any("first_offer_with" in error.value.replace("\\", "") for error in at.error)


def test_a_site_smaller_than_the_smallest_fleet_still_draws_the_form():
    at = opened()
    at.session_state["desk"] = Desk.opened(
        {"name": "Tiny", "valuation_date": date(2026, 2, 7), "site": {"grid_mw": 0.05}}, "mine"
    )
    at.radio(key="add_kind").set_value("Machines to buy").run()
    without_exception(at.run())


@contextmanager
def _session(at):
    """The session of a page under test, for what a browser does behind its back."""
    held = {"desk": at.session_state["desk"]}
    patch = pytest.MonkeyPatch()
    patch.setattr(state.st, "session_state", held)
    yield
    patch.undo()
    at.session_state["desk"] = held["desk"]
