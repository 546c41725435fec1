from __future__ import annotations

import httpx
import pytest
from pydantic import BaseModel

from router.scripted_engine import ScriptedEngine
from router.tokenizer_wire import DetokenizeRequest, TokenizeRequest
from router.wire import CompletionRequest, ScoreRequest
from tests.router.errors import assert_error


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/v1", "/v1/", "/v1/completions/", "/v1/edits", "/docs", "/redoc", "/v1/models/", "/%00", "//"]
)
async def test_every_other_path_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert_error(await client.get(path), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/completions"), ("DELETE", "/v1/models"), ("POST", "/health"), ("PUT", "/ready")])
async def test_another_method_is_not_allowed(client: httpx.AsyncClient, method: str, path: str) -> None:
    response = await client.request(method, path)
    assert_error(response, 405, "method_not_allowed")
    assert response.headers["allow"]


async def test_every_response_has_an_id_that_is_ours(client: httpx.AsyncClient) -> None:
    ids = set()
    for path in ("/health", "/nope", "/v1/models"):
        response = await client.get(path, headers={"x-request-id": "theirs"})
        ids.add(response.headers["x-request-id"])
        assert len(response.headers.get_list("x-request-id")) == 1
    assert len(ids) == 3
    assert "theirs" not in ids


async def test_the_engine_is_told_whose_job_it_is(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    completion = await client.post("/v1/completions", json={"model": "pico", "prompt": ["a", "b"], "max_tokens": 1})
    score = await client.post("/v1/score", json={"model": "pico", "prompt": "a", "continuations": [" b"]})
    ids = [one.headers["x-request-id"] for one in (completion, completion, score)]
    assert [job.request_id for job in engine.jobs] == ids


PATHS = {
    *("/v1/completions", "/v1/score", "/v1/tokenize", "/v1/detokenize", "/v1/tokenizer_info"),
    *("/v1/models", "/v1/models/{id}", "/v1/models/{id}/warm", "/v1/usage", "/health", "/ready", "/version"),
}
BODIES: dict[str, type[BaseModel]] = {
    "/v1/completions": CompletionRequest,
    "/v1/score": ScoreRequest,
    "/v1/tokenize": TokenizeRequest,
    "/v1/detokenize": DetokenizeRequest,
}


async def test_the_openapi_document_names_every_route_once(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/openapi.json")).json()
    assert set(document["paths"]) == PATHS
    assert "HTTPValidationError" not in str(document)


@pytest.mark.parametrize("path", BODIES)
async def test_the_openapi_document_comes_from_the_declared_types(stranger: httpx.AsyncClient, path: str) -> None:
    document = (await stranger.get("/openapi.json")).json()
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"].keys() == BODIES[path].model_fields.keys()
    assert schema["additionalProperties"] is False
    assert all(field["description"] for field in schema["properties"].values())
