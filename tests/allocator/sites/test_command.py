"""The command as a user meets it: what is refused before any work, bad rows among good ones, what it says."""

from __future__ import annotations

import csv

import pytest

from allocator.allocation import allocate
from allocator.case import case_from_document, override
from tests.allocator.sites.many import FILES, base_document, base_file, ledger_counts, sites_file

HEADS = (
    "name", "site.grid_mw", "power.price_usd_per_mwh", "leases[0].rent_usd_per_kw_month", "leases[0].critical_it_mw",
    "leases[0].committed", "fleets[0].machine", "leases[0].earliest_start", "policy.capital_usd",
)  # fmt: skip


def good(i):
    return [f"Good {i:03d}", 15 + i % 20, 20 + i % 30, 80 + i, None, None, None, None, None]


def bad(**changed):
    row = dict(zip(HEADS, good(0), strict=True)) | changed
    return list(row.values())


BAD = {
    "negative": (bad(name="negative", **{"site.grid_mw": -4}), "bad input", "site.grid_mw: -4 must be above 0"),
    "words": (bad(name="words", **{"site.grid_mw": "a lot"}), "bad input", "'a lot' is not a number"),
    "not finite": (bad(name="not finite", **{"power.price_usd_per_mwh": "nan"}), "bad input", "not a finite number"),
    "formula": (bad(name="formula", **{"power.price_usd_per_mwh": "=B2"}), "bad input", "=B2 is a formula"),
    "error": (bad(name="error", **{"site.grid_mw": "#REF!"}), "bad input", "is an error of the spreadsheet"),
    "machine": (bad(name="machine", **{"fleets[0].machine": "S99"}), "bad input", "did you mean"),
    "date": (bad(name="date", **{"leases[0].earliest_start": "soon"}), "bad input", "is not a date"),
    "too large": (bad(name="too large", **{"leases[0].critical_it_mw": 700}), "bad input", "is larger than the site"),
    "short": (["short", 20], "bad input", "has 2 cells where the heads are 9"),
    "impossible": (
        bad(name="impossible", **{"leases[0].committed": "TRUE", "policy.capital_usd": 0, "site.grid_mw": 20}),
        "infeasible", "No plan meets every limit",
    ),
}  # fmt: skip


def test_bad_rows_of_ten_kinds_leave_the_good_ones_alone(run, tmp_path):
    rows = [good(i) for i in range(190)]
    for place, (row, _, _) in enumerate(BAD.values()):
        rows.insert(7 + 19 * place, row)
    case, sites = base_file(tmp_path), sites_file(tmp_path, rows, HEADS)
    code, said, progress = run("batch", str(case), str(sites), "--out", str(tmp_path / "out"), "--jobs", "2")
    assert code == 0, progress
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8", newline="") as file:
        found = {row["name"]: row for row in csv.DictReader(file)}
    assert list(found) == [row[0] for row in rows]
    for name, (_, status, reason) in BAD.items():
        assert found[name]["status"] == status, found[name]
        assert reason in found[name]["reason"]
        assert found[name]["npv_usd"] == ""
    sound = [row for name, row in found.items() if name.startswith("Good")]
    assert len(sound) == 190
    assert {row["status"] for row in sound} == {"optimal"}
    for row in sound[::27]:
        document = base_document()
        for path in HEADS:
            if row[path]:
                document = override(document, path, row[path] if path == "name" else float(row[path]))
        assert float(row["npv_usd"]) == pytest.approx(allocate(case_from_document(document)).npv_usd, rel=1e-9)
    assert "190   optimal" in said
    assert "9   bad input" in said
    assert "1   infeasible" in said
    assert "200 of 200 sites" in progress


def test_a_table_that_cannot_be_used_is_refused_with_every_fault_and_nothing_is_written(run, tmp_path):
    case = base_file(tmp_path)
    sites = sites_file(tmp_path, [["A", 1, 2]], ("name", "site.grid", "leases[4].ltc"))
    code, said, faults = run("batch", str(case), str(sites), "--out", str(tmp_path / "out"))
    assert (code, said) == (2, "")
    assert "2 faults in the input; nothing was written:" in faults
    assert "did you mean site.grid_mw?" in faults
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--set", "site.grid_mw=-1"], "site.grid_mw: -1 must be above 0"),
        (["--jobs", "0"], "--jobs: 0 is not between 1 and 1000"),
        (["--cluster", "nowhere"], "--cluster: nowhere is not an address"),
        (["--tls-ca", "ca.pem"], "--tls-ca: ca.pem has no meaning without TLS"),
        (["--time-limit", "0"], "--time-limit: 0 is not between 0 and 86,400 seconds"),
        (["--time-limit", "nan"], "--time-limit: nan is not between"),
    ],
)
def test_wrong_options_are_bad_input(run, tmp_path, options, fault):
    case, sites = base_file(tmp_path), sites_file(tmp_path, [good(1)], HEADS)
    code, _, said = run("batch", str(case), str(sites), "--out", str(tmp_path / "out"), *options)
    assert code == 2
    assert fault in said
    assert not (tmp_path / "out" / "results.csv").exists()


def test_the_same_command_again_computes_nothing(run, tmp_path):
    case, sites, out = base_file(tmp_path), sites_file(tmp_path, [good(i) for i in range(4)], HEADS), tmp_path / "out"
    assert run("batch", str(case), str(sites), "--out", str(out), "--jobs", "1")[0] == 0
    before = ledger_counts(out), [(out / name).read_bytes() for name in FILES]
    code, _, progress = run("batch", str(case), str(sites), "--out", str(out), "--jobs", "1")
    assert code == 0
    assert "4 of 4 sites, all found before" in progress
    assert (ledger_counts(out), [(out / name).read_bytes() for name in FILES]) == before


def test_an_edited_row_alone_is_solved_again(run, tmp_path):
    rows, case, out = [good(i) for i in range(4)], base_file(tmp_path), tmp_path / "out"
    assert run("batch", str(case), str(sites_file(tmp_path, rows, HEADS)), "--out", str(out), "--jobs", "1")[0] == 0
    rows[2][1] = 33
    assert run("batch", str(case), str(sites_file(tmp_path, rows, HEADS)), "--out", str(out), "--jobs", "1")[0] == 0
    assert ledger_counts(out)[1] == 5


def test_help_names_the_command_and_stays_light():
    import subprocess
    import sys

    script = (
        "import sys; from allocator import cli; sys.exit(bool({'distributed', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
