"""The command line as a script meets it: exit codes, what is written, what is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import highspy
import pytest

from allocator import outputs

ROOT = Path(__file__).resolve().parents[2]
SOLVE_KEYS = {
    "status", "npv_usd", "capex_usd", "peak_equity_usd", "irr", "levered_irr", "payback_years", "objective_terms",
    "mix",    "schedule", "shadow_prices", "break_evens", "certificate", "explanation", "provenance",
}  # fmt: skip


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """River Bend solved once by the installed command, with everything that it can write."""
    folder = tmp_path_factory.mktemp("solved")
    command = [
        sys.executable,
        "-m",
        "allocator.cli",
        "solve",
        "river-bend",
        "--json",
        str(folder / "a.json"),
        "--lp",
        str(folder / "a.mps"),
        "--cross-check",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder, json.loads((folder / "a.json").read_text()), done.stdout


def test_solve_writes_every_key_of_the_contract(solved):
    assert set(solved[1]) >= SOLVE_KEYS


def test_solve_takes_the_river_bend_lease_and_says_what_would_undo_it(solved):
    answer = solved[1]
    hosted = [line for line in answer["mix"] if line["use"] == "hosting"]
    assert sum(line["units_mw"] for line in hosted) == pytest.approx(245.0, rel=1e-9)
    assert sum(line["facility_mw"] for line in hosted) == pytest.approx(330.0, rel=1e-9)
    words = " ".join(answer["explanation"])
    assert "Lease all 245 MW (critical IT) to Fluidstack" in words
    assert "stays in the plan, if only in part, down to a rent of" in words


def test_ledger_terms_sum_to_npv(solved):
    answer = solved[1]
    assert sum(term["npv_usd"] for term in answer["objective_terms"]) == pytest.approx(answer["npv_usd"], rel=1e-9)


def test_schedule_sums_to_grid_every_quarter(solved):
    for quarter in solved[1]["schedule"]:
        assert quarter["mining_mw"] + quarter["hosting_mw"] + quarter["idle_mw"] == pytest.approx(
            quarter["grid_mw"], abs=1e-9
        )


def test_exported_program_solves_to_minus_npv_in_a_fresh_solver(solved):
    folder, answer, _ = solved
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(folder / "a.mps"))
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(-answer["npv_usd"], rel=1e-9)


def test_terminal_says_decision_mix_and_checks(solved):
    text = solved[2]
    for words in ("River Bend · valued 7 Feb 2026", "hosting", "330.0", "break-even rent", "CBC agrees"):
        assert words in text


def test_json_dash_puts_json_alone_on_standard_output(run):
    code, out, _ = run("solve", "river-bend", "--json", "-")
    assert code == 0
    assert json.loads(out)["status"] == "optimal"


def test_set_changes_the_answer(run):
    code, out, _ = run("solve", "river-bend", "--set", "leases[0].rent_usd_per_kw_month=1", "--json", "-")
    assert code == 0
    assert not [line for line in json.loads(out)["mix"] if line["use"] == "hosting"]


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("site.grid_mw=-5", "site.grid_mw"),
        ("site.grid_mw=nan", "site.grid_mw"),
        ("site.grid_mw=inf", "site.grid_mw"),
        ("site.grid_mw=abc", "site.grid_mw"),
        ("market.btc_price_usd=0", "market.btc_price_usd"),
        ("market.fee_share=1.5", "market.fee_share"),
        ("leases[0].critical_it_mw=1e9", "leases[0].critical_it_mw"),
        ("leases[0].critical_it_mw=250", "leases[0].critical_it_mw"),
        ("leases[0].term_years=0", "leases[0].term_years"),
        ("leases[0].provisioning_ratio=0.5", "leases[0].provisioning_ratio"),
        ("leases[0].latest_start=2027-03-01", "leases[0].latest_start"),
        ("finance.tax_rate=2", "finance.tax_rate"),
        ("no.such.path=1", "no"),
        ("leases[99].critical_it_mw=1", "leases[99].critical_it_mw"),
        ("horizon_years=0", "horizon_years"),
        ("policy.capital_usd=-1", "policy.capital_usd"),
        ("valuation_date=yesterday", "valuation_date"),
        ("purchases[0].machine='S99'", "purchases[0].machine"),
        ("policy.min_flexible_mw=100000", "policy.min_flexible_mw"),
    ],
)
def test_a_bad_setting_is_refused_with_its_field_and_nothing_is_written(run, tmp_path, setting, field):
    target = tmp_path / "answer.json"
    code, out, err = run("solve", "river-bend", "--set", setting, "--json", str(target))
    assert (code, out) == (2, "")
    assert f"  {field}: " in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_every_fault_of_settings_and_case_is_listed_at_once(run):
    bad = ("leases[9].ltc=1", "market.btcprice=1", "site.grid_mw=-1", "finance.tax_rate=nan", "fleets=3")
    code, _, err = run("solve", "river-bend", *[part for setting in bad for part in ("--set", setting)])
    assert code == 2
    for words in (
        "5 faults",
        "leases[9].ltc",
        "did you mean btc_price_usd?",
        "site.grid_mw",
        "finance.tax_rate",
        "fleets",
    ):
        assert words in err


@pytest.mark.parametrize("content", [b"", b"site = [[[", b"\x00\x01\x02", b"\xff\xfe", b"[[[[[[" * 5000])
def test_a_file_that_is_no_case_is_refused(run, tmp_path, content):
    case = tmp_path / "case.toml"
    case.write_bytes(content)
    code, _, err = run("solve", str(case), "--json", str(tmp_path / "a.json"))
    assert code == 2
    assert str(case) in err
    assert not (tmp_path / "a.json").exists()


def test_a_missing_file_and_a_folder_are_refused(run, tmp_path):
    assert run("solve", str(tmp_path / "absent.toml"))[0] == 2
    assert run("solve", str(tmp_path))[0] == 2


def test_targets_that_cannot_be_written_are_refused_before_any_work(run, tmp_path):
    code, _, err = run("solve", "river-bend", "--json", str(tmp_path / "no" / "a.json"), "--lp", str(tmp_path))
    assert code == 2
    assert "its folder does not exist" in err
    assert "it is a folder" in err


def test_an_unknown_solver_is_refused_with_those_that_are_there(run):
    code, _, err = run("solve", "river-bend", "--solver", "ABACUS")
    assert code == 2
    assert "HiGHS, CBC" in err


def test_an_infeasible_case_exits_3_and_names_each_cure(run):
    code, out, err = run(
        "solve",
        "river-bend",
        "--set",
        "leases[0].committed=true",
        "--set",
        "policy.capital_usd=100e6",
        "--json",
        "-",
    )
    answer = json.loads(out)
    assert (code, answer["status"]) == (3, "infeasible")
    assert "raise the capital by" in err
    assert "reduce the commitment to River Bend by" in err
    change = next(r["change"] for r in answer["repairs"] if r["limit"] == "capital")
    enough = (
        "--set",
        "leases[0].committed=true",
        "--set",
        f"policy.capital_usd={100e6 + change * (1 + 1e-6) + 1}",
    )
    assert run("solve", "river-bend", *enough)[0] == 0
    short = (
        "--set",
        "leases[0].committed=true",
        "--set",
        f"policy.capital_usd={100e6 + change * (1 - 1e-4)}",
    )
    assert run("solve", "river-bend", *short)[0] == 3


def test_check_lists_the_faults_of_every_file(run, tmp_path):
    case = tmp_path / "case.toml"
    case.write_text('name = "x"\n[site]\ngrid_mw = -1\n[nonsense]\nx = 1\n')
    code, _, err = run("check", "river-bend", str(case))
    assert code == 2
    for words in ("river-bend: sound", "valuation_date", "site.grid_mw", "nonsense"):
        assert words in err
    assert run("check", "river-bend", "brownfield")[0] == 0


def test_init_writes_a_case_that_checks_and_never_overwrites(run, tmp_path):
    case = tmp_path / "case.toml"
    assert run("init", str(case), "--from", "brownfield")[0] == 0
    assert "# facility MW:" in case.read_text()
    assert run("check", str(case))[0] == 0
    before = case.read_bytes()
    assert run("init", str(case))[0] == 2
    assert case.read_bytes() == before
    assert run("init", str(tmp_path / "b.toml"), "--from", "absent")[0] == 2


def test_network_prints_the_hashprice_that_f2pool_published(run):
    # f2pool, 2 February 2026: BTC 76,176 USD, 141.67 T, 0.034 USD per TH a day.
    code, out, _ = run(
        "network", "--btc-price", "76176", "--difficulty", "141.67e12", "--fee-share", "0.006", "--json", "-"
    )
    assert code == 0
    assert json.loads(out)["hashprice_usd_per_ph_day"] == pytest.approx(34.0, rel=2e-3)
    assert (
        "$34.01 /PH/day"
        in run("network", "--btc-price", "76176", "--difficulty", "141.67e12", "--fee-share", "0.006")[1]
    )


def test_network_prints_the_security_budget_that_was_reported(run):
    # CryptoQuant, 5 February 2026: miners earned 28 M USD a day, at 11.6 minutes a block and BTC at 70,000-71,800.
    arguments = ("network", "--btc-price", "71000", "--difficulty", "141.67e12", "--block-minutes", "11.6")
    code, out, _ = run(*arguments, "--json", "-")
    assert code == 0
    assert json.loads(out)["security_budget_usd_per_day"] == pytest.approx(28e6, rel=0.02)
    assert "$27.7 M a day" in run(*arguments)[1]


def test_network_prints_what_a_bitcoin_costs_by_hand(run):
    arguments = ("network", "--btc-price", "71000", "--difficulty", "125.86e12", "--fee-share", "0.006")
    code, out, _ = run(*arguments, "--json", "-")
    assert code == 0
    figures = json.loads(out)
    # 21.75 kW per PH/s x 1.06 x 24 h x 55 USD/MWh, 17 % of cash cost is not power; BTC found by one PH/s in a day.
    found = 3.125 / 0.994 * 86_400e15 / (125.86e12 * 2**32)
    cash = 21.75 * 1.06 * 0.024 * 55.0 / (1 - 0.17) / found
    assert figures["network_cash_cost_usd_per_btc"] == pytest.approx(cash, rel=1e-9)
    # 14 USD/TH of machines and 350,000 USD/MW of works at 15 % over 4.7 years: twelfths, worth the cost at that rate.
    months = sum(1.15 ** (-m / 12) for m in range(int(4.7 * 12)))  # 56 whole months; the last 0.4 is worth 0.2 more
    capital = (14_000.0 + 21.75 * 1.06 / 1000 * 350_000.0) * 12 / months / 365 / found
    assert figures["network_all_in_cost_usd_per_btc"] - cash == pytest.approx(capital, rel=0.01)
    assert figures["entry_cost_usd_per_ph_day"] == 36.5
    text = run(*arguments)[1]
    for words in (f"${cash:,.0f} cash", "entry cost        $36.50 /PH/day"):
        assert words in text


def test_the_cost_of_a_bitcoin_follows_difficulty_and_not_the_price(run):
    def figures(price: str, difficulty: str) -> dict[str, float]:
        return json.loads(run("network", "--btc-price", price, "--difficulty", difficulty, "--json", "-")[1])

    low, high, harder = figures("60000", "1e14"), figures("120000", "1e14"), figures("60000", "2e14")
    for key in ("network_cash_cost_usd_per_btc", "network_all_in_cost_usd_per_btc"):
        assert high[key] == low[key]
        assert harder[key] == pytest.approx(2 * low[key], rel=1e-12)
    assert high["security_budget_usd_per_day"] == pytest.approx(2 * low["security_budget_usd_per_day"], rel=1e-12)


def test_machines_prints_the_electricity_share_that_was_published(run):
    # Market report of 2 February 2026: S21 XP Hydro, 0.06 USD/kWh, BTC 75,000: 52 %.
    arguments = (
        "machines",
        "--btc-price",
        "75000",
        "--difficulty",
        "141.67e12",
        "--fee-share",
        "0.006",
        "--power-price",
        "60",
    )
    code, out, _ = run(*arguments, "--json", "-")
    rows = json.loads(out)
    assert (code, len(rows)) == (0, 54)
    hydro = next(r for r in rows if r["model"] == "Antminer S21 XP Hyd")
    assert hydro["electricity_share_of_revenue"] == pytest.approx(0.516, abs=5e-4)
    assert "51.6 %" in run(*arguments)[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("network", "--btc-price", "nan", "--difficulty", "1e14"),
        ("network", "--btc-price", "1", "--difficulty", "1e14", "--block-minutes", "0"),
        ("machines", "--power-price", "nan"),
        ("machines", "--pool-fee", "1"),
        ("machines", "--btc-price", "-3"),
        ("network", "--difficulty", "125.86"),
        ("nonsense",),
    ],
)
def test_bad_figures_are_refused_in_words(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path):
    def fails(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        outputs.write_all([(tmp_path / "a.txt", lambda p: p.write_text("whole")), (tmp_path / "b.txt", fails)])
    assert list(tmp_path.iterdir()) == []


def test_an_output_never_replaces_the_case_a_link_or_what_is_no_plain_file(run, tmp_path):
    case, link, pipe = tmp_path / "case.toml", tmp_path / "link.json", tmp_path / "pipe"
    assert run("init", str(case))[0] == 0
    before = case.read_bytes()
    link.symlink_to(tmp_path / "elsewhere.json")
    os.mkfifo(pipe)
    for target, words in (
        (case, "is the case that is read"),
        (link, "is not a plain file"),
        (pipe, "is not a plain file"),
    ):
        code, _, err = run("solve", str(case), "--json", str(target))
        assert code == 2
        assert words in err
    assert case.read_bytes() == before
    assert link.is_symlink()


def test_a_path_too_long_for_the_system_is_refused_in_words(run, tmp_path):
    assert run("solve", "n" * 300)[0] == 2
    code, _, err = run("solve", "river-bend", "--json", str(tmp_path / ("n" * 300)))
    assert code == 2
    assert "cannot be written" in err


def test_faults_of_all_options_are_listed_together(run):
    _, _, err = run("machines", "--pool-fee", "2", "--power-price", "inf", "--btc-price", "0")
    for words in ("3 faults", "--pool-fee", "--power-price", "market.btc_price_usd"):
        assert words in err


def test_the_version_is_printed(run):
    code, out, _ = run("--version")
    assert (code, out.strip()) == (0, "0.1.0")
