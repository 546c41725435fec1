"""Requests for a model that does not run, over HTTP on a scripted fleet."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets.caps import Caps
from budgets.keys import ApiKey
from budgets.usage import Usage
from router import cold
from router.catalogue import ModelSpec
from router.engine import EngineBroken
from router.lifecycle import Phase, Standing, State
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from tests.router.errors import assert_error
from tests.router.server import until

BODY: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 5}
READY = Standing(State.READY, 0.0, running=1, wanted=1)


def starting(phase: Phase = Phase.LOADING, eta: float | None = 12.0) -> Standing:
    return Standing(State.STARTING, time.time(), phase, eta, wanted=1)


@pytest.fixture
def sleeping(fleet: ScriptedFleet) -> ScriptedFleet:
    """A fleet whose pico is cold, and starts to boot when it is woken."""
    fleet.standings["pico"] = Standing(State.COLD, time.time())
    fleet.on_wake = lambda spec: fleet.stand(spec.id, starting())
    return fleet


def boots_in(fleet: ScriptedFleet, seconds: float) -> None:
    def wake(spec: ModelSpec) -> None:
        if fleet.standing(spec).state == State.COLD:
            fleet.stand(spec.id, starting())
            asyncio.get_running_loop().call_later(seconds, fleet.stand, spec.id, READY)

    fleet.on_wake = wake


async def nothing_used(redis: Redis, key: ApiKey) -> None:
    report = await Usage(redis).of_key(key.account_id, key.id)
    assert report.key is not None
    assert (report.rows, report.key.balance.used, report.key.balance.held) == ((), 0, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cold_model_is_woken_and_the_answer_comes_at_once(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, redis: Redis, api_key: tuple[str, ApiKey], stream: bool
) -> None:
    response = await client.post("/v1/completions", json=BODY | {"stream": stream})
    assert_error(response, 503, "cold_boot", "model")
    assert response.json()["error"]["details"] == {"phase": "loading", "eta_seconds": 12.0, "retry_after_seconds": 8}
    assert response.headers["retry-after"] == "8"
    assert sleeping.wakes == [("pico", api_key[1].id)]
    await nothing_used(redis, api_key[1])


async def test_who_waits_is_answered_when_the_model_is_ready(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    boots_in(sleeping, 0.1)
    asked = asyncio.create_task(client.post("/v1/completions", json=BODY, headers={"X-Wait-For-Model": "20"}))
    await until(lambda: bool(sleeping.wakes))
    await nothing_used(redis, api_key[1])
    response = await asked
    assert response.json()["usage"]["completion_tokens"] == 5
    assert response.headers["x-ratelimit-limit-tokens"]


async def test_a_held_stream_is_told_how_far_the_boot_is(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold, "TELL_SECONDS", 0.05)
    boots_in(sleeping, 0.3)
    response = await client.post("/v1/completions", json=BODY | {"stream": True}, headers={"X-Wait-For-Model": "20"})
    blocks = response.text.split("\n\n")[:-1]
    comments = [block for block in blocks if block.startswith(":")]
    assert len(comments) >= 3
    assert set(comments) == {": cold_boot phase=loading eta=12"}
    assert blocks[: len(comments)] == comments
    assert blocks[-1] == "data: [DONE]"
    assert sum(len(json.loads(block[6:])["choices"]) for block in blocks[len(comments) : -1]) == 5
    assert response.headers["x-ratelimit-limit-tokens"]


@pytest.mark.parametrize("stream", [False, True])
async def test_patience_ends(client: httpx.AsyncClient, sleeping: ScriptedFleet, stream: bool) -> None:
    response = await client.post("/v1/completions", json=BODY | {"stream": stream}, headers={"X-Wait-For-Model": "1"})
    if not stream:
        assert_error(response, 503, "cold_boot", "model")
    else:
        *_, error, done = response.text.split("\n\n")[:-1]
        assert json.loads(error[6:])["error"]["code"] == "cold_boot"
        assert done == "data: [DONE]"


async def test_a_retry_of_an_sdk_is_held_and_gets_a_status_when_it_fails(client: httpx.AsyncClient, sleeping: ScriptedFleet) -> None:
    boots_in(sleeping, 0.2)
    first = await client.post("/v1/completions", json=BODY, headers={"x-stainless-retry-count": "0"})
    assert_error(first, 503, "cold_boot", "model")
    again = await client.post("/v1/completions", json=BODY | {"stream": True}, headers={"x-stainless-retry-count": "1"})
    assert again.status_code == 200
    assert ": cold_boot" not in again.text


@pytest.mark.parametrize("value", ["", "-1", "1.5", "soon", "901", "1e2", "\u0663", "00000000009"])
async def test_a_header_that_is_no_time_is_refused(client: httpx.AsyncClient, value: str) -> None:
    response = await client.post("/v1/completions", json=BODY, headers={b"X-Wait-For-Model": value.encode()})
    assert_error(response, 400, "invalid_value", "X-Wait-For-Model", "whole seconds from 0 to 900")


async def test_a_request_beyond_its_budget_wakes_nothing(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    await Caps(redis).set_account(api_key[1].account_id, 4)
    assert_error(await client.post("/v1/completions", json=BODY), 429, "budget_exceeded", "account")
    assert not sleeping.wakes


@pytest.mark.parametrize(
    ("body", "status"), [({"temperature": 9}, 400), ({"prompt": ""}, 400), ({"model": "nope"}, 404), ({"max_tokens": 5000}, 400)]
)
async def test_an_invalid_request_wakes_nothing(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, body: dict[str, Any], status: int
) -> None:
    assert (await client.post("/v1/completions", json=BODY | body)).status_code == status
    assert not sleeping.wakes


async def test_a_stranger_wakes_nothing(stranger: httpx.AsyncClient, sleeping: ScriptedFleet) -> None:
    assert_error(await stranger.post("/v1/completions", json=BODY), 401, "invalid_api_key")
    assert_error(await stranger.post("/v1/models/pico/warm"), 401, "invalid_api_key")
    assert not sleeping.wakes


@pytest.mark.parametrize("headers", [{}, {"X-Wait-For-Model": "20"}])
async def test_a_failed_model_says_when_it_is_tried_again_and_nothing_else(
    client: httpx.AsyncClient, fleet: ScriptedFleet, headers: dict[str, str]
) -> None:
    fleet.stand("pico", Standing(State.FAILED, time.time(), retry_after_seconds=7.5, reason="secret reason"))
    response = await client.post("/v1/completions", json=BODY, headers=headers)
    assert_error(response, 503, "circuit_open", "model")
    assert response.headers["retry-after"] == "8"
    assert "secret" not in response.text


async def test_a_boot_that_fails_ends_the_wait(client: httpx.AsyncClient, sleeping: ScriptedFleet) -> None:
    sleeping.on_wake = lambda spec: sleeping.stand(spec.id, Standing(State.FAILED, time.time(), retry_after_seconds=2.0))
    assert_error(await client.post("/v1/completions", json=BODY, headers={"X-Wait-For-Model": "20"}), 503, "circuit_open", "model")


async def test_a_model_that_was_woken_too_often_is_refused(client: httpx.AsyncClient, sleeping: ScriptedFleet) -> None:
    def refuse(spec: ModelSpec) -> None:
        raise EngineBroken("woken 12 times", 1800.0)

    sleeping.on_wake = refuse
    response = await client.post("/v1/completions", json=BODY)
    assert_error(response, 503, "circuit_open", "model")
    assert response.headers["retry-after"] == "60"


async def test_warming_answers_202_with_the_state_as_often_as_one_likes(client: httpx.AsyncClient, sleeping: ScriptedFleet) -> None:
    for _ in range(2):
        response = await client.post("/v1/models/pico/warm")
        assert response.status_code == 202
        assert (response.json()["state"], response.json()["phase"], response.json()["eta_seconds"]) == ("starting", "loading", 12.0)
    sleeping.stand("pico", READY)
    woken = len(sleeping.wakes)
    assert (await client.post("/m/pico/v1/models/pico/warm")).json()["state"] == "ready"
    assert len(sleeping.wakes) == woken
    assert_error(await client.post("/v1/models/nope/warm"), 404, "model_not_found", "model", "pico, other")


async def test_two_hundred_held_requests_take_neither_place_nor_tokens(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, engine: ScriptedEngine, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    sleeping.on_wake = lambda spec: sleeping.stand(spec.id, starting())
    held = [asyncio.create_task(client.post("/v1/completions", json=BODY, headers={"X-Wait-For-Model": "60"})) for _ in range(200)]
    await until(lambda: len(sleeping.wakes) == 200)
    await nothing_used(redis, api_key[1])
    sleeping.stand("pico", READY)
    assert {(await one).status_code for one in held} == {200}
    assert len(engine.jobs) == 200


async def test_a_client_that_leaves_while_it_is_held_costs_nothing(
    client: httpx.AsyncClient, sleeping: ScriptedFleet, engine: ScriptedEngine, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    held = asyncio.create_task(client.post("/v1/completions", json=BODY, headers={"X-Wait-For-Model": "60"}))
    await until(lambda: bool(sleeping.wakes))
    held.cancel()
    await asyncio.wait([held])
    await nothing_used(redis, api_key[1])
    assert not engine.jobs


@pytest.fixture(autouse=True)
async def _enough_time() -> AsyncIterator[None]:
    async with asyncio.timeout(30):
        yield
