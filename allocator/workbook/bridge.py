"""Figures behind the charts of the Summary, live on sheet Mix: the bridge of NPV, and titles that say the finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Use
from allocator.allocation import Allocation
from allocator.workbook.entries import MIX_SHEET, Entry
from allocator.workbook.schedule_sheet import USE_ROWS, Schedule
from allocator.workbook.style import header_row, put, put_text

LABEL, BASE, GAIN, GAIN_BELOW, LOSS, LOSS_BELOW, TOTAL = "BCDEFGH"
HEADS = ["Owner", "Label", "Base", "Gain", "Gain below 0", "Loss", "Loss below 0", "Total", "Value", "Runs to"]
VALUE, TO = "I", "J"


@dataclass(frozen=True)
class Bridge:
    """Where the bridge lies, and what the chart titles say as solved."""

    first_row: int
    last_row: int
    title_address: str
    title: str
    schedule_title_address: str
    schedule_title: str


def write_bridge(sheet: Worksheet, plan: Allocation, entries: Sequence[Entry], schedule: Schedule, row: int) -> Bridge:
    """One step for each fleet, purchase and offer that the pack holds, then the total."""
    put(sheet, f"A{row}", "For the charts of sheet Summary, USD million", bold=True)
    header_row(sheet, row + 3, HEADS)
    first = row + 4
    steps: dict[str, list[Entry]] = {}
    for entry in entries:
        steps.setdefault(entry.activity.owner_name, []).append(entry)
    for i, (name, own) in enumerate(steps.items(), start=first):
        _step(sheet, i, name, "+".join(f"K{e.mix_row}" for e in own), start=i == first)
    last = first + len(steps)
    _total(sheet, last)
    hosting, mining = (f"MAX({schedule.all_quarters(USE_ROWS[use])})" for use in ("hosting", "mining"))
    put(
        sheet,
        f"A{row + 1}",
        f'="Hosting takes up to "&TEXT({hosting},"#,##0")&IF({mining}<1," facility MW, nothing mines",'
        f'", mining up to "&TEXT({mining},"#,##0")&" facility MW")&" (line: grid)"',
    )
    share = (
        f'SUMPRODUCT((B{entries[0].mix_row}:B{entries[-1].mix_row}="hosting")*K{entries[0].mix_row}:K{entries[-1].mix_row})'
        if entries
        else "0"
    )
    put(
        sheet,
        f"A{row + 2}",
        f'="Worth $"&TEXT(out__your_npv_usd/const__usd_per_million,"#,##0.0")&" M; hosting brings $"'
        f'&TEXT({share}/const__usd_per_million,"#,##0.0")&" M"',
    )
    most = {
        use: max((q for q in quarters), default=0.0)
        for use, quarters in (
            ("hosting", [q.hosting_mw for q in plan.schedule]),
            ("mining", [q.mining_mw for q in plan.schedule]),
        )
    }
    return Bridge(
        first,
        last,
        f"'{MIX_SHEET}'!$A${row + 2}",
        f"Worth ${plan.npv_usd / 1e6:,.1f} M; hosting brings ${plan.npv_of(Use.HOSTING) / 1e6:,.1f} M",
        f"'{MIX_SHEET}'!$A${row + 1}",
        f"Hosting takes up to {most['hosting']:,.0f}"
        + (" facility MW, nothing mines" if most["mining"] < 1 else f", mining up to {most['mining']:,.0f} facility MW")
        + " (line: grid)",
    )


def _step(sheet: Worksheet, row: int, name: str, worth: str, *, start: bool) -> None:
    put_text(sheet, f"A{row}", name)
    before = "0" if start else f"{TO}{row - 1}"
    put(sheet, f"{VALUE}{row}", f"=({worth})/const__usd_per_million", form="#,##0.0")
    put(sheet, f"{TO}{row}", f"={before}+{VALUE}{row}", form="#,##0.0")
    put(sheet, f"{LABEL}{row}", f'=LEFT(A{row},const__label_length)&" "&TEXT({VALUE}{row},"+#,##0.0;-#,##0.0;0")')
    low, high, up = f"MIN({before},{TO}{row})", f"MAX({before},{TO}{row})", f"({VALUE}{row}>=0)"
    above, below = f"(MAX(0,{high})-MAX(0,{low}))", f"(MIN(0,{low})-MIN(0,{high}))"
    put(sheet, f"{BASE}{row}", f"=MAX(0,{low})+MIN(0,{high})", form="#,##0.0")
    for column, part, sign in (
        (GAIN, above, up),
        (GAIN_BELOW, below, up),
        (LOSS, above, f"(1-{up})"),
        (LOSS_BELOW, below, f"(1-{up})"),
    ):
        put(sheet, f"{column}{row}", f"={part}*{sign}", form="#,##0.0")
    put(sheet, f"{TOTAL}{row}", "=0", form="#,##0.0")


def _total(sheet: Worksheet, row: int) -> None:
    put(sheet, f"A{row}", "NPV")
    put(sheet, f"{LABEL}{row}", f'="NPV "&TEXT({TOTAL}{row},"#,##0.0;-#,##0.0;0")')
    put(sheet, f"{TOTAL}{row}", "=out__your_npv_usd/const__usd_per_million", form="#,##0.0", bold=True)
    for column in (BASE, GAIN, GAIN_BELOW, LOSS, LOSS_BELOW):
        put(sheet, f"{column}{row}", "=0", form="#,##0.0")
