"""A ledger whose clock a test moves.

The scripts are the ones that ship; only `clock.lua`, the one function that reads the time, is replaced by another text.
So there is nothing in production by which the time could be set. The tests that need no moving use Redis's own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.audit import Auditor
from budgets.caps import Caps
from budgets.keys import Keys
from budgets.ledger import Ledger
from budgets.requests import Granted, Limits, Queued, Reaped, Reservation, Timers
from budgets.secret import Secret
from budgets.store import Fields, fields

CLOCK = "local function now_ms() return tonumber(redis.call('GET', 'test:now')) end\n"
NOON = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)
ACCOUNT = "a" * 16
KEY = "b" * 16
OTHER = "c" * 16
TIMERS = Timers()
SECRET = Secret.parse("1:" + "5a" * 32)


class Bench:
    """One account with two keys, a ledger and its clock."""

    def __init__(self, redis: Redis, limits: Limits | None = None) -> None:
        self.redis, self._numbers = redis, count()
        self.caps, self.keys = Caps(redis), Keys(redis, SECRET)
        self.ledger, self.auditor = Ledger(redis, TIMERS, limits, CLOCK), Auditor(redis, TIMERS, CLOCK)

    async def begin(self, cap: int = 1000, key_cap: int | None = None, now: int = NOON) -> Bench:
        await self.set_time(now)
        await records(self.redis)
        await self.caps.set_account(ACCOUNT, cap)
        await self.keys.update(ACCOUNT, KEY, monthly_tokens=key_cap)
        await self.keys.update(ACCOUNT, OTHER, monthly_tokens=None)
        return self

    async def set_time(self, now: int) -> None:
        await self.redis.set("test:now", now)

    async def pass_ms(self, ms: int) -> None:
        await self.redis.incrby("test:now", ms)

    def wish(self, hold: int = 10, prompt: int = 2, key: str = KEY) -> Reservation:
        return Reservation(f"r{next(self._numbers)}", ACCOUNT, key, "pico", prompt, hold)

    async def grant(self, hold: int = 10, prompt: int = 2, key: str = KEY) -> Granted:
        return granted(await self.ledger.admit(self.wish(hold, prompt, key)))

    async def expire(self) -> None:
        """Both stages of one vanished owner."""
        await self.pass_ms(TIMERS.lease)
        assert await self.ledger.reap(ACCOUNT) == Reaped(1, 0)
        await self.pass_ms(TIMERS.grace)
        assert await self.ledger.reap(ACCOUNT) == Reaped(0, 1)

    async def audit(self) -> list[str]:
        return await self.auditor.audit(ACCOUNT)

    async def balance(self, month: str = "2026-11") -> tuple[int, int]:
        """used and held of the account."""
        stored = fields(await self.redis.hgetall(redis_keys.budget(ACCOUNT)))
        return int(stored.get(f"{month}/used", 0)), int(stored.get(f"{month}/held", 0))

    async def usage(self, month: str = "2026-11") -> dict[str, int]:
        return {name: int(value) for name, value in fields(await self.redis.hgetall(redis_keys.usage(ACCOUNT, month))).items()}


async def records(redis: Redis) -> None:
    """What is stored of the account and its two keys, under ids that tests know."""
    await redis.hset(redis_keys.account(ACCOUNT), mapping={"name": "bench", "created": 0, "state": "active"})
    for key_id, name in ((KEY, "key"), (OTHER, "other")):
        stored: Fields = {"name": name, "prefix": "acs-bm-", "last4": "last", "created": 0, "state": "active", "expires": "", "models": ""}
        await redis.hset(redis_keys.key(ACCOUNT, key_id), mapping=stored)


def granted(answer: Granted | Queued) -> Granted:
    assert isinstance(answer, Granted)
    return answer
