"""Sheet Risk: what the risk program found, as values, with the run that found them."""

from __future__ import annotations

import numpy as np
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Use
from allocator.formats import day
from allocator.report import package_version
from allocator.risk.answer import REFERENCE_WEIGHT, RiskAnswer, RiskMix
from allocator.workbook.charts import frontier_chart
from allocator.workbook.style import (
    INK,
    MEGAWATTS,
    MONEY_MILLIONS,
    QUIET,
    SHARE,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)

SHEET = "Risk"
HEAD_ROW = 6
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def write_risk(sheet: Worksheet, answer: RiskAnswer) -> None:
    """Frontier, distribution, information, waiting, tail and stresses of one run; nothing here follows an edit."""
    futures, case = answer.values.mapped.futures, answer.case
    rate, level = case.finance.discount_rate_risk, case.risk.tail_level
    heading(
        sheet,
        "Risk",
        f"Values of one run, not live: {futures.paths:,} futures, seed {futures.seed}, {futures.draws.value} draws, "
        f"valued on {answer.fresh.paths:,} fresh ones; one rate of {rate:.1%}; tail: the worst {1 - level:.0%}.",
    )
    run = f"Case {case.sha256()[:12]}, version {package_version()}, valued {day(case.valuation_date)}."
    put(sheet, "A3", f"{run} Repeat: allocator risk CASE --paths {futures.paths} --seed {futures.seed}", colour=QUIET)
    for column, width in zip("ABCDEFGHI", (36, 14, 14, 14, 14, 14, 15, 15, 14), strict=True):
        sheet.column_dimensions[column].width = width
    row, first, last = _frontier(sheet, answer, HEAD_ROW)
    sheet.add_chart(frontier_chart(sheet, first, last, _finding(answer)), f"A{row}")
    row = _distribution(sheet, answer, row + 17)
    row = _information(sheet, answer, row)
    row = _waiting(sheet, answer, row)
    row = _tail(sheet, answer, row)
    _stresses(sheet, answer, row)
    print_setup(sheet)
    sheet.freeze_panes = f"B{HEAD_ROW}"


def _finding(answer: RiskAnswer) -> str:
    first, last = answer.mixes[0].fresh, answer.mixes[-1].fresh
    given, gained = first.mean_usd - last.mean_usd, last.cvar_usd - first.cvar_usd
    return f"From the highest mean to the best tail: {given / 1e6:,.0f} M given up, {gained / 1e6:,.0f} M gained"


def _peak_mw(answer: RiskAnswer, mix: RiskMix, use: Use) -> float:
    """Most facility MW that a mix gives to a use in any quarter."""
    mine = np.array([a.use is use for a in answer.choices.items])
    return float((answer.choices.facility_mw[:, mine] @ mix.sought.units[mine]).max(initial=0.0))


def _frontier(sheet: Worksheet, answer: RiskAnswer, row: int) -> tuple[int, int, int]:
    put(sheet, f"A{row - 1}", "Mixes from the highest mean to the best tail", bold=True, size=11)
    header_row(
        sheet,
        row,
        ["Weight on the tail", "mean NPV", "± standard error", "CVaR", "± standard error", "chance of loss",
         "hosting, peak facility MW", "mining, peak facility MW"],
    )  # fmt: skip
    sheet.row_dimensions[row].height = 26
    for at, mix in enumerate(answer.mixes, start=row + 1):
        chosen = mix.sought.risk_weight == REFERENCE_WEIGHT
        said = f"{mix.sought.risk_weight:.0%}" + (" (stands for the two rates)" if chosen else "")
        put(sheet, f"A{at}", said, bold=chosen)
        fresh = mix.fresh
        figures = (fresh.mean_usd, fresh.mean_error_usd, fresh.cvar_usd, fresh.cvar_error_usd)
        for column, value in zip("BCDE", figures, strict=True):
            colour = QUIET if column in "CE" else INK
            put(sheet, f"{column}{at}", value, form=MONEY_MILLIONS, align="right", bold=chosen, colour=colour)
        put(sheet, f"F{at}", fresh.probability_of_loss, form=SHARE, align="right", bold=chosen)
        put(sheet, f"G{at}", _peak_mw(answer, mix, Use.HOSTING), form=MEGAWATTS, align="right")
        put(sheet, f"H{at}", _peak_mw(answer, mix, Use.MINING), form=MEGAWATTS, align="right")
    last = row + len(answer.mixes)
    return last + 2, row + 1, last


def _distribution(sheet: Worksheet, answer: RiskAnswer, row: int) -> int:
    put(sheet, f"A{row}", "How plans may turn out: NPV below which a share of futures lies", bold=True, size=11)
    header_row(sheet, row + 1, ["Plan", *[f"{q:.0%}" for q in QUANTILES]])
    plans = (
        ("Recommended (two rates)", answer.fresh.worth(answer.plan.units)),
        (f"Weight {REFERENCE_WEIGHT:.0%} on the tail", answer.worth(answer.reference)),
    )
    for at, (label, worth) in enumerate(plans, start=row + 2):
        put(sheet, f"A{at}", label)
        for column, value in zip("BCDEFGH", np.quantile(worth, QUANTILES), strict=True):
            put(sheet, f"{column}{at}", float(value), form=MONEY_MILLIONS, align="right")
    return row + 5


def _information(sheet: Worksheet, answer: RiskAnswer, row: int) -> int:
    found = answer.information
    put(sheet, f"A{row}", "What knowing is worth", bold=True, size=11)
    lines = (
        ("A perfect forecast (EVPI)", found.evpi, f"± {found.evpi_error / 1e6:,.1f} M over {found.solved:,} futures"),
        ("Planning for all futures, not the mean (VSS)", found.vss, "stochastic less expected-value plan"),
        ("Recommended plan, two rates", answer.bridge.two_rate_npv_usd, "mining and hosting each at its rate"),
        ("The same at one rate", answer.bridge.one_rate_npv_usd, "expected path"),
        ("The same in the mean of futures", answer.bridge.mean_usd, "late, cancelled and abandoned leases counted"),
        ("The same in the tail (CVaR)", answer.bridge.cvar_usd, "mean of the worst futures"),
    )
    for at, (label, value, note) in enumerate(lines, start=row + 1):
        put(sheet, f"A{at}", label)
        put(sheet, f"B{at}", value, form=MONEY_MILLIONS, align="right", bold=True)
        put(sheet, f"C{at}", note, colour=QUIET, size=8, align="left", indent=1)
    return row + len(lines) + 2


def _waiting(sheet: Worksheet, answer: RiskAnswer, row: int) -> int:
    if not answer.waiting:
        return row
    put(sheet, f"A{row}", "What waiting with each offer is worth (whole offer)", bold=True, size=11)
    heads = ["Offer", "sign first", "best fixed date", "timing", "option, lower", "option, upper", "never"]
    header_row(sheet, row + 1, heads)
    for at, found in enumerate(answer.waiting, start=row + 2):
        mw = found.facility_mw
        put_text(sheet, f"A{at}", found.offer)
        best = found.dates[found.best_fixed] if found.best_fixed >= 0 else "never"
        upper = found.upper_usd - found.best_fixed_usd
        for column, value in (
            ("B", mw * found.now_usd),
            ("D", mw * found.timing_usd),
            ("E", mw * found.option_usd),
            ("F", mw * upper),
            ("G", mw * found.never_usd),
        ):
            put(sheet, f"{column}{at}", value, form=MONEY_MILLIONS, align="right")
        put(sheet, f"C{at}", best, align="right")
    return row + len(answer.waiting) + 3


def _tail(sheet: Worksheet, answer: RiskAnswer, row: int) -> int:
    """Of the mix at the reference weight: which uncertainty, and which part, makes the tail."""
    mix = answer.reference
    put(sheet, f"A{row}", f"What makes the tail (weight {REFERENCE_WEIGHT:.0%})", bold=True, size=11)
    header_row(sheet, row + 1, ["Uncertainty", "mean to CVaR"])
    at = row + 2
    for cause in answer.causes(mix):
        put(sheet, f"A{at}", cause.name)
        put(sheet, f"B{at}", cause.usd, form=MONEY_MILLIONS, align="right")
        at += 1
    header_row(sheet, row + 1, ["Part", "mean", "in the tail"], 5)
    for i, part in enumerate(answer.parts(mix), start=row + 2):
        put_text(sheet, f"E{i}", part.name)
        put(sheet, f"F{i}", part.mean_usd, form=MONEY_MILLIONS, align="right")
        put(sheet, f"G{i}", part.in_tail_usd, form=MONEY_MILLIONS, align="right")
        at = max(at, i + 1)
    return at + 1


def _stresses(sheet: Worksheet, answer: RiskAnswer, row: int) -> None:
    put(sheet, f"A{row}", f"Named stresses (weight {REFERENCE_WEIGHT:.0%}, at the one rate)", bold=True, size=11)
    header_row(sheet, row + 1, ["Stress", "NPV", "change"])
    for at, found in enumerate(answer.stresses(answer.reference), start=row + 2):
        put(sheet, f"A{at}", str(found.stress).capitalize())
        put(sheet, f"B{at}", found.npv_usd, form=MONEY_MILLIONS, align="right")
        put(sheet, f"C{at}", found.change_usd, form=MONEY_MILLIONS, align="right")
        put(sheet, f"D{at}", found.words, colour=QUIET, size=8, align="left", indent=1)
