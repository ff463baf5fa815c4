"""What a batch says at its end, and how far it is on the way."""

from __future__ import annotations

import io

from rich.console import Console

from allocator.sites.batch import Progress
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.progress import progress_words
from allocator.sites.results import SiteResult
from allocator.sites.summary import print_summary, ranked


def site(name, npv, equity, reason="", status=SiteStatus.OPTIMAL):
    per_dollar = npv / equity if npv is not None and equity else None
    return SiteResult(name, Outcome(status, reason, "mine", npv_usd=npv, peak_equity_usd=equity, capex_usd=1e6,
                                    npv_per_peak_equity=per_dollar), {})  # fmt: skip


SITES = [
    site("large", 900e6, 3e9), site("lean", 50e6, 10e6), site("[red]odd[/red]", 60e6, 60e6), site("free", 1e6, 0.0),
    site("none", None, None, "row 6, site.grid_mw: -1 must be above 0", SiteStatus.BAD_INPUT),
]  # fmt: skip


def said(sites):
    text = io.StringIO()
    print_summary(Console(file=text, width=120, highlight=False), sites, ["out/results.csv"])
    return text.getvalue()


def test_sites_are_ranked_by_value_and_by_value_of_a_dollar():
    assert [r.name for r in ranked(SITES, lambda o: o.npv_usd)] == ["large", "[red]odd[/red]", "lean", "free"]
    assert [r.name for r in ranked(SITES, lambda o: o.npv_per_peak_equity)] == ["lean", "[red]odd[/red]", "large"]


def test_the_ten_best_are_shown_and_equals_keep_the_order_of_the_table():
    many = [site(f"S{i}", 1e6, 1e6) for i in range(30)]
    assert [r.name for r in ranked(many, lambda o: o.npv_usd)] == [f"S{i}" for i in range(10)]


def test_summary_counts_ranks_gives_reasons_and_names_the_files():
    text = said(SITES)
    assert "4   optimal" in text
    assert "1   bad input" in text
    assert "none (bad input): row 6, site.grid_mw: -1 must be above 0" in text
    assert "[red]odd[/red]" in text
    assert "written: out/results.csv" in text
    assert "5.00" in text


def test_many_reasons_are_counted():
    assert "and 5 more, in column reason" in said(
        [site(f"S{i}", None, None, "r", SiteStatus.FAILED) for i in range(15)]
    )


def test_progress_says_rate_and_time_left():
    assert progress_words(Progress(10_000, 2_000, 1_000, 20.0)) == "2,000 of 10,000 sites, 50 a second, 3 min left"
    assert progress_words(Progress(10, 0, 0, 0.0)) == "0 of 10 sites"
    assert progress_words(Progress(10, 10, 0, 20.0)) == "10 of 10 sites, 0.5 a second"
