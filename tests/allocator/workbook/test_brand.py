"""A pack takes its looks from a template workbook, and nothing else of it."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.drawing.image import Image as Picture
from openpyxl.writer.theme import theme_xml
from PIL import Image

from allocator.allocation import allocate
from allocator.explain import Explanation
from allocator.workbook import write_pack
from allocator.workbook.brand import A4, LETTER, read_brand, shipped_brand
from models.assumptions import InputFaultsError
from tests.allocator import small


def house_style(path: Path, **changed: Any) -> Path:
    book = openpyxl.Workbook()
    theme = theme_xml.replace('<a:srgbClr val="4F81BD"/>', '<a:srgbClr val="123456"/>')
    book.loaded_theme = theme.replace('<a:latin typeface="Calibri"/>', '<a:latin typeface="Georgia"/>').encode()
    sheet = book.active
    sheet.page_setup.paperSize = changed.get("paper", LETTER)
    sheet.oddFooter.center.text = changed.get("footer", "Confidential")
    sheet["A1"] = "=1+1"
    if changed.get("logo", True):
        data = BytesIO()
        noise = Image.effect_noise((300, 80), 90).convert("RGB")
        noise.resize(changed.get("size", (300, 80))).save(data, "JPEG")
        data.seek(0)
        sheet.add_image(Picture(data), "B2")
    book.save(path)
    return path


def test_the_shipped_template_is_the_look_of_every_pack() -> None:
    brand = shipped_brand()
    colours = dict(brand.colours)
    assert (colours["accent1"], colours["accent2"], colours["accent3"]) == ("0072B2", "E69F00", "BBBBBB")
    assert (colours["accent4"], colours["accent5"]) == ("009E73", "D55E00")
    assert brand.logo_png is not None
    assert brand.paper == A4


def test_theme_logo_paper_and_footer_come_from_the_template(tmp_path: Path, unexplained: Explanation) -> None:
    brand = read_brand(house_style(tmp_path / "house.xlsx"))
    write_pack(allocate(small.case()), unexplained, tmp_path / "pack.xlsx", brand)
    book = openpyxl.load_workbook(tmp_path / "pack.xlsx")
    assert b'<a:accent1><a:srgbClr val="123456"/></a:accent1>' in book.loaded_theme
    assert b'<a:minorFont><a:latin typeface="Georgia"/>' in book.loaded_theme
    assert {sheet.page_setup.paperSize for sheet in book} == {LETTER}
    assert {sheet.oddFooter.center.text for sheet in book} == {"Confidential"}
    assert all("&P" in sheet.oddFooter.right.text for sheet in book)
    assert book["Mix"]["B6"].font.name == "Georgia"
    assert book["Mix"][f"A{5}"].fill.start_color.theme == 4
    with zipfile.ZipFile(tmp_path / "pack.xlsx") as archive:
        with Image.open(archive.open("xl/media/image1.png")) as logo:
            assert logo.size == (300, 80)
        charts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/charts/chart")]
    assert charts
    assert all("srgbClr" not in chart for chart in charts)


def test_a_template_without_a_picture_leaves_the_corner_empty(tmp_path: Path, unexplained: Explanation) -> None:
    brand = read_brand(house_style(tmp_path / "house.xlsx", logo=False, paper=A4, footer=""))
    write_pack(allocate(small.case()), unexplained, tmp_path / "pack.xlsx", brand)
    with zipfile.ZipFile(tmp_path / "pack.xlsx") as archive:
        assert not [name for name in archive.namelist() if "media" in name]


def refused(path: Path) -> str:
    with pytest.raises(InputFaultsError) as caught:
        read_brand(path)
    assert "--template" in str(caught.value)
    return str(caught.value)


def test_what_is_no_template_is_refused_in_words(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "missing.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    assert "is not an Excel workbook" in refused(tmp_path / "text.xlsx")
    assert "pixels" in refused(house_style(tmp_path / "huge.xlsx", size=(3000, 2000)))
    macros = house_style(tmp_path / "macros.xlsx")
    with zipfile.ZipFile(macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert "holds macros" in refused(macros)


@pytest.mark.parametrize("font", ["Arial&quot;/><a:evil", "x" * 80])
def test_a_font_that_is_no_font_is_refused(font: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.loaded_theme = theme_xml.replace('<a:latin typeface="Calibri"/>', f'<a:latin typeface="{font}"/>').encode()
    book.save(tmp_path / "odd.xlsx")
    assert "cannot be read as a template" in refused(tmp_path / "odd.xlsx")
