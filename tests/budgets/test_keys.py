from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.caps import Caps, KeyCaps
from budgets.errors import AccountFull, BadName, CapAboveAccount, KeyRevoked, SecretMismatch, StoreUnavailable, UnknownAccount, UnknownKey
from budgets.keys import ApiKey, Keys, checksum, new_key
from budgets.secret import Secret
from budgets.store import connect
from tests.conftest import SECRET


async def test_a_key_is_found_again_by_what_was_shown(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, key = api_key
    assert await keys.find(shown) == key
    assert shown.startswith("acs-bm-")
    assert len(shown) == len("acs-bm-") + 32 + 6


async def test_neither_the_key_nor_its_plain_hash_is_stored(redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    shown = api_key[0]
    for name in await redis.keys("*"):
        assert shown not in str(name)
        kind = await redis.type(name)
        stored = await (redis.hgetall(name) if kind == "hash" else redis.smembers(name) if kind == "set" else redis.get(name))
        assert shown not in str(stored)
        assert shown[7:30] not in str(stored)


@pytest.mark.parametrize("wrong", ["", "acs-bm-", "hunter2", "acs-bm-" + "a" * 38, "ACS-BM-" + "a" * 38, "acs-bm-" + "é" * 38])
async def test_a_misspelt_key_is_refused_without_asking_redis(wrong: str) -> None:
    nowhere = Keys(connect("unix:///nowhere"), SECRET)
    with pytest.raises(UnknownKey):
        await nowhere.find(wrong)


async def test_an_unknown_key_opens_nothing(keys: Keys) -> None:
    with pytest.raises(UnknownKey):
        await keys.find(new_key())


async def test_who_knows_where_a_key_is_stored_finds_it_in_the_same_states(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    key = api_key[1]
    assert await keys.get(key.account_id, key.id) == key
    await keys.pause(key.account_id, key.id)
    assert (await keys.get(key.account_id, key.id)).state == "paused"
    await keys.resume(key.account_id, key.id)
    await Accounts(redis).disable("lab")
    with pytest.raises(UnknownKey):
        await keys.get(key.account_id, key.id)
    await Accounts(redis).enable("lab")
    await keys.update(key.account_id, key.id, expires=1)
    with pytest.raises(UnknownKey):
        await keys.get(key.account_id, key.id)
    await keys.update(key.account_id, key.id, expires=None)
    for account_id, key_id in ((key.account_id, "none"), ("none", key.id)):
        with pytest.raises(UnknownKey):
            await keys.get(account_id, key_id)
    await keys.revoke(key.account_id, key.id)
    with pytest.raises(UnknownKey):
        await keys.get(key.account_id, key.id)


Change = Callable[[Keys, str, str], Awaitable[None]]
RENAME: Change = lambda keys, account, key: keys.update(account, key, name="again")  # noqa: E731


async def test_a_revoked_key_opens_nothing_for_ever(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, key = api_key
    await keys.revoke(key.account_id, key.id)
    for change in (Keys.pause, Keys.resume, RENAME):
        with pytest.raises(KeyRevoked):
            await change(keys, key.account_id, key.id)
        with pytest.raises(UnknownKey):
            await keys.find(shown)
    await keys.revoke(key.account_id, key.id)
    assert [(listed.id, listed.state) for listed in await keys.list(key.account_id)] == [(key.id, "revoked")]


async def test_a_revocation_wins_against_resumptions_at_the_same_time(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    account, key = api_key[1].account_id, api_key[1].id
    turns = [keys.resume(account, key) for _ in range(20)]
    await asyncio.gather(keys.pause(account, key), *turns[:5], keys.revoke(account, key), *turns[5:], return_exceptions=True)
    assert [listed.state for listed in await keys.list(account)] == ["revoked"]


async def test_a_paused_key_is_found_as_paused_until_it_is_resumed(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, key = api_key
    await keys.pause(key.account_id, key.id)
    assert await keys.find(shown) == dataclasses.replace(key, state="paused")
    await keys.resume(key.account_id, key.id)
    assert await keys.find(shown) == key


@pytest.mark.parametrize("change", [Keys.pause, Keys.resume, Keys.revoke, RENAME])
async def test_a_key_that_nobody_has_cannot_be_changed(keys: Keys, api_key: tuple[str, ApiKey], redis: Redis, change: Change) -> None:
    before = sorted(await redis.keys("*"))
    with pytest.raises(UnknownKey):
        await change(keys, api_key[1].account_id, "f" * 16)
    with pytest.raises(UnknownAccount):
        await change(keys, "e" * 16, api_key[1].id)
    assert sorted(await redis.keys("*")) == before


async def test_everything_of_a_key_can_be_changed_and_changed_back(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    shown, key = api_key
    until = int(time.time()) + 60
    await keys.update(key.account_id, key.id, name="new", expires=until, models=("pico",), monthly_tokens=9, concurrency=2)
    assert await keys.find(shown) == dataclasses.replace(key, name="new", expires=until, models=("pico",))
    assert (await Caps(redis).of(key.account_id)).keys == {key.id: KeyCaps(9, 2)}
    await keys.update(key.account_id, key.id, name="first", expires=None, models=None, monthly_tokens=None, concurrency=8)
    assert await keys.find(shown) == key
    assert (await Caps(redis).of(key.account_id)).keys == {key.id: KeyCaps(None, 8)}


async def test_a_change_of_nothing_changes_nothing(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    await keys.update(api_key[1].account_id, api_key[1].id)
    assert await keys.find(api_key[0]) == api_key[1]


async def test_a_key_is_made_with_its_cap_and_its_places(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    _, key = await keys.create(api_key[1].account_id, "second", monthly_tokens=100, concurrency=1)
    caps = (await Caps(redis).of(key.account_id)).keys
    assert (caps[key.id], caps[api_key[1].id]) == (KeyCaps(100, 1), KeyCaps(None, 8))


async def test_a_key_that_cannot_be_made_leaves_nothing_behind(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    before = sorted(await redis.keys("*"))
    with pytest.raises(CapAboveAccount):
        await keys.create(api_key[1].account_id, "large", monthly_tokens=10**9 + 1)
    with pytest.raises(UnknownAccount):
        await keys.create("e" * 16, "nobody's")
    with pytest.raises(BadName):
        await keys.create(api_key[1].account_id, "a\x00b")
    with pytest.raises(BadName):
        await keys.create(api_key[1].account_id, "no model", models=())
    assert sorted(await redis.keys("*")) == before
    assert len(await keys.list(api_key[1].account_id)) == 1


async def test_a_key_expires(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, _ = await keys.create(api_key[1].account_id, "brief", expires=int(time.time()) - 1)
    with pytest.raises(UnknownKey):
        await keys.find(shown)


async def test_an_account_lists_its_own_keys_only(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    other = await Accounts(redis).create("other")
    _, second = await keys.create(api_key[1].account_id, "second", models=("pico", "nano"))
    await keys.create(other.id, "third")
    listed = await keys.list(api_key[1].account_id)
    assert {key.name: key for key in listed} == {"first": api_key[1], "second": second}
    assert second.models == ("pico", "nano")


async def test_keys_outlive_a_rotation_of_the_secret(redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    rotated = Keys(redis, Secret.parse("1:" + "5a" * 32 + ",2:" + "7b" * 32))
    assert await rotated.find(api_key[0]) == api_key[1]
    shown, key = await rotated.create(api_key[1].account_id, "newer")
    assert await rotated.find(shown) == key
    assert (api_key[1].secret_version, key.secret_version) == (1, 2)


async def test_what_was_hashed_under_a_dropped_version_opens_nothing(redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    with pytest.raises(UnknownKey):
        await Keys(redis, Secret.parse("2:" + "7b" * 32)).find(api_key[0])


async def test_another_secret_is_noticed_at_the_start(keys: Keys, redis: Redis) -> None:
    await keys.check_secret()
    await keys.check_secret()
    with pytest.raises(SecretMismatch):
        await Keys(redis, Secret.parse("1:" + "00" * 32)).check_secret()


async def test_two_starts_at_once_agree_on_the_secret(keys: Keys) -> None:
    await asyncio.gather(*(keys.check_secret() for _ in range(8)))


async def test_an_unreachable_redis_is_not_an_unknown_key(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await Keys(connect(f"unix://{tmp_path}/none"), SECRET).find(new_key())


def test_a_checksum_notices_any_single_change() -> None:
    key = new_key()
    body, digits = key[:-6], key[-6:]
    for at in range(7, len(body)):
        changed = body[:at] + ("a" if body[at] != "a" else "b") + body[at + 1 :]
        assert checksum(changed) != digits


async def test_an_account_has_at_most_so_many_keys_that_open_something(keys: Keys, redis: Redis) -> None:
    account = await Accounts(redis).create("lab")
    _, first = await keys.create(account.id, "first", most=2)
    await keys.create(account.id, "expired", expires=1, most=2)
    await keys.create(account.id, "second", most=2)
    with pytest.raises(AccountFull):
        await keys.create(account.id, "third", most=2)
    assert len(await keys.list(account.id)) == 3
    await keys.create(account.id, "by an operator")
    await keys.revoke(account.id, first.id)
    with pytest.raises(AccountFull):
        await keys.create(account.id, "third", most=2)
    await keys.create(account.id, "third", most=3)
