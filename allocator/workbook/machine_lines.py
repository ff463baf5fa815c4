"""First lines of a mining statement: the activity, its machine, and what the machines cost or fetch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allocator.activities import Activity, Kind
from allocator.case import Case
from allocator.workbook.lines import Heading, Single, Statement
from models import mining as mine
from models.network import NetworkPath
from models.timeline import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Vector


@dataclass(frozen=True)
class MiningUnit:
    """One facility MW of a mining activity."""

    case: Case
    path: NetworkPath
    activity: Activity

    @property
    def owner(self) -> Any:
        """The fleet or purchase."""
        rows = self.case.fleets if self.activity.kind is Kind.FLEET else self.case.purchases
        return rows[self.activity.owner]

    @property
    def machine(self) -> str:
        """The machine's model."""
        return str(self.owner.machine)

    @property
    def months(self) -> Vector:
        """0..M."""
        return self.case.timeline.month_index


def machine_market(s: MiningUnit) -> Vector:
    """Prices of machines over those at a hashprice of entry cost, by month."""
    elasticity = s.case.mining.resale_elasticity_to_hashprice
    return mine.resale_market(s.path.hashprice_usd_per_ph_day, s.path.entry_cost_usd_per_ph_day, elasticity)


_ROW = "MATCH(@machine,tables__machine,0)"
MACHINE: Statement[MiningUnit] = (
    Heading("This activity"),
    Single(
        "start_quarter",
        "First quarter of use, counted from the valuation date",
        "quarters",
        lambda s, _: float(s.activity.start),
        None,
    ),
    Single("stop_quarter", "First quarter after it", "quarters", lambda s, _: float(s.activity.stop), None),
    Single(
        "start_month",
        "Runs after month",
        "months",
        lambda _, v: v["start_quarter"] * MONTHS_PER_QUARTER,
        "=[start_quarter]*const__months_per_quarter",
    ),
    Single(
        "stop_month",
        "Sold in month",
        "months",
        lambda _, v: v["stop_quarter"] * MONTHS_PER_QUARTER,
        "=[stop_quarter]*const__months_per_quarter",
    ),
    Single(
        "years_ahead",
        "Years until they run",
        "years",
        lambda _, v: v["start_month"] / MONTHS_PER_YEAR,
        "=[start_month]/12",
    ),
    Single(
        "efficiency",
        "Efficiency",
        "J/TH",
        lambda s, v: mine.efficiency_j_per_th(s.machine, s.case.mining, v["years_ahead"]) * s.owner.efficiency_factor,
        '=IF(@machine="successor",in__mining__successor_efficiency_j_per_th*(1-in__mining__efficiency_gain_per_year)^[years_ahead],'
        f"INDEX(tables__efficiency,{_ROW}))*@efficiency_factor",
    ),
    Single(
        "pue",
        "PUE of its cooling",
        "ratio",
        lambda s, _: mine.pue(s.machine, s.case.mining),
        f'=IF(IF(@machine="successor","hydro",INDEX(tables__cooling,{_ROW}))="air",in__mining__pue_air,in__mining__pue_liquid)',
    ),
    Single(
        "hashrate",
        "Hashrate of a facility MW",
        "TH/s",
        lambda _, v: mine.hashrate_th_per_mw(v["efficiency"], v["pue"]),
        "=const__watts_per_mw/([efficiency]*[pue])",
    ),
    Single(
        "facility_mw_per_unit",
        "Facility MW of a unit",
        "facility MW",
        lambda s, _: s.activity.facility_mw_per_unit,
        "=1",
    ),
)

OWNED: Statement[MiningUnit] = (
    Single(
        "machine_value_usd",
        "Machines, on the valuation date",
        "USD",
        lambda s, v: mine.machine_cost_usd_per_mw(
            s.owner.resale_usd_per_th, v["efficiency"], v["pue"], s.owner.hashrate_factor
        ),
        "=@resale_usd_per_th*[hashrate]/@hashrate_factor",
    ),
)

BOUGHT: Statement[MiningUnit] = (
    Single(
        "price",
        "Price when bought",
        "USD/TH",
        lambda s, v: (
            mine.price_usd_per_th(s.machine, s.owner.price_usd_per_th, s.case.mining, v["years_ahead"])
            * float(machine_market(s)[int(v["start_month"])] / machine_market(s)[0])
        ),
        '=@price_usd_per_th*IF(@machine="successor",(1-in__mining__efficiency_gain_per_year)^[years_ahead],1)'
        "*INDEX([network:resale_market.all],[start_month]+1)/[network:resale_market.first]",
    ),
    Single(
        "machine_value_usd",
        "Machines, when bought",
        "USD",
        lambda s, v: mine.machine_cost_usd_per_mw(v["price"], v["efficiency"], v["pue"], s.owner.hashrate_factor),
        "=[price]*[hashrate]/@hashrate_factor",
    ),
    Single(
        "cost_usd",
        "Machines and site works",
        "USD",
        lambda s, v: v["machine_value_usd"] + s.owner.infrastructure_usd_per_mw,
        "=[machine_value_usd]+@infrastructure_usd_per_mw",
    ),
)
