from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from redis.asyncio import Redis
from starlette.datastructures import Headers

from budgets import redis_keys
from budgets.keys import ApiKey, Keys, new_key
from router import auth
from router.auth import Door
from router.errors import AccountingUnavailable, InvalidApiKey, KeyPaused
from router.log import redacted
from tests.router.errors import assert_error

BODY = {"model": "pico", "prompt": "hi"}


async def state(redis: Redis, key: ApiKey, value: str) -> None:
    await redis.hset(redis_keys.key(key.account_id, key.id), "state", value)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer " + new_key()},
        {"authorization": "Basic " + new_key()},
        {"authorization": new_key()},
        {"x-api-key": new_key()},
        {"authorization": "Bearer acs-bm-\x00"},
        {"authorization": b"Bearer \xff\xfe"},
    ],
    ids=lambda headers: redacted(str(headers)),  # the same in every process
)
async def test_every_bad_key_gets_the_same_answer(stranger: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await stranger.post("/v1/completions", json=BODY, headers=headers)
    error = assert_error(response, 401, "invalid_api_key")
    assert response.headers["www-authenticate"] == "Bearer"
    assert error["message"] == InvalidApiKey().message


@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
async def test_both_headers_open_the_door(stranger: httpx.AsyncClient, api_key: tuple[str, ApiKey], name: str) -> None:
    value = f"bearer  {api_key[0]} " if name == "authorization" else api_key[0]
    assert (await stranger.post("/v1/completions", json=BODY, headers={name: value})).status_code == 200


async def test_an_empty_bearer_hides_no_other_key(stranger: httpx.AsyncClient, api_key: tuple[str, ApiKey]) -> None:
    headers = {"authorization": "Bearer ", "x-api-key": api_key[0]}
    assert (await stranger.post("/v1/completions", json=BODY, headers=headers)).status_code == 200


async def test_the_key_is_checked_before_the_body_is_read(stranger: httpx.AsyncClient) -> None:
    assert_error(await stranger.post("/v1/completions", content=b"{"), 401, "invalid_api_key")


async def test_a_paused_key_says_so(client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey]) -> None:
    await state(redis, api_key[1], "paused")
    response = await client.post("/v1/completions", json=BODY)
    assert_error(response, 403, "key_paused")
    assert response.headers["x-should-retry"] == "false"


async def test_a_key_may_be_for_some_models_only(stranger: httpx.AsyncClient, keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    shown, _ = await keys.create(api_key[1].account_id, "narrow", models=("other",))
    stranger.headers["x-api-key"] = shown
    assert_error(await stranger.post("/v1/completions", json=BODY), 403, "model_not_allowed", "model")
    assert_error(await stranger.get("/v1/models/pico"), 403, "model_not_allowed", "model")
    assert (await stranger.post("/v1/completions", json={**BODY, "model": "other"})).status_code == 200
    assert [model["id"] for model in (await stranger.get("/v1/models")).json()["data"]] == ["other"]


async def test_a_found_key_is_believed_for_a_moment_only(
    keys: Keys, redis: Redis, api_key: tuple[str, ApiKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, key = api_key
    door, headers = Door(keys), Headers({"x-api-key": shown})
    await door.enter(headers)
    await state(redis, key, "paused")
    assert await door.enter(headers) == key
    later = time.monotonic() + auth.BELIEVED_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(KeyPaused):
        await door.enter(headers)


def test_a_revocation_holds_well_within_five_seconds() -> None:
    assert auth.BELIEVED_SECONDS <= 2


async def test_a_believed_key_still_expires(keys: Keys, api_key: tuple[str, ApiKey], monkeypatch: pytest.MonkeyPatch) -> None:
    shown, _ = await keys.create(api_key[1].account_id, "brief", expires=int(time.time()) + 60)
    door, headers = Door(keys), Headers({"x-api-key": shown})
    await door.enter(headers)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(InvalidApiKey):
        await door.enter(headers)


async def test_what_is_remembered_is_bounded(keys: Keys, api_key: tuple[str, ApiKey], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MOST_BELIEVED", 2)
    door = Door(keys)
    for number in range(5):
        shown, _ = await keys.create(api_key[1].account_id, f"key {number}")
        await door.enter(Headers({"x-api-key": shown}))
        with pytest.raises(InvalidApiKey):
            await door.enter(Headers({"x-api-key": new_key()}))
        assert (len(door._good._found), len(door._bad._found)) <= (2, 2)


async def test_a_burst_of_one_key_is_one_look_up_for_each_turn(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    door, headers = Door(keys), Headers({"x-api-key": api_key[0]})
    assert set(await asyncio.gather(*(door.enter(headers) for _ in range(500)))) == {api_key[1]}


async def test_a_burst_of_many_keys_takes_no_more_connections_than_there_are(keys: Keys, api_key: tuple[str, ApiKey]) -> None:
    made = [await keys.create(api_key[1].account_id, f"key {number}") for number in range(200)]
    door = Door(keys)
    found = await asyncio.gather(*(door.enter(Headers({"x-api-key": shown})) for shown, _ in made))
    assert found == [key for _, key in made]


async def test_a_look_up_that_hangs_ends_in_time(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(auth, "LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr(keys, "find", hang)
    with pytest.raises(AccountingUnavailable):
        await Door(keys).enter(Headers({"x-api-key": new_key()}))


async def test_without_redis_nobody_is_judged(keys: Keys, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(redis, "get", refuse)
    with pytest.raises(AccountingUnavailable) as refusal:
        await Door(keys).enter(Headers({"x-api-key": new_key()}))
    assert refusal.value.headers["Retry-After"]
