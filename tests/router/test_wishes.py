"""Wishes for models, in a real Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from budgets.store import connect
from router import wishes as module
from router.wishes import TooManyBoots, Wishes
from tests.conftest import PATIENCE_SECONDS


async def test_the_first_who_wants_a_model_is_its_waker(redis: Redis) -> None:
    wishes = Wishes(redis)
    first = await wishes.add("nano", "key-1", 60)
    again = await wishes.add("nano", "key-2", 120)
    assert (again.waker, again.since) == ("key-1", first.since)
    assert again.until > first.until
    assert await wishes.all() == {"nano": again}


async def test_a_wish_that_nobody_repeats_is_over(redis: Redis) -> None:
    wishes = Wishes(redis)
    await wishes.add("nano", "key-1", 0.01)
    await asyncio.sleep(0.02)
    assert await wishes.all() == {}
    assert (await wishes.add("nano", "key-2", 60)).waker == "key-2"


async def test_one_that_came_true_is_over(redis: Redis) -> None:
    wishes = Wishes(redis)
    await wishes.add("nano", "key-1", 60)
    await wishes.end("nano")
    assert await wishes.all() == {}


async def test_who_has_not_heard_that_it_came_true_wishes_nothing_new(redis: Redis) -> None:
    wishes = Wishes(redis)
    await wishes.add("nano", "key-1", 60, 1)
    await wishes.end("nano")
    assert (await wishes.add("nano", "key-2", 60, 1)).true
    assert await wishes.all() == {}
    await wishes.end("nano")


async def test_later_it_can_be_wished_for_again(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.01)
    wishes = Wishes(redis)
    await wishes.add("nano", "key-1", 60)
    await wishes.end("nano")
    await asyncio.sleep(0.02)
    again = await wishes.add("nano", "key-2", 60)
    assert await wishes.all() == {"nano": again}
    assert again.waker == "key-2"


async def test_however_many_ask_through_two_gateways_it_is_one_wish(redis: Redis, redis_url: str) -> None:
    other = connect(redis_url, PATIENCE_SECONDS)
    gateways = [Wishes(redis), Wishes(other)]
    made = await asyncio.gather(*(gateways[n % 2].add("nano", f"key-{n}", 60, 1) for n in range(40)))
    assert len({(wish.waker, wish.since) for wish in made}) == 1
    await other.aclose()


async def test_a_model_is_woken_so_often_in_an_hour_and_no_more(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.0)
    wishes = Wishes(redis)
    for _ in range(3):
        await wishes.add("nano", "key-1", 60, 3)
        await wishes.end("nano")
    with pytest.raises(TooManyBoots) as raised:
        await wishes.add("nano", "key-1", 60, 3)
    assert 3590 < raised.value.retry_after_seconds <= 3600
    assert await wishes.all() == {}
    await wishes.add("micro", "key-1", 60, 3)


async def test_a_stop_takes_the_wish_away_and_a_new_one_may_follow(redis: Redis) -> None:
    wishes = Wishes(redis)
    await wishes.add("nano", "key-1", 60)
    await wishes.stop("nano")
    assert (await wishes.all(), await wishes.stopped()) == ({}, frozenset({"nano"}))
    assert (await wishes.add("nano", "key-2", 60)).waker == "key-2"
    assert await wishes.stopped() == frozenset()


async def test_a_stop_of_long_ago_is_forgotten(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    await Wishes(redis).stop("nano")
    monkeypatch.setattr(module, "STOP_SECONDS", 0.0)
    assert await Wishes(redis).stopped() == frozenset()
