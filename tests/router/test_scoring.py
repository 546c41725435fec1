from __future__ import annotations

from typing import Any

import pytest

from router import batch
from router.errors import InvalidRequest
from router.render import Rendering
from router.scoring import ScoreRendering, Tail, ValidScore, cut, parse, validate
from router.scripted_engine import ScriptedEngine
from router.tokens import Vocabulary
from router.validation import parse as parse_completion
from router.validation import validate as validate_completion
from tests.conftest import OTHER, PICO

LEAST: dict[str, Any] = {"model": "pico", "prompt": "In the", "continuations": [" beginning"]}
BOUNDED = PICO.model_copy(update={"max_scoring_entries": 100})


async def refusal(vocabulary: Vocabulary, spec: Any = PICO, **fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        await validate(parse({**LEAST, **fields}), spec, vocabulary, "account")
    return raised.value


async def scored(vocabulary: Vocabulary, **fields: Any) -> tuple[ValidScore, dict[str, Any]]:
    valid = await validate(parse({**LEAST, **fields}), PICO, vocabulary, "account")
    running = await batch.start(ScriptedEngine(vocabulary), [valid.job], 60)
    return valid, await ScoreRendering(valid, vocabulary, "embedded/pico", "fp_1").whole(running)


def as_lm_eval_cuts(vocabulary: Vocabulary, context: str, continuation: str) -> tuple[list[int], list[int]]:
    """`_encode_pair` of lm_eval/api/model.py, its lines."""
    n_spaces = len(context) - len(context.rstrip())
    if n_spaces > 0:
        continuation = context[-n_spaces:] + continuation
        context = context[:-n_spaces]
    whole_enc = vocabulary.encode(context + continuation)
    context_enc = vocabulary.encode(context)
    return context_enc, whole_enc[len(context_enc) :]


@pytest.mark.parametrize(
    ("prompt", "continuation", "tail", "merged"),
    [
        ("In the", " beginning", [" beginning"], False),
        ("In the ", "beginning", [" beginning"], False),
        ("In the \n ", "beginning", [" ", "\n", " beginning"], False),
        ("   ", "x", ["  ", " x"], False),
        ("a ", " ", ["  "], False),
        ("The be", "ginning of", [" of"], True),
        ("The be", "ginning", ["g", "in", "ning"], True),
        ("🦊", " a", [" a"], False),
        ("<|begin_of_text|>x", " a", [" a"], False),
        ("x", "<|end_of_text|>", ["<|end_of_text|>"], False),
    ],
)
def test_a_pair_is_cut_as_lm_eval_cuts_it(vocabulary: Vocabulary, prompt: str, continuation: str, tail: list[str], merged: bool) -> None:
    prefix, (found,) = cut(prompt, [continuation], vocabulary, add_special_tokens=True)
    context, rest = as_lm_eval_cuts(vocabulary, prompt, continuation)
    assert ([*prefix], [*found.ids]) == (context, rest or vocabulary.encode(continuation, add_special_tokens=False))
    assert ([vocabulary.spell(one) for one in found.ids], found.merged) == (tail, merged)
    assert merged == ((*prefix, *found.ids) != tuple(vocabulary.encode(prompt + continuation)))


def test_without_special_tokens_none_is_added(vocabulary: Vocabulary) -> None:
    prefix, _ = cut("In the", [" beginning"], vocabulary, add_special_tokens=False)
    assert prefix == tuple(vocabulary.encode("In the", add_special_tokens=False))


async def test_an_empty_prompt_scores_after_bos_as_lm_eval_does(vocabulary: Vocabulary) -> None:
    valid, answer = await scored(vocabulary, prompt="", continuations=["In the beginning"])
    assert valid.job.prompt_ids == (vocabulary.bos_id,)
    assert answer["results"][0]["token_ids"] == tuple(vocabulary.encode("In the beginning")[1:])


async def test_ids_are_concatenated_untouched(vocabulary: Vocabulary) -> None:
    whole, (be, ginning) = vocabulary.encode("The beginning"), [vocabulary.encode(text, False) for text in (" be", "ginning")]
    valid, answer = await scored(vocabulary, prompt=[*whole[:2], *be], continuations=[ginning, [0, 0]])
    assert valid.job.prompt_ids == (*whole[:2], *be)
    assert valid.tails == (Tail(tuple(ginning)), Tail((0, 0)))
    assert [result["boundary"] for result in answer["results"]] == ["clean", "clean"]


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"prompt": "", "add_special_tokens": False}, "prompt", "invalid_value", "send [0]"),
    ({"continuations": [""], "logprobs": -1}, "continuations", "invalid_value", "none of them empty"),
    ({"prompt": ["a"]}, "prompt", "invalid_value", "a string or a list of token ids, not empty"),
    ({"prompt": []}, "prompt", "invalid_value", "not empty"),
    ({"continuations": [[5]]}, "continuations", "invalid_value", "where the prompt is one too"),
    ({"prompt": [5]}, "continuations", "invalid_value", "where the prompt is one too"),
    *(({"continuations": value}, "continuations", "invalid_value", "none of them empty") for value in ([], ["a", ""], ["a", [5]], "a")),
    ({"continuations": None}, "continuations", "missing_parameter", "is required: a list of 1 to 128 strings"),
    ({"continuations": ["a"] * 129}, "continuations", "invalid_value", "1 to 128"),
    ({"prompt": [5], "continuations": [[5], []]}, "continuations", "invalid_value", "none of them empty"),
    ({"prompt": [4096], "continuations": [[5]]}, "prompt", "invalid_value", "the ids 0 to 4095"),
    ({"prompt": [5], "continuations": [[5], [4096]]}, "continuations", "invalid_value", "the ids 0 to 4095"),
    ({"prompt": " ", "add_special_tokens": False}, "prompt", "invalid_value", "leave add_special_tokens true"),
    ({"logprobs": 101}, "logprobs", "invalid_value", "from 0 to 100"),
    ({"logprobs": True}, "logprobs", "invalid_value", "an integer, not a boolean"),
    ({"add_special_tokens": 1}, "add_special_tokens", "invalid_value", "true or false"),
    ({"continuation": ["a"]}, "continuation", "unknown_parameter", "Did you mean 'continuations'?"),
    ({"max_tokens": None}, "max_tokens", "unknown_parameter", "not a parameter"),
    (
        {"prompt": [5] * 2048, "continuations": [[5]]},
        "prompt",
        "context_length_exceeded",
        "2048 tokens and the longest continuation's 1 must",
    ),
    ({"prompt": [5] * 2047, "continuations": [[5], [5, 6]]}, "continuations", "context_length_exceeded", "longest continuation's 2 must"),
    ({"prompt": "a" * 1_000_000}, "prompt", "context_length_exceeded", "at least 19607 tokens"),
    ({"continuations": ["a", "a" * 1_000_000]}, "continuations", "context_length_exceeded", "continuation's at least 19607"),
]


@pytest.mark.parametrize(("fields", "param", "code", "says"), WRONG, ids=lambda one: str(one)[:40])
async def test_what_cannot_be_scored_is_refused(vocabulary: Vocabulary, fields: dict[str, Any], param: str, code: str, says: str) -> None:
    error = await refusal(vocabulary, **fields)
    assert (error.param, error.code) == (param, code)
    assert says in error.message
    assert len(error.message) < 400
    assert "max_tokens (" not in error.message


async def test_prompt_and_continuation_may_fill_the_context(vocabulary: Vocabulary) -> None:
    valid = await validate(parse({**LEAST, "prompt": [5] * 60, "continuations": [[5] * 4, [6]]}), OTHER, vocabulary, "account")
    assert len(valid.job.prompt_of(0)) == OTHER.max_model_len


@pytest.mark.parametrize(("logprobs", "tokens"), [(None, 50), (0, 50), (1, 50), (9, 10)])
async def test_heavy_scoring_is_refused_with_both_numbers(vocabulary: Vocabulary, logprobs: int | None, tokens: int) -> None:
    fields = {**LEAST, "prompt": [5] * 9, "logprobs": logprobs}
    await validate(parse({**fields, "continuations": [[5]] * tokens}), BOUNDED, vocabulary, "account")
    error = await refusal(vocabulary, BOUNDED, **{**fields, "continuations": [[5]] * (tokens + 1)})
    assert (error.param, error.code) == ("logprobs", "invalid_value")
    assert "gives at most 100 to one request" in error.message


async def test_equal_continuations_are_computed_once_and_answered_each(vocabulary: Vocabulary) -> None:
    valid, answer = await scored(vocabulary, continuations=[" a", " b", " a"])
    assert len(valid.job.tails) == 2
    assert [result["index"] for result in answer["results"]] == [0, 1, 2]
    assert answer["results"][0] == {**answer["results"][2], "index": 0}
    assert answer["usage"]["prompt_tokens"] == len(valid.job.prompt_ids) + 3
    assert (answer["usage"]["completion_tokens"], answer["usage"]["total_tokens"]) == (0, len(valid.job.prompt_ids) + 3)


CONTINUATIONS = [" beginning", " end 🦊", "ning\n", " a b c d"]


@pytest.mark.parametrize("k", [None, 0, 1, 5])
async def test_the_values_are_those_of_echo_and_logprobs_of_the_whole(vocabulary: Vocabulary, k: int | None) -> None:
    valid, answer = await scored(vocabulary, prompt="In the ", continuations=CONTINUATIONS, logprobs=k)
    for tail, result in zip(valid.tails, answer["results"], strict=True):
        whole = await echoed(vocabulary, [*valid.job.prompt_ids, *tail.ids], k or 0)
        shown = {name: values[len(valid.job.prompt_ids) :] for name, values in whole.items() if values is not None}
        for name in ("tokens", "token_logprobs", "token_ranks"):
            assert result[name] == shown[name]
        assert [*result["token_ids"]] == shown["token_ids"]
        assert result["sum_logprob"] == sum(shown["token_logprobs"])
        assert result["is_greedy"] == all(rank == 1 for rank in shown["token_ranks"])
        for name in ("top_logprobs", "top_token_ids"):
            assert result[name] == (None if k is None else shown[name])


async def echoed(vocabulary: Vocabulary, ids: list[int], k: int) -> dict[str, Any]:
    body = {"model": "pico", "prompt": ids, "max_tokens": 0, "echo": True, "logprobs": k}
    valid = await validate_completion(parse_completion(body), PICO, vocabulary, "account")
    running = await batch.start(ScriptedEngine(vocabulary), valid.jobs, 60)
    whole = await Rendering(valid, vocabulary, "embedded/pico", "fp_1").whole(running)
    return dict(whole["choices"][0]["logprobs"])


async def test_what_the_model_would_have_said_is_greedy(vocabulary: Vocabulary) -> None:
    engine = ScriptedEngine(vocabulary)
    body = {"model": "pico", "prompt": [5, 6], "max_tokens": 4, "temperature": 0, "return_token_ids": True}
    valid = await validate_completion(parse_completion(body), PICO, vocabulary, "account")
    whole = await Rendering(valid, vocabulary, "x", "y").whole(await batch.start(engine, valid.jobs, 60))
    made = whole["choices"][0]["token_ids"]
    _, answer = await scored(vocabulary, prompt=[5, 6], continuations=[made, [*made[:-1], made[-1] ^ 1]])
    assert [result["is_greedy"] for result in answer["results"]] == [True, False]


async def test_bytes_are_counted_of_the_tokens_that_are_scored(vocabulary: Vocabulary) -> None:
    _, answer = await scored(vocabulary, prompt="In the ", continuations=["beginning", "🦊"])
    assert [result["n_bytes"] for result in answer["results"]] == [len(" beginning"), len(" 🦊".encode())]
