from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.errors import AccountExists, UnknownAccount


async def test_an_account_is_found_by_its_name(redis: Redis) -> None:
    account = await Accounts(redis).create("lab")
    assert await Accounts(redis).named("lab") == account
    assert account.state == "active"


async def test_a_name_is_taken_once_however_many_try(redis: Redis) -> None:
    accounts = Accounts(redis)
    results = await asyncio.gather(*(accounts.create("lab") for _ in range(16)), return_exceptions=True)
    assert sum(isinstance(result, AccountExists) for result in results) == 15
    assert [account.name for account in await accounts.list()] == ["lab"]


async def test_a_name_that_nobody_has_is_unknown(redis: Redis) -> None:
    with pytest.raises(UnknownAccount):
        await Accounts(redis).named("nobody")


async def test_accounts_are_listed_by_name(redis: Redis) -> None:
    for name in ("b", "c", "a"):
        await Accounts(redis).create(name)
    assert [account.name for account in await Accounts(redis).list()] == ["a", "b", "c"]
