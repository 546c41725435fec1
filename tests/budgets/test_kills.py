"""Gateways killed with SIGKILL, at every place where a request can be; the next one makes it good."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from budgets import redis_keys
from tests.budgets.ledgers import ACCOUNT, KEY
from tests.budgets.mortal_redis import MortalRedis
from tests.budgets.nodes import Node, eventually
from tests.budgets.workers import RemoteWorker, worker, wrongs

KILLS = 3


async def swept(node: Node) -> None:
    """A gateway starts on the same node, and ends what the dead ones left."""
    async with node.gateway():
        await eventually(lambda: holds_nothing(node))
    assert node.files == []
    assert await node.audit() == []


async def holds_nothing(node: Node) -> bool:
    return (await node.balance())[1] == 0 and await node.running() == 0


async def test_one_killed_anywhere_pays_exactly_for_what_was_made(mortal: MortalRedis, mortal_node: Node) -> None:
    """Before dispatch, before the first token, in the middle, after the last, and after an ending that was acknowledged."""
    async with worker(mortal.url, mortal_node.folder) as one:
        for number in range(5):
            assert await one.say(f"admit r{number} {KEY} 2 50") == "granted"
            for line in [f"start r{number}", f"count r{number} 7", f"count r{number} 4", f"settle r{number} 11"][:number]:
                assert await one.say(line) == "done"
        await one.kill()
    await swept(mortal_node)
    assert [await charged(mortal_node, f"r{number}") for number in range(5)] == [(0, 0), (2, 0), (2, 7), (2, 11), (2, 11)]
    assert await mortal_node.balance() == (2 + 9 + 13 + 13, 0)


async def charged(node: Node, request_id: str) -> tuple[int, int]:
    names = ["prompt_tokens", "completion_tokens"]
    prompt, completion = await node.redis.hmget(redis_keys.request(ACCOUNT, request_id), names)
    return int(prompt or -1), int(completion or -1)


async def test_one_killed_in_the_queue_leaves_it(mortal: MortalRedis, mortal_node: Node) -> None:
    await mortal_node.keys.update(ACCOUNT, KEY, concurrency=1)
    async with worker(mortal.url, mortal_node.folder) as holder, worker(mortal.url, mortal_node.folder) as queued:
        await holder.say(f"admit holder {KEY} 2 50")
        queued.send(f"admit waiter {KEY} 2 50")
        await eventually(lambda: mortal_node.waits(1))
        await queued.kill()
        async with mortal_node.gateway():
            await eventually(lambda: mortal_node.waits(0))
        assert await mortal_node.balance() == (0, 50)
        await holder.say("abandon holder")
    assert await mortal_node.audit() == []


async def test_one_killed_after_its_settlement_was_sent_pays_once(mortal: MortalRedis, mortal_node: Node) -> None:
    """It lies in the socket of a frozen Redis, which runs it when it wakes."""
    async with worker(mortal.url, mortal_node.folder) as one:
        await one.say(f"admit r {KEY} 2 50")
        await one.say("start r")
        await one.say("count r 7")
        mortal.freeze()
        one.send("settle r 7")
        await eventually(lambda: is_ending(mortal_node))
        await one.kill()
        mortal.thaw()
    await swept(mortal_node)
    assert await mortal_node.balance() == (9, 0)


async def is_ending(node: Node) -> bool:
    """The state of the first row says that the charge is known."""
    return any(path.read_bytes()[64] == 4 for path in node.folder.glob("*.flight"))


async def test_one_killed_while_redis_is_away_pays_from_its_spool(mortal: MortalRedis, mortal_node: Node) -> None:
    async with worker(mortal.url, mortal_node.folder) as one:
        for name in ("ended", "running"):
            await one.say(f"admit {name} {KEY} 2 50")
            await one.say(f"start {name}")
            await one.say(f"count {name} 7")
        mortal.kill()
        assert await one.say("settle ended 7") == "done"
        await one.say("count running 1")
        await one.kill()
    await mortal.restart()
    await swept(mortal_node)
    assert await mortal_node.balance() == (9 + 10, 0)


async def test_gateways_and_redis_killed_under_load_charge_what_was_made(mortal: MortalRedis, mortal_node: Node, tmp_path: Path) -> None:
    """A short version of what `make chaos` is to do."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng, log = random.Random(seed), tmp_path / "log"
    for _ in range(KILLS):
        async with worker(mortal.url, mortal_node.folder) as first, worker(mortal.url, mortal_node.folder) as second:
            for one in (first, second):
                await one.say(f"load {rng.randrange(2**32)} 12 {log}")
            await served(log, 200)
            mortal.kill()
            await mortal.restart()
            await served(log, 200)
            await first.kill()
            await served(log, 50)
            assert await closed(second)
    await swept(mortal_node)
    assert await wrongs(mortal_node.redis, log) == []
    assert log.read_text().count("granted") > 40 * KILLS


async def served(log: Path, more: int) -> None:
    """Until so many more lines were logged."""
    before = lines(log)

    async def grown() -> bool:
        return lines(log) >= before + more

    await eventually(grown)


def lines(log: Path) -> int:
    return log.read_text().count("\n") if log.exists() else 0


async def closed(one: RemoteWorker) -> bool:
    return await one.say("close") == "done"
