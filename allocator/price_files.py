"""A year of metered prices from a CSV file: read whole, or refused with every fault and its line."""

from __future__ import annotations

import csv
import dataclasses
import io
from operator import itemgetter
from pathlib import Path

import numpy as np

from allocator.price_checks import price_findings, time_findings
from allocator.price_layouts import KNOWN_LAYOUTS, Columns, Finding, Rows, columns_of, number, readable, times
from models.assumptions import Fault, InputFaultsError
from models.hourly_prices import CALENDAR_MONTHS, HourlyPrices
from models.timeline import Vector

LARGEST_FILE_BYTES = 50_000_000
MOST_FAULTS_SHOWN = 25
POINT_MARK = "#"
DELIMITERS = (",", ";", "\t")
NOT_FINITE = ("nan", "inf", "infinity")


def read_prices(path: Path | str, settlement_point: str | None = None) -> HourlyPrices:
    """Prices of every interval of a year or more, by calendar month of the interval's start in local time.

    Layouts, recognised by their header: ``timestamp,price`` (ISO, with or without offset from UTC; local time is the
    timestamp's own) and ERCOT's settlement point prices, real-time or day-ahead, as published day by day or as
    a yearly sheet saved as CSV. Timestamps mark the *start* of an interval of 60, 30, 15 or 5 minutes. Prices in
    USD/MWh; they may be negative.

    Parameters
    ----------
    path : the file. ``prices.csv#HB_NORTH`` chooses a settlement point of a file that has several.
    settlement_point : the same choice; it goes before one in the path.

    Raises
    ------
    InputFaultsError
        With every fault found, each naming its line; of many, the first 25 and how many more there are.
    """
    file, point = _file_and_point(str(path))
    point = settlement_point or point
    label = file.name or str(file)
    text = _text(file, label)
    columns, rows, broken = _read_rows(text, label, point)
    findings: list[Finding] = []
    prices = _prices(rows, findings)
    when = times(rows, columns.layout, findings)
    lines = np.array(rows.lines)
    findings += time_findings(lines, when)
    usable = np.isfinite(prices) & readable(when.wall)
    findings += price_findings(lines[usable], prices[usable], when.wall[usable], unit_is_named=columns.unit_is_named)
    refused = {finding.line for finding in broken}
    findings = broken + [finding for finding in findings if finding.line not in refused]
    if findings:
        raise _refusal(label, findings)
    month = np.asarray(when.wall.month)
    months = tuple(tuple(prices[month == m + 1].tolist()) for m in range(CALENDAR_MONTHS))
    return HourlyPrices(file=str(path), months=months)


def _file_and_point(given: str) -> tuple[Path, str | None]:
    """Split ``prices.csv#HB_NORTH``; a file that has such a name itself goes before."""
    name, mark, point = given.rpartition(POINT_MARK)
    if not mark or Path(given).exists():
        return Path(given), None
    return Path(name), point or None


def _text(file: Path, label: str) -> str:
    """The file's text, refused before it is read if it cannot be a price file."""
    if not file.exists():
        raise _refused(label, "does not exist", "give a CSV file of prices")
    if not file.is_file():
        raise _refused(label, "is not a file", "give a CSV file of prices")
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise _refused(label, f"is larger than {LARGEST_FILE_BYTES / 1e6:,.0f} MB",
                       "keep one settlement point; a year of 15-minute prices has 2 MB")  # fmt: skip
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _refused(label, f"cannot be read ({error.strerror})", "check its permissions") from error
    if content.startswith(b"PK\x03\x04"):
        raise _refused(label, "is a workbook or an archive, not CSV", "save the sheet as CSV, or unpack it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(label, "is not a text file", "give CSV in UTF-8") from error
    if "\0" in text:
        raise _refused(label, "is not a text file", "give CSV in UTF-8")
    if not text.strip():
        raise _refused(label, "is empty", KNOWN_LAYOUTS)
    return text


def _read_rows(text: str, label: str, point: str | None) -> tuple[Columns, Rows, list[Finding]]:
    """The columns that matter, of one settlement point; and the rows whose cells do not match the header."""
    first_line = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first_line.count), strict=True)
    rows, broken = Rows(), list[Finding]()
    points: dict[str, None] = {}
    try:
        header = next(row for row in reader if any(row))
        columns = columns_of(header)
        if isinstance(columns, Finding):
            raise _refusal(label, [dataclasses.replace(columns, line=reader.line_num)])
        chosen = point
        wanted = itemgetter(*columns.when, columns.price)
        for row in reader:
            if not any(row) or row == header:  # blank, or the header again where files were joined
                continue
            if len(row) != len(header) and (len(row) < len(header) or any(row[len(header) :])):
                broken.append(Finding(reader.line_num, "", f"has {len(row)} cells where the header has {len(header)}",
                                      "correct the row; write decimals with a point"))  # fmt: skip
                rows.lines.append(reader.line_num)
                rows.cells.append(("",) * (len(columns.when) + 1))
                continue
            if columns.point is not None:
                name = columns.settlement_point(row)
                points[name] = None
                chosen = chosen or name
                if name != chosen:
                    continue
            rows.lines.append(reader.line_num)
            rows.cells.append(wanted(row))
    except csv.Error as error:
        raise _refusal(label, [Finding(reader.line_num, "", f"is not CSV: {error}", "correct its quotes")]) from error
    _check_point(label, list(points), point, named=columns.point is not None)
    if not rows.lines:
        raise _refused(label, "has a header and no rows", "give prices of a whole year")
    return columns, rows, broken


def _check_point(label: str, points: list[str], point: str | None, *, named: bool) -> None:
    """Refuse a file of several settlement points of which none, or one that is not there, was chosen."""
    listed = ", ".join(points[:MOST_FAULTS_SHOWN]) + (", ..." if len(points) > MOST_FAULTS_SHOWN else "")
    if point is None and len(points) > 1:
        raise _refused(label, f"has {len(points)} settlement points: {listed}",
                       f"choose one: {label}{POINT_MARK}{points[0]}")  # fmt: skip
    if point is not None and not named:
        raise _refused(label, f"names no settlement point, so not {point}", f"leave out {POINT_MARK}{point}")
    if point is not None and points and point not in points:
        raise _refused(label, f"has no settlement point {point}", f"choose one of {listed}")


def _prices(rows: Rows, findings: list[Finding]) -> Vector:
    texts = rows.columns[-1]
    prices = np.array([number(text) for text in texts])
    for i in np.flatnonzero(~np.isfinite(prices)).tolist():
        text = texts[i]
        rule = "is not a finite number" if text.strip("+-").lower() in NOT_FINITE else "is not a number"
        findings.append(Finding(rows.lines[i], repr(text)[:40] if text else "no price", rule,
                                "give a price in USD/MWh"))  # fmt: skip
    return prices


def _refused(label: str, rule: str, remedy: str) -> InputFaultsError:
    return InputFaultsError([Fault(label, "", rule, remedy)])


def _refusal(label: str, findings: list[Finding]) -> InputFaultsError:
    """Every finding in the order of the lines; of many the first, and how many more."""
    ordered = sorted(findings)
    faults = [Fault(f"{label}, line {f.line}", f.value, f.rule, f.remedy) for f in ordered[:MOST_FAULTS_SHOWN]]
    more = len(ordered) - len(faults)
    if more:
        faults.append(Fault(label, "", f"... and {more} more", "correct those above and read it again"))
    return InputFaultsError(faults)
