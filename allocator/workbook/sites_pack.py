"""The workbook of a batch: what the sites do, their ranking, what a budget buys, and why rows have no plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from allocator.sites.again import plans_again
from allocator.sites.results import SiteResult
from allocator.sites.table import SitesTable
from allocator.workbook.brand import Brand, shipped_brand
from allocator.workbook.budget_sheet import write_budget
from allocator.workbook.calculated import save_calculated
from allocator.workbook.decisions_sheet import write_decisions
from allocator.workbook.drivers import drivers
from allocator.workbook.ranked_sites import batch_of
from allocator.workbook.ranking_sheet import write_ranking
from allocator.workbook.rows_sheets import write_inputs, write_not_solved
from allocator.workbook.site_sheet import sheet_title, write_site
from allocator.workbook.sites_method import write_sites_method
from allocator.workbook.sites_summary import write_sites_summary
from allocator.workbook.style import new_workbook

FRONT, BACK = ("Summary", "Ranking", "Budget", "Decisions"), ("Not solved", "Inputs", "Method")


def write_sites_pack(
    table: SitesTable, results: Sequence[SiteResult], path: Path, *, site_sheets: int = 0, brand: Brand | None = None
) -> None:
    """Write the workbook of a table of sites with their results, which stand in the order of its rows.

    The same results give the same bytes; the file appears whole or not at all.

    Parameters
    ----------
    site_sheets : how many of the best sites by NPV are solved again and get a sheet of their own.

    Raises
    ------
    allocator.workbook.cached.CalculationError
        If a formula has no value.
    """
    batch, book = batch_of(table, results), new_workbook(brand)
    chosen = batch.ranked[:site_sheets]
    titles = (*FRONT, *(sheet_title(site) for site in chosen), *BACK)
    sheets = {title: book.create_sheet(title) for title in titles}
    ranking = write_ranking(sheets["Ranking"], batch, drivers(batch))
    budget = write_budget(book, sheets["Budget"], batch, ranking)
    decisions = write_decisions(sheets["Decisions"], batch, ranking)
    for site, plan in zip(chosen, plans_again(table, [site.row for site in chosen]) if chosen else (), strict=True):
        write_site(sheets[sheet_title(site)], site, plan)
    write_not_solved(sheets["Not solved"], batch)
    write_inputs(sheets["Inputs"], batch)
    write_sites_method(sheets["Method"])
    write_sites_summary(sheets["Summary"], batch, ranking, decisions, budget, sheets, brand or shipped_brand())
    save_calculated(book, path, brand)
