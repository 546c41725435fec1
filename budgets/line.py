"""Waiting for a place of one's key: asking again and again, the head of the line often, its tail just so that it stays alive.

A waiter is the task that asked, a timer and an entry in a table. Places that come free in this process wake its first waiter.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import islice

from budgets.errors import WaitedTooLong
from budgets.requests import Granted, Queued, Reservation

#: Of the whole line, about; beyond the first few dozen, who is further back asks less often.
ASKED_PER_SECOND = 200
WOKEN = 3


class Line:
    """`longest`: seconds between two questions at most, a third of the waiter's lease; `max_wait`: seconds in line."""

    def __init__(self, ask: Callable[[Reservation], Awaitable[Granted | Queued]], longest: float, max_wait: float) -> None:
        self._ask, self._longest, self._max_wait = ask, longest, max_wait
        self._waiting: dict[str, dict[str, asyncio.Future[None] | None]] = {}

    @property
    def length(self) -> int:
        """How many wait here, of all keys."""
        return sum(map(len, self._waiting.values()))

    async def wait(self, wanted: Reservation, answer: Queued) -> Granted:
        """Raises WaitedTooLong, and whatever asking raises."""
        until = asyncio.get_running_loop().time() + self._max_wait
        waiting = self._waiting.setdefault(wanted.key_id, {})
        waiting[wanted.request_id] = None
        try:
            return await self._wait(wanted, answer, until)
        finally:
            del waiting[wanted.request_id]
            if not waiting:
                self._waiting.pop(wanted.key_id, None)

    def wake(self, key_id: str) -> None:
        """A place of this key may be free: its first waiters here ask at once. The order in which they came here is not quite
        that of the line, so one alone would often not be the first there."""
        naps = (nap for nap in self._waiting.get(key_id, {}).values() if nap is not None and not nap.done())
        for nap in islice(naps, WOKEN):
            _end(nap)

    def wake_all(self) -> None:
        for naps in self._waiting.values():
            for nap in naps.values():
                if nap is not None:
                    _end(nap)

    async def _wait(self, wanted: Reservation, answer: Queued, until: float) -> Granted:
        while True:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                raise WaitedTooLong(answer.ahead, self._max_wait)
            await self._nap(wanted, min(left, self._pause(answer)))
            again = await self._ask(wanted)
            if isinstance(again, Granted):
                return again
            answer = again

    async def _nap(self, wanted: Reservation, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        naps, nap = self._waiting[wanted.key_id], loop.create_future()
        naps[wanted.request_id] = nap
        timer = loop.call_later(seconds, _end, nap)
        try:
            await nap
        finally:
            timer.cancel()
            naps[wanted.request_id] = None

    def _pause(self, answer: Queued) -> float:
        return random.uniform(0.7, 1.0) * min(self._longest, max(answer.poll_after, answer.ahead / ASKED_PER_SECOND))


def _end(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)
