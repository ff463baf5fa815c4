"""Inputs are declared once, and a table with several faults names them all."""

from __future__ import annotations

import pytest

from models.assumptions import Assumptions, InputFaultsError, describe, read_table
from models.lease import Lease
from models.mining import Fleet, Mining, Purchase
from models.network import Market
from models.power import Power
from models.returns import Finance

TABLES = (Lease, Fleet, Purchase, Mining, Market, Power, Finance)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_every_input_says_what_it_means_and_a_number_says_its_unit(table):
    for name, declared in describe(table).items():
        assert declared.meaning, name
        ratio = name in {"difficulty", "switch_off_elasticity_to_hashprice", "deliveries"}
        if isinstance(declared.default, float) and not ratio:
            assert declared.unit, name


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_every_default_lies_within_its_bounds_and_a_sourced_one_names_its_source(table):
    for name, declared in describe(table).items():
        if isinstance(declared.default, (int, float)) and not isinstance(declared.default, bool):
            assert declared.lower is None or declared.lower <= declared.default, name
            assert declared.upper is None or declared.default <= declared.upper, name
        if declared.status in {"sourced", "derived"}:
            assert declared.source, name


@pytest.mark.parametrize("value", [True, "5", None, [5], float("nan"), float("inf"), -float("inf"), 1 + 2j])
def test_only_a_finite_number_is_a_number(value):
    faults = []
    assert read_table(Power, "power", {"price_usd_per_mwh": value}, faults) is None
    assert [f.field for f in faults] == ["power.price_usd_per_mwh"]


@pytest.mark.parametrize("value", [True, "5", 5.0, 5.5, None])
def test_only_a_whole_number_is_a_whole_number(value):
    faults = []
    assert read_table(Market, "market", {"leaving_months": value}, faults) is None
    assert [f.field for f in faults] == ["market.leaving_months"]


def test_a_whole_number_is_accepted_where_any_number_is_meant():
    assert read_table(Power, "power", {"price_usd_per_mwh": 45}, []).price_usd_per_mwh == 45.0


def test_all_faults_of_a_table_are_given_at_once_with_value_rule_and_remedy():
    faults = []
    given = {"btc_price_usd": -1, "fee_share": 1.5, "difficulty": float("nan"), "btc_prise_usd": 5}
    assert read_table(Market, "market", given, faults) is None
    assert {f.field for f in faults} == {f"market.{name}" for name in given}
    by_field = {f.field: str(f) for f in faults}
    assert "must be above 0" in by_field["market.btc_price_usd"]
    assert "-1" in by_field["market.btc_price_usd"]
    assert "a share of the total reward lies between 0 and 1" in by_field["market.fee_share"]
    assert "did you mean btc_price_usd?" in by_field["market.btc_prise_usd"]
    assert all(f.remedy for f in faults)


@pytest.mark.parametrize("given", [5, "text", [1], None, True])
def test_what_is_no_table_is_said_to_be_none(given):
    faults = []
    assert read_table(Market, "market", given, faults) is None
    assert "is not a table" in str(faults[0])


def test_inputs_are_frozen():
    power = Power()
    with pytest.raises(ValueError, match="frozen"):
        power.price_usd_per_mwh = 1.0
    assert issubclass(Power, Assumptions)


def test_an_error_carries_every_fault_and_prints_one_a_line():
    faults = []
    read_table(Market, "market", {"btc_price_usd": -1, "fee_share": 2}, faults)
    error = InputFaultsError(faults)
    assert len(str(error).splitlines()) == len(error.faults) == 2
