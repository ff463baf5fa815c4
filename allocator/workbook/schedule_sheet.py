"""Sheet Schedule: facility MW by use in every quarter, and the limits that hold by quarter; live from *your mix*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.activities import Kind, Use
from allocator.case import Case
from allocator.workbook.entries import Entry
from allocator.workbook.flex import input_name
from allocator.workbook.lines import FIRST_MONTH_COLUMN, Placed
from allocator.workbook.style import (
    DATE,
    FAINT,
    HOSTING,
    IDLE,
    MEGAWATTS,
    MINING,
    MONEY,
    PAPER,
    QUIET,
    WHOLE,
    heading,
    print_setup,
    put,
    put_text,
)
from models.timeline import MONTHS_PER_QUARTER

SHEET = "Schedule"
FIRST_COLUMN = 5
QUARTER_ROW, LABEL_ROW, START_ROW, GRID_ROW = 3, 4, 5, 7
USE_ROWS = {"mining": 8, "hosting": 9, "idle": 10}
FIRST_ENTRY_ROW = 13
Limit = tuple[str, str, str, str]
"""Label, unit, and the formulas of use and size (:func:`_at`)."""


@dataclass(frozen=True)
class QuarterlyLimit:
    """A limit with the rows of the sheet that state its use, its size and what is left."""

    label: str
    unit: str
    used_row: int
    limit_row: int
    headroom_row: int


@dataclass
class Schedule:
    """Where the sheet's lines lie, for charts, limits and checks."""

    quarters: int
    limits: list[QuarterlyLimit] = field(default_factory=list)

    @property
    def last_column(self) -> str:
        """Letter of the last quarter's column."""
        return str(get_column_letter(FIRST_COLUMN + self.quarters - 1))

    def all_quarters(self, row: int) -> str:
        """Absolute address of every quarter of a row."""
        return f"'{SHEET}'!${get_column_letter(FIRST_COLUMN)}${row}:${self.last_column}${row}"

    def holds(self, limit: QuarterlyLimit) -> str:
        """Formula, without ``=``, of whether a limit holds in every quarter but for a solver's last digits."""
        slack = "const__tolerance_usd" if limit.unit == "USD" else "const__tolerance_mw"
        headroom, used = self.all_quarters(limit.headroom_row), self.all_quarters(limit.used_row)
        return f"MIN({headroom})>=-{slack}-const__tolerance_share*MAX({used})"


def write_schedule(sheet: Worksheet, case: Case, entries: Sequence[Entry], monthly: Placed) -> Schedule:
    """Grid, uses, every activity and every limit by quarter."""
    heading(
        sheet,
        "Schedule",
        "Facility MW in use in each quarter, from your mix on sheet Mix. A quarter counts its fullest month.",
    )
    schedule = Schedule(case.timeline.quarters)
    for column, width in (("A", 46), ("B", 14), ("C", 14), ("D", 3)):
        sheet.column_dimensions[column].width = width
    span = sheet.column_dimensions[get_column_letter(FIRST_COLUMN)]
    span.width, span.min, span.max = 12.5, FIRST_COLUMN, FIRST_COLUMN + schedule.quarters - 1
    write = _Rows(sheet, schedule)
    write.row(QUARTER_ROW, "Quarter", "quarters", f"=<before>{QUARTER_ROW}+1", WHOLE, head=True)
    put(sheet, f"D{QUARTER_ROW}", -1, colour=FAINT, size=7)
    write.row(
        LABEL_ROW,
        "Begins in",
        "",
        f'="Q"&ROUNDUP(MONTH(<here>{START_ROW})/const__months_per_quarter,0)&" "&YEAR(<here>{START_ROW})',
        "General",
        head=True,
    )
    write.row(
        START_ROW,
        "First day",
        "date",
        f"=EDATE(in__valuation_date,const__months_per_quarter*<here>{QUARTER_ROW})",
        DATE,
        head=True,
    )
    write.row(GRID_ROW, "Grid", "facility MW", _stage("tables__grid", f"<here>${START_ROW}"), MEGAWATTS)
    last = FIRST_ENTRY_ROW + len(entries) - 1
    put(sheet, f"A{FIRST_ENTRY_ROW - 1}", "Every activity", bold=True)
    for row, entry in enumerate(entries, start=FIRST_ENTRY_ROW):
        write.row(row, entry.activity.name, "facility MW", _occupied(entry), MEGAWATTS)
    rows = range(FIRST_ENTRY_ROW, last + 1)
    for use in Use:
        own = [r for r, e in zip(rows, entries, strict=True) if e.activity.use is use]
        write.row(
            USE_ROWS[use.value],
            use.value.capitalize(),
            "facility MW",
            f"=SUM(<here>{own[0]}:<here>{own[-1]})" if own else f"=0*<here>{GRID_ROW}",
            MEGAWATTS,
            total="MAX",
        )
    write.row(
        USE_ROWS["idle"],
        "Idle",
        "facility MW",
        f"=<here>{GRID_ROW}-<here>{USE_ROWS['mining']}-<here>{USE_ROWS['hosting']}",
        MEGAWATTS,
        total="MAX",
    )
    for name, colour in (("mining", MINING), ("hosting", HOSTING), ("idle", IDLE)):
        put(sheet, f"D{USE_ROWS[name]}", None, fill=colour)
    _write_limits(write, _limits(case, entries, monthly), last + 2)
    sheet.freeze_panes = f"{get_column_letter(FIRST_COLUMN)}{START_ROW + 1}"
    print_setup(sheet, titles_rows="1:5", title_columns="A:D")
    sheet.page_setup.fitToWidth = max(1, schedule.quarters // 20)
    return schedule


def _stage(name: str, first_day: str) -> str:
    """The smaller of the stages in force on a quarter's first and last day; nothing before the first."""
    last_day = f"EDATE({first_day},const__months_per_quarter)-1"
    on = [f"IFERROR(INDEX({name},MATCH({day},{name}_from,1)),0)" for day in (first_day, last_day)]
    return f"=IF(ISNUMBER({on[0]}),MIN({on[0]},{on[1]}),{on[0]})"


def _occupied(entry: Entry) -> str:
    """Facility MW of an activity: its fullest month of the quarter."""
    row = entry.here.rows["occupied_share"]
    months = f"'{entry.here.title}'!<first month>${row}:<last month>${row}"
    return f"={entry.your_mw}*{entry.here.single('facility_mw_per_unit')}*MAX({months})"


def _at(formula: str, quarter: int) -> str:
    """A formula with the letters of its quarter's column and of the first and last month of that quarter."""
    first = FIRST_MONTH_COLUMN + 1 + quarter * MONTHS_PER_QUARTER
    letters = {
        "<here>": FIRST_COLUMN + quarter,
        "<before>": FIRST_COLUMN + quarter - 1,
        "<first month>": first,
        "<second month>": first + MONTHS_PER_QUARTER - 2,
        "<last month>": first + MONTHS_PER_QUARTER - 1,
    }
    for word, column in letters.items():
        formula = formula.replace(word, get_column_letter(column))
    return formula


class _Rows:
    """Writes rows of the sheet: a label, a unit, a peak, and one formula in every quarter."""

    def __init__(self, sheet: Worksheet, schedule: Schedule) -> None:
        self.sheet, self.schedule = sheet, schedule

    def row(
        self,
        row: int,
        label: str,
        unit: str,
        formula: str,
        form: str,
        *,
        head: bool = False,
        total: str = "",
    ) -> None:
        """One row; ``formula`` names its columns as :func:`_at` fills them in."""
        put_text(self.sheet, f"A{row}", label, bold=head)
        put(self.sheet, f"B{row}", unit, colour=QUIET)
        if total:
            put(
                self.sheet,
                f"C{row}",
                f"={total}({self.schedule.all_quarters(row).partition('!')[2]})",
                form=form,
                bold=True,
            )
        looks = None
        for quarter in range(self.schedule.quarters):
            column = FIRST_COLUMN + quarter
            text = _at(formula, quarter)
            if looks is None:
                first = put(
                    self.sheet,
                    f"{get_column_letter(column)}{row}",
                    text,
                    form=form,
                    bold=head,
                    fill=PAPER if head else None,
                    align="right",
                )
                looks = first._style  # noqa: SLF001  (openpyxl's shared style record, as on the monthly sheets)
            else:
                self.sheet.cell(row, column, text)._style = looks  # noqa: SLF001

    def limit(self, row: int, label: str, unit: str, used: str, limit: str) -> int:
        """Use, size and headroom of a limit in three rows; returns the next free row."""
        form = MONEY if unit == "USD" else MEGAWATTS
        self.row(row, f"{label}: used", unit, used, form, total="MAX")
        self.row(row + 1, f"{label}: limit", unit, limit, form)
        self.row(
            row + 2,
            f"{label}: headroom",
            unit,
            f'=IF(ISNUMBER(<here>{row + 1}),<here>{row + 1}-<here>{row},"no limit")',
            form,
            total="MIN",
        )
        self.schedule.limits.append(QuarterlyLimit(label, unit, row, row + 1, row + 2))
        return row + 4


def _write_limits(write: _Rows, limits: Iterator[Limit], row: int) -> None:
    put(write.sheet, f"A{row}", "Limits by quarter", bold=True)
    row += 1
    for label, unit, used, limit in limits:
        row = write.limit(row, label, unit, used, limit)


def _limits(case: Case, entries: Sequence[Entry], monthly: Placed) -> Iterator[Limit]:
    mw = "facility MW"
    yield (
        "Grid",
        mw,
        f"=<here>{USE_ROWS['mining']}+<here>{USE_ROWS['hosting']}",
        f"=<here>{GRID_ROW}",
    )
    yield (
        "Capital",
        "USD",
        f"={monthly.month('capital_used_usd', '<second month>')}",
        _stage("tables__capital", f"<here>${START_ROW}"),
    )
    rows = list(enumerate((e.activity for e in entries), start=FIRST_ENTRY_ROW))
    for i, purchase in enumerate(case.purchases):
        own = [row for row, a in rows if a.kind is Kind.PURCHASE and a.owner == i]
        if own:
            limit = input_name(f"purchases[{i}].max_facility_mw")
            yield f"Purchase {purchase.name}", mw, _sum_of(own), f"={limit}"
    for tenant in dict.fromkeys(lease.tenant for lease in case.leases):
        own = [row for row, a in rows if a.kind is Kind.LEASE and case.leases[a.owner].tenant == tenant]
        yield f"Tenant {tenant}", mw, _sum_of(own), f"=in__policy__max_tenant_share*<here>{GRID_ROW}"
    if case.leases:
        hosting = f"{USE_ROWS['hosting']}"
        yield (
            "Hosting share",
            mw,
            f"=<here>{hosting}",
            f"=in__policy__max_hosting_share*<here>{GRID_ROW}",
        )
        yield (
            "Flexible floor",
            mw,
            f"=<here>{hosting}",
            f"=MAX(0,<here>{GRID_ROW}-in__policy__min_flexible_mw)",
        )


def _sum_of(rows: list[int]) -> str:
    return "=" + "+".join(f"<here>{row}" for row in rows)
