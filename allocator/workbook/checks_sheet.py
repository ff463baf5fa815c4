"""Sheet Checks: every statement that must hold, live, each TRUE or FALSE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Kind
from allocator.allocation import Allocation
from allocator.workbook.assumptions_sheet import INPUTS_CHANGED, define
from allocator.workbook.entries import FIRST_MIX_ROW, MIX_SHEET, Entry
from allocator.workbook.flex import input_name
from allocator.workbook.lease_unit import tables_name
from allocator.workbook.lines import Placed
from allocator.workbook.schedule_sheet import GRID_ROW, USE_ROWS, Schedule
from allocator.workbook.style import (
    GAIN,
    LOSS,
    MONEY,
    QUIET,
    header_row,
    heading,
    print_setup,
    put,
    put_text,
)

SHEET = "Checks"
HEAD_ROW, FIRST_ROW = 5, 6


@dataclass(frozen=True)
class Check:
    """One statement: words, and the formulas (without ``=``) of the two figures and of whether it holds."""

    words: str
    found: str
    expected: str
    holds: str
    form: str = "#,##0.000000;-#,##0.000000;0"


def write_checks(
    book: Workbook,
    sheet: Worksheet,
    plan: Allocation,
    entries: Sequence[Entry],
    schedule: Schedule,
    monthly: Placed,
    moneys: tuple[str, str],
) -> int:
    """Every check; returns how many there are."""
    heading(
        sheet,
        "Checks",
        "All must be TRUE. They follow your mix and every blue input; a FALSE says which limit or identity is broken.",
    )
    for column, width in zip("ABCD", (86, 22, 22, 10), strict=True):
        sheet.column_dimensions[column].width = width
    header_row(sheet, HEAD_ROW, ["Check", "Found", "Limit or expected", "Holds"])
    found = [
        *_limits(plan, entries, schedule),
        *_terms(plan),
        *_identities(entries, schedule, monthly),
        _balance(*moneys),
        *_dates(plan, entries),
    ]
    for row, check in enumerate(found, start=FIRST_ROW):
        put_text(sheet, f"A{row}", check.words)
        put(sheet, f"B{row}", f"={check.found}", form=check.form, align="right")
        put(sheet, f"C{row}", f"={check.expected}", form=check.form, align="right")
        put(sheet, f"D{row}", f"={check.holds}", bold=True, align="center")
    last = FIRST_ROW + len(found) - 1
    put(sheet, "A3", "All checks pass", bold=True)
    put(sheet, "D3", f"=AND(D{FIRST_ROW}:D{last})", bold=True, align="center")
    put(sheet, "C3", f'=COUNTIF(D{FIRST_ROW}:D{last},TRUE)&" of {len(found)}"', colour=QUIET, align="right")
    define(book, "out__checks_passed", SHEET, "$D$3")
    define(book, "pack__checks_said", SHEET, "$C$3")
    put(sheet, "A4", f'=IF(D3,"",INDEX(A{FIRST_ROW}:A{last},MATCH(FALSE,D{FIRST_ROW}:D{last},0)))', colour=LOSS)
    define(book, "pack__first_broken", SHEET, "$A$4")
    for value, colour in (("TRUE", GAIN), ("FALSE", LOSS)):
        sheet.conditional_formatting.add(
            f"D3:D{last}", CellIsRule(operator="equal", formula=[value], font=Font(color=colour.of_cell, bold=True))
        )
    sheet.freeze_panes = f"A{FIRST_ROW}"
    print_setup(sheet, titles_rows=f"{HEAD_ROW}:{HEAD_ROW}")
    return len(found)


def _limits(plan: Allocation, entries: Sequence[Entry], schedule: Schedule) -> Iterator[Check]:
    for limit in schedule.limits:
        least = f"MIN({schedule.all_quarters(limit.headroom_row)})"
        form = MONEY if limit.unit == "USD" else "#,##0.000000;-#,##0.000000;0"
        yield Check(
            f"{limit.label}: headroom is not negative in any quarter ({limit.unit})",
            least,
            "0",
            schedule.holds(limit),
            form,
        )
    if entries:
        yield from _typed_mix(entries)
    case = plan.case
    for i, fleet in enumerate(case.fleets):
        yield _at_most(
            f"Fleet {fleet.name}: no more runs or is sold than is owned (facility MW)",
            _taken(entries, Kind.FLEET, i),
            input_name(f"fleets[{i}].facility_mw"),
        )
    for i, lease in enumerate(case.leases):
        taken = _taken(entries, Kind.LEASE, i)
        name = input_name(f"leases[{i}].")
        yield _at_most(
            f"Offer {lease.name}: no more is let than is offered (critical IT MW)", taken, f"{name}critical_it_mw"
        )
        signed = f"IF({name}min_mw>0,{name}min_mw,{name}critical_it_mw)"
        least = f"IF({name}committed,{signed},IF({taken}>const__tolerance_mw,{name}min_mw,0))"
        yield Check(
            f"Offer {lease.name}: the tenant's least take, and all that is signed (critical IT MW)",
            taken,
            least,
            f"{taken}>={least}-const__tolerance_mw-const__tolerance_share*{name}critical_it_mw",
        )
        for entry in (e for e in entries if e.activity.kind is Kind.LEASE and e.activity.owner == i):
            halls = f"IF({name}block_mw>0,{entry.your_mw}/{name}block_mw,0)"
            yield Check(
                f"{entry.activity.name[:1].upper()}{entry.activity.name[1:]}: whole halls",
                halls,
                f"ROUND({halls},0)",
                f"ABS({halls}-ROUND({halls},0))<=const__tolerance_mw",
            )


def _terms(plan: Allocation) -> Iterator[Check]:
    """What an edited term sheet must keep, as reading the pack back would ask."""
    for i, lease in enumerate(plan.case.leases):
        name, own = f"Offer {lease.name}", input_name(f"leases[{i}].")
        if lease.halls:
            shares = "+".join(input_name(f"leases[{i}].halls[{h}].share") for h in range(len(lease.halls)))
            yield _same(f"{name}: its deliveries hand over the whole offer (share)", f"({shares})", "1")
            first = f"{own}halls_0__months_after_first"
            yield Check(f"{name}: its first delivery comes at once (months)", first, "0", f"{first}=0", "0")
        if lease.draw_curve:
            yield _same(f"{name}: the whole cost is drawn (share)", f"SUM({tables_name(i, 'draw_share')})", "1")
        cap, named = f"{own}guarantor_cap_share", f'IF({own}guarantor="",0,1)'
        yield Check(f"{name}: whoever guarantees its rent is named (share)", cap, named, f"{cap}<={named}")
        term, free, tenor = f"12*{own}term_years", f"{own}free_rent_months", f"{own}debt_tenor_years"
        yield Check(f"{name}: free rent ends within the term (months)", free, term, f"{free}<{term}", "0")
        matures = f"IF(ISNUMBER({tenor}),12*{tenor}+{free},{term})"
        yield Check(f"{name}: its loan matures within the term (months)", matures, term, f"{matures}<={term}", "0")
        leaves = f"IF(ISNUMBER({own}termination_after_years),12*{own}termination_after_years,0)"
        yield Check(f"{name}: the right to leave falls inside the term (months)", leaves, term, f"{leaves}<{term}", "0")


def _typed_mix(entries: Sequence[Entry]) -> Iterator[Check]:
    yours = f"'{MIX_SHEET}'!$G${FIRST_MIX_ROW}:$G${FIRST_MIX_ROW + len(entries) - 1}"
    yield Check("Your mix holds no negative megawatts", f"MIN({yours})", "0", f"MIN({yours})>=0")
    yield Check(
        "Your mix holds a number for every activity",
        f"COUNT({yours})",
        f"ROWS({yours})",
        f"COUNT({yours})=ROWS({yours})",
        "0",
    )


def _taken(entries: Sequence[Entry], kind: Kind, owner: int) -> str:
    own = [e.your_mw for e in entries if e.activity.kind is kind and e.activity.owner == owner]
    return f"({'+'.join(own)})" if own else "0"


def _at_most(words: str, found: str, limit: str) -> Check:
    return Check(words, found, limit, f"{found}<={limit}*(1+const__tolerance_share)+const__tolerance_mw")


def _same(words: str, found: str, expected: str) -> Check:
    return Check(
        words,
        found,
        expected,
        f"ABS({found}-{expected})<=const__tolerance_share*(1+ABS({found})+ABS({expected}))",
        MONEY,
    )


def _identities(entries: Sequence[Entry], schedule: Schedule, monthly: Placed) -> Iterator[Check]:
    uses = "+".join(f"SUM({schedule.all_quarters(row)})" for row in USE_ROWS.values())
    yield Check(
        "Mining, hosting and idle add up to the grid (facility MW-quarters)",
        uses,
        f"SUM({schedule.all_quarters(GRID_ROW)})",
        f"ABS({uses}-SUM({schedule.all_quarters(GRID_ROW)}))<=const__tolerance_mw",
    )
    yield _same(
        "Ledger of activities equals the NPV of the monthly statement, your mix (USD)",
        "out__your_npv_usd",
        monthly.single("npv_usd"),
    )
    yield _same(
        "Capex of the activities equals capex of the monthly statement, your mix (USD)",
        "out__capex_usd",
        monthly.single("capex_usd"),
    )
    solved = f"IF({INPUTS_CHANGED},out__npv_usd,solved__npv_usd)"
    yield _same(
        "The recommended mix is worth what the optimiser found, as long as no input is changed (USD)",
        "out__npv_usd",
        solved,
    )
    for entry in entries:
        here, name = entry.here, entry.activity.name
        if "depreciation_usd" in here.rows:
            parts = [here.single(line) for line in ("depreciation_usd", "written_off_usd") if line in here.rows]
            deducted = f"({'+'.join(parts)})"
            yield _same(
                f"{name[:1].upper()}{name[1:]}: all of its cost is deducted once, per unit (USD)",
                deducted,
                here.single("all_capex_usd"),
            )
        if "balance_usd" in here.rows:
            funded = f"({here.single('draw_usd')}+{here.single('interest_usd')})"
            yield _same(
                f"{name[:1].upper()}{name[1:]}: debt drawn and interest equal debt service and balloon, per unit (USD)",
                funded,
                f"({here.single('service_usd')}+{here.single('balloon_usd')})",
            )
            yield Check(
                f"{name[:1].upper()}{name[1:]}: the debt service reserve is given back in full, per unit (USD)",
                here.single("reserve_usd"),
                "0",
                f"ABS({here.single('reserve_usd')})<=const__tolerance_usd",
                MONEY,
            )


def _balance(sources: str, uses: str) -> Check:
    away = f"SUMPRODUCT(ABS({sources}-{uses}))"
    all_of = f"(1+SUM({sources}))"
    return Check(
        "Sources of money equal its uses in every year (USD million, sum of differences)",
        away,
        "0",
        f"{away}<=const__tolerance_share*{all_of}",
    )


def _dates(plan: Allocation, entries: Sequence[Entry]) -> Iterator[Check]:
    """What an edited term could break although the activity's dates stay where they are."""
    months = plan.case.timeline.months
    for entry in entries:
        here, name = entry.here, entry.activity.name[:1].upper() + entry.activity.name[1:]
        if entry.activity.kind is Kind.LEASE:
            start, build = here.single("start_month"), f"{entry.own_inputs}build_months"
            yield Check(f"{name}: the first hall can be built by then (months)", build, start, f"{build}<={start}", "0")
            end, last = here.single("end_month"), f"COUNT({here.all_months('since')})-1"
            given = f"SUM({here.all_months('hall_credit_due_usd')})"
            own = entry.own_inputs
            prepaid = f"1000*{own}rent_usd_per_kw_month*{own}prepaid_rent_months"
            for_capex = f"{here.single('total_cost_usd')}*{own}tenant_capex_share*{own}tenant_capex_credit_share"
            yield _same(
                f"{name}: what is credited is credited in full, a hall (USD)", given, f"({prepaid}+{for_capex})"
            )
            credit, rent = here.all_months("hall_credit_due_usd"), here.all_months("hall_contract_rent_usd")
            above = f"SUMPRODUCT(({credit}>{rent}*(1+const__tolerance_share))*1)"
            yield Check(f"{name}: months in which credits are more than the rent", above, "0", f"{above}=0", "0")
            yield Check(
                f"{name}: its last renewal ends within the {months} months planned", end, last, f"{end}<={last}", "0"
            )
        elif entry.activity.kind is Kind.PURCHASE:
            lead, start = f"{entry.own_inputs}lead_months", here.single("start_month")
            yield Check(f"{name}: the machines can be there by then (months)", lead, start, f"{lead}<={start}", "0")
            years = f"(({here.single('stop_month')}-{start})/12)"
            yield Check(
                f"{name}: they run no longer than their life (years)",
                years,
                f"{entry.own_inputs}life_years",
                f"{years}<={entry.own_inputs}life_years",
                "0",
            )
        else:
            years = f"({here.single('stop_month')}/12)"
            yield Check(
                f"{name}: they run no longer than their life (years)",
                years,
                f"{entry.own_inputs}remaining_life_years",
                f"{years}<={entry.own_inputs}remaining_life_years",
                "0.00",
            )
