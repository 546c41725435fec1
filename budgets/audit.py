"""Does the ledger add up? What was used is counted again from the usage, what is held from the live requests.

After rebuild it does. All of it is seen in one instant; that no cap was ever passed is of histories, which tests judge.
"""

from __future__ import annotations

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.requests import Timers
from budgets.scripts import CLOCK, Args, Scripts
from budgets.store import reaching, texts


class Auditor:
    def __init__(self, redis: Redis, timers: Timers | None = None, clock: str = CLOCK) -> None:
        self._redis, self._timers, self._scripts = redis, timers or Timers(), Scripts(redis, clock)

    async def audit(self, account_id: str) -> list[str]:
        """One sentence for each fault; empty when all is well. Raises StoreUnavailable."""
        return await self._recount(account_id, "look")

    async def rebuild(self, account_id: str) -> list[str]:
        """Sets used and held to what they should be; the faults it found. Raises StoreUnavailable."""
        return await self._recount(account_id, "mend")

    async def _recount(self, account_id: str, mode: str) -> list[str]:
        months, key_ids = await self._named(account_id)
        keys = [redis_keys.budget(account_id), redis_keys.open_requests(account_id)]
        keys += [redis_keys.usage(account_id, month) for month in months]
        keys += [redis_keys.slots(account_id, key_id) for key_id in key_ids]
        args: Args = [mode, redis_keys.request(account_id, ""), self._timers.grace, len(months), *months]
        return sorted(str(fault) for fault in await self._scripts.run("recount", keys, args))

    async def _named(self, account_id: str) -> tuple[list[str], list[str]]:
        """The months and keys that the budget names; a month that begins just now is the next audit's."""
        async with reaching():
            names = [name.split("/") for name in texts(await self._redis.hkeys(redis_keys.budget(account_id)))]
        return sorted({parts[0] for parts in names}), sorted({parts[1] for parts in names if len(parts) == 3})
