"""Where the market's figures come from: shipped, or refreshed against a service on this machine; never unasked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from streamlit.testing.v1 import AppTest

from allocator import market
from allocator.files import load_case
from allocator.ui.market_sources import of_case, of_snapshot
from tests.allocator.ui.pages_under_test import figure, on_tab, opened, without_exception, words

SOURCES = "Where the figures come from"
PATIENCE_SECONDS = 30.0
LIVE = market.MarketSnapshot(
    datetime(2026, 8, 6, 12, tzinfo=UTC), 62_500.0, 138.5e12, 0.0061, 1_002.0, 961_243, "http://127.0.0.1/api",
    is_live=True, message="live figures of http://127.0.0.1/api",
)  # fmt: skip


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch, tmp_path):
    """Any other address fails the test at once; nothing is kept outside the test's folder."""
    connect = socket.socket.connect

    def guarded(self, address):
        assert self.family == socket.AF_UNIX or address[0] == "127.0.0.1", f"traffic to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(market.URL_VARIABLE, "http://127.0.0.1:9/api")


@pytest.fixture
def service() -> Iterator[str]:
    """A stand-in for mempool.space whose answers are of this minute."""
    answers = {
        "/v1/prices": lambda: {"time": int(time.time()), "USD": 62_500},
        "/v1/mining/hashrate/3d": lambda: {
            "hashrates": [], "difficulty": [], "currentHashrate": 1.002e21, "currentDifficulty": 138.5e12,
        },
        "/v1/mining/reward-stats/144": lambda: {
            "startBlock": 961100, "endBlock": 961243, "totalReward": "45276480000", "totalFee": "276480000",
        },
        "/blocks/tip/height": lambda: 961_243,
    }  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers[self.path.removeprefix("/api")]()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def refreshed(at: AppTest) -> AppTest:
    """The page once the refresh that was asked for has ended."""
    at.button(key="market_refresh_button").click().run()
    job: Future[market.MarketSnapshot] = at.session_state["market_refresh"]
    job.exception(timeout=PATIENCE_SECONDS)
    return without_exception(at.run())


def said(at: AppTest) -> str:
    boxes = [*at.success, *at.warning, *at.error]
    return "\n".join(str(box.value) for box in boxes).replace("\\", "")


def test_the_shipped_snapshot_stands_beside_the_case_with_its_day_and_source():
    text = words(on_tab(opened("market"), SOURCES))
    shipped = market.shipped_snapshot()
    for shown in (
        "26 Jun 2026",
        "7 Feb 2026",
        "$71,000",
        f"${shipped.btc_price_usd:,.0f}",
        "133.87 T",
        "$28.68 /PH/day",
    ):
        assert shown in text
    assert "bt-miners.com" in text
    assert "bitcoin price derived, fee share assumed" in text


def test_nothing_is_asked_for_until_the_button_is_clicked(monkeypatch):
    monkeypatch.setattr(market, "refresh", lambda: pytest.fail("asked without being told to"))
    at = on_tab(opened("market"), SOURCES)
    assert "not asked yet" in words(at)
    assert "market_refresh" not in at.session_state


def test_a_refresh_shows_today_s_figures_and_where_they_are_from(service, monkeypatch):
    monkeypatch.setenv(market.URL_VARIABLE, service)
    at = refreshed(on_tab(opened("market"), SOURCES))
    assert f"Live figures of {service}" in said(at)
    for shown in ("$62,500", "138.50 T", "0.61 %", "today"):
        assert shown in words(at)


def test_a_refresh_that_fails_says_so_and_shows_the_newest_figures_at_hand():
    at = refreshed(on_tab(opened("market"), SOURCES))
    assert "Not refreshed (" in said(at)
    assert "figures shipped with the program are used" in said(at)
    assert "Newest figures at hand" in words(at)


def test_the_page_is_not_held_up_by_a_refresh_and_a_second_click_asks_nothing(monkeypatch):
    release, asked = threading.Event(), []

    def slow() -> market.MarketSnapshot:
        asked.append(1)
        assert release.wait(PATIENCE_SECONDS)
        return LIVE

    monkeypatch.setattr(market, "refresh", slow)
    at = on_tab(opened("market"), SOURCES)
    at.button(key="market_refresh_button").click().run()
    assert "asking mempool.space" in words(without_exception(at))
    assert at.button(key="market_refresh_button").disabled
    at.number_input(key="market_power_price_usd_per_mwh").set_value(50.0).run()
    assert "asking mempool.space" in words(without_exception(at))
    release.set()
    at.session_state["market_refresh"].result(timeout=PATIENCE_SECONDS)
    assert "$62,500" in words(without_exception(at.run()))
    assert asked == [1]


def test_a_refresh_that_breaks_is_told_without_a_traceback(monkeypatch):
    def breaks() -> market.MarketSnapshot:
        raise RuntimeError("no thread could be started")

    monkeypatch.setattr(market, "refresh", breaks)
    assert "Not refreshed: no thread could be started" in said(refreshed(on_tab(opened("market"), SOURCES)))


def test_refreshed_figures_fill_the_questions_and_leave_the_case(monkeypatch):
    monkeypatch.setattr(market, "refresh", lambda: LIVE)
    at = refreshed(on_tab(opened("market"), SOURCES))
    before = at.session_state["desk"].case
    at.button(key="ask_refreshed").click().run()
    assert figure(without_exception(at), "Hashprice") == f"${LIVE.hashprice_usd_per_ph_day:,.2f} /PH/day"
    assert "asked at other figures than the case's" in words(at)
    assert at.session_state["desk"].case == before
    at.button(key="ask_case").click().run()
    assert figure(without_exception(at), "Hashprice") == "$35.68 /PH/day"


def test_the_shipped_figures_fill_the_questions():
    at = on_tab(opened("market"), SOURCES)
    at.button(key="ask_shipped").click().run()
    assert figure(without_exception(at), "Hashprice") == "$28.68 /PH/day"


def test_figures_become_the_case_s_own_only_when_that_is_asked_for_and_carry_their_source(monkeypatch):
    monkeypatch.setattr(market, "refresh", lambda: LIVE)
    at = refreshed(on_tab(opened("market"), SOURCES))
    at.button(key="use_refreshed").click().run()
    case = without_exception(at).session_state["desk"].case
    assert (case.market.btc_price_usd, case.market.difficulty, case.market.fee_share) == (62_500.0, 138.5e12, 0.0061)
    assert case.sources["market.btc_price_usd"] == "sourced: http://127.0.0.1/api, 2026-08-06"
    assert {change.path for change in at.session_state["desk"].changes} == {
        "market.btc_price_usd", "market.difficulty", "market.fee_share",
    }  # fmt: skip


def test_the_shipped_price_stays_marked_as_derived_in_the_case():
    at = on_tab(opened("market"), SOURCES)
    at.button(key="use_shipped").click().run()
    sources = without_exception(at).session_state["desk"].case.sources
    assert sources["market.btc_price_usd"].startswith("derived: shipped snapshot")
    assert sources["market.difficulty"].startswith("sourced: shipped snapshot")
    assert figure(at, "Hashprice") == "$28.68 /PH/day"


def test_age_is_told_in_days():
    shipped = market.shipped_snapshot()
    ages = [of_snapshot("", shipped, date(2026, 6, day)).age for day in (26, 27, 28)]
    assert ages == ["today", "1 day old", "2 days old"]


def test_the_case_s_sources_are_told_for_each_figure():
    told = of_case(load_case("river-bend")).source
    for name in ("BTC price (sourced)", "Difficulty (sourced)", "Fee share (sourced)"):
        assert name in told
