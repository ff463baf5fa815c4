import ast
import re

import pytest
from streamlit.testing.v1 import AppTest

from allocator.allocation import allocate
from allocator.case import inputs
from allocator.files import load_case
from allocator.formats import table_money
from allocator.method_words import CONVENTIONS, FORMULAE, GLOSSARY, LIMITS, PACK_CONVENTIONS, TRUST
from allocator.ui.certificate_table import allowed, certificate_table
from allocator.ui.method_formulae import NOTATION
from allocator.ui.sources_table import STATUSES, filtered, sources_table, summary
from allocator.ui.worked_figures import worked
from tests.allocator.ui.pages_under_test import APP, without_exception, words

PAGES = APP.parent / "allocator/ui/pages"
FIGURE = re.compile(r"[\d,]+\.?\d*")


@pytest.fixture(scope="module")
def river_bend():
    return allocate(load_case("river-bend"))


def opened(*edits):
    at = AppTest.from_file(str(APP), default_timeout=60).switch_page("allocator/ui/pages/method.py").run()
    for path, value in edits:
        at.session_state["desk"] = at.session_state["desk"].edited(path, value)
    return without_exception(at.run() if edits else at)


def test_every_word_of_the_workbook_s_method_is_on_the_page():
    text = words(opened()).replace("\N{NO-BREAK SPACE}", " ")
    for part in (CONVENTIONS, PACK_CONVENTIONS, FORMULAE, GLOSSARY, LIMITS, PACK_CONVENTIONS, TRUST):
        for word, meaning in part:
            assert word in text
            assert meaning in text


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.py")), ids=lambda path: path.stem)
def test_no_page_s_file_has_a_string_standing_alone_for_it_would_be_drawn(page):
    _, *rest = ast.parse(page.read_text(encoding="utf-8")).body
    assert not [node.lineno for node in rest if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]


def test_every_notation_belongs_to_a_formula_in_words_and_is_drawn():
    assert set(NOTATION) <= {name for name, _ in FORMULAE}
    drawn = [str(element.value) for element in opened().latex]
    assert len(drawn) == len(NOTATION)


@pytest.mark.parametrize("name", NOTATION)
def test_braces_of_every_notation_are_balanced(name):
    bare = NOTATION[name].replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert bare.count(r"\left") == bare.count(r"\right")
    assert bare.count(r"\begin") == bare.count(r"\end")


def test_figures_worked_out_on_the_page_are_the_library_s(river_bend):
    found = worked(river_bend.case, river_bend)
    text = words(opened())
    for sentence in found.values():
        assert sentence in text
    assert table_money(river_bend.npv_usd) in found["Value of a plan"]


@pytest.mark.parametrize("template", ["river-bend", "brownfield"])
def test_both_sides_of_the_worked_hashprice_agree(template):
    price, subsidy, fees, blocks, thousand, hashrate, hashprice = (
        float(number.replace(",", "")) for number in FIGURE.findall(worked(load_case(template), None)["Hashprice"])[:7]
    )
    assert price * (subsidy + fees) * blocks / (thousand * hashrate) == pytest.approx(hashprice, abs=0.01)


def test_a_first_month_of_river_bend_s_rent_is_a_twelfth_of_its_first_year(river_bend):
    # 245 MW x 1,000 kW x 128.00 USD = 31.36 million USD a month
    assert "= $31.4 M a month" in worked(river_bend.case, None)["Rent"]


def test_every_input_is_listed_with_its_status_and_source(river_bend):
    table = sources_table(river_bend.case)
    listed = list(inputs(river_bend.case))
    assert list(table["path"]) == [item.path for item in listed]
    assert set(table["status"]) <= set(STATUSES)
    rent = table.set_index("path").loc["leases[0].rent_usd_per_kw_month"]
    assert (rent["value"], rent["status"], rent["date"]) == ("128 USD/kW-month", "derived", "17 December 2025")
    assert rent["part"] == "Lease River Bend"
    counts = table["status"].value_counts()
    for status in STATUSES:
        assert f"{counts[status]} {status}" in summary(table)
    assert sources_table(load_case("brownfield"))["value"].str.contains("300 facility MW").any()


def test_the_filter_leaves_only_what_is_asked_for():
    table = sources_table(load_case("river-bend"))
    assert set(filtered(table, ["derived"], "")["status"]) == {"derived"}
    assert set(filtered(table, [], "hut 8 RENT")["path"]) >= {"leases[0].rent_usd_per_kw_month"}
    assert filtered(table, [], "no such words").empty
    assert filtered(table, ["sourced"], "no such words [").empty


def test_the_page_filters_and_says_when_nothing_is_left():
    at = opened()
    at.button_group(key="method_status").set_value(["sourced"]).run()
    (table,) = [d.value for d in without_exception(at).dataframe if "status" in d.value.columns]
    assert set(table["status"]) == {"sourced"}
    at.text_input(key="method_search").set_value("no such words").run()
    assert "widen the search" in without_exception(at).info[0].value


def test_the_certificate_is_the_plan_s_and_holds(river_bend):
    table = certificate_table(river_bend)
    assert max(table["Found"]) == river_bend.certificate.worst
    assert table["Holds"].all()
    assert allowed(river_bend) == 1e-9
    text = words(opened())
    assert f"the plan checks to {river_bend.certificate.worst:.0e}" in text
    assert "✓ holds" in text


def test_without_a_plan_the_method_is_still_there():
    at = opened(("leases[0].committed", True), ("policy.min_flexible_mw", 50.0))
    assert "no plan" in at.warning[0].value
    text = words(at)
    assert "the plan checks" not in text
    assert GLOSSARY[0][1] in text
