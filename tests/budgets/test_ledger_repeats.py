"""Calls that come twice, late, or for what Redis forgot."""

from __future__ import annotations

import pytest

from budgets import redis_keys
from budgets.errors import (
    RequestEnded,
    RequestMismatch,
)
from budgets.requests import Charge, Extension, Granted, Outcome, Release, Reservation
from tests.budgets.ledgers import ACCOUNT, KEY, TIMERS, Bench


async def test_a_second_admission_of_a_request_is_the_first_ones_grant(bench: Bench) -> None:
    wish = bench.wish(100)
    assert await bench.ledger.admit(wish) == await bench.ledger.admit(wish)
    assert await bench.balance() == (0, 100)


async def test_one_id_with_other_numbers_is_refused(bench: Bench) -> None:
    grant = await bench.grant(100)
    other = Reservation(grant.reservation.request_id, ACCOUNT, KEY, "pico", 2, 99)
    with pytest.raises(RequestMismatch):
        await bench.ledger.admit(other)
    with pytest.raises(RequestMismatch):
        await bench.ledger.settle(Granted(other, grant.day, grant.key, grant.account), Charge(1, 1))
    assert await bench.balance() == (0, 100)


async def test_a_second_settlement_charges_nothing(bench: Bench) -> None:
    grant = await bench.grant()
    outcomes = [await bench.ledger.settle(grant, Charge(2, 3)) for _ in range(3)]
    assert [settled.outcome for settled in outcomes] == [Outcome.SETTLED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert await bench.balance() == (5, 0)


async def test_a_request_that_ended_is_never_admitted_again(bench: Bench) -> None:
    grant = await bench.grant()
    await bench.ledger.settle(grant, Charge(2, 3))
    with pytest.raises(RequestEnded) as ended:
        await bench.ledger.admit(grant.reservation)
    assert ended.value.state == "settled"


async def test_a_settlement_after_the_expiry_corrects_the_guess(bench: Bench) -> None:
    grant = await bench.grant(10)
    await bench.ledger.extend(grant, done=4)
    await bench.expire()
    assert await bench.balance() == (6, 0)
    settled = await bench.ledger.settle(grant, Charge(2, 7))
    assert (settled.outcome, settled.change) == (Outcome.CORRECTED, 3)
    assert await bench.balance() == (9, 0)
    usage = await bench.usage()
    assert [usage[f"2026-11-22/{KEY}/{what}/pico"] for what in ("prompt_tokens", "completion_tokens", "requests", "errors")] == [2, 7, 1, 0]
    assert await bench.audit() == []


async def test_a_settlement_that_redis_knows_nothing_of_is_charged_once(bench: Bench) -> None:
    grant = await bench.grant()
    await forget(bench, grant)
    outcomes = [(await bench.ledger.settle(grant, Charge(2, 3))).outcome for _ in range(2)]
    assert outcomes == [Outcome.RECOVERED, Outcome.DUPLICATE]
    assert await bench.balance() == (5, 0)
    assert await bench.audit() == []


async def test_a_running_request_that_redis_forgot_is_held_again(bench: Bench) -> None:
    grant = await bench.grant(10)
    await forget(bench, grant)
    assert [await bench.ledger.extend(grant, 1) for _ in range(2)] == [Extension.REASSERTED, Extension.EXTENDED]
    assert await bench.balance() == (0, 10)
    assert await bench.audit() == []


async def forget(bench: Bench, grant: Granted) -> None:
    """What a Redis that lost its last second knows."""
    request = grant.reservation
    await bench.redis.delete(redis_keys.budget(ACCOUNT), redis_keys.request(ACCOUNT, request.request_id))
    await bench.redis.delete(redis_keys.open_requests(ACCOUNT), redis_keys.slots(ACCOUNT, request.key_id))


async def test_an_admission_that_arrives_after_it_was_given_up_grants_nothing(bench: Bench) -> None:
    wish = bench.wish()
    assert await bench.ledger.abandon(wish) is Release.LEFT
    with pytest.raises(RequestEnded):
        await bench.ledger.admit(wish)
    assert await bench.balance() == (0, 0)


async def test_a_request_given_up_costs_nothing_and_counts_nowhere(bench: Bench) -> None:
    grant = await bench.grant()
    assert [await bench.ledger.abandon(grant.reservation) for _ in range(2)] == [Release.RELEASED, Release.ENDED]
    assert (await bench.balance(), await bench.usage()) == ((0, 0), {})


async def test_what_ended_is_remembered_for_two_days_and_then_forgotten(bench: Bench) -> None:
    grant = await bench.grant()
    await bench.ledger.settle(grant, Charge(2, 3))
    left = await bench.redis.pttl(redis_keys.request(ACCOUNT, grant.reservation.request_id))
    assert TIMERS.tombstone - 10_000 < left <= TIMERS.tombstone


async def test_scripts_that_redis_forgot_are_sent_again(bench: Bench) -> None:
    await bench.grant()
    await bench.redis.script_flush()
    await bench.grant()
