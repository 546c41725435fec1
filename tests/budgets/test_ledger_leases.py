from __future__ import annotations

import pytest

from budgets import redis_keys
from budgets.errors import (
    RequestEnded,
)
from budgets.requests import Extension, Reaped
from tests.budgets.ledgers import ACCOUNT, KEY, TIMERS, Bench


async def test_a_silent_holder_loses_its_place_first_and_its_hold_later(bench: Bench) -> None:
    grant = await bench.grant(10)
    await bench.pass_ms(TIMERS.lease)
    assert await bench.ledger.reap(ACCOUNT) == Reaped(1, 0)
    assert await bench.balance() == (0, 10)
    assert await bench.redis.zcard(redis_keys.slots(ACCOUNT, KEY)) == 0
    assert await bench.ledger.extend(grant, 1) is Extension.EXTENDED
    assert await bench.audit() == []


async def test_a_request_that_expired_must_stop(bench: Bench) -> None:
    grant = await bench.grant(10)
    await bench.expire()
    with pytest.raises(RequestEnded) as ended:
        await bench.ledger.extend(grant, 5)
    assert ended.value.state == "expired"


async def test_reaping_leaves_the_living_alone(bench: Bench) -> None:
    grant = await bench.grant()
    await bench.pass_ms(TIMERS.lease - 1)
    assert await bench.ledger.reap(ACCOUNT) == Reaped(0, 0)
    await bench.ledger.extend(grant, 1)
    await bench.pass_ms(TIMERS.lease - 1)
    assert await bench.ledger.reap(ACCOUNT) == Reaped(0, 0)


async def test_a_guess_is_at_most_the_hold(bench: Bench) -> None:
    grant = await bench.grant(10, prompt=8)
    await bench.ledger.extend(grant, done=7)
    await bench.expire()
    assert await bench.balance() == (10, 0)


async def test_a_late_heartbeat_takes_back_no_token(bench: Bench) -> None:
    grant = await bench.grant(10)
    for done in (5, 3):
        await bench.ledger.extend(grant, done)
    await bench.expire()
    assert await bench.balance() == (7, 0)
