"""What has come for one stream and was not read yet. Whoever reads late gets all that follows on as one delta.

So a gateway that is behind does the work of a delta once for many tokens, and catches up.
"""

from __future__ import annotations

import asyncio
from collections import deque

from router.engine import Delta, EngineReaderSlow

#: Logprobs and tokens that may wait for a reader; of a long stream with `logprobs=100` about 60 MiB.
MOST_WAITING = 1_000_000


class Inbox:
    """For one reader."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._waiting: deque[Delta | None] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._weight, self._most = 0, most

    def put(self, delta: Delta | None) -> None:
        """None wakes the reader. What is too much is let go of: the reader will be told."""
        if self._weight <= self._most:
            self._waiting.append(delta)
            self._weight += 0 if delta is None else _weight(delta)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Delta | None:
        """Raises EngineReaderSlow, when too much was waiting."""
        while not self._waiting:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._weight > self._most:
            raise EngineReaderSlow(f"{self._weight} tokens and logprobs were waiting for the reader, of at most {self._most}")
        return self._joined(self._waiting.popleft())

    def empty(self) -> bool:
        return not self._waiting

    def _joined(self, first: Delta | None) -> Delta | None:
        """With everything that follows on it."""
        if first is None:
            return None
        self._weight -= _weight(first)
        if not self._follows(first, len(first.token_ids)):
            return first
        ids, positions, finish = list(first.token_ids), None if first.positions is None else list(first.positions), first.finish
        while finish is None and self._follows(first, len(ids)) and (more := self._waiting.popleft()) is not None:
            self._weight -= _weight(more)
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
