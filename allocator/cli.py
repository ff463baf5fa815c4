"""The command line. Exit codes: 0 done, 2 bad input (nothing written), 3 infeasible (explained), 1 anything else."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from allocator.options import JsonOption
from allocator.outputs import STANDARD_OUTPUT, checked_targets, keep_standard_output_for_answers, write_all
from allocator.plan_commands import risk, solve
from allocator.portfolio.command import portfolio
from allocator.sites.command import batch
from models.assumptions import Fault, InputFaultsError

if TYPE_CHECKING:
    from models.network import Market

OK, FAILED, BAD_INPUT, INFEASIBLE = 0, 1, 2, 3

app = typer.Typer(
    help="What a site's megawatts should do: mine bitcoin, or host GPUs on a long lease.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)  # fmt: skip


def main() -> None:
    """Run the command line; input faults and interruptions end in words and an exit code, never a traceback."""
    for stop in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(stop, _stop)
    keep_standard_output_for_answers()
    try:
        app()
    except InputFaultsError as error:
        _say_faults(error.faults)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        _say("stopped")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        _say(f"could not read or write {error.filename or 'a file'}: {error.strerror or error}")
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  (the last line of defence: a user sees words)
        _leave_with_words(error)


def _stop(*_: object) -> NoReturn:
    """End as Ctrl-C does: temporary files are removed on the way out."""
    raise KeyboardInterrupt


def _leave_with_words(error: Exception) -> NoReturn:
    if os.environ.get("ALLOCATOR_TRACEBACK"):
        raise error
    _say(f"{type(error).__name__}: {error}")
    _say("this is a fault of the program, not of the input; set ALLOCATOR_TRACEBACK=1 to see where")
    sys.exit(FAILED)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _say_faults(faults: tuple[Fault, ...]) -> None:
    count = len(faults)
    _say(f"{count} fault{'s' if count > 1 else ''} in the input; nothing was written:")
    for fault in faults:
        _say(f"  {fault}")


def _version(wanted: bool) -> None:
    if wanted:
        from allocator.report import package_version  # noqa: PLC0415

        print(package_version())
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    pass


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="the case file to write")],
    template: Annotated[str, typer.Option("--from", help="which template to start from")] = "river-bend",
) -> None:
    """Write a commented case to start from."""
    from allocator.files import dump_case, load_case, template_names  # noqa: PLC0415

    if template not in template_names():
        raise InputFaultsError(
            [Fault("--from", repr(template), "is not a template", f"use one of {', '.join(template_names())}")]
        )
    if file.exists() or file.is_symlink():
        raise InputFaultsError([Fault(str(file), "", "exists already", "give another name, or move it away")])
    write_all([(file, lambda path: path.write_text(dump_case(load_case(template)), encoding="utf-8"))])
    _say(f"written: {file}; next: allocator solve {file}")


@app.command()
def check(
    cases: Annotated[list[str], typer.Argument(metavar="CASE...", help="case files, workbooks or templates")],
) -> None:
    """Validate cases; every fault is listed."""
    from allocator.case_source import read_case  # noqa: PLC0415
    from allocator.comparison import outside_notes  # noqa: PLC0415

    faults: list[Fault] = []
    for source in cases:
        try:
            known = read_case(source, [])
            _say(f"{source}: sound")
            for note in outside_notes(known):
                _say(f"note: {note}")
        except InputFaultsError as error:
            prefix = f"{source}: " if len(cases) > 1 else ""
            faults += [Fault(prefix + f.field, f.value, f.rule, f.remedy) for f in error.faults]
    if faults:
        raise InputFaultsError(faults)


for _command in (solve, risk, batch, portfolio):
    app.command()(_command)


@app.command()
def machines(
    btc_price: Annotated[float | None, typer.Option("--btc-price", help="USD; the shipped market's if absent")] = None,
    difficulty: Annotated[float | None, typer.Option("--difficulty")] = None,
    fee_share: Annotated[float | None, typer.Option("--fee-share", help="fees as a share of the total reward")] = None,
    power_price: Annotated[float, typer.Option("--power-price", help="USD/MWh")] = 60.0,
    pool_fee: Annotated[float, typer.Option("--pool-fee", help="share of revenue")] = 0.0,
    json_file: JsonOption = None,
) -> None:
    """The machine table: what each spends on electricity, and at which price it should stop."""
    from allocator.market_tables import machine_option_faults, machine_rows, print_machines  # noqa: PLC0415

    asked = machine_option_faults(power_price, pool_fee)
    known, words = _market(btc_price, difficulty, fee_share, asked)
    rows = machine_rows(known, power_price, pool_fee)
    _emit(rows, json_file, lambda: print_machines(rows, power_price, words))


@app.command()
def network(
    btc_price: Annotated[float | None, typer.Option("--btc-price", help="USD; the shipped market's if absent")] = None,
    difficulty: Annotated[float | None, typer.Option("--difficulty", help="such as 125.86e12")] = None,
    fee_share: Annotated[float | None, typer.Option("--fee-share", help="fees as a share of the total reward")] = None,
    block_minutes: Annotated[
        float, typer.Option("--block-minutes", help="mean minutes between blocks in this epoch")
    ] = 10.0,
    json_file: JsonOption = None,
) -> None:
    """Hashprice, implied hashrate, the next retarget, and what a bitcoin costs."""
    from allocator.market_tables import network_figures, network_option_faults, print_network  # noqa: PLC0415

    asked = network_option_faults(block_minutes)
    figures = network_figures(_market(btc_price, difficulty, fee_share, asked)[0], block_minutes)
    _emit(figures, json_file, lambda: print_network(figures))


@app.command()
def market(
    ask: Annotated[bool, typer.Option("--refresh", help="ask mempool.space; without it nothing is asked")] = False,
    json_file: JsonOption = None,
) -> None:
    """Bitcoin price, difficulty, fees and hashprice: the shipped figures, or today's."""
    from allocator.market import market_figures, refresh, shipped_snapshot  # noqa: PLC0415
    from allocator.market_tables import print_market  # noqa: PLC0415

    checked_targets(json_file)
    snapshot = refresh() if ask else shipped_snapshot()
    if ask and not snapshot.is_live:
        _say(snapshot.message)
    today = datetime.now(UTC).date()
    _emit(market_figures(snapshot, today), json_file, lambda: print_market(snapshot, today))


@app.command(name="app")
def pages(port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8501) -> None:
    """Open the pages (loopback only)."""
    from allocator.ui.serve import serve  # noqa: PLC0415  (heavy: --help stays instant)

    serve(port)


def _market(
    btc_price: float | None, difficulty: float | None, fee_share: float | None, found_before: list[Fault]
) -> tuple[Market, str]:
    """The shipped market with what was given on the command line, validated as a case's is; and that in words.

    Faults of the command's other options are reported with its own.
    """
    from allocator.market import shipped_snapshot  # noqa: PLC0415
    from allocator.market_tables import market_words  # noqa: PLC0415
    from models.assumptions import read_table  # noqa: PLC0415
    from models.network import Market  # noqa: PLC0415

    shipped = shipped_snapshot()
    options = {"btc_price_usd": btc_price, "difficulty": difficulty, "fee_share": fee_share}
    given = {name: value for name, value in options.items() if value is not None}
    faults = list(found_before)
    known = read_table(Market, "market", {name: getattr(shipped, name) for name in options} | given, faults)
    if known is None or faults:
        raise InputFaultsError(faults)
    return known, market_words(known, shipped.taken.date(), set(given))


def _emit(answer: Any, json_file: str | None, show: Callable[[], None]) -> None:
    if json_file is None:
        show()
        return
    text = json.dumps(answer, indent=2, allow_nan=False, ensure_ascii=False)
    if json_file == STANDARD_OUTPUT:
        print(text)
    else:
        write_all([(Path(json_file), lambda path: path.write_text(text, encoding="utf-8"))])


if __name__ == "__main__":
    main()
