"""What is held, refused and charged, whatever the end: judged by the ledger and by what the caller was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets import redis_keys
from budgets.audit import Auditor
from budgets.keys import ApiKey, Keys
from budgets.usage import Report, Usage
from router import sse
from router.engine import EngineBroken, EngineCold, EngineReaderSlow
from router.scripted_engine import ScriptedEngine
from tests.router.server import Call, until

Follow = Callable[..., None]
BODY: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 5}
#: Tokens of "hi".
PROMPT = 3


async def report(redis: Redis, key: ApiKey) -> Report:
    """What the ledger says, after a look at its sums."""
    assert await Auditor(redis).audit(key.account_id) == []
    return await Usage(redis).of_key(key.account_id, key.id)


async def charged(redis: Redis, key: ApiKey) -> tuple[int, int, int, int]:
    """Requests, errors, prompt and completion tokens; nothing may be held."""
    found = await report(redis, key)
    assert found.key is not None
    assert (found.key.balance.held, found.account.balance.held) == (0, 0)
    counts = found.by_model[0].counts if found.by_model else {}
    prompt, completion = counts.get("prompt_tokens", 0), counts.get("completion_tokens", 0)
    assert found.key.balance.used == found.account.balance.used == prompt + completion
    return counts.get("requests", 0), counts.get("errors", 0), prompt, completion


WHOLE: list[tuple[dict[str, Any], int, int]] = [
    ({}, PROMPT, 5),
    ({"max_tokens": 0}, PROMPT, 0),
    ({"max_tokens": 0, "echo": True, "logprobs": 2}, PROMPT, 0),
    ({"prompt_logprobs": 1}, PROMPT, 5),
    ({"n": 3}, PROMPT, 15),
    ({"n": 2, "best_of": 4}, PROMPT, 20),
    ({"prompt": ["hi", "hi"], "n": 2}, 2 * PROMPT, 20),
    ({"prompt": [[5]] * 64, "max_tokens": 1}, 64, 64),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fields", "prompt", "completion"), WHOLE, ids=lambda one: str(one)[:40])
async def test_what_usage_says_is_what_is_charged(
    client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey], stream: bool, fields: dict[str, Any], prompt: int, completion: int
) -> None:
    if stream and "best_of" in fields:
        return assert_charges(await charged(redis, api_key[1]), 0, 0)
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    response = await client.post("/v1/completions", json=BODY | {"ignore_eos": True} | fields | options)
    usage = response.json()["usage"] if not stream else last_usage(response.text)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (prompt, completion)
    assert await charged(redis, api_key[1]) == (1, 0, prompt, completion)


async def in_line(redis: Redis, key: ApiKey) -> None:
    """Waits until a request of the key waits, 5 s at most."""
    async with asyncio.timeout(5):
        while not await redis.zcard(redis_keys.queue(key.account_id, key.id)):
            await asyncio.sleep(0.005)


def assert_charges(found: tuple[int, int, int, int], prompt: int, completion: int) -> None:
    assert found[2:] == (prompt, completion)


def last_usage(text: str) -> Any:
    return json.loads(text.split("\n\n")[-3].removeprefix("data: "))["usage"]


async def test_a_score_charges_its_prompt_once_and_every_continuation(
    client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    body = {"model": "pico", "prompt": [5, 6, 7], "continuations": [[8], [9, 10], [8]]}
    usage = (await client.post("/v1/score", json=body)).json()["usage"]
    assert usage["prompt_tokens"] == 7
    assert await charged(redis, api_key[1]) == (1, 0, 7, 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"refusal": EngineCold("loading")}, (0, 0, 0, 0)),
        ({"refusal": EngineBroken("no", 1)}, (1, 1, 0, 0)),
        ({"die_after": 0}, (1, 1, 0, 0)),
        ({"die_after": 3}, (1, 1, PROMPT, 3)),
    ],
    ids=str,
)
async def test_a_failure_of_ours_charges_what_was_made_and_a_cold_model_is_none(
    client: httpx.AsyncClient,
    redis: Redis,
    api_key: tuple[str, ApiKey],
    follow: Follow,
    stream: bool,
    script: dict[str, Any],
    expected: tuple[int, int, int, int],
) -> None:
    follow(**script)
    await client.post("/v1/completions", json=BODY | {"stream": stream})
    assert await charged(redis, api_key[1]) == expected


async def test_a_reader_that_is_too_slow_pays_what_was_made_and_is_no_failure_of_ours(
    client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey], follow: Follow
) -> None:
    follow(die_after=3, death=EngineReaderSlow)
    await client.post("/v1/completions", json=BODY | {"stream": True})
    assert await charged(redis, api_key[1]) == (1, 0, PROMPT, 3)


async def test_a_refused_body_holds_nothing_and_counts_nothing(
    client: httpx.AsyncClient, redis: Redis, api_key: tuple[str, ApiKey]
) -> None:
    await client.post("/v1/completions", json=BODY | {"n": 17})
    assert await charged(redis, api_key[1]) == (0, 0, 0, 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("hang_after", [0, 2])
async def test_who_leaves_pays_what_was_made(
    call: Callable[..., Call],
    redis: Redis,
    api_key: tuple[str, ApiKey],
    engine: ScriptedEngine,
    follow: Follow,
    stream: bool,
    hang_after: int,
) -> None:
    follow(hang_after=hang_after)
    one = call(stream=stream)
    task = asyncio.create_task(one.run())
    await until(lambda: engine.running > 0 and engine.made >= hang_after)
    one.leave()
    await asyncio.wait_for(task, 2)
    assert await charged(redis, api_key[1]) == (1, 0, PROMPT, hang_after)


@pytest.mark.parametrize("fault", ["breaks_after", "stalls_after"])
async def test_a_reader_that_is_gone_or_stalls_is_no_error_of_ours(
    call: Callable[..., Call], redis: Redis, api_key: tuple[str, ApiKey], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(sse, "STALL_SECONDS", 0.05)
    one = call(stream=True, max_tokens=50)
    setattr(one, fault, 3)
    await asyncio.wait_for(one.run(), 5)
    requests, errors, prompt, completion = await charged(redis, api_key[1])
    assert (requests, errors, prompt) == (1, 0, PROMPT)
    assert 2 <= completion < 10


@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_that_is_paused_ends_what_it_runs(
    client: httpx.AsyncClient,
    keys: Keys,
    redis: Redis,
    api_key: tuple[str, ApiKey],
    engine: ScriptedEngine,
    follow: Follow,
    stream: bool,
) -> None:
    follow(hang_after=2)
    key = api_key[1]
    asked = asyncio.create_task(client.post("/v1/completions", json=BODY | {"stream": stream}))
    await until(lambda: engine.made == 2)
    await keys.pause(key.account_id, key.id)
    response = await asyncio.wait_for(asked, 5)
    assert response.status_code == (200 if stream else 403)
    assert '"code":"key_paused"' in response.text
    assert await charged(redis, key) == (1, 0, PROMPT, 2)


async def test_who_leaves_while_waiting_for_a_place_pays_nothing(
    call: Callable[..., Call], redis: Redis, api_key: tuple[str, ApiKey], engine: ScriptedEngine, follow: Follow
) -> None:
    follow(hang_after=1)
    running = [call() for _ in range(8)]
    tasks = [asyncio.create_task(one.run()) for one in running]
    await until(lambda: engine.running == 8)
    waiting = call()
    waiter = asyncio.create_task(waiting.run())
    await in_line(redis, api_key[1])
    assert len(engine.jobs) == 8
    waiting.leave()
    await asyncio.wait_for(waiter, 2)
    for one in running:
        one.leave()
    await asyncio.gather(*tasks)
    assert await charged(redis, api_key[1]) == (8, 0, 8 * PROMPT, 8)


async def test_the_ninth_request_of_a_key_waits_for_a_place(
    client: httpx.AsyncClient, call: Callable[..., Call], engine: ScriptedEngine, follow: Follow
) -> None:
    follow(seconds_per_delta=0.1)
    answers = await asyncio.gather(*(client.post("/v1/completions", json=BODY) for _ in range(9)))
    waits = sorted(int(answer.headers["x-queue-wait-ms"]) for answer in answers)
    assert waits[7] == 0 < waits[8]
