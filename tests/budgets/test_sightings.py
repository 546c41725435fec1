"""When a key was last used: known to the minute, and never in the way of what it is used for."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from budgets import sightings
from budgets.accounts import Account, Accounts
from budgets.keys import Keys


@pytest.fixture
async def account(redis: Redis) -> Account:
    return await Accounts(redis).create("lab")


async def last_used(keys: Keys, account: Account) -> int | None:
    await keys._sightings.written()
    return (await keys.list(account.id))[0].last_used


async def test_it_is_known_to_the_minute(keys: Keys, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, key = await keys.create(account.id, "evals")
    assert key.last_used is None
    await keys.find(shown)
    first = await last_used(keys, account)
    assert first is not None
    for later, known in ((59, first), (60, first + 60)):
        monkeypatch.setattr("budgets.sightings.time.time", lambda later=later: first + later)
        await keys.find(shown)
        assert await last_used(keys, account) == known


async def test_a_paused_key_is_not_used_by_being_shown(keys: Keys, account: Account) -> None:
    shown, key = await keys.create(account.id, "evals")
    await keys.pause(account.id, key.id)
    assert (await keys.find(shown)).state == "paused"
    assert await last_used(keys, account) is None


async def test_a_write_that_hangs_holds_up_nothing_and_is_given_up(
    keys: Keys, account: Account, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sightings, "WRITE_SECONDS", 0.1)
    shown, _ = await keys.create(account.id, "evals")

    async def hang(*_: Any) -> None:
        await asyncio.sleep(3600)

    with monkeypatch.context() as hanging:
        hanging.setattr(redis, "hset", hang)
        for _ in range(50):
            await asyncio.wait_for(keys.find(shown), 0.5)
        assert len(keys._sightings._writing) == 1
        await asyncio.wait_for(keys._sightings.written(), 5)
    assert await last_used(keys, account) is None


async def test_slow_writes_do_not_pile_up(keys: Keys, account: Account, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "MOST_AT_ONCE", 2)
    shown = [(await keys.create(account.id, f"key {number}"))[0] for number in range(5)]
    go_on = asyncio.Event()
    write = redis.hset

    async def slowly(*words: Any) -> Any:
        await go_on.wait()
        return await write(*words)

    monkeypatch.setattr(redis, "hset", slowly)
    for one in shown:
        await keys.find(one)
    assert len(keys._sightings._writing) == 2
    go_on.set()
    await keys._sightings.written()
    assert sum(key.last_used is not None for key in await keys.list(account.id)) == 2
