"""Every numeric line of every statement, and the annual one, of twenty random cases (templates: test_recalculation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from allocator.allocation import Allocation, InfeasibleError, allocate
from allocator.case import Case, case_from_document
from allocator.explain import Explanation, Twins
from allocator.workbook import write_pack
from tests.allocator.small import random_document
from tests.allocator.workbook.every_line import assert_every_line

CASES = 20
Packs = Mapping[str, tuple[Allocation, Path]]
NOTHING = Explanation((), (), (), Twins(None, None))


def drawn(seed: int) -> Case:
    """A random case small enough for twenty of them: one fleet, one purchase, two offers, four years."""
    given = random_document(seed, whole=seed % 2 == 1)
    given |= {"horizon_years": 4, "fleets": given["fleets"][:1], "purchases": given["purchases"][:1]}
    given["leases"] = [{**lease, "term_years": 2, "latest_start": "2027Q3"} for lease in given["leases"][:2]]
    return case_from_document(given)


def plans() -> Iterator[tuple[str, Allocation]]:
    found, seed = 0, 0
    while found < CASES:
        seed += 1
        try:
            plan = allocate(drawn(seed))
        except InfeasibleError:
            continue
        found += 1
        yield f"random {seed}", plan


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder, found = tmp_path_factory.mktemp("every-line"), {}
    for number, (name, plan) in enumerate(plans()):
        write_pack(plan, NOTHING, folder / f"{number}.xlsx")
        found[name] = plan, folder / f"{number}.xlsx"
    return found


def test_cached_values_equal_the_engine_in_every_line(packs: Packs) -> None:
    assert len(packs) == CASES
    for plan, path in packs.values():
        assert assert_every_line(path, plan) > 100


@pytest.mark.libreoffice
def test_libreoffice_recalculates_every_line_to_the_engine(packs: Packs, recalculate: Any) -> None:
    done = recalculate(*(path for _, path in packs.values()))
    for (plan, _), path in zip(packs.values(), done, strict=True):
        assert_every_line(path, plan)
