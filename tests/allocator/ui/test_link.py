import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.files import load_case, read_document
from allocator.ui.desk import Desk
from allocator.ui.link import LONGEST_QUERY, desk_of_link, shared_query
from models.assumptions import InputFaultsError
from tests.allocator.ui.pages_under_test import APP, RENT, AppTest, EveryPart, figure, without_exception


def opened(query: str) -> Desk:
    found = desk_of_link(parse_qs(query, keep_blank_values=True))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "settings",
    [
        [],
        [f"{RENT}=121"],
        ["policy.capital_usd=250e6", "policy.min_flexible_mw=12.5", "name='A & B = 100 %'"],
        ["site.grid_mw=[{from=2026-03-01, grid_mw=340}, {from=2027-03-01, grid_mw=400.5}]"],
        ["fleets=[]", "valuation_date=2026-01-26", "horizon_years=21"],
    ],
)
@pytest.mark.parametrize("template", ["river-bend", "brownfield"])
def test_a_link_gives_the_same_case_and_names_what_differs(template, settings):
    case = load_case(template, settings)
    query = shared_query(case)
    assert query is not None
    again = opened(query)
    assert again.case == case
    assert dict(again.case.sources) == dict(case.sources)
    assert again.base == load_case(again.origin)
    assert len(query) <= LONGEST_QUERY


@settings(max_examples=60, deadline=None)
@given(
    rent=st.floats(1.0, 400.0),
    price=st.floats(1_000.0, 500_000.0),
    name=st.text(min_size=1, max_size=60).filter(str.strip),
    capital=st.none() | st.floats(1e6, 1e10),
)
def test_any_edited_case_survives_its_link(rent, price, name, capital):
    desk = Desk.opened(read_document("brownfield"), "brownfield")
    for path, value in (
        (RENT, rent),
        ("market.btc_price_usd", price),
        ("name", name),
        ("policy.capital_usd", capital),
    ):
        desk = desk.edited(path, value)
    query = shared_query(desk.case)
    assert query is not None
    assert opened(query).case == desk.case


def test_rows_that_came_and_went_travel_too():
    desk = Desk.opened(read_document("brownfield"), "brownfield")
    row = {"name": "New", "machine": "Antminer S21", "facility_mw": 5.0}
    changed = desk.without_row("leases", 1).with_row("fleets", row, {"facility_mw": "sourced: the site's meter"})
    query = shared_query(changed.case)
    assert query is not None
    again = opened(query)
    assert again.case == changed.case
    assert again.case.sources["fleets[2].facility_mw"] == "sourced: the site's meter"


def test_a_case_too_far_from_every_template_is_no_link():
    desk = Desk.opened(read_document("brownfield"), "brownfield")
    assert shared_query(desk.edited("name", "x" * 290).case)
    for i in range(60):
        desk = desk.with_row("fleets", {"name": f"{i} {'x' * 100}", "machine": "Antminer S21", "facility_mw": 1.0})
    assert shared_query(desk.case) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("case=../../etc/passwd", "is no template"),
        ("case=", "is no template"),
        ("case=brownfield&case=river-bend", "is given twice"),
        ("case=brownfield&what=1", "is not an input of a case"),
        ("case=brownfield&__class__=1", "is not an input of a case"),
        ("case=brownfield&market.what=1", "market.what"),
        ("case=brownfield&leases[9].ltc=0.5", "has no item [9]"),
        ("case=brownfield&leases[0].ltc=7", "leases[0].ltc"),
        ("case=brownfield&leases[0].ltc=cheap", "is not JSON"),
        ("case=brownfield&leases[0].ltc=NaN", "leases[0].ltc"),
        ("case=brownfield&leases=" + "[" * 3_000, "is not JSON"),
        ("case=brownfield&market.btc_price_usd=" + "9" * 5_000, "market.btc_price_usd"),
        ("case=brownfield&sources=1", "is not a JSON object"),
        ("case=brownfield&power.hourly_prices=" + json.dumps("/etc/passwd"), "power.hourly_prices"),
        ("case=brownfield&name=" + json.dumps("x" * 7_000), "characters"),
        ("case=brownfield&" + "&".join(f"a{i}=1" for i in range(300)), "200 inputs"),
    ],
)
def test_a_link_that_cannot_be_read_is_refused_in_words(query, words):
    with pytest.raises(InputFaultsError) as refusal:
        opened(query)
    assert words in "\n".join(str(fault) for fault in refusal.value.faults)


def test_every_fault_of_a_link_is_told_at_once():
    with pytest.raises(InputFaultsError) as refusal:
        opened("case=brownfield&leases[0].ltc=7&power.uptime=1&market.fee_share=x")
    assert len(refusal.value.faults) >= 3


def test_the_page_opens_a_link_as_changes_of_its_template():
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.session_state["choices"] = EveryPart()
    at.query_params["case"] = "river-bend"
    at.query_params[RENT] = "131.5"
    at = without_exception(at.run())
    assert [(c.path, c.now) for c in at.session_state["desk"].changes] == [(RENT, 131.5)]
    assert at.number_input(key=RENT).value == 131.5


def test_a_bad_link_opens_the_usual_case_and_says_what_is_wrong():
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.query_params["case"] = "river-bend"
    at.query_params["leases[0].ltc"] = "7"
    at = without_exception(at.run())
    assert at.session_state["desk"].origin == "river-bend"
    assert not at.session_state["desk"].changes
    assert any("leases[0].ltc" in error.value.replace("\\", "") for error in at.error)
    assert figure(at, "NPV")


@pytest.mark.parametrize("path", ["name", "leases[0].name", "leases[0].exclusive_group", "leases[0].tenant"])
def test_half_a_character_is_refused_wherever_it_stands(path):
    with pytest.raises(InputFaultsError) as refusal:
        opened(f'case=river-bend&{path}="\\ud800x"')
    assert any(fault.field == path and "half a character" in fault.rule for fault in refusal.value.faults)
    with pytest.raises(InputFaultsError):
        opened('case=river-bend&sources={"site.grid_mw":"\\ud800"}')


def test_a_copied_offer_is_short_enough_for_a_link():
    desk = Desk.opened(read_document("brownfield"), "brownfield")
    for _ in range(3):
        desk = desk.with_row("leases", desk.case.leases[0].model_dump(mode="json", by_alias=True))
    query = shared_query(desk.case)
    assert query is not None
    assert opened(query).case == desk.case
