from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from router.responses import Completion
from router.scripted_engine import ScriptedEngine
from tests.router.errors import assert_error
from tests.router.test_tokens import byte_ids

BODY: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 4}


async def test_an_answer_is_what_the_schema_declares(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", json=BODY | {"logprobs": 3, "user": "me"})
    Completion.model_validate_json(response.content, strict=True)
    answer = response.json()
    assert answer["id"].startswith("cmpl-")
    assert answer["system_fingerprint"].startswith("fp_")
    assert answer["user"] == "me"
    assert {len(top) for top in answer["choices"][0]["logprobs"]["top_token_ids"]} <= {3, 4}


async def test_the_same_seed_gives_the_same_tokens(client: httpx.AsyncClient) -> None:
    async def text(seed: int) -> str:
        return str((await client.post("/v1/completions", json=BODY | {"seed": seed})).json()["choices"][0]["text"])

    assert await text(1) == await text(1)
    assert len({await text(seed) for seed in range(5)}) > 1


async def test_zero_tokens_ask_no_engine(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    answer = (await client.post("/v1/completions", json=BODY | {"max_tokens": 0, "logprobs": 1})).json()
    assert (answer["choices"][0]["text"], answer["choices"][0]["finish_reason"]) == ("", "length")
    assert answer["choices"][0]["logprobs"]["tokens"] == []
    assert answer["usage"]["completion_tokens"] == 0
    assert engine.jobs == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_stop_string_ends_the_engine_and_the_text_alike(
    client: httpx.AsyncClient, follow: Callable[..., None], vocabulary: Any, stream: bool
) -> None:
    follow(tokens=tuple(byte_ids(vocabulary, "naïve — END and more".encode())))
    body = BODY | {"max_tokens": 50, "stop": ["END"], "logprobs": 0, "stream": stream}
    response = await client.post("/v1/completions", json=body)
    parts = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")] if stream else [response.json()]
    choices = [part["choices"][0] for part in parts]
    assert "".join(choice["text"] for choice in choices) == "naïve — "
    assert (choices[-1]["finish_reason"], choices[-1]["stop_reason"]) == ("stop", "END")
    assert [token for choice in choices for token in choice["logprobs"]["tokens"]][-3:] == ["E", "N", "D"]


async def test_an_unknown_model_is_told_which_there_are(client: httpx.AsyncClient) -> None:
    error = assert_error(await client.post("/v1/completions", json=BODY | {"model": "gpt" * 999}), 404, "model_not_found", "model")
    assert "pico, other" in error["message"]
    assert len(error["message"]) < 300


async def test_several_faults_come_together(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", json=BODY | {"top_p": 2, "top": 1})
    error = assert_error(response, 400, "invalid_value", "top_p")
    assert [fault["code"] for fault in error["details"]] == ["invalid_value", "unknown_parameter"]
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_chat_is_pointed_to_completions(client: httpx.AsyncClient, method: str) -> None:
    assert_error(await client.request(method, "/v1/chat/completions"), 404, "not_supported", says="/v1/completions")


async def test_many_requests_at_once_are_kept_apart(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    async def one(seed: int) -> str:
        return str((await client.post("/v1/completions", json=BODY | {"seed": seed})).json()["choices"][0]["text"])

    together = await asyncio.gather(*(one(seed) for seed in range(40)))
    assert together[:3] == [await one(seed) for seed in range(3)]
    assert engine.running == 0
