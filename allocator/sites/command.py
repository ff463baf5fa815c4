"""The command ``allocator batch``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.options import CaseArgument, SetOption, SitesArgument, TemplateOption
from allocator.sites import nursery

if TYPE_CHECKING:
    from allocator.sites.batch import Progress
    from allocator.workbook.brand import Brand

STOPPED, LOST = 130, 1


def batch(
    case: CaseArgument,
    sites: SitesArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder of the results and the ledger")],
    jobs: Annotated[int | None, typer.Option("--jobs", help="processes; as many as there are cores if absent")] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="a running Dask scheduler: tls://HOST:PORT")
    ] = None,
    tls_ca: Annotated[Path | None, typer.Option("--tls-ca", help="the cluster's certificate authority (PEM)")] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="this client's certificate (PEM)")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="this client's key (PEM)")] = None,
    time_limit: Annotated[float, typer.Option("--time-limit", help="seconds a site")] = 60.0,
    again: Annotated[bool, typer.Option("--again", help="solve sites again that failed or ran out of time")] = False,
    site_sheets: Annotated[
        int, typer.Option("--site-sheets", min=0, max=100, help="sheets in results.xlsx, one a site, for the best")
    ] = 0,
    template: TemplateOption = None,
    settings: SetOption = None,
) -> None:
    """Solve every site of a table; stopped or killed, the same command goes on where it was."""
    if cluster is None:
        nursery.begin()
    from allocator.sites.batch import solve_sites  # noqa: PLC0415  (heavy: --help stays instant)
    from allocator.sites.cluster import ClusterLostError, Workers  # noqa: PLC0415
    from allocator.sites.progress import shown_progress  # noqa: PLC0415
    from allocator.sites.results import checked_folder, site_results, write_results  # noqa: PLC0415
    from allocator.sites.summary import print_summary  # noqa: PLC0415
    from allocator.sites.table import read_base, read_sites  # noqa: PLC0415
    from allocator.terminal import terminal  # noqa: PLC0415

    brand = _brand(template)
    table = read_sites(sites, read_base(case, settings or []))
    checked_folder(out, case, str(sites))
    workers = Workers(jobs, cluster, tls_ca, tls_cert, tls_key)
    if workers.is_plain_beyond_loopback:
        _say(f"note: {cluster} is neither loopback nor TLS: whoever is on the way can run code on its workers")
    last: list[Progress] = []
    try:
        with shown_progress() as show:

            def say(so_far: Progress) -> None:
                last[:] = [so_far]
                show(so_far)

            solved = solve_sites(table, out, workers, time_limit_s=time_limit, again=again, say=say)
    except (KeyboardInterrupt, ClusterLostError) as error:
        kept = f"{last[0].done:,} of {last[0].sites:,} sites are kept" if last else "nothing was begun"
        why = "stopped" if isinstance(error, KeyboardInterrupt) else str(error)
        _say(f"{why}: {kept} in {out}; the same command goes on from there")
        raise typer.Exit(STOPPED if isinstance(error, KeyboardInterrupt) else LOST) from None
    written = write_results(solved, out, site_sheets=site_sheets, brand=brand)
    print_summary(terminal(), site_results(solved), [str(path) for path in written])


def _brand(template: Path | None) -> Brand | None:
    if template is None:
        return None
    from allocator.workbook.brand import read_brand  # noqa: PLC0415

    return read_brand(template)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
