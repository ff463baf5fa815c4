"""Sheets of a portfolio by site: those chosen, their mix, their capital by quarter, the ranking, those passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activity import Use
from allocator.formats import quarter
from allocator.portfolio.answer import Portfolio, SiteResult, Standing
from allocator.portfolio.questions import Questions
from allocator.portfolio.sentences import mix_words, reason
from allocator.workbook.long_table import Column, Live, Value, write_long_table
from allocator.workbook.style import (
    MEGAWATTS,
    MONEY,
    PLAIN,
    SHARE,
    SMALL,
    STRONG,
    WHOLE,
    heading,
    print_setup,
    put,
)

CHOSEN, MIX, CAPITAL, RANKING, PASSED = "Sites chosen", "Mix", "Capital by site", "Ranking", "Passed over"
TOTAL_ROW, HEAD_ROW, FIRST_ROW = 4, 5, 6
FIRST_QUARTER = 2
"""Column of the first quarter on sheet Capital by site."""
CHOSEN_COLUMNS = (
    Column("Site", 28, wraps=True, is_text=True),
    Column("What it does", 44, wraps=True, is_text=True),
    Column("Leased, critical IT MW", 11, MEGAWATTS),
    Column("NPV, USD", 16, MONEY),
    Column("Share of NPV", 9, SHARE),
    Column("Capital at its peak, USD", 16, MONEY),
    Column("NPV per $ of capital", 10, SMALL),
    Column("Capex, USD", 17, MONEY),
    Column("Portfolio loses without it: at least, USD", 17, MONEY),
    Column("at most, USD", 16, MONEY),
    Column("Why", 44, wraps=True, is_text=True),
)


@dataclass(frozen=True)
class Chosen:
    """Where the chosen sites lie, a row each on sheets Sites chosen and Capital by site."""

    sites: tuple[SiteResult, ...]
    """The most NPV first."""
    quarters: int

    @property
    def last_row(self) -> int:
        """Of the sites; the row of the heads where none is chosen."""
        return HEAD_ROW + len(self.sites)

    def used_in(self, place: int) -> str:
        """Cells of one quarter on sheet Capital by site."""
        letter = get_column_letter(FIRST_QUARTER + place)
        return f"'{CAPITAL}'!${letter}${FIRST_ROW}:${letter}${max(FIRST_ROW, self.last_row)}"

    def total(self, column: str) -> str:
        """Address of a total on sheet Sites chosen."""
        return f"'{CHOSEN}'!${column}${TOTAL_ROW}"

    def cell(self, column: str, place: int) -> str:
        """Address of a figure of one site."""
        return f"'{CHOSEN}'!${column}${FIRST_ROW + place}"


def chosen_sites(answer: Portfolio) -> Chosen:
    """Sites that are entered, the most NPV first."""
    sites = tuple(sorted(answer.entered, key=lambda s: -s.npv_usd))
    return Chosen(sites, answer.common.quarters)


def per_dollar(npv: str, capital: str) -> Live:
    """NPV of one dollar of capital, in two columns of the same row."""
    return Live(f'=IF({capital}{{row}}>0,{npv}{{row}}/{capital}{{row}},"–")')


def write_chosen(sheet: Worksheet, asked: Questions, chosen: Chosen) -> None:
    """A row a site; NPV is the sum of its lines on sheet Mix, capital the most of its quarters."""
    heading(
        sheet,
        CHOSEN,
        "Sites that the plan enters. NPV adds up sheet Mix, capital is the largest quarter of sheet Capital by site.",
    )
    brings = {c.site: c for c in asked.contributions}
    last_letter = get_column_letter(FIRST_QUARTER + chosen.quarters - 1)
    rows, line = list[list[Value]](), FIRST_ROW
    for site in chosen.sites:
        lines, line = f"{line}:{{}}{line + len(site.mix) - 1}", line + len(site.mix)
        found = brings.get(site.name)
        quarters = f"'{CAPITAL}'!$B{{row}}:${last_letter}{{row}}"
        rows.append(
            [
                site.name,
                mix_words(site),
                site.leased_critical_it_mw,
                Live(f"=SUM({MIX}!I{lines.format('I')})"),
                Live(f"=IF(D${TOTAL_ROW}=0,0,D{{row}}/D${TOTAL_ROW})"),
                Live(f"=MAX({quarters},0)"),
                per_dollar("D", "F"),
                Live(f"=SUM({MIX}!J{lines.format('J')})"),
                found.least_usd if found else None,
                found.most_usd if found else None,
                reason(asked.answer, site),
            ]
        )
    last = write_long_table(sheet, CHOSEN_COLUMNS, rows, HEAD_ROW)
    put(sheet, f"A{TOTAL_ROW}", "Total", bold=True, below=STRONG)
    for letter, form in (("C", MEGAWATTS), ("D", MONEY), ("H", MONEY)):
        total = f"=SUM({letter}{FIRST_ROW}:{letter}{max(FIRST_ROW, last)})"
        put(sheet, f"{letter}{TOTAL_ROW}", total, form=form, bold=True, below=STRONG)
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def write_mix(sheet: Worksheet, chosen: Chosen) -> None:
    """A row for each fleet, purchase and offer of a chosen site, from one quarter to another."""
    heading(sheet, MIX, "What each chosen site does, as solved.")
    columns = [
        Column("Site", 28, wraps=True, is_text=True),
        Column("Use", 10, is_text=True),
        Column("Offer, fleet or purchase", 32, wraps=True, is_text=True),
        Column("From", 10, is_text=True),
        Column("Until", 10, is_text=True),
        Column("MW", 11, MEGAWATTS),
        Column("of", 11, is_text=True),
        Column("Facility MW", 11, MEGAWATTS),
        Column("NPV, USD", 17, MONEY),
        Column("Capex, USD", 17, MONEY),
    ]
    rows: list[list[Value]] = [
        [
            site.name,
            line.use.value,
            line.offer_or_fleet,
            quarter(line.start),
            quarter(line.stop),
            line.units_mw,
            "critical IT" if line.use is Use.HOSTING else "facility",
            line.facility_mw,
            line.npv_usd,
            line.capex_usd,
        ]
        for site in chosen.sites
        for line in site.mix
    ]
    write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def write_capital(sheet: Worksheet, answer: Portfolio, chosen: Chosen) -> None:
    """Capital that each site uses by quarter, as solved."""
    heading(
        sheet,
        CAPITAL,
        "Of the budget by quarter, USD, as solved; brackets: the site has given back more than it took.",
    )
    label = answer.common.timeline.quarter_label
    columns = [Column("Site", 28, wraps=True, is_text=True)]
    columns += [Column(quarter(label(q)), 14, MONEY) for q in range(chosen.quarters)]
    rows: list[list[Value]] = [[s.name, *(float(v) for v in s.capital_used_usd)] for s in chosen.sites]
    write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}", title_columns="A:A")
    sheet.page_setup.fitToWidth = max(1, -(-chosen.quarters // QUARTERS_A_PAGE))


QUARTERS_A_PAGE = 12


def write_ranking(sheet: Worksheet, answer: Portfolio) -> None:
    """Every site by NPV per dollar of capital, each by itself with the whole budget."""
    heading(
        sheet,
        RANKING,
        "Every site by itself with the whole budget, by NPV per dollar of capital; beside it what the plan does.",
    )
    columns = [
        Column("Rank", 6, WHOLE),
        Column("Site", 28, wraps=True, is_text=True),
        Column("Standing", 13, is_text=True),
        Column("Alone: NPV, USD", 16, MONEY),
        Column("Alone: capital, USD", 16, MONEY),
        Column("Alone: NPV per $", 10, SMALL),
        Column("In the plan: NPV, USD", 16, MONEY),
        Column("In the plan: capital at its peak, USD", 16, MONEY),
        Column("Must be done", 8, is_text=True),
        Column("Exclusive group", 14, wraps=True, is_text=True),
        Column("Minimum ticket, USD", 15, MONEY),
    ]
    rows = (_ranked(place, site) for place, site in enumerate(answer.ranking, start=1))
    last = write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"C{FIRST_ROW}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:K{last}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")


def _ranked(place: int, site: SiteResult) -> list[Value]:
    alone = site.alone
    return [
        place,
        site.name,
        site.standing.value,
        alone.npv_usd if alone else "no plan",
        alone.capital_usd if alone else None,
        per_dollar("D", "E") if alone else None,
        site.npv_usd,
        site.peak_capital_usd,
        "yes" if site.candidate.is_required else None,
        site.candidate.terms.exclusive_group or None,
        site.ticket_usd,
    ]


def passed_over(answer: Portfolio) -> Sequence[SiteResult]:
    """Sites that are not entered, the most NPV by itself first."""
    found = [site for site in answer.sites if site.standing is not Standing.ENTERED]
    return sorted(found, key=lambda s: -(s.alone.npv_usd if s.alone else 0.0))


def write_passed_over(sheet: Worksheet, answer: Portfolio) -> None:
    """Each site that is not entered, with the reason."""
    sites = passed_over(answer)
    note = "Sites that the plan does not enter, the most NPV by itself first." if sites else "No site is passed over."
    heading(sheet, PASSED, note)
    columns = [
        Column("Site", 28, wraps=True, is_text=True),
        Column("Standing", 13, is_text=True),
        Column("Alone: NPV, USD", 16, MONEY),
        Column("Alone: capital, USD", 16, MONEY),
        Column("Alone: NPV per $", 10, SMALL),
        Column("Reason", 90, PLAIN, wraps=True, is_text=True),
    ]
    rows = (
        [
            site.name,
            site.standing.value,
            site.alone.npv_usd if site.alone else "no plan",
            site.alone.capital_usd if site.alone else None,
            per_dollar("C", "D") if site.alone else None,
            reason(answer, site),
        ]
        for site in sites
    )
    write_long_table(sheet, columns, rows, HEAD_ROW)
    sheet.freeze_panes = f"B{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
