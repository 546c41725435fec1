"""Cancellations that redis-py loses.

On Python before 3.11.3 its time-outs are those of `async_timeout`, which take a cancellation that comes together with one
of them for their own, and swallow it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

AGAIN_SECONDS = 0.2


@contextmanager
def heeded() -> Iterator[None]:
    """Raises CancelledError at the end of a block that swallowed one."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    yield
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


async def cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Returns when all of them have ended."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
