"""A forward curve from a file joins the case, or is refused with every line that is wrong."""

from __future__ import annotations

import pytest

from allocator.files import dump_case, load_case
from models.assumptions import InputFaultsError


def refused(tmp_path, text: str) -> str:
    (tmp_path / "curve.csv").write_text(text)
    with pytest.raises(InputFaultsError) as caught:
        load_case("river-bend", [f"market.forward={tmp_path / 'curve.csv'}"])
    return str(caught.value)


def test_a_file_is_read_with_its_empty_cells_left_out_and_written_back_as_a_list(tmp_path):
    (tmp_path / "curve.csv").write_text("date,btc_price_usd,hashprice_usd_per_ph_day\n2026-08-07,80000,\n2027Q1,,34\n")
    case = load_case("river-bend", [f"market.forward={tmp_path / 'curve.csv'}"])
    first, second = case.market.forward
    assert (first.btc_price_usd, first.hashprice_usd_per_ph_day) == (80_000, None)
    assert (str(second.from_date), second.hashprice_usd_per_ph_day) == ("2027-01-01", 34)
    (tmp_path / "case.toml").write_text(dump_case(case))
    assert load_case(tmp_path / "case.toml").sha256() == case.sha256()


def test_every_wrong_cell_is_named_by_its_line(tmp_path):
    said = refused(tmp_path, "date,btc_price_usd\n2026-08-07,much\n2026-09-07,1,2\n2026-10-07,nan\n")
    for words in ("line 2, btc_price_usd", "'much' is not a number", "line 3", "has 3 cells, not 2"):
        assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("date,btc\n", "is not a header"),
        ("date\n2026-08-07\n", "is not a header"),
        ("date,btc_price_usd\n", "no line below"),
        ("date,btc_price_usd\n2026-08-07,-5\n", "market.forward[0].btc_price_usd"),
        ("date,btc_price_usd\nsoon,5\n", "market.forward[0].from"),
        ("date,btc_price_usd\n2026-01-07,5\n", "is not after the valuation date"),
        ("date,btc_price_usd\n2026-08-07,5\n2026-07-07,5\n", "is not after the point before it"),
        ("date,btc_price_usd\n2026-08-07,\n", "gives no figure"),
        ("date,btc_price_usd\n2026-08-07,inf\n", "finite"),
    ],
)
def test_a_curve_that_says_nothing_or_nonsense_is_refused(tmp_path, text, words):
    assert words in refused(tmp_path, text)


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(InputFaultsError, match="does not exist"):
        load_case("river-bend", ["market.forward=absent.csv"])
