"""A portfolio as JSON (keys that scripts rely on) and as a page of terminal text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from allocator.formats import day, table_money
from allocator.portfolio.answer import Portfolio, SiteResult, Standing
from allocator.portfolio.infeasible import PortfolioInfeasibility
from allocator.portfolio.questions import Contribution, Questions
from allocator.portfolio.sentences import decision, infeasible, mix_words, reason
from allocator.report import package_version

MOST_ROWS = 60
"""Sites that the terminal lists; the JSON has all."""
LONGEST_NAME = 30
"""Characters of a site's name in the terminal."""


def as_json(asked: Questions, case_sha256: str) -> dict[str, Any]:
    """The fixed keys of ``portfolio --json``; every value in USD, capital as it stands against the budget."""
    answer = asked.answer
    common, price = answer.common, asked.budget_price
    brings = {c.site: c for c in asked.contributions}
    rank = {site.name: place for place, site in enumerate(answer.ranking, start=1)}
    return {
        "status": "optimal" if answer.gap <= 1e-6 else "feasible",
        "npv_usd": answer.npv_usd,
        "bound_usd": answer.bound_usd,
        "gap": answer.gap,
        "capex_usd": answer.capex_usd,
        "peak_capital_usd": max(0.0, float(answer.capital_used_usd.max())),
        "capital": [
            {
                "quarter": common.timeline.quarter_label(q),
                "budget_usd": float(common.budget_usd[q]),
                "used_usd": float(answer.capital_used_usd[q]),
                "debt_usd": float(answer.debt_usd[q]) if answer.debt_usd.size else None,
            }
            for q in range(common.quarters)
        ],
        "sites": [_site(answer, s, brings.get(s.name), rank[s.name]) for s in answer.sites],
        "ranking": [s.name for s in answer.ranking],
        "tenants": _tenants(answer),
        "shadow_prices": [
            {
                "limit": "capital",
                "unit": "USD",
                "gain_of_one_more_usd": price.gain_of_one_more_usd,
                "loss_of_one_less_usd": price.loss_of_one_less_usd,
                "step": price.step_usd,
                "open_usd": price.open_usd,
            }
        ],
        "budget_curve": [
            {
                "budget_usd": p.budget_usd,
                "npv_usd": p.npv_usd,
                "bound_usd": p.bound_usd,
                "capital_used_usd": p.capital_used_usd,
                "sites": p.sites,
            }
            for p in asked.curve
        ],
        "certificate": {
            "primal_residual": answer.certificate.primal_residual,
            "dual_residual": answer.certificate.dual_residual,
            "duality_gap": answer.certificate.duality_gap,
            "ledger_error": answer.certificate.ledger_error,
        },
        "mandate": answer.mandate.model_dump(mode="json", by_alias=True),
        "explanation": decision(asked),
        "provenance": _provenance(case_sha256) | {"pricing_rounds": answer.search.pricings},
    }


def _site(answer: Portfolio, site: SiteResult, brings: Contribution | None, rank: int) -> dict[str, Any]:
    alone = site.alone
    return {
        "name": site.name,
        "standing": site.standing.value,
        "reason": reason(answer, site),
        "npv_usd": site.npv_usd,
        "peak_capital_usd": site.peak_capital_usd,
        "paid_in_usd": site.paid_in_usd,
        "capex_usd": site.capex_usd,
        "leased_critical_it_mw": site.leased_critical_it_mw,
        "hosting_mw": site.hosting_mw,
        "rank": rank,
        "npv_alone_usd": alone.npv_usd if alone else None,
        "capital_alone_usd": alone.capital_usd if alone else None,
        "npv_per_dollar_alone": site.npv_per_dollar_alone,
        "brings_at_least_usd": brings.least_usd if brings else None,
        "brings_at_most_usd": brings.most_usd if brings else None,
        "must_do": site.candidate.is_required,
        "exclusive_group": site.candidate.terms.exclusive_group,
        "minimum_ticket_usd": site.ticket_usd,
        "capital_used_usd": site.capital_used_usd.tolist() if site.mix else [],
        "mix": [
            {
                "use": line.use.value,
                "offer_or_fleet": line.offer_or_fleet,
                "start": line.start,
                "stop": line.stop,
                "units_mw": line.units_mw,
                "facility_mw": line.facility_mw,
                "npv_usd": line.npv_usd,
                "capex_usd": line.capex_usd,
            }
            for line in site.mix
        ],
    }


def _tenants(answer: Portfolio) -> list[dict[str, Any]]:
    leased = answer.leased_by_tenant
    total = sum(leased.values())
    return [
        {
            "tenant": tenant,
            "critical_it_mw": mw,
            "share": mw / total,
            "max_critical_it_mw": answer.mandate.critical_it_mw_of(tenant),
            "max_share": answer.mandate.share_of(tenant),
        }
        for tenant, mw in leased.items()
    ]


def infeasible_as_json(found: PortfolioInfeasibility, case_sha256: str) -> dict[str, Any]:
    """The answer where what must be done does not fit."""
    return {
        "status": "infeasible",
        "explanation": infeasible(found),
        "impossible": [{"site": i.site, "minimum_ticket_usd": i.ticket_usd, "most_usd": i.most_usd}
                       for i in found.impossible],
        "repairs": [{"limit": r.limit, "unit": r.unit, "change": r.change} for r in found.reliefs],
        "droppable": list(found.droppable),
        "provenance": _provenance(case_sha256),
    }  # fmt: skip


def _provenance(case_sha256: str) -> dict[str, Any]:
    return {
        "version": package_version(),
        "solver": "HiGHS",
        "case_sha256": case_sha256,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def print_portfolio(console: Console, asked: Questions, checked_by: Sequence[str], written: Sequence[str]) -> None:
    """The answer as a page of terminal text: decision, sites, curve, checks."""
    answer = asked.answer
    first, *rest = decision(asked)
    when = day(answer.common.timeline.valuation_date)
    title = f"{len(answer.sites)} sites, one budget · valued {when} · each use at its own rate, unlevered, after tax"
    parts: list[Any] = [Text(title, style="bold"), Text(), Padding(Text(first, style="bold"), (0, 2))]
    parts += [Padding(Text(sentence), (0, 2)) for sentence in rest]
    parts += [Text(), Padding(_sites(asked), (0, 2)), Text(), Padding(_curve(asked), (0, 2)), Text()]
    worst = max(answer.certificate.primal_residual, answer.certificate.dual_residual, answer.certificate.ledger_error)
    parts.append(Text(f"  checked: {', '.join(checked_by)} (worst residual {worst:.0e}, gap {answer.gap:.0e})",
                      style="dim"))  # fmt: skip
    if written:
        parts.append(Text(f"  written: {', '.join(written)}", style="dim"))
    console.print(Group(*parts))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, side in columns:
        if side == "text":
            table.add_column(name, ratio=1, no_wrap=True, overflow="ellipsis")
        else:
            table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True, min_width=5)
    return table


def _sites(asked: Questions) -> Group:
    table = _table(("site", "left"), ("plan", "text"), ("capital", "right"), ("NPV", "right"), ("brings", "right"),
                   ("alone", "right"), ("per $", "right"), ("rank", "right"))  # fmt: skip
    answer = asked.answer
    brings = {c.site: c for c in asked.contributions}
    rank = {site.name: place for place, site in enumerate(answer.ranking, start=1)}
    ordered = sorted(answer.sites, key=lambda s: (s.standing is not Standing.ENTERED, -s.npv_usd, rank[s.name]))
    for site in ordered[:MOST_ROWS]:
        entered, found = site.standing is Standing.ENTERED, brings.get(site.name)
        ratio = site.npv_per_dollar_alone
        table.add_row(
            Text(site.name if len(site.name) <= LONGEST_NAME else site.name[: LONGEST_NAME - 1] + "…"),
            Text(mix_words(site) if entered else site.standing.value),
            table_money(site.peak_capital_usd) if entered else "–",
            table_money(site.npv_usd) if entered else "–",
            table_money(found.least_usd) if found else "–",
            table_money(site.alone.npv_usd) if site.alone else "no plan",
            f"{ratio:,.2f}" if ratio is not None else "–",
            str(rank[site.name]),
        )
    more = len(answer.sites) - MOST_ROWS
    words = [f"and {more} more: --json has all"] if more > 0 else []
    words.append("brings: NPV of the portfolio less that without the site; alone: with the whole budget; rank by per $")
    return Group(table, *[Text(w, style="dim") for w in words])


def _curve(asked: Questions) -> Table:
    table = _table(("budget", "right"), ("used", "right"), ("sites", "right"), ("NPV", "right"), ("", "left"))
    budget = float(asked.answer.common.budget_usd.max())
    for point in asked.curve:
        table.add_row(
            table_money(point.budget_usd),
            table_money(point.capital_used_usd) if point.npv_usd is not None else "–",
            str(point.sites) if point.npv_usd is not None else "–",
            table_money(point.npv_usd) if point.npv_usd is not None else "no plan",
            "this budget" if point.budget_usd == budget else "",
        )
    return table
