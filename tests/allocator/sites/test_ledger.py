"""What is on disk: whole rows, the right ones, and one process at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.files import read_document
from allocator.sites.ledger import FILE, Ledger, Recorded, fingerprints, is_open_question
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.reading import Sheet
from allocator.sites.table import base_of, sites_of
from models.assumptions import InputFaultsError
from tests.allocator.sites.many import HEADS, base_document, rows

PLAN = Outcome(SiteStatus.OPTIMAL, npv_usd=1.1, decision="mine")


def table(drawn, base=None):
    return sites_of(
        Sheet(HEADS, tuple((i + 2, tuple(r)) for i, r in enumerate(drawn))), base_of(base or base_document()), Path()
    )


def test_outcomes_are_found_again(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.hand_out(["a", "b"])
        ledger.record({"a": PLAN}, 60.0)
    with Ledger(tmp_path) as ledger:
        assert ledger.found(["a", "b", "c"]) == {"a": Recorded(PLAN, 60.0)}
        ledger.hand_out(["b"])
        assert ledger.times_handed_out() == {"a": 1, "b": 2}


def test_fingerprints_tell_rows_base_cases_and_versions_apart():
    drawn = rows(5)
    known = fingerprints(table(drawn), "1")
    assert len(set(known)) == 5
    assert fingerprints(table(drawn), "1") == known
    assert not set(fingerprints(table(drawn), "2")) & set(known)
    other = {**base_document(), "market": {"btc_price_usd": 91_000}}
    assert not set(fingerprints(table(drawn, other), "1")) & set(known)
    drawn[2][1] += 1
    changed = fingerprints(table(drawn), "1")
    assert [a == b for a, b in zip(known, changed, strict=True)] == [True, True, False, True, True]


def test_a_sound_row_keeps_its_fingerprint_wherever_it_stands():
    drawn = rows(4)
    assert set(fingerprints(table(drawn), "1")) == set(fingerprints(table(drawn[::-1]), "1"))


def test_a_row_with_read_prices_has_a_fingerprint(tmp_path):
    (tmp_path / "prices.csv").write_text("price_usd_per_mwh\n" + "40\n" * 8_760, encoding="utf-8")
    found = sites_of(
        Sheet(("name", "power.hourly_prices"), ((2, ("A", "prices.csv")), (3, ("B", None)))),
        base_of(read_document("river-bend")),
        tmp_path,
    )
    assert len(set(fingerprints(found, "1"))) == 2


def test_two_runs_never_write_one_folder(tmp_path):
    with Ledger(tmp_path), pytest.raises(InputFaultsError, match="is being written by another run"):
        Ledger(tmp_path)
    Ledger(tmp_path).close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / FILE).write_text("notes" * 100, encoding="utf-8")
    with pytest.raises(InputFaultsError, match="is not a ledger that can be read"):
        Ledger(tmp_path)
    (tmp_path / FILE).unlink()
    Ledger(tmp_path).close()


def test_an_outcome_that_cannot_be_read_is_said_and_not_guessed(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.record({"a": PLAN}, 60.0)
    with sqlite3.connect(tmp_path / FILE) as known:
        known.execute("update sites set outcome = '{}'")
    known.close()
    with Ledger(tmp_path) as ledger, pytest.raises(InputFaultsError, match="is not a ledger that can be read"):
        ledger.found(["a"])


@pytest.mark.parametrize(
    ("status", "limit_before", "again", "is_open"),
    [
        (SiteStatus.OPTIMAL, 10.0, True, False), (SiteStatus.INFEASIBLE, 10.0, True, False),
        (SiteStatus.BAD_INPUT, 10.0, True, False), (SiteStatus.FAILED, 60.0, False, False),
        (SiteStatus.FAILED, 60.0, True, True), (SiteStatus.OVER_TIME, 60.0, False, False),
        (SiteStatus.OVER_TIME, 60.0, True, True), (SiteStatus.OVER_TIME, 10.0, False, True),
    ],
)  # fmt: skip
def test_only_what_another_try_could_change_is_solved_again(status, limit_before, again, is_open):
    known = Recorded(replace(PLAN, status=status), limit_before)
    assert is_open_question(known, 60.0, again=again) is is_open
    assert is_open_question(None, 60.0, again=again)
