"""Accounts: who owns keys."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from redis.asyncio import Redis

from budgets import redis_keys
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
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def create(self, name: str) -> Account:
        """Raises AccountExists, StoreUnavailable."""
        account = Account(secrets.token_hex(8), name, int(time.time()), "active")
        stored: Fields = {"name": name, "created": account.created, "state": account.state}
        async with reaching():
            await self._redis.hset(redis_keys.account(account.id), mapping=stored)
            if not await self._redis.hsetnx(redis_keys.ACCOUNTS, name, account.id):
                await self._redis.delete(redis_keys.account(account.id))
                raise AccountExists(name)
        return account

    async def named(self, name: str) -> Account:
        """Raises UnknownAccount, StoreUnavailable."""
        async with reaching():
            reply = await self._redis.hget(redis_keys.ACCOUNTS, name)
            if reply is None:
                raise UnknownAccount(name)
            account_id = text(reply)
            stored = fields(await self._redis.hgetall(redis_keys.account(account_id)))
        return Account(account_id, stored["name"], int(stored["created"]), stored["state"])

    async def list(self) -> list[Account]:
        async with reaching():
            names = texts(await self._redis.hkeys(redis_keys.ACCOUNTS))
        return [await self.named(name) for name in sorted(names)]
