"""The circuit breaker: what opens it, what never does, and how it closes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from router import breaker
from router.breaker import DEATHS, Breaker, Circuit
from router.engine import EngineCold, EngineError, EngineTimeout, Job, Sampling
from router.scripted_engine import Script, ScriptedEngine
from router.tokens import Vocabulary
from tests.router.errors import assert_error
from tests.router.server import until

JOB = Job("job-1", (0, 5), Sampling(max_tokens=3))
DEAD = Script(die_after=0)


@pytest.fixture
async def one(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Breaker]:
    monkeypatch.setattr(breaker, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(breaker, "LONGEST_SECONDS", 0.2)
    made = Breaker("pico", ScriptedEngine(vocabulary, DEAD))
    yield made
    made.close()


def engine(one: Breaker) -> ScriptedEngine:
    assert isinstance(one._engine, ScriptedEngine)
    return one._engine


async def run(one: Breaker, times: int = 1) -> None:
    for _ in range(times):
        try:
            async for _ in one.guarded().generate(JOB):
                pass
        except EngineError:
            pass


async def test_an_engine_that_dies_again_and_again_opens_the_circuit(one: Breaker) -> None:
    await run(one, DEATHS - 1)
    assert one.retry_after_seconds is None
    await run(one)
    assert one.circuit == Circuit.OPEN
    assert one.retry_after_seconds == 1.0


async def test_a_success_between_begins_the_count_anew(one: Breaker) -> None:
    await run(one, DEATHS - 1)
    engine(one).script = Script()
    await run(one)
    engine(one).script = DEAD
    await run(one, DEATHS - 1)
    assert one.circuit == Circuit.CLOSED


async def test_many_that_die_at_once_are_one_death(one: Breaker) -> None:
    engine(one).script = Script(hang_after=0)
    running = [asyncio.create_task(run(one)) for _ in range(20)]
    await until(lambda: engine(one).running == 20)
    one.died(0.0)
    began = time.monotonic() - 60
    for _ in range(20):
        one.died(began)
    assert one.circuit == Circuit.CLOSED
    for task in running:
        task.cancel()
    await asyncio.wait(running)


@pytest.mark.parametrize("refusal", [EngineCold("loading"), EngineTimeout("too long"), EngineError("refused")], ids=repr)
async def test_what_is_no_death_never_counts(one: Breaker, refusal: EngineError) -> None:
    engine(one).script = Script(refusal=refusal)
    await run(one, 5 * DEATHS)
    assert one.circuit == Circuit.CLOSED


async def test_callers_who_leave_never_count(one: Breaker) -> None:
    engine(one).script = Script(seconds_per_delta=0.001)
    for _ in range(5 * DEATHS):
        stream = one.guarded().generate(JOB)
        await anext(stream)
        await stream.aclose()
    assert one.circuit == Circuit.CLOSED


async def test_a_canary_that_sings_closes_the_circuit(one: Breaker) -> None:
    await run(one, DEATHS)
    engine(one).script = Script()
    await until(lambda: one.circuit == Circuit.CLOSED)
    assert engine(one).jobs[-1].sampling.max_tokens == 1
    await run(one)
    assert one.circuit == Circuit.CLOSED


async def test_one_that_does_not_keeps_it_open_for_longer_each_time(one: Breaker) -> None:
    await run(one, DEATHS)
    waits: set[float] = set()

    def longest() -> bool:
        waits.add(one._seconds)
        return one._seconds == breaker.LONGEST_SECONDS

    await until(longest)
    assert waits == {0.05, 0.1, 0.2}
    engine(one).script = Script()
    await until(lambda: one.circuit == Circuit.CLOSED)


async def test_a_model_that_is_cold_by_then_is_not_broken(one: Breaker) -> None:
    await run(one, DEATHS)
    engine(one).script = Script(refusal=EngineCold("allocating"))
    await until(lambda: one.circuit == Circuit.CLOSED)


async def test_callers_are_told_and_served_again(
    client: httpx.AsyncClient, follow: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_SECONDS", 0.3)
    body: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 3}
    follow(die_after=0)
    for _ in range(DEATHS):
        response = await client.post("/v1/completions", json=body)
    response = await client.post("/v1/completions", json=body)
    assert_error(response, 503, "circuit_open", "model")
    assert response.headers["retry-after"] == "1"
    assert (await client.get("/v1/models/pico")).json()["state"] == "failed"
    assert (await client.post("/v1/completions", json=body | {"model": "other"})).status_code == 200
    follow()
    async with asyncio.timeout(5):
        while (await client.post("/v1/completions", json=body)).status_code != 200:
            await asyncio.sleep(0.05)
    assert (await client.get("/v1/models/pico")).json()["state"] == "ready"
