"""Which activities a pack holds, and where each of them lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.activities import Activity, Kind, Use
from allocator.allocation import TAKEN_MW, Allocation
from allocator.formats import quarter
from allocator.workbook.lease_lines import LeaseUnit, lease_statement
from allocator.workbook.lines import Placed, Statement, StatementValues
from allocator.workbook.machine_lines import MiningUnit
from allocator.workbook.mining_lines import mining_statement
from allocator.workbook.monthly_sheets import placed

FIRST_MIX_ROW = 6
MIX_SHEET = "Mix"
LONGEST_TITLE = 31


@dataclass(frozen=True)
class Entry:
    """An activity of the pack with its statement, sheet and row of the mix."""

    position: int
    """Column of the program."""
    activity: Activity
    recommended_mw: float
    statement: Statement[Any]
    values: StatementValues
    here: Placed
    mix_row: int

    @property
    def own_inputs(self) -> str:
        """Start of the defined names of its owner's inputs."""
        table = {Kind.FLEET: "fleets", Kind.PURCHASE: "purchases", Kind.LEASE: "leases"}[self.activity.kind]
        return f"in__{table}_{self.activity.owner}__"

    @property
    def your_mw(self) -> str:
        """Address of the megawatts that the reader may type."""
        return f"'{MIX_SHEET}'!$G${self.mix_row}"

    @property
    def unit(self) -> str:
        """What its megawatts are."""
        return "critical IT MW" if self.activity.use is Use.HOSTING else "facility MW"

    @property
    def reference(self) -> str:
        """Its name among the statements of the workbook."""
        return f"a{self.position}"


def entries(plan: Allocation) -> tuple[Entry, ...]:
    """Every activity of the plan, and one for each fleet, purchase or offer that the plan passes over."""
    found = []
    for number, position in enumerate(sorted({*_chosen(plan), *_passed_over(plan)})):
        activity = plan.choices.items[position]
        statement, values = _statement(plan, activity)
        here = placed(statement, _title(plan, activity, number + 1), plan.case.timeline.months)
        taken = float(plan.units[position])
        found.append(
            Entry(
                position, activity, taken if taken > TAKEN_MW else 0.0, statement, values, here, FIRST_MIX_ROW + number
            )
        )
    return tuple(found)


def _chosen(plan: Allocation) -> list[int]:
    return [int(j) for j in np.flatnonzero(plan.units > TAKEN_MW)]


def _passed_over(plan: Allocation) -> Iterator[int]:
    """An offer that is refused at its earliest start; machines at the dates that are worth most."""
    position = 0
    for bundle in plan.choices.bundles:
        last = position + len(bundle.activities)
        if not np.any(plan.units[position:last] > TAKEN_MW):
            lease = bundle.activities[0].kind is Kind.LEASE
            yield position if lease else position + int(np.argmax(plan.choices.npv_usd[position:last]))
        position = last


def _statement(plan: Allocation, activity: Activity) -> tuple[Statement[Any], StatementValues]:
    case = plan.case
    if activity.kind is Kind.LEASE:
        lines: Statement[Any] = lease_statement(case, activity.owner)
        return lines, StatementValues(lines, LeaseUnit(case, activity))
    lines = mining_statement(case, activity.kind)
    return lines, StatementValues(lines, MiningUnit(case, plan.choices.network, activity))


def _title(plan: Allocation, activity: Activity, number: int) -> str:
    """A short title, unique by its number; plain letters and digits only, so that no name can end a reference."""
    name = re.sub(r"[^A-Za-z0-9 .-]+", " ", activity.owner_name)
    start = quarter(plan.case.timeline.quarter_label(activity.start))
    name = " ".join(name.split())[: LONGEST_TITLE - len(f"{number}  {start}")].strip()
    return " ".join(filter(None, (str(number), name, start)))
