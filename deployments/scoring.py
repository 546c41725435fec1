"""How much prompt scoring one engine does at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Allowance:
    """An amount that requests share, first come first served: a large one is not overtaken by small ones."""

    def __init__(self, capacity: int) -> None:
        self._capacity = self._free = capacity
        self._waiting: deque[Turn] = deque()

    @asynccontextmanager
    async def hold(self, amount: int) -> AsyncIterator[Turn]:
        """Waits until so much is free; what is more than all there is counts as all. Nothing needs no turn."""
        turn = Turn(self, min(amount, self._capacity))
        if turn.amount:
            self._waiting.append(turn)
            self._admit()
        else:
            turn.came.set_result(None)
        try:
            await turn.came
            yield turn
        finally:
            turn.release()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0].amount <= self._free:
            turn = self._waiting.popleft()
            if not turn.came.done():
                self._free -= turn.amount
                turn.came.set_result(None)

    def give_back(self, turn: Turn) -> None:
        """Also for a turn that was cancelled, before it came or just when it did."""
        if turn.came.cancelled() or not turn.came.done():
            turn.came.cancel()
        else:
            self._free += turn.amount
        self._waiting = deque(one for one in self._waiting if one is not turn)
        self._admit()


class Turn:
    def __init__(self, allowance: Allowance, amount: int) -> None:
        self._allowance, self.amount, self._released = allowance, amount, False
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def release(self) -> None:
        """May be called early, and more than once."""
        if not self._released:
            self._released = True
            self._allowance.give_back(self)
