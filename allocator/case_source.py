"""Where a case comes from: a TOML file, a template's name, an exported workbook."""

from __future__ import annotations

from pathlib import Path

from allocator.case import Case
from allocator.files import case_with_settings, load_case


def read_case(source: str, settings: list[str]) -> Case:
    """A case from a TOML file, a template's name, or an exported workbook.

    Raises
    ------
    InputFaultsError
        With every fault found.
    """
    if source.lower().endswith((".xlsx", ".xlsm")) and Path(source).exists():
        from allocator.workbook import read_document  # noqa: PLC0415  (openpyxl only where it is needed)

        return case_with_settings(read_document(Path(source)), settings, Path(source).parent)
    return load_case(source, settings)
