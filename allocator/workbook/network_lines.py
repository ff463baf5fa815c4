"""Sheet Network: the calendar, the network month by month, and the rows that every activity shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from allocator.case import Case
from allocator.workbook.lines import Heading, Line, Single, Statement
from models import mining as mine
from models import network
from models.hourly_prices import CALENDAR_MONTHS
from models.network import NetworkPath
from models.power import (
    adders_usd_per_mwh,
    available_share,
    calendar_months,
    called_off_share,
    demand_charge_usd_per_mw_month,
    demand_response_usd,
    dispatch_curves,
    price_level,
)
from models.timeline import discount_factors

EXCEL_DAY_ZERO = date(1899, 12, 30).toordinal()


@dataclass(frozen=True)
class Market:
    """A case with its network: what the sheet states."""

    case: Case
    path: NetworkPath


def serial(day: date) -> float:
    """A day as Excel counts it."""
    return float(day.toordinal() - EXCEL_DAY_ZERO)


def _days(s: Market) -> np.ndarray:
    return np.array([serial(s.case.timeline.month_end(m)) for m in range(s.case.timeline.months + 1)])


def _heights(s: Market) -> np.ndarray:
    return np.array([network.height_on(s.case.timeline.month_end(m)) for m in range(s.case.timeline.months + 1)])


def _mean_prices(s: Market) -> np.ndarray:
    """Mean energy price of each calendar month, (12,)."""
    means = np.array([curve.mean_price_usd_per_mwh for curve in dispatch_curves(s.case.power)])
    return np.resize(means, CALENDAR_MONTHS)


def _installed_now(s: Market) -> float:
    return float(np.log(s.path.installed_eh_s[0]))


def _leaving(s: Market, months: np.ndarray) -> np.ndarray:
    market = s.case.market
    return np.where(
        months < market.leaving_months, np.log1p(-market.hashrate_leaving_for_ai) / market.leaving_months, 0.0
    )


_MODELLED_INSTALLED = (
    "IF(in__market__network_responds,IF([month]=0,[log_installed_now],[log_installed.prev]+MAX(const__largest_fall,"
    "MIN(const__largest_rise,LN(1+in__market__network_growth_per_year)/12+in__market__entry_speed_per_year/12"
    "*([log_hashprice.prev]+[foreseen.prev]-LN([entry_cost.prev]))))+[leaving.prev]),"
    "[log_running_now]+LN(1+in__market__network_growth_per_year)*[month]/12)"
)
_MODELLED_HASHPRICE = (
    "[log_gross]-[log_installed]-IF(in__market__network_responds,in__market__switch_off_elasticity_to_hashprice"
    "/(1+in__market__switch_off_elasticity_to_hashprice)*MIN(0,[log_gross]-[log_installed]-[log_ceiling]),0)"
)

NETWORK: Statement[Market] = (
    Line("month", "Month", "months", lambda s, _: s.case.timeline.month_index, "=[month.prev]+1", opening=-1.0),
    Line("date", "Flows fall on", "date", lambda s, _: _days(s), "=EDATE(in__valuation_date,[month])"),
    Line(
        "year",
        "Calendar year",
        "year",
        lambda s, _: np.array(
            [s.case.timeline.month_end(m).year for m in range(s.case.timeline.months + 1)], dtype=float
        ),
        "=YEAR([date])",
    ),
    Heading("Block reward"),
    Single(
        "last_month", "Last month planned", "months", lambda s, _: float(s.case.timeline.months), "=MAX([month.all])"
    ),
    Line(
        "height",
        "Block height at 144 blocks a day",
        "blocks",
        lambda s, _: _heights(s),
        "=const__anchor_height+const__blocks_per_day*([date]-const__anchor_date)",
    ),
    Line(
        "epoch",
        "Halvings so far",
        "",
        lambda _, v: np.floor(v["height"] / network.BLOCKS_PER_HALVING),
        "=INT([height]/const__blocks_per_halving)",
    ),
    Line(
        "issued_btc",
        "Subsidies paid so far",
        "BTC",
        lambda _, v: network.issued_btc(v["height"]),
        "=const__halving*const__first_subsidy_btc*const__blocks_per_halving*(1-const__halving^(-[epoch]))"
        "+([height]-[epoch]*const__blocks_per_halving)*const__first_subsidy_btc*const__halving^(-[epoch])",
    ),
    Single(
        "spot_subsidy_btc",
        "Subsidy on the valuation date",
        "BTC/block",
        lambda _, v: float(network.subsidy_btc(v["height"])[0]),
        "=const__first_subsidy_btc*const__halving^(-[epoch.first])",
    ),
    Single(
        "fees_btc",
        "Fees, from their share of the reward",
        "BTC/block",
        lambda s, v: network.total_reward_btc(v["spot_subsidy_btc"], s.case.market.fee_share) - v["spot_subsidy_btc"],
        "=[spot_subsidy_btc]/(1-in__market__fee_share)-[spot_subsidy_btc]",
    ),
    Line(
        "subsidy_btc",
        "Subsidy, mean of the month",
        "BTC/block",
        lambda s, _: network.monthly_subsidy_btc(s.case.timeline),
        "=IF([month]=0,[spot_subsidy_btc],([issued_btc]-[issued_btc.prev])/([height]-[height.prev]))",
    ),
    Line(
        "reward_btc",
        "Block reward",
        "BTC/block",
        lambda _, v: v["subsidy_btc"] + v["fees_btc"],
        "=[subsidy_btc]+[fees_btc]",
    ),
    Line(
        "reward_to_date",
        "Block reward, running sum",
        "BTC/block",
        lambda _, v: np.cumsum(v["reward_btc"]),
        "=[reward_to_date.prev]+[reward_btc]",
    ),
    Line(
        "foreseen",
        "Reward of the year ahead over this month's (log)",
        "log",
        lambda _, v: network.foreseen_reward_log_ratio(v["reward_btc"]),
        "=LN((INDEX([reward_to_date.all],MIN([month]+12,[last_month]+1))-[reward_to_date.prev])"
        "/(MIN([month]+12,[last_month]+1)-[month])/[reward_btc])",
    ),
    Heading("Hashrate and hashprice"),
    Line(
        "btc_price_usd",
        "Bitcoin price",
        "USD/BTC",
        lambda s, _: s.path.btc_price_usd,
        "=in__market__btc_price_usd*(1+in__market__btc_growth_per_year)^([month]/12)",
    ),
    Line(
        "entry_cost",
        "Full cost of the newest machine",
        "USD/PH/day",
        lambda s, _: s.path.entry_cost_usd_per_ph_day,
        "=in__market__entry_cost_usd_per_ph_day*(1+in__market__network_growth_per_year)^(-[month]/12)",
    ),
    Line(
        "log_gross",
        "Revenue of all hashrate (log)",
        "log USD EH/PH/day",
        lambda _, v: np.log(v["btc_price_usd"]) + np.log(network.REVENUE_PER_EH * v["reward_btc"]),
        "=LN([btc_price_usd])+LN(const__blocks_per_day/1000*[reward_btc])",
    ),
    Line(
        "log_ceiling",
        "Hashprice above which everything runs (log)",
        "log USD/PH/day",
        lambda s, v: np.log(s.case.market.full_run_multiple * v["entry_cost"]),
        "=LN(in__market__full_run_multiple*[entry_cost])",
    ),
    Line(
        "leaving",
        "Hashrate that leaves for AI (log)",
        "log per month",
        lambda s, v: _leaving(s, v["month"]),
        "=IF([month]<in__market__leaving_months,LN(1-in__market__hashrate_leaving_for_ai)/in__market__leaving_months,0)",
    ),
    Single(
        "log_running_now",
        "Hashrate on the valuation date (log)",
        "log EH/s",
        lambda s, _: float(np.log(network.hashrate_eh_s(s.case.market.difficulty))),
        "=LN(in__market__difficulty*const__hashes_per_difficulty/const__block_seconds/const__hashes_per_eh)",
    ),
    Single(
        "log_installed_now",
        "Installed hashrate on the valuation date (log)",
        "log EH/s",
        lambda s, _: _installed_now(s),
        "=IF(in__market__network_responds,[log_running_now]-in__market__switch_off_elasticity_to_hashprice"
        "*MIN(0,[log_gross.first]-[log_running_now]-[log_ceiling.first]),[log_running_now])",
    ),
    Line(
        "log_installed",
        "Installed hashrate (log)",
        "log EH/s",
        lambda s, _: np.log(s.path.installed_eh_s),
        f"={_MODELLED_INSTALLED}",
    ),
    Line(
        "log_hashprice",
        "Hashprice (log)",
        "log USD/PH/day",
        lambda s, _: np.log(s.path.hashprice_usd_per_ph_day),
        f"={_MODELLED_HASHPRICE}",
    ),
    Line("hashprice", "Hashprice", "USD/PH/day", lambda s, _: s.path.hashprice_usd_per_ph_day, "=EXP([log_hashprice])"),
    Line("installed_eh_s", "Installed hashrate", "EH/s", lambda s, _: s.path.installed_eh_s, "=EXP([log_installed])"),
    Line(
        "running_eh_s",
        "Running hashrate",
        "EH/s",
        lambda s, _: s.path.running_eh_s,
        "=EXP([log_gross]-[log_hashprice])",
    ),
    Line(
        "difficulty",
        "Difficulty",
        "",
        lambda s, _: s.path.difficulty,
        "=[running_eh_s]*const__hashes_per_eh*const__block_seconds/const__hashes_per_difficulty",
    ),
    Heading("Shared by every activity"),
    Line(
        "resale_market",
        "Resale prices over those at a hashprice of entry cost",
        "ratio",
        lambda s, _: mine.resale_market(
            s.path.hashprice_usd_per_ph_day,
            s.path.entry_cost_usd_per_ph_day,
            s.case.mining.resale_elasticity_to_hashprice,
        ),
        "=([hashprice]/[entry_cost])^in__mining__resale_elasticity_to_hashprice",
    ),
    Line(
        "calendar_month",
        "Calendar month, January 1",
        "",
        lambda s, _: calendar_months(s.case.timeline) + 1.0,
        "=MOD(MONTH(in__valuation_date)-1+[month]-1,12)+1",
    ),
    Line(
        "power_level",
        "Power prices over those of the valuation date",
        "ratio",
        lambda s, v: price_level(s.case.power, v["month"]),
        "=(1+in__power__escalation_per_year)^([month]/12)",
    ),
    Line(
        "energy_price",
        "Energy price, mean of all hours",
        "USD/MWh",
        lambda s, v: _mean_prices(s)[calendar_months(s.case.timeline)] * v["power_level"],
        "=INDEX(tables__energy_price,[calendar_month])*[power_level]",
    ),
    Single(
        "adders",
        "Transmission and riders",
        "USD/MWh",
        lambda s, _: adders_usd_per_mwh(s.case.power),
        "=in__power__transmission_usd_per_mwh+in__power__riders_usd_per_mwh",
    ),
    Single(
        "called_off",
        "Time in which the grid calls mining load off",
        "share",
        lambda s, _: called_off_share(s.case.power),
        "=in__power__curtailment_hours_per_year/(const__hours_per_month*12)",
    ),
    Line(
        "available",
        "Time without forced outage",
        "share",
        lambda s, _: available_share(s.case.power, calendar_months(s.case.timeline)),
        "=1-INDEX(tables__outage_hours,[calendar_month])/const__hours_per_month",
    ),
    Line(
        "demand_charge",
        "Demand charge of a month in which machines run",
        "USD/facility MW",
        lambda s, v: demand_charge_usd_per_mw_month(s.case.power, v["power_level"]),
        "=in__power__demand_charge_usd_per_kw_month*1000*[power_level]",
    ),
    Line(
        "demand_response",
        "Paid for standing ready to switch off",
        "USD/facility MW",
        lambda s, v: demand_response_usd(s.case.power, v["power_level"]),
        "=in__power__demand_response_usd_per_mw_year/12*[power_level]",
    ),
    Line(
        "fixed_opex",
        "Fixed cost of a mined MW",
        "USD/facility MW",
        lambda s, v: mine.fixed_opex_usd(s.case.mining, v["month"]),
        "=in__mining__fixed_opex_usd_per_mw_year/12*(1+in__mining__opex_growth_per_year)^([month]/12)",
    ),
    Line(
        "discount_mining",
        "Discount factor, mining",
        "",
        lambda s, v: discount_factors(s.case.finance.discount_rate_mining, v["month"]),
        "=(1+in__finance__discount_rate_mining)^(-[month]/12)",
    ),
    Line(
        "discount_hosting",
        "Discount factor, hosting",
        "",
        lambda s, v: discount_factors(s.case.finance.discount_rate_hosting, v["month"]),
        "=(1+in__finance__discount_rate_hosting)^(-[month]/12)",
    ),
)


def network_statement(case: Case) -> Statement[Market]:
    """Lines of the network; those of a case with a forward curve take its months from it."""
    given = {field: _forward_line(field) for field in FORWARD_FIELDS if forward_points(case, field)}
    if not given:
        return NETWORK
    formulas: dict[str, str] = {}
    if "btc_price_usd" in given:
        grown = "[btc_price_usd.prev]*(1+in__market__btc_growth_per_year)^(1/12)"
        formulas["btc_price_usd"] = f"=IF({_within('btc_price_usd')},EXP([forward_btc_price_usd]),{grown})"
    hashprice, installed = _MODELLED_HASHPRICE, _MODELLED_INSTALLED
    # A hashprice counts before a difficulty: it is put around it.
    for field, fixed in (
        (
            "difficulty",
            "[log_gross]-[forward_difficulty]-LN(const__hashes_per_difficulty/const__block_seconds/const__hashes_per_eh)",
        ),
        ("hashprice_usd_per_ph_day", "[forward_hashprice_usd_per_ph_day]"),
    ):
        if field in given:
            needed = f"[log_gross]-({fixed})"
            least = f"IF(in__market__network_responds,MAX({needed},{_MODELLED_INSTALLED}),{needed})"
            hashprice = f"IF({_within(field)},{fixed},{hashprice})"
            installed = f"IF({_within(field)},{least},{installed})"
    formulas |= {"log_installed": f"={installed}", "log_hashprice": f"={hashprice}"}
    changed = [replace(r, formula=formulas.get(r.name, r.formula)) if isinstance(r, Line) else r for r in NETWORK]
    place = next(k for k, row in enumerate(changed) if not isinstance(row, Heading) and row.name == "btc_price_usd")
    return (*changed[:place], *given.values(), *changed[place:])


FORWARD_FIELDS = ("btc_price_usd", "difficulty", "hashprice_usd_per_ph_day")


def forward_points(case: Case, field: str) -> list[int]:
    """Positions of the forward points that give a figure."""
    return [i for i, point in enumerate(case.market.forward) if getattr(point, field) is not None]


def _within(field: str) -> str:
    return f"[date]<=MAX(tables__forward_{field}_date)"


def _forward_line(field: str) -> Line[Market]:
    """The log of a forward curve, a straight line between two points; 0 after the last."""
    days, logs = f"tables__forward_{field}_date", f"tables__forward_{field}_log"
    at, after = f"MATCH([date],{days},1)", f"MIN(MATCH([date],{days},1)+1,ROWS({days}))"
    slope = f"(INDEX({logs},{after})-INDEX({logs},{at}))/MAX(1,INDEX({days},{after})-INDEX({days},{at}))"

    def value(s: Market, v: Mapping[str, object]) -> np.ndarray:
        now = {"btc_price_usd": s.case.market.btc_price_usd, "difficulty": s.case.market.difficulty}
        start = now[field] if field in now else float(np.exp(v["log_gross"][0] - v["log_running_now"]))  # type: ignore[index]
        return np.nan_to_num(network.forward_log(s.case.market, s.case.timeline, field, start))

    return Line(
        f"forward_{field}",
        f"Forward curve of {field} (log)",
        "log",
        value,
        f"=IF({_within(field)},INDEX({logs},{at})+{slope}*([date]-INDEX({days},{at})),0)",
    )
