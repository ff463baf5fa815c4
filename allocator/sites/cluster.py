"""Workers: processes on this machine, or a Dask cluster of many; chunks of rows go out, outcomes come back.

A local cluster listens on the loopback alone and opens no dashboard. Dask runs whatever it is sent, so a cluster beyond
the loopback belongs behind TLS: ``--cluster tls://HOST:PORT`` with certificates.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
import distributed
from dask.system import CPU_COUNT

from allocator.report import package_version
from allocator.sites import nursery
from allocator.sites.outcome import Outcome, SiteStatus
from allocator.sites.table import SiteRow
from allocator.sites.work import ChunkAnswer
from models.assumptions import Fault, InputFaultsError

LOOPBACK = "127.0.0.1"
RETRIES = 2
"""How often a chunk is tried again whose task failed as a whole; one whose worker died is given to others anyway."""
MOST_JOBS = 1_000
LARGEST_CHUNK, SMALLEST_CHUNK = 50, 8
"""Sites; handing a chunk over takes about as long as solving one of them."""
SECONDS_TO_CONNECT = 10
_TLS_OPTIONS = ("--tls-ca", "--tls-cert", "--tls-key")

SolveChunk = Callable[[bytes, Sequence[SiteRow], float], ChunkAnswer]


class ClusterLostError(RuntimeError):
    """The cluster went away while it worked; what came back before is kept."""


@dataclass(frozen=True)
class Workers:
    """Which workers are asked for."""

    jobs: int | None = None
    """Processes on this machine; as many as it has cores if absent."""
    address: str | None = None
    """Scheduler of a cluster that runs already."""
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def is_plain_beyond_loopback(self) -> bool:
        """Whether what is sent could be read and replaced on its way."""
        if self.address is None or self.address.startswith("tls://"):
            return False
        host = urlsplit(self.address).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    def faults(self) -> Iterator[Fault]:
        """What is wrong with the options, before anything is started."""
        if self.jobs is not None and self.address is not None:
            yield Fault("--jobs", str(self.jobs), "stands beside --cluster", "a cluster has its own workers: give one")
        if self.jobs is not None and not 1 <= self.jobs <= MOST_JOBS:
            yield Fault("--jobs", str(self.jobs), f"is not between 1 and {MOST_JOBS}", "give the number of processes")
        if self.address is not None and not _is_address(self.address):
            yield Fault("--cluster", self.address, "is not an address", "give tls://HOST:PORT or tcp://HOST:PORT")
        yield from self._certificate_faults()

    def _certificate_faults(self) -> Iterator[Fault]:
        is_tls = (self.address or "").startswith("tls://")
        files = zip(_TLS_OPTIONS, (self.tls_ca, self.tls_cert, self.tls_key), strict=True)
        for option, path in files:
            if path is None and is_tls:
                yield Fault(option, "", "is required for tls://", "give the file that the scheduler was started with")
            elif path is not None and not is_tls:
                yield Fault(option, str(path), "has no meaning without TLS", "give --cluster tls://HOST:PORT")
            elif path is not None and not path.is_file():
                yield Fault(option, str(path), "is not a file", "give a PEM file")


def _is_address(text: str) -> bool:
    try:
        found = urlsplit(text)
        return found.scheme in ("tls", "tcp") and bool(found.hostname) and bool(found.port)
    except ValueError:
        return False


@contextmanager
def connected(asked: Workers) -> Iterator[distributed.Client]:
    """A client of the workers asked for; local ones end with it.

    Raises
    ------
    InputFaultsError
        If the options are wrong, the cluster cannot be reached or has no worker, or its workers run another version.
    """
    if faults := list(asked.faults()):
        raise InputFaultsError(faults)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a worker that dies is answered for by its rows
    with ExitStack() as opened:
        if asked.address is None:
            method = opened.enter_context(nursery.used_for_processes())
            opened.enter_context(dask.config.set({"distributed.worker.multiprocessing-method": method}))
            nursery.begin()
            where: Any = opened.enter_context(_local(asked.jobs or CPU_COUNT))
            security = None
        else:
            where = asked.address
            security = _security(asked)
        try:
            client = distributed.Client(
                where, security=security, set_as_default=False, timeout=SECONDS_TO_CONNECT, name="allocator"
            )
            opened.enter_context(client)
            client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except (OSError, TimeoutError, ValueError) as error:
            raise _unreachable(asked, error) from error
        _check_versions(client)
        yield client


def _local(jobs: int) -> distributed.LocalCluster:
    return distributed.LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        host=LOOPBACK,
        silence_logs=logging.CRITICAL,
        scheduler_kwargs={"dashboard": False, "dashboard_address": f"{LOOPBACK}:0"},
    )


def _security(asked: Workers) -> distributed.Security | None:
    if not (asked.address or "").startswith("tls://"):
        return None
    return distributed.Security(
        require_encryption=True,
        tls_ca_file=str(asked.tls_ca),
        tls_client_cert=str(asked.tls_cert),
        tls_client_key=str(asked.tls_key),
    )


def _unreachable(asked: Workers, error: Exception) -> InputFaultsError:
    words = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    field, value = ("--cluster", asked.address) if asked.address else ("--jobs", str(asked.jobs or CPU_COUNT))
    remedy = "start it with: dask scheduler, dask worker" if asked.address else "try again with --jobs 1"
    return InputFaultsError([Fault(field, value, f"gives no worker that can be reached ({words})", remedy)])


def _check_versions(client: distributed.Client) -> None:
    """Every worker must run this version: a table has one."""
    mine = package_version()
    answers = client.run(package_version, on_error="return")
    faults = []
    for worker, found in answers.items():
        if found != mine:
            said = f"{type(found).__name__}: {found}" if isinstance(found, Exception) else f"version {found}"
            faults.append(Fault(worker, said, f"is not version {mine}", "install the same version on every worker"))
    if faults:
        raise InputFaultsError(faults)


def in_chunks(count: int, workers: int) -> Iterator[range]:
    """Positions 0..count-1 in chunks of 50, and smaller ones towards the end, so that all workers end together.

    >>> [len(chunk) for chunk in in_chunks(300, 2)]
    [50, 42, 35, 29, 24, 20, 17, 14, 12, 10, 8, 8, 8, 8, 8, 7]
    """
    start = 0
    while start < count:
        share = math.ceil((count - start) / (3 * workers))
        length = min(LARGEST_CHUNK, max(SMALLEST_CHUNK, share), math.ceil(count / workers))
        yield range(start, min(count, start + length))
        start += length


@dataclass(frozen=True)
class Chunk:
    """Rows that go to a worker together, by their place in the table."""

    places: tuple[int, ...]


class Dispatch:
    """Hands chunks to workers, one to each thread at a time, so that a stop loses no more than one each."""

    def __init__(
        self,
        client: distributed.Client,
        solve: SolveChunk,
        common: bytes,
        rows: Sequence[SiteRow],
        time_limit_s: float,
    ) -> None:
        self._client, self._solve, self._rows, self._time_limit_s = client, solve, rows, time_limit_s
        self._common = common
        self._threads = max(1, sum(client.nthreads().values()))

    def outcomes(
        self, places: Sequence[int], hand_out: Callable[[tuple[int, ...]], None]
    ) -> Iterator[dict[int, Outcome]]:
        """Outcomes by place in the table, chunk by chunk in the order in which they come.

        A chunk that ends its worker again and again is taken apart; a row that still does is its own outcome.

        Raises
        ------
        ClusterLostError
            If the scheduler is gone.
        """
        waiting = [Chunk(tuple(places[i] for i in chunk)) for chunk in in_chunks(len(places), self._threads)][::-1]
        running = distributed.as_completed([], loop=self._client.loop)
        chunk_of: dict[str, Chunk] = {}
        try:
            while waiting or chunk_of:
                while waiting and len(chunk_of) < self._threads:
                    chunk = waiting.pop()
                    hand_out(chunk.places)
                    future = self._submit(chunk)
                    chunk_of[future.key] = chunk
                    running.add(future)
                done = next(running)
                chunk = chunk_of.pop(done.key)
                found = self._read(done, chunk)
                done.release()
                if found is None:
                    waiting.extend(Chunk((place,)) for place in reversed(chunk.places))
                else:
                    yield found
                self._threads = max(1, sum(self._client.nthreads().values()))
        except (distributed.CancelledError, OSError, StopIteration) as error:
            raise ClusterLostError("the cluster was lost") from error

    def _submit(self, chunk: Chunk) -> distributed.Future:
        rows = tuple(self._rows[place] for place in chunk.places)
        return self._client.submit(
            self._solve, self._common, rows, self._time_limit_s, pure=False, retries=RETRIES, key=None
        )

    def _read(self, done: distributed.Future, chunk: Chunk) -> dict[int, Outcome] | None:
        """Outcomes of a chunk; ``None`` where it has to be taken apart."""
        if done.status == "finished":
            answer: ChunkAnswer = done.result()
            if answer.version != package_version():
                rule = f"is not version {package_version()}"
                raise InputFaultsError([Fault("--cluster", f"version {answer.version}", rule, "install the same one")])
            return dict(zip(chunk.places, answer.outcomes, strict=True))
        if done.status != "error":
            raise ClusterLostError("the cluster was lost")
        if len(chunk.places) > 1:
            return None
        error = done.exception()
        if isinstance(error, distributed.KilledWorker):
            reason = "ended every process that worked on it: out of memory, or stuck beyond its time limit"
        else:
            reason = f"{type(error).__name__}: {error}"
        return {chunk.places[0]: Outcome(SiteStatus.FAILED, reason)}
