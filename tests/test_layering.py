"""Imports run one way: app.py -> allocator.ui -> allocator -> models -> numpy; each outside library has one home."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [p for folder in ("models", "allocator") for p in (ROOT / folder).rglob("*.py")]
SOURCES += [p for p in [ROOT / "app.py"] if p.exists()]
HOMES = {
    "pulp": ("allocator/program/",),
    "highspy": ("allocator/program/",),
    "streamlit": ("allocator/ui/", "app.py"),
    "openpyxl": ("allocator/workbook/",),
    "dask": ("allocator/sites/",),
    "distributed": ("allocator/sites/",),
    "sqlite3": ("allocator/sites/",),
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, by its full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def uses(path: Path, package: str) -> bool:
    return any(name == package or name.startswith(package + ".") for name in imported(path))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    name = path.relative_to(ROOT).as_posix()
    for package, homes in HOMES.items():
        assert name.startswith(homes) or not uses(path, package), f"{name} imports {package}"
    if name.startswith("models/"):
        foreign = (
            {i.split(".")[0] for i in imported(path)} - {"models", "numpy", "pydantic"} - set(sys.stdlib_module_names)
        )
        assert not foreign, f"{name} imports {foreign}"
    if not name.startswith(("allocator/ui/", "app.py")):
        # The command that opens the pages may name them; nothing else outside the pages knows of them.
        assert name == "allocator/cli.py" or not uses(path, "allocator.ui"), f"{name} imports the pages"
    assert name == "app.py" or not uses(path, "app"), f"{name} imports app"


def test_every_part_of_the_house_was_looked_at():
    folders = {p.relative_to(ROOT).parts[0] for p in SOURCES}
    assert {"models", "allocator"} <= folders
    assert len(SOURCES) > 25
