"""The risk answer as JSON (keys that scripts rely on) and as a page of terminal text."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isinf
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from allocator.formats import percent, table_money
from allocator.report import package_version
from allocator.risk.answer import REFERENCE_WEIGHT, RiskAnswer, RiskMix
from allocator.risk.waiting import Trigger, WaitingValue


def as_json(answer: RiskAnswer) -> dict[str, Any]:
    """The fixed keys of ``risk --json`` and what stands behind them; every value at the one rate, in USD."""
    futures, information = answer.values.mapped.futures, answer.information
    return {
        "status": "optimal",
        "name": answer.case.name,
        "paths": futures.paths,
        "fresh_paths": answer.fresh.paths,
        "seed": futures.seed,
        "draws": futures.draws.value,
        "tail_level": answer.case.risk.tail_level,
        "discount_rate_risk": answer.case.finance.discount_rate_risk,
        "mixes": [_mix(answer, mix) for mix in answer.mixes],
        "evpi_usd": information.evpi,
        "evpi_standard_error_usd": information.evpi_error,
        "vss_usd": information.vss,
        "wait_and_see_usd": information.wait_and_see,
        "stochastic_usd": information.stochastic,
        "expected_value_plan_usd": information.expected_value_plan,
        "foresight_paths": information.solved,
        "value_of_waiting_usd": [_waiting(found) for found in answer.waiting],
        "bridge": {
            "npv_at_two_rates_usd": answer.bridge.two_rate_npv_usd,
            "npv_at_one_rate_usd": answer.bridge.one_rate_npv_usd,
            "mean_npv_usd": answer.bridge.mean_usd,
            "cvar_npv_usd": answer.bridge.cvar_usd,
            "risk_weight": answer.bridge.weight,
        },
        "reference_risk_weight": REFERENCE_WEIGHT,
        "stresses": [
            {"stress": str(row.stress), "words": row.words, "npv_usd": row.npv_usd, "change_usd": row.change_usd}
            for row in answer.stresses(answer.reference)
        ],
        "tail_causes": [{"cause": c.name, "usd": c.usd} for c in answer.causes(answer.reference)],
        "tail_parts": [
            {"part": p.name, "mean_npv_usd": p.mean_usd, "in_tail_usd": p.in_tail_usd}
            for p in answer.parts(answer.reference)
        ],
        "tornado": [
            {
                "factor": s.name,
                "unit": s.unit,
                "lowest": s.lowest,
                "highest": s.highest,
                "npv_at_lowest_usd": s.lowest_usd,
                "npv_at_highest_usd": s.highest_usd,
                "correlation": s.correlation,
            }
            for s in answer.swings(answer.reference)
        ],
        "provenance": {
            "version": package_version(),
            "case_sha256": answer.case.sha256(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    }


def _mix(answer: RiskAnswer, found: RiskMix) -> dict[str, Any]:
    label, fresh = answer.case.timeline.quarter_label, found.fresh
    return {
        "risk_weight": found.sought.risk_weight,
        "mean_npv_usd": fresh.mean_usd,
        "mean_standard_error_usd": fresh.mean_error_usd,
        "cvar_npv_usd": fresh.cvar_usd,
        "cvar_standard_error_usd": fresh.cvar_error_usd,
        "probability_of_loss": fresh.probability_of_loss,
        "probability_standard_error": fresh.probability_error,
        "sought_mean_npv_usd": found.sought.mean_usd,
        "sought_cvar_npv_usd": found.sought.cvar_usd,
        "gap": found.sought.gap,
        "passes": found.sought.passes,
        "mix": [
            {
                "activity": line.activity.name,
                "use": line.activity.use.value,
                "offer_or_fleet": line.activity.owner_name,
                "units_mw": line.units_mw,
                "facility_mw": line.facility_mw,
                "start": label(line.activity.start),
                "stop": label(line.activity.stop),
                "mean_npv_usd": line.npv_usd,
                "capex_usd": line.capex_usd,
            }
            for line in found.mix
        ],
    }


def _waiting(found: WaitingValue) -> dict[str, Any]:
    mw = found.facility_mw
    return {
        "offer": found.offer,
        "fleet_on_the_pads": found.fleet or None,
        "facility_mw": mw,
        "first_date": found.dates[0],
        "best_fixed_date": found.dates[found.best_fixed] if found.best_fixed >= 0 else None,
        "sign_first_usd": mw * found.now_usd,
        "never_usd": mw * found.never_usd,
        "best_fixed_usd": mw * found.best_fixed_usd,
        "timing_usd": mw * found.timing_usd,
        "option_usd": mw * found.option_usd,
        "option_standard_error_usd": mw * found.option_error_usd,
        "flexible_lower_usd": mw * found.flexible_usd,
        "flexible_lower_standard_error_usd": mw * found.flexible_error_usd,
        "flexible_upper_usd": mw * found.upper_usd,
        "flexible_upper_standard_error_usd": mw * found.upper_error_usd,
        "keeping_it_unsigned_usd": found.of_mw(mw),
        "triggers": [
            {
                "quarter": t.quarter,
                "sign_below_usd_per_ph_day": None
                if t.hashprice_usd_per_ph_day is None or isinf(t.hashprice_usd_per_ph_day)
                else t.hashprice_usd_per_ph_day,
                "words": trigger_words(t),
            }
            for t in found.triggers
        ],
    }


def trigger_words(trigger: Trigger) -> str:
    """When to sign at a date, in words."""
    if trigger.hashprice_usd_per_ph_day is None:
        return "wait"
    if isinf(trigger.hashprice_usd_per_ph_day):
        return "sign at any hashprice"
    return f"sign below {trigger.hashprice_usd_per_ph_day:,.1f} USD/PH/day"


def print_risk(console: Console, answer: RiskAnswer, written: list[str]) -> None:
    """Frontier, information, waiting, bridge."""
    futures, level = answer.values.mapped.futures, answer.case.risk.tail_level
    rate = answer.case.finance.discount_rate_risk
    title = f"{answer.case.name} · {futures.paths:,} futures, seed {futures.seed}; figures from {answer.fresh.paths:,} "
    blocks: list[Any] = [
        Text(title + "fresh ones", style="bold"),
        Text(f"every value at one rate, {percent(rate)}; CVaR is the mean of the worst {percent(1 - level)}"),
        Padding(_frontier(answer), (1, 0)),
        *_sentences(answer),
    ]
    if answer.waiting:
        blocks.append(Padding(_waiting_table(answer), (1, 0)))
    blocks += [Text(f"written: {name}", style="dim") for name in written]
    console.print(Padding(Group(*blocks), (1, 2)))


def _frontier(answer: RiskAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("weight", "mean NPV", "± s.e.", "CVaR", "± s.e.", "loss", "hosting MW", "mining MW", "gap"):
        table.add_column(name, justify="right")
    for mix in answer.mixes:
        hosting = sum(line.facility_mw for line in mix.mix if line.activity.use.value == "hosting")
        table.add_row(
            percent(mix.sought.risk_weight),
            table_money(mix.fresh.mean_usd),
            table_money(mix.fresh.mean_error_usd),
            table_money(mix.fresh.cvar_usd),
            table_money(mix.fresh.cvar_error_usd),
            f"{mix.fresh.probability_of_loss:.1%}",
            f"{hosting:,.1f}",
            f"{mining_now(answer, mix):,.1f}",
            f"{mix.sought.gap:.0e}",
            style="bold" if mix is answer.reference else "",
        )
    return table


def mining_now(answer: RiskAnswer, mix: RiskMix) -> float:
    """Facility MW that mine in the first quarter."""
    used = answer.choices.facility_mw[0] * mix.sought.units
    return float(used[~answer.choices.hosting].sum())


def _sentences(answer: RiskAnswer) -> list[Text]:
    information, bridge = answer.information, answer.bridge
    same = f"; a weight of {percent(bridge.weight)} on the tail says the same" if bridge.weight is not None else ""
    forecast = (
        f"A perfect forecast would be worth {table_money(information.evpi)} ± {table_money(information.evpi_error)} "
        f"(EVPI, {information.solved} futures solved one by one); planning for all futures rather than the expected "
        f"one {table_money(information.vss)} (VSS)."
    )
    two_rates = (
        f"The plan without risk: {table_money(bridge.two_rate_npv_usd)} at two rates, "
        f"{table_money(bridge.one_rate_npv_usd)} at one, "
        f"{table_money(bridge.mean_usd)} in the mean of the futures{same}."
    )
    found = [forecast, two_rates]
    causes = sorted(answer.causes(answer.reference), key=lambda cause: -cause.usd)
    whole = sum(cause.usd for cause in causes)
    if whole > 0.0:
        shares = ", ".join(f"{cause.name} {cause.usd / whole:.0%}" for cause in causes if cause.usd > 0.01 * whole)
        found.append(f"What makes the tail at a weight of {percent(REFERENCE_WEIGHT)}: {shares}.")
    return [Text(sentence) for sentence in found]


def _waiting_table(answer: RiskAnswer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", title="What waiting is worth", title_justify="left")
    names = ("offer", "pads", "sign first", "best date", "timing", "option", "± s.e.", "lower", "upper")
    for name in names:
        table.add_column(name, justify="left" if name in ("offer", "pads", "best date") else "right")
    for w in answer.waiting:
        mw = w.facility_mw
        table.add_row(
            w.offer, w.fleet or "empty", table_money(mw * w.now_usd),
            w.dates[w.best_fixed] if w.best_fixed >= 0 else "never", table_money(mw * w.timing_usd),
            table_money(mw * w.option_usd), table_money(mw * w.option_error_usd), table_money(mw * w.flexible_usd),
            table_money(mw * w.upper_usd),
        )  # fmt: skip
    return table
