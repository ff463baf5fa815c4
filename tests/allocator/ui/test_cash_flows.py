import numpy as np
import pandas as pd
import pytest

from allocator.allocation import allocate
from allocator.files import load_case
from allocator.formats import money
from allocator.ui.cash_flow_charts import debt_figure, debt_table, flow_table
from allocator.ui.cash_flow_table import Period, by_period, cash_flows
from tests.allocator.ui.pages_under_test import opened, without_exception, words

EVERYTHING = ("Mining", "Hosting", "Together", "For the owner")


@pytest.fixture(scope="module", params=["river-bend", "brownfield"])
def plan(request):
    return allocate(load_case(request.param))


@pytest.mark.parametrize("period", list(Period))
def test_every_period_sums_the_engine_s_flows(plan, period):
    table = by_period(cash_flows(plan), period, EVERYTHING).drop_duplicates("line", keep="last").set_index("line")
    periods = [name for name in table.columns if name not in {"section", "total"}]
    for label, flow in (
        ("Cash flow, unlevered", plan.choices.cash_flow_usd @ plan.units),
        ("Cash flow to the owner", plan.equity_cash_flow_usd),
    ):
        found = table.loc[label, periods].to_numpy(float)
        assert found.sum() == pytest.approx(flow.sum() / 1e6, rel=1e-9)
        if period is Period.MONTH:
            merged = pd.Series(flow / 1e6).groupby(
                [f"{plan.case.timeline.month_end(m):%b %Y}" for m in range(len(flow))]
            )
            np.testing.assert_allclose(found, merged.sum()[periods], rtol=1e-9, atol=1e-9)
    running = table.loc["To the owner, running sum", periods].to_numpy(float)
    assert running.min() >= -plan.peak_equity_usd / 1e6 - 1e-6
    assert running[-1] == pytest.approx(plan.equity_cash_flow_usd.sum() / 1e6, rel=1e-9)


def test_parts_add_up_to_the_whole_in_every_year(plan):
    table = flow_table(cash_flows(plan))
    years = np.array([plan.case.timeline.month_end(m).year for m in range(plan.case.timeline.months + 1)])
    whole = plan.choices.cash_flow_usd @ plan.units
    expected = [whole[years == year].sum() / 1e6 for year in table["year"]]
    np.testing.assert_allclose(table["hosting"] + table["mining"], expected, rtol=1e-9, atol=1e-9)


def test_debt_is_drawn_and_paid_back_and_cover_is_never_below_the_plan_s_least(plan):
    table = debt_table(cash_flows(plan))
    assert table["outstanding"].iloc[-1] == pytest.approx(0.0, abs=1e-6)
    assert table["cover"].min() >= plan.minimum_dscr - 1e-9


def test_a_plan_without_debt_has_no_chart_of_it():
    assert debt_figure(cash_flows(allocate(load_case("river-bend", ["leases=[]"])))) is None


def test_the_page_says_the_totals_and_keeps_the_chosen_period():
    at = opened("cash_flows")
    plan = allocate(load_case("river-bend"))
    said = at.subheader[0].value.replace("\\", "")
    assert money(float((plan.choices.cash_flow_usd @ plan.units).sum())) in said
    assert money(float(plan.equity_cash_flow_usd.sum())) in said
    at.segmented_control(key="cash_flow_period").set_value("By quarter").run()
    assert "a quarter since the valuation date" in words(without_exception(at))
    at = at.switch_page("allocator/ui/pages/why.py").run()
    at = at.switch_page("allocator/ui/pages/cash_flows.py").run()
    assert at.segmented_control(key="cash_flow_period").value == "By quarter"


def test_a_site_that_stays_idle_has_a_statement_of_nothing():
    at = opened("cash_flows")
    for path in ("leases", "purchases"):
        at.session_state["desk"] = at.session_state["desk"].edited(path, [])
    assert "puts nothing in" in words(without_exception(at.run()))
