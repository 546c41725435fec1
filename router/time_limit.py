"""How long waits may take, where there are too many of them to give each a time-out of its own.

`asyncio.timeout` and anyio's scopes cost more than most waits for a token or for a socket, which are over at once. Here one
timer stands for all waits of a stream and looks, when it rings, whether one has been going on for too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

T = TypeVar("T")


class TimeLimit:
    """For waits one after the other: all may take so many seconds from now on, or with `each` every one. Close it at the end."""

    def __init__(self, seconds: float, each: bool = False) -> None:
        self._loop, self._seconds, self._each = asyncio.get_running_loop(), seconds, each
        self._until = self._loop.time() + seconds
        self._waiting: asyncio.Task[object] | None = None
        self._cut = False
        self._timer = self._loop.call_at(self._until, self._ring)

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Raises TimeoutError; nothing is begun after the end."""
        if not self._begin():
            if isinstance(awaited, Coroutine):
                awaited.close()
            raise TimeoutError
        try:
            return await awaited
        except asyncio.CancelledError:
            if self._cut and self._waiting is not None and not self._waiting.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def _begin(self) -> bool:
        now = self._loop.time()
        if self._each:
            self._until = now + self._seconds
        self._waiting = asyncio.current_task()
        return now < self._until

    def _ring(self) -> None:
        """Ends the wait that is on, if it is time."""
        left = self._until - self._loop.time()
        if left > 0 or (self._each and self._waiting is None):
            self._timer = self._loop.call_later(max(left, 0) or self._seconds, self._ring)
        elif self._waiting is not None:
            self._cut = True
            self._waiting.cancel()

    def close(self) -> None:
        self._timer.cancel()
