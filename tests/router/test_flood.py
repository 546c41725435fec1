from __future__ import annotations

import time

import httpx
import pytest
from redis.asyncio import Redis

from budgets.keys import ApiKey, Keys, new_key
from router import flood
from router.errors import QueueFull, TooManyFailures
from router.flood import Flood
from tests.router.errors import assert_error


def spent(address: str = "a") -> Flood:
    one = Flood()
    for _ in range(flood.MOST_FAILURES):
        one.check(address)
        one.failed(address)
    return one


def test_an_address_with_too_many_bad_keys_must_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    one = spent()
    with pytest.raises(TooManyFailures) as refused:
        one.check("a")
    later = time.monotonic() + int(refused.value.headers["Retry-After"])
    monkeypatch.setattr(time, "monotonic", lambda: later)
    one.check("a")


def test_other_addresses_are_heard() -> None:
    spent().check("b")


def test_whoever_types_a_key_is_not_a_flood() -> None:
    one = Flood()
    for _ in range(len(new_key())):
        one.check("a")
        one.failed("a")
    one.check("a")


def test_what_was_no_failure_is_forgiven_and_no_more_than_that() -> None:
    one = Flood(most=2)
    for _ in range(5):
        one.failed("a")
        one.forgive("a")
    one.forgive("a")
    for _ in range(2):
        one.check("a")
        one.failed("a")
    with pytest.raises(TooManyFailures):
        one.check("a")


def test_how_much_is_a_flood_and_what_is_said_is_the_owners_to_choose() -> None:
    one = Flood(1, 1 / 60, lambda seconds: QueueFull("wait", seconds))
    one.failed("a")
    with pytest.raises(QueueFull) as refused:
        one.check("a")
    assert refused.value.headers["Retry-After"] == "60"


def test_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST_ADDRESSES", 2)
    one = Flood()
    for address in "abcd":
        one.failed(address)
    assert len(one._spent) == 2


async def test_guessing_is_refused_without_a_look_at_redis(
    stranger: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey], keys: Keys
) -> None:
    known, newcomer = {"x-api-key": api_key[0]}, {"x-api-key": (await keys.create(api_key[1].account_id, "other"))[0]}
    assert (await stranger.get("/v1/models", headers=known)).status_code == 200
    codes = [(await stranger.get("/v1/models", headers={"x-api-key": new_key()})).status_code for _ in range(flood.MOST_FAILURES + 50)]
    assert set(codes[: flood.MOST_FAILURES]) == {401}
    assert codes.count(429) >= 40
    before = (await redis.info("commandstats"))["cmdstat_get"]["calls"]
    refused = await stranger.get("/v1/models", headers={"x-api-key": new_key()})
    assert_error(refused, 429, "too_many_failures")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await redis.info("commandstats"))["cmdstat_get"]["calls"] == before
    assert (await stranger.get("/v1/models", headers=known)).status_code == 200
    assert (await stranger.get("/v1/models", headers=newcomer)).status_code == 429


async def test_no_key_at_all_is_no_guess(stranger: httpx.AsyncClient) -> None:
    codes = {(await stranger.get("/v1/models")).status_code for _ in range(flood.MOST_FAILURES + 50)}
    assert codes == {401}
