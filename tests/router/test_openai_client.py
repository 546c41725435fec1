"""The official SDK against the application on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import openai
import pytest
from fastapi import FastAPI

from budgets.keys import ApiKey, Keys
from router.engine import EngineCold
from router.scripted_engine import ScriptedEngine
from tests.router.server import served, until

Follow = Callable[..., None]


@pytest.fixture
async def sdk(app: FastAPI, api_key: tuple[str, ApiKey]) -> AsyncIterator[openai.AsyncOpenAI]:
    async with served(app) as address, openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=api_key[0]) as client:
        yield client


async def test_a_whole_answer(sdk: openai.AsyncOpenAI) -> None:
    answer = await sdk.completions.create(model="pico", prompt="The capital of France is", max_tokens=3, logprobs=5, seed=1)
    assert answer.object == "text_completion"
    assert answer.model == "embedded/pico"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.tokens is not None
    assert logprobs.top_logprobs is not None
    assert [token in top for token, top in zip(logprobs.tokens, logprobs.top_logprobs, strict=True)] == [True] * 3


async def test_a_stream_adds_up_to_the_whole(sdk: openai.AsyncOpenAI) -> None:
    whole = await sdk.completions.create(model="pico", prompt="Once", max_tokens=20, seed=2)
    stream = await sdk.completions.create(
        model="pico", prompt="Once", max_tokens=20, seed=2, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks[:-1]) == whole.choices[0].text
    assert chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason == "length"


async def test_a_reader_who_stops_reading_stops_the_engine(sdk: openai.AsyncOpenAI, engine: ScriptedEngine, follow: Follow) -> None:
    follow(seconds_per_delta=0.01)
    stream = await sdk.completions.create(model="pico", prompt="Once", max_tokens=2000, stream=True)
    async for _ in stream:
        break
    await stream.close()
    await until(lambda: engine.running == 0)
    assert engine.made < 100


async def test_a_waiting_caller_who_gives_up_stops_the_engine(sdk: openai.AsyncOpenAI, engine: ScriptedEngine, follow: Follow) -> None:
    follow(hang_after=0)
    with pytest.raises(openai.APITimeoutError):
        await sdk.with_options(timeout=0.2, max_retries=0).completions.create(model="pico", prompt="Once")
    await until(lambda: engine.running == 0)
    assert engine.closed == len(engine.jobs) == 1


async def test_errors_have_their_code_and_are_not_sent_again(sdk: openai.AsyncOpenAI, engine: ScriptedEngine) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        await sdk.completions.create(model="pico", prompt="a", temperature=3)
    assert (refusal.value.code, refusal.value.param, refusal.value.type) == ("invalid_value", "temperature", "invalid_request_error")
    assert refusal.value.request_id
    with pytest.raises(openai.NotFoundError) as missing:
        await sdk.completions.create(model="gpt-4", prompt="a")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as chat:
        await sdk.chat.completions.create(model="pico", messages=[{"role": "user", "content": "hi"}])
    assert "/v1/completions" in chat.value.message
    with pytest.raises(openai.AuthenticationError):
        await sdk.with_options(api_key="acs-bm-nonsense").completions.create(model="pico", prompt="a")
    assert engine.jobs == []


async def test_a_cold_model_is_asked_again(sdk: openai.AsyncOpenAI, engine: ScriptedEngine, follow: Follow) -> None:
    follow(refusal=EngineCold("loading", 1.0))

    async def boot() -> None:
        await until(lambda: bool(engine.jobs))
        follow()

    booting = asyncio.create_task(boot())
    answer = await sdk.completions.create(model="pico", prompt="a", max_tokens=1)
    await booting
    assert answer.usage is not None
    assert len(engine.jobs) == 2


async def test_a_failure_midway_raises_in_the_middle_of_the_stream(sdk: openai.AsyncOpenAI, follow: Follow) -> None:
    follow(die_after=2)
    stream = await sdk.completions.create(model="pico", prompt="Once", max_tokens=5, stream=True)
    assert [(await anext(stream)).choices[0].finish_reason for _ in range(2)] == [None, None]
    with pytest.raises(openai.APIError, match="engine"):
        await anext(stream)


async def test_the_models_can_be_listed(sdk: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in sdk.models.list()] == ["pico", "other"]
    assert (await sdk.models.retrieve("other")).id == "other"


async def test_a_spent_budget_has_its_code_and_is_not_asked_again(
    sdk: openai.AsyncOpenAI, keys: Keys, api_key: tuple[str, ApiKey], engine: ScriptedEngine
) -> None:
    key = api_key[1]
    await keys.update(key.account_id, key.id, monthly_tokens=10)
    tried: list[httpx.Request] = []
    sdk._client.event_hooks["request"].append(lambda request: noted(tried, request))
    with pytest.raises(openai.RateLimitError) as refusal:
        await sdk.completions.create(model="pico", prompt="hi", max_tokens=20)
    assert (refusal.value.code, refusal.value.type, refusal.value.param) == ("budget_exceeded", "insufficient_quota", "key")
    assert engine.jobs == []
    assert len(tried) == 1


async def noted(tried: list[httpx.Request], request: httpx.Request) -> None:
    tried.append(request)
