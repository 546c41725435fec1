"""What a pause, a revocation, an expiry or a disabled account does to requests: new, waiting and running ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import KeyRefused
from budgets.ledger import Ledger
from budgets.requests import Charge, Extension, Granted, Limits, Outcome, Queued, Release, Reservation
from tests.budgets.ledgers import ACCOUNT, KEY, NOON, OTHER, Bench

Turn = Callable[[Bench], Awaitable[object]]


async def disable(bench: Bench) -> None:
    await bench.redis.hset(redis_keys.account(ACCOUNT), "state", "disabled")


async def forget_key(bench: Bench) -> None:
    await bench.redis.delete(redis_keys.key(ACCOUNT, KEY))


async def forget_account(bench: Bench) -> None:
    await bench.redis.delete(redis_keys.account(ACCOUNT))


TURNS: list[tuple[str, Turn]] = [
    ("paused", lambda bench: bench.keys.pause(ACCOUNT, KEY)),
    ("revoked", lambda bench: bench.keys.revoke(ACCOUNT, KEY)),
    ("expired", lambda bench: bench.keys.update(ACCOUNT, KEY, expires=NOON // 1000)),
    ("disabled", disable),
    ("unknown", forget_key),
    ("unknown", forget_account),
]


@pytest.mark.parametrize(("state", "turn"), TURNS)
async def test_a_key_that_may_not_be_used_is_granted_nothing(bench: Bench, state: str, turn: Turn) -> None:
    await turn(bench)
    with pytest.raises(KeyRefused) as refused:
        await bench.grant()
    assert refused.value.state == state
    assert await bench.balance() == (0, 0)


@pytest.mark.parametrize(("state", "turn"), TURNS)
async def test_a_running_request_of_it_ends_with_its_next_heartbeat_and_pays_what_it_made(bench: Bench, state: str, turn: Turn) -> None:
    grant = await bench.grant(10)
    await turn(bench)
    with pytest.raises(KeyRefused) as refused:
        await bench.ledger.extend(grant, 3)
    assert refused.value.state == state
    assert await bench.balance() == (0, 10)
    assert (await bench.ledger.settle(grant, Charge(2, 4))).outcome is Outcome.SETTLED
    assert (await bench.balance(), await bench.audit()) == ((6, 0), [])


@pytest.mark.parametrize(("state", "turn"), TURNS)
async def test_what_the_refused_heartbeat_said_is_charged_when_its_owner_dies(bench: Bench, state: str, turn: Turn) -> None:
    grant = await bench.grant(10)
    await turn(bench)
    with pytest.raises(KeyRefused, match=state):
        await bench.ledger.extend(grant, 3)
    await bench.expire()
    assert (await bench.balance(), await bench.audit()) == ((5, 0), [])


@pytest.mark.parametrize(("state", "turn"), TURNS)
async def test_it_can_be_given_up(bench: Bench, state: str, turn: Turn) -> None:
    grant = await bench.grant(10)
    await turn(bench)
    assert await bench.ledger.abandon(grant.reservation) is Release.RELEASED
    assert await bench.balance() == (0, 0)


async def test_a_waiter_of_a_paused_key_leaves_the_line(redis: Redis) -> None:
    bench = await Bench(redis, Limits(places=1)).begin()
    await bench.grant()
    waiter = bench.wish()
    assert await bench.ledger.admit(waiter) == Queued(0)
    await bench.keys.pause(ACCOUNT, KEY)
    with pytest.raises(KeyRefused):
        await bench.ledger.admit(waiter)
    assert await redis.zcard(redis_keys.queue(ACCOUNT, KEY)) == await redis.zcard(redis_keys.waiting(ACCOUNT, KEY)) == 0


async def test_a_resumed_key_goes_on(bench: Bench) -> None:
    grant = await bench.grant()
    await bench.keys.pause(ACCOUNT, KEY)
    await bench.keys.resume(ACCOUNT, KEY)
    assert await bench.ledger.extend(grant, 1) is Extension.EXTENDED
    await bench.grant()


async def test_a_grant_whose_answer_was_lost_is_still_a_grant_after_the_pause(bench: Bench) -> None:
    wish = bench.wish()
    await bench.ledger.admit(wish)
    await bench.keys.pause(ACCOUNT, KEY)
    assert isinstance(await bench.ledger.admit(wish), Granted)


async def test_the_other_keys_of_the_account_go_on(bench: Bench) -> None:
    await bench.keys.revoke(ACCOUNT, KEY)
    await bench.grant(key=OTHER)


async def test_the_expiry_is_by_the_clock_of_redis(bench: Bench) -> None:
    await bench.keys.update(ACCOUNT, KEY, expires=NOON // 1000 + 1)
    await bench.grant()
    await bench.pass_ms(999)
    await bench.grant()
    await bench.pass_ms(1)
    with pytest.raises(KeyRefused, match="expired"):
        await bench.grant()


async def test_of_several_reasons_the_one_that_no_resume_mends_is_told(bench: Bench) -> None:
    await bench.keys.pause(ACCOUNT, KEY)
    assert await told(bench) == "paused"
    await disable(bench)
    assert await told(bench) == "disabled"
    await bench.keys.update(ACCOUNT, KEY, expires=1)
    assert await told(bench) == "expired"
    await bench.keys.revoke(ACCOUNT, KEY)
    assert await told(bench) == "revoked"


async def told(bench: Bench) -> str:
    with pytest.raises(KeyRefused) as refused:
        await bench.grant()
    return refused.value.state


async def test_an_account_that_was_never_made_is_granted_nothing(redis: Redis) -> None:
    with pytest.raises(KeyRefused, match="unknown"):
        await Ledger(redis).admit(Reservation("r", ACCOUNT, KEY, "pico", 1, 1))
