from __future__ import annotations

import asyncio
import errno
import os

import pytest

from budgets import redis_keys
from budgets.errors import BudgetExceeded, BudgetReserved, KeyRefused, QueueFull, StoreUnavailable
from budgets.ledger import Ledger
from budgets.requests import Charge, Timers
from tests.budgets.ledgers import ACCOUNT, KEY
from tests.budgets.nodes import Node, admits, eventually, running, wish
from tests.budgets.test_spool import fill_the_disk


async def test_a_request_holds_its_worst_case_and_pays_what_it_used(node: Node) -> None:
    async with node.gateway() as accounting:
        hold = await running(accounting, made=3)
        assert await node.balance() == (0, 10)
        assert (hold.granted.key.held, hold.waited) == (10, 0.0)
        await hold.settle(Charge(2, 3))
        assert await node.balance() == (5, 0)
        await (await accounting.admit(wish())).abandon()
    assert await node.balance() == (5, 0)
    assert node.files == []
    assert await node.audit() == []


async def test_the_first_ending_is_the_only_one(node: Node) -> None:
    async with node.gateway() as accounting:
        hold = await running(accounting)
        await asyncio.gather(hold.settle(Charge(2, 3)), hold.settle(Charge(2, 8)), hold.abandon())
        await hold.settle(Charge(2, 8))
        hold.count(5)
        hold.started()
    assert await node.balance() == (5, 0)


async def test_a_refusal_holds_nothing_and_leaves_nothing_behind(node: Node) -> None:
    await node.begin(cap=20)
    async with node.gateway() as accounting:
        hold = await running(accounting, hold=15)
        with pytest.raises(BudgetReserved):
            await accounting.admit(wish(10))
        with pytest.raises(BudgetExceeded):
            await accounting.admit(wish(21))
        await hold.settle(Charge(2, 0))
        await node.keys.pause(ACCOUNT, KEY)
        with pytest.raises(KeyRefused):
            await accounting.admit(wish())
    assert await node.balance() == (2, 0)
    assert node.files == []


async def test_a_paused_key_ends_what_runs_and_it_pays_for_what_was_made(node: Node) -> None:
    async with node.gateway(timers=Timers(lease=400)) as accounting:
        hold, told = await running(accounting, made=4), asyncio.Event()
        hold.on_stop(told.set)
        await node.keys.pause(ACCOUNT, KEY)
        async with asyncio.timeout(10):
            await told.wait()
        assert hold.stopped == KeyRefused("paused")
        late: list[str] = []
        hold.on_stop(lambda: late.append("told at once"))
        await hold.settle(Charge(2, 4))
        assert (await node.balance(), late) == ((6, 0), ["told at once"])


async def test_a_request_that_somebody_ended_is_told_so(node: Node) -> None:
    async with node.gateway(timers=Timers(lease=400)) as accounting:
        hold, told = await running(accounting), asyncio.Event()
        hold.on_stop(told.set)
        await Ledger(node.redis).settle(hold.granted, Charge(2, 1))
        async with asyncio.timeout(10):
            await told.wait()
        await hold.settle(Charge(2, 4))
    assert await node.balance() == (3, 0)


async def test_heartbeats_keep_a_lease_and_say_what_was_made(node: Node) -> None:
    async with node.gateway(timers=Timers(lease=400)) as accounting:
        hold = await running(accounting)
        for made in range(1, 4):
            hold.count(1)
            await eventually(lambda made=made: done_is(node, hold.granted.reservation.request_id, made))  # type: ignore[misc]
        assert await node.running() == 1
        assert hold.stopped is None


async def done_is(node: Node, request_id: str, made: int) -> bool:
    return str(await node.redis.hget(redis_keys.request(ACCOUNT, request_id), "done")) == str(made)


async def test_the_caller_of_an_ending_may_leave(node: Node) -> None:
    """At every turn of the loop that an ending takes."""
    async with node.gateway() as accounting:
        for turns in range(1, 13):
            hold = await running(accounting)
            await cancelled_after(turns, asyncio.create_task(hold.settle(Charge(2, 1))))
        await eventually(lambda: node.balance_is(12 * 3, 0))
    assert await node.audit() == []


async def test_whoever_leaves_while_being_admitted_holds_nothing(node: Node) -> None:
    """At every turn of the loop that an admission takes."""
    async with node.gateway() as accounting:
        for turns in range(40):
            task = asyncio.create_task(accounting.admit(wish()))
            if await cancelled_after(turns, task):
                await eventually(lambda: node.balance_is(0, 0))
            else:
                await task.result().abandon()
        await eventually(lambda: node.balance_is(0, 0))
        assert await node.running() == 0
    assert node.files == []


async def cancelled_after(turns: int, task: asyncio.Task[object]) -> bool:
    """Whether it was too late for it to end by itself."""
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def test_what_still_runs_when_a_gateway_stops_pays_for_what_was_made(node: Node) -> None:
    async with node.gateway() as accounting:
        working, idle = await running(accounting, made=4), await accounting.admit(wish())
        waiting = [asyncio.create_task(accounting.admit(wish())) for _ in range(10)]
        await eventually(lambda: node.waits(4))
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(answer, StoreUnavailable) for answer in answers) == 4
    await asyncio.gather(working.settle(Charge(2, 9)), idle.settle(Charge(2, 9)))
    assert await node.balance() == (6, 0)
    assert await node.waits(0)
    assert await node.audit() == []


async def test_a_vanished_gateway_is_reaped_also_where_nobody_asks_for_its_account(node: Node) -> None:
    """Its place first, and after the grace its hold."""
    vanished = Ledger(node.redis, Timers(lease=100, grace=300))
    await vanished.admit(wish())
    async with node.gateway(timers=Timers(grace=300)):
        await eventually(lambda: node.balance_is(2, 0))
        assert await node.running() == 0


async def test_a_spool_that_cannot_be_written_admits_nothing_and_stops_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async with node.gateway() as accounting:
        first, second = await running(accounting, made=1), await running(accounting, made=2)
        accounting._barrier.reachable = False
        fill_the_disk(monkeypatch)
        await first.settle(Charge(2, 1))
        with pytest.raises(StoreUnavailable, match="spool"):
            await accounting.admit(wish())
        second.count(1)
        assert second.stopped is None
        monkeypatch.undo()
        await eventually(lambda: admits(accounting))
        await eventually(lambda: node.balance_is(3, 10))
        await second.settle(Charge(2, 3))
    assert await node.balance() == (8, 0)
    assert node.files == []


async def test_a_flight_file_that_cannot_grow_admits_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("budgets.flight.FIRST_ROWS", 1)
    async with node.gateway() as accounting:
        hold = await running(accounting)
        monkeypatch.setattr(os, "posix_fallocate", full)
        with pytest.raises(StoreUnavailable, match="flight"):
            await accounting.admit(wish())
        await hold.settle(Charge(2, 0))
        await running(accounting)


async def test_a_full_queue_is_told_as_it_is(node: Node) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1, waiting=0)
    async with node.gateway() as accounting:
        await running(accounting)
        with pytest.raises(QueueFull):
            await accounting.admit(wish())
