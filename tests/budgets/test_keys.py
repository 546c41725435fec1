from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.accounts import Accounts
from budgets.errors import SecretMismatch, StoreUnavailable, UnknownKey
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


async def test_a_revoked_key_opens_nothing(keys: Keys, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    shown, key = api_key
    await redis.hset(redis_keys.key(key.account_id, key.id), "state", "revoked")
    with pytest.raises(UnknownKey):
        await keys.find(shown)


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
    assert dataclasses.replace(await rotated.find(shown), created=0) == dataclasses.replace(key, created=0)


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
