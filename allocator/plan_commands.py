"""The commands that plan one site: ``allocator solve`` and ``allocator risk``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from allocator.options import CaseArgument, ExcelOption, JsonOption, PdfOption, SetOption, TemplateOption
from allocator.outputs import STANDARD_OUTPUT, checked_targets, write_all
from models.assumptions import Fault, InputFaultsError

if TYPE_CHECKING:
    from allocator.allocation import Allocation
    from allocator.case import Case
    from allocator.explain import Explanation
    from allocator.risk.answer import RiskAnswer
    from allocator.workbook.brand import Brand

INFEASIBLE = 3


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def solve(
    case: CaseArgument,
    settings: SetOption = None,
    json_file: JsonOption = None,
    excel: ExcelOption = None,
    pdf: PdfOption = None,
    template: TemplateOption = None,
    lp: Annotated[Path | None, typer.Option("--lp", help="write the program (.mps): it minimises -NPV in USD")] = None,
    solver: Annotated[str, typer.Option("--solver", help="HiGHS, CBC, or any solver that PuLP finds")] = "HiGHS",
    cross_check: Annotated[bool, typer.Option("--cross-check", help="solve again with CBC and compare")] = False,
) -> None:
    """Recommend how many megawatts go to which use, from when to when, and say why."""
    from allocator.allocation import InfeasibleError, allocate  # noqa: PLC0415
    from allocator.program.solve import export_mps  # noqa: PLC0415

    known, brand = _read(case, settings, template, excel, pdf)
    targets = checked_targets(json_file, excel, pdf, lp, read_from=case)
    try:
        plan = allocate(known, solver)
    except InfeasibleError as error:
        _explain_infeasible(known, error, solver, json_file)
    checked_by = ["ledger", "residuals", "duality gap"]
    if cross_check:
        checked_by.append(_agreement(plan))
    explanation = _explained(plan)
    answer = _as_json(plan, explanation)
    writers: list[tuple[Path, Callable[[Path], Any]]] = []
    if json_file and json_file != STANDARD_OUTPUT:
        writers.append((Path(json_file), lambda path: path.write_text(answer, encoding="utf-8")))
    if lp:
        writers.append((lp, lambda path: export_mps(plan.program, path)))
    writers += _pack_writers(plan, explanation, excel, pdf, brand)
    write_all(writers)
    if json_file == STANDARD_OUTPUT:
        print(answer)
        return
    _print(plan, explanation, checked_by, [str(t) for t in targets])


def _explained(plan: Allocation) -> Explanation:
    from rich.console import Console  # noqa: PLC0415

    from allocator.explain import explain  # noqa: PLC0415

    console = Console(stderr=True)
    if not console.is_terminal:
        return explain(plan)
    with console.status("asking what would change the answer (re-solving)"):
        return explain(plan)


def _as_json(plan: Allocation, explanation: Explanation) -> str:
    from allocator.report import as_json  # noqa: PLC0415

    return json.dumps(as_json(plan, explanation), indent=2, allow_nan=False, ensure_ascii=False)


def _print(plan: Allocation, explanation: Explanation, checked_by: list[str], written: list[str]) -> None:
    from allocator.report import print_plan  # noqa: PLC0415
    from allocator.terminal import terminal  # noqa: PLC0415

    print_plan(terminal(), plan, explanation, checked_by=checked_by, written=written)


def _agreement(plan: Allocation) -> str:
    """Solve again with CBC; raises where the two disagree."""
    from allocator.program import solve as solving  # noqa: PLC0415

    other = -solving.solve(plan.program, "CBC").objective
    difference = abs(other - plan.npv_usd) / (1.0 + abs(plan.npv_usd))
    if difference > 1e-6:
        raise solving.SolverError(f"CBC finds {other:,.0f} USD where {plan.solver} finds {plan.npv_usd:,.0f} USD")
    return f"CBC agrees to {difference:.0e}"


def _explain_infeasible(case: Case, error: Any, solver: str, json_file: str | None) -> NoReturn:
    from allocator.infeasible import infeasibility  # noqa: PLC0415
    from allocator.report import infeasible_as_json  # noqa: PLC0415
    from allocator.sentences import infeasible  # noqa: PLC0415

    found = infeasibility(error.program)
    for sentence in infeasible(found):
        _say(sentence)
    answer = json.dumps(infeasible_as_json(case.sha256(), solver, found), indent=2, ensure_ascii=False)
    if json_file == STANDARD_OUTPUT:
        print(answer)
    elif json_file:
        write_all([(Path(json_file), lambda path: path.write_text(answer, encoding="utf-8"))])
    raise typer.Exit(INFEASIBLE)


def risk(
    case: CaseArgument,
    settings: SetOption = None,
    paths: Annotated[int, typer.Option("--paths", help="random futures on which mixes are sought")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same futures")] = 1,
    antithetic: Annotated[bool, typer.Option("--antithetic", help="draw shocks in mirrored pairs")] = False,
    workers: Annotated[int, typer.Option("--workers", help="threads; the answer is the same for any number")] = 2,
    json_file: JsonOption = None,
    excel: ExcelOption = None,
    pdf: PdfOption = None,
    template: TemplateOption = None,
) -> None:
    """Weigh mean against tail over many futures; what foresight and waiting are worth."""
    from allocator.allocation import InfeasibleError  # noqa: PLC0415
    from allocator.risk.answer import assess  # noqa: PLC0415
    from allocator.risk.cutting_planes import UnattainableError  # noqa: PLC0415
    from allocator.risk.report import as_json, print_risk  # noqa: PLC0415
    from allocator.terminal import progress_line, terminal  # noqa: PLC0415
    from models.scenarios import Draws  # noqa: PLC0415

    known, brand = _read(case, settings, template, excel, pdf)
    targets = checked_targets(json_file, excel, pdf, read_from=case)
    try:
        with progress_line() as say:
            answer = assess(known, paths, seed, Draws.ANTITHETIC if antithetic else Draws.RANDOM, workers, say)
    except InfeasibleError as error:
        _explain_infeasible(known, error, "HiGHS", json_file)
    except UnattainableError as error:
        _say(f"{error}; lower risk.least_cvar_usd, or leave it out")
        raise typer.Exit(INFEASIBLE) from error
    text = json.dumps(as_json(answer), indent=2, allow_nan=False, ensure_ascii=False) if json_file else ""
    writers: list[tuple[Path, Callable[[Path], Any]]] = []
    if json_file and json_file != STANDARD_OUTPUT:
        writers.append((Path(json_file), lambda path: path.write_text(text, encoding="utf-8")))
    if excel or pdf:
        writers += _pack_writers(answer.plan, _explained(answer.plan), excel, pdf, brand, answer)
    write_all(writers)
    if json_file == STANDARD_OUTPUT:
        print(text)
    else:
        print_risk(terminal(), answer, [str(t) for t in targets])


def _read(
    case: str, settings: list[str] | None, template: Path | None, excel: Path | None, pdf: Path | None
) -> tuple[Case, Brand | None]:
    """The case, and the brand of the pack where a template is named; faults of all options together."""
    from allocator.case_source import read_case  # noqa: PLC0415

    faults: list[Fault] = []
    brand = None
    if template is not None and excel is None and pdf is None:
        remedy = "add --excel FILE or --pdf FILE, or leave it out"
        faults.append(Fault("--template", str(template), "is of use for a pack only", remedy))
    try:
        brand = _brand(template)
    except InputFaultsError as error:
        faults += error.faults
    try:
        _check_printer(pdf)
    except InputFaultsError as error:
        faults += error.faults
    try:
        known = read_case(case, settings or [])
    except InputFaultsError as error:
        raise InputFaultsError([*error.faults, *faults]) from error
    if faults:
        raise InputFaultsError(faults)
    return known, brand


def _brand(template: Path | None) -> Brand | None:
    from allocator.workbook.brand import read_brand  # noqa: PLC0415

    return None if template is None else read_brand(template)


def _check_printer(pdf: Path | None) -> None:
    from allocator.workbook.pdf import checked_printer  # noqa: PLC0415

    if pdf is not None:
        checked_printer()


def _pack_writers(
    plan: Allocation,
    explanation: Explanation,
    excel: Path | None,
    pdf: Path | None,
    brand: Brand | None,
    tail: RiskAnswer | None = None,
) -> Iterator[tuple[Path, Callable[[Path], Any]]]:
    """What writes the board pack, and prints it: both from one workbook."""
    if excel is None and pdf is None:
        return
    from allocator.sensitivity import sensitivities  # noqa: PLC0415
    from allocator.workbook import write_pack  # noqa: PLC0415
    from allocator.workbook.pdf import print_pack  # noqa: PLC0415

    moved = sensitivities(plan)
    written: list[Path] = []

    def write(path: Path) -> None:
        write_pack(plan, explanation, path, brand, moved, tail)
        written.append(path)

    def print_it(path: Path) -> None:
        if written:
            print_pack(written[0], path)
            return
        pack = path.with_suffix(".xlsx")
        try:
            write_pack(plan, explanation, pack, brand, moved, tail)
            print_pack(pack, path)
        finally:
            pack.unlink(missing_ok=True)

    if excel is not None:
        yield excel, write
    if pdf is not None:
        yield pdf, print_it
