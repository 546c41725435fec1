"""Gateways killed with SIGKILL, at every place where a request can be; the next one makes it good."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.store import connect
from tests.budgets.ledgers import ACCOUNT, KEY
from tests.budgets.mortal_redis import MortalRedis
from tests.budgets.nodes import Node, eventually
from tests.budgets.test_accounting import balance_is, waits
from tests.budgets.workers import RemoteWorker, worker, wrongs

KILLS = 3


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalRedis]:
    folder = tmp_path / "redis"
    folder.mkdir()
    one = MortalRedis(folder)
    one.start()
    yield one
    one.kill()


@pytest.fixture
async def client(mortal: MortalRedis) -> AsyncIterator[Redis]:
    one = connect(mortal.url)
    yield one
    await one.aclose()


@pytest.fixture
async def node(client: Redis, tmp_path: Path) -> Node:
    return await Node(client, tmp_path / "accounting").begin()


async def swept(node: Node) -> None:
    """A gateway starts on the same node, and ends what the dead ones left."""
    async with node.gateway():
        await eventually(lambda: balance_is_free(node))
    assert list(node.folder.iterdir()) == []
    assert await node.audit() == []


async def balance_is_free(node: Node) -> bool:
    return (await node.balance())[1] == 0 and await node.running() == 0


async def test_one_killed_anywhere_pays_exactly_for_what_was_made(mortal: MortalRedis, node: Node) -> None:
    """Before dispatch, before the first token, in the middle, after the last, and after an ending that was acknowledged."""
    async with worker(mortal.url, node.folder) as one:
        for number in range(5):
            assert await one.say(f"admit r{number} {KEY} 2 50") == "granted"
            for line in [f"start r{number}", f"count r{number} 7", f"count r{number} 4", f"settle r{number} 11"][:number]:
                assert await one.say(line) == "done"
        await one.kill()
    await swept(node)
    assert [await charged(node, f"r{number}") for number in range(5)] == [(0, 0), (2, 0), (2, 7), (2, 11), (2, 11)]
    assert await node.balance() == (2 + 9 + 13 + 13, 0)


async def charged(node: Node, request_id: str) -> tuple[int, int]:
    names = ["prompt_tokens", "completion_tokens"]
    prompt, completion = await node.redis.hmget(redis_keys.request(ACCOUNT, request_id), names)
    return int(prompt or -1), int(completion or -1)


async def test_one_killed_in_the_queue_leaves_it(mortal: MortalRedis, node: Node) -> None:
    await node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with worker(mortal.url, node.folder) as holder, worker(mortal.url, node.folder) as queued:
        await holder.say(f"admit holder {KEY} 2 50")
        queued.send(f"admit waiter {KEY} 2 50")
        await eventually(lambda: waits(node, 1))
        await queued.kill()
        async with node.gateway():
            await eventually(lambda: waits(node, 0))
        assert await node.balance() == (0, 50)
        await holder.say("abandon holder")
    assert await node.audit() == []


async def test_one_killed_after_its_settlement_was_sent_pays_once(mortal: MortalRedis, node: Node) -> None:
    """It lies in the socket of a frozen Redis, which runs it when it wakes."""
    async with worker(mortal.url, node.folder) as one:
        await one.say(f"admit r {KEY} 2 50")
        await one.say("start r")
        await one.say("count r 7")
        mortal.freeze()
        one.send("settle r 7")
        await eventually(lambda: is_ending(node))
        await one.kill()
        mortal.thaw()
    await swept(node)
    assert await node.balance() == (9, 0)


async def is_ending(node: Node) -> bool:
    """The state of the first row says that the charge is known."""
    return any(path.read_bytes()[64] == 4 for path in node.folder.glob("*.flight"))


async def test_one_killed_while_redis_is_away_pays_from_its_spool(mortal: MortalRedis, node: Node) -> None:
    async with worker(mortal.url, node.folder) as one:
        for name in ("ended", "running"):
            await one.say(f"admit {name} {KEY} 2 50")
            await one.say(f"start {name}")
            await one.say(f"count {name} 7")
        mortal.kill()
        assert await one.say("settle ended 7") == "done"
        await one.say("count running 1")
        await one.kill()
    await mortal.restart()
    await swept(node)
    assert await node.balance() == (9 + 10, 0)


async def test_gateways_and_redis_killed_under_load_charge_what_was_made(mortal: MortalRedis, node: Node, tmp_path: Path) -> None:
    """A short version of what `make chaos` is to do."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng, log = random.Random(seed), tmp_path / "log"
    for _ in range(KILLS):
        async with worker(mortal.url, node.folder) as first, worker(mortal.url, node.folder) as second:
            for one in (first, second):
                await one.say(f"load {rng.randrange(2**32)} 12 {log}")
            await served(log, 200)
            mortal.kill()
            await mortal.restart()
            await served(log, 200)
            await first.kill()
            await served(log, 50)
            assert await closed(second)
    await swept(node)
    assert await wrongs(node.redis, log) == []
    assert log.read_text().count("granted") > 40 * KILLS


async def served(log: Path, more: int) -> None:
    """Until so many more lines were logged."""
    before = log.read_text().count("\n") if log.exists() else 0

    async def grown() -> bool:
        return log.exists() and log.read_text().count("\n") >= before + more

    await eventually(grown)


async def closed(one: RemoteWorker) -> bool:
    return await one.say("close") == "done"
