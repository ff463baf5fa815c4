"""The catalogue, against its own second columns: efficiency and price of a unit are stated beside the label."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from models import machines
from models.machines import Cooling, catalogue, machines_by_name

TABLE = (Path(machines.__file__).parent / "machines.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))


def test_the_catalogue_has_54_machines_with_different_names():
    assert len(catalogue()) == 54
    assert len({m.model for m in catalogue()}) == 54


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"])
def test_efficiency_is_watts_over_terahashes_to_the_digits_printed(row):
    machine = machines_by_name()[row["model"]]
    digits = len(row["efficiency_j_per_th"].partition(".")[2])
    assert machine.efficiency_j_per_th == pytest.approx(float(row["efficiency_j_per_th"]), abs=0.51 * 10**-digits)
    assert machine.efficiency_j_per_th * machine.hashrate_th == pytest.approx(machine.power_w, rel=1e-12)


@pytest.mark.parametrize("row", [r for r in ROWS if r["price_usd"] and r["price_usd_per_th"]], ids=lambda r: r["model"])
def test_the_price_of_a_machine_is_its_price_per_terahash_times_its_hashrate(row):
    half_a_cent = 0.00501 * float(row["hashrate_th"])
    stated = float(row["price_usd_per_th"]) * float(row["hashrate_th"])
    assert stated == pytest.approx(float(row["price_usd"]), abs=half_a_cent)


def test_every_machine_names_its_source_or_is_marked_unsourced():
    for machine in catalogue():
        assert machine.source
        if machine.price_usd_per_th is not None:
            assert machine.price_source


@pytest.mark.parametrize(
    ("model", "hashrate", "watts", "cooling"),
    [
        ("S21 XP Hyd", 473, 5676, Cooling.HYDRO),  # Bitmain: 473 TH/s, 5,676 W, 12 J/TH
        ("S19 Pro", 110, 3250, Cooling.AIR),  # Bitmain: 110 TH/s, 3,250 W, 29.5 J/TH
        ("A1466I", 170, 3315, None),  # Canaan: 170 TH/s, 3,315 W, 19.5 J/TH
    ],
)
def test_published_labels(model, hashrate, watts, cooling):
    machine = machines_by_name()[model]
    assert (machine.hashrate_th, machine.power_w) == (hashrate, watts)
    assert cooling in (None, machine.cooling)


def test_a_makers_family_prefix_may_be_left_out_and_points_to_the_same_machine():
    named = machines_by_name()
    assert named["S21 XP Hyd"] is named["Antminer S21 XP Hyd"]
