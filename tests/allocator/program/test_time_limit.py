from __future__ import annotations

import time

import pytest

from allocator.allocation import allocate
from allocator.program.solve import OverTimeError, check_time
from allocator.program.time_limit import seconds_left, time_limit
from tests.allocator.small import case


def test_without_a_limit_there_is_all_the_time():
    assert seconds_left() == float("inf")
    assert check_time() == float("inf")


def test_a_limit_holds_within_and_is_forgotten_after():
    with time_limit(60.0):
        assert 59.0 < seconds_left() <= 60.0
        with time_limit(5.0):
            assert seconds_left() <= 5.0
        assert seconds_left() > 50.0
    assert seconds_left() == float("inf")


def test_a_limit_changes_no_answer():
    free = allocate(case())
    with time_limit(60.0):
        assert allocate(case()).units.tolist() == free.units.tolist()


def test_a_solve_beyond_its_time_gives_no_number():
    with time_limit(0.002):
        time.sleep(0.003)
        with pytest.raises(OverTimeError):
            allocate(case())
