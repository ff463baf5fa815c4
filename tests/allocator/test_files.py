"""Files in and out: what is no case file is refused, and a case written and read back is the same case."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.allocation import allocate
from allocator.case import case_from_document, override
from allocator.files import (
    LARGEST_FILE_BYTES,
    dump_case,
    load_case,
    parse_document,
    parse_value,
    read_document,
    template_names,
)
from models.assumptions import InputFaultsError
from tests.allocator.small import VALUATION, document, fleet, lease, purchase


def refusal(source: object) -> str:
    with pytest.raises(InputFaultsError) as refused:
        load_case(source)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; start from a template"),
        (b"# only a comment\n", "is empty"),
        (b"\x00\xff\xfe\x01", "is not a text file"),
        (bytes(range(256)), "is not a text file"),
        ("name = 'caf\u00e9'".encode("latin-1"), "is not a text file"),
        (b"name: a YAML file\nsite:\n  grid_mw: 5\n", "is not TOML"),
        (b'{"name": "JSON"}', "is not TOML"),
        (b"name = \n", "is not TOML"),
        (b"valuation_date = 2026-02-30\n", "is not TOML: invalid date"),
        (b'name = "a"\nname = "b"\n', "is not TOML: cannot overwrite"),
        (b"a = " + b"[" * 100_000, "is nested too deeply"),
        (b"#" * (LARGEST_FILE_BYTES + 1), "is larger than 2,000,000 bytes"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_no_case_file_is_refused_with_a_remedy(tmp_path, content, words):
    path = tmp_path / "case.toml"
    path.write_bytes(content)
    message = refusal(path)
    assert words in message
    assert message.startswith(str(path))
    assert "; " in message


@pytest.mark.parametrize("setting", ["leases[{}].ltc=1", "market.btc_price_usd={}", ""])
def test_a_number_of_five_thousand_digits_is_refused(setting):
    digits = "9" * 5000
    with pytest.raises(InputFaultsError):
        load_case("river-bend", [setting.format(digits)]) if setting else parse_document(f"a = {digits}".encode(), "x")


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path):
    missing = refusal(tmp_path / "nothing.toml")
    assert "does not exist" in missing
    assert "river-bend" in missing
    assert "is not a file" in refusal(tmp_path)


def test_templates_are_read_by_name_and_a_file_comes_first(tmp_path, monkeypatch):
    assert {"brownfield", "river-bend"} <= set(template_names())
    for name in template_names():
        assert load_case(name).name
    monkeypatch.chdir(tmp_path)
    Path("river-bend").write_text(dump_case(case_from_document(document(name="Mine"))))
    assert load_case("river-bend").name == "Mine"


def test_both_templates_are_valued_on_7_february_2026():
    for name in ("river-bend", "brownfield"):
        market = load_case(name)
        assert market.valuation_date == date(2026, 2, 7)
        assert market.market.btc_price_usd == pytest.approx(71_000, rel=0.01)
        assert market.market.difficulty == 125.86e12


# Settings


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("5.5", 5.5), ("1e6", 1e6), ("true", True), ("2027-01-01", date(2027, 1, 1)), ('"text"', "text"),
     ("2027Q2", "2027Q2"), ("S21 XP Hyd", "S21 XP Hyd"), ("[1, 2]", [1, 2]), ("", ""), ("modified gross",) * 2],
)  # fmt: skip
def test_a_setting_is_a_toml_value_or_text(text, value):
    assert parse_value(text) == value


def test_settings_change_a_template():
    changed = load_case("river-bend", ["market.btc_price_usd=126000", "leases[0].latest_start = 2028Q1", "name=Other"])
    assert changed.market.btc_price_usd == 126_000
    assert changed.leases[0].latest_start == date(2028, 3, 31)
    assert changed.name == "Other"


def test_every_setting_that_cannot_be_applied_is_named():
    with pytest.raises(InputFaultsError) as refused:
        load_case("river-bend", ["nothing", "leases[9].ltc=1", "market.btc_price_usd=-5", "finance.tax_rate=high"])
    text = str(refused.value)
    for words in ("nothing: has no value", "has no item [9]", "market.btc_price_usd: -5", "finance.tax_rate: 'high'"):
        assert words in text


# Written and read back


@pytest.mark.parametrize("name", ["river-bend", "brownfield"])
def test_a_template_written_and_read_back_is_the_same_case(name):
    given_ = load_case(name)
    again = case_from_document(parse_document(dump_case(given_).encode(), "again"))
    assert again == given_
    assert dump_case(again) == dump_case(given_)
    assert allocate(again).npv_usd == pytest.approx(allocate(given_).npv_usd, rel=1e-12)


def test_what_is_written_says_unit_and_meaning():
    text = dump_case(load_case("river-bend"))
    (rent,) = [line for line in text.splitlines() if line.startswith("rent_usd_per_kw_month")]
    assert rent.startswith("rent_usd_per_kw_month = 128")
    assert "USD/kW-month: First-year base rent per kW of critical IT" in rent


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip)
POSITIVE = st.floats(1e-3, 9e4, allow_subnormal=False)


@st.composite
def cases(draw):
    """Cases with any text and any number within bounds, staged or not."""
    names = draw(st.lists(TEXT, min_size=3, max_size=3, unique=True))
    days = sorted(draw(st.sets(st.dates(date(2026, 1, 1), date(2040, 1, 1)), min_size=1, max_size=4)))
    grid = [{"from": day, "grid_mw": draw(st.floats(100, 9e4))} for day in days]
    return document(
        name=draw(TEXT),
        valuation_date=VALUATION + timedelta(days=draw(st.integers(0, 300))),
        horizon_years=draw(st.integers(10, 40)),
        site={"grid_mw": draw(st.sampled_from([grid, 500, 1e5, 100.25]))},
        market={"btc_price_usd": draw(POSITIVE), "network_responds": draw(st.booleans()),
                "btc_growth_per_year": draw(st.floats(-0.9, 2))},
        power={"price_usd_per_mwh": draw(st.floats(-500, 5000))},
        fleets=[fleet(name=names[0], facility_mw=draw(st.floats(0, 100)))],
        purchases=[purchase(name=names[1], price_usd_per_th=draw(st.floats(0, 1000)))],
        leases=[lease(name=names[2], tenant=draw(TEXT), rent_usd_per_kw_month=draw(st.floats(0, 5000)),
                      noi_margin=draw(st.floats(0, 1)), recovery=draw(st.sampled_from(["nnn", "modified gross"])),
                      committed=draw(st.booleans()))],
        policy={"capital_usd": draw(st.sampled_from([None, 0, 1e12, 123_456.789]))},
        sources={"market.btc_price_usd": draw(TEXT), "leases[0].rent_usd_per_kw_month": draw(TEXT)},
    )  # fmt: skip


@given(cases())
@settings(max_examples=60)
def test_any_case_written_and_read_back_is_the_same_case(given_):
    if given_["policy"]["capital_usd"] is None:
        del given_["policy"]["capital_usd"]
    before = case_from_document(given_)
    after = case_from_document(parse_document(dump_case(before).encode(), "again"))
    assert after == before


def test_reading_does_not_validate():
    assert read_document("brownfield")["name"]
    assert parse_document(b"site = 5", "x") == {"site": 5}


def test_a_key_of_many_parts_is_refused_before_it_is_parsed():
    with pytest.raises(InputFaultsError) as refusal:
        parse_document(b"a." * 20_000 + b"a=1", "long.toml")
    assert "a key of more than 50 parts" in str(refusal.value.faults[0])


def test_a_case_can_be_written_with_its_hourly_prices():
    document = override(
        read_document("river-bend"), "power.hourly_prices", {"months": [[40.0] * 24] * 12, "file": "ercot.csv"}
    )
    case = case_from_document(document)
    again = case_from_document(parse_document(dump_case(case, with_prices=True).encode(), "saved"))
    assert again.power.hourly_prices.months == case.power.hourly_prices.months
