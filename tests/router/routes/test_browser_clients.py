"""What mikupad (opened from a file) and logitloom (served over http) sent from Chromium, but for prompts and names of models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from budgets.keys import ApiKey
from router.catalogue import Catalogue, ModelSpec
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary
from tests.conftest import PICO
from tests.router.byte_tokenizer import write_byte_tokenizer
from tests.router.errors import assert_error
from tests.router.test_tokens import byte_ids

FILE, PAGE = "null", "http://127.0.0.1:8445"
JSON = {"content-type": "application/json"}

MIKUPAD_ASKS = "authorization,content-type"
LOGITLOOM_SNIFFS = "anthropic-dangerous-direct-browser-access,authorization,x-api-key"
LOGITLOOM_ASKS = (
    "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,"
    "x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout"
)
PREFLIGHTS = [
    (FILE, "GET", "/v1/models", MIKUPAD_ASKS),
    (FILE, "POST", "/v1/token/encode", MIKUPAD_ASKS),
    (FILE, "POST", "/v1/internal/token-count", "content-type"),
    (FILE, "POST", "/v1/completions", MIKUPAD_ASKS),
    (FILE, "POST", "/m/pico/v1/completions", MIKUPAD_ASKS),
    (FILE, "POST", "/v1/chat/completions", MIKUPAD_ASKS),
    (PAGE, "GET", "/v1/models", LOGITLOOM_SNIFFS),
    (PAGE, "GET", "/m/pico/models", LOGITLOOM_SNIFFS),
    (PAGE, "POST", "/v1/completions", LOGITLOOM_ASKS),
    (PAGE, "POST", "/v1/chat/completions", LOGITLOOM_ASKS),
]

COUNTED = b'{"prompt":"In the beginning"}', b'{"text":"In the beginning"}'

#: With the "Strict API" box ticked, and with "Token Streaming" on; the key is no part of a body.
STRICT = (
    b'{"model":"pico","prompt":"In the beginning","temperature":0.7,"presence_penalty":0,"frequency_penalty":0,'
    b'"top_p":0.95,"stream":true,"max_tokens":24,"logprobs":10}'
)
SEEDED = STRICT.replace(b'"temperature"', b'"seed":7,"temperature"')
AT_ONCE = STRICT.replace(b'"stream":true', b'"stream":false')
AS_MUCH_AS_IT_LIKES = STRICT.replace(b'"max_tokens":24', b'"max_tokens":1024')
NOT_STRICT = (
    b'{"model":"pico","prompt":"In the beginning","temperature":0.7,"penalize_nl":false,"presence_penalty":0,"frequency_penalty":0,'
    b'"top_p":0.95,"top_k":40,"min_p":0,"stream":true,"max_tokens":24,"logprobs":10,"repetition_penalty":1.1,'
    b'"repetition_penalty_range":256,"ban_eos_token":false}'
)
GREEDY = (
    b'{"model":"pico","prompt":"In the beginning","temperature":0,"presence_penalty":0,"frequency_penalty":0,"top_p":0.95,'
    b'"stream":true,"do_sample":false,"max_tokens":8,"logprobs":10}'
)
MIKUPAD_CHATS = (
    b'{"model":"pico","messages":[{"role":"user","content":"In the beginning"}],"temperature":0.7,"presence_penalty":0,'
    b'"frequency_penalty":0,"top_p":0.95,"stream":true,"max_tokens":8,"logprobs":true,"top_logprobs":10}'
)

LOGITLOOM_HEADERS = {
    **JSON,
    "accept": "application/json",
    "x-stainless-arch": "unknown",
    "x-stainless-lang": "js",
    "x-stainless-os": "Unknown",
    "x-stainless-package-version": "4.97.0",
    "x-stainless-retry-count": "0",
    "x-stainless-runtime": "browser:chrome",
    "x-stainless-runtime-version": "156.0.0",
    "x-stainless-timeout": "600",
}
BASE = b'{\n  "model": "pico",\n  "prompt": "In the beginning",\n  "logprobs": 3,\n  "max_tokens": 3,\n  "temperature": 0\n}'
LOGITLOOM_CHATS = (
    b'{\n  "model": "pico",\n  "messages": [\n    {\n      "role": "user",\n      "content": "In the beginning"\n    }\n  ],\n'
    b'  "logprobs": true,\n  "top_logprobs": 3,\n  "max_tokens": 3,\n  "temperature": 0\n}'
)


@pytest.mark.parametrize(("origin", "method", "path", "asks"), PREFLIGHTS)
async def test_every_preflight_is_granted_what_it_asks(stranger: httpx.AsyncClient, origin: str, method: str, path: str, asks: str) -> None:
    headers = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": asks}
    response = await stranger.options(path, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] in ("*", origin)
    assert method in response.headers["access-control-allow-methods"].split(", ")
    assert response.headers["access-control-allow-headers"] == asks


async def test_mikupad_lists_the_models(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/models", headers={**JSON, "origin": FILE})
    assert [one["id"] for one in response.json()["data"]] == ["pico", "other"]
    assert_readable(response)


async def test_logitloom_finds_the_models_and_takes_the_service_for_no_other(
    stranger: httpx.AsyncClient, api_key: tuple[str, ApiKey]
) -> None:
    both = {"authorization": f"Bearer {api_key[0]}", "x-api-key": api_key[0]}
    for keys in (both, {"x-api-key": api_key[0]}):
        headers = {**keys, "anthropic-dangerous-direct-browser-access": "true", "origin": PAGE}
        response = await stranger.get("/v1/models", headers=headers)
        assert response.status_code == 200
        assert_readable(response)
        assert not {one["owned_by"] for one in response.json()["data"]} & {"koboldcpp", "llamacpp", "vllm", "Hyperbolic"}


@pytest.mark.parametrize("typed", ["", "acs-bm-wro"])
@pytest.mark.parametrize(("path", "counted"), [("token/encode", COUNTED), ("internal/token-count", COUNTED[1:])])
async def test_what_mikupad_tries_in_order_to_count_tokens_is_not_found_with_or_without_a_key(
    stranger: httpx.AsyncClient, path: str, counted: tuple[bytes, ...], typed: str
) -> None:
    for body in counted:
        response = await stranger.post(f"/v1/{path}", content=body, headers={**JSON, "origin": FILE, "authorization": f"Bearer {typed}"})
        assert_error(response, 404, "not_found")
        assert_readable(response)


async def test_what_mikupad_sends_when_it_cancels_is_not_found(stranger: httpx.AsyncClient) -> None:
    response = await stranger.post("/v1/internal/stop-generation", headers={"origin": FILE})
    assert_error(response, 404, "not_found")
    assert_readable(response)


@pytest.mark.parametrize("path", ["/v1/completions", "/m/pico/v1/completions"])
@pytest.mark.parametrize("body", [STRICT, SEEDED, AS_MUCH_AS_IT_LIKES])
async def test_mikupad_finds_ten_tokens_and_the_one_it_shows_among_those_of_every_chunk(
    client: httpx.AsyncClient, follow: Callable[..., None], vocabulary: Vocabulary, path: str, body: bytes
) -> None:
    follow(tokens=tuple(vocabulary.encode(" the beginning" * 512, add_special_tokens=False)))
    response = await client.post(path, content=body, headers={**JSON, "origin": FILE})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.endswith("data: [DONE]\n\n")
    assert_readable(response)
    choices = chunks(response)
    assert sum(len(choice["logprobs"]["tokens"]) for choice in choices) == json.loads(body)["max_tokens"]
    for choice in choices:
        (top,), (logprob,) = choice["logprobs"]["top_logprobs"], choice["logprobs"]["token_logprobs"]
        assert len(top) in (10, 11)
        assert top[choice["text"]] == logprob


async def test_mikupad_shows_a_character_of_several_tokens_once_it_is_whole(
    client: httpx.AsyncClient, follow: Callable[..., None], vocabulary: Vocabulary
) -> None:
    follow(tokens=tuple(byte_ids(vocabulary, "naïve 🦊 — the quick".encode()))[:24])
    choices = chunks(await client.post("/v1/completions", content=STRICT, headers={**JSON, "origin": FILE}))
    shown = [choice["text"] for choice in choices if choice["text"]]
    assert "".join(shown).startswith("naïve 🦊 — the")
    assert not [text for text in shown if "\ufffd" in text]


async def test_mikupad_reads_an_answer_at_once_as_well(client: httpx.AsyncClient) -> None:
    (choice,) = (await client.post("/v1/completions", content=AT_ONCE, headers={**JSON, "origin": FILE})).json()["choices"]
    listed = choice["logprobs"]
    assert len(listed["tokens"]) == len(listed["top_logprobs"]) == 24
    assert [top[token] for top, token in zip(listed["top_logprobs"], listed["tokens"], strict=True)] == listed["token_logprobs"]


async def test_without_its_box_mikupad_shows_which_to_tick(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", content=NOT_STRICT, headers={**JSON, "origin": FILE})
    error = assert_error(response, 400, "unknown_parameter", "penalize_nl", 'In mikupad, tick the "Strict API" box')
    assert [one["param"] for one in error["details"]] == ["penalize_nl", "repetition_penalty_range", "ban_eos_token"]
    assert_readable(response)
    # mikupad takes these digits anywhere in a message for a refused key or an empty budget
    assert not {digits for digits in ("401", "429") if digits in error["message"]}


async def test_at_temperature_zero_mikupad_shows_what_to_choose(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", content=GREEDY, headers={**JSON, "origin": FILE})
    assert_error(response, 400, "unknown_parameter", "do_sample", "choose 0.01")
    assert_readable(response)


@pytest.mark.parametrize(("body", "origin"), [(MIKUPAD_CHATS, FILE), (LOGITLOOM_CHATS, PAGE)])
async def test_a_page_set_to_chat_is_told_that_base_models_do_not(client: httpx.AsyncClient, body: bytes, origin: str) -> None:
    response = await client.post("/v1/chat/completions", content=body, headers={**JSON, "origin": origin})
    assert_error(response, 404, "not_supported", says="/v1/completions")
    assert_readable(response)


@pytest.mark.parametrize("path", ["/v1/completions", "/m/pico/v1/completions"])
async def test_logitloom_finds_as_many_children_as_it_asked_for_at_every_depth(client: httpx.AsyncClient, path: str) -> None:
    response = await client.post(path, content=BASE, headers={**LOGITLOOM_HEADERS, "origin": PAGE})
    assert response.status_code == 200
    assert_readable(response)
    (choice,) = response.json()["choices"]
    assert len(choice["logprobs"]["tokens"]) == len(choice["logprobs"]["top_logprobs"]) == 3
    for token, top in zip(choice["logprobs"]["tokens"], choice["logprobs"]["top_logprobs"], strict=True):
        assert len(top) == 3
        assert max(top, key=lambda one: top[one]) == token


async def test_pages_on_two_models_at_once_get_each_their_own_tokens(
    client: httpx.AsyncClient, fleet: ScriptedFleet, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    spec = ModelSpec(id="bytes", source="lab/bytes", revision="1", max_model_len=2048, path=write_byte_tokenizer(tmp_path))
    other = Vocabulary.load(spec.folder)
    fleet.catalogue = Catalogue(models=(PICO, spec))
    fleet.engines["bytes"] = ScriptedEngine(other)
    own = {"pico": vocabulary, "bytes": other}

    async def ask(model: str, body: bytes) -> tuple[str, dict[str, Any]]:
        sent = body.replace(b"pico", model.encode()).replace(b'"model"', b'"return_token_ids":true,"model"')
        return model, (await client.post("/v1/completions", content=sent, headers=JSON)).json()

    answers = await asyncio.gather(*(ask(model, body) for body in (AT_ONCE, BASE) * 8 for model in own))
    assert len(answers) == 32
    for model, answer in answers:
        (choice,) = answer["choices"]
        assert answer["model"] == {"pico": "embedded/pico", "bytes": "lab/bytes"}[model]
        assert choice["prompt_token_ids"] == own[model].encode("In the beginning")
        assert choice["token_ids"] == choice["logprobs"]["token_ids"]
        assert max(choice["token_ids"]) < own[model].size
        for token_id, token in zip(choice["token_ids"], choice["logprobs"]["tokens"], strict=True):
            assert token == own[model].spell(token_id)


def chunks(response: httpx.Response) -> list[Any]:
    """The choices of the chunks that carry a token, as mikupad takes them one after the other."""
    choices = [json.loads(line[6:])["choices"][0] for line in response.text.splitlines() if line.startswith("data: {")]
    return [choice for choice in choices if choice["logprobs"] and choice["logprobs"]["tokens"]]


def assert_readable(response: httpx.Response) -> None:
    assert response.headers["access-control-allow-origin"] == "*"
