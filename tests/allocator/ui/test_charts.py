import pytest

from allocator.activities import Use
from allocator.allocation import allocate
from allocator.explain import explain
from allocator.files import load_case
from allocator.ui.bridge_chart import bridge_figure, bridge_table
from allocator.ui.hashprice_chart import halvings, hashprice_figure
from allocator.ui.limits_chart import limits_figure, limits_table
from allocator.ui.mix_table import mix_table
from allocator.ui.rents_chart import deals_table, rents_figure, rents_table
from allocator.ui.schedule_chart import schedule_figure, schedule_table


@pytest.fixture(scope="module", params=["river-bend", "brownfield"])
def plan(request):
    return allocate(load_case(request.param))


@pytest.fixture(scope="module")
def explanation(plan):
    return explain(plan)


def test_every_quarter_of_the_schedule_adds_up_to_the_grid(plan):
    table = schedule_table(plan)
    assert (table["hosting"] + table["mining"] + table["idle"]).to_numpy() == pytest.approx(table["grid"].to_numpy())


def test_the_bridge_ends_at_the_npv_and_its_steps_add_up(plan):
    table = bridge_table(plan)
    assert table["npv_usd"].iloc[:-1].sum() == pytest.approx(plan.npv_usd, rel=1e-9)
    assert table["end_usd"].iloc[-1] == plan.npv_usd
    hosting = table.loc[table["use"] == "hosting", "npv_usd"].sum()
    assert hosting == pytest.approx(plan.npv_of(Use.HOSTING), rel=1e-3)


def test_the_mix_table_holds_every_line_of_the_mix(plan):
    table = mix_table(plan)
    assert table["NPV"].sum() == pytest.approx(sum(line.npv_usd for line in plan.mix) / 1e6)
    assert len(table) == len(plan.mix)


def test_limits_are_drawn_with_gain_to_the_right_and_cost_to_the_left(explanation):
    table = limits_table(explanation)
    assert (table.loc[table["side"] == "one more is worth", "usd"] >= 0).all()
    assert (table.loc[table["side"] == "one less costs", "usd"] <= 0).all()


def test_every_offer_with_a_break_even_has_a_bar(explanation):
    names = {b.name for b in explanation.break_evens if b.rent_usd_per_kw_month is not None}
    assert set(rents_table(explanation).get("offer", ())) == names


def test_every_chart_can_be_drawn(plan, explanation):
    figures = [schedule_figure(plan), bridge_figure(plan), limits_figure(explanation), rents_figure(explanation)]
    for figure in [*figures, hashprice_figure(plan.case)]:
        assert figure is not None
        assert figure.chart.to_dict()["layer"]
        assert figure.finding


def test_deals_are_on_the_footing_of_an_offer():
    # Hut 8, 17 December 2025: 7.0 billion over 15 years with 3 % steps for 245 MW is 128.0 in year one.
    drawn = deals_table().set_index("site")["rent"]
    (river_bend,) = [rent for site, rent in drawn.items() if site.startswith("River Bend")]
    assert river_bend == pytest.approx(128.0, abs=0.05)


def test_contracts_that_sell_gpus_are_not_compared_with():
    drawn = deals_table()
    assert not drawn["deal"].str.contains("IREN").any()
    assert drawn["rent"].max() < 300


def test_the_shaded_band_is_that_of_the_deals_that_are_drawn(explanation):
    figure, drawn = rents_figure(explanation), deals_table()["rent"]
    assert f"{len(drawn)} signed deals, ${drawn.min():,.2f} /kW-month to ${drawn.max():,.2f} /kW" in figure.measure


def test_halvings_come_every_four_years_from_april_2028():
    assert [when.year for when in halvings(load_case("river-bend"))["month"]] == [2028, 2032, 2036, 2040, 2044]
