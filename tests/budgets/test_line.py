"""Waiting for a place, in one gateway and between several."""

from __future__ import annotations

import asyncio
import time

import pytest

from budgets.accounting import Accounting
from budgets.errors import WaitedTooLong
from budgets.ledger import Ledger
from budgets.requests import Charge, Reservation, Timers
from tests.budgets.ledgers import ACCOUNT, KEY
from tests.budgets.nodes import Node, eventually, running, wish

WAITERS = 1_000


class Served:
    """Who was served, in order, and how many at once at most."""

    def __init__(self, accounting: Accounting) -> None:
        self._accounting = accounting
        self.order: list[Reservation] = []
        self.now = self.most = 0

    async def serve(self, wanted: Reservation) -> None:
        hold = await self._accounting.admit(wanted)
        self.now += 1
        self.most = max(self.most, self.now)
        self.order.append(wanted)
        await asyncio.sleep(0)
        self.now -= 1
        await hold.settle(Charge(2, 1))


async def test_a_thousand_on_one_key_are_served_in_order_eight_at_once_over_few_connections(node: Node) -> None:
    async with node.gateway() as accounting:
        served, others = Served(accounting), await connections(node)
        holders = [await running(accounting) for _ in range(8)]
        wishes = [wish() for _ in range(WAITERS)]
        waiting = []
        for number, wanted in enumerate(wishes, start=1):
            waiting.append(asyncio.create_task(served.serve(wanted)))
            if number % 20 == 0:
                await eventually(lambda number=number: node.waits(number))  # type: ignore[misc]
        assert await connections(node) - others <= 72
        assert len(asyncio.all_tasks()) <= WAITERS + 20
        for holder in holders:
            await holder.settle(Charge(2, 1))
        await asyncio.gather(*waiting)
    assert (len(served.order), served.most <= 8) == (WAITERS, True)
    rank = {wanted.request_id: number for number, wanted in enumerate(wishes)}
    assert max(abs(rank[wanted.request_id] - number) for number, wanted in enumerate(served.order)) <= 40
    assert await node.balance() == ((WAITERS + 8) * 3, 0)
    assert await node.audit() == []


async def connections(node: Node) -> int:
    return int((await node.redis.info("clients"))["connected_clients"])


async def test_whoever_leaves_the_line_holds_nobody_up(node: Node) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with node.gateway() as accounting:
        holder = await running(accounting)
        leaving = asyncio.create_task(accounting.admit(wish()))
        await eventually(lambda: node.waits(1))
        patient = asyncio.create_task(accounting.admit(wish()))
        await eventually(lambda: node.waits(2))
        leaving.cancel()
        await eventually(lambda: node.waits(1))
        await holder.settle(Charge(2, 0))
        hold = await patient
        assert hold.waited > 0
        await hold.abandon()
    assert await node.balance() == (2, 0)


async def test_whoever_vanishes_from_the_line_frees_the_place_in_time(node: Node) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with node.gateway(timers=Timers(waiter=900)) as accounting:
        holder = await running(accounting)
        await Ledger(node.redis, Timers(waiter=900)).admit(wish())
        patient = asyncio.create_task(accounting.admit(wish()))
        await eventually(lambda: node.waits(2))
        await holder.settle(Charge(2, 0))
        async with asyncio.timeout(10):
            await patient


async def test_a_wait_has_an_end(node: Node) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with node.gateway(max_wait=0.2) as accounting:
        holder, began = await running(accounting), time.monotonic()
        with pytest.raises(WaitedTooLong) as refusal:
            await accounting.admit(wish())
        assert 0.2 <= time.monotonic() - began < 5
        assert refusal.value == WaitedTooLong(0, 0.2)
        await eventually(lambda: node.waits(0))
        await holder.settle(Charge(2, 0))


async def test_two_gateways_serve_one_line_in_the_order_in_which_it_formed(node: Node, redis_url: str) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with node.gateway() as first, node.gateway(redis_url) as second:
        holder, order = await running(first), []

        async def serve(accounting: Accounting, number: int) -> None:
            hold = await accounting.admit(wish())
            order.append(number)
            await hold.settle(Charge(2, 0))

        waiting = []
        for number in range(10):
            waiting.append(asyncio.create_task(serve((first, second)[number % 2], number)))
            await eventually(lambda number=number: node.waits(number + 1))  # type: ignore[misc]
        await holder.settle(Charge(2, 0))
        await asyncio.gather(*waiting)
    assert order == list(range(10))
