"""``allocator portfolio`` as a script meets it: exit codes, what is written, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import highspy
import pytest

KEYS = {
    "status", "npv_usd", "bound_usd", "gap", "capex_usd", "peak_capital_usd", "capital", "sites", "ranking", "tenants",
    "shadow_prices", "budget_curve", "certificate", "mandate", "explanation", "provenance",
}  # fmt: skip
SITES = """name,site.grid_mw,leases[0].critical_it_mw,leases[0].rent_usd_per_kw_month,leases[0].tenant{heads}
North,330,245,128,Fluidstack{north}
South,200,140,120,CoreWeave{south}
East,150,100,110,CoreWeave{east}
"""


def table(folder: Path, heads: str = "", north: str = "", south: str = "", east: str = "") -> str:
    path = folder / "sites.csv"
    path.write_text(SITES.format(heads=heads, north=north, south=south, east=east), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("portfolio")


def test_the_answer_has_every_key_and_adds_up(run, folder):
    code, out, err = run("portfolio", "river-bend", table(folder), "--capital", "400e6", "--json", "-")
    assert code == 0, err
    answer = json.loads(out)
    assert set(answer) == KEYS
    assert answer["status"] == "optimal"
    assert sum(s["npv_usd"] for s in answer["sites"]) == pytest.approx(answer["npv_usd"], rel=1e-9)
    assert max(c["used_usd"] for c in answer["capital"]) <= 400e6 * (1 + 1e-9)
    assert {s["standing"] for s in answer["sites"]} <= {"entered", "passed over"}
    assert all(s["reason"] for s in answer["sites"])
    assert sorted(answer["ranking"]) == ["East", "North", "South"]


def test_the_page_leads_with_the_decision_and_files_are_written(run, folder):
    program, answer = folder / "all.mps", folder / "all.json"
    code, out, err = run("portfolio", "river-bend", table(folder), "--capital", "400e6", "--cross-check",
                         "--lp", str(program), "--json", str(answer))  # fmt: skip
    assert code == 0, err
    assert "Enter " in out
    assert "the one program agrees" in out
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(program))
    solver.run()
    found = json.loads(answer.read_text(encoding="utf-8"))
    assert -solver.getInfo().objective_function_value == pytest.approx(found["npv_usd"], rel=1e-8)


def test_every_fault_of_table_mandate_and_options_is_listed_at_once(run, folder):
    mandate = folder / "mandate.toml"
    mandate.write_text('max_tenant_share = 2.0\nmax_deb = 5\n[[tenants]]\nname = "CoreWeave"\nmax_share = -1\n')
    sites = table(folder, ",portfolio.must_do,portfolio.color", ",maybe,red", ",true,", ",,")
    code, out, err = run("portfolio", "river-bend", sites, "--mandate", str(mandate), "--gap", "3",
                         "--json", str(folder / "no.json"))  # fmt: skip
    assert code == 2
    assert not out
    for words in (
        "--capital",
        "--gap",
        "max_tenant_share",
        "max_deb",
        "tenants[0].max_share",
        "row 2",
        "portfolio.color",
    ):
        assert words in err, err
    assert not (folder / "no.json").exists()


def test_a_bad_row_is_named_with_its_number_and_nothing_is_written(run, folder):
    path = folder / "bad.csv"
    path.write_text("name,site.grid_mw\nA,-5\nB,abc\n", encoding="utf-8")
    code, _, err = run("portfolio", "river-bend", str(path), "--capital", "1e9", "--json", str(folder / "no.json"))
    assert code == 2
    assert "row 2" in err
    assert "row 3" in err
    assert not (folder / "no.json").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--capital", "-5"),
        ("--capital", "nan"),
        ("--capital", "1e9", "--gap", "2"),
        ("--capital", "1e9", "--max-debt", "-1"),
        ("--capital", "1e9", "--jobs", "0"),
    ],
)
def test_bad_options_are_faults(run, folder, options):
    code, out, err = run("portfolio", "river-bend", table(folder), *options)
    assert code == 2
    assert not out
    assert "fault" in err


def test_what_must_be_done_and_does_not_fit_is_explained(run, folder):
    heads = ",portfolio.must_do,portfolio.minimum_ticket_usd"
    sites = table(folder, heads, ",true,300e6", ",true,150e6", ",,")
    code, out, err = run("portfolio", "river-bend", sites, "--capital", "200e6", "--json", "-")
    assert code == 3
    assert "does not fit" in err
    answer = json.loads(out)
    assert answer["status"] == "infeasible"
    assert answer["repairs"][0]["limit"] == "budget"
    assert answer["repairs"][0]["change"] > 0


def test_sites_may_exclude_each_other_by_a_column_of_the_table(run, folder):
    sites = table(folder, ",portfolio.exclusive_group", ",1", ",1", ",")
    code, out, err = run("portfolio", "river-bend", sites, "--capital", "5e9", "--json", "-")
    assert code == 0, err
    entered = {s["name"] for s in json.loads(out)["sites"] if s["standing"] == "entered"}
    assert len(entered & {"North", "South"}) == 1


def test_a_mandate_file_holds_staged_capital_and_limits_of_tenants(run, folder):
    mandate = folder / "stages.toml"
    mandate.write_text(
        'capital_usd = [{from = 2026-02-07, usd = 100e6}, {from = 2028-02-07, usd = 400e6}]\n'
        '[[tenants]]\nname = "CoreWeave"\nmax_critical_it_mw = 90\n'
    )  # fmt: skip
    code, out, err = run("portfolio", "river-bend", table(folder), "--mandate", str(mandate), "--json", "-")
    assert code == 0, err
    answer = json.loads(out)
    tenants = {t["tenant"]: t["critical_it_mw"] for t in answer["tenants"]}
    assert tenants.get("CoreWeave", 0.0) <= 90 + 1e-6
    assert answer["capital"][0]["budget_usd"] == 100e6
    assert answer["capital"][-1]["budget_usd"] == 400e6


def test_the_table_that_is_read_is_not_overwritten(run, folder):
    sites = table(folder)
    code, _, err = run("portfolio", "river-bend", sites, "--capital", "1e9", "--json", sites)
    assert code == 2
    assert "is read" in err
