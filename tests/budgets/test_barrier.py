"""Redis killed, frozen and robbed of its last bytes while requests run."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.accounting import Accounting
from budgets.errors import StoreUnavailable
from budgets.requests import Charge
from budgets.store import connect
from tests.budgets.mortal_redis import MortalRedis
from tests.budgets.nodes import Node, admits, eventually, running, wish


async def refused_within(accounting: Accounting, seconds: float) -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await accounting.admit(wish())
    assert time.monotonic() - began < seconds


async def reopened(accounting: Accounting, mortal: MortalRedis) -> None:
    """Starts Redis again, and waits until this run of it is cleared."""
    await mortal.restart()
    async with connect(mortal.url) as client:
        run_id = (await client.info("server"))["run_id"]
    accounting._barrier.suspect()
    await eventually(lambda: cleared(accounting, run_id))


async def cleared(accounting: Accounting, run_id: str) -> bool:
    return accounting.closed is None and accounting._barrier.cleared == run_id


async def test_what_runs_goes_on_while_redis_is_dead_and_is_charged_once_when_it_is_back(mortal: MortalRedis, mortal_node: Node) -> None:
    async with mortal_node.gateway() as accounting:
        ending, going_on = await running(accounting, made=1), await running(accounting, made=2)
        mortal.kill()
        await refused_within(accounting, 2)
        await ending.settle(Charge(2, 1))
        going_on.count(3)
        assert going_on.stopped is None
        await reopened(accounting, mortal)
        assert await mortal_node.balance() == (3, 10)
        await going_on.settle(Charge(2, 5))
        await (await running(accounting)).settle(Charge(2, 0))
    assert await mortal_node.balance() == (12, 0)
    assert await mortal_node.audit() == []
    assert mortal_node.files == []


async def test_a_frozen_redis_refuses_in_time_and_charges_what_ended_meanwhile_once(mortal: MortalRedis, mortal_node: Node) -> None:
    async with mortal_node.gateway() as accounting:
        ending = await running(accounting, made=1)
        mortal.freeze()
        await asyncio.gather(*(refused_within(accounting, 2) for _ in range(100)))
        await ending.settle(Charge(2, 1))
        mortal.thaw()
        await eventually(lambda: admits(accounting))
        await eventually(lambda: mortal_node.balance_is(3, 0))
        await (await running(accounting)).settle(Charge(2, 0))
        await eventually(lambda: mortal_node.waits(0))
        assert await mortal_node.running() == 0
    assert await mortal_node.balance() == (5, 0)
    assert await mortal_node.audit() == []


async def test_a_request_that_is_admitted_after_its_caller_was_refused_holds_nothing(mortal: MortalRedis, mortal_node: Node) -> None:
    """The refused admission lies in the socket of a frozen Redis, which runs it when it wakes."""
    async with mortal_node.gateway() as accounting:
        await (await running(accounting)).settle(Charge(2, 0))
        mortal.freeze()
        leaving = asyncio.create_task(accounting.admit(wish()))
        await asyncio.sleep(0)
        await refused_within(accounting, 2)
        leaving.cancel()
        mortal.thaw()
        await eventually(lambda: admits(accounting))
        await eventually(lambda: mortal_node.balance_is(2, 0))
    assert mortal_node.files == []


async def test_what_redis_acknowledged_and_lost_is_told_again(mortal: MortalRedis, mortal_node: Node) -> None:
    """The end of its journal is cut, so that it forgets a settlement, an abandonment and a hold that is in use."""
    async with mortal_node.gateway() as accounting:
        settled, abandoned = await running(accounting, made=1), await accounting.admit(wish())
        size = mortal.journal.stat().st_size
        await settled.settle(Charge(2, 1))
        await abandoned.abandon()
        going_on = await running(accounting, made=4)
        mortal.kill()
        mortal.cut_journal(mortal.journal.stat().st_size - size)
        await reopened(accounting, mortal)
        assert await mortal_node.balance() == (3, 10)
        await going_on.settle(Charge(2, 4))
    assert await mortal_node.balance() == (9, 0)
    assert await mortal_node.audit() == []


async def test_half_a_transaction_at_the_end_of_the_journal_is_never_run(mortal: MortalRedis, mortal_node: Node) -> None:
    """Redis keeps it, and runs it at the restart after the next, unless the journal was written anew in between."""
    async with mortal_node.gateway() as accounting:
        await (await running(accounting)).settle(Charge(2, 1))
        before = mortal.journal.stat().st_size
        await (await running(accounting)).settle(Charge(2, 2))
        after = mortal.journal.stat().st_size
        journal = mortal.journal.read_bytes()
        for cut in range(before + 1, after, (after - before) // 6):
            mortal.kill()
            mortal.journal.write_bytes(journal[:cut])
            for _ in range(2):
                await reopened(accounting, mortal)
                assert await mortal_node.balance() == (7, 0)
                mortal.kill()
            await reopened(accounting, mortal)
    assert await mortal_node.balance() == (7, 0)
    assert await mortal_node.audit() == []


async def test_the_request_that_discovers_a_restart_is_not_admitted_before_it_is_cleared(mortal: MortalRedis, mortal_node: Node) -> None:
    async with mortal_node.gateway(learning=1.0) as accounting:
        await (await running(accounting)).settle(Charge(2, 0))
        mortal.kill()
        await mortal.restart()
        await refused_within(accounting, 2)
        with pytest.raises(StoreUnavailable):
            await accounting.admit(wish())
        assert await mortal_node.balance() == (2, 0)
        await eventually(lambda: admits(accounting))
        await (await running(accounting)).settle(Charge(2, 0))


async def test_the_journal_is_rewritten_once_for_each_run_whoever_comes(mortal: MortalRedis, mortal_node: Node) -> None:
    async with mortal_node.gateway() as first, mortal_node.gateway(mortal.url) as second:
        assert (first.closed, second.closed) == (None, None)
        rewrites = await commands(mortal_node.redis, "bgrewriteaof")
        async with mortal_node.gateway(mortal.url):
            assert await commands(mortal_node.redis, "bgrewriteaof") == rewrites == 1


async def commands(redis: Redis, name: str) -> int:
    stats = await redis.info("commandstats")
    return int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"])


async def test_a_redis_that_refuses_to_rewrite_its_journal_is_worked_with(mortal: MortalRedis, mortal_node: Node) -> None:
    await mortal_node.redis.acl_setuser("default", enabled=True, nopass=True, commands=["+@all", "-bgrewriteaof"], keys=["*"])
    async with mortal_node.gateway() as accounting:
        await (await running(accounting)).settle(Charge(2, 0))
    assert await mortal_node.balance() == (2, 0)


async def test_a_redis_that_does_not_tell_which_run_it_is_is_worked_with(mortal: MortalRedis, mortal_node: Node) -> None:
    await mortal_node.redis.acl_setuser("default", enabled=True, nopass=True, commands=["+@all", "-info"], keys=["*"])
    async with mortal_node.gateway() as accounting:
        await (await running(accounting)).settle(Charge(2, 0))
    assert await mortal_node.balance() == (2, 0)


async def test_a_rewriter_that_died_is_replaced(mortal: MortalRedis, mortal_node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = str((await mortal_node.redis.info("server"))["run_id"])
    await mortal_node.redis.set(redis_keys.journal(run_id), "somebody who died", px=300)
    async with mortal_node.gateway() as accounting:
        assert accounting.closed is None
    assert await mortal_node.redis.get(redis_keys.journal(run_id)) == "done"


async def test_a_gateway_that_starts_without_redis_opens_when_it_comes(mortal: MortalRedis, mortal_node: Node) -> None:
    mortal.kill()
    async with mortal_node.gateway() as accounting:
        await refused_within(accounting, 2)
        await reopened(accounting, mortal)
        await (await running(accounting)).settle(Charge(2, 0))
    assert await mortal_node.balance() == (2, 0)
