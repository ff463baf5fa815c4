"""Page Sites: every figure is the library's, what is stopped is kept, a faulty table is answered in words."""

from __future__ import annotations

import csv
import io
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from allocator.formats import money, table_money
from allocator.portfolio.answer import portfolio
from allocator.portfolio.candidates import read_portfolio
from allocator.portfolio.questions import Questions
from allocator.portfolio.sentences import decision
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.table import SitesTable, site_case
from allocator.sites.work import packed, solve_chunk
from allocator.ui import sites_job, sites_state
from allocator.ui.desk import Desk, document_of
from allocator.ui.portfolio_charts import capital_figure, curve_figure
from allocator.ui.portfolio_section import answer_of
from allocator.ui.sites_chart import sites_figure
from allocator.ui.sites_job import Job, Line
from allocator.ui.sites_table import headline, ranking
from allocator.ui.sites_upload import SAMPLE, place, read_upload, sample
from models.assumptions import InputFaultsError
from tests.allocator import small
from tests.allocator.ui.pages_under_test import APP, PATIENCE_SECONDS, figure, without_exception, words

PAGE = APP.parent / "allocator/ui/pages/sites.py"
HEADS = ("name", "site.grid_mw", "power.price_usd_per_mwh", "leases[0].tenant", "leases[0].rent_usd_per_kw_month")
ROWS = (
    ("Ash_$1", 20, 35, "Acme", 140),
    ("Birch", 24, 45, "Beta", 100),
    ("Cedar", 18, 30, "Acme", 60),
    ("Dogwood", -5, 30, "Acme", 120),
    ("Elm", 20, "cheap", "Beta", 120),
)


@pytest.fixture(scope="module")
def case():
    """A fleet, a purchase and an offer over three years: some milliseconds a site."""
    return small.case(horizon_years=3, leases=[small.lease(term_years=2, deliveries=1, build_months=3)])


def table_file(rows=ROWS, heads=HEADS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([heads, *rows])
    return text.getvalue().encode()


def page_of(case, content: bytes | None = None, name: str = "mine.csv") -> AppTest:
    """The page itself, opened with a case on the desk, and a table handed in."""
    at = AppTest.from_file(str(PAGE), default_timeout=60)
    at.session_state["desk"] = Desk("case.toml", case, case)
    at.run()
    if content is not None:
        at.file_uploader(key="sites_upload").set_value((name, content, "text/csv")).run()
    return without_exception(at)


def waited_for(at: AppTest, *held: str) -> AppTest:
    """The page when what runs beside it has ended."""
    for key in held:
        found = at.session_state[key]
        job = found[1] if isinstance(found, tuple) else found.job
        assert job.wait(PATIENCE_SECONDS), f"{key} never ended: {job.last}"
    return without_exception(at.run())


def solved_here(table: SitesTable) -> tuple[Outcome, ...]:
    """What the library finds in this process, without workers and ledger."""
    return solve_chunk(packed(table), table.rows, 60.0).outcomes


@pytest.fixture(scope="module")
def solved_page(case):
    """The small table, solved; tests that use it leave the table in place."""
    at = page_of(case, table_file())
    return waited_for(at.button(key="sites_solve").click().run(), "sites_run")


def test_it_is_a_page_of_its_own_and_opens_with_the_two_ways_to_begin():
    at = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("allocator/ui/pages/sites.py").run()
    said = words(without_exception(at))
    assert "Hand in a table with a row a site" in said
    assert "leases[0].rent_usd_per_kw_month" in said
    assert at.button(key="sites_sample").label == "Use the sample table"
    at.button(key="sites_sample").click().run()
    assert f"{SAMPLE}: 12 sites" in words(without_exception(at)).replace("**", "")
    assert at.session_state["sites_loaded"].content == sample()


def test_every_figure_is_the_library_s(solved_page):
    at, run = solved_page, solved_page.session_state["sites_run"]
    table = run.loaded.table
    expected = dict(zip((row.name for row in table.rows), solved_here(table), strict=True))
    assert {r.name: o for r, o in zip(run.solved.table.rows, run.solved.outcomes, strict=True)} == expected
    shown = at.dataframe[0].value.set_index("site")
    for name, found in expected.items():
        row = shown.loc[name]
        assert row["status"] == found.status.value
        if found.status is not SiteStatus.OPTIMAL:
            assert found.reason in row["words"]
            assert pd.isna(row["npv"])
            continue
        grid = table.rows[[r.name for r in table.rows].index(name)].given["site.grid_mw"]
        assert row["npv"] == found.npv_usd / 1e6
        assert row["capex"] == found.capex_usd / 1e6
        assert row["leased"] == found.hosting_critical_it_mw
        assert row["per_mw"] == found.npv_usd / grid / 1e6
        assert row["words"] == found.decision
        if found.capex_usd:
            assert row["per_dollar"] == found.npv_usd / found.capex_usd
    best = max((o.npv_usd, n) for n, o in expected.items() if o.npv_usd is not None)
    assert shown.index[0] == best[1]
    worth = sum(o.npv_usd for o in expected.values() if (o.npv_usd or 0) > 0)
    assert money(worth) in words(at)
    assert headline(ranking(run.solved)) in words(at)
    assert "2 of 5 sites have no plan: 2 bad input" in words(at)
    drawn = sites_figure(ranking(run.solved), table)
    assert drawn.finding in words(at)
    parts = drawn.table.set_index("site")
    for name in parts.index:
        found = expected[name]
        assert tuple(parts.loc[name, ["hosting_npv_usd", "mining_npv_usd"]]) == (
            found.hosting_npv_usd,
            found.mining_npv_usd,
        )


def test_results_to_take_away_are_those_of_the_command_line(solved_page):
    run = solved_page.session_state["sites_run"]
    rows = list(csv.DictReader(io.StringIO((run.job.folder / "found/results.csv").read_text(encoding="utf-8"))))
    assert [row["name"] for row in rows] == [name for name, *_ in ROWS]
    assert [row["npv_usd"] for row in rows if row["npv_usd"]] == [
        repr(o.npv_usd) for o in run.solved.outcomes if o.npv_usd is not None
    ]
    book = openpyxl.load_workbook(run.job.folder / "found/results.xlsx", read_only=True)
    assert "Ranking" in book.sheetnames
    book.close()


def test_a_row_s_faults_are_listed_before_anything_is_solved(case):
    at = page_of(case, table_file())
    said = words(at)
    assert "2 rows have 2 faults" in said
    assert "| 5 | site.grid_mw | -5 |" in said
    assert "| 6 | power.price_usd_per_mwh | 'cheap' |" in said
    assert {place(f)[0] for f in at.session_state["sites_loaded"].faults} == {"5", "6"}
    assert at.button(key="sites_solve").label == "Solve 5 sites"


def test_a_table_that_cannot_be_used_lists_every_fault_and_leaves_what_was_there(case):
    at = page_of(case, table_file())
    faulty = table_file(rows=[(1, 2, 3)], heads=("site.grid_mv", "power.price", "leases[x].ltc"))
    at.file_uploader(key="sites_upload").set_value(("bad.csv", faulty, "text/csv")).run()
    (error,) = without_exception(at).error
    assert error.value.startswith("It has 4 faults")
    said = words(at)
    for head in ("site.grid_mv", "power.price", "leases[x].ltc", "has no column name"):
        assert head in said
    assert at.session_state["sites_loaded"].name == "mine.csv"
    assert "Traceback" not in said


def refusal(case, name: str, content: bytes) -> str:
    with pytest.raises(InputFaultsError) as refused:
        read_upload(name, content, Desk("case.toml", case, case))
    return str(refused.value)


def test_what_is_too_large_or_no_table_is_refused(case, monkeypatch):
    assert "neither CSV nor XLSX" in refusal(case, "sites.parquet", b"PAR1")
    assert "more than 5,000,000" in refusal(case, "big.csv", b"x" * 5_000_001)
    assert "is empty" in refusal(case, "none.csv", b"")
    assert refusal(case, "none.csv", b"").startswith("none.csv:")
    assert "not an Excel workbook" in refusal(case, "not.xlsx", b"PK\x05\x06" + b"\0" * 18)
    monkeypatch.setattr("allocator.ui.sites_upload.MOST_SITES", 2)
    assert "has 5 rows, more than 2" in refusal(case, "many.csv", table_file())


@pytest.mark.parametrize("size", [20_000_000, 40_000_000])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(case, size):
    """The smaller one by the check of every workbook, the larger one by what this page unpacks at all."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    said = refusal(case, "bomb.xlsx", bomb.getvalue())
    assert "packed more than 100 to 1" in said or "unpacks to" in said


def test_a_workbook_reads_as_its_csv_does(case, tmp_path):
    book = openpyxl.Workbook()
    for row in (HEADS, *ROWS):
        book.active.append(row)
    book.save(tmp_path / "mine.xlsx")
    desk = Desk("case.toml", case, case)
    read = read_upload("mine.xlsx", (tmp_path / "mine.xlsx").read_bytes(), desk)
    assert read.table.rows == read_upload("mine.csv", table_file(), desk).table.rows


@pytest.mark.parametrize("cell", ["/etc/passwd", "../prices.csv", '"/etc/passwd"', " /etc/hostname"])
def test_a_cell_that_names_a_file_of_the_server_is_a_fault_and_nothing_is_read(case, cell, monkeypatch):
    def none_is_read(*_):
        raise AssertionError("a file of the server was looked for")

    monkeypatch.setattr("allocator.sites.table.with_prices_read", none_is_read)
    content = table_file([("Ash", cell), ("Birch", "")], ("name", " power.hourly_prices"))
    loaded = read_upload("mine.csv", content, Desk("case.toml", case, case))
    (fault,) = loaded.faults
    assert place(fault) == ("2", "power.hourly_prices")
    assert "names a file" in fault.rule


def test_a_run_that_is_stopped_keeps_what_it_found_and_goes_on_from_there(monkeypatch):
    """Begun in the run's own process, ended on workers: both find the same."""
    rows = [(f"Site {i}", 15 + i / 10, 20 + i / 5, "Acme", 90 + i) for i in range(60)]
    at = page_of(small.case(horizon_years=8), table_file(rows))
    at.button(key="sites_solve").click().run()
    run = at.session_state["sites_run"]
    end = time.monotonic() + PATIENCE_SECONDS
    while run.job.told.get("progress", {}).get("done", 0) == 0:
        assert time.monotonic() < end
        assert not run.job.ended, run.job.failure
        time.sleep(0.01)
    at.button(key="sites_stop").click().run()
    waited_for(at, "sites_run")
    before = run.solved
    assert run.job.stopped
    assert 0 < len(before.outcomes) < 60
    assert f"{len(before.outcomes)} of 60 sites are solved and kept" in at.info[0].value
    assert len(at.dataframe[0].value) == len(before.outcomes)
    assert headline(ranking(before), so_far=True) in words(at)
    waited_for(at, "sites_files")
    partial = pd.read_csv(run.job.folder / "partial/results.csv")
    assert list(partial["name"]) == [row.name for row in before.table.rows]

    monkeypatch.setattr(sites_state, "FEW", 0)
    waited_for(at.button(key="sites_go_on").click().run(), "sites_run")
    run = at.session_state["sites_run"]
    assert run.job.complete
    assert run.job.told["progress"]["known_before"] == len(before.outcomes)
    found = {r.name: o for r, o in zip(run.solved.table.rows, run.solved.outcomes, strict=True)}
    assert len(found) == 60
    assert all(found[r.name] == o for r, o in zip(before.table.rows, before.outcomes, strict=True))
    some = tuple(run.loaded.table.rows[i] for i in (0, 30, 59))
    assert [found[row.name] for row in some] == list(solve_chunk(packed(run.loaded.table), some, 60.0).outcomes)


def test_portfolio_figures_are_the_library_s(solved_page):
    at = solved_page
    at.number_input(key="portfolio_capital").set_value(12.0)
    at.number_input(key="portfolio_tenant").set_value(70.0)
    at.button(key="portfolio_spend").click().run()
    waited_for(at, "sites_spending")
    table = at.session_state["sites_run"].loaded.table
    sound = SitesTable(table.base, table.columns, table.rows[:3])
    asked = Questions(portfolio(*read_portfolio(sound, None, {"capital_usd": 12e6, "max_tenant_share": 0.7})))
    first, *rest = decision(asked, with_passed_over=False)
    assert first in [s.value.replace("\\", "") for s in at.subheader]
    for sentence in rest:
        assert sentence in words(at)
    price = asked.budget_price
    assert figure(at, "NPV") == table_money(asked.answer.npv_usd)
    assert figure(at, "One more dollar") == f"${price.gain_of_one_more_usd:,.2f}"
    assert figure(at, "Sites entered") == f"{len(asked.answer.entered)}"
    assert "Left out, since their rows have faults: Dogwood, Elm." in words(at)
    assert "one tenant with 70 % of what is leased at most" in words(at)
    answer = answer_of(at.session_state["sites_spending"])
    entered = capital_figure(answer).table.set_index("site")
    for site in asked.answer.entered:
        assert entered.loc[site.name, "capital_usd"] == pytest.approx(site.peak_capital_usd, rel=1e-9)
        assert entered.loc[site.name, "npv_usd"] == pytest.approx(site.npv_usd, rel=1e-9)
    curve = curve_figure(answer).table
    assert list(curve["npv_usd"]) == pytest.approx([p.npv_usd for p in asked.curve], rel=1e-9)
    pack = at.session_state["sites_spending"].job.folder / "spent/portfolio.xlsx"
    assert zipfile.is_zipfile(pack)


def test_a_budget_at_which_nothing_fits_has_no_point_on_the_curve():
    point = {"npv_usd": 5e6, "bound_usd": 5e6, "capital_used_usd": 2e6, "sites": 1}
    none = {"npv_usd": None, "bound_usd": None, "capital_used_usd": 0.0, "sites": 0}
    answer = {
        "npv_usd": 3e6,
        "capital": [{"budget_usd": 1e6}],
        "budget_curve": [{"budget_usd": 0.0, **none}, {"budget_usd": 2e6, **point}],
    }
    drawn = curve_figure(answer)
    assert drawn.finding == "Up to $2.00 M of budget would earn $2.00 M more; beyond it nothing"
    assert len(drawn.table) == 2
    assert "NaN" not in drawn.chart.to_json()


def test_a_budget_that_is_missing_names_its_field(case, solved_page):
    at = page_of(case)
    for key in ("sites_loaded", "sites_run"):
        at.session_state[key] = solved_page.session_state[key]
    at.session_state["sites_choices"] = {"capital_usd": None}
    at.run().button(key="portfolio_spend").click().run()
    (error,) = without_exception(at).error
    assert "Budget, USD M" in error.value
    assert "is required" in error.value
    assert at.selectbox(key="template"), "the side is still there"


def test_a_site_is_opened_on_every_page_and_the_base_comes_back(case, solved_page):
    at = solved_page
    assert "Dogwood" not in at.selectbox(key="sites_chosen").options
    at.selectbox(key="sites_chosen").set_value("Birch").run()
    at.button(key="sites_open").click().run()
    table = at.session_state["sites_loaded"].table
    opened = at.session_state["desk"]
    assert opened.origin == "Birch"
    assert document_of(opened.case) == document_of(site_case(table, table.rows[1]))
    assert "on the desk: every page shows it" in without_exception(at).info[0].value
    at.button(key="sites_back").click().run()
    assert at.session_state["desk"].case == case
    assert not without_exception(at).info


def test_another_case_on_the_desk_is_said_and_can_become_the_base(case):
    at = page_of(case, table_file())
    other = case.model_copy(update={"name": "Other"})
    at.session_state["desk"] = Desk("other.toml", other, other)
    at.run()
    assert "The desk holds **Other**" in at.info[0].value
    at.button(key="sites_rebase").click().run()
    assert at.session_state["sites_loaded"].table.base.case == other
    assert not without_exception(at).info


def test_runs_beyond_the_limit_wait_for_their_turn_and_can_be_called_off(tmp_path, monkeypatch):
    let_go, standing = Event(), Line(1)
    monkeypatch.setattr(Job, "_run", lambda job: let_go.wait(PATIENCE_SECONDS))
    folders = [tmp_path / str(i) for i in range(3)]
    jobs = []
    for folder in folders:
        folder.mkdir()
        jobs.append(Job("batch", folder, None, standing, lambda: True))
    assert [job.ahead for job in jobs] == [0, 1, 2]
    jobs[1].stop()
    assert jobs[1].wait(10.0)
    assert jobs[1].stopped
    assert jobs[2].ahead == 1
    let_go.set()
    assert jobs[0].wait(10.0)
    assert jobs[2].wait(10.0)


def group_of(pid: int) -> list[int]:
    """Processes of a group that are not over, from the process table."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(group) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the process table")
def test_nothing_is_left_running_when_the_pages_are_killed(case, tmp_path):
    """The pages are stood in for by a process that begins a run and is killed without a word."""
    folder = tmp_path / "private"
    folder.mkdir()
    loaded = read_upload(SAMPLE, sample(), Desk("case.toml", small.case(), small.case()))
    (folder / "batch.asked").write_bytes(pickle.dumps((loaded.table, 1, 0)))
    pages = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-m', 'allocator.ui.sites_worker', 'batch', sys.argv[1]], "
        "stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True); "
        "print(p.pid, flush=True); p.stdout.readline(); print('told', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", pages, str(folder)], cwd=APP.parent, stdout=subprocess.PIPE) as server:
        pid = int(server.stdout.readline())
        assert server.stdout.readline() == b"told\n"
        assert group_of(pid)
        server.kill()
    end = time.monotonic() + 10.0
    while group_of(pid) or folder.exists():
        assert time.monotonic() < end, "processes or their folder were left"
        time.sleep(0.02)


def test_a_run_ends_when_nobody_looks_and_its_folder_with_its_reader(case, monkeypatch):
    loaded = read_upload(SAMPLE, sample(), Desk("case.toml", case, case))
    monkeypatch.setattr(sites_job, "SECONDS_AWAY", 0.2)
    monkeypatch.setattr(sites_job, "get_script_run_ctx", lambda: SimpleNamespace(session_id="reader"))
    monkeypatch.setattr(sites_job.runtime, "exists", lambda: True)
    monkeypatch.setattr(
        sites_job.runtime, "get_instance", lambda: SimpleNamespace(is_active_session=lambda session: False)
    )
    bench = sites_job.Bench()
    job = bench.begin("batch", (loaded.table, 1, 0))
    assert job.wait(10.0)
    assert job.stopped
    folder = bench.folder
    assert folder.is_dir()
    del bench
    assert not folder.exists()
