"""Sheet Summary of a batch: what the sites do, the best of them, and what a budget buys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from openpyxl.worksheet.worksheet import Worksheet

from allocator.formats import day, money
from allocator.report import package_version
from allocator.workbook.brand import Brand
from allocator.workbook.budget_sheet import Budget
from allocator.workbook.decisions_sheet import Decisions, total
from allocator.workbook.front_page import (
    CHART_ROWS,
    CHARTS,
    Figure,
    ShortTable,
    finish_front,
    shortened,
    write_front,
    write_short_table,
)
from allocator.workbook.ranked_sites import Batch, Doing, RankedSite
from allocator.workbook.ranking_sheet import Ranking
from allocator.workbook.style import MONEY_MILLIONS, SHARE, SMALL

BEST = 10
HALF = 0.5


def write_sites_summary(
    sheet: Worksheet,
    batch: Batch,
    ranking: Ranking,
    decisions: Decisions,
    budget: Budget,
    sheets: dict[str, Worksheet],
    brand: Brand,
) -> None:
    """The page, from top to bottom."""
    case = batch.table.base.case
    note = (
        f"Sites over the base case {shortened(case.name)} · version {package_version()} · valued "
        f"{day(case.valuation_date)} · {case.horizon_years} years"
    )
    title = f"{len(batch.table.rows):,} sites: mining or hosting"
    row = write_front(sheet, title, note, list(sentences(batch, decisions)), _six(), brand)
    if batch.ranked:
        sheet.add_chart(decisions.chart(sheets["Decisions"]), f"{CHARTS[0]}{row}")
        if batch.by_dollar:
            sheet.add_chart(budget.chart(sheets["Budget"]), f"{CHARTS[1]}{row}")
        row += CHART_ROWS
        best = batch.ranked[:BEST]
        efficient = [site for site in batch.by_dollar if site.npv_per_dollar is not None][:BEST]
        write_short_table(sheet, _best("A", "Best by NPV", best, ranking), row)
        write_short_table(sheet, _best("G", "Best by NPV per dollar", efficient, ranking), row)
        row += max(len(best), len(efficient)) + 2
    words = (
        "Sites as solved; sums, shares and the budget are formulas. Capital: peak equity. "
        f"Base case {case.sha256()[:12]}."
    )
    finish_front(sheet, row, words, "Mining amber, hosting blue, idle grey")


def sentences(batch: Batch, decisions: Decisions) -> Iterator[str]:
    """What was found, the decision first."""
    ranked, count = batch.ranked, len(batch.table.rows)
    if not ranked:
        yield f"None of the {count:,} sites has a plan; sheet Not solved says why of each."
        return
    yield _headline(ranked)
    if decisions.bins:
        yield f"{decisions.title}."
    if batch.left_out:
        yield (
            f"{batch.left_out:,} rows are too many for a workbook and left out, sites of least NPV first; "
            "results.parquet has all."
        )
    by_dollar = batch.by_dollar
    if len(by_dollar) > 1:
        yield _concentration(by_dollar)
    if batch.unsolved:
        found = Counter(outcome.status.value for _, outcome in batch.unsolved)
        parts = ", ".join(f"{number:,} {status}" for status, number in found.items())
        verb = "row has" if len(batch.unsolved) == 1 else "rows have"
        yield f"{len(batch.unsolved):,} of {count:,} {verb} no plan ({parts}); sheet Not solved gives each its reason."


def _headline(ranked: Sequence[RankedSite]) -> str:
    found = Counter(site.doing for site in ranked)
    verbs = {
        Doing.HOSTING: ("hosts", "host"),
        Doing.MINING: ("mines", "mine"),
        Doing.BOTH: ("does both", "do both"),
        Doing.NOTHING: ("is best left idle", "are best left idle"),
    }
    parts = [f"{found[d]:,} {one if found[d] == 1 else many}" for d, (one, many) in verbs.items() if found[d]]
    best = ranked[0]
    worth = sum(site.npv_usd for site in ranked)
    capital = sum(site.capital_usd for site in ranked)
    said = f"Of {len(ranked):,} sites with a plan {_listed(parts)}" if len(ranked) > 1 else f"The site {parts[0][2:]}"
    return (
        f"{said}: worth {money(worth)} on {money(capital)} of capital; "
        f"the best is {shortened(best.name)} ({money(best.npv_usd)})."
    )


def _concentration(by_dollar: Sequence[RankedSite]) -> str:
    """How few sites, and how little capital, bring half of the NPV."""
    worth, capital = sum(s.npv_usd for s in by_dollar), sum(s.capital_usd for s in by_dollar)
    so_far, used, count = 0.0, 0.0, 0
    while so_far < HALF * worth:
        so_far += by_dollar[count].npv_usd
        used += by_dollar[count].capital_usd
        count += 1
    share = f" ({used / capital:.0%})" if capital > 0 else ""
    sites = "site" if count == 1 else f"{count:,} sites"
    verb = "brings" if count == 1 else "bring"
    return (
        f"By NPV per dollar of capital the first {sites} {verb} half of all NPV with {money(used)} of the "
        f"{money(capital)}{share} that all would take."
    )


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _six() -> list[Figure]:
    sites, hosting, mining, npv, capital = (total(n) for n in ("sites", "hosting", "mining", "npv", "capital"))
    used = f"({hosting}+{mining})"
    return [
        Figure("NPV of all sites", f"={npv}", MONEY_MILLIONS, "over doing nothing"),
        Figure("Capital", f"={capital}", MONEY_MILLIONS, "peak equity, summed over sites"),
        Figure("NPV per dollar", f'=IF({capital}>0,{npv}/{capital},"–")', SMALL, "of capital"),
        Figure("Sites with a plan", f"={sites}", "#,##0", "of the table's rows"),
        Figure("Hosting share", f'=IF({used}>0,{hosting}/{used},"–")', SHARE, "of hosting and mining MW"),
        Figure("NPV within budget", "=budget__npv_usd", MONEY_MILLIONS, "greedy; type it on sheet Budget"),
    ]


def _best(left: str, title: str, sites: Sequence[RankedSite], ranking: Ranking) -> ShortTable:
    rows = [
        [site.name, *(f"={ranking.cell(name, site)}" for name in ("npv", "capital", "per_dollar"))] for site in sites
    ]
    return ShortTable(left, [title, "NPV", "capital", "per $"], rows, [MONEY_MILLIONS, MONEY_MILLIONS, SMALL])
