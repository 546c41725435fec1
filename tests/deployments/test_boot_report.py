"""What a replica tells of its engine's boots, in a real Redis."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from budgets.store import connect
from deployments.boot_report import RESTART, BootReport
from router.boots import Boots
from router.lifecycle import Phase
from router.wishes import Wishes
from tests.conftest import OTHER


@pytest.fixture
async def report(redis: Redis) -> AsyncIterator[BootReport]:
    one = BootReport(Boots(redis), Wishes(redis), OTHER, "replica-1", lambda: False)
    await Wishes(redis).add(OTHER.id, "key-1", 60)
    await one.begin()
    yield one
    await one.close()


async def test_a_boot_is_told_while_it_happens_and_kept_when_it_is_ready(report: BootReport, redis: Redis) -> None:
    boots = Boots(redis)
    wish = (await Wishes(redis).all())[OTHER.id]
    report.began("forked")
    report.phase(Phase.LOADING, 5, 20)
    await report.flush()
    (told,) = await boots.now()
    assert (told.waker, told.asked, told.how, told.done, told.total, told.ready) == ("key-1", wish.since, "forked", 5, 20, None)
    assert await boots.past(OTHER.id) == []
    report.phase(Phase.WARMING, 20, 20)
    report.ready()
    await report.flush()
    (kept,) = await boots.past(OTHER.id)
    assert list(kept.phases) == list(Phase)
    assert kept.ready is not None
    assert await Wishes(redis).all() == {}


async def test_failures_are_counted_until_a_boot_succeeds(report: BootReport, redis: Redis) -> None:
    boots = Boots(redis)
    for failures in (1, 2):
        report.began("spawned")
        report.failed("no weights", 4.0)
        await report.flush()
        (told,) = await boots.now()
        assert (told.failures, told.reason) == (failures, "no weights")
        assert told.next_try == pytest.approx(time.time() + 4, abs=1)
    report.began("spawned")
    await report.flush()
    (trying,) = await boots.now()
    assert (trying.failures, trying.next_try, trying.ready) == (2, None, None)
    report.ready()
    await report.flush()
    (told,) = await boots.now()
    assert (told.failures, told.reason) == (0, "")
    assert [one.reason for one in await boots.past(OTHER.id)] == ["", "no weights", "no weights"]
    assert OTHER.id not in await Wishes(redis).all()


async def test_an_engine_that_is_lost_boots_again_by_itself(report: BootReport, redis: Redis) -> None:
    report.began("forked")
    report.ready()
    report.lost("killed")
    report.began("forked")
    await report.flush()
    (told,) = await Boots(redis).now()
    assert (told.waker, told.ready, told.failures) == (RESTART, None, 0)
    (lost,) = await Boots(redis).past(OTHER.id)
    assert (lost.reason, lost.ended is not None) == ("killed", True)


async def test_the_end_of_a_replica_is_kept(report: BootReport, redis: Redis) -> None:
    report.began("forked")
    report.ready()
    await report.close()
    assert await Boots(redis).now() == []
    (kept,) = await Boots(redis).past(OTHER.id)
    assert kept.ended is not None


async def test_without_redis_an_engine_boots_all_the_same() -> None:
    away = connect("redis://127.0.0.1:1/0")
    report = BootReport(Boots(away), Wishes(away), OTHER, "replica-1", lambda: False)
    await report.begin()
    report.began("forked")
    report.ready()
    await report.flush()
    await report.close()
