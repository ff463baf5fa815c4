"""The workbook of a portfolio: what is entered under one budget, what it uses by quarter, what more would bring."""

from __future__ import annotations

from pathlib import Path

from allocator.portfolio.questions import Questions
from allocator.workbook.brand import Brand, shipped_brand
from allocator.workbook.calculated import save_calculated
from allocator.workbook.portfolio_limits import (
    BUDGET,
    CURVE,
    LIMITS,
    BudgetCharts,
    write_budget,
    write_curve,
    write_limits,
)
from allocator.workbook.portfolio_sheets import (
    CAPITAL,
    CHOSEN,
    MIX,
    PASSED,
    RANKING,
    chosen_sites,
    write_capital,
    write_chosen,
    write_mix,
    write_passed_over,
    write_ranking,
)
from allocator.workbook.portfolio_summary import write_portfolio_summary
from allocator.workbook.style import new_workbook
from allocator.workbook.words_sheet import CONVENTIONS, Part, write_words

SHEETS = ("Summary", CHOSEN, MIX, BUDGET, CAPITAL, RANKING, CURVE, PASSED, LIMITS, "Method")
HOW: Part = (
    "How the figures come about",
    (
        (
            "The plan",
            (
                "One optimisation over all sites: each site's megawatts, which sites are entered, and the capital of "
                "every quarter, within the limits across sites. The bound says what no plan goes beyond."
            ),
        ),
        (
            "Capital used",
            (
                "What owners have paid in by the end of a quarter, less the reinvested share of what came back; a site "
                "that has given back more than it took stands with a negative figure, which others may use."
            ),
        ),
        (
            "Alone",
            "A site by itself with the whole budget: its best NPV, and the most of the budget that it takes then.",
        ),
        (
            "Portfolio loses without it",
            (
                "NPV of the portfolio less that of the best one without the site. One figure where that was solved, "
                "else prices of the limits give the least and the most."
            ),
        ),
        (
            "One more, one less",
            "The budget of every quarter moved up and down by the step, the portfolio solved again, per dollar.",
        ),
        (
            "Figures as solved",
            "Mix, capital by site, curve and prices are the engine's; sums, shares, ratios and room are formulas.",
        ),
    ),
)


def write_portfolio_pack(asked: Questions, path: Path, *, brand: Brand | None = None) -> None:
    """Write the workbook of a portfolio; the same answer gives the same bytes, whole or not at all.

    Raises
    ------
    allocator.workbook.cached.CalculationError
        If a formula has no value.
    """
    answer, book = asked.answer, new_workbook(brand)
    sheets = {title: book.create_sheet(title) for title in SHEETS}
    chosen = chosen_sites(answer)
    write_chosen(sheets[CHOSEN], asked, chosen)
    write_mix(sheets[MIX], chosen)
    write_capital(sheets[CAPITAL], answer, chosen)
    used_title = write_budget(sheets[BUDGET], answer, chosen)
    curve_title = write_curve(sheets[CURVE], asked)
    charts = BudgetCharts(answer.common.quarters, len(asked.curve), used_title, curve_title)
    sheets[BUDGET].add_chart(charts.used(sheets[BUDGET]), "A4")
    sheets[CURVE].add_chart(charts.curve(sheets[CURVE]), "A4")
    write_ranking(sheets[RANKING], answer)
    write_passed_over(sheets[PASSED], answer)
    write_limits(sheets[LIMITS], asked)
    write_words(sheets["Method"], "How the figures of this workbook come about.", (CONVENTIONS, HOW))
    write_portfolio_summary(sheets["Summary"], asked, chosen, charts, sheets, brand or shipped_brand())
    save_calculated(book, path, brand)
