from __future__ import annotations

from typing import Any

import pytest

from router.errors import InvalidRequest
from router.tokens import Vocabulary
from router.validation import ValidCompletion, parse, validate
from tests.conftest import OTHER, PICO

LEAST: dict[str, Any] = {"model": "pico", "prompt": "hi"}

REFUSED = [
    # what is sent beside model and prompt, the parameter, the code, a part of the message
    ({"model": None}, "model", "missing_parameter", "'model' is required"),
    ({"model": 5}, "model", "invalid_value", "5 was given"),
    ({"prompt": None}, "prompt", "missing_parameter", "'prompt' is required"),
    ({"prompt": ""}, "prompt", "invalid_value", "send [0] for an unconditional sample"),
    ({"prompt": ["a"]}, "prompt", "invalid_value", '["a"] was given'),
    ({"prompt": {"a": 1}}, "prompt", "invalid_value", "must be a string"),
    ({"max_tokens": -1}, "max_tokens", "invalid_value", "at least 0; -1 was given"),
    ({"max_tokens": 16.0}, "max_tokens", "invalid_value", "16.0 was given"),
    ({"max_tokens": "16"}, "max_tokens", "invalid_value", '"16" was given'),
    ({"max_tokens": True}, "max_tokens", "invalid_value", "an integer, not a boolean"),
    ({"temperature": -0.1}, "temperature", "invalid_value", "-0.1 was given"),
    ({"temperature": 2.1}, "temperature", "invalid_value", "from 0.01 to 2"),
    ({"temperature": 0.009}, "temperature", "invalid_value", "the engine would run anything between 0 and 0.01 as 0.01"),
    ({"temperature": 1e-300}, "temperature", "invalid_value", "1e-300 was given"),
    ({"temperature": "0.3"}, "temperature", "invalid_value", '"0.3" was given'),
    ({"temperature": True}, "temperature", "invalid_value", "a number, not a boolean"),
    ({"top_p": 0}, "top_p", "invalid_value", "above 0"),
    ({"top_p": 1.01}, "top_p", "invalid_value", "at most 1"),
    ({"top_k": 0}, "top_k", "invalid_value", "-1 (off)"),
    ({"top_k": -2}, "top_k", "invalid_value", "-2 was given"),
    ({"top_k": 1 << 31}, "top_k", "invalid_value", "2147483648 was given"),
    ({"min_p": -0.1}, "min_p", "invalid_value", "from 0 to 1"),
    ({"min_p": 1.1}, "min_p", "invalid_value", "from 0 to 1"),
    ({"seed": 1 << 63}, "seed", "invalid_value", "64 bits"),
    ({"seed": -(1 << 63) - 1}, "seed", "invalid_value", "64 bits"),
    ({"seed": 0.5}, "seed", "invalid_value", "0.5 was given"),
    ({"stop": ""}, "stop", "invalid_value", '"" was given'),
    ({"stop": ["a", ""]}, "stop", "invalid_value", "each of 1 to 256"),
    ({"stop": ["a", 5]}, "stop", "invalid_value", "5 was given"),
    ({"stop": [None]}, "stop", "invalid_value", "null was given"),
    ({"stop": ["a"] * 17}, "stop", "invalid_value", "up to 16"),
    ({"stop": "a" * 257}, "stop", "invalid_value", "1 to 256"),
    ({"stop": 5}, "stop", "invalid_value", "5 was given"),
    ({"logprobs": True}, "logprobs", "invalid_value", "an integer, not a boolean"),
    ({"logprobs": -1}, "logprobs", "invalid_value", "-1 was given"),
    ({"logprobs": 101}, "logprobs", "invalid_value", "from 0 to 100"),
    ({"stream": 1}, "stream", "invalid_value", "true or false"),
    ({"stream": "true"}, "stream", "invalid_value", "true or false"),
    ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value", "only together with 'stream'"),
    ({"stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage", "invalid_value", "1 was given"),
    ({"stream": True, "stream_options": []}, "stream_options", "invalid_value", "an object"),
    ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter", "not a parameter"),
    ({"user": "a" * 257}, "user", "invalid_value", "at most 256"),
    ({"user": 5}, "user", "invalid_value", "5 was given"),
    ({"temprature": 1}, "temprature", "unknown_parameter", "Did you mean 'temperature'?"),
    ({"zzz": None}, "zzz", "unknown_parameter", "'zzz' is not a parameter of this API."),
    ({"n": 1}, "n", "unknown_parameter", "'n' is not available yet"),
    ({"best_of": 2}, "best_of", "unknown_parameter", "not available yet"),
    ({"echo": False}, "echo", "unknown_parameter", "not available yet"),
    ({"max_tokens": 2046}, "max_tokens", "context_length_exceeded", "3 tokens and max_tokens (2046) must together be at most 2048"),
    ({"prompt": "a b " * 2000}, "prompt", "context_length_exceeded", "(1) must together be at most 2048"),
    ({"prompt": "a" * 1_000_000}, "prompt", "context_length_exceeded", "at least"),
]


async def validated(vocabulary: Vocabulary, **fields: Any) -> ValidCompletion:
    return await validate(parse({**LEAST, **fields}), PICO, vocabulary, "account")


@pytest.mark.parametrize(("fields", "param", "code", "says"), REFUSED, ids=[f"{row[1]}-{str(row[0])[:40]}" for row in REFUSED])
async def test_refused(vocabulary: Vocabulary, fields: dict[str, Any], param: str, code: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await validated(vocabulary, **fields)
    error = refusal.value
    assert (error.param, error.code, error.details) == (param, code, None)
    assert says in error.message
    assert len(error.message) < 400


ACCEPTED = [
    {"max_tokens": 0},
    {"max_tokens": 2045},
    {"temperature": 0},
    {"temperature": 0.01},
    {"temperature": 2},
    {"top_p": 1},
    {"top_k": -1},
    {"top_k": (1 << 31) - 1},
    {"min_p": 1},
    {"seed": -1},
    {"seed": -(1 << 63)},
    {"stop": []},
    {"stop": ["a" * 256] * 16},
    {"logprobs": 0},
    {"logprobs": 100},
    {"stream_options": {}},
    {"stream_options": {"include_usage": None}},
    {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": False}},
    {"user": ""},
]


@pytest.mark.parametrize("fields", ACCEPTED, ids=str)
async def test_accepted(vocabulary: Vocabulary, fields: dict[str, Any]) -> None:
    job = (await validated(vocabulary, **fields)).job
    for name in {"max_tokens", "temperature", "top_p", "top_k", "min_p", "logprobs"} & set(fields):
        assert getattr(job.sampling, name) == fields[name]


async def test_null_means_absent_everywhere(vocabulary: Vocabulary) -> None:
    names = ["max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "logprobs", "stream", "stream_options", "user", "n"]
    nulls = await validated(vocabulary, **dict.fromkeys(names))
    assert nulls.job.sampling == (await validated(vocabulary)).job.sampling


async def test_several_faults_are_reported_together(vocabulary: Vocabulary) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await validated(vocabulary, top_p=0, seed="x", colour="red", prompt=5)
    assert [fault["param"] for fault in refusal.value.details] == ["prompt", "top_p", "seed", "colour"]


async def test_a_refused_value_is_not_repeated_at_length(vocabulary: Vocabulary) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await validated(vocabulary, stop={"a" * 10_000: 1}, **{"b" * 10_000: 1})
    assert len(refusal.value.message) < 600


async def test_a_list_of_millions_is_one_fault(vocabulary: Vocabulary) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await validated(vocabulary, stop=[1] * 100_000)
    assert "100000 entries was given" in refusal.value.message


async def test_of_very_many_faults_the_first_are_told(vocabulary: Vocabulary) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await validated(vocabulary, **{f"unknown_{number}": number for number in range(1000)})
    assert len(refusal.value.details) == 16


@pytest.mark.parametrize(("text", "left"), [("a", 16), ("a b c d " * 12, 13)])
async def test_max_tokens_is_16_or_what_is_left(vocabulary: Vocabulary, text: str, left: int) -> None:
    request = parse({"model": "other", "prompt": text})
    job = (await validate(request, OTHER, vocabulary, "account")).job
    assert job.sampling.max_tokens == min(16, OTHER.max_model_len - len(job.prompt_ids))
    assert job.sampling.max_tokens >= 1
    assert (job.sampling.max_tokens == 16) == (left == 16)


async def test_the_cache_is_shared_within_an_account_only(vocabulary: Vocabulary) -> None:
    request = parse(LEAST)
    salts = [(await validate(request, PICO, vocabulary, account)).job.cache_salt for account in ("a", "a", "b")]
    assert salts[0] == salts[1] != salts[2]
    shared = PICO.model_copy(update={"shared_prefix": True})
    assert (await validate(request, shared, vocabulary, "a")).job.cache_salt is None


async def test_ids_are_made_here_and_never_twice(vocabulary: Vocabulary) -> None:
    ids = {(await validated(vocabulary)).job.id for _ in range(20)}
    assert len(ids) == 20
    assert all(one.startswith("cmpl-") for one in ids)
