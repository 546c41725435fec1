"""Signs of life of an engine: a ping goes through it and comes back as a pong."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from deployments.messages import Ping, Pong

#: In so many parts a silence is counted, and each can end only while this process runs. So a machine that stands still with all that
#: is on it, as a paused virtual one does, costs one part, however long it stood, and not an engine.
PARTS = 10


class Pings:
    """`seconds`: the silence after which an engine hangs."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Pong]] = {}

    async def ask(self, send: Callable[[Ping], None]) -> Pong:
        """Raises TimeoutError."""
        number = next(self._numbers)
        answered: asyncio.Future[Pong] = asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        send(Ping(number))
        try:
            for _ in range(PARTS):
                await asyncio.wait((answered,), timeout=self._seconds / PARTS)
                if answered.done():
                    return answered.result()
            raise TimeoutError(f"the engine gave no sign of life for {self._seconds} s")
        finally:
            del self._asked[number]

    def came(self, pong: Pong) -> None:
        answered = self._asked.get(pong.number)
        if answered is not None and not answered.done():
            answered.set_result(pong)
