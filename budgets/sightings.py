"""When a key was last used: written beside the request, which neither waits for it nor fails with it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Protocol

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.errors import StoreUnavailable
from budgets.store import reaching

#: A key's last use is written at most so often, and is exact to so much.
SEEN_SECONDS = 60
#: Writes that may be under way; where Redis is slow the next use writes it.
MOST_AT_ONCE = 16
WRITE_SECONDS = 1.0


class Seen(Protocol):
    """A key, as far as this is concerned."""

    @property
    def id(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def last_used(self) -> int | None: ...


class Sightings:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._writing: dict[str, asyncio.Task[None]] = {}

    def see(self, key: Seen) -> None:
        """It opens something now. One that is paused opens nothing."""
        now = int(time.time())
        due = now - (key.last_used or 0) >= SEEN_SECONDS
        if due and key.state == "active" and key.id not in self._writing and len(self._writing) < MOST_AT_ONCE:
            self._writing[key.id] = asyncio.create_task(self._write(key, now))

    async def _write(self, key: Seen, now: int) -> None:
        try:
            with suppress(StoreUnavailable):
                async with reaching(), asyncio.timeout(WRITE_SECONDS):
                    await self._redis.hset(redis_keys.key(key.account_id, key.id), "last_used", str(now))
        finally:
            del self._writing[key.id]

    async def written(self) -> None:
        """Returns when what was seen so far is written, or given up."""
        while self._writing:
            await asyncio.wait(self._writing.values())
