"""A plan as JSON (the contract that scripts rely on) and as a page of terminal text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.comparison import as_rows, outside_notes
from allocator.explain import Explanation
from allocator.formats import day, percent, quarter, rent, table_money
from allocator.infeasible import Infeasibility, Repair
from allocator.offers import offer_terms, offers_as_json
from allocator.sentences import break_even_words, decision, infeasible
from allocator.site_costs import site_costs
from allocator.term_block import term_block

MINING_COLOUR, HOSTING_COLOUR = "#E69F00", "#0072B2"


def package_version() -> str:
    """The installed version, or "unknown" in a checkout that was never installed."""
    try:
        return version("megawatt-allocator")
    except PackageNotFoundError:
        return "unknown"


def as_json(plan: Allocation, explanation: Explanation) -> dict[str, Any]:
    """The answer with the fixed keys of ``solve --json``."""
    label = plan.case.timeline.quarter_label
    return {
        "status": "optimal",
        "name": plan.case.name,
        "npv_usd": plan.npv_usd,
        "npv_at_one_rate_usd": plan.npv_at_one_rate_usd,
        "equity_npv_usd": plan.equity_npv_usd,
        "capex_usd": plan.capex_usd,
        "peak_equity_usd": plan.peak_equity_usd,
        "irr": plan.irr,
        "irr_reason": plan.irr_reason,
        "levered_irr": plan.levered_irr,
        "payback_years": plan.payback_years,
        "minimum_dscr": plan.minimum_dscr,
        "discount_rates": {use.value: rate for use, rate in _rates(plan).items()},
        "objective_terms": [
            {"activity": a.key, "npv_usd": float(v)}
            for a, v in zip(plan.choices.items, plan.terms_usd, strict=True)
            if v
        ],
        "mix": [
            {
                "activity": line.activity.name,
                "use": line.activity.use.value,
                "offer_or_fleet": line.activity.owner_name,
                "units_mw": line.units_mw,
                "facility_mw": line.facility_mw,
                "start": label(line.activity.start),
                "stop": label(line.activity.stop),
                "npv_usd": line.npv_usd,
                "capex_usd": line.capex_usd,
            }
            for line in plan.mix
        ],
        "schedule": [
            {
                "quarter": q.quarter,
                "grid_mw": q.grid_mw,
                "mining_mw": q.mining_mw,
                "hosting_mw": q.hosting_mw,
                "idle_mw": q.idle_mw,
            }
            for q in plan.schedule
        ],
        "shadow_prices": [
            {
                "limit": price.limit.label,
                "unit": price.limit.unit,
                "gain_of_one_more_usd": price.gain_of_one_more_usd,
                "loss_of_one_less_usd": price.loss_of_one_less_usd,
                "step": price.step,
            }
            for price in explanation.shadow_prices
        ],
        "break_evens": [
            {
                "offer": found.name,
                "rent_usd_per_kw_month": found.rent_usd_per_kw_month,
                "current_usd_per_kw_month": found.current_usd_per_kw_month,
                "taken": found.taken,
                "reason": found.reason,
            }
            for found in explanation.break_evens
        ],
        "flip_points": [
            {
                "offer": plan.case.leases[f.offer].name,
                "input": f.path,
                "current": f.current,
                "flips_at": f.flips_at,
                "searched_to": f.searched_to,
            }
            for f in explanation.flips
        ],
        "site_costs": [
            {
                "machines": c.name,
                "cash_cost_usd_per_btc": c.cash_usd_per_btc,
                "all_in_cost_usd_per_btc": c.all_in_usd_per_btc,
            }
            for c in site_costs(plan.case)
        ],
        "offers": offers_as_json(offer_terms(plan.case, plan)),
        "alternatives": {
            "mine_only_npv_usd": explanation.twins.mine_only_usd,
            "host_only_npv_usd": explanation.twins.host_only_usd,
        },
        "comparison": as_rows(plan.case),
        "near_optimal": _near_optimal(explanation),
        "stresses": [
            {
                "stress": s.stress.value,
                "words": s.words,
                "npv_usd": s.npv_usd,
                "change_usd": s.change_usd,
                "least_cash_usd": s.least_cash_usd,
                "least_cover": s.least_cover,
                "best_npv_usd": s.best_npv_usd,
                "regret_usd": s.regret_usd,
            }
            for s in explanation.stresses
        ],
        "treasury_sold_btc": [
            {"quarter": label(q), "btc": float(btc)} for q, btc in enumerate(plan.treasury_sold_btc) if btc > 0
        ],
        "certificate": {
            "primal_residual": plan.certificate.primal_residual,
            "dual_residual": plan.certificate.dual_residual,
            "duality_gap": plan.certificate.duality_gap,
            "ledger_error": plan.certificate.ledger_error,
        },
        "explanation": decision(plan, explanation),
        "provenance": provenance(plan.case.sha256(), plan.solver),
    }


def _near_optimal(explanation: Explanation) -> dict[str, Any] | None:
    near = explanation.near
    if near is None:
        return None
    return {
        "share": near.share,
        "periods": list(near.periods),
        "ranges": [
            {
                "offer_or_fleet": r.group.name,
                "average_facility_mw": r.plan_mw,
                "least_average_facility_mw": r.least_mw,
                "most_average_facility_mw": r.most_mw,
            }
            for r in near.ranges
        ],
        "alternatives": [
            {
                "npv_usd": a.npv_usd,
                "difference_mw": a.difference_mw,
                "average_facility_mw": {
                    r.group.name: row for r, row in zip(near.ranges, a.average_mw.tolist(), strict=True)
                },
            }
            for a in near.alternatives
        ],
    }


def _repair(found: Repair) -> dict[str, Any]:
    return {"limit": found.limit.label, "unit": found.limit.unit, "change": found.change}


def infeasible_as_json(sha256: str, solver: str, found: Infeasibility) -> dict[str, Any]:
    """The answer where no plan exists."""
    return {
        "status": "infeasible",
        "explanation": infeasible(found),
        "conflict": [limit.label for limit in found.conflict],
        "repairs": [_repair(r) for r in found.alone],
        "cheapest_joint_repair": [_repair(r) for r in found.together],
        "provenance": provenance(sha256, solver),
    }


def provenance(sha256: str, solver: str) -> dict[str, str]:
    """Who computed this from what, and when."""
    return {
        "version": package_version(),
        "solver": solver,
        "case_sha256": sha256,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _rates(plan: Allocation) -> dict[Use, float]:
    return {
        Use.MINING: plan.case.finance.discount_rate_mining,
        Use.HOSTING: plan.case.finance.discount_rate_hosting,
    }


def print_plan(
    console: Console,
    plan: Allocation,
    explanation: Explanation,
    *,
    checked_by: Sequence[str],
    written: Sequence[str],
) -> None:
    """The answer as a page of terminal text: decision, figures, mix, limits, break-evens, checks."""
    case = plan.case
    mining, hosting = percent(case.finance.discount_rate_mining), percent(case.finance.discount_rate_hosting)
    rates = f"mining {mining}, hosting {hosting} (unlevered, after tax)"
    title = f"{case.name} · valued {day(case.valuation_date)} · {rates}"
    first, *rest = decision(plan, explanation)
    parts: list[Any] = [Text(title, style="bold"), Text(), Padding(Text(first, style="bold"), (0, 2))]
    parts += [Padding(Text(sentence), (0, 2)) for sentence in rest]
    parts += [Text(), Padding(_figures(plan), (0, 2)), Text(), Padding(_mix(plan), (0, 2))]
    parts += [Text(), Padding(_limits(explanation), (0, 2))]
    if explanation.break_evens:
        parts += [Text(), Padding(_break_evens(explanation), (0, 2))]
    for terms in offer_terms(case, plan):
        if terms.taken_mw > 0:
            parts += [Text(), Padding(term_block(terms), (0, 2))]
    if case.fleets or case.purchases:
        parts += [Text(), Padding(_costs(plan), (0, 2))]
    parts.append(Text())
    parts.append(Text(f"  checked: {', '.join(checked_by)} (worst residual {plan.certificate.worst:.0e})", style="dim"))
    parts += [Text(f"  note: {note}", style="dim") for note in outside_notes(case)]
    if written:
        parts.append(Text(f"  written: {', '.join(written)}", style="dim"))
    console.print(Group(*parts))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True, overflow="ellipsis")
    return table


def _figures(plan: Allocation) -> Table:
    table = _table(
        ("NPV", "left"),
        ("capex", "left"),
        ("peak equity", "left"),
        ("IRR unlevered", "left"),
        ("IRR equity", "left"),
        ("payback", "left"),
        ("min DSCR", "left"),
    )
    payback = f"{plan.payback_years:.1f} years" if plan.payback_years is not None else "–"
    cover = f"{plan.minimum_dscr:.2f}x" if plan.minimum_dscr is not None else "–"
    table.add_row(
        table_money(plan.npv_usd),
        table_money(plan.capex_usd),
        table_money(plan.peak_equity_usd),
        percent(plan.irr),
        percent(plan.levered_irr),
        payback,
        cover,
    )
    return table


def _mix(plan: Allocation) -> Table:
    label = plan.case.timeline.quarter_label
    table = _table(
        ("use", "left"),
        ("activity", "left"),
        ("MW (facility)", "right"),
        ("from", "left"),
        ("until", "left"),
        ("capex", "right"),
        ("NPV", "right"),
    )
    for line in plan.mix:
        a = line.activity
        colour = HOSTING_COLOUR if a.use is Use.HOSTING else MINING_COLOUR
        table.add_row(
            Text(a.use.value, style=colour),
            Text(a.owner_name),
            f"{line.facility_mw:,.1f}",
            quarter(label(a.start)),
            quarter(label(a.stop)),
            table_money(line.capex_usd) if line.capex_usd else "–",
            table_money(line.npv_usd),
        )
    if not plan.mix:
        table.add_row("idle", "nothing", "0.0", "–", "–", "–", "$0.0 M")
    return table


def _limits(explanation: Explanation) -> Group:
    """What a unit of each limit is worth; those on which nothing hangs are named below the table."""
    table = _table(("limit", "left"), ("one more is worth", "right"), ("one less costs", "right"))
    idle = []
    for price in explanation.shadow_prices:
        if price.gain_of_one_more_usd == 0.0 and price.loss_of_one_less_usd == 0.0:
            idle.append(price.limit.label)
            continue
        dollars = price.limit.unit == "USD"
        table.add_row(
            Text(f"{price.limit.label} (per {price.limit.unit})"),
            _limit_words(price.gain_of_one_more_usd, dollars=dollars),
            _limit_words(price.loss_of_one_less_usd, dollars=dollars),
        )
    return Group(table, Text(f"nothing hangs on: {', '.join(idle)}" if idle else "", style="dim"))


def _limit_words(usd: float | None, *, dollars: bool) -> str:
    if usd is None:
        return "no plan"
    return f"${usd:,.2f}" if dollars else f"${usd / 1e6:,.3f} M"


def _costs(plan: Allocation) -> Table:
    table = _table(("a bitcoin costs here today", "left"), ("cash", "right"), ("all in", "right"))
    for cost in site_costs(plan.case):
        table.add_row(Text(cost.name), f"${cost.cash_usd_per_btc:,.0f}", f"${cost.all_in_usd_per_btc:,.0f}")
    return table


def _break_evens(explanation: Explanation) -> Table:
    table = _table(("offer", "left"), ("break-even rent", "right"), ("offered", "right"), ("", "left"))
    for found in explanation.break_evens:
        table.add_row(
            Text(found.name),
            break_even_words(found),
            rent(found.current_usd_per_kw_month),
            "taken" if found.taken else "refused",
        )
    return table
