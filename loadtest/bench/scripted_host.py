"""A model host whose engine is scripted and steps as a real one does, faster: for what a gateway can take.

    python -m loadtest.bench.scripted_host PATH SECONDS

listens at PATH as a host's door. Each step, SECONDS apart, gives every choice that runs one token. All around the engine is the product's.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import msgspec
import uvloop

from deployments.host import Host
from loadtest.gateway import SPEC
from router.catalogue import EMBEDDED
from router.engine import Delta, Job
from router.scripted_engine import ScriptedEngine
from router.tokens import Vocabulary

MODEL = SPEC.model_copy(update={"path": str(EMBEDDED / "pico")})


class SteppingEngine:
    def __init__(self, seconds: float) -> None:
        self._engine, self._seconds = ScriptedEngine(Vocabulary.load(str(EMBEDDED / "pico"))), seconds
        self._step = asyncio.Event()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            step, self._step = self._step, asyncio.Event()
            step.set()

    async def choice(self, job: Job, choice: int, priority: int = 0) -> AsyncGenerator[Delta]:
        alone = msgspec.structs.replace(job, seeds=(job.seeds[choice],))
        async with aclosing(self._engine.generate(alone)) as deltas:
            async for delta in deltas:
                await self._step.wait()
                yield msgspec.structs.replace(delta, choice=choice)


async def main(path: str, seconds: float) -> None:
    """Until it is killed. Its replica hears everything and says nothing."""
    replica, ours = socket.socketpair()
    hearing, _ = await asyncio.open_connection(sock=replica)
    _, writer = await asyncio.open_connection(sock=ours)
    engine = SteppingEngine(seconds)
    await Host(cast(Any, engine), MODEL, writer).open(path)
    await asyncio.gather(engine.run(), hearing.read())


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
