from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from budgets.accounts import Account, Accounts
from budgets.caps import DEFAULT_MONTHLY_TOKENS, Caps
from budgets.errors import AccountExists, BadName, CapOutOfBounds, UnknownAccount, UnknownKey
from budgets.keys import ApiKey, Keys


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


async def test_an_account_always_has_a_total(redis: Redis) -> None:
    account = await Accounts(redis).create("lab")
    assert (await Caps(redis).of(account.id)).monthly_tokens == DEFAULT_MONTHLY_TOKENS == 10**9
    small = await Accounts(redis).create("small", 5)
    assert (await Caps(redis).of(small.id)).monthly_tokens == 5


async def test_a_name_that_was_taken_leaves_nothing_behind(redis: Redis) -> None:
    await Accounts(redis).create("lab")
    before = sorted(await redis.keys("*"))
    with pytest.raises(AccountExists):
        await Accounts(redis).create("lab")
    assert sorted(await redis.keys("*")) == before


async def test_a_bad_name_or_cap_makes_no_account(redis: Redis) -> None:
    with pytest.raises(BadName):
        await Accounts(redis).create("a\nb")
    with pytest.raises(CapOutOfBounds):
        await Accounts(redis).create("lab", -1)
    assert await redis.keys("*") == []


async def test_whoever_finds_an_account_finds_its_cap(redis: Redis) -> None:
    """Its name is the last that is written."""
    written: list[str] = []

    class Watched(Accounts):
        async def named(self, name: str) -> Account:
            account = await super().named(name)
            written.append(str((await Caps(redis).of(account.id)).monthly_tokens))
            return account

    async def look() -> None:
        while not written:
            with contextlib.suppress(UnknownAccount):
                await Watched(redis).named("lab")

    await asyncio.gather(look(), Accounts(redis).create("lab", 77))
    assert written == ["77"]


async def test_a_disabled_account_opens_nothing_until_it_is_enabled(redis: Redis, keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    await Accounts(redis).disable("lab")
    assert (await Accounts(redis).named("lab")).state == "disabled"
    with pytest.raises(UnknownKey):
        await keys.find(api_key[0])
    await Accounts(redis).enable("lab")
    assert await keys.find(api_key[0]) == api_key[1]


async def test_a_budget_can_be_set_again(redis: Redis, keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    await keys.update(api_key[1].account_id, api_key[1].id, monthly_tokens=100)
    assert await Accounts(redis).set_budget("lab", 99) == [api_key[1].id]
    assert (await Caps(redis).of(api_key[1].account_id)).monthly_tokens == 99


@pytest.mark.parametrize("change", [Accounts.disable, Accounts.enable])
async def test_what_nobody_has_cannot_be_changed(redis: Redis, change: Callable[[Accounts, str], Awaitable[None]]) -> None:
    with pytest.raises(UnknownAccount):
        await change(Accounts(redis), "nobody")
    with pytest.raises(UnknownAccount):
        await Accounts(redis).set_budget("nobody", 1)
