"""Page Risk: every figure is the library's, a weight chooses its mix, what cannot be had is said in a sentence."""

from __future__ import annotations

import time
from math import inf

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from allocator.formats import percent, quarter, table_money
from allocator.risk.answer import assess
from allocator.risk.tails import tail
from allocator.risk.waiting import Trigger
from allocator.risk.words import bridge_sentence, decision, trigger_words, waiting_sentence
from allocator.ui import risk_answers, state
from allocator.ui.cash_fan_chart import fan_figure
from allocator.ui.desk import Desk
from allocator.ui.frontier_chart import POINT, frontier_figure
from allocator.ui.frontier_table import points_table, printed_table
from allocator.ui.information_section import information_table, rates_table
from allocator.ui.markdown_table import markdown_table
from allocator.ui.risk_stresses import rows_table
from allocator.ui.tail_charts import causes_figure, parts_figure, parts_table
from allocator.ui.tornado_chart import swings_figure
from allocator.ui.waiting_section import trigger_figure, trigger_table, waiting_table
from allocator.ui.worth_chart import worth_figure, worth_table
from tests.allocator import small
from tests.allocator.ui.pages_under_test import APP, PATIENCE_SECONDS, figure, without_exception, words

PAGE = APP.parent / "allocator/ui/pages/risk.py"
PATHS = 1_000
FRONTIER, FUTURES, TAIL, STRESSES, INFORMATION, WAITING = (
    "Mean against tail",
    "How it may turn out",
    "What makes the tail",
    "When things go wrong",
    "What knowing is worth",
    "What waiting is worth",
)
ORDINARY_SPACE = str.maketrans({"\N{NO-BREAK SPACE}": " "})


@pytest.fixture(scope="module", autouse=True)
def few_fresh_futures():
    """As many fresh futures as others: a tenth of what is drawn at least otherwise, by page and library alike."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("FRESH_PATHS", "ATTRIBUTION_PATHS", "FAN_PATHS"):
            patched.setattr(f"allocator.risk.answer.{name}", PATHS)
        yield


@pytest.fixture(scope="module")
def case():
    """A fleet, a purchase and an offer over five years, so small that the market decides."""
    return small.case(name="Small_$1")


@pytest.fixture(scope="module")
def answer(case, few_fresh_futures):
    return assess(case, PATHS, workers=1)


def page_of(case, **choices):
    return worked_out(begun(case, **choices))


def begun(case, script=PAGE, **choices):
    """The page itself, opened with a case on the desk."""
    at = AppTest.from_file(str(script), default_timeout=60)
    at.session_state["desk"] = Desk("case.toml", case, case)
    at.session_state["choices"] = {"risk_paths": PATHS, **choices}
    return at.run()


def worked_out(at):
    deadline = time.monotonic() + PATIENCE_SECONDS
    names = ("assessing", "fanning", "attributing")
    while waiting := [n for n in names if n in at.session_state and not at.session_state[n].done()]:
        assert time.monotonic() < deadline, f"the background never answered: {waiting}"
        time.sleep(0.02)
    waits = any(b.key == "risk_stop" for b in at.button) or any("hourglass" in c.value for c in at.caption)
    return without_exception(at.run() if waits else at)


def on_question(at, name: str):
    at.session_state["risk_tab"] = name
    return worked_out(at.run())


def seen(at) -> str:
    return words(at).translate(ORDINARY_SPACE)


def printed(table) -> list[str]:
    return markdown_table(table, ()).replace("\\", "").translate(ORDINARY_SPACE).splitlines()[2:]


def test_every_question_is_answered_with_the_library_s_figures(case, answer):
    at, mix = page_of(case), answer.reference
    assert decision(answer, mix) in seen(at)
    fresh = mix.fresh
    assert figure(at, "Mean NPV") == table_money(fresh.mean_usd)
    assert figure(at, "CVaR") == table_money(fresh.cvar_usd)
    assert figure(at, "Loss in") == percent(fresh.probability_of_loss)
    errors = {m.label: m.delta.replace("\\", "") for m in at.metric}
    assert errors["Mean NPV"] == f"± {table_money(fresh.mean_error_usd)} s.e."
    assert errors["CVaR"] == f"± {table_money(fresh.cvar_error_usd)} s.e."
    assert "at one rate, 7.0 %" in seen(at)
    for row in printed(printed_table(answer, mix)):
        assert row in seen(at)
    on_question(at, FUTURES)
    assert worth_figure(answer, mix).finding in seen(at)
    assert fan_figure(case, answer.fan(mix)).finding in seen(at)
    on_question(at, TAIL)
    assert causes_figure(case, answer.causes(mix)).finding in seen(at)
    assert parts_figure(case, answer.parts(mix)).finding in seen(at)
    assert swings_figure(mix, answer.swings(mix)).finding in seen(at)
    on_question(at, STRESSES)
    for row in printed(rows_table(answer.stresses(mix))):
        assert row in seen(at)
    on_question(at, INFORMATION)
    for row in printed(information_table(answer)):
        assert row in seen(at)
    assert bridge_sentence(answer.bridge) in seen(at)
    on_question(at, WAITING)
    for row in printed(waiting_table(answer.waiting)):
        assert row in seen(at)
    for offer in answer.waiting:
        assert waiting_sentence(offer) in seen(at)
        assert trigger_figure(case, offer).finding in seen(at)


def test_the_slider_and_a_click_on_the_frontier_choose_the_mix(case, answer, monkeypatch):
    at = page_of(case)
    at.select_slider(key="risk_weight").set_value(1.0).run()
    assert decision(answer, answer.mixes[-1]) in seen(without_exception(at))
    with monkeypatch.context() as browser:  # what a browser reports of a click: AppTest has no charts to click
        clicked = {
            "chart": {"selection": {POINT: [{"risk_weight": 0.0}]}},
            "choices": at.session_state["choices"],
        }
        browser.setattr(state.st, "session_state", clicked)
        state.take_picked_point(POINT, "chart", "risk_weight")
        clicked["chart"] = {"selection": {POINT: [{}]}}
        state.take_picked_point(POINT, "chart", "risk_weight")
    at.session_state["choices"] = clicked["choices"]
    at.run()
    assert decision(answer, answer.mixes[0]) in seen(without_exception(at))
    assert at.select_slider(key="risk_weight").value == 0.0


def test_another_seed_is_another_answer_and_is_no_input_of_the_case(case):
    at = page_of(case)
    before = figure(at, "CVaR")
    worked_out(at.number_input(key="risk_seed").set_value(7).run())
    other = assess(case, PATHS, 7, workers=1)
    assert figure(at, "CVaR") == table_money(other.reference.fresh.cvar_usd) != before
    assert at.session_state["desk"].case == case


def test_a_cvar_that_no_plan_has_is_said_with_the_most_that_any_has_and_repaired_by_a_click(case):
    at = page_of(case.model_copy(update={"risk": case.risk.model_copy(update={"least_cvar_usd": 1e9})}))
    (error,) = at.error
    said = error.value.replace("\\", "")
    assert "at least; the most that any plan has is" in said
    assert "risk.least_cvar_usd" in said
    assert "Traceback" not in said
    assert not at.metric
    worked_out(at.button(key="repair_least_cvar_most").click().run())
    assert not at.error
    assert at.session_state["desk"].case.risk.least_cvar_usd < 1e9
    assert figure(at, "CVaR")


def test_an_infeasible_case_shows_the_reason_and_no_traceback():
    case = small.case(leases=[small.lease(committed=True)], policy={"min_flexible_mw": 15, "capital_usd": 9e6})
    at = page_of(case)
    (error,) = at.error
    assert "In conflict" in error.value
    assert "Traceback" not in error.value
    assert not at.metric


def test_more_futures_than_memory_holds_are_refused_in_words(monkeypatch):
    monkeypatch.setattr("allocator.risk.futures.SHARE_OF_MEMORY", 1e-9)
    at = page_of(small.case(name="Too much"))
    (error,) = at.error
    assert "half of this machine's memory" in error.value
    assert not at.metric


def test_work_can_be_stopped_and_begun_again(monkeypatch):
    real = risk_answers.assess

    def slow(*given, progress, **settings):
        while True:
            progress("taking long")
            time.sleep(0.01)

    monkeypatch.setattr(risk_answers, "assess", slow)
    at = begun(small.case(name="Slow"))
    job = at.session_state["assessing"]
    at.button(key="risk_stop").click().run()
    assert job.stopped
    assert any("Stopped" in info.value for info in without_exception(at).info)
    monkeypatch.setattr(risk_answers, "assess", real)
    worked_out(at.button(key="risk_resume").click().run())
    assert figure(at, "Mean NPV")


def test_an_error_that_nobody_foresaw_is_a_sentence(monkeypatch):
    def broken(*given, **settings):
        raise KeyError("lost")

    monkeypatch.setattr(risk_answers, "assess", broken)
    at = page_of(small.case(name="Broken"))
    (error,) = at.error
    assert "could not be worked out" in error.value
    assert not at.metric


def test_a_case_without_an_offer_has_nothing_to_wait_with():
    at = on_question(page_of(small.case(leases=[])), WAITING)
    assert any("nothing to wait with" in info.value for info in at.info)


def test_the_histogram_holds_every_future_and_its_tail_the_worst(answer):
    worth, level = answer.worth(answer.reference), 0.95
    table = worth_table(worth, level)
    assert table["futures"].sum() == len(worth)
    in_tail = table.loc[table["part"] == "tail", "futures"].sum()
    assert in_tail == (worth <= tail(worth, level).var).sum()
    assert worth_table(np.zeros(PATHS), level)["futures"].sum() == PATHS


def test_points_hold_every_weight_once_and_the_chosen_one_is_marked(answer):
    for mix in answer.mixes:
        points = points_table(answer, mix)
        (chosen,) = points[points["chosen"]].to_dict("records")
        assert chosen["risk_weight"] == mix.sought.risk_weight
        assert chosen["cvar"] == mix.fresh.cvar_usd / 1e6
    assert frontier_figure(answer, answer.reference).chart.to_dict()["layer"]


def test_parts_add_up_to_mean_and_cvar(case, answer):
    table = parts_table(case, answer.parts(answer.reference))
    assert table["mean_usd"].sum() == pytest.approx(answer.reference.fresh.mean_usd, rel=1e-9)
    assert table["in_tail_usd"].sum() == pytest.approx(answer.reference.fresh.cvar_usd, rel=1e-9)


def test_the_bridge_leads_from_the_npv_at_two_rates_to_the_cvar(answer):
    table = rates_table(answer.bridge)
    steps = table.loc[table["use"] != "total", "npv_usd"].sum()
    assert table["npv_usd"].iloc[0] == answer.plan.npv_usd
    assert answer.plan.npv_usd + steps == pytest.approx(answer.bridge.cvar_usd, rel=1e-9)


def test_a_rule_of_thumb_is_said_in_words():
    assert trigger_words(Trigger("2027Q1", None)) == "wait"
    assert trigger_words(Trigger("2027Q1", inf)) == "sign at any hashprice"
    assert trigger_words(Trigger("2027Q1", 34.0051)) == "sign below $34.01 /PH/day"


def test_today_s_rule_agrees_with_the_best_date(case, answer):
    (offer,) = answer.waiting
    table = trigger_table(case, offer)
    assert list(table["quarter"]) == list(offer.dates)
    assert quarter(offer.dates[0]) in trigger_figure(case, offer).chart.to_json()
    if offer.best_fixed == 0 and offer.option_usd <= 0.0:
        assert offer.triggers[0].hashprice_usd_per_ph_day == inf


def test_it_is_a_page_of_its_own_and_opens_answered(case):
    at = worked_out(begun(case, APP).switch_page("allocator/ui/pages/risk.py").run())
    assert "At a weight of 20 % on the worst 5 % of futures" in seen(at)
    assert len(at.metric) == 5
