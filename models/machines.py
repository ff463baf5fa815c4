"""The ASIC catalogue: hashrate, power, efficiency, cooling, price, each with its source (``machines.csv``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

SUCCESSOR = "successor"
"""Stands for machines not yet on sale: today's best, improving every year (see ``mining.Mining``)."""


class Cooling(StrEnum):
    """How a machine's heat is taken away."""

    AIR = "air"
    HYDRO = "hydro"
    IMMERSION = "immersion"


@dataclass(frozen=True)
class Machine:
    """One row of the catalogue."""

    model: str
    maker: str
    cooling: Cooling
    hashrate_th: float
    power_w: float
    release: str
    price_usd_per_th: float | None
    price_date: str
    price_source: str
    confidence: str
    source: str
    note: str

    @property
    def efficiency_j_per_th(self) -> float:
        """Watts over terahashes a second, as on the label."""
        return self.power_w / self.hashrate_th


@cache
def catalogue() -> tuple[Machine, ...]:
    """Every machine, in the order of the table."""
    with (files("models") / "machines.csv").open(encoding="utf-8") as table:
        return tuple(_machine(row) for row in csv.DictReader(table))


def _machine(row: dict[str, str]) -> Machine:
    return Machine(
        model=row["model"],
        maker=row["maker"],
        cooling=Cooling(row["cooling"]),
        hashrate_th=float(row["hashrate_th"]),
        power_w=float(row["power_w"]),
        release=row["release"],
        price_usd_per_th=float(row["price_usd_per_th"]) if row["price_usd_per_th"] else None,
        price_date=row["price_date"],
        price_source=row["price_source"],
        confidence=row["confidence"],
        source=row["source"],
        note=row["note"],
    )


@cache
def machines_by_name() -> dict[str, Machine]:
    """The catalogue by model name; a maker's family prefix (Antminer, WhatsMiner, Avalon) may be left out.

    >>> machines_by_name()["S21 XP Hyd"].hashrate_th
    473.0
    """
    named = {machine.model: machine for machine in catalogue()}
    for machine in catalogue():
        family, _, rest = machine.model.partition(" ")
        if family in {"Antminer", "WhatsMiner", "Avalon", "SEALMINER"}:
            named.setdefault(rest, machine)
    return named
