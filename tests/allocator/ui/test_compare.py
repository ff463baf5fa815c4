import time
from concurrent.futures import Future

import pytest
from streamlit.testing.v1 import AppTest

from allocator.allocation import allocate
from allocator.explain import explain
from allocator.files import dump_case, load_case
from allocator.formats import table_money
from allocator.ui import answers
from allocator.ui.case_differences import input_rows, summary
from allocator.ui.compared_figures import MEASURES, Answered, figure_rows, full, money_difference
from allocator.ui.kept_cases import MOST_KEPT, Kept
from allocator.ui.npv_by_use_chart import finding, npv_by_use_figure, npv_by_use_table
from tests.allocator.ui.pages_under_test import APP, RENT, without_exception, words

BTC = "market.btc_price_usd"


@pytest.fixture(autouse=True)
def unexplained(request, monkeypatch):
    """Explanations never come, unless a test asks for them: the page must not need them."""
    if "river_bend_explained" not in request.fixturenames:
        monkeypatch.setattr(answers, "explanation_job", lambda plan: Future())


def opened(page):
    """A new reader who comes to the page straight away."""
    return without_exception(
        AppTest.from_file(str(APP), default_timeout=60).switch_page(f"allocator/ui/pages/{page}.py").run()
    )


def edited(at, *edits):
    """The same page once the case on the desk has been edited."""
    for path, value in edits:
        at.session_state["desk"] = at.session_state["desk"].edited(path, value)
    return without_exception(at.run())


def kept(at, name=""):
    at.text_input(key="kept_name").set_value(name)
    at.button(key="keep_case").click().run()
    return without_exception(at)


def beside(at, *keys):
    at.button_group(key="compare_picked").set_value(list(keys)).run()
    return without_exception(at)


def row(at, label):
    """Cells of the printed figures, as they are read."""
    lines = [line for m in at.markdown for line in str(m.value).replace("\\", "").splitlines()]
    (line,) = [line for line in lines if line.startswith(f"| {label} |")]
    return [cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in line.split("|")[2:-1]]


def differing(*cases):
    return {r.path: r for r in input_rows(cases) if r.differs}


@pytest.fixture(scope="module")
def river_bend():
    return allocate(load_case("river-bend"))


def test_alone_the_case_is_answered_and_the_page_says_how_to_get_others(river_bend):
    at = opened("compare")
    assert "keep this case" in at.info[0].value
    assert row(at, "NPV over doing nothing") == [table_money(river_bend.npv_usd)]
    assert row(at, "NPV over mining only") == ["…"]


def test_an_edited_case_stands_beside_the_case_as_it_was_opened_and_only_the_edit_differs(river_bend):
    at = edited(opened("compare"), (RENT, 130.0))
    dearer = allocate(load_case("river-bend", [f"{RENT}=130.0"]))
    lower = money_difference(river_bend.npv_usd - dearer.npv_usd)
    assert row(at, "NPV over doing nothing") == [
        table_money(dearer.npv_usd),
        f"{table_money(river_bend.npv_usd)} ({lower})",
    ]
    assert "1 input differs; " in words(at)
    table = next(m.value for m in at.markdown if str(m.value).startswith("| Input")).replace("\\", "")
    assert [line for line in table.splitlines() if "leases[0]." in line] == [
        "| &emsp;Rent :small[:gray[leases[0].rent_usd_per_kw_month]] | USD/kW-month | 130 | 128 |"
    ]


def test_a_kept_case_stays_as_it_was_when_the_desk_is_edited(river_bend):
    at = kept(opened("compare"), "as offered")
    before = at.session_state["kept_cases"][0].case
    at = edited(at, (RENT, 140.0))
    assert at.session_state["kept_cases"][0].case is before
    assert before.leases[0].rent_usd_per_kw_month == 128.0
    assert (
        row(at, "NPV over doing nothing")[1:3]
        == [f"{table_money(river_bend.npv_usd)} ({money_difference(river_bend.npv_usd - _at_rent(140.0).npv_usd)})"] * 2
    )
    assert "as offered" in words(at)


def _at_rent(rent):
    return allocate(load_case("river-bend", [f"{RENT}={rent}"]))


def test_a_kept_case_can_be_put_on_the_desk_again_and_forgotten():
    at = edited(kept(opened("compare"), "first"), (BTC, 90_000.0))
    at = kept(at)
    assert [k.name for k in at.session_state["kept_cases"]] == ["first", "River Bend, BTC price 90,000"]
    at.button(key="kept_use_0").click().run()
    assert without_exception(at).session_state["desk"].case.market.btc_price_usd == 71_000.0
    at.button(key="kept_remove_0").click().run()
    assert [k.name for k in without_exception(at).session_state["kept_cases"]] == ["River Bend, BTC price 90,000"]


def test_no_more_cases_are_kept_than_fit_and_names_are_never_the_same():
    at = opened("compare")
    case = load_case("river-bend")
    at.session_state["kept_cases"] = (Kept("same", case), *(Kept(f"{n}", case) for n in range(MOST_KEPT - 2)))
    at.run()
    at = kept(at, "same")
    names = [k.name for k in at.session_state["kept_cases"]]
    assert len(set(names)) == MOST_KEPT
    assert names[-1] == "same (2)"
    assert at.button(key="keep_case").disabled
    assert "put one away" in words(at)


def test_differences_are_counted_from_the_case_that_is_asked_for(river_bend):
    at = edited(opened("compare"), (RENT, 130.0))
    at.selectbox(key="compare_basis_picked").set_value("opened").run()
    first, second = row(without_exception(at), "NPV over doing nothing")
    assert first == table_money(river_bend.npv_usd)
    assert second.endswith(f"(+{table_money(_at_rent(130.0).npv_usd - river_bend.npv_usd)})")


@pytest.fixture(scope="module")
def river_bend_explained(river_bend):
    return explain(river_bend)


def test_over_mining_only_comes_when_it_is_known(river_bend, river_bend_explained):
    at = opened("compare")
    deadline = time.monotonic() + 60
    while row(at, "NPV over mining only") == ["…"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        at.run()
    alone = river_bend_explained.twins.mine_only_usd
    assert row(at, "NPV over mining only") == [table_money(river_bend.npv_usd - alone)]


def test_a_case_file_is_opened_and_a_faulty_one_is_refused_in_words():
    at = opened("compare")
    case = load_case("river-bend", [f"{RENT}=135"])
    files = [("mine.toml", dump_case(case).encode(), "x"), ("bad.toml", b"name = 'x'\nwhat = 1", "x")]
    at.file_uploader(key="kept_files").set_value(files).run()
    assert [k.case for k in without_exception(at).session_state["kept_cases"]] == [case]
    assert "bad.toml: site.grid_mw" in words(at)
    assert row(at, "NPV over doing nothing")[1].startswith(table_money(_at_rent(135.0).npv_usd))


def test_a_case_without_a_plan_says_why_and_the_others_are_compared():
    at = edited(opened("compare"), ("leases[0].committed", True), ("policy.min_flexible_mw", 50.0))
    text = words(at)
    assert "No plan meets every limit" in text
    assert row(at, "NPV over doing nothing")[0] == "–"
    assert at.subheader[0].value.startswith("River Bend (as opened) is worth")


def test_cases_of_other_offers_and_machines_are_matched_by_name():
    at = beside(opened("compare"), "template:brownfield")
    text = words(at)
    assert "Lease Hyper" in text
    assert "not in this case" in text
    assert "belong to offers or machines that not every case has" in text


def test_items_are_matched_by_name_wherever_they_stand():
    case = load_case("brownfield")
    turned = case.model_copy(update={"leases": case.leases[::-1]})
    assert not differing(case, turned)
    fewer = case.model_copy(update={"leases": case.leases[1:]})
    (only,) = differing(case, fewer).values()
    assert (only.group, only.words[1]) == (f"Lease {case.leases[0].name}", "not in this case")


def test_stages_that_differ_are_told_apart():
    case = load_case("brownfield")
    other = load_case("brownfield", ["site.grid_mw=[{from=2026-02-07, grid_mw=220}, {from=2027-02-07, grid_mw=310}]"])
    (found,) = differing(case, other).values()
    assert found.words == ("220 from 7 Feb 2026, 300 from 7 Feb 2027", "220 from 7 Feb 2026, 310 from 7 Feb 2027")


def test_every_input_is_a_row_but_the_names_that_head_columns_and_groups():
    case = load_case("brownfield")
    rows = input_rows([case, case])
    assert not any(r.differs for r in rows)
    assert summary(rows, 2) == f"No input differs; {len(rows)} are the same in both cases."
    assert {"market.btc_price_usd", "leases[1].ltc", "horizon_years"} <= {r.path for r in rows}


def test_figures_in_the_file_are_the_library_s_to_the_last_digit(river_bend):
    answered = [Answered("a", river_bend), Answered("b", _at_rent(130.0))]
    table = full(figure_rows(answered), answered)
    assert list(table["npv_usd"]) == [a.plan.npv_usd for a in answered]
    assert list(table["irr"]) == [a.plan.irr for a in answered]
    assert list(table["leased_critical_it_mw"]) == pytest.approx([245.0, 245.0])
    assert len(table.columns) == 1 + len(MEASURES)


def test_uses_add_up_to_the_npv_and_the_title_names_the_best(river_bend):
    brownfield = allocate(load_case("brownfield"))
    plans = [("one", river_bend), ("two", brownfield)]
    table = npv_by_use_table(plans)
    assert (table["hosting_usd"] + table["mining_usd"]).to_numpy() == pytest.approx(table["npv_usd"].to_numpy())
    best = max(plans, key=lambda p: p[1].npv_usd)[0]
    figure = npv_by_use_figure(plans)
    assert figure.finding.startswith("Hosting brings 100.0 % of the value of one")
    assert figure.chart.to_dict()["layer"]
    assert finding(plans).startswith(f"{best} is worth more")
    assert finding([("a", river_bend), ("b", river_bend)]).startswith("Both cases are worth")
