from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from router.scripted_engine import ScriptedEngine
from tests.router.completion_cases import BOOLEANS, INT32, INT64, LEAST
from tests.router.errors import assert_error
from tests.router.generated import Schema, allows, values

NULL = {"type": "null"}
IDS = {"type": "integer", "minimum": 0, "exclusiveMaximum": INT32}
TEXT = {"type": "string", "minLength": 1}
STOP = {"type": "string", "minLength": 1, "maxLength": 256}
PENALTY = {"type": "number", "minimum": -2, "maximum": 2}
COUNT = {"type": "integer", "minimum": 0, "exclusiveMaximum": INT64}
LOGPROBS = {"type": "integer", "minimum": 0, "maximum": 1000}
CHOICES = {"type": "integer", "minimum": 1, "maximum": 16}
REQUIRED = object()


def array(items: Schema, least: int = 0, most: int = 0) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": least} if least else {}) | ({"maxItems": most} if most else {})


#: Contract 2.1: what is accepted beside null, and the default.
DECLARED: dict[str, tuple[list[Schema], Any]] = {
    "model": ([{"type": "string"}], REQUIRED),
    "prompt": ([TEXT, array(TEXT, 1, 64), array(IDS, 1), array(array(IDS, 1), 1, 64)], REQUIRED),
    "max_tokens": ([COUNT], 16),
    "min_tokens": ([COUNT], 0),
    "temperature": ([{"type": "number", "const": 0}, {"type": "number", "minimum": 0.01, "maximum": 2}], 1),
    "top_p": ([{"type": "number", "exclusiveMinimum": 0, "maximum": 1}], 1),
    "top_k": ([{"type": "integer", "const": -1}, {"type": "integer", "minimum": 1, "exclusiveMaximum": INT32}], -1),
    "min_p": ([{"type": "number", "minimum": 0, "maximum": 1}], 0),
    "presence_penalty": ([PENALTY], 0),
    "frequency_penalty": ([PENALTY], 0),
    "repetition_penalty": ([{"type": "number", "exclusiveMinimum": 0, "maximum": 2}], 1),
    "seed": ([{"type": "integer", "minimum": -INT64, "exclusiveMaximum": INT64}], None),
    "n": ([CHOICES], 1),
    "best_of": ([CHOICES], None),
    "stop": ([STOP, array(STOP, most=16)], []),
    "stop_token_ids": ([array(IDS, most=64)], []),
    "logprobs": ([LOGPROBS], None),
    "prompt_logprobs": ([LOGPROBS], None),
    "prompt_logprobs_start": ([COUNT], 0),
    "logprob_token_ids": ([array(IDS, most=128)], []),
    "user": ([{"type": "string", "maxLength": 256}], None),
    "suffix": ([{"type": "string", "const": ""}], ""),
    **{name: ([{"type": "boolean"}], name in {"add_special_tokens", "skip_special_tokens"}) for name in BOOLEANS},
}
#: Objects, of which the bounds are compared one by one.
OBJECTS = ("logit_bias", "stream_options")
#: What a valid value of one field may be refused for: the model, the context, or another field.
ELSEWHERE = {
    *("model", "prompt", "max_tokens", "min_tokens", "n", "best_of", "logprobs", "prompt_logprobs"),
    *("logit_bias", "stop_token_ids", "logprob_token_ids", "stream_options", "continuations", "tokens"),
}
#: What stands beside the value.
BESIDE: list[dict[str, Any]] = [{"max_tokens": 2}, {"stream": True, "max_tokens": 2}, {"prompt": [5, 6], "max_tokens": 1, "seed": 7}]
MINIMAL: dict[str, dict[str, Any]] = {
    "/v1/completions": LEAST,
    "/v1/score": {"model": "pico", "prompt": "hi", "continuations": [" a"]},
    "/v1/tokenize": {"model": "pico", "prompt": "hi"},
    "/v1/detokenize": {"model": "pico", "tokens": [5]},
}


@pytest.fixture
async def document(stranger: httpx.AsyncClient) -> dict[str, Any]:
    answer: dict[str, Any] = (await stranger.get("/openapi.json")).json()
    return answer


def body_of(document: dict[str, Any], path: str = "/v1/completions") -> Schema:
    schema: Schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return schema


async def test_the_document_says_which_routes_take_a_key(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    open_routes = {path for path, ways in document["paths"].items() for way in ways.values() if "security" not in way}
    assert open_routes == {"/health", "/ready", "/version"}


def test_every_field_has_the_contracts_type_bounds_and_default(document: dict[str, Any]) -> None:
    body = body_of(document)
    assert body["properties"].keys() == DECLARED.keys() | set(OBJECTS)
    assert (body["additionalProperties"], body["required"]) == (False, ["model", "prompt"])
    for name, (accepted, default) in DECLARED.items():
        field = body["properties"][name]
        kinds = field.get("anyOf") or [{key: value for key, value in field.items() if key not in {"title", "description"}}]
        assert kinds == [*accepted, *([] if default is REQUIRED else [NULL])], name
        assert field.get("default", REQUIRED if name in body["required"] else None) == default, name


def test_the_objects_are_declared_with_their_entries(document: dict[str, Any]) -> None:
    fields = body_of(document)["properties"]
    bias, options = (next(one for one in fields[name]["anyOf"] if one != NULL) for name in OBJECTS)
    assert (bias["maxProperties"], bias["additionalProperties"]) == (300, {"type": "number", "minimum": -100, "maximum": 100})
    assert options["properties"].keys() == {"include_usage", "continuous_usage_stats"}
    assert options["additionalProperties"] is False
    assert [fields[name]["default"] for name in OBJECTS] == [{}, {}]


@pytest.mark.parametrize("path", MINIMAL)
def test_every_field_is_described_and_every_reference_leads_somewhere(document: dict[str, Any], path: str) -> None:
    body = body_of(document, path)
    nested = [kind for field in body["properties"].values() for kind in field.get("anyOf", ()) if "properties" in kind]
    for schema in (body, *nested):
        assert all(field["description"] for field in schema["properties"].values())
    assert "$ref" not in str(body)
    assert "$defs" not in str(body)


@pytest.mark.parametrize("stream", [False, True])
async def test_every_kind_of_answer_is_declared(client: httpx.AsyncClient, document: dict[str, Any], stream: bool) -> None:
    answers = document["paths"]["/v1/completions"]["post"]["responses"]
    response = await client.post("/v1/completions", json=LEAST | {"stream": stream})
    assert response.headers["content-type"].partition(";")[0] == list(answers["200"]["content"])[stream]
    assert answers["4XX"]["content"] == answers["5XX"]["content"]


async def test_the_declared_default_is_the_one_that_applies(
    client: httpx.AsyncClient, engine: ScriptedEngine, document: dict[str, Any]
) -> None:
    assert (await client.post("/v1/completions", json=LEAST)).status_code == 200
    for name, field in body_of(document)["properties"].items():
        for value in () if name in LEAST else (None, field.get("default")):
            answer = await client.post("/v1/completions", json=LEAST | {name: value})
            assert (answer.status_code, engine.jobs[-1].seeds) == (200, (None,)), name
            assert engine.jobs[-1].sampling == engine.jobs[0].sampling, name


@pytest.mark.parametrize("path", MINIMAL)
async def test_every_value_made_from_the_document_is_taken_or_refused_as_it_says(
    client: httpx.AsyncClient, document: dict[str, Any], path: str
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for name, field in body_of(document, path)["properties"].items():
        for value in (*values(field), *(["pico", "other"] if name == "model" else [])):
            for beside in BESIDE if path == "/v1/completions" else [{}]:
                response = await client.post(path, json=MINIMAL[path] | beside | {name: value})
                counts[name, judged(response, name, allows(field, value))] += 1
    least = 3 if path == "/v1/completions" else 2
    for name in body_of(document, path)["properties"]:
        assert counts[name, "accepted"] >= least, (name, counts)
        assert counts[name, "refused"] >= 3, (name, counts)


def judged(response: httpx.Response, name: str, valid: bool) -> str:
    """What became of the value; fails where the document said otherwise."""
    if response.status_code == 200:
        assert valid, response.request.content[:300]
        return "accepted"
    error = response.json()["error"]
    assert_error(response, 404 if error["code"] == "model_not_found" else 400, error["code"], error["param"])
    assert response.status_code == 404 or response.headers["x-should-retry"] == "false"
    assert error["param"].partition(".")[0] == name or (valid and error["param"] in ELSEWHERE), (error, response.request.content[:300])
    assert not valid or name in ELSEWHERE, (error, response.request.content[:300])
    return "refused elsewhere" if valid else "refused"
