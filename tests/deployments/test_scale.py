"""Each rule of how many replicas a model has, at moments that the tests make up."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from deployments.scale import GAP_SECONDS, GRACE_SECONDS, PREFILL_STEPS, Decision, Load, Memory, Situation, decide
from tests.deployments.scaled_model import SPEC

IDLE = SPEC.idle_seconds
UP, DOWN = SPEC.upscale_seconds, SPEC.downscale_seconds
CAPACITY = SPEC.max_num_seqs


def rested(seconds: float = IDLE) -> Load:
    return Load(0, 0, idle=seconds, ready=10 * IDLE)


def working(sequences: float = 1, prefill_tokens: float = 0) -> Load:
    return Load(sequences, prefill_tokens, idle=0, ready=10 * IDLE)


def at(now: float, *loads: Load, target: int | None = None, running: int | None = None, **more: Any) -> Situation:
    """As many replicas run as say something, and are wanted, where nothing else is said."""
    named = {f"r{number}": load for number, load in enumerate(loads)}
    count = len(loads) if running is None else running
    return Situation(now, count, count if target is None else target, loads=named, **more)


def after(seconds: float, situation: Situation, memory: Memory | None = None) -> Decision:
    """The decision where it looked the same for so long."""
    memory = {} if memory is None else memory
    for tick in range(int(seconds * 2)):
        decide(SPEC, dataclasses.replace(situation, now=situation.now + tick / 2), memory)
    return decide(SPEC, dataclasses.replace(situation, now=situation.now + seconds), memory)


def test_a_model_that_nobody_wants_stays_at_zero() -> None:
    assert after(1000, at(0, target=0)).replicas == 0
    assert after(1000, at(0, target=0, sure=False)).replicas == 0


def test_a_wanted_model_has_a_replica_at_the_next_look_and_the_log_says_why() -> None:
    assert decide(SPEC, at(0, target=0, wanted="wish of k1"), {}) == Decision(1, "wish of k1")
    assert decide(SPEC, at(0, target=0, wanted="wish of k1", sure=False), {}).replicas == 1


def test_load_that_dips_when_requests_end_together_is_load_all_the_same() -> None:
    memory: Memory = {}
    patient = SPEC.model_copy(update={"upscale_seconds": 20.0, "max_replicas": 4})
    looks = [decide(patient, at(tick / 2, working(0 if tick % 5 == 0 else 2 * CAPACITY)), memory).replicas for tick in range(60)]
    assert looks[:40] == [1] * 40
    assert 3 in looks[40:43]


def test_load_that_is_gone_for_longer_has_to_last_again() -> None:
    memory: Memory = {}
    patient = SPEC.model_copy(update={"upscale_seconds": 20.0, "max_replicas": 4})
    loads = [2 * CAPACITY] * 30 + [0] * 6 + [2 * CAPACITY] * 30
    assert {decide(patient, at(tick / 2, working(load)), memory).replicas for tick, load in enumerate(loads)} == {1}


def test_one_that_the_operator_stopped_is_stopped_busy_or_booting() -> None:
    assert decide(SPEC, at(0, working(), stopped=True), {}).replicas == 0
    assert decide(SPEC, at(0, target=1, running=0, stopped=True), {}).replicas == 0


def test_who_wants_it_after_the_stop_has_it() -> None:
    assert decide(SPEC, at(0, working(), stopped=True, wanted="wish of k1"), {}).replicas == 1
    assert decide(SPEC, at(0, target=0, stopped=True, wanted="wish of k1"), {}).replicas == 1


def test_a_wanted_model_never_stops() -> None:
    assert after(10 * IDLE, at(0, rested(9 * IDLE), wanted="always warm")).replicas == 1


@pytest.mark.parametrize(
    ("load", "replicas"),
    [
        (rested(IDLE), 0),
        (rested(IDLE - 1), 1),
        (Load(0, 0, idle=10 * IDLE, ready=IDLE - 1), 1),
        (Load(0, 0, idle=10 * IDLE, ready=IDLE), 0),
        (Load(1, 0, idle=10 * IDLE, ready=10 * IDLE), 1),
        (Load(0, 1, idle=10 * IDLE, ready=10 * IDLE), 1),
        (Load(0, 0, idle=10 * IDLE, ready=10 * IDLE, booting=True), 1),
    ],
)
def test_idle_time_counts_from_the_later_of_ready_and_the_last_work(load: Load, replicas: int) -> None:
    assert decide(SPEC, at(0, load), {}).replicas == replicas


def test_calls_that_serve_counts_are_work() -> None:
    assert decide(SPEC, at(0, rested(), calls=0.1), {}).replicas == 1


def test_what_is_not_known_stops_nothing() -> None:
    assert after(10 * IDLE, at(0, running=1)).replicas == 1
    assert after(10 * IDLE, at(0, rested(), sure=False)).replicas == 1
    assert after(10 * IDLE, at(0, rested(), running=2)).replicas == 2


def test_a_policy_that_begins_anew_believes_the_replicas_clock() -> None:
    assert decide(SPEC, at(0, rested(1)), {}).replicas == 1
    assert decide(SPEC, at(0, rested()), {}).replicas == 0


def test_a_boot_goes_on_for_a_moment_after_its_wish() -> None:
    memory: Memory = {}
    decide(SPEC, at(0, target=1, running=0, wanted="wish of k1"), memory)
    assert after(GRACE_SECONDS - 1, at(1, target=1, running=0), memory).replicas == 1
    assert decide(SPEC, at(1 + GRACE_SECONDS, target=1, running=0), memory).replicas == 0


def test_each_boot_is_given_its_own_moment() -> None:
    memory: Memory = {}
    assert after(GRACE_SECONDS, at(0, target=1, running=0), memory).replicas == 0
    decide(SPEC, at(1000, target=0), memory)
    assert after(GRACE_SECONDS - 1, at(1001, target=1, running=0), memory).replicas == 1


def test_a_boot_goes_on_while_somebody_wants_it() -> None:
    assert after(10 * IDLE, at(0, target=1, running=0, wanted="wish of k1")).replicas == 1
    assert after(10 * IDLE, at(0, target=1, running=0, calls=1)).replicas == 1
    assert after(10 * IDLE, at(0, target=1, running=0, sure=False)).replicas == 1


def test_a_boot_that_nobody_wants_any_more_is_given_up_so_that_serve_forgets_its_failures() -> None:
    assert after(GRACE_SECONDS - 1, at(0, target=1, running=0)).replicas == 1
    assert after(GRACE_SECONDS, at(0, target=1, running=0)).replicas == 0


def test_more_load_than_four_fifths_for_long_enough_brings_what_it_needs() -> None:
    assert after(UP - 0.5, at(0, working(0.81 * CAPACITY))).replicas == 1
    assert after(UP, at(0, working(0.8 * CAPACITY))).replicas == 1
    assert after(UP, at(0, working(0.81 * CAPACITY))).replicas == 2
    assert after(UP, at(0, working(1.7 * CAPACITY))).replicas == 3


def test_prompt_tokens_that_wait_are_load() -> None:
    tokens = PREFILL_STEPS * SPEC.max_num_batched_tokens
    assert after(UP, at(0, working(1, 0.81 * tokens))).replicas == 2


def test_load_that_goes_on_growing_brings_more_again() -> None:
    memory: Memory = {}
    decide(SPEC, at(0, working(0.9 * CAPACITY)), memory)
    assert after(UP - 0.5, at(0.5, working(2 * CAPACITY)), memory).replicas == 2
    assert after(UP, at(UP + 0.5, working(2 * CAPACITY), target=2), memory).replicas == 3


def test_there_are_never_more_than_the_most() -> None:
    assert after(UP, at(0, working(100 * CAPACITY))).replicas == SPEC.max_replicas
    assert after(UP, at(0, *[working()] * (SPEC.max_replicas + 1))).replicas == SPEC.max_replicas


def test_a_peak_shorter_than_that_brings_nothing() -> None:
    memory: Memory = {}
    after(UP - 0.5, at(0, working(2 * CAPACITY)), memory)
    decide(SPEC, at(UP, working(1)), memory)
    assert decide(SPEC, at(UP + 0.5, working(2 * CAPACITY)), memory).replicas == 1


def test_a_peak_at_the_end_of_a_long_load_brings_only_what_the_long_load_needs() -> None:
    memory: Memory = {}
    after(UP - 0.5, at(0, working(0.9 * CAPACITY)), memory)
    assert decide(SPEC, at(UP, working(100 * CAPACITY)), memory).replicas == 2


def test_one_replica_goes_when_one_fewer_had_room_for_long_enough() -> None:
    share = 0.6 * 2 / 3 * CAPACITY
    assert after(DOWN - 0.5, at(0, *[working(share)] * 3)).replicas == 3
    assert after(DOWN, at(0, *[working(share)] * 3)).replicas == 2
    assert after(DOWN, at(0, *[working(share + 1)] * 3)).replicas == 3


def test_replicas_go_one_at_a_time() -> None:
    memory: Memory = {}
    assert after(DOWN, at(0, *[rested(1)] * 4), memory).replicas == 3
    assert after(DOWN - 1, at(DOWN + 0.5, *[rested(1)] * 3), memory).replicas == 3


def test_one_busy_moment_keeps_all() -> None:
    memory: Memory = {}
    after(DOWN - 1, at(0, rested(1), rested(1)), memory)
    decide(SPEC, at(DOWN - 0.5, working(CAPACITY), rested(1)), memory)
    assert decide(SPEC, at(DOWN, rested(1), rested(1)), memory).replicas == 2


def test_none_goes_while_another_boots_unless_that_takes_longer_than_any_boot() -> None:
    overdue = SPEC.boot_timeout_seconds
    assert after(overdue - 1, at(0, working(), target=2)).replicas == 2
    assert after(overdue, at(0, working(), target=2)).replicas == 1


def test_none_goes_while_the_engine_of_another_boots_again() -> None:
    booting = Load(0, 0, idle=0, ready=10 * IDLE, booting=True)
    assert after(DOWN, at(0, working(), booting)).replicas == 2
    assert after(SPEC.boot_timeout_seconds, at(0, working(), booting)).replicas == 1


def test_a_model_whose_only_engine_does_not_come_back_is_given_up_when_nobody_wants_it() -> None:
    booting = Load(0, 0, idle=0, ready=10 * IDLE, booting=True)
    assert after(SPEC.boot_timeout_seconds - 1, at(0, booting)).replicas == 1
    assert after(SPEC.boot_timeout_seconds + GRACE_SECONDS, at(0, booting, calls=1)).replicas == 1
    assert after(SPEC.boot_timeout_seconds, at(0, booting, wanted="wish of k1")).replicas == 1
    assert after(SPEC.boot_timeout_seconds + GRACE_SECONDS, at(0, booting)).replicas == 0


def test_a_break_between_two_looks_proves_nothing() -> None:
    memory: Memory = {}
    after(DOWN - 1, at(0, rested(1), rested(1)), memory)
    assert decide(SPEC, at(DOWN + GAP_SECONDS, rested(1), rested(1)), memory).replicas == 2
