"""What a batch found, in the terminal: how the sites ended, the best of them, and why the others have no plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from allocator.formats import percent, table_money
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.results import SiteResult

MOST_RANKED, MOST_REASONS = 10, 10
LONGEST_NAME, INDENT, GAP = 28, 2, 3


def print_summary(console: Console, results: Sequence[SiteResult], written: Sequence[str]) -> None:
    """Counts, the best by NPV and by NPV per dollar of the owner's money, reasons, and the files."""
    parts: list[Table | Text | Group] = [_counts(results)]
    by_npv, by_dollar = ranked(results, lambda o: o.npv_usd), ranked(results, lambda o: o.npv_per_peak_equity)
    if by_npv:
        parts.append(_ranking("by NPV", by_npv, console.width))
    if by_dollar and len(by_npv) > 1:
        parts.append(_ranking("by NPV per dollar of equity", by_dollar, console.width))
    if reasons := [result for result in results if result.outcome.reason]:
        parts.append(_reasons(reasons))
    parts.append(Text(f"written: {', '.join(written)}", style="dim"))
    for part in parts:
        console.print(Padding(part, (0, 0, 1, INDENT), expand=False))


def ranked(results: Sequence[SiteResult], figure: Callable[[Outcome], float | None]) -> list[SiteResult]:
    """The best sites by a figure, those without it left out; equals in the order of the table."""
    known = [(value, result) for result in results if (value := figure(result.outcome)) is not None]
    return [result for _, result in sorted(known, key=lambda pair: -pair[0])[:MOST_RANKED]]


def _counts(results: Sequence[SiteResult]) -> Table:
    table = _table(("sites", "right"), ("", "left"), ("NPV", "right"), ("capex", "right"))
    found = Counter(result.outcome.status for result in results)
    for status in SiteStatus:
        if status in found:
            mine = [result.outcome for result in results if result.outcome.status is status]
            sums = [sum(o.npv_usd or 0.0 for o in mine), sum(o.capex_usd or 0.0 for o in mine)]
            shown = [table_money(s) if status is SiteStatus.OPTIMAL else "–" for s in sums]
            table.add_row(f"{found[status]:,}", status.value, *shown)
    return table


def _ranking(title: str, best: Sequence[SiteResult], width: int) -> Table:
    """Figures whole; of a decision as much as the rest of the line has room for."""
    heads = (title, "NPV", "per dollar", "equity", "IRR")
    rows = [
        (
            result.name if len(result.name) <= LONGEST_NAME else f"{result.name[: LONGEST_NAME - 1]}…",
            table_money(result.outcome.npv_usd or 0.0),
            "–" if result.outcome.npv_per_peak_equity is None else f"{result.outcome.npv_per_peak_equity:.2f}",
            table_money(result.outcome.peak_equity_usd or 0.0),
            percent(result.outcome.irr),
        )
        for result in best
    ]
    table = _table((title, "left"), *((head, "right") for head in heads[1:]), ("decision", "left"))
    widths = [max(map(cell_len, cells)) for cells in zip(heads, *rows, strict=True)]
    for column, least in zip(table.columns, widths, strict=False):
        column.min_width = least
    table.columns[-1].max_width = max(12, width - INDENT - sum(widths) - GAP * len(widths))
    for row, result in zip(rows, best, strict=True):
        table.add_row(*map(Text, row), Text(result.outcome.decision))
    return table


def _reasons(without: Sequence[SiteResult]) -> Group:
    """Each in a line of its own, whole: a reason that is cut short helps nobody."""
    lines = [
        Text.assemble(result.name, (f" ({result.outcome.status.value}): ", "dim"), result.outcome.reason)
        for result in without[:MOST_REASONS]
    ]
    if len(without) > MOST_REASONS:
        lines.append(Text(f"and {len(without) - MOST_REASONS:,} more, in column reason", style="dim"))
    return Group(*lines)


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=True, overflow="ellipsis")
    return table
