"""The scenes of a gateway whose readers take what they get."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from loadtest.memory.scene import BATCH, Found, body, scene


async def requests(count: int) -> Found:
    """The second half must add nothing to the first."""
    async with scene() as one:
        samples = []
        for _ in range(max(2, count // BATCH)):
            await one.ask([body(stream=number % 2 == 0) for number in range(BATCH)])
            samples.append(round(one.mib, 1))
            one.look()
        half = len(samples) // 2
        later = round(max(samples[half:]) / max(samples[:half]), 3)
        return one.told(requests=BATCH * len(samples), second_half_over_first=later, samples=samples[:: max(1, len(samples) // 20)])


async def idle(count: int) -> Found:
    async with scene() as one:
        alone = await one.one_ms()
        connections = [socket.create_connection(("127.0.0.1", one.gateway.port)) for _ in range(count)]
        await asyncio.sleep(1.0)
        beside = await one.one_ms()
        found = one.told(connections=count, kib_each=round(1024 * (one.mib - one.begun) / count, 1), alone_ms=alone, beside_ms=beside)
        for connection in connections:
            connection.close()
        return found


async def waiting(count: int) -> Found:
    """All of one key, which has eight places; and somebody else's request meanwhile."""
    async with scene(**{"seconds-per-delta": 0.02}) as one:
        alone = await one.one_ms()
        async with asyncio.TaskGroup() as tasks:
            line = tasks.create_task(one.ask([body() for _ in range(count)], count, one.keys[0]))
            await asyncio.sleep(1.0)
            beside, begun = await one.one_ms(), not line.done()
            await one.until(partial(_over, line))
        return one.told(waiting=count, waited=begun, alone_ms=alone, beside_ms=beside)


async def _over(task: asyncio.Task[None]) -> bool:
    return task.done()
