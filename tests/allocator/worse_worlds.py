"""Named stresses typed into a case's file by hand; a plan's cash and cover there, month by month."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from allocator.activities import Activities, activities
from allocator.allocation import Allocation
from allocator.case import CapitalStep, case_from_document
from allocator.stress import Stress
from models.timeline import add_months


def typed_in(given: dict[str, Any], stress: Stress) -> dict[str, Any]:
    """A file of a case valued on 7 February 2026 as somebody would edit it who expects the stress."""
    changed = deepcopy(given)
    market, power = changed.setdefault("market", {}), changed.setdefault("power", {})
    match stress:
        case Stress.PRICE_FALLS:
            market |= {"btc_price_usd": 0.62 * market["btc_price_usd"], "btc_growth_per_year": 0.0, "forward": []}
        case Stress.HASHPRICE_LOW:
            days = (date(2026, 3, 7), date(2028, 2, 7))
            market["forward"] = [{"from": day, "hashprice_usd_per_ph_day": 28.0} for day in days]
        case Stress.RALLY:
            market["forward"] = [{"from": date(2026, 8, 7), "btc_price_usd": 126_000.0}]
        case Stress.WINTER_STORM:
            power["outage_hours"] = [240.0, 240.0, *[0.0] * 10]
        case Stress.LEASE_LATE:
            for row in changed["leases"]:
                row["delay_months"] = row.get("delay_months", 0) + 12
        case Stress.TENANT_DEFAULTS:
            for row in changed["leases"]:
                row["tenant_default_after_years"] = 5
    return changed


def world(given: dict[str, Any], stress: Stress) -> Activities:
    """Activities of the file with the stress typed in, which knows nothing of a policy for stresses."""
    changed = typed_in(given, stress)
    changed["policy"] = {**changed.get("policy", {}), "stresses": []}
    return activities(case_from_document(changed))


def by_key(choices: Activities, line: str, key: str) -> list[float]:
    """One activity's line by month."""
    j = [a.key for a in choices.items].index(key)
    return [float(flow) for flow in getattr(choices, line)[:, j]]


def capital_at(plan: Allocation, quarter: int) -> float:
    """Capital that is there from the first day of a quarter to its last, stage by stage."""
    given = plan.case.policy.capital_usd
    if not isinstance(given, tuple):
        return float(given or 0.0)
    held: list[CapitalStep] = [
        step for step in given if step.from_date <= add_months(plan.case.valuation_date, 3 * quarter)
    ]
    return held[-1].usd if held else 0.0


def cash_by_quarter(plan: Allocation, worse: Activities) -> list[float]:
    """Capital and every dollar to and from the owner up to the day before the next quarter begins, nothing sold."""
    flows = [(line.units_mw, by_key(worse, "equity_cash_flow_usd", line.activity.key)) for line in plan.mix]
    found = []
    for quarter in range(plan.case.timeline.quarters):
        cash = capital_at(plan, quarter)
        for month in range(3 * quarter + 3):
            cash += sum(units * flow[month] for units, flow in flows)
        found.append(cash)
    return found


def cover_by_quarter(plan: Allocation, worse: Activities) -> dict[int, float]:
    """Operating cash in a world over the debt service of the case itself, in quarters in which any is due.

    What owes nothing adds to it and takes nothing away.
    """
    found = {}
    lines = [
        (
            line.units_mw,
            by_key(worse, "operating_cash_usd", line.activity.key),
            by_key(plan.choices, "debt_service_usd", line.activity.key),
        )
        for line in plan.mix
    ]
    for quarter in range(plan.case.timeline.quarters):
        months = range(3 * quarter + 1, 3 * quarter + 4)
        cash = due = 0.0
        for units, earned, owed in lines:
            theirs, mine = sum(owed[m] for m in months), sum(earned[m] for m in months)
            due += units * theirs
            cash += units * (mine if theirs > 0 else max(0.0, mine))
        if due > 1.0:
            found[quarter] = cash / due
    return found
