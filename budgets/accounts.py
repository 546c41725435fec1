"""Accounts: who owns keys, a budget and what was used of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from redis.asyncio import Redis

from budgets import names, redis_keys
from budgets.caps import DEFAULT_MONTHLY_TOKENS, Caps
from budgets.errors import AccountExists, UnknownAccount
from budgets.store import Fields, fields, reaching, text, texts


@dataclass(frozen=True)
class Account:
    """`created` is in Unix seconds; `state` is `active` or `disabled`."""

    id: str
    name: str
    created: int
    state: str


class Accounts:
    """Every method raises StoreUnavailable, and one that is given a name raises UnknownAccount."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._caps = redis, Caps(redis)

    async def create(self, name: str, monthly_tokens: int = DEFAULT_MONTHLY_TOKENS) -> Account:
        """The name comes last: whoever finds the account finds it whole. Raises AccountExists, BadName, CapOutOfBounds."""
        account = Account(secrets.token_hex(8), names.check(name), int(time.time()), "active")
        await self._caps.set_account(account.id, monthly_tokens)
        stored: Fields = {"name": name, "created": account.created, "state": account.state}
        async with reaching():
            await self._redis.hset(redis_keys.account(account.id), mapping=stored)
            if not await self._redis.hsetnx(redis_keys.ACCOUNTS, name, account.id):
                await self._redis.delete(redis_keys.account(account.id), redis_keys.caps(account.id))
                raise AccountExists(name)
        return account

    async def named(self, name: str) -> Account:
        async with reaching():
            reply = await self._redis.hget(redis_keys.ACCOUNTS, name)
            if reply is None:
                raise UnknownAccount(name)
            account_id = text(reply)
            stored = fields(await self._redis.hgetall(redis_keys.account(account_id)))
        return Account(account_id, stored["name"], int(stored["created"]), stored["state"])

    async def set_budget(self, name: str, monthly_tokens: int) -> list[str]:
        """Also below what is used already: then nothing new is admitted. The ids of the keys whose own cap is above it now,
        for which it holds too. Raises CapOutOfBounds."""
        return await self._caps.set_account((await self.named(name)).id, monthly_tokens)

    async def disable(self, name: str) -> None:
        """None of its keys opens anything; what runs ends with its next heartbeat."""
        await self._set_state(name, "disabled")

    async def enable(self, name: str) -> None:
        await self._set_state(name, "active")

    async def list(self) -> list[Account]:
        async with reaching():
            found = texts(await self._redis.hkeys(redis_keys.ACCOUNTS))
        return [await self.named(name) for name in sorted(found)]

    async def _set_state(self, name: str, state: str) -> None:
        account = await self.named(name)
        async with reaching():
            await self._redis.hset(redis_keys.account(account.id), "state", state)
