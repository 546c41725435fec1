"""What a caller is told of its budget, beside the answer or instead of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets.caps import Caps
from budgets.keys import ApiKey, Keys
from budgets.requests import Balance
from budgets.usage import Usage
from router.scripted_engine import ScriptedEngine
from tests.router.errors import assert_error
from tests.router.server import Call, until

Follow = Callable[..., None]
BODY: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 5}
#: Tokens of "hi".
PROMPT = 3


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_says_what_is_left_of_the_tighter_budget(
    client: httpx.AsyncClient, keys: Keys, api_key: tuple[str, ApiKey], stream: bool
) -> None:
    await keys.update(api_key[1].account_id, api_key[1].id, monthly_tokens=1000)
    response = await client.post("/v1/completions", json=BODY | {"stream": stream})
    told = {name: value for name, value in response.headers.items() if name.startswith("x-ratelimit")}
    reset = told.pop("x-ratelimit-reset-tokens")
    assert told == {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": str(1000 - PROMPT - 5)}
    assert reset.endswith("s")
    assert 0 <= int(reset[:-1]) <= 31 * 86400


@pytest.mark.parametrize("scope", ["key", "account"])
async def test_a_request_over_the_budget_is_told_the_largest_that_fits(
    client: httpx.AsyncClient, redis: Redis, keys: Keys, api_key: tuple[str, ApiKey], scope: str
) -> None:
    key = api_key[1]
    if scope == "key":
        await keys.update(key.account_id, key.id, monthly_tokens=50)
    else:
        await Caps(redis).set_account(key.account_id, 50)
    asked = BODY | {"n": 2, "max_tokens": 24, "ignore_eos": True}
    error = assert_error(await client.post("/v1/completions", json=asked), 429, "budget_exceeded", scope)
    assert (error["type"], error["details"]["needed"], error["details"]["remaining"]) == ("insufficient_quota", PROMPT + 48, 50)
    assert error["details"]["resets_at"].endswith("-01T00:00:00Z")
    largest = (50 - PROMPT) // 2
    assert f"is {largest}." in error["message"]
    response = await client.post("/v1/completions", json=asked | {"max_tokens": largest})
    assert response.json()["usage"]["total_tokens"] == PROMPT + 2 * largest
    refused = await client.post("/v1/completions", json=BODY)
    assert refused.headers["x-should-retry"] == "false"
    assert "prompt alone" in assert_error(refused, 429, "budget_exceeded", scope)["message"] or "is 0." in refused.text


async def test_what_others_hold_is_a_reason_to_come_back(
    client: httpx.AsyncClient, call: Callable[..., Call], keys: Keys, api_key: tuple[str, ApiKey], engine: ScriptedEngine, follow: Follow
) -> None:
    await keys.update(api_key[1].account_id, api_key[1].id, monthly_tokens=20)
    follow(hang_after=1)
    one = call(max_tokens=10)
    task = asyncio.create_task(one.run())
    await until(lambda: engine.running == 1)
    response = await client.post("/v1/completions", json=BODY)
    error = assert_error(response, 429, "budget_reserved", "key")
    assert (error["type"], error["details"]["held"]) == ("rate_limit_error", PROMPT + 10)
    assert 2 <= int(response.headers["retry-after"]) <= 10
    one.leave()
    await task


async def test_the_workload_is_recorded_and_an_unknown_one_ignored(
    client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    for said in ("batch", "interactive", "interactive", "nonsense", ""):
        assert (await client.post("/v1/completions", json=BODY, headers={"x-acs-workload": said})).status_code == 200
    row = (await Usage(redis).of_key(api_key[1].account_id, api_key[1].id)).by_model[0].document()
    assert row["workloads"] == {"batch": 1, "interactive": 2, "unspecified": 2}


def test_an_unbounded_balance_has_no_rate_limit_of_its_own() -> None:
    assert Balance(None, 5, 0).remaining is None
