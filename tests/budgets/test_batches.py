"""Calls that share round trips: each gets its own answer, in order, whatever happens to the others."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError, RedisError, ResponseError

from budgets import batches as module
from budgets.batches import MOST_TOGETHER, Batches

APPEND = "return {ARGV[1], redis.call('RPUSH', KEYS[1], ARGV[1])}"
FAIL = "return redis.error_reply('ODD it is')"
MANY = 3 * MOST_TOGETHER


class Trips:
    """How many round trips there were: a connection takes one at a time."""

    def __init__(self, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number, pool = 0, redis.connection_pool
        given = pool.get_connection

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.number += 1
            return await given(*args, **kwargs)  # type: ignore[no-untyped-call]

        monkeypatch.setattr(pool, "get_connection", counted)


@pytest.fixture(autouse=True)
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is known who waits."""
    monkeypatch.setattr(module, "LANES", 1)


@pytest.fixture
async def append(redis: Redis) -> AsyncScript:
    script = redis.register_script(APPEND)
    await script(["warm"], ["0"])
    return script


async def test_many_at_once_share_round_trips_in_the_order_of_their_calls(
    redis: Redis, append: AsyncScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, trips = Batches(redis), Trips(redis, monkeypatch)
    answers = await asyncio.gather(*(batches.run(append, ["list"], [str(number)]) for number in range(MANY)))
    assert answers == [[str(number), number + 1] for number in range(MANY)]
    assert trips.number == 1 + -(-(MANY - 1) // MOST_TOGETHER)


@pytest.mark.parametrize("lanes", [2, 4])
async def test_with_more_lanes_every_call_still_has_its_own_answer(
    redis: Redis, append: AsyncScript, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    monkeypatch.setattr(module, "LANES", lanes)
    batches, trips = Batches(redis), Trips(redis, monkeypatch)
    for _ in range(3):
        answers = await asyncio.gather(*(batches.run(append, ["list"], [str(number)]) for number in range(MANY)))
        assert [answer[0] for answer in answers] == [str(number) for number in range(MANY)]
    assert await redis.llen("list") == 3 * MANY
    assert trips.number <= 3 * (lanes + -(-MANY // MOST_TOGETHER)) + 1


async def test_one_after_the_other_goes_alone(redis: Redis, append: AsyncScript, monkeypatch: pytest.MonkeyPatch) -> None:
    batches, trips = Batches(redis), Trips(redis, monkeypatch)
    assert [(await batches.run(append, ["list"], ["x"]))[1] for _ in range(3)] == [1, 2, 3]
    assert trips.number == 3


async def test_one_that_is_refused_harms_no_other(redis: Redis, append: AsyncScript) -> None:
    batches, fail = Batches(redis), redis.register_script(FAIL)
    calls = [batches.run(fail if number % 3 == 1 else append, ["list"], ["x"]) for number in range(9)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(answer, ResponseError) for answer in answers] == [number % 3 == 1 for number in range(9)]
    assert await redis.llen("list") == 6


async def test_a_redis_that_forgot_the_scripts_runs_each_once(redis: Redis, append: AsyncScript) -> None:
    batches = Batches(redis)
    first = asyncio.create_task(batches.run(append, ["list"], ["x"]))
    await asyncio.sleep(0)
    others = [asyncio.create_task(batches.run(append, ["list"], ["x"])) for _ in range(10)]
    await first
    await redis.script_flush()
    await asyncio.gather(*others)
    await redis.script_flush()
    await asyncio.gather(*(batches.run(append, ["list"], ["x"]) for _ in range(10)))
    assert await redis.llen("list") == 21


async def test_one_that_nobody_waits_for_any_more_is_not_sent(redis: Redis, append: AsyncScript) -> None:
    batches = Batches(redis)
    calls = [asyncio.create_task(batches.run(append, ["list"], [str(number)])) for number in range(5)]
    await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await redis.lrange("list", 0, -1) == ["0", "1", "3", "4"]
    assert await batches.run(append, ["list"], ["5"]) == ["5", 5]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_when_the_first_fails_or_is_given_up_the_others_go_on(redis: Redis, append: AsyncScript, cancelled: bool) -> None:
    batches, fail = Batches(redis), redis.register_script(FAIL)
    first = asyncio.create_task(batches.run(fail, ["list"], []))
    await asyncio.sleep(0)
    others = [asyncio.create_task(batches.run(append, ["list"], ["x"])) for _ in range(3)]
    if cancelled:
        first.cancel()
    with pytest.raises((asyncio.CancelledError, ResponseError)):
        await first
    assert [answer[1] for answer in await asyncio.gather(*others)] == [1, 2, 3]


async def test_when_redis_goes_everyone_is_told_and_later_calls_are_made_anew(
    redis: Redis, append: AsyncScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, given = Batches(redis), redis.connection_pool.get_connection

    async def gone(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("gone")

    monkeypatch.setattr(redis.connection_pool, "get_connection", gone)
    answers = await asyncio.gather(*(batches.run(append, ["list"], ["x"]) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, RedisError) for answer in answers)
    monkeypatch.setattr(redis.connection_pool, "get_connection", given)
    assert await asyncio.gather(*(batches.run(append, ["list"], ["x"]) for _ in range(3))) == [["x", 1], ["x", 2], ["x", 3]]
