"""The scenarios: what is done to a world under load, and how it is known to be over."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from loadtest.chaos.clients import TOUCH, Client
from loadtest.chaos.history import Fault
from loadtest.chaos.judge import PROBE, RECOVERY_SECONDS
from loadtest.chaos.world import World

#: Tokens that a stream may have made between the question what was made and the kill.
SPARE_PER_STREAM = 4
MOST_CUT = 60_000


@dataclass(frozen=True)
class Scene:
    """`number` of the round. `settled_bytes`: the journal below this is older than what a gateway tells again, or not a
    request's at all, so no cut goes there."""

    world: World
    client: Client
    rng: random.Random
    number: int
    settled_bytes: int


async def gateway_killed(scene: Scene) -> Fault:
    """In turn; the other one serves on."""
    victim = scene.number % 2
    made = await scene.world.made(victim)
    gateway = scene.world.gateways[victim]
    gateway.kill()
    ended = time.monotonic()
    await gateway.start()
    await admitting(scene)
    spare = SPARE_PER_STREAM * (made.running + 1)
    return Fault(victim, made.tokens, spare, time.monotonic() - ended)


async def redis_killed(scene: Scene) -> Fault:
    scene.world.server.kill()
    async with probing(scene):
        await asyncio.sleep(scene.rng.uniform(0.2, 1.0))
    return Fault(recovery=await _restarted(scene))


async def redis_frozen(scene: Scene) -> Fault:
    scene.world.server.freeze()
    async with probing(scene):
        await asyncio.sleep(scene.rng.uniform(1.0, 4.0))
        ended = time.monotonic()
        scene.world.server.thaw()
    await admitting(scene)
    return Fault(recovery=time.monotonic() - ended)


async def journal_cut(scene: Scene) -> Fault:
    """Then two restarts: the second is the one that runs half a transaction, if any was left."""
    server = scene.world.server
    server.kill()
    tail = scene.rng.randint(1, max(1, min(MOST_CUT, server.journal.stat().st_size - scene.settled_bytes)))
    server.cut_journal(tail)
    first = await _restarted(scene)
    server.kill()
    return Fault(recovery=max(first, await _restarted(scene)), cut=tail)


#: And how many rounds a full run has of each.
SCENARIOS: dict[str, tuple[Callable[[Scene], Awaitable[Fault]], int]] = {
    "gateway killed": (gateway_killed, 100),
    "Redis killed": (redis_killed, 100),
    "Redis frozen": (redis_frozen, 30),
    "journal cut": (journal_cut, 50),
}


async def _restarted(scene: Scene) -> float:
    ended = time.monotonic()
    await asyncio.to_thread(scene.world.server.start)
    await admitting(scene)
    return time.monotonic() - ended


@asynccontextmanager
async def probing(scene: Scene) -> AsyncIterator[None]:
    """New requests, one after the other at each gateway; those that began in the block are followed to their end."""
    over = asyncio.Event()

    async def probe(gateway: int) -> None:
        while not over.is_set():
            await scene.client.ask(PROBE, gateway, TOUCH)
            await asyncio.sleep(scene.rng.uniform(0.05, 0.2))

    probes = [asyncio.create_task(probe(gateway)) for gateway in range(2)]
    yield
    over.set()
    await asyncio.gather(*probes)


async def admitting(scene: Scene) -> None:
    """Until both gateways answer a new request, or are given up."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    for gateway in range(2):
        while (await scene.client.ask(PROBE, gateway, TOUCH)).status != 200 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
