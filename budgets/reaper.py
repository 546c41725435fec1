"""Ends the requests whose owners are silent: often those of accounts that are in use here, the others in a slow walk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import islice

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.ledger import Ledger
from budgets.store import fields, reaching

#: A walk over all accounts takes this many steps, or more where that would be too many accounts in one step.
STEPS = 10
MOST_IN_A_STEP = 100


class Reaper:
    """`in_use`: ids of accounts that this process works for now."""

    def __init__(self, redis: Redis, ledger: Ledger, in_use: Callable[[], Iterable[str]]) -> None:
        self._redis, self._ledger, self._in_use = redis, ledger, in_use
        self._walk: list[str] = []
        self._share = 0

    async def step(self) -> None:
        """Raises StoreUnavailable."""
        if not self._walk:
            await self._begin_walk()
        due, self._walk = self._walk[: self._share], self._walk[self._share :]
        for account_id in {*due, *islice(self._in_use(), MOST_IN_A_STEP)}:
            await self._ledger.reap(account_id)

    async def _begin_walk(self) -> None:
        async with reaching():
            self._walk = list(fields(await self._redis.hgetall(redis_keys.ACCOUNTS)).values())
        self._share = min(MOST_IN_A_STEP, math.ceil(len(self._walk) / STEPS))
