"""A time-out that counts only time in which this process ran.

A virtual machine that is moved, a lid that is shut, a disk that swaps: afterwards everything is due at once, and a plain time-out
ends calls whose answers lie in the socket already.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

#: A time-out is waited for in so many steps. Of those that come late nobody knows how long the process ran, so they do not count,
#: up to so many of them.
STEPS, MOST_LATE = 4, 16


class AwakeTimeout:
    """As `asyncio.timeout`: raises TimeoutError after `seconds`, and later by a step or two where the process stood still."""

    def __init__(self, seconds: float) -> None:
        self._step = seconds / STEPS
        self._left, self._late = STEPS, MOST_LATE
        self._plain = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._plain.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._begin_step()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        await self._plain.__aexit__(kind, error, trace)

    def _begin_step(self) -> None:
        self._timer = self._loop.call_later(self._step, self._end_step)

    def _end_step(self) -> None:
        if self._loop.time() - self._timer.when() > self._step and self._late:
            self._late -= 1
        else:
            self._left -= 1
        if self._left:
            self._begin_step()
        else:
            self._plain.reschedule(self._loop.time())
