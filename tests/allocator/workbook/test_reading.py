"""A pack read back is the case that was written; what is no pack is refused in words."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from allocator.allocation import Allocation, allocate
from allocator.case import Case, case_from_document, inputs, override
from allocator.explain import Explanation, Twins
from allocator.files import dump_case, parse_document
from allocator.files import read_document as read_template
from allocator.workbook import read_document, write_pack
from allocator.workbook.archive import check_archive
from models.assumptions import InputFaultsError
from tests.allocator.workbook.quick_book import QuickBook
from tests.allocator.workbook.typing_in import type_into

_SHEET = re.compile(r"'(?:[^']|'')*'!")
HOSTILE_NAMES = (
    "=1+1",
    "+SUM(A1)",
    "-2",
    "@cmd",
    '=HYPERLINK("http://example.com","x")',
    "x" * 300,
    "café 🚀 中文",
    "a \"quoted\" 'name'",
    "two\nlines",
    " leading and trailing ",
    "a\rb",
    "tab\tbed",
    "_x0041_ and _x005F_",
    "bell\u0007",
    "'!$A$1",
    "[Book]Sheet!A1",
    "<f>&amp;</f>",
    "#REF!",
    "TRUE",
    "2027Q2",
    "\ufffe",
)


def small_case(**changes: Any) -> Case:
    document: dict[str, Any] = {
        "name": "Small",
        "valuation_date": "2026-02-07",
        "horizon_years": 6,
        "site": {"grid_mw": 40},
        "fleets": [{"name": "Old", "machine": "S21", "facility_mw": 10, "resale_usd_per_th": 6}],
        "leases": [
            {
                "name": "Hall",
                "tenant": "Tenant",
                "critical_it_mw": 10,
                "rent_usd_per_kw_month": 200,
                "term_years": 3,
                "build_months": 9,
                "deliveries": 1,
                "capex_usd_per_kw": 3000,
            }
        ],
    }
    import datetime as dt

    document["valuation_date"] = dt.date(2026, 2, 7)
    for path, value in changes.items():
        document = override(document, path, value) if path != "sources" else document
    document["sources"] = changes.get("sources", {})
    return case_from_document(document)


@pytest.fixture
def written(tmp_path: Path, unexplained: Explanation) -> Any:
    def write(case: Case) -> Path:
        path = tmp_path / "pack.xlsx"
        write_pack(allocate(case), unexplained, path)
        return path

    return write


@pytest.fixture(scope="module")
def small_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack that nobody may change."""
    path = tmp_path_factory.mktemp("small") / "pack.xlsx"
    write_pack(allocate(small_case()), Explanation((), (), (), Twins(None, None)), path)
    return path


def test_a_pack_read_back_is_the_same_case(pack: Path, plan: Allocation) -> None:
    found = case_from_document(read_document(pack))
    assert found.sha256() == plan.case.sha256()
    assert dict(found.sources) == dict(plan.case.sources)


def test_every_input_has_a_defined_name(pack: Path, plan: Allocation) -> None:
    names = openpyxl.load_workbook(pack, read_only=True).defined_names
    for item in inputs(plan.case):
        assert "in__" + item.path.replace("[", "_").replace("]", "").replace(".", "__") in names
    expected = {
        "out__npv_usd",
        "out__your_npv_usd",
        "out__capex_usd",
        "out__irr",
        "out__checks_passed",
        "mix__recommended",
        "mix__yours",
    }
    assert expected <= set(names)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_stay_text_and_read_back_unchanged(name: str, written: Any) -> None:
    case = small_case(
        name=name,
        **{
            "leases[0].name": name,
            "leases[0].tenant": name,
            "fleets[0].name": name[:298] + " 2",
            "sources": {"site.grid_mw": name, "leases[0]": name, "site": "derived: " + name},
        },
    )
    path = written(case)
    found = case_from_document(read_document(path))
    assert found.sha256() == case.sha256()
    assert dict(found.sources) == dict(case.sources)
    book = openpyxl.load_workbook(path)
    for sheet in book:
        assert len(sheet.title) <= 31
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert not (name.strip("=") and cell.value == name)
                    # A sheet is called after what its user calls it; only there may a formula hold those words.
                    assert not (len(name) > 8 and name.strip("=") in _SHEET.sub("", cell.value))
                target = cell.hyperlink and cell.hyperlink.target
                assert not target or (sheet.title == "Deals" and "example" not in target)
    assert not any(name in f"{n}{d.attr_text}" for n, d in book.defined_names.items() if len(name) > 8)
    assert QuickBook(path)["Checks"]["D3"].value is True


@pytest.mark.parametrize(
    "sources",
    [
        {"site.grid_mw": "assumed: a guess"},
        {"site.grid_mw": "derived:x"},
        {"site.grid_mw": "sourced: board paper"},
        {"site.grid_mw": ""},
        {"leases": "list"},
    ],
)
def test_sources_read_back_word_for_word(sources: dict[str, str], written: Any) -> None:
    case = small_case(sources=sources)
    assert dict(case_from_document(read_document(written(case))).sources) == sources


def test_a_typed_value_is_read_and_loses_its_source(written: Any, tmp_path: Path) -> None:
    path = written(
        small_case(
            sources={"site.grid_mw": "utility letter", "market.btc_price_usd": "spot"},
            **{"market.btc_price_usd": 70_000},
        )
    )
    given = {"site.grid_mw": 55.5, "leases[0].recovery": "gross", "leases[0].earliest_start": "2027Q1"}
    document = read_document(typed(path, tmp_path, given)[0])
    assert document["site"]["grid_mw"] == 55.5
    assert document["sources"] == {"market.btc_price_usd": "spot"}
    case = case_from_document(document)
    assert case.leases[0].recovery == "gross"
    assert str(case.leases[0].earliest_start) == "2027-01-01"


def typed(pack: Path, folder: Path, values: Mapping[str, Any]) -> tuple[Path, list[str]]:
    """A copy with other values beside the paths of inputs, and their cells."""
    page = QuickBook(pack)["Assumptions"]
    rows = {page.cell(r, 1).value: r for r in range(5, 500)}
    places = [f"Assumptions!D{rows[name]}" for name in values]
    return type_into(pack, folder / "typed.xlsx", dict(zip(places, values.values(), strict=True))), places


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("market.btc_price_usd", -1, "must be above 0"),
        ("market.btc_price_usd", "a lot", "is not a number"),
        ("leases[0].term_years", 2.5, "is not a whole number"),
        ("site.grid_mw", None, "is required"),
        ("site.grid_mw", "=20*2", "has no value yet"),
        ("leases[0].critical_it_mw", 400, "larger than the site"),
    ],
)
def test_a_refused_value_names_its_cell(name: str, value: Any, words: str, small_pack: Path, tmp_path: Path) -> None:
    path, (cell,) = typed(small_pack, tmp_path, {name: value})
    with pytest.raises(InputFaultsError, match=words) as refused:
        read_document(path)
    assert cell in str(refused.value)


def test_staged_lists_and_absent_limits_read_back(written: Any) -> None:
    import datetime as dt

    stages = [{"from": dt.date(2026, 2, 7), "grid_mw": 20}, {"from": dt.date(2027, 3, 31), "grid_mw": 40}]
    case = small_case(
        **{
            "site.grid_mw": stages,
            "policy.capital_usd": [
                {"from": dt.date(2026, 2, 7), "usd": 5e6},
                {"from": dt.date(2027, 1, 1), "usd": 9e6},
            ],
        }
    )
    assert case_from_document(read_document(written(case))).sha256() == case.sha256()


def test_a_workbook_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    (tmp_path / "text.xlsx").write_text("not a workbook")
    for name, words in (
        ("other.xlsx", "has no sheet Assumptions"),
        ("text.xlsx", "is not an Excel workbook"),
        ("missing.xlsx", "does not exist"),
    ):
        with pytest.raises(InputFaultsError, match=words):
            read_document(tmp_path / name)


def altered(pack: Path, target: Path, extra: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename not in extra:
                new.writestr(item.filename, old.read(item))
        for name, content in extra.items():
            new.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"xl/vbaProject.bin": b"x"}, "holds macros"),
        (
            {"[Content_Types].xml": b"<Types><x ContentType='application/vnd.ms-excel.sheet.macroEnabled'/></Types>"},
            "holds macros",
        ),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "links to other files"),
        ({"xl/connections.xml": b"<x/>"}, "connections"),
        ({f"xl/media/{i}.png": b"" for i in range(501)}, "parts, more than 500"),
        ({"xl/media/zeros.bin": b"0" * 5_000_000}, "packed more than 100 to 1"),
    ],
)
def test_an_unsafe_workbook_is_refused_before_it_is_parsed(
    extra: dict[str, bytes], words: str, small_pack: Path, tmp_path: Path
) -> None:
    file = altered(small_pack, tmp_path / "bad.xlsx", extra)
    with pytest.raises(InputFaultsError, match=words):
        read_document(file)


def test_entity_bombs_are_not_expanded(small_pack: Path, tmp_path: Path) -> None:
    entities = b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [' + entities + b"]><workbook>&b;</workbook>"
    with pytest.raises(InputFaultsError):
        read_document(altered(small_pack, tmp_path / "bomb.xlsx", {"xl/workbook.xml": bomb}))


def test_a_pack_passes_its_own_archive_check(pack: Path) -> None:
    check_archive(pack)


def test_nothing_is_left_behind_when_writing_fails(
    tmp_path: Path, unexplained: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    import allocator.workbook.pack as writing

    target = tmp_path / "pack.xlsx"
    target.write_bytes(b"before")
    monkeypatch.setattr(writing, "write_cached_values", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_pack(allocate(small_case()), unexplained, target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_templates_are_what_packs_are_made_of(template: str, plan: Allocation) -> None:
    assert case_from_document(read_template(template)).sha256() == plan.case.sha256()
    assert parse_document(dump_case(plan.case).encode(), "case")["name"] == plan.case.name
