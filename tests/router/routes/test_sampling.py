"""One test for each sampling parameter: the value that was sent is the value that an engine is given."""

from __future__ import annotations

import math
from typing import Any

import httpx
import msgspec
import pytest

from router.engine import Job, Sampling
from router.scripted_engine import ScriptedEngine
from router.wire import CompletionRequest

LEAST: dict[str, Any] = {"model": "pico", "prompt": [5, 6, 7], "max_tokens": 2}
INT32, INT64 = 1 << 31, 1 << 63
SMALLEST, NEAR_ONE = 5e-324, math.nextafter(1, 0)

SENT: list[tuple[str, list[Any]]] = [
    ("max_tokens", [0, 1, 17, 2045]),
    ("temperature", [0, 0.0, -0.0, 0.01, 0.1, 1 / 3, 1, NEAR_ONE, 1.9999999999999998, 2]),
    ("top_p", [SMALLEST, 0.1, 1 / 3, NEAR_ONE, 1]),
    ("top_k", [-1, 1, 2, 4095, 4096, 4097, INT32 - 1]),
    ("min_p", [0, -0.0, SMALLEST, 0.05, NEAR_ONE, 1]),
    ("presence_penalty", [-2, -0.1, -0.0, 0, SMALLEST, 1 / 3, 2]),
    ("frequency_penalty", [-2, -0.1, -0.0, 0, SMALLEST, 1 / 3, 2]),
    ("repetition_penalty", [SMALLEST, 0.1, NEAR_ONE, 1, 1.1, 2]),
    ("logit_bias", [{}, {"0": -100}, {"4095": 100, "7": -0.0, "8": 1 / 3, "9": SMALLEST}]),
    ("min_tokens", [0, 1, 2]),
    ("ignore_eos", [True, False]),
    ("stop_token_ids", [[], [0], [4095, 5, 5]]),
    ("stop", [[], ["a"], ["b", "a", "a"], ["\u0000", "é\n", " "], ["a" * 256]]),
    ("skip_special_tokens", [True, False]),
    ("logprobs", [0, 1, 5, 100]),
    ("logprob_token_ids", [[], [4095, 0, 0]]),
    ("prompt_logprobs", [0, 1, 100]),
    ("prompt_logprobs_start", [0, 1, 2, 3, INT32 - 1]),
]


async def given(client: httpx.AsyncClient, engine: ScriptedEngine, fields: dict[str, Any]) -> Sampling:
    """What the engine was given; prompt logprobs are asked too, so that there is an engine's work to do without tokens."""
    response = await client.post("/v1/completions", json={"prompt_logprobs": 0, **LEAST, **fields})
    assert response.status_code == 200, response.text
    return engine.jobs[-1].sampling


def arrived(name: str, value: Any) -> Any:
    """JSON's lists are tuples there, and its keys numbers."""
    if name == "logit_bias":
        return {int(key): bias for key, bias in value.items()}
    return tuple(value) if isinstance(value, list) else value


def same(one: Any, other: Any) -> bool:
    """Also of the same sign, where both are zero."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return bool(one == other) and (not isinstance(other, float) or math.copysign(1, one) == math.copysign(1, other))


@pytest.mark.parametrize(("name", "values"), SENT, ids=[name for name, _ in SENT])
async def test_the_value_reaches_the_engine_unchanged(
    client: httpx.AsyncClient, engine: ScriptedEngine, name: str, values: list[Any]
) -> None:
    default = await given(client, engine, {})
    for value in values:
        sampling = await given(client, engine, {name: value})
        assert same(arrived(name, value), getattr(sampling, name)), value
        others = {name, "logprobs"} if name == "logprob_token_ids" else {name}
        assert all(getattr(sampling, one) == getattr(default, one) for one in {*Sampling.__struct_fields__} - others)


@pytest.mark.parametrize("seed", [0, 1, -1, (1 << 53) + 1, -(1 << 53) - 1, INT32, -INT32 - 1, INT64 - 1, -INT64])
async def test_all_64_bits_of_a_seed_reach_the_engine(client: httpx.AsyncClient, engine: ScriptedEngine, seed: int) -> None:
    await given(client, engine, {"seed": seed, "n": 3})
    assert engine.jobs[-1].seeds == (seed,) * 3
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(engine.jobs[-1]), type=Job) == engine.jobs[-1]


async def test_an_unseeded_request_has_no_seed(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    await given(client, engine, {"n": 2, "seed": None})
    assert engine.jobs[-1].seeds == (None, None)


@pytest.mark.parametrize(
    ("fields", "choices"), [({"n": 1}, 1), ({"n": 16}, 16), ({"best_of": 16}, 16), ({"n": 2, "best_of": 5}, 5)], ids=str
)
async def test_every_choice_that_was_asked_is_asked_of_the_engine(
    client: httpx.AsyncClient, engine: ScriptedEngine, fields: dict[str, int], choices: int
) -> None:
    await given(client, engine, fields)
    assert len(engine.jobs[-1].seeds) == choices


@pytest.mark.parametrize("prompt", [[0, 0, 5], [4095], [[5], [0, 6]]], ids=str)
async def test_ids_reach_the_engine_untouched(client: httpx.AsyncClient, engine: ScriptedEngine, prompt: list[Any]) -> None:
    await given(client, engine, {"prompt": prompt})
    assert sorted(list(job.prompt_ids) for job in engine.jobs) == sorted(prompt if isinstance(prompt[0], list) else [prompt])


@pytest.mark.parametrize(("add", "added"), [(True, 1), (False, 0)])
async def test_special_tokens_are_added_only_where_they_are_wanted(
    client: httpx.AsyncClient, engine: ScriptedEngine, add: bool, added: int
) -> None:
    await given(client, engine, {"prompt": "hi", "add_special_tokens": add})
    assert engine.jobs[-1].prompt_ids.count(0) == added


def test_no_parameter_of_the_engine_goes_untested() -> None:
    assert [name for name, _ in SENT] == list(Sampling.__struct_fields__)
    beside = {"model", "prompt", "seed", "n", "best_of", "add_special_tokens", "echo", "stream", "stream_options", "user", "suffix"}
    beside |= {"return_token_ids", "include_stop_str_in_output"}
    assert CompletionRequest.model_fields.keys() - beside == set(Sampling.__struct_fields__)
