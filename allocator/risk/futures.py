"""The futures of a case: market paths and what becomes of every offer, the same for any number of workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from allocator.case import Case
from models.assumptions import Fault, InputFaultsError
from models.execution import Chances, ExecutionModel, Outcomes
from models.scenarios import PATHS_PER_BLOCK, Draws, Factor, MarketModel

FEWEST_PATHS = 100
"""Fewer leave no tail to speak of: 5 % of them are five."""
LARGEST_SEED = 2**62 - 1
FRESH = 2**62
"""What is added to a seed for paths on which nothing was sought: every figure reported is valued on these."""
SHARE_OF_MEMORY = 0.5
T = TypeVar("T")


@dataclass(frozen=True)
class Frozen:
    """What stays at its expectation; nothing by default."""

    market: frozenset[Factor] = frozenset()
    delay: bool = False
    cancellation: bool = False
    default: bool = False


@dataclass(frozen=True)
class Futures:
    """So many random futures of a case."""

    case: Case
    paths: int
    seed: int
    draws: Draws = Draws.RANDOM
    workers: int = 1
    frozen: Frozen = field(default_factory=Frozen)
    fresh: bool = False
    """Other paths than those of the same seed on which plans are sought."""

    @property
    def entropy(self) -> int:
        """What the random numbers are made from."""
        return self.seed + (FRESH if self.fresh else 0)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Paths of each block."""
        whole, rest = divmod(self.paths, PATHS_PER_BLOCK)
        return (PATHS_PER_BLOCK,) * whole + ((rest,) if rest else ())

    @cached_property
    def market(self) -> MarketModel:
        """The model that draws the market."""
        case = self.case
        return MarketModel(case.risk, case.market, case.timeline, self.entropy, self.draws, self.frozen.market)

    @cached_property
    def execution(self) -> tuple[ExecutionModel, ...]:
        """The model that draws what becomes of each offer."""
        frozen = {"delay": self.frozen.delay, "cancellation": self.frozen.cancellation, "default": self.frozen.default}
        return tuple(
            ExecutionModel(Chances.of(lease, self.case.risk).without(**frozen), lease, self.entropy, i)
            for i, lease in enumerate(self.case.leases)
        )

    @cached_property
    def outcomes(self) -> tuple[tuple[Outcomes, ...], ...]:
        """Outcomes of each offer, block by block."""
        return tuple(tuple(m.block(b, n) for b, n in enumerate(self.sizes)) for m in self.execution)

    def each_block(self, work: Callable[[int], T]) -> Iterator[T]:
        """The work done for every block, in their order, on as many threads as there are workers."""
        numbers = range(len(self.sizes))
        if self.workers == 1 or len(numbers) == 1:
            yield from map(work, numbers)
            return
        with ThreadPoolExecutor(self.workers) as pool:
            yield from pool.map(work, numbers)


def checked(paths: int, seed: int, workers: int, bytes_per_path: int) -> None:
    """Refuse what cannot be run, every fault at once, before anything is drawn.

    Raises
    ------
    InputFaultsError
        For too few paths, more than memory holds, a seed out of range or no worker.
    """
    faults = []
    most = most_paths(bytes_per_path)
    if not paths >= FEWEST_PATHS:
        faults.append(Fault("paths", str(paths), f"is fewer than {FEWEST_PATHS}", "10000 give a tail of 500"))
    if paths > most:
        held = f"is more than the {most:,} that half of this machine's memory holds at {bytes_per_path:,} bytes each"
        faults.append(Fault("paths", f"{paths:,}", held, f"give at most {most:,}"))
    if not 0 <= seed <= LARGEST_SEED:
        faults.append(Fault("seed", str(seed), "is not between 0 and 2^62 - 1", "give a whole number such as 1"))
    if workers < 1:
        faults.append(Fault("workers", str(workers), "is not at least 1", "give the number of cores to use"))
    if faults:
        raise InputFaultsError(faults)


def most_paths(bytes_per_path: int) -> int:
    """How many paths half of the machine's memory holds."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(SHARE_OF_MEMORY * memory / bytes_per_path)
