"""One site's row: the plan that allocating its case gives, or the reason why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.allocation import allocate
from allocator.program.solve import SolverError
from allocator.sites import work
from allocator.sites.outcome import SiteStatus, from_json
from allocator.sites.reading import Sheet
from allocator.sites.table import base_of, sites_of
from allocator.sites.work import packed, solve_chunk, solve_site, unpacked
from models.returns import irr
from tests.allocator.sites.many import HEADS, base_document, case_of, rows
from tests.allocator.small import document, lease

IMPOSSIBLE = {
    "leases": [lease(committed=True, capex_usd_per_kw=9_000, ltc=0.0)],
    "policy": {"capital_usd": 1e6},
}


def table(drawn, heads=HEADS, base=None):
    sheet = Sheet(tuple(heads), tuple((i + 2, tuple(row)) for i, row in enumerate(drawn)))
    return sites_of(sheet, base_of(base or base_document()), Path())


def outcomes(found, time_limit_s=60.0):
    return solve_chunk(packed(found), found.rows, time_limit_s).outcomes


@pytest.mark.parametrize("place", [0, 3, 7, 11, 19])
def test_a_row_is_the_plan_of_its_case(place):
    drawn = rows(20, seed=5)
    found = outcomes(table(drawn))[place]
    plan = allocate(case_of(drawn[place]))
    assert found.status is SiteStatus.OPTIMAL
    assert found.npv_usd == pytest.approx(plan.npv_usd, rel=1e-9)
    assert found.hosting_npv_usd + found.mining_npv_usd == pytest.approx(plan.npv_usd, rel=1e-9)
    assert found.capex_usd == pytest.approx(sum(line.capex_usd for line in plan.mix), rel=1e-6, abs=1.0)
    assert found.hosting_mw == pytest.approx(max(q.hosting_mw for q in plan.schedule), abs=1e-6)
    assert found.mining_mw == pytest.approx(max(q.mining_mw for q in plan.schedule), abs=1e-6)
    mean_idle = sum(q.idle_mw for q in plan.schedule) / len(plan.schedule)
    assert found.mean_idle_mw == pytest.approx(mean_idle, abs=1e-6)
    leased = sum(line.units_mw for line in plan.mix if line.activity.use == "hosting")
    assert found.hosting_critical_it_mw == pytest.approx(leased, abs=1e-6)
    lowest, total = 0.0, 0.0
    for flow in plan.equity_cash_flow_usd:
        total += flow
        lowest = min(lowest, total)
    assert found.peak_equity_usd == pytest.approx(-lowest, rel=1e-9)
    if lowest < 0:
        assert found.npv_per_peak_equity == pytest.approx(plan.npv_usd / -lowest, rel=1e-9)
    assert found.irr == pytest.approx(irr(plan.investment_cash_flow_usd), rel=1e-9)


def test_an_answer_does_not_hang_on_the_sites_before_it():
    drawn = rows(6, seed=8)
    together = outcomes(table(drawn))
    for place, row in enumerate(drawn):
        alone = table([row])
        unpacked.cache_clear()
        assert solve_site(unpacked(packed(alone)), alone.rows[0], 60.0) == together[place]


def test_a_site_without_a_plan_says_what_conflicts_and_what_would_cure_it():
    heads = ("name", "policy.capital_usd")
    poor, rich = outcomes(table([("A", 1e6), ("B", 1e9)], heads, document(**IMPOSSIBLE)))
    assert poor.status is SiteStatus.INFEASIBLE
    assert "No plan meets every limit" in poor.reason
    assert "raise the capital by" in poor.reason
    assert poor.npv_usd is None
    assert rich.status is SiteStatus.OPTIMAL


def test_a_site_may_have_whole_halls_where_the_base_case_has_none():
    heads = ("name", "leases[0].block_mw")
    whole, continuous = outcomes(table([("A", 4), ("B", 0)], heads))
    assert whole.hosting_critical_it_mw % 4 == pytest.approx(0.0, abs=1e-6)
    assert whole.npv_usd <= continuous.npv_usd * (1 + 1e-9)


def test_bad_input_lists_every_fault():
    (found,) = outcomes(table([("A", -1, 30, "x", 0.5)]))
    assert found.status is SiteStatus.BAD_INPUT
    assert "row 2, site.grid_mw: -1 must be above 0" in found.reason
    assert "row 2, leases[0].rent_usd_per_kw_month: 'x' is not a number" in found.reason


def test_a_site_that_takes_too_long_says_so():
    (found,) = outcomes(table(rows(1)), time_limit_s=1e-4)
    assert (found.status, found.reason) == (
        SiteStatus.OVER_TIME,
        "took longer than 0.0001 seconds; raise --time-limit",
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [(SolverError("HiGHS stopped without an answer"), "HiGHS stopped without an answer"),
     (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
     (MemoryError(), "MemoryError: ")],
)  # fmt: skip
def test_whatever_goes_wrong_in_one_site_stays_with_it(monkeypatch, error, reason):
    honest = work.allocation_of

    def fails_on_the_second(program, near=None):
        if program.choices.case.name == "Site 0001":
            raise error
        return honest(program, near=near)

    monkeypatch.setattr(work, "allocation_of", fails_on_the_second)
    first, second, third = outcomes(table(rows(3)))
    assert (second.status, second.reason) == (SiteStatus.FAILED, reason)
    assert first.status is third.status is SiteStatus.OPTIMAL


def test_outcomes_are_read_back_to_the_last_digit():
    for found in outcomes(table([*rows(5), ("bad", "x", 1, 1, 1)])):
        assert from_json(found.as_json()) == found


def test_decisions_name_offers_and_machines():
    words = [outcome.decision for outcome in outcomes(table(rows(20, seed=5)))]
    assert any(text.startswith("from Q") and "lease 8 MW (critical IT) of Hall" in text for text in words)
    assert any("mine up to" in text and "S21" in text for text in words)
