"""An offer beside the signed deals, on page Leases: every figure on the screen is the library's."""

from __future__ import annotations

import pytest

from allocator.comparison import links, outside_sentences
from allocator.files import load_case
from allocator.formats import comparison_figure, money, percent
from allocator.ui.deals import said, signed_notes_table
from models.deals import DealKind, colocation_deals, compare, deal_named, deals, notes_figures
from tests.allocator import small
from tests.allocator.ui.pages_under_test import RENT, opened, without_exception, words


def table(at, column: str):
    (found,) = [frame.value for frame in at.dataframe if column in frame.value.columns]
    return found


def assert_compared(at, lease) -> None:
    text = words(at).replace("\N{NO-BREAK SPACE}", " ")
    for found in compare(lease):
        key, band = found.measure.key, found.band
        low, high = comparison_figure(key, band.low), comparison_figure(key, band.high)
        line = f"| {low} | {band.lowest} | {high} | {band.highest} | {band.count} |"
        (row,) = [r for r in text.splitlines() if r.startswith(f"| {found.measure.label} |") and line in r]
        assert f"| {comparison_figure(key, found.value)} |" in row
        assert found.place.value in row


def test_every_measure_of_the_offer_stands_beside_its_band():
    at = opened("leases")
    (lease,) = load_case("river-bend").leases
    assert_compared(at, lease)
    assert said(lease) in words(at)


def test_a_rent_of_200_is_said_to_be_above_on_both_pages():
    at = opened("leases")
    at.number_input(key=RENT).set_value(200.0).run()
    case = load_case("river-bend", [f"{RENT}=200"])
    assert_compared(without_exception(at), case.leases[0])
    assert "first-year rent above" in words(at)
    assert "▲ above" in words(at)
    at.switch_page("allocator/ui/pages/recommendation.py").run()
    (note,) = outside_sentences(case)
    assert note.startswith("River Bend: first-year rent $200.00 /kW-month is above the 11 signed colocation deals")
    assert note in words(without_exception(at))


def test_the_notes_of_its_own_deal_are_shown_level_and_sculpted_with_both_yields():
    at = opened("leases")
    (lease,) = load_case("river-bend").leases
    found, text = notes_figures(deal_named("HUT-RB"), lease), words(at).replace("\N{NO-BREAK SPACE}", " ")
    for label, figure in (
        ("Paid level: service a year", money(found.level_payment_usd_per_year, digits=4)),
        ("Paid level: first-year cover", f"{found.first_year_level_cover:.2f}x"),
        ("Paid sculpted: cover", f"{found.sculpted_cover:.2f}x"),
        ("Yield on construction", percent(found.yield_on_sponsor_cost)),
        ("Yield on funded cost", percent(found.yield_on_funded_cost)),
    ):
        assert f"| {label} | {figure} |" in text


def test_deals_are_listed_with_source_and_date_the_offer_first_and_marked():
    at = opened("leases")
    listed = table(at, "first-year rent")
    assert listed["deal"].iloc[0] == "▶ this offer"
    assert listed["site"].iloc[0] == "River Bend"
    assert listed["first-year rent"].iloc[0] == 128.0
    assert list(listed["deal"].iloc[1:]) == [deal.deal_id for deal in colocation_deals()]
    for deal, (_, row) in zip(colocation_deals(), listed.iloc[1:].iterrows(), strict=True):
        assert [row["source"], row["dated"]] == [links(deal)[0], deal.source_date]
        for name, value, unit in (
            ("first-year rent", deal.first_year_rent_usd_per_kw_month, 1.0),
            ("average rent", deal.average_rent_usd_per_kw_month, 1.0),
            ("NOI low", deal.noi_range_usd_per_mw_year[0], 1e-6),
            ("NOI high", deal.noi_range_usd_per_mw_year[1], 1e-6),
            ("margin low", deal.noi_margin_low, 100.0),
            ("margin high", deal.noi_margin_high, 100.0),
            ("debt per MW", deal.debt_usd_per_mw, 1e-6),
            ("LTC", deal.ltc, 100.0),
            ("coupon", deal.coupon_per_year, 100.0),
            ("provisioning", deal.provisioning_ratio, 1.0),
        ):
            expected = float("nan") if value is None else value * unit
            assert row[name] == pytest.approx(expected, rel=1e-12, nan_ok=True), (deal.deal_id, name)


def test_what_is_not_compared_stands_apart_with_the_reason():
    apart = table(opened("leases"), "why it is not compared").set_index("deal")
    for deal in (deal for deal in deals() if deal.kind is not DealKind.COLOCATION):
        assert deal.not_compared_because[1:] in apart.loc[deal.deal_id, "why it is not compared"]
    assert list(apart["kind"].iloc[:2]) == ["gpu cloud", "gpu cloud"]
    assert not set(apart.index) & {deal.deal_id for deal in colocation_deals()}


def test_an_offer_that_is_no_signed_deal_has_no_notes_and_one_of_no_cost_no_yield():
    at = opened("leases")
    at.selectbox(key="template").set_value("brownfield").run()
    assert "paid level and sculpted" not in words(without_exception(at))
    assert_compared(at, load_case("brownfield").leases[0])
    free = small.case(leases=[small.lease(signed_deal="HUT-RB", capex_usd_per_kw=0.0)]).leases[0]
    rows = signed_notes_table(free).set_index("notes")["figure"]
    assert rows["Yield on construction"] == "no construction cost"
