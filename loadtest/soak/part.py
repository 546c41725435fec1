"""One part of a soak: load, a fault in its middle, and the judgement."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loadtest.faults.ledger import Sums
from loadtest.faults.nodes import CONTROLLER, GATEWAY, PROXY
from loadtest.faults.scenarios import SCENARIOS
from loadtest.faults.scene import Scene, Size, scene
from loadtest.faults.world import World
from loadtest.soak.load import Answer, locust

MIB = 2**20
REDIS_SECONDS = 2.0
#: Seconds around a fault in which answers may fail; outside of it none may.
BEFORE, AFTER = 5.0, 90.0
#: What a fault never explains: it ended as if all were well, and tokens are missing.
NEVER = "short"


async def redis_killed(one: Scene) -> None:
    one.world.redis.kill()
    await asyncio.sleep(REDIS_SECONDS)
    await asyncio.to_thread(one.world.redis.start)


#: In this order, again and again.
FAULTS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "Redis killed": redis_killed,
    **{SCENARIOS[name].title: SCENARIOS[name].strike for name in ("controller", "gcs", "proxy", "gateway", "node")},
}
MENDS = {SCENARIOS[name].title: SCENARIOS[name].mend for name in ("node",)}


@dataclass
class Part:
    """Amounts are in tokens. `memory`: MiB of the processes that have a title of WATCHED, by title and process id."""

    number: int
    fault: str
    answers: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    delivered: int = 0
    charged: int = 0
    freed: float | None = None
    memory: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


WATCHED = (GATEWAY, PROXY, CONTROLLER)


async def play(world: World, number: int, users: int, seconds: float, folder: Path) -> Part:
    name = list(FAULTS)[number % len(FAULTS)]
    part, log = Part(number, name), folder / f"part-{number}.jsonl"
    log.unlink(missing_ok=True)
    async with scene(world, Size()) as one:
        load = asyncio.create_task(locust(world, one.ledger.key, users, seconds, log))
        struck = await _strike(one, name, seconds / 2, part)
        found = await load
        judge(part, found, struck, await one.ledger.sums(), sum(asked.least_charge for asked in one.clients.asked), one)
        if name in MENDS:
            await MENDS[name](one)
    part.memory = memory(world)
    return part


async def _strike(one: Scene, name: str, after: float, part: Part) -> tuple[float, float]:
    """When the fault began and was over, in Unix seconds."""
    await asyncio.sleep(after)
    began, one.struck = time.time(), one.clients.now
    try:
        await FAULTS[name](one)
    except TimeoutError:
        part.faults.append("what was killed did not come back in time")
    return began, time.time()


def judge(part: Part, found: list[Answer], struck: tuple[float, float], sums: Sums, woken: int, one: Scene | None = None) -> None:
    """`woken`: tokens that the fault's own requests got."""
    failed = [answer for answer in found if answer.error is not None]
    part.answers, part.failed = len(found), dict(Counter(answer.error or "" for answer in failed))
    part.delivered, part.charged, part.freed = sum(answer.least for answer in found) + woken, sums.used, sums.freed
    most = sum(answer.most for answer in found) + (sum(asked.largest_charge for asked in one.clients.asked) if one else woken)
    part.faults += [*sums.audit, *_broken(failed, struck), *_sums(part, most)]


def _broken(failed: list[Answer], struck: tuple[float, float]) -> Iterator[str]:
    """An answer may fail where the fault fell into its time."""
    began, over = struck[0] - BEFORE, struck[1] + AFTER
    for answer in failed:
        if NEVER in str(answer.error) or answer.asked > over or answer.asked + answer.seconds < began:
            yield f"{answer.error}, {answer.asked - struck[0]:+.0f} s from the fault"


def _sums(part: Part, most: int) -> Iterator[str]:
    if not part.answers:
        yield "nothing was answered"
    if part.charged < part.delivered:
        yield f"{part.delivered - part.charged} tokens were delivered and not charged"
    if part.charged > most:
        yield f"{part.charged - most} tokens were charged and not asked for"
    if part.freed is None:
        yield "something was still held at the end"


def memory(world: World) -> dict[str, float]:
    found = [process for name in WATCHED for process in world.head.named(name)]
    return {f"{number} {process.pid}": round(process.memory_info().rss / MIB, 1) for number, process in enumerate(found)}


def leaks(parts: list[Part], bound: float) -> Iterator[str]:
    """Processes that kept growing: of those that lived for four parts or more, the last over the second."""
    seen: dict[str, list[float]] = {}
    for part in parts:
        for name, mib in part.memory.items():
            seen.setdefault(name.split()[1], []).append(mib)
    for pid, values in seen.items():
        if len(values) >= 4 and values[-1] > bound * values[1]:
            yield f"process {pid} grew from {values[1]} to {values[-1]} MiB"
