"""A finished workbook on disk: a value beside every formula, and no time of day in the file."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from openpyxl import Workbook

from allocator.workbook.across import Across, share_across
from allocator.workbook.brand import Brand
from allocator.workbook.cached import evaluated, write_cached_values
from allocator.workbook.style import finish

LONG_AGO = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_NOTHING_ACROSS = Across(0, {})


def save_calculated(book: Workbook, path: Path, brand: Brand | None) -> None:
    """Write a workbook whole or not at all; the same workbook gives the same bytes.

    Raises
    ------
    allocator.workbook.cached.CalculationError
        If a formula has no value.
    """
    finish(book, brand)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:40]}.") as folder:
        written, plain, full, undated = (Path(folder) / f"{i}.xlsx" for i in range(4))
        book.save(written)
        share_across(written, plain, _NOTHING_ACROSS)
        write_cached_values(written, full, evaluated(plain), _NOTHING_ACROSS)
        _write_without_times(full, undated)
        undated.replace(path)


def _write_without_times(source: Path, target: Path) -> None:
    """Copy a workbook with every time in it set to one long ago."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as taken:
        for name in given.namelist():
            part = zipfile.ZipInfo(name, LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            if name == "docProps/core.xml":
                taken.writestr(part, _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", given.read(name)))
                continue
            with given.open(name) as content, taken.open(part, "w") as copy:
                shutil.copyfileobj(content, copy)
