from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from router.scripted_engine import ScriptedFleet
from tests.router.errors import assert_error

PAGE = {"origin": "https://page.example"}
PREFLIGHT = {**PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-os"}
OPEN_PATHS = ["/v1/completions", "/v1/models", "/v1/nope", "/m/pico/v1/completions", "/m/pico/tokenize", "/tokenize", "/detokenize"]
CLOSED_PATHS = ["/health", "/ready", "/version", "/openapi.json", "/", "/v1x", "/mine", "/tokenizer", "/login", "/-/routes"]


@pytest.mark.parametrize("path", [*OPEN_PATHS, "/tokenizer_info"])
async def test_a_preflight_needs_no_key_and_gets_its_headers_back(stranger: httpx.AsyncClient, path: str) -> None:
    response = await stranger.options(path, headers=PREFLIGHT)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "authorization,x-stainless-os"
    assert response.headers["access-control-max-age"] == "600"
    assert response.headers["x-request-id"]
    assert "access-control-allow-credentials" not in response.headers


async def test_a_preflight_may_ask_for_the_private_network(stranger: httpx.AsyncClient) -> None:
    response = await stranger.options("/v1/models", headers={**PREFLIGHT, "access-control-request-private-network": "true"})
    assert response.headers["access-control-allow-private-network"] == "true"


async def test_a_preflight_for_no_method_at_all_has_the_shape_of_every_failure(stranger: httpx.AsyncClient) -> None:
    response = await stranger.options("/v1/models", headers={**PREFLIGHT, "access-control-request-method": "BREW"})
    assert_error(response, 405, "method_not_allowed", says="BREW")
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", CLOSED_PATHS)
async def test_other_routes_are_closed_to_pages_from_elsewhere(stranger: httpx.AsyncClient, path: str) -> None:
    for response in (await stranger.options(path, headers=PREFLIGHT), await stranger.get(path, headers=PAGE)):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://page.example", "null", "http://127.0.0.1:3000"])
async def test_any_page_may_read_an_answer_and_its_headers(client: httpx.AsyncClient, origin: str) -> None:
    response = await client.get("/v1/models", headers={"origin": origin})
    assert response.headers["access-control-allow-origin"] == "*"
    assert set(response.headers["access-control-expose-headers"].split(", ")) == {
        *("x-request-id", "retry-after", "x-queue-wait-ms"),
        *("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    }
    assert "access-control-allow-credentials" not in response.headers


async def test_a_page_may_read_a_stream(client: httpx.AsyncClient) -> None:
    body = {"model": "pico", "prompt": "hi", "max_tokens": 2, "stream": True}
    response = await client.post("/v1/completions", json=body, headers=PAGE)
    assert response.text.endswith("data: [DONE]\n\n")
    assert response.headers["access-control-allow-origin"] == "*"


async def test_a_client_that_is_no_page_gets_no_such_headers(client: httpx.AsyncClient) -> None:
    assert "access-control-allow-origin" not in (await client.get("/v1/models")).headers


async def test_a_page_may_read_every_refusal(client: httpx.AsyncClient, fleet: ScriptedFleet, app: FastAPI) -> None:
    @app.get("/v1/broken")
    async def break_down() -> None:
        raise RuntimeError("a secret reason")

    client.headers["origin"] = "null"
    refusals = [
        (await client.post("/v1/tokenize", json={}), 400, "missing_parameter"),
        (await client.get("/v1/models", headers={"authorization": "Bearer no"}), 401, "invalid_api_key"),
        (await client.get("/v1/nope"), 404, "not_found"),
        (await client.delete("/v1/models"), 405, "method_not_allowed"),
        (await client.post("/v1/tokenize", content=b"{}"), 415, "unsupported_media_type"),
        (await client.get("/v1/broken"), 500, "internal_error"),
    ]
    for response, status, code in refusals:
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert response.headers["access-control-allow-origin"] == "*"
        assert "x-request-id" in response.headers["access-control-expose-headers"]
        assert response.headers["x-request-id"]
