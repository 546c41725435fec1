from __future__ import annotations

import asyncio
import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from budgets.connections import beside
from budgets.store import connect
from tests.budgets.mortal_redis import MortalRedis

PATIENCE = 0.4


def stand_still(seconds: float) -> None:
    asyncio.get_running_loop().call_soon(time.sleep, seconds)


@pytest.mark.parametrize("derived", [False, True])
async def test_a_process_that_stood_still_takes_the_answer_that_waits_for_it(mortal: MortalRedis, derived: bool) -> None:
    given = connect(mortal.url, PATIENCE)
    redis = beside(given, 2) if derived else given
    await redis.ping()
    mortal.freeze()
    stand_still(3 * PATIENCE)
    asyncio.get_running_loop().call_soon(mortal.thaw)
    assert await redis.ping()
    await redis.aclose()
    await given.aclose()


async def test_connecting_is_as_patient(mortal: MortalRedis) -> None:
    redis = connect(mortal.url, PATIENCE)
    stand_still(3 * PATIENCE)
    assert await redis.ping()
    await redis.aclose()


async def test_a_server_that_stands_still_is_given_up_in_time_and_heard_again_later(mortal: MortalRedis) -> None:
    redis = connect(mortal.url, PATIENCE)
    await redis.ping()
    mortal.freeze()
    began = time.monotonic()
    with pytest.raises(RedisTimeoutError):
        await redis.ping()
    assert PATIENCE <= time.monotonic() - began < 5
    mortal.thaw()
    assert await redis.ping()
    await redis.aclose()


async def test_a_caller_with_a_time_of_its_own_gets_nothing_after_it(redis: Redis) -> None:
    async with redis.pubsub() as hearing:
        await hearing.subscribe("nobody")
        assert await hearing.get_message(ignore_subscribe_messages=True, timeout=0.05) is None
        assert await hearing.get_message(ignore_subscribe_messages=True, timeout=0.05) is None
