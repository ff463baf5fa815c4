"""What plans are worth on every path: the factors of all paths, and one pass over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from allocator.activities import Activities
from allocator.risk.factors import ValueMap, value_map
from allocator.risk.futures import Futures, checked
from allocator.risk.tails import Rows
from models.timeline import Vector

WIDE_BYTES = 2e9
"""Factors that take more than this are kept in single precision; sums over them are always made in double."""
BYTES_PER_FACTOR = 8
"""Single precision, for paths on which plans are sought and for as many fresh ones."""


@dataclass(frozen=True)
class PathValues:
    """Factors of every path of some futures, ready to value plans."""

    mapped: ValueMap
    blocks: tuple[Vector, ...]
    """(factors, paths) each, in the order of the paths."""

    @property
    def paths(self) -> int:
        """Number of paths."""
        return self.mapped.futures.paths

    def first(self, paths: int) -> PathValues:
        """The first paths only, in whole blocks; all if there are no more."""
        blocks, held = [], 0
        for block in self.blocks:
            if held >= paths:
                break
            blocks.append(block)
            held += block.shape[1]
        futures = replace(self.mapped.futures, paths=held)
        return PathValues(replace(self.mapped, futures=futures), tuple(blocks))

    @cached_property
    def mean(self) -> Vector:
        """Mean of every factor, (factors,)."""
        total = sum((block.sum(axis=1, dtype=np.float64) for block in self.blocks), np.zeros(self.mapped.count))
        return np.asarray(total / self.paths)

    @cached_property
    def mean_value_usd(self) -> Vector:
        """Mean value of a unit of each activity, (J,)."""
        return self.gradient(self.mean)

    def gradient(self, factors: Vector) -> Vector:
        """Value of a unit of each activity where the factors are these, (J,)."""
        weights, constant = self.mapped.loading
        return np.asarray(factors @ weights + constant)

    def worth(self, units: Vector) -> Vector:
        """Value of a plan on every path, (paths,); one pass over the factors."""
        weights, constant = self.mapped.loading
        load, certain = weights @ units, float(constant @ units)
        used = np.flatnonzero(load)
        if len(used) < 0.5 * len(load):
            return np.concatenate([_times(load[used], block[used]) for block in self.blocks]) + certain
        return np.concatenate([_times(load, block) for block in self.blocks]) + certain

    def path(self, number: int) -> Vector:
        """Factors of one path, (factors,)."""
        first = 0
        for block in self.blocks:
            if number < first + block.shape[1]:
                return block[:, number - first].astype(np.float64)
            first += block.shape[1]
        raise IndexError(f"there is no path {number} of {self.paths}")

    def tail_mean(self, rows: Rows, weights: Vector) -> Vector:
        """Weighted mean of the factors over some paths, (factors,)."""
        total, first = np.zeros(self.mapped.count), 0
        for block in self.blocks:
            size = block.shape[1]
            inside = (rows >= first) & (rows < first + size)
            if inside.any():
                total += block[:, rows[inside] - first].astype(np.float64, copy=False) @ weights[inside]
            first += size
        return total


def _times(load: Vector, block: Vector) -> Vector:
    """``load @ block`` in double precision, a stretch of paths at a time where the block is in single."""
    return np.asarray(load @ block if block.dtype == np.float64 else load @ block.astype(np.float64))


def path_values(choices: Activities, futures: Futures) -> PathValues:
    """Draw the futures and value every factor on them.

    Raises
    ------
    InputFaultsError
        For numbers of paths, seeds or workers that cannot be run.
    """
    mapped = value_map(choices, futures)
    checked(futures.paths, futures.seed, futures.workers, BYTES_PER_FACTOR * mapped.count)
    wide = 8.0 * mapped.count * futures.paths <= WIDE_BYTES
    mapped.prepare()

    def block(number: int) -> Vector:
        found = mapped.block(number)
        return found if wide else found.astype(np.float32)

    return PathValues(mapped, tuple(futures.each_block(block)))
