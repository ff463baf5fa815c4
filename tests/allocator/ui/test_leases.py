"""The page of term sheets, and the terms of a lease in the side: what is on the screen is the library's."""

from __future__ import annotations

import pytest

from allocator.allocation import allocate
from allocator.files import dump_case, load_case
from allocator.offers import offer_terms
from allocator.term_lines import (
    finding,
    footing,
    lender_lines,
    notes_lines,
    source_lines,
    sponsor_lines,
    tenant_lines,
    use_lines,
)
from allocator.ui.cover_chart import cover_figure
from allocator.ui.delay_chart import delay_figure
from allocator.ui.term_tables import funding_table, missing_words
from models.assumptions import sections
from models.lease import Lease
from tests.allocator import small
from tests.allocator.ui.pages_under_test import RENT, key, opened, without_exception, words

VIEWS = (sponsor_lines, lender_lines, tenant_lines)


def terms_of(name: str, *settings: str):
    case = load_case(name, list(settings))
    return offer_terms(case, allocate(case))


def of_small(**changed):
    case = small.case(leases=[small.lease(**changed)])
    (found,) = offer_terms(case)
    return found


def test_every_figure_of_the_three_views_is_on_the_page_as_the_library_has_it():
    at = opened("leases")
    (terms,) = terms_of("river-bend")
    text = words(at)
    assert finding(terms) in text
    assert footing(terms) in text
    for view in (*VIEWS, notes_lines):
        for line in view(terms):
            assert f"{line.label} | {line.shown} |" in text
    assert "Published notes (HUT-RB)" in text
    for line in (*use_lines(terms), *source_lines(terms)):
        assert f"| {line.label} | {line.shown} |" in text or not line.value


def test_an_edit_in_the_side_changes_the_term_sheet():
    at = opened("leases")
    at.number_input(key=RENT).set_value(140.0).run()
    (terms,) = terms_of("river-bend", f"{RENT}=140.0")
    assert finding(terms) in words(without_exception(at))


def test_an_offer_is_picked_and_stays_picked_when_the_page_is_left():
    at = opened("leases")
    at.selectbox(key="template").set_value("brownfield").run()
    hyper, neo = terms_of("brownfield")
    assert finding(hyper) in words(at), "the first offer that is taken is shown first"
    at.segmented_control(key="offer").set_value("Neo").run()
    assert finding(neo) in words(without_exception(at))
    assert "Published notes" not in words(at)
    at.switch_page("allocator/ui/pages/recommendation.py").run()
    at.switch_page("allocator/ui/pages/leases.py").run()
    assert finding(neo) in words(without_exception(at))
    assert "not taken" in words(at)


def test_an_infeasible_case_is_quoted_from_its_earliest_starts_and_says_that_no_plan_exists():
    at = opened("leases")
    at.toggle(key="leases[0].committed").set_value(True).run()
    at.number_input(key="policy.min_flexible_mw").set_value(50.0).run()
    (warning,) = without_exception(at).warning
    assert "No plan meets every limit" in warning.value
    (terms,) = offer_terms(at.session_state["desk"].case)
    assert finding(terms) in words(at)
    assert "not taken" in words(at)


def test_a_case_without_offers_says_so():
    at = opened("leases")
    case = dump_case(load_case("brownfield"))
    assert "[[leases]]" in case
    without = small.case(leases=[])
    at.file_uploader(key="upload").set_value(("bare.toml", dump_case(without).encode(), "application/toml")).run()
    (info,) = without_exception(at).info
    assert "no offer of a lease" in info.value


def test_each_section_of_a_lease_opens_to_its_terms():
    at = opened("leases", closed=True)
    at.button(key="open_group_leases_0").click().run()
    openers = [button for button in at.sidebar.button if str(button.key).startswith("open_section_leases_0_")]
    assert [button.label for button in openers] == [title for title, _ in sections(Lease)]
    assert not drawn(at)
    for opener, (_, names) in zip(openers, sections(Lease), strict=True):
        at.button(key=opener.key).click().run()
        listed = [n for n in names if Lease.model_fields[n].default == ()]
        assert drawn(without_exception(at)) == set(names) - set(listed)
        at.button(key=opener.key).click().run()


def drawn(at) -> set[str]:
    """Fields of the first lease that have a widget."""
    widgets = [*at.number_input, *at.text_input, *at.selectbox, *at.toggle]
    return {w.key.removeprefix("leases[0].") for w in widgets if w.key.startswith("leases[0].")}


def test_modes_are_chosen_from_their_list():
    at = opened("leases")
    at.selectbox(key="leases[0].amortisation").set_value("level").run()
    assert without_exception(at).session_state["desk"].case.leases[0].amortisation == "level"
    at.selectbox(key="leases[0].after_term").set_value("sold").run()
    assert without_exception(at).session_state["desk"].case.leases[0].after_term == "sold"


@pytest.mark.parametrize(("name", "years"), [("debt_tenor_years", 10), ("termination_after_years", 7)])
def test_a_term_that_may_be_left_out_is_given_as_whole_years_and_taken_away_again(name, years):
    at = opened("leases")
    field = at.number_input(key=f"leases[0].{name}")
    assert field.value is None
    field.set_value(years).run()
    assert getattr(without_exception(at).session_state["desk"].case.leases[0], name) == years
    at.number_input(key=key(at, f"leases[0].{name}")).set_value(None).run()
    assert getattr(without_exception(at).session_state["desk"].case.leases[0], name) is None


def test_lists_are_shown_as_text_and_edited_in_the_file():
    at = opened("leases")
    halls = [{"months_after_first": 0, "share": 0.4}, {"months_after_first": 6, "share": 0.6}]
    case = small.case(leases=[small.lease(halls=halls, rent_by_year=[1.0, 1.1], draw_curve=[0.25, 0.75])])
    at.file_uploader(key="upload").set_value(("mine.toml", dump_case(case).encode(), "application/toml")).run()
    text = words(without_exception(at))
    assert "40.0% after 0 months, 60.0% after 6 months" in text
    assert "1, 1.1" in text
    assert "25, 75" in text


def test_the_cover_chart_says_the_thinnest_year_and_holds_every_year():
    level = cover_figure(of_small(amortisation="level", escalator_per_year=0.03, deliveries=1))
    assert "at its thinnest, in year 1" in level.finding
    even = cover_figure(of_small(deliveries=1))
    assert "in every year" in even.finding
    assert list(even.table["year"]) == [1, 2, 3]
    none = cover_figure(of_small(ltc=0.0))
    assert none.finding == "Hall carries no debt: the terms allow none"
    assert none.table["dscr"].isna().all()


def test_the_delay_chart_shows_the_mean_only_where_the_delay_is_uncertain():
    sure, unsure = of_small(), of_small(delay_months=3, delay_spread_months=3.0)
    assert delay_figure(sure).table["expected"].isna().all()
    assert "the mean over delays of 3 months" in delay_figure(unsure).measure
    table = delay_figure(unsure).table
    assert list(table["months_late"]) == [0, 3, 6, 9, 12, 18]
    assert table["npv"].tolist() == [worth / 1e6 for _, worth in unsure.sheet.sponsor.npv_by_delay_usd]


def test_sources_and_uses_leave_out_what_is_not_there_and_missing_figures_say_why():
    text = funding_table(of_small())
    assert "Fee" not in text
    assert "Prepaid" not in text
    assert "Fee" in funding_table(of_small(debt_fee_share=0.02))
    assert missing_words(lender_lines(of_small(ltc=0.0))) == "no debt: the terms allow none"
    assert missing_words(sponsor_lines(of_small())) == ""
