"""Several readers at once: each sees the figures of their own case, and nobody else's."""

from benchmarks.page_session import served_pages
from benchmarks.pages import opened, readers


def test_readers_at_once_see_their_own_figures_and_no_fault():
    edits, faults, _ = readers(4, 12.0, pause_s=0.5)
    assert faults == []
    assert edits >= 8


def test_an_edit_of_one_session_is_unknown_to_another():
    with served_pages() as (port, _), opened(port) as one, opened(port) as other:
        before = dict(other.metrics)
        one.enter("leases[0].rent_usd_per_kw_month", 140.0)
        other.run()
        assert (one.faults, other.faults) == ([], [])
        assert one.metrics["NPV"] != before["NPV"]
        assert other.metrics["NPV"] == before["NPV"]
