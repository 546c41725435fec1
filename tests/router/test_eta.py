"""When a boot will be over."""

from __future__ import annotations

import pytest

from router.boots import Boot
from router.eta import OVERDUE, remaining, usual
from router.lifecycle import Phase

A, L, W = Phase.ALLOCATING, Phase.LOADING, Phase.WARMING


def boot(allocating: float, loading: float, warming: float, ready: bool = True) -> Boot:
    one = Boot("1", "nano", "r", "k", 100.0, phases={A: 100.0, L: 100.0 + allocating, W: 100.0 + allocating + loading})
    one.ready = 100.0 + allocating + loading + warming if ready else None
    return one


def test_it_is_the_median_of_each_phase_in_the_boots_that_became_ready() -> None:
    past = [boot(1, 8, 2), boot(2, 9, 1), boot(1, 100, 1), boot(50, 50, 50, ready=False)]
    assert usual(past) == pytest.approx({A: 1, L: 9, W: 1})


def test_old_boots_are_forgotten() -> None:
    assert usual([boot(1, 2, 1)] * 7 + [boot(9, 9, 9)] * 50) == pytest.approx({A: 1, L: 2, W: 1})


def test_without_a_boot_to_learn_from_nothing_is_said() -> None:
    assert usual([boot(1, 1, 1, ready=False)]) == {}
    assert remaining({}, A, 0, 0) is None


def test_it_counts_down_phase_by_phase() -> None:
    expected = {A: 1.0, L: 8.0, W: 2.0}
    assert remaining(expected, A, 0.0, 0.0) == 11
    assert remaining(expected, A, 0.0, 0.5) == 10.5
    assert remaining(expected, L, 1.0, 5.0) == 6
    assert remaining(expected, W, 9.0, 10.0) == 1


def test_one_that_takes_longer_is_nearly_over_for_as_long_as_it_takes() -> None:
    expected = {A: 1.0, L: 10.0, W: 2.0}
    assert remaining(expected, L, 0.0, 500.0) == OVERDUE * 10 + 2


def test_a_slow_disk_is_believed_more_than_the_clock() -> None:
    assert remaining({A: 1.0, L: 10.0, W: 2.0}, L, 0.0, 30.0, loaded=0.25) == 30 * 3 + 2


def test_a_clock_that_went_back_does_no_harm() -> None:
    assert remaining({A: 1.0, L: 8.0, W: 2.0}, L, 50.0, 10.0) == 10
