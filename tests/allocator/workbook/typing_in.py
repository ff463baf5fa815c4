"""Typing into a saved workbook: other values in some cells, straight in its XML, and not a byte of the rest changed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

from allocator.workbook.across import sheet_parts


def type_into(source: Path, target: Path, values: Mapping[str, Any]) -> Path:
    """A copy with other values, or formulas, by ``Sheet!A1``; nothing is recalculated."""
    by_sheet: dict[str, dict[str, Any]] = {}
    for place, value in values.items():
        sheet, _, cell = place.rpartition("!")
        by_sheet.setdefault(sheet.strip("'").replace("''", "'"), {})[cell.replace("$", "")] = value
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        sheets = dict(sheet_parts(old))
        assert by_sheet.keys() <= set(sheets.values())
        for item in old.infolist():
            content = old.read(item)
            if typed := by_sheet.get(sheets.get(item.filename, "")):
                content = _typed(content.decode(), typed).encode()
            new.writestr(item.filename, content)
    return target


def _typed(xml: str, values: Mapping[str, Any]) -> str:
    for cell, value in values.items():
        there = rf'<c r="{cell}"( s="[0-9]+")?(?: t="[A-Za-z]+")?(?: ?/>|>.*?</c>)'
        xml, changed = re.subn(
            there, lambda found, c=cell, v=value: f'<c r="{c}"{found[1] or ""}{_ending(v)}', xml, flags=re.DOTALL
        )
        assert changed == 1, cell
    return xml


def _ending(value: Any) -> str:
    """What follows a cell's address and looks."""
    if value is None:
        return "/>"
    if isinstance(value, str) and value.startswith("="):
        return f"><f>{escape(value[1:])}</f><v/></c>"
    if isinstance(value, str):
        return f' t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f' t="b"><v>{int(value)}</v></c>'
    return f"><v>{value!r}</v></c>"


def type_inputs(pack: Path, target: Path, values: Mapping[str, Any]) -> Path:
    """The pack with other values typed into blue cells, by the path of the input (``leases[0].ltc``)."""
    return type_named(pack, target, {f"in__{_named(path)}": value for path, value in values.items()})


def type_named(pack: Path, target: Path, values: Mapping[str, Any]) -> Path:
    """The pack with other values typed into cells that have a defined name."""
    names = openpyxl.load_workbook(pack, read_only=True).defined_names
    return type_into(pack, target, {names[name].attr_text: value for name, value in values.items()})


def _named(path: str) -> str:
    return path.replace("[", "_").replace("]", "").replace(".", "__")
