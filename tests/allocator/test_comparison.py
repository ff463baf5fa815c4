"""What lies outside the signed deals is said once an input, with the band and the deal at its end."""

from __future__ import annotations

from allocator.comparison import as_rows, outside_notes
from allocator.files import load_case


def test_the_templates_lie_inside_every_band():
    for name in ("river-bend", "brownfield"):
        assert outside_notes(load_case(name)) == []


def test_a_rent_above_every_deal_is_named_once_with_the_band():
    case = load_case("river-bend", ("leases[0].rent_usd_per_kw_month=200",))
    (note,) = outside_notes(case)
    assert note.startswith("leases[0].rent_usd_per_kw_month: first-year rent $200.00 /kW-month is above the 11 signed")
    assert "highest CIFR-FS2" in note  # 830 M over 10 years for 39 MW at 3 %: 154.70


def test_the_case_shows_its_notes_level_and_sculpted():
    (row,) = as_rows(load_case("river-bend"))
    assert row["signed_deal"] == "HUT-RB"
    assert round(row["signed_notes"]["level_payment_usd_per_year"] / 1e6, 1) == 335.8
    assert round(row["signed_notes"]["first_year_level_cover"], 1) == 1.1
    assert round(row["signed_notes"]["sculpted_cover"], 2) == 1.33


def test_check_says_what_is_outside_and_still_ends_well(run, tmp_path):
    file = tmp_path / "case.toml"
    assert run("init", str(file), "--from", "river-bend")[0] == 0
    file.write_text(file.read_text().replace("ltc = 0.85", "ltc = 0.95"))
    code, _, said = run("check", str(file))
    assert code == 0
    assert "note: leases[0].ltc: loan to cost 95.0 % is above the 3 signed colocation deals" in said
