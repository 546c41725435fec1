"""What has come for one stream and was not read yet. Whoever reads late gets all that follows on as one delta.

So a gateway that is behind does the work of a delta once for many tokens, and catches up. What waits is bounded for each stream, and
for all of a process together: many readers that are slow, each a little, must not fill its memory either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakSet

from router.engine import Delta, EngineReaderSlow

#: Logprobs and tokens that may wait for a reader, and for all; of long streams with `logprobs=100` about 70 and 280 MiB.
MOST_WAITING, MOST_TOGETHER = 1_000_000, 4_000_000


class Together:
    """What waits in all inboxes of a process."""

    def __init__(self, most: int = MOST_TOGETHER) -> None:
        self.most, self.weight = most, 0
        self.inboxes: WeakSet[Inbox] = WeakSet()

    def relieve(self) -> None:
        """Gives up the stream for which most is waiting, until the rest is not too much. Counts anew what a reader left unclosed."""
        self.weight = sum(one.weight for one in self.inboxes)
        while self.weight > self.most:
            max(self.inboxes, key=lambda one: one.weight).give_up()


ALL = Together()


class Inbox:
    """For one reader, who closes it at the end. `weight`: of what waits."""

    def __init__(self, most: int = MOST_WAITING, together: Together = ALL) -> None:
        self._waiting: deque[Delta | None] = deque()
        self._reader: asyncio.Future[None] | None = None
        self.weight, self._most, self._together = 0, most, together
        self._taken, self._slow = True, 0
        together.inboxes.add(self)

    def put(self, delta: Delta | None) -> None:
        """None wakes the reader. What comes for a reader that was given up is let go of."""
        if self._taken:
            self._waiting.append(delta)
            if delta is not None:
                self._add(_weight(delta))
        self._wake()

    def _add(self, weight: int) -> None:
        self.weight += weight
        self._together.weight += weight
        if self.weight > self._most:
            self.give_up()
        elif self._together.weight > self._together.most:
            self._together.relieve()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def give_up(self) -> None:
        """Too much is waiting: the reader is told, and nothing waits any more."""
        self._slow = self.weight
        self.close()
        self._wake()

    def close(self) -> None:
        """Nobody reads it any more."""
        self._taken = False
        self._waiting.clear()
        self._together.weight -= self.weight
        self.weight = 0

    async def get(self) -> Delta | None:
        """Raises EngineReaderSlow, when too much was waiting."""
        while not self._waiting and not self._slow:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._slow:
            raise EngineReaderSlow(f"{self._slow} tokens and logprobs were waiting for the reader")
        return self._joined(self._waiting.popleft())

    def empty(self) -> bool:
        return not self._waiting

    def _read(self, delta: Delta) -> None:
        weight = _weight(delta)
        self.weight -= weight
        self._together.weight -= weight

    def _joined(self, first: Delta | None) -> Delta | None:
        """With everything that follows on it."""
        if first is None:
            return None
        self._read(first)
        if not self._follows(first, len(first.token_ids)):
            return first
        ids, positions, finish = list(first.token_ids), None if first.positions is None else list(first.positions), first.finish
        while finish is None and self._follows(first, len(ids)) and (more := self._waiting.popleft()) is not None:
            self._read(more)
            ids += more.token_ids
            if positions is not None:
                positions += more.positions or ()
            finish = more.finish
        return Delta(first.choice, first.first, ids, positions, finish, first.cached_tokens, first.prompt, first.prompt_first)

    def _follows(self, first: Delta, tokens: int) -> bool:
        """Whether the next delta goes on where so many tokens of the first ended, as `Checks` would have it."""
        more = self._waiting[0] if self._waiting else None
        return (
            more is not None
            and more.choice == first.choice
            and more.first == first.first + tokens
            and first.finish is None
            and not (first.prompt or more.prompt)
            and (more.positions is None) == (first.positions is None)
        )


def _weight(delta: Delta) -> int:
    """Prompt positions count nothing: they come at once, and are as many as were asked."""
    return len(delta.token_ids) + (sum(len(one.top_ids) for one in delta.positions) if delta.positions else 0)
