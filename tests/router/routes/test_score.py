from __future__ import annotations

from typing import Any

import httpx
import pytest

from router.responses import Score
from router.scripted_engine import ScriptedEngine
from tests.router.errors import assert_error

BODY: dict[str, Any] = {"model": "pico", "prompt": "In the", "continuations": [" beginning", " end"]}


@pytest.mark.parametrize("logprobs", [None, 0, 5])
async def test_an_answer_is_what_the_schema_declares(client: httpx.AsyncClient, logprobs: int | None) -> None:
    response = await client.post("/v1/score", json=BODY | {"logprobs": logprobs})
    Score.model_validate_json(response.content, strict=True)
    answer = response.json()
    assert (answer["object"], answer["model"]) == ("score", "embedded/pico")
    assert answer["system_fingerprint"] == (await client.get("/v1/models/pico")).json()["system_fingerprint"]
    assert response.headers["x-request-id"]


async def test_the_values_are_those_of_echo_and_logprobs(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/v1/score", json=BODY | {"logprobs": 3})).json()
    for text, result in zip(BODY["continuations"], answer["results"], strict=True):
        body = {"model": "pico", "prompt": BODY["prompt"] + text, "max_tokens": 0, "echo": True, "logprobs": 3}
        shown = (await client.post("/v1/completions", json=body)).json()["choices"][0]["logprobs"]
        for name in ("tokens", "token_ids", "token_logprobs", "token_ranks", "top_logprobs", "top_token_ids"):
            assert result[name] == shown[name][-len(result["tokens"]) :]


async def test_the_prompt_is_computed_once_for_all_continuations(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    answer = (await client.post("/v1/score", json=BODY | {"continuations": [" a"] * 128})).json()
    assert (len(answer["results"]), len(engine.jobs), len(engine.jobs[0].tails)) == (128, 1, 1)
    assert answer["usage"]["prompt_tokens"] == len(engine.jobs[0].prompt_ids) + 128


async def test_under_a_models_path_no_model_is_named(client: httpx.AsyncClient) -> None:
    body = {name: BODY[name] for name in ("prompt", "continuations")}
    assert (await client.post("/m/pico/v1/score", json=body)).json() == (await client.post("/v1/score", json=BODY)).json()
    assert_error(await client.post("/m/other/v1/score", json=BODY), 400, "invalid_value", "model")


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"model": "nope"}, 404, "model_not_found", "model"),
        ({"continuations": []}, 400, "invalid_value", "continuations"),
        ({"continuations": [[5]]}, 400, "invalid_value", "continuations"),
        ({"prompt": [4096], "continuations": [[5]]}, 400, "invalid_value", "prompt"),
        ({"stream": None}, 400, "unknown_parameter", "stream"),
        ({"prompt": [5] * 2048, "continuations": [[5]]}, 400, "context_length_exceeded", "prompt"),
    ],
    ids=str,
)
async def test_what_cannot_be_scored_reaches_no_engine(
    client: httpx.AsyncClient, engine: ScriptedEngine, fields: dict[str, Any], status: int, code: str, param: str
) -> None:
    assert_error(await client.post("/v1/score", json=BODY | fields), status, code, param)
    assert engine.jobs == []


async def test_scoring_needs_a_key(stranger: httpx.AsyncClient) -> None:
    assert_error(await stranger.post("/v1/score", json=BODY), 401, "invalid_api_key")
