"""Market data from mempool.space's REST interface: bounded in time and size, and refused unless plausible.

Shapes: mempool/mempool on GitHub, backend/src/api (mining routes, price updater, reward statistics) and the samples of
its public documentation, whose older field names are read too.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx

LARGEST_ANSWER_BYTES = 2_000_000
RETRIES = 2
FIRST_MILLISECOND_TIME = 1e11
"""A Unix time from here on is in milliseconds, below in seconds."""
BTC_PRICE_USD = (1e3, 1e7)
DIFFICULTY = (1e12, 1e16)
HASHRATE_EH_S = (100.0, 10_000.0)
FEE_SHARE = (0.0, 0.9)
BLOCK_HEIGHT = (700_000, 3_000_000)
HASHES_PER_EH = 1e18


class MarketDataError(Exception):
    """Market data could not be had, or are not to be believed; the text says which and why."""


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect or to wait for the next bytes, for everything together, and before the first retry."""

    answer_s: float = 5.0
    whole_s: float = 20.0
    backoff_s: float = 0.5


@dataclass(frozen=True)
class Quote:
    """What the network and the market said: price in USD per BTC, hashrate in EH/s, fees as share of the reward."""

    price_time: datetime
    btc_price_usd: float
    difficulty: float
    hashrate_eh_s: float
    fee_share: float
    block_height: int


def quote(base_url: str, patience: Patience) -> Quote:
    """Ask the four endpoints, each answer parsed strictly.

    Raises
    ------
    MarketDataError
        If one cannot be had in time, or is not what it should be.
    """
    answers: Queue[Quote | MarketDataError] = Queue()

    def ask() -> None:
        try:
            answers.put(_quote(base_url.rstrip("/"), patience))
        except MarketDataError as error:
            answers.put(error)
        except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:  # the address, a proxy, certificates
            answers.put(MarketDataError(f"{base_url} cannot be asked: {error}"))

    # A name server or a header that drips is bounded by no time-out of a connection: hence a thread that can be left.
    Thread(target=ask, daemon=True, name="market-data").start()
    try:
        answer = answers.get(timeout=patience.whole_s)
    except Empty:
        raise MarketDataError(f"no complete answer within {patience.whole_s:g} s") from None
    if isinstance(answer, MarketDataError):
        raise answer
    return answer


def _quote(base: str, patience: Patience) -> Quote:
    address = urlsplit(base)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise MarketDataError(f"{base!r} is not an http address")
    deadline = time.monotonic() + patience.whole_s
    with httpx.Client(
        headers={"Accept-Encoding": "identity", "User-Agent": "megawatt-allocator"},
        follow_redirects=False,
        trust_env=not _is_loopback(address.hostname),
    ) as client:

        def ask(path: str) -> Any:
            return _json(path, _body(client, base + path, path, patience, deadline))

        price_time, price = parse_price(ask("/v1/prices"))
        difficulty, hashrate = parse_network(ask("/v1/mining/hashrate/3d"))
        fee_share = parse_fee_share(ask("/v1/mining/reward-stats/144"))
        height = int(within("/blocks/tip/height", ask("/blocks/tip/height"), *BLOCK_HEIGHT))
    return Quote(price_time, price, difficulty, hashrate, fee_share, height)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _body(client: httpx.Client, url: str, path: str, patience: Patience, deadline: float) -> bytes:
    """The answer's bytes; failed connections and 5xx are tried again, with a pause that doubles."""
    for attempt in range(RETRIES + 1):
        tries = f" after {attempt + 1} tries" if attempt else ""
        try:
            return _read(client, url, path, patience, deadline)
        except httpx.TimeoutException as error:
            raise MarketDataError(f"{path}: no answer within {patience.answer_s:g} s{tries}") from error
        except (httpx.HTTPError, _ServerError) as error:
            pause = patience.backoff_s * 2**attempt
            if attempt == RETRIES or time.monotonic() + pause >= deadline:
                raise MarketDataError(f"{path}: {_words(error)}{tries}") from error
            time.sleep(pause)
    raise AssertionError("unreachable")


class _ServerError(Exception):
    """A 5xx answer."""


def _words(error: Exception) -> str:
    if isinstance(error, _ServerError):
        return str(error)
    kind = "no connection" if isinstance(error, httpx.ConnectError) else "the connection failed"
    return f"{kind} ({error or type(error).__name__})"


def _read(client: httpx.Client, url: str, path: str, patience: Patience, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise MarketDataError(f"{path}: no time left of {patience.whole_s:g} s")
    received = bytearray()
    with client.stream("GET", url, timeout=min(patience.answer_s, left)) as answer:
        if answer.is_redirect:
            raise MarketDataError(f"{path}: redirected elsewhere, which is not followed")
        if answer.status_code >= 500:
            raise _ServerError(f"HTTP {answer.status_code}")
        if answer.status_code != 200:
            raise MarketDataError(f"{path}: HTTP {answer.status_code}")
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise MarketDataError(f"{path}: the answer is compressed, which was not asked for")
        for part in answer.iter_raw():
            received += part
            if len(received) > LARGEST_ANSWER_BYTES:
                raise MarketDataError(f"{path}: the answer is larger than {LARGEST_ANSWER_BYTES:,} bytes")
            if time.monotonic() > deadline:
                raise MarketDataError(f"{path}: the answer was not complete within {patience.whole_s:g} s")
    return bytes(received)


def _json(path: str, body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MarketDataError(f"{path}: the answer is not JSON") from error


def _no_constant(name: str) -> float:
    raise ValueError(name)


def parse_price(answer: Any) -> tuple[datetime, float]:
    """``/v1/prices``: ``{"time": seconds, "USD": dollars per BTC}``; -1 stands for a price not yet known."""
    path = "/v1/prices"
    return parse_time(path, _entry(path, answer, "time")), within(path, _entry(path, answer, "USD"), *BTC_PRICE_USD)


def parse_time(path: str, value: Any) -> datetime:
    """A Unix time in seconds or milliseconds."""
    seconds = within(path, value, 1.0, 1e14)
    return datetime.fromtimestamp(seconds / 1_000 if seconds >= FIRST_MILLISECOND_TIME else seconds, UTC)


def parse_network(answer: Any) -> tuple[float, float]:
    """``/v1/mining/hashrate/3d``: difficulty in force and hashrate in EH/s (sent in H/s).

    Where the current figures are missing, the newest of the two series are taken; zeros, which the service sends while
    its node is away, are refused.
    """
    path = "/v1/mining/hashrate/3d"
    if isinstance(answer, dict) and "currentDifficulty" in answer:
        difficulty, hashrate = answer["currentDifficulty"], _entry(path, answer, "currentHashrate")
    else:
        difficulty = _newest(path, _entry(path, answer, "difficulty"), "difficulty")
        hashrate = _newest(path, _entry(path, answer, "hashrates"), "avgHashrate")
    return (
        within(f"{path} difficulty", difficulty, *DIFFICULTY),
        within(f"{path} hashrate in EH/s", hashrate, *HASHRATE_EH_S, scale=1.0 / HASHES_PER_EH),
    )


def _newest(path: str, series: Any, name: str) -> Any:
    if not isinstance(series, list) or not series or not all(isinstance(item, dict) for item in series):
        raise MarketDataError(f"{path}: has no series of {name}")
    return _entry(path, max(series, key=lambda item: parse_time(path, item.get("time", item.get("timestamp")))), name)


def parse_fee_share(answer: Any) -> float:
    """``/v1/mining/reward-stats/144``: ``totalFee / totalReward``, both satoshi as text."""
    path = "/v1/mining/reward-stats/144"
    reward, fees = (_satoshi(path, _entry(path, answer, name)) for name in ("totalReward", "totalFee"))
    if reward <= 0:
        raise MarketDataError(f"{path}: totalReward is {reward}")
    return within(f"{path} fee share", fees / reward, *FEE_SHARE)


def _satoshi(path: str, value: Any) -> int:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 17):
        raise MarketDataError(f"{path}: {str(value)[:40]!r} is not a count of satoshi")
    return int(text)


def _entry(path: str, answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise MarketDataError(f"{path}: has no {name}")
    return answer[name]


def within(what: str, value: Any, low: float, high: float, *, scale: float = 1.0) -> float:
    """A number of the answer within its sanity band.

    Raises
    ------
    MarketDataError
        If it is no number (text and true are none), or is out of the band.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        raise MarketDataError(f"{what}: {str(value)[:40]!r} is not a number")
    scaled = float(value) * scale
    if not math.isfinite(scaled) or not low <= scaled <= high:
        raise MarketDataError(f"{what}: {scaled:g} is not between {low:g} and {high:g}")
    return scaled
