from __future__ import annotations

import pytest

from router.catalogue import ModelSpec
from router.errors import InvalidRequest
from router.prompts import ValidPrompt
from router.tokens import Vocabulary
from router.validation import ValidCompletion, parse, validate
from router.wire import CompletionRequest
from tests.conftest import OTHER, PICO
from tests.router.completion_cases import ACCEPTED, INVALID, LEAST, REFUSED, Fields

EVERY_REFUSAL = [*((fields, param, "invalid_value", says) for fields, param, says in INVALID), *REFUSED]


async def validated(vocabulary: Vocabulary, fields: Fields, spec: ModelSpec = PICO) -> ValidCompletion:
    return await validate(parse({**LEAST, **fields}), spec, vocabulary, "account")


async def refusal(vocabulary: Vocabulary, fields: Fields, spec: ModelSpec = PICO) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        await validated(vocabulary, fields, spec)
    return raised.value


@pytest.mark.parametrize(("fields", "param", "code", "says"), EVERY_REFUSAL, ids=lambda one: str(one)[:40])
async def test_what_is_just_beyond_a_bound_is_refused(vocabulary: Vocabulary, fields: Fields, param: str, code: str, says: str) -> None:
    error = await refusal(vocabulary, fields)
    assert (error.param, error.code, error.details) == (param, code, None)
    assert says in error.message
    assert f"'{param}'" in error.message or error.code == "context_length_exceeded"
    assert len(error.message) < 400


@pytest.mark.parametrize("fields", ACCEPTED, ids=lambda one: str(one)[:60])
async def test_what_is_at_a_bound_is_accepted(vocabulary: Vocabulary, fields: Fields) -> None:
    valid = await validated(vocabulary, fields)
    for name in fields.keys() & {"echo", "logprobs", "prompt_logprobs", "n", "stream", "return_token_ids", "user"}:
        assert getattr(valid, name) == fields[name]


def test_every_field_has_cases_on_both_sides() -> None:
    fields = CompletionRequest.model_fields.keys()
    assert {name for row in ACCEPTED for name in row} == fields - {"model"}
    assert {param.partition(".")[0] for _, param, _ in INVALID} == fields


async def test_null_means_absent_everywhere(vocabulary: Vocabulary) -> None:
    optional = CompletionRequest.model_fields.keys() - LEAST.keys()
    assert parse({**LEAST, **dict.fromkeys(optional)}) == parse(LEAST)
    nulls, absent = await validated(vocabulary, dict.fromkeys(optional)), await validated(vocabulary, {})
    assert nulls.jobs[0].sampling == absent.jobs[0].sampling


async def test_unset_fields_come_from_the_contracts_table(vocabulary: Vocabulary) -> None:
    valid = await validated(vocabulary, {})
    sampling = valid.jobs[0].sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.top_p, sampling.min_p, sampling.top_k) == (16, 1, 1, 0, -1)
    assert (sampling.presence_penalty, sampling.frequency_penalty, sampling.repetition_penalty) == (0, 0, 1)
    assert (sampling.stop, sampling.stop_token_ids, sampling.logit_bias, sampling.min_tokens) == ((), (), {}, 0)
    assert (sampling.logprobs, sampling.prompt_logprobs, sampling.logprob_token_ids) == (None, None, ())
    assert (sampling.ignore_eos, sampling.skip_special_tokens, valid.jobs[0].seeds) == (False, True, (None,))
    assert (valid.n, valid.echo, valid.stream, valid.include_stop, valid.return_token_ids) == (1, False, False, False, False)


async def test_several_faults_are_reported_together(vocabulary: Vocabulary) -> None:
    fields = {"top_p": 0, "seed": "x", "colour": "red", "prompt": 5, "stream_options": {"include_usage": 1}}
    error = await refusal(vocabulary, fields)
    assert [fault["param"] for fault in error.details] == ["prompt", "top_p", "seed", "stream_options.include_usage", "colour"]
    assert all(fault["message"] in error.message for fault in error.details)


async def test_contradictions_are_reported_together(vocabulary: Vocabulary) -> None:
    fields = {"stream_options": {"include_usage": True}, "n": 3, "best_of": 2, "min_tokens": 9, "max_tokens": 1}
    error = await refusal(vocabulary, {**fields, "logprobs": 1, "logprob_token_ids": [5]})
    assert [fault["param"] for fault in error.details] == ["stream_options", "best_of", "logprob_token_ids", "min_tokens"]


async def test_what_the_model_decides_is_reported_together(vocabulary: Vocabulary) -> None:
    fields = {"prompt": [4096], "logprobs": 6, "prompt_logprobs": 7, "logit_bias": {"4097": 1}, "stop_token_ids": [4098]}
    error = await refusal(vocabulary, fields, OTHER)
    assert [fault["param"] for fault in error.details] == ["prompt", "logprobs", "prompt_logprobs", "logit_bias", "stop_token_ids"]
    assert "from 0 to 5 for 'other'; 6 was given" in error.message


async def test_a_refused_value_is_not_repeated_at_length(vocabulary: Vocabulary) -> None:
    error = await refusal(vocabulary, {"stop": {"a" * 10_000: 1}, "b" * 10_000: 1})
    assert len(error.message) < 600


@pytest.mark.parametrize("name", ["prompt", "stop", "stop_token_ids", "logprob_token_ids"])
async def test_a_list_of_very_many_wrong_entries_is_one_fault(vocabulary: Vocabulary, name: str) -> None:
    error = await refusal(vocabulary, {name: [-1, "a"] * 50_000})
    assert (error.param, error.details) == (name, None)
    assert "100000 entries was given" in error.message


async def test_of_very_many_faults_the_first_are_told(vocabulary: Vocabulary) -> None:
    error = await refusal(vocabulary, {f"unknown_{number}": number for number in range(1000)})
    assert len(error.details) == 16


@pytest.mark.parametrize(("text", "left"), [("a", 16), ("a b c d " * 12, 13)])
async def test_max_tokens_is_16_or_what_is_left(vocabulary: Vocabulary, text: str, left: int) -> None:
    job = (await validated(vocabulary, {"prompt": text}, OTHER)).jobs[0]
    assert job.sampling.max_tokens == min(16, OTHER.max_model_len - len(job.prompt_ids))
    assert job.sampling.max_tokens >= 1
    assert (job.sampling.max_tokens == 16) == (left == 16)


async def test_the_longest_prompt_of_a_batch_decides_and_each_has_its_own_rest(vocabulary: Vocabulary) -> None:
    valid = await validated(vocabulary, {"prompt": [[5] * 60, [5] * 50, [5]]}, OTHER)
    assert [job.sampling.max_tokens for job in valid.jobs] == [4, 14, 16]
    error = await refusal(vocabulary, {"prompt": [[5], [5] * 61], "max_tokens": 4}, OTHER)
    assert (error.param, error.code) == ("max_tokens", "context_length_exceeded")


async def test_each_prompt_is_a_job_with_a_seed_for_each_candidate(vocabulary: Vocabulary) -> None:
    valid = await validated(vocabulary, {"prompt": ["a", "b"], "n": 2, "best_of": 3, "seed": 7})
    assert [job.seeds for job in valid.jobs] == [(7, 7, 7), (7, 7, 7)]
    assert [prompt.text for prompt in valid.prompts] == ["a", "b"]
    assert (await validated(vocabulary, {"prompt": [[5], [6]]})).prompts[1] == ValidPrompt((6,))


async def test_best_of_asks_for_what_it_chooses_by_and_shows_none(vocabulary: Vocabulary) -> None:
    valid = await validated(vocabulary, {"best_of": 2})
    assert (valid.logprobs, valid.jobs[0].sampling.logprobs) == (None, 0)


async def test_echo_asks_for_as_many_prompt_logprobs_as_are_shown_anywhere(vocabulary: Vocabulary) -> None:
    asked = {"echo": True, "logprobs": 3, "prompt_logprobs_start": 9}
    sampling = (await validated(vocabulary, {**asked, "prompt_logprobs": 5})).jobs[0].sampling
    assert (sampling.prompt_logprobs, sampling.prompt_logprobs_start) == (5, 0)
    assert (await validated(vocabulary, asked)).jobs[0].sampling.prompt_logprobs == 3
    assert (await validated(vocabulary, {"echo": True})).jobs[0].sampling.prompt_logprobs is None


async def test_the_cache_is_shared_within_an_account_only(vocabulary: Vocabulary) -> None:
    salts = [(await validate(parse(LEAST), PICO, vocabulary, account)).jobs[0].cache_salt for account in ("a", "a", "b")]
    assert salts[0] == salts[1] != salts[2]
    shared = PICO.model_copy(update={"shared_prefix": True})
    assert (await validated(vocabulary, {}, shared)).jobs[0].cache_salt is None


async def test_ids_are_made_here_and_never_twice(vocabulary: Vocabulary) -> None:
    ids = [job.id for _ in range(20) for job in (await validated(vocabulary, {"prompt": ["a", "b"]})).jobs]
    assert len(set(ids)) == 40
    assert all(one.startswith("cmpl-") for one in ids)


def test_the_models_id_in_a_path_needs_none_in_the_body() -> None:
    assert parse({"prompt": "a"}, "pico").model == "pico"
    with pytest.raises(InvalidRequest, match="which the path names"):
        parse({"prompt": "a", "model": "other"}, "pico")
