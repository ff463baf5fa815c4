import pytest

from allocator.allocation import allocate
from allocator.explain import explain
from allocator.files import dump_case, load_case
from allocator.formats import percent, table_money
from allocator.sentences import decision, headline
from tests.allocator.ui.pages_under_test import RENT, explained, figure, key, opened, without_exception, words


@pytest.fixture(scope="module")
def river_bend():
    plan = allocate(load_case("river-bend"))
    return plan, explain(plan)


def test_it_opens_on_river_bend_already_answered(river_bend):
    at = opened()
    plan, _ = river_bend
    assert at.subheader[0].value.replace("\\", "").startswith(headline(plan).removesuffix("."))


def test_every_headline_figure_on_the_screen_is_the_library_s(river_bend):
    plan, explanation = river_bend
    at = explained(opened())
    assert figure(at, "NPV") == table_money(plan.npv_usd)
    assert figure(at, "Over mining only") == table_money(plan.npv_usd - explanation.twins.mine_only_usd)
    assert figure(at, "Capex") == table_money(plan.capex_usd)
    assert figure(at, "Peak equity") == table_money(plan.peak_equity_usd)
    assert figure(at, "IRR") == percent(plan.irr)
    assert figure(at, "Min DSCR") == f"{plan.minimum_dscr:.2f}x"


def test_every_sentence_of_the_decision_is_on_the_page(river_bend):
    plan, explanation = river_bend
    text = words(explained(opened()))
    for sentence in decision(plan, explanation):
        assert sentence in text


def test_one_edit_changes_the_figures_that_depend_on_it():
    at = opened()
    before = figure(at, "NPV"), figure(at, "Capex")
    at.number_input(key=RENT).set_value(130.0).run()
    plan = allocate(load_case("river-bend", [f"{RENT}=130.0"]))
    assert figure(at, "NPV") == table_money(plan.npv_usd) != before[0]
    assert figure(at, "Capex") == before[1]


def test_a_rent_of_one_dollar_makes_the_lease_leave_and_the_sentence_says_so():
    at = opened()
    assert "Lease all" in at.subheader[0].value
    at.number_input(key=RENT).set_value(1.0).run()
    assert "efuse River Bend" in without_exception(at).subheader[0].value
    assert figure(at, "Min DSCR") == "–"


def test_percent_is_shown_and_decimals_are_kept():
    at = opened()
    assert at.number_input(key="finance.discount_rate_hosting").value == 8.0
    at.number_input(key="finance.discount_rate_hosting").set_value(9.0).run()
    assert at.session_state["desk"].case.finance.discount_rate_hosting == 0.09


def test_a_changed_input_is_counted_marked_and_reset():
    at = opened()
    before = figure(at, "NPV")
    at.number_input(key=RENT).set_value(130.0).run()
    at.number_input(key="power.price_usd_per_mwh").set_value(46.0).run()
    assert "●" in at.number_input(key=RENT).label
    assert [change.path for change in at.session_state["desk"].changes] == ["power.price_usd_per_mwh", RENT]
    at.button(key=f"reset_{RENT}").click().run()
    assert at.number_input(key=key(at, RENT)).value == load_case("river-bend").leases[0].rent_usd_per_kw_month
    at.button(key="reset_all").click().run()
    assert not without_exception(at).session_state["desk"].changes
    assert figure(at, "NPV") == before


def test_an_invalid_input_shows_rule_and_remedy_and_keeps_the_last_good_answer():
    at = opened()
    before = figure(at, "NPV")
    at.number_input(key="leases[0].provisioning_ratio").set_value(0.9).run()
    (error,) = without_exception(at).error
    assert "leases[0].provisioning_ratio" in error.value
    assert "facility load cannot be less than critical IT load" in error.value
    assert "Traceback" not in error.value
    assert figure(at, "NPV") == before
    at.button(key="forget_refused").click().run()
    assert not at.error
    assert at.number_input(key=key(at, "leases[0].provisioning_ratio")).value > 1.0


def test_a_refused_edit_counts_as_soon_as_another_makes_it_possible():
    at = opened()
    at.number_input(key="leases[0].term_years").set_value(20).run()
    assert at.error
    at.number_input(key="horizon_years").set_value(25).run()
    assert not without_exception(at).error
    assert at.session_state["desk"].case.leases[0].term_years == 20


def test_an_infeasible_case_says_what_conflicts_and_a_button_repairs_it():
    at = opened()
    at.toggle(key="leases[0].committed").set_value(True).run()
    at.number_input(key="policy.min_flexible_mw").set_value(50.0).run()
    (error,) = without_exception(at).error
    assert "flexible floor" in error.value
    assert not at.metric
    at.button(key="repair_policy.min_flexible_mw").click().run()
    assert not without_exception(at).error
    assert at.metric


def test_another_template_is_another_case():
    at = opened()
    at.selectbox(key="template").set_value("brownfield").run()
    plan = allocate(load_case("brownfield"))
    assert figure(without_exception(at), "NPV") == table_money(plan.npv_usd)
    assert at.number_input(key=key(at, "fleets[0].facility_mw")).value == plan.case.fleets[0].facility_mw


def test_what_a_browser_still_reports_of_the_old_case_is_no_edit_of_the_new_one():
    at = opened()
    late = at.number_input(key=RENT)
    at.selectbox(key="template").set_value("brownfield").run()
    late.set_value(77.0)
    at.run()
    assert not without_exception(at).session_state["desk"].changes


def test_a_case_file_is_opened_and_later_edits_of_it_stay():
    at = opened()
    case = load_case("river-bend", ["name='Mine'", f"{RENT}=140"])
    at.file_uploader(key="upload").set_value(("mine.toml", dump_case(case).encode(), "application/toml")).run()
    assert without_exception(at).session_state["desk"].case == case
    at.number_input(key=key(at, RENT)).set_value(141.0).run()
    at.run()
    assert without_exception(at).session_state["desk"].case.leases[0].rent_usd_per_kw_month == 141.0


def test_a_faulty_file_leaves_the_case_as_it_was_and_says_why():
    at = opened()
    at.file_uploader(key="upload").set_value(("bad.toml", b"name = 'x'\nwhat = 1", "application/toml")).run()
    assert "site.grid_mw" in words(without_exception(at))
    assert at.session_state["desk"].origin == "river-bend"


def test_the_case_stays_chosen_and_shown_on_every_page():
    at = opened()
    for name in ("why", "cash_flows", "recommendation"):
        at = at.switch_page(f"allocator/ui/pages/{name}.py").run()
        assert at.selectbox(key="template").value == "river-bend"
        assert at.number_input(key=RENT).value == 128.0
    at.selectbox(key="template").set_value("brownfield").run()
    assert without_exception(at).session_state["desk"].origin == "brownfield"
