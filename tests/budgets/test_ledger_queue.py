from __future__ import annotations

import random
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import (
    BudgetExceeded,
    QueueFull,
)
from budgets.requests import Charge, Granted, Limits, Queued, Release, Reservation
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, TIMERS, Bench, granted


async def test_the_ninth_request_of_a_key_waits(bench: Bench) -> None:
    answers = [await bench.ledger.admit(bench.wish()) for _ in range(10)]
    assert answers[8:] == [Queued(0), Queued(1)]
    assert all(isinstance(answer, Granted) for answer in answers[:8])
    await bench.grant(key=OTHER)


async def test_those_who_wait_are_served_in_the_order_they_came(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    holder, waiters = await bench.grant(), [bench.wish() for _ in range(20)]
    served: list[Reservation] = []
    for wish in waiters:
        await bench.ledger.admit(wish)
    shuffled = random.Random(7)
    while len(served) < 20:
        await bench.ledger.settle(holder, Charge(2, 0))
        for wish in shuffled.sample(waiters, len(waiters)):
            answer = await bench.ledger.admit(wish)
            if isinstance(answer, Granted):
                holder = answer
                served.append(wish)
                waiters.remove(wish)
                break
    assert served == sorted(served, key=lambda wish: int(wish.request_id[1:]))


async def test_a_newcomer_does_not_overtake_the_line(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    holder, first = await bench.grant(), bench.wish()
    await bench.ledger.admit(first)
    await bench.ledger.settle(holder, Charge(2, 0))
    assert await bench.ledger.admit(bench.wish()) == Queued(1)
    granted(await bench.ledger.admit(first))


async def test_a_queue_has_a_bound(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1, queue=2)).begin()
    await bench.grant()
    waiters = [bench.wish() for _ in range(2)]
    assert [await bench.ledger.admit(wish) for wish in waiters] == [Queued(0), Queued(1)]
    with pytest.raises(QueueFull):
        await bench.ledger.admit(bench.wish())
    assert await bench.ledger.admit(waiters[1]) == Queued(1)


async def test_a_vanished_waiter_holds_nobody_up(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    holder, vanished, patient = await bench.grant(), bench.wish(), bench.wish()
    for wish in (vanished, patient):
        await bench.ledger.admit(wish)
    await bench.ledger.settle(holder, Charge(2, 0))
    await bench.pass_ms(TIMERS.waiter - 1)
    assert await bench.ledger.admit(patient) == Queued(1)
    await bench.pass_ms(1)
    granted(await bench.ledger.admit(patient))


async def test_who_keeps_asking_keeps_the_place_in_line(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    holder, waiters = await bench.grant(), [bench.wish() for _ in range(3)]
    for wish in waiters:
        await bench.ledger.admit(wish)
    for _ in range(10):
        await bench.ledger.extend(holder, 1)
        assert [await bench.ledger.admit(wish) for wish in reversed(waiters)] == [Queued(2), Queued(1), Queued(0)]
        await bench.pass_ms(TIMERS.waiter - 1)


async def test_who_asks_late_but_before_anybody_noticed_keeps_the_place(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    holder, waiters = await bench.grant(), [bench.wish() for _ in range(2)]
    for wish in waiters:
        await bench.ledger.admit(wish)
        await bench.pass_ms(1)
    await bench.pass_ms(TIMERS.waiter)
    assert await bench.ledger.admit(waiters[0]) == Queued(0)
    await bench.ledger.settle(holder, Charge(2, 0))
    granted(await bench.ledger.admit(waiters[0]))


async def test_a_waiter_given_up_leaves_the_line_at_once(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    await bench.grant()
    first, second = bench.wish(), bench.wish()
    for wish in (first, second):
        await bench.ledger.admit(wish)
    assert await bench.ledger.abandon(first) is Release.LEFT
    assert await bench.ledger.admit(second) == Queued(0)


async def test_who_waits_for_a_place_that_no_budget_backs_any_more_is_told(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin(cap=100)
    holder, wish = await bench.grant(50), bench.wish(50)
    assert await bench.ledger.admit(wish) == Queued(0)
    await bench.ledger.settle(holder, Charge(2, 40))
    await bench.caps.set_account(ACCOUNT, 60)
    with pytest.raises(BudgetExceeded):
        await bench.ledger.admit(wish)
    assert await bench.redis.zcard(redis_keys.queue(ACCOUNT, KEY)) == 0


async def test_a_key_can_have_its_own_number_of_places(bench: Bench) -> None:
    await bench.keys.update(ACCOUNT, KEY, concurrency=1, waiting=0)
    await bench.grant()
    with pytest.raises(QueueFull):
        await bench.grant()


def test_the_head_of_the_line_asks_more_often_than_its_tail() -> None:
    pauses = [Queued(ahead).poll_after for ahead in range(100)]
    assert all(near <= far for near, far in pairwise(pauses))
    assert (pauses[0], pauses[-1]) == (0.02, 0.4)
