"""Statement of one facility MW of machines: owned today, or bought and sold again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.activities import Kind
from allocator.case import Case
from allocator.workbook.lines import Heading, Line, Row, Statement, Values
from allocator.workbook.machine_lines import BOUGHT, MACHINE, OWNED, MiningUnit, machine_market
from allocator.workbook.tail_lines import equity_lines, npv_lines, running_income, tax_line
from models import mining as mine
from models.hourly_prices import DispatchCurve
from models.power import (
    adders_usd_per_mwh,
    available_share,
    calendar_months,
    demand_charge_usd_per_mw_month,
    demand_response_usd,
    dispatch_curves,
    margin_usd_per_mwh,
    price_level,
)
from models.tax import depreciation, yearly_rates
from models.timeline import Vector


def _in_use(s: MiningUnit, v: Values) -> Vector:
    return np.asarray((s.months > v["start_month"]) & (s.months <= v["stop_month"]), dtype=float)


def _resale(s: MiningUnit, v: Values) -> Vector:
    age = np.full_like(s.months, v["stop_month"] - v["start_month"])
    value = mine.resale_usd(v["machine_value_usd"], s.case.mining.resale_decline_per_year, age)
    market = machine_market(s)
    kept = mine.hashrate_kept(s.case.mining.degradation_per_year, age)
    return np.where(s.months == v["stop_month"], value * kept * market / market[int(v["start_month"])], 0.0)


_MARGIN_LABEL = "Margin over power, running only in hours that pay"
_CREDIT = "[network:called_off]*in__power__curtailment_credit_usd_per_mwh"
_FLAT_BASELINE = "IF([worth]>in__power__price_usd_per_mwh,1,0)"
_HOURLY_BASELINE = "MIN([cheaper_share],1-[network:called_off])/(1-[network:called_off])"


def _margin(s: MiningUnit, v: Values) -> Vector:
    net = v["revenue"] - s.case.mining.variable_opex_usd_per_mwh
    return margin_usd_per_mwh(net, s.case.power, price_level(s.case.power, s.months), calendar_months(s.case.timeline))


def _by_month(s: MiningUnit, v: Values, of: Callable[[DispatchCurve, Vector], Vector]) -> Vector:
    """What each month's own price curve says of the worth of an hour."""
    calendar, worth = calendar_months(s.case.timeline), v["worth"]
    found = np.empty_like(worth)
    for month, curve in enumerate(dispatch_curves(s.case.power)):
        found[calendar == month] = of(curve, worth[calendar == month])
    return np.asarray(found)


_REVENUE: Statement[MiningUnit] = (
    Heading("Operation of one facility MW"),
    Line(
        "occupied_share", "In use", "share", _in_use, "=([network:month]>[start_month])*([network:month]<=[stop_month])"
    ),
    Line(
        "kept",
        "Hashrate kept as machines age",
        "share",
        lambda s, v: mine.hashrate_kept(s.case.mining.degradation_per_year, s.months - v["start_month"]),
        "=(1-in__mining__degradation_per_year)^(MAX([network:month]-[start_month],0)/12)",
    ),
    Line(
        "revenue",
        "Revenue after the pool's fee",
        "USD/MWh",
        lambda s, v: (
            mine.revenue_usd_per_mwh(s.path.hashprice_usd_per_ph_day, v["efficiency"], v["pue"], s.case.mining.pool_fee)
            * v["kept"]
        ),
        "=[network:hashprice]*1000/(24*[efficiency]*[pue])*(1-in__mining__pool_fee)*[kept]",
    ),
    Line(
        "worth",
        "What an hour may cost at today's power prices",
        "USD/MWh",
        lambda s, v: (
            (v["revenue"] - s.case.mining.variable_opex_usd_per_mwh) / price_level(s.case.power, s.months)
            - adders_usd_per_mwh(s.case.power)
        ),
        "=([revenue]-in__mining__variable_opex_usd_per_mwh)/[network:power_level]-[network:adders]",
    ),
)

_FLAT_MARGIN: Statement[MiningUnit] = (
    Line(
        "margin",
        _MARGIN_LABEL,
        "USD/MWh",
        _margin,
        f"=((1-[network:called_off])*MAX(0,[worth]-in__power__price_usd_per_mwh)+{_CREDIT}*{_FLAT_BASELINE})*[network:power_level]",
    ),
)

_PRICES = "INDEX(prices__hourly,0,[network:calendar_month])"
_CHEAPER = f'({_PRICES}<>"")*({_PRICES}<[worth])'
_COUNT = "INDEX(tables__price_count,[network:calendar_month])"
_HOURLY_MARGIN: Statement[MiningUnit] = (
    Line(
        "cheaper_share",
        "Hours that cost less than they are worth",
        "share",
        lambda s, v: _by_month(s, v, lambda curve, worth: curve.running_share(worth)),
        f"=SUMPRODUCT({_CHEAPER})/{_COUNT}",
    ),
    Line(
        "saved",
        "What they are worth over their price, mean of all hours",
        "USD/MWh",
        lambda s, v: _by_month(s, v, lambda curve, worth: curve.margin_usd_per_mwh(worth)),
        f"=SUMPRODUCT({_CHEAPER}*([worth]-{_PRICES}))/{_COUNT}",
    ),
    Line(
        "margin",
        _MARGIN_LABEL,
        "USD/MWh",
        _margin,
        "=(IF([cheaper_share]>1-[network:called_off],[worth]*(1-[network:called_off])"
        f"-INDEX(tables__open_cost,[network:calendar_month]),[saved])+{_CREDIT}*{_HOURLY_BASELINE})*[network:power_level]",
    ),
)


def _operating_margin(s: MiningUnit, v: Values) -> Vector:
    """Over the demand charge: in a month that does not carry it the machines stay off."""
    power, level = s.case.power, price_level(s.case.power, s.months)
    earned = mine.operating_margin_usd(v["margin"], s.case.mining.uptime)
    earned = earned * available_share(power, calendar_months(s.case.timeline))
    return np.asarray(np.maximum(0.0, earned - demand_charge_usd_per_mw_month(power, level)) * v["occupied_share"])


_OPERATION: Statement[MiningUnit] = (
    Line(
        "operating_margin_usd",
        "Operating margin over the demand charge",
        "USD",
        _operating_margin,
        "=MAX(0,[margin]*const__hours_per_month*in__mining__uptime*[network:available]-[network:demand_charge])"
        "*[occupied_share]",
        total=True,
    ),
    Line(
        "demand_response_usd",
        "Demand response",
        "USD",
        lambda s, v: demand_response_usd(s.case.power, price_level(s.case.power, s.months)) * v["occupied_share"],
        "=[network:demand_response]*[occupied_share]",
        total=True,
    ),
    Line(
        "fixed_opex_usd",
        "Fixed operating cost",
        "USD",
        lambda s, v: mine.fixed_opex_usd(s.case.mining, s.months) * v["occupied_share"],
        "=[network:fixed_opex]*[occupied_share]",
        total=True,
    ),
    Line(
        "resale_usd",
        "Resale of machines",
        "USD",
        _resale,
        "=IF([network:month]=[stop_month],"
        "[machine_value_usd]*(1-in__mining__resale_decline_per_year)^(([stop_month]-[start_month])/12)"
        "*[kept]*[network:resale_market]/INDEX([network:resale_market.all],[start_month]+1),0)",
        total=True,
    ),
    Line(
        "operating_cash_usd",
        "Operating cash with resale",
        "USD",
        lambda _, v: v["operating_margin_usd"] + v["demand_response_usd"] - v["fixed_opex_usd"] + v["resale_usd"],
        "=[operating_margin_usd]+[demand_response_usd]-[fixed_opex_usd]+[resale_usd]",
        total=True,
    ),
)


def _deductions(s: MiningUnit, v: Values) -> Vector:
    rates = yearly_rates(1.0, s.case.finance.bonus_depreciation)
    return np.asarray(depreciation(v["cost_usd"], s.months - v["start_month"], rates) * v["occupied_share"])


_OWNED_TAX: Statement[MiningUnit] = (
    Line("capex_usd", "Capex", "USD", lambda s, _: np.zeros_like(s.months), "=0*[occupied_share]", total=True),
    Line(
        "taxable_usd",
        "Taxable income (owned machines are written off)",
        "USD",
        lambda _, v: v["operating_cash_usd"],
        "=[operating_cash_usd]",
        total=True,
    ),
)
_BOUGHT_TAX: Statement[MiningUnit] = (
    Line(
        "capex_usd",
        "Capex",
        "USD",
        lambda s, v: np.where(s.months == v["start_month"], v["cost_usd"], 0.0),
        "=IF([network:month]=[start_month],[cost_usd],0)",
        total=True,
    ),
    Line(
        "depreciation_usd",
        "Depreciation",
        "USD",
        _deductions,
        "=IF([occupied_share]=1,[cost_usd]*INDEX(tables__machine_deductions,INT(([network:month]-[start_month]-1)/12)+1)/12,0)",
        total=True,
    ),
    Line(
        "written_off_usd",
        "Written off when sold",
        "USD",
        lambda s, v: np.where(s.months == v["stop_month"], v["cost_usd"] - np.sum(v["depreciation_usd"]), 0.0),
        "=IF([network:month]=[stop_month],[cost_usd]-[depreciation_usd.total],0)",
        total=True,
    ),
    Line(
        "taxable_usd",
        "Taxable income",
        "USD",
        lambda _, v: v["operating_cash_usd"] - v["depreciation_usd"] - v["written_off_usd"],
        "=[operating_cash_usd]-[depreciation_usd]-[written_off_usd]",
        total=True,
    ),
)


def mining_statement(case: Case, kind: Kind) -> Statement[MiningUnit]:
    """Lines of a fleet's or a purchase's facility MW."""
    owned = kind is Kind.FLEET
    end: list[Row[MiningUnit]] = [
        *running_income("value", "this activity", "taxable_usd"),
        tax_line(case, "value"),
        Line(
            "cash_flow_usd",
            "Cash flow, unlevered, after tax",
            "USD",
            lambda _, v: v["operating_cash_usd"] - v["capex_usd"] - v["tax_usd"],
            "=[operating_cash_usd]-[capex_usd]-[tax_usd]",
            total=True,
        ),
        Heading("For the owner (no debt on machines)"),
        *equity_lines(
            case, "value", "[operating_cash_usd]-[capex_usd]", lambda v: v["operating_cash_usd"] - v["capex_usd"]
        ),
    ]
    return (
        *MACHINE,
        *(OWNED if owned else BOUGHT),
        *npv_lines(case.finance.discount_rate_mining, "discount_mining"),
        *_REVENUE,
        *(_FLAT_MARGIN if case.power.hourly_prices is None else _HOURLY_MARGIN),
        *_OPERATION,
        *(_OWNED_TAX if owned else _BOUGHT_TAX),
        *end,
    )
