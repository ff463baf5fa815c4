"""Tables become cases: as overrides of the whole document would, every fault with its row and its column."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from allocator.case import case_from_document, override
from allocator.files import parse_value, read_document
from allocator.sites.reading import Sheet, read_sheet
from allocator.sites.table import base_of, read_base, read_sites, site_case, sites_of
from models.assumptions import InputFaultsError
from tests.allocator.small import document, lease

SHIPPED = Path(str(files("templates") / "sites.csv"))


def table(heads, *rows, base=None):
    sheet = Sheet(tuple(heads), tuple((i + 2, tuple(row)) for i, row in enumerate(rows)))
    return sites_of(sheet, base_of(base or document()), Path())


def faults_of(heads, *rows, base=None):
    found = table(heads, *rows, base=base)
    said = []
    for row in found.rows:
        try:
            site_case(found, row)
            said.append("")
        except InputFaultsError as error:
            said.append(" | ".join(map(str, error.faults)))
    return said


def test_every_shipped_site_is_the_case_that_overrides_of_the_whole_document_give():
    base = read_base("river-bend", [])
    found = read_sites(SHIPPED, base)
    with SHIPPED.open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(found.rows) == len(written) == 12
    for row, cells in zip(found.rows, written, strict=True):
        expected = read_document("river-bend")
        for path, text in cells.items():
            if not path.startswith("#"):
                expected = override(expected, path, parse_value(text))
        assert site_case(found, row).sha256() == case_from_document(expected).sha256()


def test_settings_change_the_base_of_every_site():
    found = read_sites(SHIPPED, read_base("river-bend", ["market.btc_price_usd=126000"]))
    assert {site_case(found, row).market.btc_price_usd for row in found.rows} == {126_000.0}


def test_blank_means_as_in_the_base_case():
    found = table(["name", "site.grid_mw", "finance.tax_rate"], ["A", None, " "], ["B", "30", "0.3"])
    first, second = (site_case(found, row) for row in found.rows)
    assert (first.site.grid_mw, first.finance.tax_rate) == (20.0, 0.21)
    assert (second.site.grid_mw, second.finance.tax_rate) == (30.0, 0.3)


def test_the_base_case_is_not_changed_by_its_sites():
    base = document(site={"grid_mw": [{"from": document()["valuation_date"], "grid_mw": 20}]})
    found = table(["name", "site.grid_mw[0].grid_mw", "leases[0].ltc"], ["A", "35", "0.1"], base=base)
    assert site_case(found, found.rows[0]).site.grid_mw[0].grid_mw == 35.0
    assert found.base.document["site"]["grid_mw"][0]["grid_mw"] == 20
    assert found.base.document["leases"][0]["ltc"] == lease()["ltc"]


def test_an_offer_that_only_some_sites_have_gets_columns_of_the_next_index():
    fields = (
        "name",
        "tenant",
        "critical_it_mw",
        "rent_usd_per_kw_month",
        "capex_usd_per_kw",
        "build_months",
        "term_years",
    )
    heads = ["name", *(f"leases[1].{field}" for field in fields)]
    found = table(heads, ["A", *[None] * 7], ["B", "Second", "Beta", "5", "110", "2500", "6", "3"])
    first, second = (site_case(found, row) for row in found.rows)
    assert [offer.name for offer in first.leases] == ["Hall"]
    assert [offer.name for offer in second.leases] == ["Hall", "Second"]
    assert second.leases[0] == first.leases[0]


def test_lists_may_stand_in_one_cell():
    cell = "[{from = 2026-02-07, grid_mw = 20}, {from = 2027-02-07, grid_mw = 40}]"
    found = table(["name", "site.grid_mw"], ["A", cell])
    assert [step.grid_mw for step in site_case(found, found.rows[0]).site.grid_mw] == [20.0, 40.0]


def test_what_a_portfolio_asks_is_kept_apart():
    found = table(["name", "portfolio.must_do", "# note"], ["A", "TRUE", "=x"])
    assert found.rows[0].portfolio == {"must_do": True}
    assert found.rows[0].given == {}


@pytest.mark.parametrize(
    ("heads", "row", "said"),
    [
        (["name", "site.grid_mw"], ["", 30], "row 2, name: is empty"),
        (["name", "site.grid_mw"], ["A\0B", 30], "row 2, name: 'A\\x00B' holds characters that cannot be shown"),
        (["name", "site.grid_mw"], ["A" * 301, 30], "row 2, name: is longer than 300 characters"),
        (["name", "site.grid_mw"], ["A", "-5"], "row 2, site.grid_mw: -5 must be above 0"),
        (["name", "site.grid_mw"], ["A", "many"], "row 2, site.grid_mw: 'many' is not a number"),
        (["name", "site.grid_mw"], ["A", "nan"], "row 2, site.grid_mw: nan is not a finite number"),
        (["name", "site.grid_mw"], ["A", "=2*3"], "row 2, site.grid_mw: =2*3 is a formula"),
        (["name", "site.grid_mw"], ["A", "#DIV/0!"], "row 2, site.grid_mw: #DIV/0! is an error of the spreadsheet"),
        (["name", "site.grid_mw"], ["A"], "row 2: has 1 cells where the heads are 2"),
        (["name", "site.grid_mw"], ["A", 30, "x"], "row 2: has 3 cells where the heads are 2"),
        (["name", "leases[0].earliest_start"], ["A", "soon"], "row 2, leases[0].earliest_start: 'soon' is not a date"),
        (["name", "fleets[0].machine"], ["A", "S99"], "row 2, fleets[0].machine: 'S99' is not one of the"),
        (["name", "leases[0].critical_it_mw"], ["A", "900"], "is larger than the site (20.0 facility MW)"),
        (["name", "power.hourly_prices"], ["A", "none.csv"], "row 2, power.hourly_prices: none.csv"),
        (["name", "horizon_years"], ["A", "2.5"], "row 2, horizon_years: 2.5 is not a whole number"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row_and_column(heads, row, said):
    assert said in faults_of(heads, row)[0]


def test_every_fault_of_a_row_is_said_at_once_and_other_rows_are_sound():
    heads = ["name", "site.grid_mw", "finance.tax_rate", "leases[0].ltc"]
    good, bad, twin = faults_of(heads, ["A", 30, 0.2, 0.5], ["B", -1, "=A1", 7], ["A", 30, 0.2, 0.5])
    assert good == ""
    for column in heads[1:]:
        assert f"row 3, {column}: " in bad
    assert twin == "row 4, name: 'A' is also the name of row 2; rename one"


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        (["site.grid_mw"], "row 1: has no column name"),
        (["name", "name"], "row 1, column 2: name stands twice"),
        (["name", "site.grid_mw", "site.grid_mw"], "row 1, column 3: site.grid_mw stands twice"),
        (["name", "site.grid"], "did you mean site.grid_mw?"),
        (["name", "sites.grid_mw"], "is not an input of a case"),
        (["name", "notes"], "begin a remark with #"),
        (["name", "leases.ltc"], "is no input of one item"),
        (["name", "leases[0]"], "is no input of one item"),
        (["name", "leases[3].ltc"], "has columns of leases[3] but none of leases[1]"),
        (["name", "leases[999999].ltc"], "is beyond the 100 items"),
        (["name", "site.grid_mw[0].grid_mw"], "site.grid_mw[0].grid_mw has no item [0]"),
        (["name", None], "row 1, column 2: has no head"),
        (["name", 7], "row 1, column 2: 7 is not a text"),
        (["name", "leases[0].ltc!"], "is not a path"),
        (["name", "sources.site"], "is not an input of a case"),
    ],
)
def test_heads_that_mean_nothing_refuse_the_table(heads, said):
    with pytest.raises(InputFaultsError) as refused:
        table(heads, ["A", *[None] * (len(heads) - 1)])
    assert said in str(refused.value)


def test_every_fault_of_the_heads_is_said_at_once():
    with pytest.raises(InputFaultsError) as refused:
        table(["nam", "site.grid", "leases[0].lct"], ["A", 1, 2])
    assert len(refused.value.faults) == 4


def written(folder, text, name="sites.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sites.csv", b"", "is empty"),
        ("sites.csv", b"name\n", "has heads but no row"),
        ("sites.csv", b"\n\nname\nA\n", "has its first text in row 3"),
        ("sites.csv", b"name\nCaf\xe9\n", "is not UTF-8 text (line 2)"),
        ("sites.csv", "name\nA\n".encode("utf-16"), "is not UTF-8 text"),
        ("sites.csv", b"name;site.grid_mw\nA;3\n", "has one column"),
        ("sites.csv", b'name\n"A\n', "cannot be read at line"),
        ("sites.txt", b"name\nA\n", "is not one of .csv"),
        ("sites.xlsx", b"PK", "is not an Excel workbook"),
        ("sites.parquet", b"PAR1", "is no Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_remedy(tmp_path, name, content, said):
    with pytest.raises(InputFaultsError) as refused:
        read_sheet(written(tmp_path, content, name))
    (fault,) = refused.value.faults
    assert said in str(fault)
    assert fault.remedy


def test_too_many_rows_and_columns_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("allocator.sites.reading.MOST_ROWS", 3)
    monkeypatch.setattr("allocator.sites.reading.MOST_COLUMNS", 3)
    with pytest.raises(InputFaultsError, match="has more than 3 rows"):
        read_sheet(written(tmp_path, "name\nA\nB\nC\nD\n"))
    with pytest.raises(InputFaultsError, match="has 4 columns, more than 3"):
        read_sheet(written(tmp_path, "name,a,b,c\nA\n"))


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path):
    sheet = read_sheet(written(tmp_path, '\ufeffname,# note\nA,"two\nlines"\n\nB,x\n'))
    assert sheet.heads == ("name", "# note")
    assert [number for number, _ in sheet.rows] == [2, 4]


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputFaultsError, match="does not exist"):
        read_sheet(tmp_path / "none.csv")


def test_parquet_gives_the_rows_of_the_csv(tmp_path):
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    pq.write_table(pc.read_csv(SHIPPED), tmp_path / "sites.parquet")
    base = read_base("river-bend", [])
    assert read_sites(tmp_path / "sites.parquet", base).rows == read_sites(SHIPPED, base).rows
    nested = pa.table({"name": ["A"], "leases[0].rent_by_year": [[100.0, 103.0]]})
    pq.write_table(nested, tmp_path / "nested.parquet")
    found = read_sites(tmp_path / "nested.parquet", base)
    assert found.rows[0].given == {"leases[0].rent_by_year": [100, 103]}


def test_a_column_within_another_is_refused():
    base = document(site={"grid_mw": [{"from": document()["valuation_date"], "grid_mw": 20}]})
    with pytest.raises(InputFaultsError, match=r"lies within site.grid_mw, or site.grid_mw within it"):
        table(["name", "site.grid_mw", "site.grid_mw[0].grid_mw"], ["A", None, None], base=base)
