"""Every way a request can end, as the server sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from router import sse
from router.catalogue import Catalogue
from router.engine import EngineBroken, EngineCold, EngineError, EngineReaderSlow
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from tests.conftest import PICO
from tests.router.errors import assert_error
from tests.router.server import Call, until

Follow = Callable[..., None]
BODY: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 5}


def events(body: bytes) -> list[Any]:
    """The stream's events, after a look at its bytes."""
    assert body.endswith(b"\n\n")
    assert b"\r" not in body
    frames = body.decode().split("\n\n")[:-1]
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    assert frames[-1] == "data: [DONE]"
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-1]]


async def made(engine: ScriptedEngine, tokens: int) -> None:
    """Waits until the engine works and has made so many tokens."""
    await until(lambda: engine.running > 0 and engine.made >= tokens)


def assert_let_go(engine: ScriptedEngine) -> None:
    assert engine.running == 0
    assert engine.closed == len(engine.jobs)


async def test_a_stream_runs_to_the_end(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    options = {"stream": True, "logprobs": 2, "seed": 1, "stream_options": {"include_usage": True}}
    response = await client.post("/v1/completions", json=BODY | options)
    assert response.headers["content-type"].startswith("text/event-stream")
    *tokens, usage = events(response.content)
    assert [len(chunk["choices"][0]["logprobs"]["tokens"]) for chunk in tokens] == [1] * 5
    assert tokens[-1]["choices"][0]["finish_reason"] == "length"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 5)
    assert len({(chunk["id"], chunk["created"], chunk["system_fingerprint"]) for chunk in [*tokens, usage]}) == 1
    whole = (await client.post("/v1/completions", json=BODY | {"logprobs": 2, "seed": 1})).json()
    assert whole["choices"][0]["text"] == "".join(chunk["choices"][0]["text"] for chunk in tokens)
    assert whole["usage"] == usage["usage"]
    assert_let_go(engine)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("refusal", "status", "code", "headers"),
    [
        (EngineCold("loading", 20.0), 503, "cold_boot", {"retry-after": "12"}),
        (EngineCold("loading", 0.1), 503, "cold_boot", {"retry-after": "1"}),
        (EngineCold("loading", 9999.0), 503, "cold_boot", {"retry-after": "60"}),
        (EngineCold("allocating"), 503, "cold_boot", {"retry-after": "30"}),
        (EngineBroken("secret reason", 7.2), 503, "circuit_open", {"retry-after": "8"}),
        (EngineError("secret reason"), 502, "engine_error", {}),
    ],
)
async def test_an_engine_that_refuses_gives_a_status(
    client: httpx.AsyncClient, follow: Follow, stream: bool, refusal: EngineError, status: int, code: str, headers: dict[str, str]
) -> None:
    follow(refusal=refusal)
    response = await client.post("/v1/completions", json=BODY | {"stream": stream})
    assert_error(response, status, code, "model" if status == 503 else None)
    assert "secret" not in response.text
    assert {name: response.headers.get(name) for name in headers} == headers


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_dies_before_the_first_token_gives_a_status(
    client: httpx.AsyncClient, engine: ScriptedEngine, follow: Follow, stream: bool
) -> None:
    follow(die_after=0)
    assert_error(await client.post("/v1/completions", json=BODY | {"stream": stream}), 502, "engine_error")
    assert len(engine.jobs) == 2
    assert_let_go(engine)


async def test_one_death_before_the_first_token_goes_unnoticed(client: httpx.AsyncClient, follow: Follow) -> None:
    follow(die_after=0, deaths=1)
    assert (await client.post("/v1/completions", json=BODY)).json()["usage"]["completion_tokens"] == 5


READER_SLOW: dict[str, Any] = {"die_after": 3, "death": EngineReaderSlow}


@pytest.mark.parametrize(
    ("fault", "code"), [({"die_after": 3}, "engine_error"), ({"lose": 3}, "engine_error"), (READER_SLOW, "reader_too_slow")], ids=str
)
async def test_a_failure_midway_is_an_event_and_the_stream_still_ends(
    client: httpx.AsyncClient, engine: ScriptedEngine, follow: Follow, fault: dict[str, Any], code: str
) -> None:
    follow(**fault)
    *tokens, failure = events((await client.post("/v1/completions", json=BODY | {"stream": True})).content)
    assert len(tokens) == 3
    assert failure["error"]["code"] == code
    assert_let_go(engine)


async def test_a_failure_midway_of_a_whole_answer_is_a_status(client: httpx.AsyncClient, engine: ScriptedEngine, follow: Follow) -> None:
    follow(die_after=3)
    assert_error(await client.post("/v1/completions", json=BODY), 502, "engine_error")
    assert_let_go(engine)


async def test_an_engine_that_fails_in_an_unknown_way_says_nothing(client: httpx.AsyncClient, follow: Follow) -> None:
    follow(refusal=ZeroDivisionError("secret reason"))
    response = await client.post("/v1/completions", json=BODY)
    assert_error(response, 500, "internal_error")
    assert "secret" not in response.text


@pytest.mark.parametrize(("stream", "hang_after"), [(False, 0), (False, 2), (True, 0)])
async def test_a_request_that_runs_too_long_is_ended(
    client: httpx.AsyncClient, engine: ScriptedEngine, fleet: ScriptedFleet, follow: Follow, stream: bool, hang_after: int
) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"max_request_seconds": 0.05}),))
    follow(hang_after=hang_after)
    assert_error(await client.post("/v1/completions", json=BODY | {"stream": stream}), 504, "timeout")
    assert_let_go(engine)


async def test_a_stream_that_runs_too_long_ends_with_an_event(
    client: httpx.AsyncClient, engine: ScriptedEngine, fleet: ScriptedFleet, follow: Follow
) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"max_request_seconds": 0.05}),))
    follow(hang_after=2)
    got = events((await client.post("/v1/completions", json=BODY | {"stream": True})).content)
    assert [("error" in one) for one in got] == [False, False, True]
    assert got[-1]["error"]["code"] == "timeout"
    assert_let_go(engine)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("hang_after", [0, 2])
async def test_a_client_that_leaves_while_it_waits_stops_the_engine(
    call: Callable[..., Call], engine: ScriptedEngine, follow: Follow, stream: bool, hang_after: int
) -> None:
    follow(hang_after=hang_after)
    one = call(stream=stream)
    task = asyncio.create_task(one.run())
    await made(engine, hang_after)
    one.leave()
    await asyncio.wait_for(task, 1)
    assert_let_go(engine)
    assert b"[DONE]" not in one.body


async def test_a_client_that_leaves_midway_stops_the_engine(call: Callable[..., Call], engine: ScriptedEngine, follow: Follow) -> None:
    follow(seconds_per_delta=0.005)
    one = call(stream=True, max_tokens=500)
    one.leaves_after = 4
    await asyncio.wait_for(one.run(), 5)
    assert_let_go(engine)
    assert engine.made < 10


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("breaks_after", [0, 1, 3])
async def test_a_connection_that_breaks_stops_the_engine(
    call: Callable[..., Call], engine: ScriptedEngine, stream: bool, breaks_after: int
) -> None:
    one = call(stream=stream, max_tokens=50)
    one.breaks_after = breaks_after
    await asyncio.wait_for(one.run(), 5)
    assert_let_go(engine)
    assert stream is False or engine.made < 10


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("hang_after", [0, 2])
async def test_a_cancelled_request_stops_the_engine(
    call: Callable[..., Call], engine: ScriptedEngine, follow: Follow, stream: bool, hang_after: int
) -> None:
    follow(hang_after=hang_after)
    task = asyncio.create_task(call(stream=stream).run())
    await made(engine, hang_after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_let_go(engine)


async def test_a_reader_that_stalls_is_cut(call: Callable[..., Call], engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sse.STALL_SECONDS == 30
    monkeypatch.setattr(sse, "STALL_SECONDS", 0.05)
    one = call(stream=True, max_tokens=50)
    one.stalls_after = 3
    await asyncio.wait_for(one.run(), 5)
    assert len(one.sent) == 3
    assert_let_go(engine)
