import pytest

from allocator.case import case_from_document
from allocator.files import dump_case, load_case, parse_document, read_document
from allocator.ui.desk import Desk, document_of
from allocator.ui.stages import edited_rows
from models.assumptions import InputFaultsError

RENT = "leases[0].rent_usd_per_kw_month"


@pytest.fixture
def desk():
    return Desk.opened(read_document("brownfield"), "brownfield")


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_case_and_its_document_are_the_same(name):
    case = load_case(name)
    assert case_from_document(document_of(case)) == case


def test_an_edit_leaves_the_earlier_desk_as_it_was(desk):
    edited = desk.edited(RENT, 130.0)
    assert edited.case.leases[0].rent_usd_per_kw_month == 130.0
    assert desk.case.leases[0].rent_usd_per_kw_month != 130.0


def test_an_edit_to_the_value_that_is_there_keeps_its_source():
    document = {**read_document("river-bend"), "sources": {RENT: "sourced: the term sheet"}}
    desk = Desk.opened(document, "mine")
    assert desk.edited(RENT, desk.case.leases[0].rent_usd_per_kw_month) is desk


def test_what_is_edited_can_be_saved_and_opened_again(desk):
    edited = desk.edited(RENT, 130.0).edited("policy.reinvested_share", 0.25)
    again = Desk.opened(parse_document(dump_case(edited.case).encode(), "saved"), "saved")
    assert again.case == edited.case


def test_refused_edits_wait_without_holding_sound_ones_up(desk):
    edited = desk.edited("leases[0].ltc", 1.5).edited(RENT, 130.0)
    assert edited.case.leases[0].rent_usd_per_kw_month == 130.0
    assert dict(edited.refused) == {"leases[0].ltc": 1.5}
    assert edited.faults[0].field == "leases[0].ltc"


def test_a_refused_edit_that_is_corrected_is_forgotten(desk):
    edited = desk.edited("leases[0].ltc", 1.5).edited("leases[0].ltc", 0.7)
    assert (edited.refused, edited.faults) == ((), ())


def test_a_reset_gives_back_value_and_source():
    document = {**read_document("river-bend"), "sources": {RENT: "sourced: the term sheet"}}
    desk = Desk.opened(document, "mine")
    edited = desk.edited(RENT, 130.0)
    assert RENT not in edited.case.sources
    assert edited.reset(RENT).case == desk.case


def test_stages_can_be_edited_added_and_deleted(desk):
    rows = tuple(document_of(desk.case)["policy"]["capital_usd"])
    edits = {
        "edited_rows": {0: {"usd": 95.0}},
        "added_rows": [{"from": "2030-02-07", "usd": 200.0}],
        "deleted_rows": [1],
    }
    edited = desk.edited("policy.capital_usd", edited_rows(rows, edits, "usd"))
    assert edited.faults == ()
    assert [step.usd for step in edited.case.policy.capital_usd] == [95e6, rows[2]["usd"], 200e6]


def test_a_stage_without_a_date_is_refused_in_words(desk):
    rows = tuple(document_of(desk.case)["site"]["grid_mw"])
    edits = {"edited_rows": {}, "added_rows": [{"grid_mw": 400.0}], "deleted_rows": []}
    edited = desk.edited("site.grid_mw", edited_rows(rows, edits, "grid_mw"))
    assert edited.case == desk.case
    assert edited.faults


def test_a_faulty_document_is_refused_with_every_fault():
    document = {**read_document("river-bend"), "power": {"price_usd_per_mwh": "cheap"}, "market": {"fee_share": 2}}
    with pytest.raises(InputFaultsError) as refusal:
        Desk.opened(document, "mine")
    assert {fault.field for fault in refusal.value.faults} >= {"power.price_usd_per_mwh", "market.fee_share"}


def test_a_row_that_was_added_is_a_change_and_its_reset_takes_it_out(desk):
    row = {"name": "Hyper", "tenant": "T", "critical_it_mw": 10.0, "rent_usd_per_kw_month": 130.0}
    added = desk.with_row("leases", row, {"critical_it_mw": "sourced: a letter"})
    assert [lease.name for lease in added.case.leases] == ["Hyper", "Neo", "Hyper 2"]
    assert added.case.sources["leases[2].critical_it_mw"] == "sourced: a letter"
    assert [(c.path, c.before, c.now) for c in added.changes] == [("leases[2]", None, "Hyper 2")]
    assert added.reset("leases[2]").case == desk.case


def test_a_row_that_was_removed_comes_back_with_what_it_held(desk):
    removed = desk.without_row("fleets", 0)
    assert [(c.path, c.before, c.now) for c in removed.changes] == [("fleets[-1]", "S19 XP", None)]
    back = removed.reset("fleets[-1]")
    assert {fleet.name: fleet for fleet in back.case.fleets} == {fleet.name: fleet for fleet in desk.case.fleets}
    assert not back.changes


def test_an_edit_behind_a_removed_row_is_reset_to_its_own_value_and_source():
    document = read_document("brownfield")
    told = {"leases[1].rent_usd_per_kw_month": "sourced: Neo's letter"}
    desk = Desk.opened({**document, "sources": {**document.get("sources", {}), **told}}, "mine")
    edited = desk.without_row("leases", 0).edited("leases[0].rent_usd_per_kw_month", 200.0)
    assert edited.case.leases[0].name == "Neo"
    assert ("leases[0].rent_usd_per_kw_month", 150.0, 200.0) in [(c.path, c.before, c.now) for c in edited.changes]
    reset = edited.reset("leases[0].rent_usd_per_kw_month")
    assert reset.case.leases[0] == desk.case.leases[1]
    assert reset.case.sources["leases[0].rent_usd_per_kw_month"] == "sourced: Neo's letter"


def test_a_row_that_others_name_cannot_be_removed_and_nothing_changes():
    desk = Desk.opened(read_document("brownfield"), "brownfield").edited("leases[1].first_offer_with", "Hyper")
    assert not desk.faults
    with pytest.raises(InputFaultsError):
        desk.without_row("leases", 0)


def test_an_edit_that_waits_goes_where_its_row_goes(desk):
    waiting = desk.edited("leases[1].ltc", 5.0)
    moved = waiting.without_row("leases", 0)
    assert dict(moved.refused) == {"leases[0].ltc": 5.0}
    assert moved.faults
    assert waiting.without_row("leases", 1).refused == ()
    row = {"name": "New", "machine": "Antminer S21", "facility_mw": 1.0}
    assert dict(waiting.with_row("fleets", row).refused) == {"leases[1].ltc": 5.0}


def test_rows_put_back_in_any_order_stand_where_they_stood():
    desk = Desk.opened(read_document("river-bend"), "river-bend")
    without = desk.without_row("purchases", 0).without_row("purchases", 0)
    for paths in (("purchases[-2]", "purchases[-1]"), ("purchases[-1]", "purchases[-2]")):
        back = without
        for path in paths:
            back = back.reset(path)
        assert back.case == desk.case
        assert dict(back.case.sources) == dict(desk.case.sources)


def test_one_row_more_and_one_less_are_two_changes(desk):
    changed = desk.with_row("fleets", document_of(desk.case)["fleets"][0], None, 0).without_row("fleets", 2)
    assert [(c.path, c.before, c.now) for c in changed.changes] == [
        ("fleets[0]", None, "S19 XP 2"),
        ("fleets[-2]", "S21", None),
    ]
