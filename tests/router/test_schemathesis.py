"""Requests that schemathesis makes from our own document, and its checks of what came back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.router.completion_cases import INT32, INT64
from tests.router.errors import assert_error

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CASES = 200
#: What a request may be refused for that its declared type allows: the model, its context, or another field.
CROSSING = {
    *("stream_options", "best_of", "n", "min_tokens", "max_tokens", "logprob_token_ids", "prompt", "continuations"),
    *("logprobs", "prompt_logprobs", "logit_bias", "stop_token_ids", "tokens", "model"),
}
POSTS = ("/v1/completions", "/v1/score", "/v1/tokenize", "/v1/detokenize")


def narrowed(schema: Any) -> Any:
    """As far as `pico` goes, for else all but no made-up request would get past its model, ids and lengths."""
    if isinstance(schema, list):
        return [narrowed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # Counts go to 2^63 as well; the seed, which may be negative, to where doubles are exact, as schemathesis makes it from one.
    counts = schema.get("exclusiveMaximum") == INT32 or (schema.get("exclusiveMaximum"), schema.get("minimum")) == (INT64, 0)
    bounds = {"exclusiveMaximum": 16} if counts else {}
    bounds |= {"minimum": -(2**53), "exclusiveMaximum": 2**53} if schema.get("minimum") == -INT64 else {}
    bounds |= {"maximum": 100} if schema.get("maximum") == 1000 else {}
    return {name: model_of(one) if name == "model" else narrowed(one) for name, one in schema.items()} | bounds


def model_of(declared: Any) -> Any:
    return {"enum": ["pico", None] if "anyOf" in declared else ["pico"]}


def made(operation: Any, mode: GenerationMode) -> list[Any]:
    """Always the same ones. They are all made before any is sent, as Hypothesis and our event loop do not mix."""
    cases: list[Any] = []

    @settings(
        max_examples=CASES, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


def whole(value: Any) -> Any:
    """JSON schema takes 5.0 for an integer, and our document's own words do not."""
    if isinstance(value, list):
        return [whole(one) for one in value]
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def sent(client: httpx.AsyncClient, case: Any) -> httpx.Response:
    wanted = case.as_transport_kwargs(base_url="http://api")
    body = {"content": wanted["data"]} if "data" in wanted else {"json": wanted["json"]} if "json" in wanted else {}
    headers = {"content-type": case.media_type} if case.media_type else {}
    return await client.request(wanted["method"], wanted["url"], params=wanted.get("params"), headers=headers, **body)


@pytest.fixture
async def document(stranger: httpx.AsyncClient) -> Any:
    """Without its keys, which `test_auth.py` leaves out: here every request has one."""
    document = (await stranger.get("/openapi.json")).json()
    for path in POSTS:
        del document["paths"][path]["post"]["security"]
    return document


@pytest.mark.parametrize("path", POSTS)
async def test_what_breaks_the_document_is_refused_in_shape(client: httpx.AsyncClient, document: Any, path: str) -> None:
    schema = schemathesis.openapi.from_dict(document)
    for case in made(schema[path]["POST"], GenerationMode.NEGATIVE):
        response = await sent(client, case)
        case.validate_response(response, checks=[*CHECKS, negative_data_rejection])
        assert_error(response, response.status_code, response.json()["error"]["code"], response.json()["error"]["param"])


@pytest.mark.parametrize("path", POSTS)
async def test_what_keeps_to_the_document_is_accepted_or_crosses_itself(client: httpx.AsyncClient, document: Any, path: str) -> None:
    operation = document["paths"][path]["post"]
    operation["requestBody"] = narrowed(operation["requestBody"])
    schema = schemathesis.openapi.from_dict(document)
    counts: Counter[int] = Counter()
    for case in made(schema[path]["POST"], GenerationMode.POSITIVE):
        case.body = whole(case.body)
        response = await sent(client, case)
        counts[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        if response.status_code != 200:
            error = assert_error(response, 400, response.json()["error"]["code"], response.json()["error"]["param"])
            assert error["param"] in CROSSING, (error, case.body)
    assert counts[200] > CASES // 4, counts
