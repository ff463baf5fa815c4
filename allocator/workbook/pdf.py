"""The pack on paper: LibreOffice prints the workbook itself, month-by-month sheets left out."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path

from openpyxl import load_workbook

from models.assumptions import Fault, InputFaultsError

PROGRAMS = ("soffice", "libreoffice")
MOST_SECONDS = 300
_SHEET = re.compile(r'<sheet [^>]*?name="([^"]*)"[^>]*?/>')


class PrintError(Exception):
    """LibreOffice did not print."""


def checked_printer() -> str:
    """The program that prints.

    Raises
    ------
    InputFaultsError
        Where there is none.
    """
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        remedy = "install LibreOffice (Calc), or leave --pdf out and print the workbook where it is opened"
        raise InputFaultsError([Fault("--pdf", "", "needs LibreOffice, which is not on this machine", remedy)])
    return found


def print_pack(pack: Path, target: Path) -> None:
    """Print a saved pack as PDF: every sheet that a reader turns to, without monthly ones and look-up tables.

    The sheets are the pack's own, with its cached values and its page set-up; the others stay hidden.

    Raises
    ------
    InputFaultsError
        Without LibreOffice.
    PrintError
        If it prints nothing.
    """
    printer = checked_printer()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name[:40]}.") as name:
        folder = Path(name)
        shown = folder / "pack.xlsx"
        _with_hidden(pack, shown, _unprinted(pack))
        profile = (folder / "profile").resolve().as_uri()
        command = [printer, f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        command += ["--convert-to", "pdf", "--outdir", str(folder), str(shown)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=MOST_SECONDS)  # noqa: S603
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise PrintError(f"LibreOffice did not print the pack ({type(error).__name__})") from error
        printed = folder / "pack.pdf"
        if not printed.is_file():
            raise PrintError("LibreOffice printed nothing")
        printed.replace(target)


def _unprinted(pack: Path) -> frozenset[str]:
    """Sheets whose columns are months or quarters, and those that only formulas read."""
    book = load_workbook(pack, read_only=True)
    try:
        titles = book.sheetnames
    finally:
        book.close()
    if "Monthly" not in titles:
        return frozenset()
    return frozenset({*titles[titles.index("Monthly") : titles.index("Assumptions")], "Schedule", "Prices", "Tables"})


def _with_hidden(pack: Path, target: Path, hidden: Collection[str]) -> None:
    """Copy a workbook with some of its sheets hidden."""

    def state(found: re.Match[str]) -> str:
        text = re.sub(r' state="[a-z]+"', "", found[0])
        return text.replace("<sheet ", '<sheet state="hidden" ') if found[1] in hidden else text

    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "xl/workbook.xml":
                content = _SHEET.sub(state, content.decode()).encode()
            new.writestr(item.filename, content)
