"""Market data: the shipped figures, and a refresh against a service on this machine that misbehaves in every way."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from allocator import market
from allocator.mempool import Patience

PRICES, HASHRATE, REWARDS, HEIGHT = (
    "/v1/prices", "/v1/mining/hashrate/3d", "/v1/mining/reward-stats/144", "/blocks/tip/height",
)  # fmt: skip
NOW = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
QUICK = Patience(answer_s=0.3, whole_s=2.0, backoff_s=0.01)


def prices(**changes) -> dict:
    at = int((NOW - timedelta(minutes=5)).timestamp())
    return {"time": at, "USD": 62_500, "EUR": 53_000, "JPY": 9_100_000} | changes


def hashrate(**changes) -> dict:
    return {
        "hashrates": [{"timestamp": 1785888000, "avgHashrate": 9.9e20}],
        "difficulty": [{"time": 1785800000, "height": 959616, "difficulty": 138.5e12, "adjustment": 1.0346}],
        "currentHashrate": 1.002e21,
        "currentDifficulty": 138.5e12,
    } | changes


def rewards(**changes) -> dict:
    return {
        "startBlock": 961100, "endBlock": 961243, "totalReward": "45276480000", "totalFee": "276480000",
        "totalTx": "512345",
    } | changes  # fmt: skip


class Service:
    """A stand-in for mempool.space: an answer a path, each a JSON value, (status, headers, bytes), or a function."""

    def __init__(self) -> None:
        self.answers = {PRICES: prices(), HASHRATE: hashrate(), REWARDS: rewards(), HEIGHT: 961_243}
        self.asked: list[str] = []
        self.ended = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.removeprefix("/api")
                service.asked.append(path)
                answer = service.answers.get(path, (404, {}, b"Not Found"))
                if callable(answer):
                    answer = answer(self)
                if answer is None:
                    return
                is_raw = isinstance(answer, tuple)
                status, headers, body = answer if is_raw else (200, {}, json.dumps(answer).encode())
                try:
                    self.send_response(status)
                    for name, value in ({"Content-Length": str(len(body))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the other side has left

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service():
    started = Service()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """No test may leave this machine: any other address fails the test at once, and names are not looked up."""
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        assert address[0] == "127.0.0.1", f"traffic to {address}"
        return connect(self, address)

    def guarded_lookup(host, *rest, **options):
        assert host in {"127.0.0.1", b"127.0.0.1"}, f"{host} was looked up"
        return lookup(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_lookup)
    monkeypatch.delenv(market.URL_VARIABLE, raising=False)


@pytest.fixture
def refresh(service, tmp_path):
    def call(url: str | None = None, now: datetime = NOW, patience: Patience = QUICK) -> market.MarketSnapshot:
        return market.refresh(url or service.url, tmp_path / "cache" / "market.json", now, patience)

    return call


def fell_back(snapshot: market.MarketSnapshot, *words: str) -> None:
    assert not snapshot.is_live
    assert snapshot.difficulty == 133.87e12
    for expected in ("not refreshed (", *words, "shipped with the program are used, 41 days old (2026-06-26)"):
        assert expected in snapshot.message


# The shipped figures


def test_the_shipped_price_is_the_one_that_hashprice_and_difficulty_imply():
    # 28.68 = P x 3.125 / 0.994 x 86400e15 / (133.87e12 x 2^32); network.csv says "implies BTC about $60.7k".
    by_hand = 28.68 / (3.125 / 0.994 * 86_400e15 / (133.87e12 * 2**32))
    shipped = market.shipped_snapshot()
    assert shipped.btc_price_usd == pytest.approx(by_hand, rel=1e-12)
    assert shipped.btc_price_usd == pytest.approx(60_708, abs=1)
    assert shipped.hashprice_usd_per_ph_day == pytest.approx(28.68, rel=1e-12)
    assert "derived" in shipped.source
    assert (shipped.is_live, shipped.taken.date()) == (False, date(2026, 6, 26))
    assert shipped.market.difficulty == 133.87e12


def test_age_counts_whole_days():
    assert market.shipped_snapshot().age_days(date(2026, 8, 6)) == 41


def test_the_halving_halves_hashprice():
    # Block 1,050,000 pays 1.5625 BTC.
    before = market.MarketSnapshot(NOW, 6e4, 1.3e14, 0.0, 900.0, 1_049_999, "", is_live=False)
    after = market.MarketSnapshot(NOW, 6e4, 1.3e14, 0.0, 900.0, 1_050_000, "", is_live=False)
    assert after.hashprice_usd_per_ph_day == pytest.approx(before.hashprice_usd_per_ph_day / 2, rel=1e-12)


# A sound answer


def test_a_refresh_reads_units_as_they_are_sent(refresh):
    snapshot = refresh()
    assert snapshot.is_live
    assert (snapshot.btc_price_usd, snapshot.difficulty, snapshot.block_height) == (62_500, 138.5e12, 961_243)
    assert snapshot.hashrate_eh_s == pytest.approx(1_002, rel=1e-12)  # sent as 1.002e21 H/s
    assert snapshot.fee_share == pytest.approx(276_480_000 / 45_276_480_000, rel=1e-12)  # sent as satoshi in text
    assert snapshot.taken == NOW


def test_the_public_samples_of_older_versions_are_read(service, refresh):
    # market_apis: samples of mempool's public documentation, with `timestamp` for `time` and no current figures.
    service.answers = {
        PRICES: {"time": 1703252411, "USD": 43753, "EUR": 40545, "GBP": 37528, "CAD": 58123, "CHF": 37438,
                 "AUD": 64499, "JPY": 6218915},
        HASHRATE: {
            "hashrates": [{"timestamp": 1652486400, "avgHashrate": 2.364997621087718e20},
                          {"timestamp": 1652400000, "avgHashrate": 9e20}],
            "difficulty": [{"timestamp": 1652468330, "height": 736249, "difficulty": 31251101365711.12},
                           {"timestamp": 1651259000, "height": 734233, "difficulty": 29e12}],
        },
        REWARDS: {"startBlock": 736556, "endBlock": 736655, "totalReward": "63811748254", "totalFee": "1311748254",
                  "totalTx": "164216"},
        HEIGHT: 935_424,
    }  # fmt: skip
    snapshot = refresh(now=datetime(2023, 12, 22, 14, 0, tzinfo=UTC))
    assert snapshot.is_live
    assert snapshot.btc_price_usd == 43_753
    assert snapshot.difficulty == 31251101365711.12
    assert snapshot.hashrate_eh_s == pytest.approx(236.4997621087718)
    assert snapshot.fee_share == pytest.approx(0.020557, abs=1e-6)


def test_times_in_milliseconds_are_told_from_seconds(service, refresh):
    service.answers[PRICES] = prices(time=int(NOW.timestamp() * 1000))
    assert refresh().is_live


def test_the_address_may_come_from_the_environment(service, monkeypatch, tmp_path):
    monkeypatch.setenv(market.URL_VARIABLE, service.url + "/")
    snapshot = market.refresh(cache=tmp_path / "m.json", now=NOW, patience=QUICK)
    assert (snapshot.is_live, snapshot.source) == (True, service.url)


def test_an_answer_is_used_again_for_a_minute_and_no_longer(service, refresh):
    refresh()
    asked = len(service.asked)
    again = refresh(now=NOW + timedelta(seconds=59))
    assert (again.is_live, len(service.asked)) == (True, asked)
    assert "asked for 59 s ago" in again.message
    refresh(now=NOW + timedelta(seconds=61))
    assert len(service.asked) == 2 * asked


def test_after_a_failure_the_last_answer_is_used_where_it_is_newer_than_the_shipped_one(service, refresh):
    refresh()
    service.answers.clear()
    later = refresh(now=NOW + timedelta(days=3))
    assert (later.is_live, later.difficulty) == (False, 138.5e12)
    assert "figures of the last refresh are used, 3 days old (2026-08-06)" in later.message


def test_figures_kept_from_another_address_or_spoilt_are_not_used(service, refresh, tmp_path):
    refresh()
    kept = tmp_path / "cache" / "market.json"
    sound = json.loads(kept.read_text())
    service.answers.clear()
    for spoilt in (
        {"source": "https://elsewhere"}, {"btc_price_usd": -1}, {"difficulty": "1"}, {"taken": "2099-01-01T00:00:00Z"},
        {"taken": "2026-08-06"}, {"fee_share": None},
    ):  # fmt: skip
        kept.write_text(json.dumps(sound | spoilt))
        fell_back(refresh(), "HTTP 404")
    for text in ("", "{", "[]", "null", "[" * 100_000):
        kept.write_text(text)
        fell_back(refresh(), "HTTP 404")


def test_a_cache_that_cannot_be_written_costs_nothing_but_itself(service, tmp_path):
    (tmp_path / "file").write_text("")
    snapshot = market.refresh(service.url, tmp_path / "file" / "market.json", NOW, QUICK)
    assert snapshot.is_live
    assert "not kept for later" in snapshot.message


def test_the_cache_is_replaced_whole(refresh, tmp_path):
    refresh()
    refresh(now=NOW + timedelta(minutes=5))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["market.json"]


def test_the_cache_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert market.cache_file() == tmp_path / "megawatt-allocator" / "market.json"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert market.cache_file() == tmp_path / "home" / ".cache" / "megawatt-allocator" / "market.json"


# Answers that are not to be believed


OLD = int((NOW - timedelta(days=2, minutes=1)).timestamp())
WRONG = {
    "a price not yet known": (PRICES, prices(USD=-1), "/v1/prices: -1 is not between 1000 and 1e+07"),
    "a price of zero": (PRICES, prices(USD=0), "is not between"),
    "a price in cents": (PRICES, prices(USD=6.25e7), "is not between"),
    "a price as text": (PRICES, prices(USD="62500"), "'62500' is not a number"),
    "a price that is true": (PRICES, prices(USD=True), "is not a number"),
    "no dollars": (PRICES, {"time": OLD}, "has no USD"),
    "an old price": (PRICES, prices(time=OLD), "the price is 2.0 days old"),
    "a price from the future": (PRICES, prices(time=int(NOW.timestamp()) + 90_000), "dated in the future"),
    "a list": (PRICES, [1, 2], "has no time"),
    "null": (PRICES, (200, {}, b"null"), "has no time"),
    "zeros of a node that is away": (HASHRATE, hashrate(currentHashrate=0, currentDifficulty=0), "difficulty: 0 is"),
    "difficulty in T": (HASHRATE, hashrate(currentDifficulty=138.5), "difficulty: 138.5 is not between"),
    "hashrate in EH/s": (HASHRATE, hashrate(currentHashrate=1002), "hashrate in EH/s: 1.002e-15"),
    "hashrate in TH/s": (HASHRATE, hashrate(currentHashrate=1.002e9), "is not between 100 and 10000"),
    "hashrate that contradicts": (HASHRATE, hashrate(currentHashrate=2.1e21), "contradict"),
    "an empty series": (HASHRATE, {"hashrates": [], "difficulty": []}, "has no series of difficulty"),
    "fees above the reward": (REWARDS, rewards(totalFee="45276480001"), "fee share: 1 is not between 0 and 0.9"),
    "fees in BTC": (REWARDS, rewards(totalFee="2.7648"), "'2.7648' is not a count of satoshi"),
    "negative fees": (REWARDS, rewards(totalFee="-5"), "is not a count of satoshi"),
    "no reward": (REWARDS, rewards(totalReward="0"), "totalReward is 0"),
    "a height of zero": (HEIGHT, 0, "/blocks/tip/height: 0 is not between"),
    "a height as an object": (HEIGHT, {"height": 961243}, "is not a number"),
    "HTML": (PRICES, (200, {}, b"<html><body>Bad gateway</body></html>"), "/v1/prices: the answer is not JSON"),
    "a cut answer": (HASHRATE, (200, {}, json.dumps(hashrate()).encode()[:-9]), "the answer is not JSON"),
    "NaN": (PRICES, (200, {}, b'{"time": 1, "USD": NaN}'), "the answer is not JSON"),
    "bytes": (PRICES, (200, {}, b"\xff\xfe\x00"), "the answer is not JSON"),
    "a tower of brackets": (PRICES, (200, {}, b"[" * 200_000), "the answer is not JSON"),
    "a number of 9,000 digits": (PRICES, (200, {}, b'{"time": 1, "USD": ' + b"9" * 9_000 + b"}"), "is not JSON"),
    "not found": (REWARDS, (404, {}, b"Not Found"), "/v1/mining/reward-stats/144: HTTP 404"),
    "too many requests": (PRICES, (429, {}, b""), "HTTP 429"),
    "a huge body": (PRICES, (200, {}, b" " * 2_000_001), "larger than 2,000,000 bytes"),
    "a compressed body": (PRICES, (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"), "compressed"),
    "a redirection": (PRICES, (302, {"Location": "http://192.0.2.1/v1/prices"}, b""), "which is not followed"),
    "fewer bytes than promised": (PRICES, (200, {"Content-Length": "999"}, b"{}"), "/v1/prices: "),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_an_answer_that_is_not_to_be_believed_leaves_the_shipped_figures(service, refresh, tmp_path, kind):
    path, answer, words = WRONG[kind]
    service.answers[path] = answer
    fell_back(refresh(), words)
    assert not (tmp_path / "cache").exists()


def test_errors_of_the_server_are_tried_twice_again(service, refresh):
    failures = iter([(500, {}, b""), (503, {}, b"")])
    service.answers[PRICES] = lambda _: next(failures, prices())
    assert refresh().is_live
    assert service.asked.count(PRICES) == 3


def test_three_errors_of_the_server_are_enough(service, refresh):
    service.answers[HASHRATE] = (500, {}, b"")
    fell_back(refresh(), "/v1/mining/hashrate/3d: HTTP 500 after 3 tries")
    assert service.asked.count(HASHRATE) == 3


def test_a_connection_that_breaks_once_is_tried_again(service, refresh):
    calls = iter([1])

    def answer(handler):
        if next(calls, None):
            handler.connection.close()
            return None
        return prices()

    service.answers[PRICES] = answer
    assert refresh().is_live


def test_nobody_listening_is_said_in_words(refresh):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    fell_back(refresh(f"http://127.0.0.1:{port}"), "/v1/prices: no connection (", "after 3 tries")


def test_a_slow_answer_ends_at_the_time_out(service, refresh):
    service.answers[PRICES] = lambda _: service.ended.wait(5) or prices()
    begun = time.monotonic()
    fell_back(refresh(), "/v1/prices: no answer within 0.3 s")
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("in_header", [True, False])
def test_an_answer_that_drips_ends_with_the_whole_refresh(service, refresh, in_header):
    def drip(handler):
        start = b"HTTP/1.1 200 OK\r\nX-Slow: " if in_header else b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
        try:
            handler.wfile.write(start)
            while not service.ended.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            return

    service.answers[PRICES] = drip
    begun = time.monotonic()
    fell_back(refresh(patience=Patience(answer_s=0.3, whole_s=0.6, backoff_s=0.01)), "complete", "within 0.6 s")
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "mempool", "http://", "http://[", "file:///etc/passwd"])
def test_an_address_that_is_none_is_said_in_words(refresh, url):
    fell_back(refresh(url))


def test_nothing_is_asked_unless_a_refresh_is(service, monkeypatch, run):
    assert market.DEFAULT_URL.startswith("https://mempool.space/")  # never asked: every connection here is guarded
    monkeypatch.setenv(market.URL_VARIABLE, service.url)
    market.shipped_snapshot()
    for arguments in (["market"], ["machines"], ["network", "--btc-price", "6e4", "--difficulty", "1e14"]):
        assert run(*arguments)[0] == 0
    assert service.asked == []


# The command


KEYS = {
    "taken", "age_days", "btc_price_usd", "difficulty", "fee_share", "hashrate_eh_s", "hashprice_usd_per_ph_day",
    "source", "live", "message",
}  # fmt: skip


def test_market_prints_the_shipped_figures(run):
    code, out, err = run("market")
    assert (code, err) == (0, "")
    for words in ("market of 26 Jun 2026", "$60,708", "133.87 T", "0.60 %", "$28.68 /PH/day", "984 EH/s", "958 EH/s"):
        assert words in out


def test_market_json_has_its_keys_and_a_refresh_its_figures(run, service, monkeypatch):
    service.answers[PRICES] = prices(time=int(time.time()))
    monkeypatch.setenv(market.URL_VARIABLE, service.url)
    code, out, err = run("market", "--refresh", "--json", "-")
    answer = json.loads(out)
    assert (code, err, set(answer)) == (0, "", KEYS)
    assert (answer["live"], answer["age_days"], answer["btc_price_usd"]) == (True, 0, 62_500)


def test_a_refresh_that_fails_says_so_and_ends_well(run, service, monkeypatch, tmp_path):
    service.answers.clear()
    monkeypatch.setenv(market.URL_VARIABLE, service.url)
    code, out, err = run("market", "--refresh")
    assert code == 0
    assert "not refreshed (/v1/prices: HTTP 404); figures shipped with the program are used" in err
    assert "$60,708" in out
    assert run("market", "--refresh", "--json", str(tmp_path / "m.json"))[0] == 0
    written = json.loads((tmp_path / "m.json").read_text())
    assert (set(written), written["live"]) == (KEYS, False)
    assert "HTTP 404" in written["message"]


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_asked(run, service, monkeypatch, tmp_path):
    monkeypatch.setenv(market.URL_VARIABLE, service.url)
    assert run("market", "--refresh", "--json", str(tmp_path / "no" / "m.json"))[0] == 2
    assert service.asked == []


def test_machines_says_whose_market_it_uses(run):
    title = run("machines")[1].splitlines()[0]
    for words in ("BTC $60,708", "difficulty 133.87 T", "fees 0.6 %", "shipped market of 26 Jun 2026"):
        assert words in title
    title = run("machines", "--btc-price", "75000")[1].splitlines()[0]
    assert title.startswith("BTC $75,000 as given; difficulty 133.87 T")
    given = ("--btc-price", "75000", "--difficulty", "1.4e14", "--fee-share", "0.01")
    assert run("machines", *given)[1].splitlines()[0].rstrip() == (
        "BTC $75,000, difficulty 140.00 T, fees 1.0 % of the reward as given"
    )
