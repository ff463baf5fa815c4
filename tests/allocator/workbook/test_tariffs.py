"""Hourly prices, tariffs and machine settings in the pack: engine, cached values and LibreOffice agree."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document
from allocator.explain import Explanation
from allocator.workbook import read_document, write_pack

RELATIVE = 1e-9
TARIFF = {
    "escalation_per_year": 0.03,
    "transmission_usd_per_mwh": 4.0,
    "riders_usd_per_mwh": 1.5,
    "demand_charge_usd_per_kw_month": 2.0,
    "demand_response_usd_per_mw_year": 9_000.0,
    "curtailment_hours_per_year": 400.0,
    "curtailment_credit_usd_per_mwh": 80.0,
    "outage_hours": [12.0, 0.0, 0.0, 3.0, 0.0, 0.0, 20.0, 0.0, 0.0, 0.0, 0.0, 5.0],
}
UNDERVOLTED = {"efficiency_factor": 0.9, "hashrate_factor": 0.8}


def months_of_prices() -> list[list[float]]:
    """Twelve months of different length with ties, negative prices and spikes."""
    draw = np.random.default_rng(7)
    return [[float(round(p, 1)) for p in draw.normal(35.0, 30.0, 40 + month)] for month in range(12)]


FORWARD = {
    "forward": [
        {"from": dt.date(2026, 6, 15), "btc_price_usd": 90_000.0, "hashprice_usd_per_ph_day": 41.0},
        {"from": dt.date(2027, 1, 31), "hashprice_usd_per_ph_day": 30.0, "difficulty": 150e12},
        {"from": dt.date(2027, 9, 1), "difficulty": 170e12},
        {"from": dt.date(2028, 3, 1), "btc_price_usd": 110_000.0},
    ],
}


def mining_case(power: dict[str, Any], market: dict[str, Any]) -> Case:
    return case_from_document(
        {
            "name": "Tariff",
            "valuation_date": dt.date(2026, 1, 31),
            "horizon_years": 7,
            "site": {"grid_mw": 30},
            "power": power,
            "market": market,
            "mining": {"degradation_per_year": 0.02, "resale_elasticity_to_hashprice": 0.7},
            "fleets": [{"name": "Old", "machine": "S21", "facility_mw": 10} | UNDERVOLTED],
            "purchases": [
                {"name": "New", "machine": "S21 XP Hyd", "max_facility_mw": 20, "price_usd_per_th": 6.0},
                {"name": "Next", "machine": "successor", "max_facility_mw": 20, "price_usd_per_th": 9.0},
            ],
        }
    )


@pytest.fixture(scope="module", params=["flat", "hourly", "forward"])
def tariff(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Allocation, Path]:
    from allocator.explain import Twins

    power = TARIFF | (
        {"hourly_prices": {"months": months_of_prices()}} if request.param == "hourly" else {"price_usd_per_mwh": 28.0}
    )
    plan = allocate(mining_case(power, FORWARD if request.param == "forward" else {}))
    path = tmp_path_factory.mktemp("tariff") / f"{request.param}.xlsx"
    write_pack(plan, Explanation((), (), (), Twins(None, None)), path)
    return plan, path


def assert_equals_engine(path: Path, plan: Allocation) -> None:
    book = openpyxl.load_workbook(path, data_only=True)
    mix = book["Mix"]
    checked = 0
    for row in range(6, mix.max_row + 1):
        if mix.cell(row, 2).value != "mining":
            continue
        name, sheet = mix.cell(row, 1).value, book[mix.cell(row, 14).value]
        j = next(i for i, a in enumerate(plan.choices.items) if a.name == name)
        labels = {sheet.cell(r, 1).value: r for r in range(1, sheet.max_row + 1)}
        for label, expected in (
            ("Cash flow, unlevered, after tax", plan.choices.cash_flow_usd),
            ("Cash flow to the owner", plan.choices.equity_cash_flow_usd),
        ):
            found = [sheet.cell(labels[label], 5 + m).value for m in range(plan.case.timeline.months + 1)]
            np.testing.assert_allclose(found, expected[:, j], rtol=RELATIVE, atol=1e-6, err_msg=name)
            checked += 1
    assert checked >= 6
    assert book["Checks"]["D3"].value in (True, 1)


def test_cached_values_of_a_tariff_equal_the_engine(tariff: tuple[Allocation, Path]) -> None:
    assert_equals_engine(tariff[1], tariff[0])


@pytest.mark.libreoffice
def test_libreoffice_recalculates_a_tariff_to_the_engine(tariff: tuple[Allocation, Path], recalculate: Any) -> None:
    assert_equals_engine(recalculate(tariff[1])[0], tariff[0])


def test_hourly_prices_and_outages_read_back(tariff: tuple[Allocation, Path]) -> None:
    plan, path = tariff
    found = case_from_document(read_document(path))
    assert found.power == plan.case.power
    assert found.market == plan.case.market
    assert found.sha256() == plan.case.sha256()
