"""Every kind of wrong input is refused with field, value, rule and remedy; all faults of a file at once."""

from __future__ import annotations

from datetime import date

import pytest

from allocator.case import Case, case_from_document, inputs, override, path_parts
from models.assumptions import InputFaultsError
from tests.allocator.small import VALUATION, document, fleet, lease, purchase

NAN, INF = float("nan"), float("inf")


def faults_of(given: dict) -> dict[str, str]:
    """Faults by field, each as it is printed."""
    with pytest.raises(InputFaultsError) as refused:
        case_from_document(given)
    assert str(refused.value).splitlines() == [str(f) for f in refused.value.faults]
    for fault in refused.value.faults:
        assert fault.field
        assert fault.rule
        assert fault.remedy
        assert "\n" not in str(fault)
    return {f.field: str(f) for f in refused.value.faults}


def site(grid_mw) -> dict:
    return document(site={"grid_mw": grid_mw})


def steps(*pairs) -> list[dict]:
    return [{"from": day, "grid_mw": mw} for day, mw in pairs]


WRONG = [
    # field, words of the message, file
    ("surprise", "is not an input of a case", document(surprise=1)),
    ("market.btc_prise_usd", "did you mean btc_price_usd?", document(market={"btc_prise_usd": 1})),
    ("leases[0].rent", "is not an input", document(leases=[lease(rent=5)])),
    ("name", "is required", {k: v for k, v in document().items() if k != "name"}),
    ("name", "is empty", document(name="")),
    ("name", "is not text", document(name=5)),
    ("site.grid_mw", "is required", document(site={})),
    ("site", "is not a table", document(site=5)),
    ("leases", "is not a list of tables", document(leases={"name": "x"})),
    ("leases[0]", "is not a table", document(leases=[5])),
    ("site.grid_mw", "must be above 0", site(0)),
    ("site.grid_mw", "-20 must be above 0", site(-20)),
    ("site.grid_mw", "nan is not a finite number", site(NAN)),
    ("site.grid_mw", "inf is not a finite number", site(INF)),
    ("site.grid_mw", "is above 100000", site(1e6)),
    ("site.grid_mw", "True is not a number", site(True)),
    ("site.grid_mw", "'20' is not a number", site("20")),
    ("site.grid_mw", "is an empty list", site([])),
    ("site.grid_mw[1].from", "is not after the stage before", site(steps((VALUATION, 30), (VALUATION, 40)))),
    ("site.grid_mw[0].grid_mw", "is below 0", site(steps((VALUATION, -1), (date(2027, 1, 1), 40)))),
    ("site.grid_mw[0].from", "is required", site([{"grid_mw": 40}])),
    ("policy.capital_usd", "is below 0", document(policy={"capital_usd": -1})),
    ("policy.capital_usd", "'much' is not a number", document(policy={"capital_usd": "much"})),
    ("policy.max_tenant_share", "1.5 is above 1", document(policy={"max_tenant_share": 1.5})),
    ("policy.min_flexible_mw", "is larger than the site", document(policy={"min_flexible_mw": 21})),
    ("horizon_years", "20.5 is not a whole number", document(horizon_years=20.5)),
    ("horizon_years", "True is not a whole number", document(horizon_years=True)),
    ("horizon_years", "'20' is not a whole number", document(horizon_years="20")),
    ("horizon_years", "0 is below 1", document(horizon_years=0)),
    ("valuation_date", "is not a date such as 2027-05-07", document(valuation_date="soon")),
    ("market.difficulty", "nan is not a finite number", document(market={"difficulty": NAN})),
    ("market.network_responds", "is neither true nor false", document(market={"network_responds": 1})),
    ("market.fee_share", "1 is above 0.99", document(market={"fee_share": 1})),
    ("finance.tax_rate", "-0.1 is below 0", document(finance={"tax_rate": -0.1})),
    ("fleets[0].facility_mw", "is larger than the site", document(fleets=[fleet(facility_mw=25)])),
    ("fleets[0].machine", "did you mean 'S21", document(fleets=[fleet(machine="S21 Hydd")])),
    ("fleets[0].machine", "is not one of the 54 machines", document(fleets=[fleet(machine="successor")])),
    ("purchases[0].machine", "is not text", document(purchases=[purchase(machine=21)])),
    ("purchases[0].lead_months", "is below 0", document(purchases=[purchase(lead_months=-1)])),
    ("leases[0].critical_it_mw", "10.0 facility MW is larger than the site (9.0",
     document(leases=[lease()], site={"grid_mw": 9}, fleets=[])),
    ("leases[0].provisioning_ratio", "facility load cannot be less than critical IT load",
     document(leases=[lease(provisioning_ratio=0.9)])),
    ("leases[0].ltc", "debt above 100 % of cost is not project debt", document(leases=[lease(ltc=1.2)])),
    ("leases[0].recovery", "is not one of", document(leases=[lease(recovery="double net")])),
    ("leases[0].block_mw", "is more than the offer (8)", document(leases=[lease(block_mw=9)])),
    ("leases[0].min_mw", "is more than the offer (8)", document(leases=[lease(min_mw=9)])),
    ("leases[0].deliveries", "0 is below 1", document(leases=[lease(deliveries=0)])),
    ("leases[0].earliest_start", "can be built (2026-02-07 + 6 months = 2026-08-07)",
     document(leases=[lease(earliest_start="2026Q2")])),
    ("leases[0].latest_start", "is before the earliest first delivery",
     document(leases=[lease(latest_start="2026Q2")])),
    ("leases[0].latest_start", "is before the earliest",
     document(leases=[lease(earliest_start="2027Q4", latest_start="2027Q1")])),
    ("leases[0].earliest_start", "is not a date such as", document(leases=[lease(earliest_start="next year")])),
    ("leases[0].term_years", "runs past the horizon (5 years); set horizon_years to at least 11",
     document(leases=[lease(term_years=10)])),
    ("leases[0].name", "is also the name of fleets[0]", document(leases=[lease(name="S21")])),
    ("purchases[1].name", "is also the name of purchases[0]", document(purchases=[purchase(), purchase()])),
    ("leases[0].name", "is empty", document(leases=[lease(name="  ")])),
    ("sources.leases[3].ltc", "names no input", document(sources={"leases[3].ltc": "a letter"})),
    ("sources.site.voltage", "names no input", document(sources={"site.voltage": "a letter"})),
    ("sources.site.grid_mw", "is not text", document(sources={"site.grid_mw": 5})),
    ("sources", "is not a table", document(sources="all from a letter")),
]  # fmt: skip


@pytest.mark.parametrize(("field", "words", "given"), WRONG, ids=[f"{w[0]}: {w[1]}" for w in WRONG])
def test_a_wrong_input_is_refused_by_field_value_rule_and_remedy(field, words, given):
    found = faults_of(given)
    assert field in found, found
    assert words in found[field]


def test_all_faults_of_a_file_are_listed_at_once():
    given = document(
        surprise=1,
        horizon_years="20",
        market={"btc_price_usd": -5, "fee_share": 2},
        fleets=[fleet(machine="S99"), fleet()],
        leases=[lease(ltc=2, dscr=0.5), lease(name="Big", critical_it_mw=100)],
        policy={"min_flexible_mw": 99},
        sources={"market.nothing": "a letter"},
    )
    assert set(faults_of(given)) == {
        "surprise", "horizon_years", "market.btc_price_usd", "market.fee_share", "fleets[0].machine",
        "fleets[1].name", "leases[0].ltc", "leases[0].dscr", "leases[1].critical_it_mw", "policy.min_flexible_mw",
        "sources.market.nothing",
    }  # fmt: skip


def test_the_horizon_that_is_named_as_the_remedy_is_enough_and_the_smallest():
    given = document(leases=[lease(term_years=10, latest_start="2028Q2")])
    remedy = faults_of(given)["leases[0].term_years"]
    years = int(remedy.split("horizon_years to at least ")[1].split(",")[0])
    case_from_document({**given, "horizon_years": years})
    faults_of({**given, "horizon_years": years - 1})


@pytest.mark.parametrize(
    "given", [document(valuation_date=date(9999, 1, 1)), document(leases=[lease(latest_start=date(9999, 12, 31))])]
)
def test_a_date_at_the_end_of_the_calendar_is_a_fault(given):
    assert faults_of(given)


@pytest.mark.parametrize("number", [0, 86_400, "0"])
def test_a_number_is_no_date(number):
    assert "valuation_date" in faults_of(document(valuation_date=number))


@pytest.mark.parametrize("day", ["2027Q1", "Q1 2027", "2027-01-15", date(2027, 1, 15)])
def test_a_window_may_be_given_as_a_quarter_or_a_day(day):
    assert case_from_document(document(leases=[lease(latest_start=day)])).leases[0].latest_start.year == 2027


def test_a_case_is_frozen_and_equal_cases_are_equal():
    given = case_from_document(document())
    assert given == case_from_document(document())
    with pytest.raises(ValueError, match="frozen"):
        given.name = "other"
    assert isinstance(given, Case)


# Overrides


def test_one_input_is_replaced_and_everything_else_is_kept():
    given = document(sources={"leases[0].ltc": "a letter", "site.grid_mw": "a letter"})
    changed = override(given, "leases[0].ltc", 0.6)
    assert changed["leases"][0]["ltc"] == 0.6
    assert given["leases"][0]["ltc"] == 0.5
    assert changed["sources"] == {"site.grid_mw": "a letter"}
    assert {k: v for k, v in changed["leases"][0].items() if k != "ltc"} == {
        k: v for k, v in given["leases"][0].items() if k != "ltc"
    }


def test_a_table_that_the_file_leaves_out_can_be_set():
    assert override(document(), "finance.tax_rate", 0.25)["finance"] == {"tax_rate": 0.25}


def test_a_stage_can_be_set_by_its_position():
    given = site(steps((VALUATION, 30), (date(2027, 1, 1), 40)))
    assert override(given, "site.grid_mw[1].grid_mw", 50)["site"]["grid_mw"][1]["grid_mw"] == 50


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("leases[7].ltc", "has no item [7]; the case has 1, counted from 0"),
        ("site.grid_mw[0].grid_mw", "has no item [0]"),
        ("leases.ltc", "has no part ltc"),
        ("name.first", "has no part first"),
        ("leases[-1].ltc", "is not a path"),
        ("market..x", "is not a path"),
        ("", "is not a path"),
        ("a b", "is not a path"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_fault(path, words):
    with pytest.raises(InputFaultsError) as refused:
        override(document(), path, 1)
    assert words in str(refused.value)


def test_a_path_is_its_names_and_positions():
    assert path_parts("leases[0].ltc") == ["leases", 0, "ltc"]
    assert path_parts("site.grid_mw[12].from") == ["site", "grid_mw", 12, "from"]


# What is known of every input


def test_every_input_of_a_case_is_listed_once_with_its_standing():
    given = case_from_document(
        document(sources={"market.btc_price_usd": "an exchange", "leases[0].ltc": "assumed: a guess"})
    )
    listed = {i.path: i for i in inputs(given)}
    assert len(listed) == len(list(inputs(given)))
    assert (listed["market.btc_price_usd"].status, listed["market.btc_price_usd"].source) == ("sourced", "an exchange")
    assert (listed["leases[0].ltc"].status, listed["leases[0].ltc"].source) == ("assumed", "a guess")
    assert listed["market.fee_share"].is_default
    assert listed["power.price_usd_per_mwh"].status == "assumed"  # entered, without a source
    for path in ("name", "site.grid_mw", "leases[0].rent_usd_per_kw_month", "policy.reinvested_share"):
        assert path in listed


def test_each_listed_input_can_be_overridden_by_its_path():
    given = document()
    for known in inputs(case_from_document(given)):
        if known.value is None:
            continue
        assert case_from_document(override(given, known.path, known.value)) is not None
