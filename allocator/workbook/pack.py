"""Writes the board pack: a workbook that is the model, not a print-out of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils.cell import coordinate_to_tuple

from allocator.activities import Kind
from allocator.allocation import Allocation
from allocator.explain import Explanation
from allocator.formats import quarter
from allocator.risk.answer import RiskAnswer
from allocator.sensitivity import Sensitivities
from allocator.workbook.across import Across, share_across
from allocator.workbook.assumptions_sheet import SHEET as ASSUMPTIONS
from allocator.workbook.assumptions_sheet import define, write_assumptions
from allocator.workbook.brand import Brand, shipped_brand
from allocator.workbook.bridge import write_bridge
from allocator.workbook.cached import CalculationError, evaluated, write_cached_values
from allocator.workbook.cash_flow_sheet import write_cash_flow
from allocator.workbook.checks_sheet import write_checks
from allocator.workbook.deals_sheet import SHEET as DEALS
from allocator.workbook.deals_sheet import write_signed_deals
from allocator.workbook.entries import FIRST_MIX_ROW, Entry, entries
from allocator.workbook.flex import put_in_use
from allocator.workbook.lines import Formula, Placed
from allocator.workbook.method_sheet import write_method
from allocator.workbook.mix_sheet import write_mix
from allocator.workbook.monthly_lines import monthly_statement
from allocator.workbook.monthly_sheets import placed, write_statement
from allocator.workbook.network_lines import network_statement
from allocator.workbook.offers_sheet import SHEET as OFFERS
from allocator.workbook.offers_sheet import write_offers
from allocator.workbook.prices_sheet import SHEET as PRICES
from allocator.workbook.prices_sheet import write_prices
from allocator.workbook.risk_sheet import SHEET as RISK
from allocator.workbook.risk_sheet import write_risk
from allocator.workbook.schedule_sheet import write_schedule
from allocator.workbook.sensitivity_sheet import SHEET as SENSITIVITY
from allocator.workbook.sensitivity_sheet import write_sensitivity
from allocator.workbook.style import finish, new_workbook
from allocator.workbook.summary_sheet import write_summary
from allocator.workbook.tables_sheet import write_tables

ENGINE_TOLERANCE = 1e-9
FRONT, STATEMENTS = ("Summary", "Mix", "Schedule", "Cash flow"), ("Monthly", "Network")
BACK = ("Assumptions", "Tables", "Checks", "Method")


def write_pack(
    plan: Allocation,
    explanation: Explanation,
    path: Path,
    brand: Brand | None = None,
    sensitivities: Sensitivities | None = None,
    tail: RiskAnswer | None = None,
) -> None:
    """The plan as a workbook whose every figure is a formula back to the blue inputs.

    The file appears whole or not at all. Its NPV is compared with the engine's before it appears.

    Raises
    ------
    CalculationError
        If a formula has no value, or the workbook does not reproduce the engine's NPV to 1e-9.
    """
    book, across = _assembled(plan, explanation, brand or shipped_brand(), sensitivities, tail)
    finish(book, brand)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:40]}.") as folder:
        narrow, shared, full = (Path(folder) / f"{stage}.xlsx" for stage in ("narrow", "shared", "full"))
        book.save(narrow)
        share_across(narrow, shared, across)
        model = evaluated(shared)
        write_cached_values(narrow, full, model, across)
        _compare(book, model, plan)
        full.replace(path)


def _assembled(
    plan: Allocation, explanation: Explanation, brand: Brand, found: Sensitivities | None, tail: RiskAnswer | None
) -> tuple[Workbook, Across]:
    case, chosen = plan.case, entries(plan)
    book = new_workbook(brand)
    prices = case.power.hourly_prices
    front = (*FRONT, SENSITIVITY, *([RISK] if tail else []), *([OFFERS, DEALS] if case.leases else []), *STATEMENTS)
    titles = (*front, *(e.here.title for e in chosen), *BACK[:1], *([PRICES] if prices else []), *BACK[1:])
    sheets = {title: book.create_sheet(title) for title in titles}
    months = case.timeline.months
    of_network = network_statement(case)
    network = placed(of_network, "Network", months)
    lines = monthly_statement(case, chosen)
    monthly = placed(lines, "Monthly", months)
    places: dict[str, Placed] = {"network": network, **{e.reference: e.here for e in chosen}}

    formulas: dict[str, dict[int, Formula]] = {}
    formulas["Network"] = write_statement(
        sheets["Network"],
        of_network,
        network,
        places,
        title="Network",
        note="Bitcoin's reward, the hashrate that competes for it, and the hashprice that follows.",
    )
    for entry in chosen:
        formulas[entry.here.title] = _write_entry(book, plan, entry, places)
    formulas["Monthly"] = write_statement(
        sheets["Monthly"],
        lines,
        monthly,
        places,
        title="Monthly",
        note="Your mix: every activity's lines times its megawatts.",
    )
    write_assumptions(book, sheets["Assumptions"], case)
    if prices:
        write_prices(book, sheets[PRICES], prices)
    write_tables(book, sheets["Tables"], case, monthly, network)
    write_method(book, sheets["Method"], plan)
    define(book, "out__irr", "Monthly", f"$C${monthly.rows['irr']}")
    schedule = write_schedule(sheets["Schedule"], case, chosen, monthly)
    write_mix(book, sheets["Mix"], plan, chosen, schedule)
    bridge = write_bridge(sheets["Mix"], plan, chosen, schedule, FIRST_MIX_ROW + len(chosen) + len(schedule.limits) + 7)
    moneys = write_cash_flow(sheets["Cash flow"], case, monthly, network)
    write_sensitivity(book, sheets[SENSITIVITY], plan, monthly, found)
    if tail:
        write_risk(sheets[RISK], tail)
    write_checks(book, sheets["Checks"], plan, chosen, schedule, monthly, moneys)
    if case.leases:
        write_offers(sheets[OFFERS], plan, chosen)
        write_signed_deals(sheets[DEALS], plan)
    write_summary(sheets["Summary"], plan, explanation, schedule, monthly, bridge, sheets, brand, tail)
    return book, Across(months, put_in_use(book, formulas, case, (ASSUMPTIONS, SENSITIVITY)))


def _write_entry(book: Workbook, plan: Allocation, entry: Entry, places: Mapping[str, Placed]) -> dict[int, Formula]:
    label = plan.case.timeline.quarter_label
    a = entry.activity
    unit = "one critical IT MW let" if a.kind is Kind.LEASE else "one facility MW of machines"
    note = f"{a.use.value}: {unit}, {quarter(label(a.start))} to {quarter(label(a.stop))}. Sheet Mix says how many."
    title = f"{a.name[:1].upper()}{a.name[1:]}"
    return write_statement(
        book[entry.here.title],
        entry.statement,
        entry.here,
        places,
        title=title,
        note=note,
        own_inputs=entry.own_inputs,
        properties=entry.values,
    )


def _compare(book: Workbook, model: object, plan: Allocation) -> None:
    """The workbook's NPV beside the engine's, before anybody sees the file."""
    sheet, _, cell = book.defined_names["out__npv_usd"].attr_text.rpartition("!")
    address = cell.replace("$", "")
    found = _number(model, book.sheetnames.index(sheet.strip("'")), address)
    expected = float(sum(line.npv_usd for line in plan.mix))
    if not abs(found - expected) <= ENGINE_TOLERANCE * max(1.0, abs(expected)):
        raise CalculationError(f"the workbook's NPV {found!r} is not the engine's {expected!r}")


def _number(model: object, sheet: int, address: str) -> float:
    row, column = coordinate_to_tuple(address)
    return float(model.get_cell_value(sheet, row, column))  # type: ignore[attr-defined]
