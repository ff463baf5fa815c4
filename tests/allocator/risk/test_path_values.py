"""Values on paths: the same bytes however they are computed, and what cannot be run is refused before it is."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from allocator.risk import path_values as module
from allocator.risk.futures import FEWEST_PATHS, LARGEST_SEED, Frozen, Futures, checked
from models.assumptions import InputFaultsError
from models.scenarios import PATHS_PER_BLOCK, Draws
from tests.allocator import small
from tests.allocator.risk.futures_of_small_cases import valued

CASE = small.case(purchases=[small.purchase(latest_start_years=0.5)])
TWO_BLOCKS = 2 * PATHS_PER_BLOCK


def some_plan(values: module.PathValues) -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 4, len(values.mapped.choices.items))


def test_one_worker_and_two_find_the_same_bytes():
    one, two = (valued(CASE, TWO_BLOCKS + 300, 5, workers=n) for n in (1, 2))
    assert [b.tobytes() for b in one.blocks] == [b.tobytes() for b in two.blocks]
    plan = some_plan(one)
    assert one.worth(plan).tobytes() == two.worth(plan).tobytes()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    first, again, other = (valued(CASE, 300, seed) for seed in (5, 5, 6))
    assert first.blocks[0].tobytes() == again.blocks[0].tobytes()
    assert not np.array_equal(first.blocks[0], other.blocks[0])


@pytest.mark.parametrize("draws", list(Draws))
def test_the_first_paths_are_worth_the_same_when_more_are_drawn(draws):
    few, many = (valued(CASE, n, 5, draws=draws) for n in (200, TWO_BLOCKS + 1))
    assert [b.shape[1] for b in many.blocks] == [PATHS_PER_BLOCK, PATHS_PER_BLOCK, 1]
    plan = some_plan(few)
    np.testing.assert_allclose(few.worth(plan), many.worth(plan)[:200], rtol=1e-13)


def test_fresh_paths_are_other_paths():
    sought, fresh = (valued(CASE, 300, 5, fresh=f) for f in (False, True))
    assert not np.array_equal(sought.blocks[0], fresh.blocks[0])
    plan = some_plan(sought)
    assert abs(np.corrcoef(sought.worth(plan), fresh.worth(plan))[0, 1]) < 4 / np.sqrt(300)


def test_single_precision_agrees_with_double_to_a_millionth(monkeypatch):
    wide = valued(CASE, TWO_BLOCKS, 5)
    monkeypatch.setattr(module, "WIDE_BYTES", 0.0)
    narrow = valued(CASE, TWO_BLOCKS, 5)
    assert {b.dtype for b in wide.blocks} == {np.dtype(np.float64)}
    assert {b.dtype for b in narrow.blocks} == {np.dtype(np.float32)}
    plan = some_plan(wide)
    size = np.abs(wide.worth(plan)).mean()
    np.testing.assert_allclose(narrow.worth(plan), wide.worth(plan), rtol=1e-6, atol=1e-6 * size)
    assert narrow.worth(plan).dtype == np.float64
    largest = np.abs(wide.mean_value_usd).max()
    np.testing.assert_allclose(narrow.mean_value_usd, wide.mean_value_usd, rtol=1e-6, atol=1e-6 * largest)
    rows, weights = np.array([4, 77, PATHS_PER_BLOCK + 2]), np.array([0.5, 0.3, 0.2])
    found, expected = (v.gradient(v.tail_mean(rows, weights)) for v in (narrow, wide))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * largest)


def test_means_over_paths_are_those_of_the_paths_one_by_one():
    values = valued(CASE, TWO_BLOCKS + 7, 5)
    rows = np.array([0, 1, PATHS_PER_BLOCK, TWO_BLOCKS + 6])
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    by_hand = sum(w * values.path(int(r)) for r, w in zip(rows, weights, strict=True))
    np.testing.assert_allclose(values.tail_mean(rows, weights), by_hand, rtol=1e-12)
    every = np.concatenate(values.blocks, axis=1)
    np.testing.assert_allclose(values.mean, every.mean(axis=1), rtol=1e-11)
    with pytest.raises(IndexError, match=f"no path {TWO_BLOCKS + 7} of {TWO_BLOCKS + 7}"):
        values.path(TWO_BLOCKS + 7)


def test_the_first_whole_blocks_can_be_kept():
    values = valued(CASE, TWO_BLOCKS + 7, 5)
    kept = values.first(PATHS_PER_BLOCK + 1)
    assert kept.paths == TWO_BLOCKS
    assert values.first(10**9).paths == TWO_BLOCKS + 7
    plan = some_plan(values)
    np.testing.assert_array_equal(kept.worth(plan), values.worth(plan)[:TWO_BLOCKS])
    np.testing.assert_allclose(kept.mean_value_usd @ plan, kept.worth(plan).mean(), rtol=1e-11)


def test_what_is_frozen_does_not_move_and_the_rest_stays_as_it_was():
    loose = Futures(CASE, 300, 5)
    held = Futures(CASE, 300, 5, frozen=Frozen(delay=True, default=True))
    (drawn,), (still,) = loose.outcomes[0], held.outcomes[0]
    assert set(still.delay_months) == {3}
    assert set(still.paid_quarters) == {12}
    np.testing.assert_array_equal(drawn.cancelled, still.cancelled)
    np.testing.assert_array_equal(loose.market.block(0, 9).btc_price_usd, held.market.block(0, 9).btc_price_usd)


# What cannot be run


def refused(**given) -> dict[str, str]:
    with pytest.raises(InputFaultsError) as error:
        valued(CASE, **given)
    return {fault.field: str(fault) for fault in error.value.faults}


def test_every_fault_of_a_run_is_named_at_once():
    found = refused(paths=FEWEST_PATHS - 1, seed=-1, workers=0)
    assert list(found) == ["paths", "seed", "workers"]
    assert "99 is fewer than 100" in found["paths"]
    assert "-1 is not between 0 and 2^62 - 1" in found["seed"]
    assert "0 is not at least 1" in found["workers"]


def test_more_paths_than_memory_holds_are_refused_with_the_most_that_it_does():
    found = refused(paths=10**12)
    (text,) = found.values()
    count = valued(CASE).mapped.count
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    most = int(0.5 * memory / (8 * count))
    assert "1,000,000,000,000" in text
    assert f"give at most {most:,}" in text
    checked(most, 1, 1, 8 * count)
    with pytest.raises(InputFaultsError, match=re.escape(f"{most:,}")):
        checked(most + 1, 1, 1, 8 * count)


def test_the_largest_seed_and_the_fewest_paths_can_be_run():
    assert valued(CASE, FEWEST_PATHS, LARGEST_SEED, fresh=True).paths == FEWEST_PATHS
    assert list(refused(paths=FEWEST_PATHS, seed=LARGEST_SEED + 1)) == ["seed"]
