"""The command ``allocator portfolio``: sites of a table under one budget."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from allocator.options import CaseArgument, ExcelOption, JsonOption, SetOption, SitesArgument, TemplateOption
from allocator.outputs import STANDARD_OUTPUT, checked_targets, write_all
from models.assumptions import Fault, InputFaultsError

if TYPE_CHECKING:
    from allocator.portfolio.answer import NoPlanError, Portfolio, SiteMap
    from allocator.portfolio.mandate import Candidate
    from allocator.portfolio.questions import Questions
    from allocator.portfolio.site_problem import SiteProblem
    from allocator.workbook.brand import Brand

INFEASIBLE = 3


def portfolio(
    case: CaseArgument,
    sites: SitesArgument,
    capital: Annotated[float | None, typer.Option("--capital", help="USD of equity for all sites together")] = None,
    mandate: Annotated[
        Path | None,
        typer.Option("--mandate", help="a TOML file with these limits, staged capital, tenants' own limits"),
    ] = None,
    max_debt: Annotated[float | None, typer.Option("--max-debt", help="USD of debt outstanding in any quarter")] = None,
    max_tenant_share: Annotated[
        float | None, typer.Option("--max-tenant-share", help="most of all leased critical IT MW that one tenant has")
    ] = None,
    max_tenant_mw: Annotated[
        float | None, typer.Option("--max-tenant-mw", help="most critical IT MW leased to one tenant")
    ] = None,
    minimum_ticket: Annotated[
        float | None, typer.Option("--minimum-ticket", help="USD of equity with which a site is entered, or not at all")
    ] = None,
    settings: SetOption = None,
    gap: Annotated[
        float | None, typer.Option("--gap", help="stop within this share of the best, such as 0.005; else at the best")
    ] = None,
    json_file: JsonOption = None,
    excel: ExcelOption = None,
    template: TemplateOption = None,
    lp: Annotated[Path | None, typer.Option("--lp", help="write the one program (.mps), up to 200 sites")] = None,
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="solve the one program with HiGHS too and compare, up to 200 sites")
    ] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", help="local processes for the sites' economics")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", metavar="ADDRESS", help="a Dask scheduler's")] = None,
    tls_ca: Annotated[Path | None, typer.Option("--tls-ca", help="of a tls:// cluster")] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="of a tls:// cluster")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="of a tls:// cluster")] = None,
) -> None:
    """Spend one budget over the sites of a table, and say what the next dollar is worth."""
    from allocator.portfolio.answer import NoPlanError  # noqa: PLC0415
    from allocator.portfolio.answer import portfolio as best_portfolio  # noqa: PLC0415
    from allocator.portfolio.candidates import read_portfolio  # noqa: PLC0415
    from allocator.portfolio.questions import Questions  # noqa: PLC0415
    from allocator.portfolio.workers import sites_on  # noqa: PLC0415
    from allocator.sites.cluster import Workers  # noqa: PLC0415
    from allocator.sites.table import read_base, read_sites  # noqa: PLC0415
    from allocator.terminal import progress_line  # noqa: PLC0415

    for read in (str(sites), str(mandate) if mandate else "", case):
        targets = checked_targets(json_file, lp, excel, read_from=read)
    brand = _brand(template, excel)
    base = read_base(case, settings or [])
    workers = Workers(jobs, cluster, tls_ca, tls_cert, tls_key)
    options = {
        "capital_usd": capital, "max_debt_usd": max_debt, "max_tenant_share": max_tenant_share,
        "max_tenant_critical_it_mw": max_tenant_mw, "minimum_ticket_usd": minimum_ticket,
    }  # fmt: skip
    table = read_sites(sites, base)
    faults = _option_faults(workers, gap, len(table.rows), one_program=lp is not None or cross_check)
    candidates, given = read_portfolio(table, mandate, options, faults)
    if workers.is_plain_beyond_loopback:
        _say(f"note: {cluster} is neither loopback nor TLS: whoever is on the way can run code on its workers")
    with progress_line() as say:
        say(f"solving {len(candidates)} sites")
        try:
            with sites_on(workers, len(candidates)) as map_sites:
                answer = best_portfolio(candidates, given, map_sites=_counted(map_sites, say), gap=gap)
        except NoPlanError as error:
            _explain(error, base.case.sha256(), json_file)
        say("asking what would change the answer (re-solving)")
        asked = Questions(answer)
        asked.ask_everything()
        checked_by = ["ledger", "residuals", "bound"]
        if cross_check:
            say("solving the one program")
            checked_by.append(_agreement(answer))
    writers = [(excel, lambda path: _write_pack(asked, path, brand))] if excel else []
    _show(asked, base.case.sha256(), json_file, lp, writers, checked_by, targets)


def _counted(map_sites: SiteMap, say: Callable[[str], None]) -> SiteMap:
    """The same map, which says how far it is."""

    def counted(function: Callable[[Candidate], SiteProblem], sites: Sequence[Candidate]) -> Iterator[SiteProblem]:
        for done, problem in enumerate(map_sites(function, sites), start=1):
            if done % 10 == 0:
                say(f"economics of {done:,} of {len(sites):,} sites")
            yield problem
        say(f"pricing the limits of {len(sites):,} sites until plan and bound meet")

    return counted


def _option_faults(workers: Any, gap: float | None, count: int, *, one_program: bool) -> list[Fault]:
    from allocator.portfolio.joint import MOST_SITES  # noqa: PLC0415

    faults = list(workers.faults())
    if gap is not None and not 0.0 <= gap < 1.0:
        faults.append(Fault("--gap", f"{gap:g}", "is not between 0 and 1", "give a share of NPV, such as 0.005"))
    if one_program and count > MOST_SITES:
        rule = f"write one program of {count:,} sites, more than {MOST_SITES}"
        faults.append(Fault("--lp, --cross-check", "", rule, "leave them out: the answer has its own bound"))
    return faults


def _brand(template: Path | None, excel: Path | None) -> Brand | None:
    if template is None:
        return None
    from allocator.workbook.brand import read_brand  # noqa: PLC0415

    if excel is None:
        remedy = "add --excel FILE, or leave it out"
        raise InputFaultsError([Fault("--template", str(template), "has no workbook to give its looks to", remedy)])
    return read_brand(template)


def _write_pack(asked: Questions, path: Path, brand: Brand | None) -> None:
    from allocator.workbook.portfolio_pack import write_portfolio_pack  # noqa: PLC0415  (openpyxl lives there)

    write_portfolio_pack(asked, path, brand=brand)


def _show(
    asked: Questions,
    sha256: str,
    json_file: str | None,
    lp: Path | None,
    writers: list[Any],
    checked_by: list[str],
    targets: list[Path],
) -> None:
    from allocator.portfolio.report import as_json, print_portfolio  # noqa: PLC0415
    from allocator.terminal import terminal  # noqa: PLC0415

    text = json.dumps(as_json(asked, sha256), indent=2, allow_nan=False, ensure_ascii=False) if json_file else ""
    if json_file and json_file != STANDARD_OUTPUT:
        writers.append((Path(json_file), lambda path: path.write_text(text, encoding="utf-8")))
    if lp:
        from allocator.portfolio.joint import export  # noqa: PLC0415

        answer = asked.answer
        writers.append((lp, lambda path: export(answer.search.problems, answer.common, path)))
    write_all(writers)
    if json_file == STANDARD_OUTPUT:
        print(text)
        return
    print_portfolio(terminal(), asked, checked_by, [str(t) for t in targets])


def _agreement(answer: Portfolio) -> str:
    """Solve the one program; raises where it finds a plan beyond the bound, or less than was found."""
    from allocator.portfolio.joint import solved_as_one  # noqa: PLC0415
    from allocator.program.solve import SolverError  # noqa: PLC0415

    other = solved_as_one(answer.search.problems, answer.common)
    scale = 1.0 + abs(answer.npv_usd)
    if other > answer.bound_usd + 1e-6 * scale or other < answer.npv_usd - 1e-6 * scale:
        raise SolverError(
            f"the one program finds {other:,.0f} USD, the search {answer.npv_usd:,.0f} to {answer.bound_usd:,.0f} USD"
        )
    return f"the one program agrees to {abs(other - answer.npv_usd) / scale:.0e}"


def _explain(error: NoPlanError, sha256: str, json_file: str | None) -> NoReturn:
    from allocator.portfolio.infeasible import portfolio_infeasibility  # noqa: PLC0415
    from allocator.portfolio.report import infeasible_as_json  # noqa: PLC0415
    from allocator.portfolio.sentences import infeasible  # noqa: PLC0415

    found = portfolio_infeasibility(error)
    for sentence in infeasible(found):
        _say(sentence)
    text = json.dumps(infeasible_as_json(found, sha256), indent=2, ensure_ascii=False)
    if json_file == STANDARD_OUTPUT:
        print(text)
    elif json_file:
        write_all([(Path(json_file), lambda path: path.write_text(text, encoding="utf-8"))])
    raise typer.Exit(INFEASIBLE)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
