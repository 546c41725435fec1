"""An account in Redis, and gateways that account for it: what the tests of a gateway's accounting share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.accounting import Accounting
from budgets.audit import Auditor
from budgets.caps import Caps
from budgets.hold import Hold
from budgets.keys import Keys
from budgets.requests import Reservation, Timers
from budgets.store import connect, fields
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, SECRET, records

SECONDS = 20.0
_numbers = count()


class Node:
    """`redis` for looking at what became of it all; Redis's own clock."""

    def __init__(self, redis: Redis, folder: Path) -> None:
        self.redis, self.folder = redis, folder
        self.auditor, self.keys = Auditor(redis), Keys(redis, SECRET)

    async def begin(self, cap: int = 1_000_000) -> Node:
        await records(self.redis)
        await self.redis.hset(redis_keys.ACCOUNTS, "bench", ACCOUNT)
        await Caps(self.redis).set_account(ACCOUNT, cap)
        for key in (KEY, OTHER):
            await self.keys.update(ACCOUNT, key, monthly_tokens=None)
        return self

    async def balance(self) -> tuple[int, int]:
        """used and held."""
        stored = fields(await self.redis.hgetall(redis_keys.budget(ACCOUNT)))
        totals = {"used": 0, "held": 0}
        for name, value in stored.items():
            if name.count("/") == 1 and name.split("/")[1] in totals:
                totals[name.split("/")[1]] += int(value)
        return totals["used"], totals["held"]

    async def audit(self) -> list[str]:
        return await self.auditor.audit(ACCOUNT)

    async def balance_is(self, used: int, held: int) -> bool:
        return await self.balance() == (used, held)

    async def running(self) -> int:
        return int(await self.redis.zcard(redis_keys.slots(ACCOUNT, KEY)))

    async def waits(self, number: int) -> bool:
        """So many in the line of the key."""
        return await self.redis.zcard(redis_keys.queue(ACCOUNT, KEY)) == number

    @property
    def files(self) -> list[str]:
        """What the gateways have left in their folder."""
        return sorted(path.name for path in self.folder.iterdir())

    @asynccontextmanager
    async def gateway(self, url: str | None = None, **settings: float | Timers) -> AsyncIterator[Accounting]:
        """`url` None: over the test's own client."""
        redis = connect(url) if url else self.redis
        accounting = Accounting(redis, self.folder, **{"learning": 0.0, **settings})  # type: ignore[arg-type]
        await accounting.start()
        try:
            yield accounting
        finally:
            await accounting.close()
            if url:
                await redis.aclose()


def wish(hold: int = 10, prompt: int = 2, key: str = KEY) -> Reservation:
    return Reservation(f"r{next(_numbers)}", ACCOUNT, key, "pico", prompt, hold)


async def running(accounting: Accounting, made: int = 0, hold: int = 10) -> Hold:
    """One that an engine works for."""
    one = await accounting.admit(wish(hold))
    one.started()
    one.count(made)
    return one


async def admits(accounting: Accounting) -> bool:
    return accounting.closed is None


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
