"""Whose pack it is: colours, fonts, logo, paper and footer, read from a template workbook.

A template is any workbook: its theme's colours and fonts (Page Layout, Themes), the first picture on its first sheet,
that sheet's paper and footer. ``templates/board-pack.xlsx`` is the one that is used when no other is named.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from openpyxl import load_workbook
from openpyxl.writer.theme import theme_xml as office_theme
from PIL import Image, UnidentifiedImageError

from allocator.workbook.archive import check_archive
from models.assumptions import Fault, InputFaultsError

SHIPPED = "board-pack.xlsx"
SLOTS = ("dk1", "lt1", "dk2", "lt2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6")
"""Colours of a theme: ink, paper, quiet text, bands; hosting, mining, idle, gains, losses, rules."""
LINKS = ("hlink", "folHlink")
A4, LETTER = 9, 1
PAPERS = {LETTER: "Letter", A4: "A4"}
LONGEST_FOOTER, MOST_LOGO_BYTES, MOST_LOGO_PIXELS = 120, 1_000_000, 4_000_000
REMEDY = "give a workbook (.xlsx) with the brand's theme, or leave --template out"
_HEX = re.compile("[0-9A-Fa-f]{6}")
_FONT = re.compile(r"[\w .\-]{1,60}")


@dataclass(frozen=True)
class Brand:
    """Colours by theme slot (six hex digits), fonts by name, a picture as PNG, paper as OOXML numbers it, a footer."""

    colours: tuple[tuple[str, str], ...]
    heading_font: str
    body_font: str
    logo_png: bytes | None
    paper: int
    footer: str

    @property
    def theme_xml(self) -> str:
        """The theme as a workbook holds it: ours, with the brand's colours and fonts."""
        slots = "".join(f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>' for name, value in self.colours)
        scheme = f'<a:clrScheme name="Brand">{slots}</a:clrScheme>'
        text = re.sub(r"<a:clrScheme.*?</a:clrScheme>", lambda _: scheme, office_theme, flags=re.DOTALL)
        empty = '<a:ea typeface=""/><a:cs typeface=""/>'
        fonts = "".join(
            f'<a:{kind}Font><a:latin typeface="{name}"/>{empty}</a:{kind}Font>'
            for kind, name in (("major", self.heading_font), ("minor", self.body_font))
        )
        fonts = f'<a:fontScheme name="Brand">{fonts}</a:fontScheme>'
        return re.sub(r"<a:fontScheme.*?</a:fontScheme>", lambda _: fonts, text, flags=re.DOTALL)


@cache
def shipped_brand() -> Brand:
    """The brand of ``templates/board-pack.xlsx``."""
    with as_file(files("templates") / SHIPPED) as path:
        return read_brand(path)


def read_brand(path: Path) -> Brand:
    """The brand that a template workbook carries; nothing else of it is used.

    Raises
    ------
    InputFaultsError
        If the file is no workbook, is unsafe to open, or has a theme or picture that cannot be used.
    """
    try:
        check_archive(path)
    except InputFaultsError as error:
        raise InputFaultsError([Fault(f.field, f.value, f.rule, REMEDY) for f in error.faults]) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl names what it will not keep; nothing is kept
            book = load_workbook(path)
        theme, sheet = book.loaded_theme, book.worksheets[0]
        return Brand(
            *_of_theme(theme or office_theme),
            logo_png=_logo(path, sheet),
            paper=_paper(sheet),
            footer=str(sheet.oddFooter.center.text or "")[:LONGEST_FOOTER],
        )
    except (KeyError, ValueError, TypeError, OSError, IndexError, EOFError, SyntaxError) as error:
        if isinstance(error, InputFaultsError):
            raise
        raise _refused(path, f"cannot be read as a template ({type(error).__name__})") from error
    except (DefusedXmlException, ParseError, zipfile.BadZipFile, zlib.error) as error:
        raise _refused(path, f"cannot be read as a template ({type(error).__name__})") from error


def _of_theme(theme: str | bytes) -> tuple[tuple[tuple[str, str], ...], str, str]:
    tree = fromstring(theme)
    scheme = tree.find(".//{*}clrScheme")
    colours = tuple((slot, _colour(scheme, slot)) for slot in (*SLOTS, *LINKS))
    heading, body = (_font(tree.find(f".//{{*}}{kind}Font/{{*}}latin")) for kind in ("major", "minor"))
    return colours, heading, body


def _colour(scheme: Any, slot: str) -> str:
    found = next(iter(scheme.find(f"{{*}}{slot}")))
    value = str(found.get("lastClr") or found.get("val"))
    if not _HEX.fullmatch(value):
        raise ValueError(f"{slot} is {value[:20]!r}")
    return value.upper()


def _font(latin: Any) -> str:
    name = str(latin.get("typeface"))
    if not _FONT.fullmatch(name):
        raise ValueError(f"font {name[:20]!r}")
    return name


def _paper(sheet: Any) -> int:
    chosen = sheet.page_setup.paperSize
    return LETTER if chosen is not None and int(chosen) == LETTER else A4


def _logo(path: Path, sheet: Any) -> bytes | None:
    """The first picture of the first sheet, as PNG, whatever it was."""
    if not sheet._images:  # noqa: SLF001  (openpyxl has no public list of a sheet's pictures)
        return None
    data = sheet._images[0]._data()  # noqa: SLF001
    if len(data) > MOST_LOGO_BYTES:
        raise _refused(path, f"has a picture of more than {MOST_LOGO_BYTES:,} bytes")
    try:
        with Image.open(BytesIO(data)) as picture:
            if picture.width * picture.height > MOST_LOGO_PIXELS:
                raise _refused(path, f"has a picture of more than {MOST_LOGO_PIXELS:,} pixels")
            out = BytesIO()
            picture.convert("RGBA").save(out, "PNG")
    except UnidentifiedImageError as error:
        raise _refused(path, "has a picture that cannot be read") from error
    return out.getvalue()


def _refused(path: Path, rule: str) -> InputFaultsError:
    return InputFaultsError([Fault(str(path), "", rule, REMEDY)])
