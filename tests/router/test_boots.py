"""The boots of models, in a real Redis."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from router import boots as module
from router.boots import Boot, Boots
from router.lifecycle import Phase


def boot(number: int = 1, model: str = "nano") -> Boot:
    return Boot(f"{number:020d}", model, f"replica-{number}", "key-1", 100.0, phases={Phase.ALLOCATING: 100.0, Phase.LOADING: 101.0})


async def test_a_living_boot_is_told_of_until_it_is_forgotten(redis: Redis) -> None:
    boots, one = Boots(redis), boot()
    await boots.tell(one)
    (found,) = await boots.now()
    assert found == one
    assert found.phase == Phase.LOADING
    await boots.forget(one)
    assert await boots.now() == []


async def test_one_that_is_silent_is_dead(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    boots = Boots(redis)
    await boots.tell(boot(1))
    await boots.tell(boot(2))
    later = time.time() + module.BELIEVED_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    await boots.tell(boot(2))
    assert [one.replica for one in await boots.now()] == ["replica-2"]
    assert await redis.hlen(module.NOW) == 1


async def test_the_history_has_the_latest_first_and_an_end(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    boots = Boots(redis)
    for number in range(5):
        await boots.keep(boot(number))
    again = boot(4)
    again.idle = 60.0
    await boots.keep(again)
    await boots.keep(boot(9, "micro"))
    assert [int(one.id) for one in await boots.past("nano")] == [4, 3, 2]
    assert (await boots.past("nano"))[0].idle == 60.0
    assert len(await boots.past("micro")) == 1


async def test_a_reason_stays_until_there_is_none(redis: Redis) -> None:
    boots = Boots(redis)
    await boots.explain("nano", "no node has 8 GPUs")
    assert await boots.reasons() == {"nano": "no node has 8 GPUs"}
    await boots.explain("nano", "")
    assert await boots.reasons() == {}
