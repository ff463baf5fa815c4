"""Sites of a portfolio from a sites table, and its mandate from a file: every fault of both at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from allocator.files import read_document
from allocator.portfolio.mandate import Candidate, Mandate, SiteTerms, check_candidates, read_mandate
from allocator.sites.table import SitesTable, site_case
from models.assumptions import Fault, InputFaultsError, describe, read_table

OF_PORTFOLIO = "portfolio."


def read_portfolio(
    table: SitesTable, mandate_file: Path | None, options: Mapping[str, Any], found_before: Iterable[Fault] = ()
) -> tuple[list[Candidate], Mandate]:
    """Candidates in the order of the table, and the mandate: the file's inputs, replaced by options that are given.

    A row's own ``policy.capital_usd`` has no meaning here: the mandate's budget stands in its place.

    Raises
    ------
    InputFaultsError
        With every fault of the rows, of the mandate, and of both together; those found before come first.
    """
    faults = list(found_before)
    given = _file(mandate_file, faults) | {name: value for name, value in options.items() if value is not None}
    of_mandate: list[Fault] = []
    mandate = read_mandate(given, of_mandate)
    faults += of_mandate
    _check_heads(table, faults)
    candidates = []
    for row in table.rows:
        try:
            case = site_case(table, row)
        except InputFaultsError as error:
            faults.extend(error.faults)
            continue
        terms = {name: value for name, value in row.portfolio.items() if name in describe(SiteTerms)}
        if isinstance(group := terms.get("exclusive_group"), (int, float)) and not isinstance(group, bool):
            terms["exclusive_group"] = str(group)
        read = read_table(SiteTerms, f"row {row.number}, portfolio", terms, faults)
        if read is not None:
            candidates.append(Candidate(case, read))
    if mandate is not None and candidates:
        check_candidates(candidates, mandate, faults)
    if mandate is None or faults:
        raise InputFaultsError(faults)
    return candidates, mandate


def _file(path: Path | None, faults: list[Fault]) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return dict(read_document(path))
    except InputFaultsError as error:
        faults.extend(error.faults)
        return {}


def _check_heads(table: SitesTable, faults: list[Fault]) -> None:
    known = describe(SiteTerms)
    for column in table.columns.portfolio:
        name = column.path.removeprefix(OF_PORTFOLIO)
        if name not in known:
            remedy = "known: " + ", ".join(OF_PORTFOLIO + k for k in known)
            faults.append(Fault(f"row 1, column {column.place + 1}", column.path, "is no input of a portfolio", remedy))
