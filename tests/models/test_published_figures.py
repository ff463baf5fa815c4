"""Published statements: those that hold are reproduced, and for those that are wrong the right value is given.

``tests/published_figures.csv`` has the statement, its source, the inputs, the figure stated and a value computed
apart from this project (column ``computed``). Every row that REPRODUCES or DOES NOT REPRODUCE is either a
calculation below, with the row's inputs written out, or in ``NOT_OURS`` with the reason.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from models.deals import deal_named
from models.debt import level_payment, monthly_rate
from models.lease import Lease, contract_value_usd
from models.machines import machines_by_name
from models.mining import (
    electricity_share_of_revenue,
    revenue_usd_per_mwh,
    shutdown_btc_price_usd,
    shutdown_hashprice_usd_per_ph_day,
)
from models.network import (
    ANCHOR_HEIGHT,
    HASHES_PER_PH,
    block_minutes_at,
    halving_date,
    hashprice_btc_per_ph_day,
    hashprice_usd_per_ph_day,
    hashrate_eh_s,
    retarget_factor,
    subsidy_btc,
    total_reward_btc,
)
from models.rent import average_rent_usd_per_kw_month, first_year_rent_usd_per_kw_month, implied_escalator

FEBRUARY = 141.67e12
"""Difficulty in the report of 5 February 2026."""
FEES = 0.006


def array(value: float) -> np.ndarray:
    return np.array([float(value)])


def reward(fees: float = FEES) -> float:
    return total_reward_btc(3.125, fees)


def btc_per_ph_day(difficulty: float = FEBRUARY, fees: float = FEES) -> float:
    return hashprice_btc_per_ph_day(difficulty, reward(fees))


def share_percent(efficiency: float) -> float:
    """Electricity over revenue at BTC 75,000 and 0.06 USD/kWh."""
    return 100 * electricity_share_of_revenue(efficiency, 60.0, hashprice_usd_per_ph_day(75_000, FEBRUARY, reward()))


def shutdown(efficiency: float, pool_fee: float = 0.0) -> float:
    """Bitcoin price at which power at 0.08 USD/kWh takes all revenue."""
    return shutdown_btc_price_usd(efficiency, 80.0, btc_per_ph_day(), pool_fee)


def label(model: str) -> float:
    return machines_by_name()[model].efficiency_j_per_th


def daily_revenue_musd(price: float, difficulty: float, minutes: float) -> float:
    return hashprice_usd_per_ph_day(price, difficulty, reward()) * hashrate_eh_s(difficulty, minutes) * 1000 / 1e6


def retarget_chain(difficulty_t: float, change: float) -> float:
    """Next difficulty in T after an epoch whose blocks were slow or fast enough for this change."""
    return difficulty_t * retarget_factor(10.0 / (1.0 + change))


def minutes_of(change: float) -> float:
    """Block time that leads to a change of difficulty, by bisection of our own retarget."""
    slow, fast = 40.0, 2.5
    for _ in range(100):
        middle = (slow + fast) / 2
        slow, fast = (middle, fast) if retarget_factor(middle) < 1 + change else (slow, middle)
    return slow


def river_bend(term_years: int) -> Lease:
    rent = first_year_rent_usd_per_kw_month(7.0e9, 245, 15, 0.03)
    return Lease(
        name="River Bend", tenant="Fluidstack", critical_it_mw=245.0, rent_usd_per_kw_month=rent,
        escalator_per_year=0.03, term_years=term_years,
    )  # fmt: skip


def gpu_cloud_revenue_usd_per_year() -> float:
    """IREN's contract with Microsoft, from its mean price per kW."""
    deal = deal_named("IREN-MSFT")
    return deal.average_rent_usd_per_kw_month * deal.critical_it_mw * 1000 * 12


CALCULATIONS: dict[str, Callable[[], float]] = {
    "C01": lambda: share_percent(label("S21 XP Hyd")),
    "C02": lambda: share_percent(21.5),
    "C03": lambda: share_percent(label("A1466I")),
    "C03b": lambda: share_percent(3230 / 150),
    "C04": lambda: share_percent(25.0),
    "C05": lambda: share_percent(26.0),
    "C06": lambda: share_percent(29.5),
    "C07": lambda: 76_176 * btc_per_ph_day() / 1000,
    "C08b": lambda: 1440 / block_minutes_at(FEBRUARY, 890) * reward() * 76_176 / 890e6,
    "C09": lambda: 0.034 * HASHES_PER_PH / 1e12,
    "C10": lambda: 1e6 * 1e9 / HASHES_PER_PH,
    "C12d": lambda: 130_909 / shutdown_btc_price_usd(1.0, 80.0, 12.0 * 24 * 80 / 1000 / 41_585),
    "C13a": lambda: shutdown(17.5),
    "C14": lambda: shutdown(17.5, pool_fee=0.014),
    "C14b": lambda: shutdown(16.5, pool_fee=0.014),
    "C15": lambda: float(shutdown(19.0) > 70_000),
    "C15b": lambda: float(shutdown(18.5) > 70_000),
    "C16": lambda: 100 * (retarget_factor(11.6) - 1),
    "C17": lambda: 141.67 * retarget_factor(11.6),
    "C18": lambda: retarget_chain(141.67, -0.1116),
    "C19": lambda: block_minutes_at(FEBRUARY, 970),
    "C20": lambda: block_minutes_at(FEBRUARY, 890),
    "C26": lambda: daily_revenue_musd(70_000, FEBRUARY, 11.6),
    "C27": lambda: daily_revenue_musd(90_000, 146.47e12, 10.0),
    "C28": lambda: hashprice_usd_per_ph_day(71_091, 146.5e12, reward()),
    "C30": lambda: btc_per_ph_day(146.47e12, 0.0055),
    "C32": lambda: (3167 - 17) / float(subsidy_btc(array(ANCHOR_HEIGHT))[0]),
    "C33a": lambda: float(revenue_usd_per_mwh(array(39.53), 17.0)[0]),
    "C33b": lambda: float(revenue_usd_per_mwh(array(39.53), 22.0)[0]),
    "C33c": lambda: float(revenue_usd_per_mwh(array(39.53), 32.3)[0]),
    "C34": lambda: float(revenue_usd_per_mwh(array(39.0), 17.5)[0]),
    "C35": lambda: float(shutdown_hashprice_usd_per_ph_day(21.5, 60.0) > 30),
    "C37": lambda: hashprice_usd_per_ph_day(67_000, 144.40e12, reward()),
    "C38": lambda: 28.68 / btc_per_ph_day(133.87e12),
    "C39a": lambda: retarget_chain(146.47, -0.0328),
    "C39b": lambda: retarget_chain(125.86, 0.1473),
    "C39c": lambda: retarget_chain(145.04, -0.0776),
    "C39d": lambda: retarget_chain(138.96, -0.1009),
    "C39e": lambda: retarget_chain(124.93, 0.0715),
    "C40": lambda: minutes_of(-0.0776),
    "C41": lambda: 60 * minutes_of(0.1473),
    "C43": lambda: 100 * retarget_factor(60),
    "C44": lambda: 52.5 / hashprice_btc_per_ph_day(1030e18 * 600 / 2**32, 3.125),
    "L02": lambda: river_bend(15).noi_margin * contract_value_usd(river_bend(15)) / 15 / 1e6,
    "L03": lambda: contract_value_usd(river_bend(30)) / 1e9,
    "L05": lambda: 100 * implied_escalator(3.0, 10, 7.0, 20),
    "L07": lambda: 100 * implied_escalator(0.311, 10, 1.0, 25),
    "L09": lambda: first_year_rent_usd_per_kw_month(350e6, 243, 1, 0.0),
    "L11": lambda: deal_named("RIOT-AMD").capex_usd_per_mw / 1e6,
    "L12": lambda: 12 * monthly_rate(0.0775) * 3_200,
    "L13": lambda: gpu_cloud_revenue_usd_per_year() / 1e9,
    "L14": lambda: (deal_named("CIFR-FS1").debt_usd + deal_named("CIFR-FS2").debt_usd) / 1e9,
}

NAIVE = "C08"
"""144 blocks a day over a spot hashrate: the trap itself, tested below."""

NOT_OURS = {
    "C21": "a quotient of two hashrates that the report gives",
    "C22": "a quotient of two hashrates of different sources",
    "C23": "a quotient of two bitcoin prices",
    "C24": "a quotient of two bitcoin prices",
    "C25": "a quotient of two bitcoin prices",
    "H01": "a date: tested below",
    "H03": "the calendar against counted blocks, nothing of the model",
}


def _rows() -> dict[str, dict[str, str]]:
    table = Path(__file__).parent.parent / "published_figures.csv"
    return {row["id"]: row for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines())}


ROWS = _rows()
JUDGED = [i for i, row in ROWS.items() if row["verdict"].startswith(("REPRODUCES", "DOES NOT REPRODUCE"))]


def _stated(row: dict[str, str]) -> tuple[float, float]:
    low, _, high = row["stated"].partition("..")
    return float(low), float(high or low)


def test_no_row_is_forgotten_and_none_is_invented():
    assert set(JUDGED) == set(CALCULATIONS) | set(NOT_OURS) | {NAIVE}
    assert not set(CALCULATIONS) & set(NOT_OURS)


@pytest.mark.parametrize("row_id", [i for i in CALCULATIONS if ROWS[i]["verdict"] == "REPRODUCES"])
def test_a_statement_that_holds_is_reproduced(row_id):
    row, found = ROWS[row_id], CALCULATIONS[row_id]()
    low, high = _stated(row)
    assert low - float(row["tolerance"]) <= found <= high + float(row["tolerance"])
    assert found == pytest.approx(float(row["computed"]), rel=1e-5)


@pytest.mark.parametrize("row_id", [i for i in CALCULATIONS if ROWS[i]["verdict"] == "DOES NOT REPRODUCE"])
def test_a_statement_that_is_wrong_gets_the_right_value_instead(row_id):
    row, found = ROWS[row_id], CALCULATIONS[row_id]()
    low, high = _stated(row)
    # L02 was computed from the rounded 6.9 bn of NOI; ours is 98.6 % of the 7.0 bn contract.
    expected = float(row["computed"])
    assert found == pytest.approx(expected, rel=5e-4 if row_id == "L02" else 1e-5)
    assert not low - float(row["tolerance"]) <= found <= high + float(row["tolerance"])


def test_144_blocks_a_day_over_a_spot_hashrate_is_13_percent_too_high():
    # Row C08: at 890 EH/s and 141.67T blocks are slow, so only 126.4 of them arrive in a day.
    row = ROWS[NAIVE]
    naive = 144 * reward() * 76_176 / 890e6
    assert naive == pytest.approx(float(row["computed"]), rel=1e-5)
    ours = 76_176 * btc_per_ph_day() / 1000
    assert ours == pytest.approx(float(row["stated"]), abs=float(row["tolerance"]))
    assert naive / ours - 1 == pytest.approx(0.139, abs=0.001)
    assert 1440 / block_minutes_at(FEBRUARY, 890) == pytest.approx(126.4, abs=0.05)


def test_the_halving_falls_within_the_published_estimates():
    assert date(2028, 3, 31) <= halving_date(5) <= date(2028, 4, 17)
    assert halving_date(5).isoformat() == ROWS["H01"]["computed"]


def test_the_first_year_rent_of_river_bend_that_nobody_stated_follows_from_the_contract():
    # L01: a value of the table, not a public claim.
    row, found = ROWS["L01"], first_year_rent_usd_per_kw_month(7.0e9, 245, 15, 0.03)
    assert found == pytest.approx(float(row["computed"]), rel=1e-5)
    assert found == pytest.approx(float(row["stated"]), abs=float(row["tolerance"]))
    assert deal_named("HUT-RB").first_year_rent_usd_per_kw_month == pytest.approx(found, rel=1e-12)


def test_core_scientific_bills_its_contract_s_average_so_its_rent_shows_no_escalator():
    # L09: the average of the contract, beside the billing that CALCULATIONS has.
    core_scientific = first_year_rent_usd_per_kw_month(10.2e9, 590, 12, 0.0)
    assert core_scientific == pytest.approx(float(ROWS["L09"]["stated"]), rel=1e-9)
    assert average_rent_usd_per_kw_month(core_scientific, 12, 0.0) == pytest.approx(core_scientific, rel=1e-12)
    assert deal_named("CORZ-CRWV").first_year_rent_usd_per_kw_month == pytest.approx(core_scientific, rel=1e-12)


def test_river_bend_s_notes_paid_level_would_be_covered_barely_in_year_one():
    # L15: a value of the table, with one payment a year; not a public claim.
    row, cover = ROWS["L15"], 376.4e6 * 0.986 / level_payment(3.25e9, 0.06192, 15)
    assert cover == pytest.approx(float(row["computed"]), rel=2e-4)
    assert cover == pytest.approx(float(row["stated"]), abs=float(row["tolerance"]))


def test_a_megawatt_of_mining_earns_what_the_table_says_per_kw_month():
    # M01 and M03, at 730 hours a month.
    net = (float(revenue_usd_per_mwh(array(34.0), 12.0)[0]) - 60.0) * 730 / 1000
    assert net == pytest.approx(float(ROWS["M01"]["computed"]), rel=1e-5)
    gross = float(revenue_usd_per_mwh(array(65.0), 20.0)[0]) * 730 / 1000
    assert gross == pytest.approx(float(ROWS["M03"]["computed"]), rel=1e-5)
