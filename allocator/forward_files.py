"""A forward curve from a CSV file: ``date`` and any of the figures that a forward point can give."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from models.assumptions import Fault, InputFaultsError

LARGEST_FILE_BYTES = 1_000_000
DATE_HEADS = ("from", "date", "month")
FIGURES = ("btc_price_usd", "difficulty", "hashprice_usd_per_ph_day")


def read_forward(path: Path) -> list[dict[str, Any]]:
    """Rows of a forward curve as the ``market.forward`` list of a case file; empty cells are left out.

    Raises
    ------
    InputFaultsError
        With every fault of the file, each naming its line. Bounds and dates are checked with the case.
    """
    rows = list(csv.reader(io.StringIO(_text(path))))
    if not rows:
        raise _refused([Fault(str(path), "", "is empty", f"write a header such as date,{FIGURES[0]}")])
    heads = [head.strip().lower() for head in rows[0]]
    unknown = [head for head in heads if head not in (*DATE_HEADS, *FIGURES)]
    if heads[0] not in DATE_HEADS or unknown or len(heads) < 2 or len(set(heads)) < len(heads):
        rule = "is not a header of a forward curve"
        raise _refused(
            [Fault(f"{path}: line 1", ",".join(rows[0])[:60], rule, f"write date and any of {', '.join(FIGURES)}")]
        )
    faults: list[Fault] = []
    points = [_point(path, heads, row, line, faults) for line, row in enumerate(rows[1:], start=2) if any(row)]
    if not points:
        faults.append(Fault(str(path), "", "has a header and no line below it", "write a line a date"))
    if faults:
        raise _refused(faults)
    return points


def _text(path: Path) -> str:
    if not path.is_file():
        raise _refused([Fault(str(path), "", "does not exist or is not a file", "give a CSV file of a forward curve")])
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise _refused([Fault(str(path), "", "is larger than a megabyte", "give one line a month")])
    try:
        return path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise _refused([Fault(str(path), "", "is not a text file that can be read", "give a CSV file")]) from error


def _point(path: Path, heads: list[str], row: list[str], line: int, faults: list[Fault]) -> dict[str, Any]:
    point: dict[str, Any] = {"from": row[0].strip()}
    if len(row) != len(heads):
        faults.append(
            Fault(
                f"{path}: line {line}", ",".join(row)[:60], f"has {len(row)} cells, not {len(heads)}", "fill the line"
            )
        )
    for head, cell in zip(heads[1:], row[1:], strict=False):
        if not cell.strip():
            continue
        try:
            point[head] = float(cell)
        except ValueError:
            faults.append(
                Fault(
                    f"{path}: line {line}, {head}",
                    repr(cell[:40]),
                    "is not a number",
                    "write a number or leave it empty",
                )
            )
    return point


def _refused(faults: list[Fault]) -> InputFaultsError:
    return InputFaultsError(faults)
