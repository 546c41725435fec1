"""All jobs of one request, run at once: one stream of deltas, each with the number of its job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import anyio

from router.engine import Delta, Engine, Job
from router.generation import Generation

#: Deltas that may wait for the reader; then the jobs wait.
MOST_WAITING = 256

Item = tuple[int, Delta]


class Running(Protocol):
    """Iterate it for (job number, delta); whoever started it must close it, however its use ends."""

    def __aiter__(self) -> AsyncIterator[Item]: ...

    async def aclose(self) -> None: ...


async def start(engine: Engine, jobs: Sequence[Job], seconds: float) -> Running:
    """Waits for the first delta of any job, so that a failure can still be a status. Raises EngineError."""
    if len(jobs) == 1:
        return Solo(await Generation.start(engine, jobs[0], seconds))
    batch = Batch(engine, jobs, seconds)
    await batch.begin()
    return batch


class Solo:
    """One job, without anything between it and its reader."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for delta in self._generation:
            yield 0, delta

    async def aclose(self) -> None:
        await self._generation.aclose()


class Batch:
    def __init__(self, engine: Engine, jobs: Sequence[Job], seconds: float) -> None:
        self._queue: asyncio.Queue[Item | Exception | None] = asyncio.Queue(MOST_WAITING)
        self._tasks = [asyncio.create_task(self._run(number, engine, job, seconds)) for number, job in enumerate(jobs)]
        self._running = len(self._tasks)
        self._first: Item | None = None

    async def begin(self) -> None:
        try:
            self._first = await self._next()
        except BaseException:
            await self.aclose()
            raise

    async def __aiter__(self) -> AsyncIterator[Item]:
        """The first failure of any job ends them all. Raises EngineError."""
        item = self._first
        while item is not None:
            yield item
            item = await self._next()

    async def _next(self) -> Item | None:
        """None once every job has ended."""
        while self._running:
            item = await self._queue.get()
            if isinstance(item, Exception):
                raise item
            if item is not None:
                return item
            self._running -= 1
        return None

    async def _run(self, number: int, engine: Engine, job: Job, seconds: float) -> None:
        try:
            generation = await Generation.start(engine, job, seconds)
            try:
                async for delta in generation:
                    await self._queue.put((number, delta))
            finally:
                await generation.aclose()
        except Exception as error:
            await self._queue.put(error)
        else:
            await self._queue.put(None)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait(self._tasks)
