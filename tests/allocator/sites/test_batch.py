"""Batches that are killed, interrupted and resumed: the finished table is that of an undisturbed one, byte for byte."""

from __future__ import annotations

import random
from functools import partial

import psutil
import pytest

from tests.allocator.sites.many import (
    Driver,
    ForkedDriver,
    base_file,
    contents,
    ledger_counts,
    rows,
    run_batch,
    sites_file,
    wait_until,
)

SITES, WORKERS, LARGEST_CHUNK = 600, 2, 50
MANY = 6_000


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Base case, table of 600 sites, and the finished files of one process that was left alone."""
    folder = tmp_path_factory.mktemp("batch")
    case, sites = base_file(folder), sites_file(folder, rows(SITES))
    done = run_batch(case, sites, folder / "alone", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return case, sites, contents(folder / "alone")


def test_killed_at_twenty_moments_the_resumed_table_is_the_same(undisturbed, tmp_path):
    case, sites, expected = undisturbed
    out = tmp_path / "out"
    lost = 0
    for moment in sorted(random.Random(20).sample(range(SITES - LARGEST_CHUNK), 20)):
        found_before, handed_before, _ = ledger_counts(out)
        driver = ForkedDriver(case, sites, out, "--jobs", str(WORKERS))
        try:
            wait_until(driver, partial(_got_to, out, moment, handed_before))
        finally:
            driver.kill()
        assert not (out / "results.csv").exists()
        found, handed, _ = ledger_counts(out)
        given_for_nothing = (handed - handed_before) - (found - found_before)
        assert 0 <= given_for_nothing <= WORKERS * LARGEST_CHUNK
        lost += given_for_nothing
    done = run_batch(case, sites, out, "--jobs", str(WORKERS))
    assert done.returncode == 0, done.stderr
    assert contents(out) == expected
    found, handed, open_rows = ledger_counts(out)
    assert (found, open_rows) == (SITES, 0)
    # What was given out twice is what was on the workers at the kills: one chunk a worker at most.
    assert handed - SITES == lost


def _got_to(out, moment, handed_before):
    found, handed, _ = ledger_counts(out)
    return found >= moment and handed > handed_before


def test_workers_killed_at_ten_moments_leave_the_table_the_same(undisturbed, tmp_path):
    case, sites, expected = undisturbed
    out = tmp_path / "out"
    chance = random.Random(10)
    moments = sorted(chance.sample(range(1, SITES - 4 * LARGEST_CHUNK), 10))
    driver = Driver(case, sites, out, "--jobs", str(WORKERS))
    killed = 0
    try:
        for moment in moments:
            wait_until(driver, partial(_loses_a_worker, driver, out, moment, chance))
            killed += 1
        assert driver.wait() == 0
    finally:
        if driver.is_running():
            driver.kill()
    assert killed == 10
    assert contents(out) == expected


def _can_lose_a_worker(driver, out, moment):
    return ledger_counts(out)[0] >= moment and bool(_workers(driver.pid))


def _loses_a_worker(driver, out, moment, chance):
    """Kills a worker once the batch is that far; False where the one chosen had ended just before."""
    if not _can_lose_a_worker(driver, out, moment):
        return False
    try:
        chance.choice(_workers(driver.pid)).kill()
    except (psutil.NoSuchProcess, IndexError):
        return False
    return True


def _workers(driver: int) -> list[psutil.Process]:
    """The processes of this driver that solve sites; one that was killed stays listed until its parent has noticed."""
    try:
        found = [worker for child in psutil.Process(driver).children() for worker in child.children()]
        return [worker for worker in found if worker.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def test_ctrl_c_says_how_to_go_on_and_leaves_no_process(undisturbed, tmp_path):
    """The table goes on below the sites of the others for so long that the batch cannot be done before Ctrl-C."""
    case, sites, expected = undisturbed
    out = tmp_path / "out"
    driver = Driver(case, sites_file(tmp_path, rows(MANY)), out, "--jobs", str(WORKERS))
    wait_until(driver, partial(_can_lose_a_worker, driver, out, 1))
    workers = _workers(driver.pid)
    code, said = driver.interrupt()
    assert code == 130
    found = ledger_counts(out)[0]
    assert said.strip().splitlines()[-1] == (
        f"stopped: {found:,} of {MANY:,} sites are kept in {out}; the same command goes on from there"
    )
    assert "Traceback" not in said
    assert not (out / "results.csv").exists()
    assert not psutil.wait_procs(workers, timeout=10)[1]
    done = run_batch(case, sites, out, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert contents(out) == expected
