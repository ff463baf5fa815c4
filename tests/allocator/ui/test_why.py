"""The page that answers a board: what it shows is the library's, its repairs and stresses change the plan."""

from __future__ import annotations

import time

import numpy as np
import pytest

from allocator.allocation import InfeasibleError, allocate
from allocator.explain import explain, quarterly_prices
from allocator.files import dump_case, load_case
from allocator.flip_map import Axis, FlipMap, default_axes, flip_map
from allocator.formats import table_money
from allocator.infeasible import infeasibility
from allocator.sentences import what_is_firm
from allocator.stress import STRESSES
from allocator.ui.flip_map_chart import map_figure
from allocator.ui.flip_map_section import lease_axes
from allocator.ui.flip_map_words import finding, missing_words
from allocator.ui.limits_by_quarter import no_price_words, prices_figure, sides_table
from allocator.ui.markdown_table import markdown_table
from allocator.ui.near_chart import mixes_table, near_figure
from allocator.ui.repairs import joint_way_out
from allocator.ui.stress_section import stress_table
from allocator.ui.turning_table import turning_table, turns
from tests.allocator import small
from tests.allocator.ui.pages_under_test import PATIENCE_SECONDS, figure, key, opened, without_exception, words

BOTH_SIGNED = ("leases[0].committed=true", "leases[1].committed=true", "policy.capital_usd=5e6")
LIMITS, TURNS, MAP, NEAR, WRONG = (
    "What limits it",
    "What would turn it",
    "Where it turns",
    "Nearly as good",
    "When things go wrong",
)


@pytest.fixture(scope="module", params=["river-bend", "brownfield"])
def known(request):
    plan = allocate(load_case(request.param))
    return request.param, plan, explain(plan)


def page_of(name: str):
    at = opened("why")
    if name != "river-bend":
        at.selectbox(key="template").set_value(name).run()
    return worked_out(at)


def worked_out(at):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while figure(at, "All mining") == "…" or any("hourglass" in c.value for c in at.caption):
        assert time.monotonic() < deadline, "the background never answered"
        time.sleep(0.6)
        at.run()
    return without_exception(at)


def on_question(at, name: str):
    at.session_state["why_tab"] = name
    at.run()
    return worked_out(at)


def seen(at) -> str:
    return words(at).replace("\N{NO-BREAK SPACE}", " ")


def printed(table) -> list[str]:
    return markdown_table(table, ()).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ").splitlines()[2:]


def test_every_question_is_answered_with_the_library_s_figures(known):
    name, plan, explanation = known
    at = page_of(name)
    twins = explanation.twins
    assert figure(at, "This plan") == table_money(plan.npv_usd)
    assert figure(at, "All mining") == table_money(twins.mine_only_usd)
    assert figure(at, "All hosting") == table_money(twins.host_only_usd)
    for row in printed(sides_table(explanation)):
        assert row in seen(at)
    on_question(at, TURNS)
    for row in printed(turning_table(turns(plan, explanation))):
        assert row in seen(at)
    on_question(at, NEAR)
    for sentence in what_is_firm(explanation):
        assert sentence in seen(at)
    on_question(at, WRONG)
    for row in printed(stress_table(explanation.stresses)):
        assert row in seen(at)
    on_question(at, MAP)
    offer = next(i for i, found in enumerate(explanation.break_evens) if found.taken)
    assert finding(plan.case, flip_map(plan, offer, *default_axes(plan, offer))) in seen(at)


def test_what_would_turn_it_is_sorted_by_distance_and_hashprice_moves_against_difficulty(known):
    _, plan, explanation = known
    found = turns(plan, explanation)
    distances = [abs(turn.distance) for turn in found]
    assert distances == sorted(distances)
    assert len(found) == len(explanation.break_evens) + len(explanation.flips)
    flips = {(plan.case.leases[f.offer].name, f.flips_at) for f in explanation.flips if f.path == "market.difficulty"}
    for turn in (t for t in found if t.unit == "USD/PH/day" and t.at):
        # At one price the hashprice is inverse to difficulty: their products are the same.
        difficulty = turn.today * plan.case.market.difficulty / turn.at
        assert any(name == turn.offer and at == pytest.approx(difficulty, rel=1e-9) for name, at in flips if at)
    last = found[-1]
    assert last.at is None
    assert "not within the values tried" in turning_table(found)["turns at"].iloc[-1]


def test_quarters_with_one_price_are_drawn_and_where_there_is_none_words_say_so(known):
    name, plan, explanation = known
    limits = {price.limit.key: price.limit for price in explanation.shadow_prices}
    assert not quarterly_prices(plan, limits["offer__0"]), "an offer has no quarters"
    prices = quarterly_prices(plan, limits["capital"])
    if name == "brownfield":
        drawn = prices_figure(plan, limits["capital"], prices)
        assert drawn.table["usd_per_unit"].notna().sum() == len(prices) > 0
        assert drawn.chart.to_dict()["layer"]
    else:
        assert not quarterly_prices(plan, limits["grid"])
        assert "No quarter of the grid has one price" in no_price_words(plan, limits["grid"])


def test_plans_nearly_as_good_are_worth_at_least_99_percent_and_hold_the_plan(known):
    _, plan, explanation = known
    near = explanation.near
    drawn = near_figure(near, plan.npv_usd)
    assert (drawn.table["least"] <= drawn.table["plan"] + 1e-6).all()
    assert (drawn.table["plan"] <= drawn.table["most"] + 1e-6).all()
    mixes = mixes_table(near, plan.npv_usd)
    assert (mixes["npv_usd"] >= (1.0 - near.share) * plan.npv_usd * (1.0 - 1e-6)).all()
    assert set(mixes["mix"]) == {"the plan", *(f"mix {n + 1}" for n in range(len(near.alternatives)))}


def test_negative_cash_is_said_in_words_and_sign(known):
    name, _, explanation = known
    table = stress_table(explanation.stresses)
    short = [s.words for s in explanation.stresses if s.least_cash_usd is not None and s.least_cash_usd < 0]
    said = table[table["lowest cash"].str.contains("cash runs out")]
    assert list(said["if"]) == short
    assert said["lowest cash"].str.startswith("-$").all()
    assert bool(short) == (name == "brownfield")


MARKET = Axis("market.btc_price_usd", (60_000.0, 90_000.0, 120_000.0))


def map_of(axis: Axis, taken: list[list[float]]) -> FlipMap:
    """A map of a small case, written by hand: a row a BTC price, a column a value of the lease."""
    cells = np.array(taken)
    return FlipMap(0, MARKET, axis, cells, cells, cells)


@pytest.mark.parametrize(
    ("name", "taken", "said"),
    [
        (
            "rent_usd_per_kw_month",
            [[0, 8, 8], [0, 8, 8], [0, 0, 8]],
            "Hall stays in the plan at a rent of $120.00 /kW-month and above, at every BTC price up to $90,000",
        ),
        (
            "rent_usd_per_kw_month",
            [[0, 0, 8], [0, 0, 4], [0, 8, 8]],
            "Hall is taken at a rent of $180.00 /kW-month and above, at every BTC price from $60,000 to $120,000",
        ),
        (
            "capex_usd_per_kw",
            [[8, 0, 0], [8, 8, 0], [8, 8, 8]],
            "Hall stays in the plan at capex of $2,500 /kW and below, at every BTC price from $90,000 up",
        ),
        (
            "noi_margin",
            [[0, 8, 8], [0, 8, 8], [0, 8, 8]],
            "Hall stays in the plan at an NOI margin of 90.0 % and above, at every BTC price from $60,000 to $120,000",
        ),
        ("capex_usd_per_kw", [[0, 0, 0], [0, 0, 0], [0, 0, 0]], "Hall is refused everywhere on this map"),
        (
            "rent_usd_per_kw_month",
            [[0, 0, 8], [0, 0, 0], [0, 0, 0]],
            "Hall is refused at today's BTC price at every rent shown; taken only from $60,000 to $60,000",
        ),
    ],
)
def test_the_map_says_no_more_than_its_cells(name, taken, said):
    values = {
        "rent_usd_per_kw_month": (60.0, 120.0, 180.0),
        "capex_usd_per_kw": (1_250.0, 2_500.0, 3_750.0),
        "noi_margin": (0.8, 0.9, 1.0),
    }
    found = map_of(Axis(f"leases[0].{name}", values[name]), taken)
    case = small.case(leases=[small.lease(noi_margin=0.9)])
    drawn = map_figure(case, found)
    assert drawn.finding == said
    assert len(drawn.table) == 9
    assert drawn.chart.to_dict()["layer"]


def test_cells_without_a_plan_are_counted():
    nan = float("nan")
    found = map_of(Axis("leases[0].rent_usd_per_kw_month", (60.0, 120.0, 180.0)), [[nan, 8, 8]] * 3)
    assert missing_words(found).startswith("3 cells have no plan")
    assert map_figure(small.case(), found).chart.to_dict()["layer"]


def test_a_margin_is_mapped_up_to_all_of_the_rent_at_most():
    assert max(lease_axes(small.case(), 0, 7)["noi_margin"].values) == 1.0


def test_whole_halls_are_warned_of_before_the_map_is_worked_out():
    at = opened("why")
    at.number_input(key="leases[0].block_mw").set_value(49.0).run()
    on_question(at, MAP)
    assert any("whole halls" in warning.value for warning in at.warning)
    at.button(key="map_ask").click().run()
    worked_out(at)
    assert "7 x 7 plans" in seen(at)


def test_another_offer_and_other_axes_are_mapped_and_stay_chosen():
    at = on_question(page_of("brownfield"), MAP)
    at.segmented_control(key="why_offer").set_value("Neo").run()
    at.segmented_control(key="why_lease").set_value("capex_usd_per_kw").run()
    worked_out(at)
    assert "up: capex" in seen(at)
    on_question(at, LIMITS)
    on_question(at, MAP)
    assert "up: capex" in seen(at)


def test_a_conflict_that_takes_two_changes_is_cured_by_one_click():
    case = load_case("brownfield", BOTH_SIGNED)
    with pytest.raises(InfeasibleError) as caught:
        allocate(case)
    joint = joint_way_out(case, infeasibility(caught.value.program).together)
    assert {path for path, _ in joint.edits} == {"leases[0].min_mw", "leases[1].min_mw"}
    at = opened("why")
    at.file_uploader(key="upload").set_value(("both.toml", dump_case(case).encode(), "application/toml")).run()
    (error,) = without_exception(at).error
    assert "at least two must change together" in error.value
    assert "without any one of them" not in error.value, "no limit cures it alone"
    at.button(key="repair_together").click().run()
    assert not without_exception(at).error
    assert figure(at, "This plan") == table_money(allocate(at.session_state["desk"].case).npv_usd)


@pytest.mark.parametrize("page", ["why", "recommendation"])
def test_an_infeasible_case_shows_the_reason_and_no_traceback(page):
    at = opened(page)
    at.toggle(key="leases[0].committed").set_value(True).run()
    at.number_input(key="policy.min_flexible_mw").set_value(50.0).run()
    (error,) = without_exception(at).error
    assert "In conflict" in error.value
    assert "Traceback" not in error.value
    at.button(key="repair_site.grid_mw").click().run()
    assert not without_exception(at).error


def test_stresses_chosen_in_the_side_change_the_plan_and_are_counted_as_one_change():
    at = page_of("brownfield")
    before = figure(at, "This plan")
    at.multiselect(key=key(at, "policy.stresses")).set_value(["price falls"]).run()
    at.number_input(key=key(at, "policy.minimum_cash_usd")).set_value(20.0).run()
    changed = without_exception(at).session_state["desk"]
    assert {c.path for c in changed.changes} == {"policy.stresses", "policy.minimum_cash_usd"}
    assert changed.case.policy.minimum_cash_usd == 20e6
    plan = allocate(load_case("brownfield", ["policy.stresses=['price falls']", "policy.minimum_cash_usd=20e6"]))
    assert figure(at, "This plan") == table_money(plan.npv_usd) != before
    at.multiselect(key=key(at, "policy.stresses")).set_value([]).run()
    assert not without_exception(at).session_state["desk"].case.policy.stresses


def test_a_plan_that_survives_the_fall_of_the_price_runs_out_of_cash_no_more():
    asked = load_case("brownfield", ["policy.stresses=['price falls']"])
    outcomes = {s.words: s for s in explain(allocate(asked)).stresses}
    found = outcomes[next(d.words for s, d in STRESSES.items() if s == "price falls")]
    assert found.least_cash_usd >= -1.0


def test_treasury_and_lease_terms_are_inputs_in_the_side():
    at = opened("why")
    at.number_input(key="policy.treasury_btc").set_value(1_000.0).run()
    at.number_input(key="policy.treasury_basis_usd_per_btc").set_value(30_000.0).run()
    at.text_input(key="leases[0].exclusive_group").set_value("north").run()
    at.number_input(key="leases[0].tenant_default_after_years").set_value(7).run()
    case = without_exception(at).session_state["desk"].case
    assert (case.policy.treasury_btc, case.policy.treasury_basis_usd_per_btc) == (1_000.0, 30_000.0)
    assert (case.leases[0].exclusive_group, case.leases[0].tenant_default_after_years) == ("north", 7)
