"""The figures the trade quotes, as tables: every machine at today's market, and the network's own."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Any

from rich.table import Table
from rich.text import Text

from allocator.formats import day, money
from allocator.market import MarketSnapshot
from allocator.terminal import terminal
from models import mining as mine
from models import network as net
from models import production_cost as cost
from models.assumptions import Fault, InputFaultsError
from models.machines import catalogue

MOST_BLOCK_MINUTES = 1_440.0
HIGHEST_POWER_PRICE_USD_PER_MWH = 5_000.0


def current_reward_btc(market: net.Market) -> float:
    """Subsidy of the present epoch (3.125 BTC until April 2028) plus fees."""
    return net.total_reward_btc(net.subsidy_on(net.ANCHOR_DATE), market.fee_share)


def machine_rows(market: net.Market, power_price_usd_per_mwh: float, pool_fee: float = 0.0) -> list[dict[str, Any]]:
    """One row a machine of the catalogue, at its nameplate (no PUE), in the order of the catalogue.

    Raises
    ------
    InputFaultsError
        For a power price or a pool fee out of bounds.
    """
    if faults := machine_option_faults(power_price_usd_per_mwh, pool_fee):
        raise InputFaultsError(faults)
    btc_hashprice = net.hashprice_btc_per_ph_day(market.difficulty, current_reward_btc(market))
    hashprice = btc_hashprice * market.btc_price_usd
    rows = []
    for machine in catalogue():
        efficiency = machine.efficiency_j_per_th
        margin_per_ph = hashprice * (1.0 - pool_fee) - mine.electricity_usd_per_ph_day(
            efficiency, power_price_usd_per_mwh
        )
        rows.append(
            {
                "model": machine.model,
                "maker": machine.maker,
                "cooling": machine.cooling.value,
                "hashrate_th": machine.hashrate_th,
                "power_w": machine.power_w,
                "efficiency_j_per_th": efficiency,
                "electricity_share_of_revenue": mine.electricity_share_of_revenue(
                    efficiency, power_price_usd_per_mwh, hashprice, pool_fee
                ),
                "shutdown_btc_price_usd": mine.shutdown_btc_price_usd(
                    efficiency, power_price_usd_per_mwh, btc_hashprice, pool_fee
                ),
                "shutdown_hashprice_usd_per_ph_day": mine.shutdown_hashprice_usd_per_ph_day(
                    efficiency, power_price_usd_per_mwh, pool_fee
                ),
                "shutdown_power_price_usd_per_mwh": mine.shutdown_power_price_usd_per_mwh(
                    efficiency, hashprice, pool_fee
                ),
                "margin_usd_per_day": margin_per_ph * machine.hashrate_th / 1000.0,
            }
        )
    return rows


def network_figures(market: net.Market, block_minutes: float = net.TARGET_BLOCK_MINUTES) -> dict[str, float]:
    """Hashprice from difficulty, the hashrate that the block time implies, the next retarget, what a bitcoin costs.

    The costs per BTC are the network average's, with its declared inputs; the entry cost is the market's own.

    Raises
    ------
    InputFaultsError
        For a block time that is not between zero and a day.
    """
    if faults := network_option_faults(block_minutes):
        raise InputFaultsError(faults)
    reward = current_reward_btc(market)
    btc_hashprice = net.hashprice_btc_per_ph_day(market.difficulty, reward)
    factor = net.retarget_factor(block_minutes)
    blocks_per_day = 1440.0 / block_minutes
    average = cost.NetworkAverage()
    return {
        "hashprice_usd_per_ph_day": btc_hashprice * market.btc_price_usd,
        "hashprice_btc_per_ph_day": btc_hashprice,
        "implied_hashrate_eh_s": net.hashrate_eh_s(market.difficulty, block_minutes),
        "blocks_per_day": blocks_per_day,
        "next_difficulty": market.difficulty * factor,
        "difficulty_change": factor - 1.0,
        "security_budget_usd_per_day": cost.security_budget_usd_per_day(market.btc_price_usd, reward, blocks_per_day),
        "network_cash_cost_usd_per_btc": cost.cash_cost_usd_per_btc(average, btc_hashprice),
        "network_all_in_cost_usd_per_btc": cost.all_in_cost_usd_per_btc(average, btc_hashprice),
        "entry_cost_usd_per_ph_day": market.entry_cost_usd_per_ph_day,
    }


def option_faults(name: str, value: float, low: float, high: float) -> list[Fault]:
    """A fault if a figure given on the command line is out of bounds or no number."""
    if low <= value <= high:
        return []
    return [Fault(name, repr(value), f"is not between {low:g} and {high:g}", "correct it")]


def machine_option_faults(power_price_usd_per_mwh: float, pool_fee: float) -> list[Fault]:
    """Faults of what the machine table is asked at."""
    highest = HIGHEST_POWER_PRICE_USD_PER_MWH
    return [
        *option_faults("--power-price", power_price_usd_per_mwh, -highest, highest),
        *option_faults("--pool-fee", pool_fee, 0.0, 0.99),
    ]


def network_option_faults(block_minutes: float) -> list[Fault]:
    """Faults of what the network's figures are asked at."""
    return option_faults("--block-minutes", block_minutes, 1e-3, MOST_BLOCK_MINUTES)


def market_words(market: net.Market, taken: date, given: Set[str]) -> str:
    """Which market the figures are of: the shipped one of its day, but for what was given on the command line."""
    values = {
        "btc_price_usd": f"BTC ${market.btc_price_usd:,.0f}",
        "difficulty": f"difficulty {market.difficulty / 1e12:.2f} T",
        "fee_share": f"fees {market.fee_share * 100:.1f} % of the reward",
    }
    shipped = ", ".join(words for name, words in values.items() if name not in given)
    asked = ", ".join(words for name, words in values.items() if name in given)
    parts = (f"{asked} as given" if asked else "", f"{shipped} (shipped market of {day(taken)})" if shipped else "")
    return "; ".join(filter(None, parts))


def print_machines(rows: list[dict[str, Any]], power_price_usd_per_mwh: float, market: str = "") -> None:
    """The machine table, best first; ``market`` says in its title whose market it is."""
    table = Table(
        box=None,
        header_style="dim",
        padding=(0, 2, 0, 0),
        title="\n".join(filter(None, (market, f"electricity at ${power_price_usd_per_mwh:,.2f} /MWh, at the machine"))),
        title_justify="left",
    )
    table.add_column("machine")
    for name in (
        "TH/s",
        "W",
        "J/TH",
        "electricity / revenue",
        "stops at BTC",
        "stops at hashprice",
        "margin /day",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda r: float(r["electricity_share_of_revenue"])):
        share = row["electricity_share_of_revenue"]
        table.add_row(
            row["model"],
            f"{row['hashrate_th']:,.0f}",
            f"{row['power_w']:,.0f}",
            f"{row['efficiency_j_per_th']:.1f}",
            Text(f"{share * 100:.1f} %{' loses' if share > 1 else ''}", style="#D55E00" if share > 1 else ""),
            f"${row['shutdown_btc_price_usd']:,.0f}",
            f"${row['shutdown_hashprice_usd_per_ph_day']:.2f}",
            f"${row['margin_usd_per_day']:,.2f}",
        )
    terminal().print(table)


def print_network(figures: dict[str, float]) -> None:
    """The network's figures, a line each."""
    usd, btc = figures["hashprice_usd_per_ph_day"], figures["hashprice_btc_per_ph_day"]
    cash, all_in = figures["network_cash_cost_usd_per_btc"], figures["network_all_in_cost_usd_per_btc"]
    blocks = figures["blocks_per_day"]
    pace = f"{1440.0 / blocks:.2f} minutes a block ({blocks:.1f} blocks a day)"
    lines = (
        f"hashprice         ${usd:.2f} /PH/day   ({btc:.8f} BTC)",
        f"hashrate          {figures['implied_hashrate_eh_s']:,.0f} EH/s at {pace}",
        f"next difficulty   {figures['next_difficulty'] / 1e12:.2f} T ({figures['difficulty_change'] * 100:+.2f} %)",
        f"security budget   {money(figures['security_budget_usd_per_day'])} a day, what the network pays its miners",
        f"cost of a bitcoin ${cash:,.0f} cash, ${all_in:,.0f} with machines and works (network average, a build-up)",
        f"entry cost        ${figures['entry_cost_usd_per_ph_day']:.2f} /PH/day, full cost of the newest machine",
    )
    terminal().print("\n".join(lines))


def print_market(snapshot: MarketSnapshot, today: date) -> None:
    """A snapshot's figures with their age and source, a line each."""
    age = snapshot.age_days(today)
    aged = "today" if age == 0 else f"{age} day{'' if age == 1 else 's'} old"
    seen, implied = snapshot.hashrate_eh_s, snapshot.implied_hashrate_eh_s
    lines = (
        f"market of {day(snapshot.taken.date())}, {aged} ({'live' if snapshot.is_live else 'not live'})",
        f"bitcoin           ${snapshot.btc_price_usd:,.0f}",
        f"difficulty        {snapshot.difficulty / 1e12:.2f} T",
        f"fees              {snapshot.fee_share * 100:.2f} % of the block reward",
        f"hashprice         ${snapshot.hashprice_usd_per_ph_day:.2f} /PH/day",
        f"hashrate          {seen:,.0f} EH/s; difficulty implies {implied:,.0f} EH/s at ten minutes a block",
        f"source            {snapshot.source}",
        snapshot.message,
    )
    terminal().print("\n".join(lines), markup=False, soft_wrap=True)
