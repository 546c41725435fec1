"""The account of one scene: what it was charged, what is held, and whether it adds up."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.audit import Auditor
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.store import connect
from budgets.usage import Usage
from loadtest.gateways import SECRET

CONCURRENCY = 1000
#: Within which nothing may be held any more.
FREE_SECONDS = 20.0


@dataclass(frozen=True)
class Sums:
    """In tokens; `freed`: seconds until nothing was held, None where something still is. `audit` has a sentence for each fault."""

    used: int
    freed: float | None
    audit: list[str]


class Ledger:
    def __init__(self, redis: Redis, account: str, key: str) -> None:
        self._redis, self._account, self.key = redis, account, key

    async def sums(self) -> Sums:
        """Once nothing is held any more, or FREE_SECONDS are over."""
        began, usage = time.monotonic(), Usage(self._redis)
        while (now := (await usage.of_account(self._account)).account.balance).held and time.monotonic() - began < FREE_SECONDS:
            await asyncio.sleep(0.1)
        freed = None if now.held else time.monotonic() - began
        return Sums(now.used, freed, await Auditor(self._redis).audit(self._account))


@asynccontextmanager
async def ledger(redis_url: str) -> AsyncIterator[Ledger]:
    """A new account with one key, which may run all that a scene asks at once."""
    redis = connect(redis_url)
    try:
        account = await Accounts(redis).create(f"scene-{secrets.token_hex(4)}")
        key, _ = await Keys(redis, Secret.parse(SECRET)).create(account.id, "client", concurrency=CONCURRENCY)
        yield Ledger(redis, account.id, key)
    finally:
        await redis.aclose()
