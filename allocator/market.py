"""Market data: a shipped snapshot, and its refresh over the network when that is asked for.

Nothing here touches the network except :func:`refresh`. A refresh that fails in any way answers with the
newest figures at hand, and says why and how old they are.
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models import network as net

if TYPE_CHECKING:
    from allocator.mempool import Patience, Quote

DEFAULT_URL = "https://mempool.space/api"
URL_VARIABLE = "ALLOCATOR_MARKET_URL"
FRESH_SECONDS = 60.0
OLDEST_PRICE = timedelta(days=2)
CLOCK_TOLERANCE = timedelta(days=1)
LARGEST_HASHRATE_RATIO = 2.0
"""Hashrate over what difficulty implies at ten-minute blocks; slow blocks made it 13 % in February 2026."""


@dataclass(frozen=True)
class MarketSnapshot:
    """The market at one time: USD per BTC, difficulty, fees as a share of the total reward, hashrate in EH/s."""

    taken: datetime
    btc_price_usd: float
    difficulty: float
    fee_share: float
    hashrate_eh_s: float
    block_height: int | None
    source: str
    is_live: bool
    message: str = ""

    def age_days(self, today: date) -> int:
        """Whole days since the figures were taken (UTC)."""
        return (today - self.taken.date()).days

    @property
    def hashprice_usd_per_ph_day(self) -> float:
        """What one PH/s earns in a day, from price, difficulty and fees."""
        return self.btc_price_usd * _btc_hashprice(self.difficulty, self.fee_share, self._height)

    @property
    def implied_hashrate_eh_s(self) -> float:
        """Hashrate at which the difficulty gives a block every ten minutes."""
        return net.hashrate_eh_s(self.difficulty)

    @property
    def market(self) -> net.Market:
        """The figures as a case's market, with the defaults of everything else."""
        return net.Market(btc_price_usd=self.btc_price_usd, difficulty=self.difficulty, fee_share=self.fee_share)

    @property
    def _height(self) -> float:
        return net.height_on(self.taken.date()) if self.block_height is None else float(self.block_height)


def _btc_hashprice(difficulty: float, fee_share: float, height: float) -> float:
    subsidy = float(net.subsidy_btc(np.array([height]))[0])
    return net.hashprice_btc_per_ph_day(difficulty, net.total_reward_btc(subsidy, fee_share))


@cache
def shipped_snapshot() -> MarketSnapshot:
    """The figures that come with the program: difficulty and hashprice as published, the bitcoin price derived."""
    known = tomllib.loads((files("allocator") / "market_snapshot.toml").read_text(encoding="utf-8"))
    day, difficulty, fees, height = (known[k] for k in ("date", "difficulty", "fee_share", "block_height"))
    price = known["hashprice_usd_per_ph_day"] / _btc_hashprice(difficulty, fees, height)
    source = f"shipped snapshot: difficulty and hashprice from {known['sources']['difficulty']}, bitcoin price derived"
    taken = datetime(day.year, day.month, day.day, tzinfo=UTC)
    message = f"shipped figures of {day.day} {day:%B %Y}; allocator market --refresh asks for newer ones"
    return MarketSnapshot(taken, price, difficulty, fees, float(known["hashrate_eh_s"]), height, source,
                          is_live=False, message=message)  # fmt: skip


def refresh(
    base_url: str | None = None,
    cache: Path | None = None,
    now: datetime | None = None,
    patience: Patience | None = None,
) -> MarketSnapshot:
    """Today's market from mempool.space, or the newest figures at hand with a message that says why.

    Parameters
    ----------
    base_url : the service; by default ``$ALLOCATOR_MARKET_URL``, else mempool.space.
    cache : where answers are kept (JSON); figures younger than a minute are used again. By default in the
        user's cache folder.
    now : the present time, with its offset from UTC.
    patience : time-outs; by default 5 s an answer and 20 s in all.
    """
    from allocator.mempool import MarketDataError, Patience, quote  # noqa: PLC0415

    url = (base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
    place = cache or cache_file()
    present = now or datetime.now(UTC)
    kept = _kept(place, url, present)
    if kept is not None and timedelta(0) <= present - kept.taken < timedelta(seconds=FRESH_SECONDS):
        seconds = (present - kept.taken).total_seconds()
        return replace(kept, is_live=True, message=f"live figures of {url}, asked for {seconds:.0f} s ago")
    try:
        snapshot = _believed(quote(url, patience or Patience()), url, present)
    except MarketDataError as error:
        return _fallback(kept, str(error), present)
    return replace(snapshot, message=snapshot.message + _keep(place, url, snapshot))


def _believed(answer: Quote, url: str, present: datetime) -> MarketSnapshot:
    """The answer as a snapshot, unless it is stale or contradicts itself."""
    from allocator.mempool import MarketDataError  # noqa: PLC0415

    age = present - answer.price_time
    if age > OLDEST_PRICE:
        raise MarketDataError(f"the price is {age.total_seconds() / 86_400:.1f} days old")
    if -age > CLOCK_TOLERANCE:
        raise MarketDataError("the price is dated in the future; is this computer's clock right?")
    implied = net.hashrate_eh_s(answer.difficulty)
    ratio = answer.hashrate_eh_s / implied
    if not 1.0 / LARGEST_HASHRATE_RATIO <= ratio <= LARGEST_HASHRATE_RATIO:
        raise MarketDataError(
            f"hashrate ({answer.hashrate_eh_s:,.0f} EH/s) and difficulty (which implies {implied:,.0f} EH/s) contradict"
        )
    return MarketSnapshot(present, answer.btc_price_usd, answer.difficulty, answer.fee_share, answer.hashrate_eh_s,
                          answer.block_height, url, is_live=True, message=f"live figures of {url}")  # fmt: skip


def _fallback(kept: MarketSnapshot | None, reason: str, present: datetime) -> MarketSnapshot:
    newest = max((s for s in (kept, shipped_snapshot()) if s is not None), key=lambda s: s.taken)
    days = newest.age_days(present.date())
    which = "shipped with the program" if newest is not kept else "of the last refresh"
    aged = f"{days} day{'' if days == 1 else 's'} old"
    message = f"not refreshed ({reason}); figures {which} are used, {aged} ({newest.taken:%Y-%m-%d})"
    return replace(newest, is_live=False, message=message)


def cache_file() -> Path:
    """``$XDG_CACHE_HOME`` (if absolute) or ``~/.cache``, then ``megawatt-allocator/market.json``."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(given) if Path(given).is_absolute() else Path("~/.cache").expanduser()
    return folder / "megawatt-allocator" / "market.json"


def _kept(place: Path, url: str, present: datetime) -> MarketSnapshot | None:
    """What an earlier refresh from the same address kept; nothing if it cannot be believed."""
    from allocator import mempool  # noqa: PLC0415

    try:
        known = json.loads(place.read_text(encoding="utf-8"))
        taken = datetime.fromisoformat(known["taken"])
        if known["source"] != url or taken.tzinfo is None or taken - present > timedelta(seconds=FRESH_SECONDS):
            return None
        return MarketSnapshot(
            taken,
            mempool.within("price", known["btc_price_usd"], *mempool.BTC_PRICE_USD),
            mempool.within("difficulty", known["difficulty"], *mempool.DIFFICULTY),
            mempool.within("fee share", known["fee_share"], *mempool.FEE_SHARE),
            mempool.within("hashrate", known["hashrate_eh_s"], *mempool.HASHRATE_EH_S),
            int(mempool.within("height", known["block_height"], *mempool.BLOCK_HEIGHT)),
            url,
            is_live=False,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError, mempool.MarketDataError):
        return None


def _keep(place: Path, url: str, snapshot: MarketSnapshot) -> str:
    """Write the cache beside its place and move it there; what went wrong, in words, is not fatal."""
    known: dict[str, Any] = {**asdict(snapshot), "taken": snapshot.taken.isoformat(), "source": url}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".market-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(known, file)
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        return f"; not kept for later ({error.strerror})"
    return ""


def market_figures(snapshot: MarketSnapshot, today: date) -> dict[str, Any]:
    """The keys of ``allocator market --json``."""
    return {
        "taken": snapshot.taken.isoformat(),
        "age_days": snapshot.age_days(today),
        "btc_price_usd": snapshot.btc_price_usd,
        "difficulty": snapshot.difficulty,
        "fee_share": snapshot.fee_share,
        "hashrate_eh_s": snapshot.hashrate_eh_s,
        "hashprice_usd_per_ph_day": snapshot.hashprice_usd_per_ph_day,
        "source": snapshot.source,
        "live": snapshot.is_live,
        "message": snapshot.message,
    }
