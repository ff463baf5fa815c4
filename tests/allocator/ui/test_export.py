import io
import json
import time
import tomllib

import highspy
import openpyxl
import pytest
from openpyxl.writer.theme import theme_xml
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from allocator.allocation import allocate
from allocator.case import case_from_document
from allocator.files import load_case
from allocator.workbook import pdf, read_document
from tests.allocator.ui.pages_under_test import APP, RENT, without_exception, words

PATIENCE_SECONDS = 90.0
FILES = ("pack", "case", "answer", "program")


@pytest.fixture
def given(monkeypatch):
    """What each download button would give the reader, by its key; ``None`` where it is dead."""
    found = {}
    draw = DeltaGenerator.download_button

    def record(self, label, data, *args, **options):
        found[options["key"]] = None if options.get("disabled") else data
        return draw(self, label, data, *args, **options)

    monkeypatch.setattr(DeltaGenerator, "download_button", record)
    return found


def opened():
    at = AppTest.from_file(str(APP), default_timeout=60).switch_page("allocator/ui/pages/export.py").run()
    return without_exception(at)


def edited(at, *edits):
    """The same page once the case on the desk has been edited."""
    for path, value in edits:
        at.session_state["desk"] = at.session_state["desk"].edited(path, value)
    return without_exception(at.run())


def until(at, ready):
    """Draw the page again until what is written beside it is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert time.monotonic() < deadline, words(at)
        time.sleep(0.3)
        at.run()
    return without_exception(at)


def content(given, name):
    return given.get(f"download_export_{name}")


@pytest.fixture(scope="module")
def river_bend():
    return allocate(load_case("river-bend"))


def npv_in(pack):
    book = openpyxl.load_workbook(io.BytesIO(pack), data_only=True)
    sheet, cell = book.defined_names["out__npv_usd"].attr_text.replace("$", "").rsplit("!", 1)
    return float(book[sheet.strip("'")][cell].value)


def test_every_file_is_written_beside_the_page_opens_and_agrees_with_it(given, river_bend, tmp_path):
    at = opened()
    assert content(given, "case")
    until(at, lambda: all(content(given, name) for name in FILES))
    pack = content(given, "pack")
    assert npv_in(pack) == pytest.approx(river_bend.npv_usd, rel=1e-9)
    (tmp_path / "pack.xlsx").write_bytes(pack)
    assert case_from_document(read_document(tmp_path / "pack.xlsx")).sha256() == river_bend.case.sha256()
    assert case_from_document(tomllib.loads(content(given, "case").decode())) == river_bend.case
    answer = json.loads(content(given, "answer"))
    assert answer["npv_usd"] == pytest.approx(river_bend.npv_usd, rel=1e-12)
    assert answer["provenance"]["case_sha256"] == river_bend.case.sha256()
    assert f"{len(pack) / 1e6:.1f} MB" in words(at)


def test_another_solver_finds_the_same_npv_in_the_program(given, river_bend, tmp_path):
    until(opened(), lambda: content(given, "program"))
    (tmp_path / "program.mps").write_bytes(content(given, "program"))
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(tmp_path / "program.mps"))
    solver.run()
    assert -solver.getInfo().objective_function_value == pytest.approx(river_bend.npv_usd, rel=1e-6)


def house_style():
    book = openpyxl.Workbook()
    book.loaded_theme = theme_xml.replace('<a:srgbClr val="4F81BD"/>', '<a:srgbClr val="123456"/>').encode()
    book.active.oddFooter.center.text = "Confidential"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def brand(at, name, data):
    at.file_uploader(key="pack_brand_file").set_value((name, data, "x")).run()
    return without_exception(at)


def test_a_faulty_brand_is_refused_with_words_and_a_sound_one_dresses_the_pack(given, monkeypatch):
    def written(plan, explanation, path, brand, moved):
        path.write_text(f"{plan.case.name} in {dict(brand.colours)['accent1']}")

    monkeypatch.setattr("allocator.workbook.write_pack", written)
    at = brand(opened(), "notes.xlsx", b"no workbook")
    (error,) = at.error
    assert "notes.xlsx: is not an Excel workbook" in error.value.replace("\\", "")
    assert "the shipped brand" in error.value
    assert not {"Traceback", "--template", "/tmp"} & set(error.value.split())
    at = brand(at, "house.xlsx", house_style())
    assert not at.error
    assert 'footer "Confidential"' in words(at)
    until(at, lambda: content(given, "pack"))
    assert content(given, "pack") == b"River Bend in 123456"
    at.button(key="drop_brand").click().run()
    assert "Confidential" not in words(without_exception(at))


def test_the_pdf_is_printed_when_it_is_asked_for(given, monkeypatch):
    monkeypatch.setattr(pdf, "checked_printer", lambda: "soffice")
    monkeypatch.setattr(pdf, "print_pack", lambda pack, target: target.write_bytes(b"%PDF of " + pack.read_bytes()[:2]))
    at = opened()
    until(at, lambda: content(given, "pack"))
    assert not content(given, "pdf")
    at.button(key="begin_export_pdf").click().run()
    until(at, lambda: content(given, "pdf"))
    assert content(given, "pdf") == b"%PDF of PK"


def test_without_libreoffice_the_page_says_so_in_a_sentence(given, monkeypatch):
    monkeypatch.setattr(pdf, "PROGRAMS", ("no-such-program",))
    at = opened()
    assert "printing needs LibreOffice" in words(at)
    assert not content(given, "pdf")
    assert not [b for b in at.button if b.key == "begin_export_pdf"]


def test_a_file_that_cannot_be_written_is_a_sentence_and_the_others_are_there(given, monkeypatch):
    def fail(*_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("allocator.ui.export_jobs.export_mps", fail)
    at = opened()
    at = edited(at, (RENT, 127.0))
    until(at, lambda: "It could not be written: the disk is full" in words(at))
    assert not content(given, "program")
    assert content(given, "case")


def test_without_a_plan_the_case_and_the_reason_can_be_taken_away(given):
    at = opened()
    given.clear()
    at = edited(at, ("leases[0].committed", True), ("policy.min_flexible_mw", 50.0))
    assert "has no plan" in at.subheader[0].value
    assert b"committed = true" in content(given, "case")
    assert json.loads(content(given, "answer"))["status"] == "infeasible"
    assert content(given, "pack") is None
    assert [b for b in at.button if b.key == "repair_policy.min_flexible_mw"]
