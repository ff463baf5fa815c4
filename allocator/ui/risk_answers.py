"""What is known of a case's risk, worked out beside the page: begun once, told step by step, stopped when asked.

Answers are frozen and kept by case, number of futures and seed; one holds some 8 kB a future, so that few are kept.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import streamlit as st

from allocator.case import Case
from allocator.program.solve import SolverError
from allocator.risk.answer import WEIGHTS, RiskAnswer, RiskMix, assess
from allocator.risk.attribution import Cause, Swing
from allocator.risk.cash_fan import CashFan
from allocator.risk.cutting_planes import UnattainableError
from allocator.ui.answers import Failure
from models.assumptions import InputFaultsError

KEPT_ANSWERS, KEPT_PARTS = 3, 32
WORKERS = 2
STEPS_WITHOUT_OFFERS = 4 + len(WEIGHTS)


@dataclass(frozen=True)
class Asked:
    """A case, how many futures of it, and which."""

    case: Case
    paths: int
    seed: int

    @property
    def key(self) -> str:
        """Fingerprint of all three."""
        return f"{self.case.sha256()} {self.case.name} {self.paths} {self.seed}"


@dataclass(frozen=True)
class Unattainable:
    """No plan has the CVaR that the case asks for."""

    asked_usd: float
    most_usd: float


Outcome = RiskAnswer | Unattainable | Failure


class StoppedError(Exception):
    """The reader no longer wants the answer."""


class RiskJob:
    """The risk of a case, being worked out, done or stopped."""

    def __init__(self, asked: Asked) -> None:
        self.words = "waiting for its turn"
        self.step = 0
        self.steps = STEPS_WITHOUT_OFFERS + sum(not lease.committed for lease in asked.case.leases)
        self._stop = Event()
        self._future = _workers().submit(self._work, asked)

    def _say(self, words: str) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.words, self.step = words, self.step + 1

    def _work(self, asked: Asked) -> Outcome:
        try:
            return assess(asked.case, asked.paths, asked.seed, workers=WORKERS, progress=self._say)
        except UnattainableError as error:
            return Unattainable(error.asked_usd, error.most_usd)
        except InputFaultsError as error:
            return Failure("; ".join(str(fault) for fault in error.faults))
        except (SolverError, ArithmeticError, ValueError, MemoryError) as error:
            return Failure(f"The risk of this case could not be worked out: {error}")

    @property
    def share(self) -> float:
        """Of the steps, how many are behind it."""
        return min(1.0, max(0, self.step - 1) / self.steps)

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before it was done."""
        return self._stop.is_set() and not self.done()

    def done(self) -> bool:
        """Whether there is an outcome."""
        if not self._future.done() or self._future.cancelled():
            return False
        return not isinstance(self._future.exception(), StoppedError)

    def cancel(self) -> bool:
        """Stop it before its next step; one that is done stays."""
        self._stop.set()
        return self._future.cancel()

    def outcome(self) -> Outcome:
        """What was found; an error that nobody foresaw is one sentence too."""
        error = self._future.exception()
        if error is None:
            return self._future.result()
        return Failure(f"The risk of this case could not be worked out: {error or type(error).__name__}")


def risk_job(asked: Asked) -> RiskJob:
    """The job of what is asked; one that another reader stopped is begun again."""
    job = _risk_job(asked.key, asked)
    if job.stopped:
        _risk_job.clear(asked.key, asked)
        job = _risk_job(asked.key, asked)
    return job


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False)
def _risk_job(key: str, _asked: Asked) -> RiskJob:
    del key
    return RiskJob(_asked)


@dataclass(frozen=True)
class TailFigures:
    """What makes the tail of a mix, as far as it takes long to say."""

    causes: tuple[Cause, ...]
    swings: tuple[Swing, ...]


def tail_job(asked: Asked, answer: RiskAnswer, mix: RiskMix) -> Future[TailFigures]:
    """What makes the tail of a mix, being worked out or done."""
    key = (asked.key, mix.sought.risk_weight)
    job = _tail_job(*key, answer, mix)
    if job.cancelled():
        _tail_job.clear(*key, answer, mix)
        job = _tail_job(*key, answer, mix)
    return job


@st.cache_resource(max_entries=KEPT_PARTS, show_spinner=False)
def _tail_job(key: str, weight: float, _answer: RiskAnswer, _mix: RiskMix) -> Future[TailFigures]:
    del key, weight
    return _workers().submit(lambda: TailFigures(_answer.causes(_mix), _answer.swings(_mix)))


def fan_job(asked: Asked, answer: RiskAnswer, mix: RiskMix) -> Future[CashFan]:
    """Cash flow by year of a mix, being worked out or done."""
    key = (asked.key, mix.sought.risk_weight)
    job = _fan_job(*key, answer, mix)
    if job.cancelled():
        _fan_job.clear(*key, answer, mix)
        job = _fan_job(*key, answer, mix)
    return job


@st.cache_resource(max_entries=KEPT_PARTS, show_spinner=False)
def _fan_job(key: str, weight: float, _answer: RiskAnswer, _mix: RiskMix) -> Future[CashFan]:
    del key, weight
    return _workers().submit(_answer.fan, _mix)


@st.cache_resource(max_entries=1, show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="risk")
