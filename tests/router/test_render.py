from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from router.engine import Delta, Finish, FinishReason, Job, Position, Sampling
from router.prompts import ValidPrompt
from router.render import Rendering
from router.responses import Choice, Completion
from router.text import Continuation
from router.tokens import Vocabulary
from router.validation import ValidCompletion
from tests.router.test_tokens import byte_ids

LENGTH, STOP = Finish(FinishReason.LENGTH), Finish(FinishReason.STOP)


def rendering(vocabulary: Vocabulary, sampling: Sampling, **fields: Any) -> Rendering:
    prompt = ValidPrompt((0, 5, 6))
    valid = ValidCompletion("cmpl-1", (prompt,), (Job("cmpl-1", prompt.ids, sampling),), logprobs=sampling.logprobs, **fields)
    return Rendering(valid, vocabulary, "embedded/pico", "fp_1")


def deltas_of(vocabulary: Vocabulary, ids: list[int], sampling: Sampling, per_delta: int = 1) -> list[Delta]:
    """What an engine says of these tokens, ended by stop string, EOS or length."""
    text, finish = Continuation(vocabulary, (0, 5, 6), sampling), LENGTH
    kept: list[int] = []
    for token_id in ids:
        kept.append(token_id)
        text.feed(token_id)
        if text.found is not None or token_id == vocabulary.eos_id:
            finish = Finish(FinishReason.STOP, text.found)
            break
    positions = [Position(-1.5, 3, [token_id + 1], [-0.5]) for token_id in kept] if sampling.logprobs is not None else None
    starts = range(0, len(kept), per_delta)
    parts = [(start, slice(start, start + per_delta)) for start in starts]
    return [
        Delta(0, start, kept[part], positions[part] if positions else None, finish if start == starts[-1] else None, 2)
        for start, part in parts
    ]


async def whole(one: Rendering, deltas: list[Delta]) -> dict[str, Any]:
    async def stream() -> AsyncIterator[tuple[int, Delta]]:
        for delta in deltas:
            yield 0, delta

    return await one.whole(stream())


async def test_the_whole_answer_has_the_declared_shape(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9, logprobs=1)
    answer = await whole(rendering(vocabulary, sampling, user="me"), deltas_of(vocabulary, vocabulary.encode("hi there")[1:], sampling))
    Completion.model_validate_json(json.dumps(answer), strict=True)
    assert set(answer) == set(Completion.model_fields)
    assert set(answer["choices"][0]) == set(Choice.model_fields) - {"prompt_logprobs_start"}
    assert answer["user"] == "me"
    assert answer["usage"]["prompt_tokens"] == 3
    assert answer["usage"]["total_tokens"] == 3 + answer["usage"]["completion_tokens"]
    assert answer["usage"]["prompt_tokens_details"] == {"cached_tokens": 2}


async def test_offsets_point_at_the_tokens_in_the_text(vocabulary: Vocabulary) -> None:
    sampling = Sampling(99, logprobs=1)
    ids = vocabulary.encode("naïve 🦊 costs €5")[1:]
    choice = (await whole(rendering(vocabulary, sampling), deltas_of(vocabulary, ids, sampling)))["choices"][0]
    assert choice["text"] == "naïve 🦊 costs €5"
    lists = choice["logprobs"]
    assert {len(value) for name, value in lists.items() if name != "requested"} == {len(ids)}
    for token, offset in zip(lists["tokens"], lists["text_offset"], strict=True):
        assert token.startswith("bytes:") or choice["text"].startswith(token, offset)


async def test_an_unfinished_character_at_the_end_is_dropped_from_the_text_only(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9, logprobs=1)
    ids = byte_ids(vocabulary, "a€".encode()[:-1])
    choice = (await whole(rendering(vocabulary, sampling), deltas_of(vocabulary, ids, sampling)))["choices"][0]
    assert choice["text"] == "a"
    assert choice["logprobs"]["tokens"] == ["a", "bytes:\\xe2", "bytes:\\x82"]
    assert choice["logprobs"]["text_offset"] == [0, 1, 1]


async def test_a_stop_string_is_cut_from_the_text_and_kept_in_the_lists(vocabulary: Vocabulary) -> None:
    sampling = Sampling(99, stop=("lo w",), logprobs=1)
    ids = byte_ids(vocabulary, b"hello world")
    answer = await whole(rendering(vocabulary, sampling), deltas_of(vocabulary, ids, sampling))
    choice = answer["choices"][0]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == ("hel", "stop", "lo w")
    assert choice["logprobs"]["tokens"] == list("hello w")
    assert choice["logprobs"]["text_offset"] == [0, 1, 2, 3, 3, 3, 3]
    assert answer["usage"]["completion_tokens"] == 7


async def test_eos_is_in_the_lists_and_not_in_the_text(vocabulary: Vocabulary) -> None:
    sampling = Sampling(99, logprobs=0)
    ids = [*byte_ids(vocabulary, b"hi"), 1]
    choice = (await whole(rendering(vocabulary, sampling), deltas_of(vocabulary, ids, sampling)))["choices"][0]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == ("hi", "stop", None)
    assert choice["logprobs"]["tokens"] == ["h", "i", "<|end_of_text|>"]
    assert choice["logprobs"]["text_offset"] == [0, 1, 2]


def test_held_back_text_is_sent_when_the_choice_ends_without_a_stop_string(vocabulary: Vocabulary) -> None:
    sampling = Sampling(3, stop=("bcd",), logprobs=0)
    one = rendering(vocabulary, sampling)
    chunks = [chunk for delta in deltas_of(vocabulary, byte_ids(vocabulary, b"abc"), sampling) for chunk in one.chunks(0, delta)]
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["a", "", "bc"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "length"]


def test_a_choice_may_end_without_a_further_token(vocabulary: Vocabulary) -> None:
    one = rendering(vocabulary, Sampling(3, stop=("bcd",), logprobs=0))
    ids = byte_ids(vocabulary, b"ab")
    position = Position(-1.0, 1, [], [])
    deltas = [Delta(0, 0, ids, [position] * 2), Delta(0, 2, [], []), Delta(0, 2, [], [], LENGTH)]
    chunks = [chunk for delta in deltas for chunk in one.chunks(0, delta)]
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["a", "", "b"]
    assert chunks[-1]["choices"][0]["logprobs"]["tokens"] == []


def test_one_chunk_per_token_only_where_logprobs_are_asked(vocabulary: Vocabulary) -> None:
    ids = byte_ids(vocabulary, b"abcdef")
    for logprobs, count in ((None, 2), (0, 6)):
        sampling = Sampling(9, logprobs=logprobs)
        one = rendering(vocabulary, sampling)
        assert sum(len(list(one.chunks(0, delta))) for delta in deltas_of(vocabulary, ids, sampling, per_delta=3)) == count


def test_usage_is_in_chunks_only_when_it_is_asked_for(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9)
    deltas = deltas_of(vocabulary, byte_ids(vocabulary, b"abc"), sampling)
    plain, counted = rendering(vocabulary, sampling), rendering(vocabulary, sampling, include_usage=True, continuous_usage=True)
    assert [chunk["usage"] for delta in deltas for chunk in plain.chunks(0, delta)] == [None] * 3
    assert [chunk["usage"]["completion_tokens"] for delta in deltas for chunk in counted.chunks(0, delta)] == [1, 2, 3]
    assert plain.last_chunk() == []
    assert [(chunk["choices"], chunk["usage"]["total_tokens"]) for chunk in counted.last_chunk()] == [([], 6)]


def test_a_token_waits_while_a_stop_string_may_still_move_its_offset(vocabulary: Vocabulary) -> None:
    """So that a stream's offsets are the whole answer's, and none is beyond the text."""
    sampling = Sampling(9, stop=("bcd",), logprobs=0)
    for text, offsets in ((b"abcd", [0, 1, 1, 1]), (b"abce", [0, 1, 2, 3])):
        one = rendering(vocabulary, sampling)
        chunks = [list(one.chunks(0, delta)) for delta in deltas_of(vocabulary, byte_ids(vocabulary, text), sampling)]
        assert [len(made) for made in chunks] == [1, 1, 0, 2]
        choices = [chunk["choices"][0] for made in chunks for chunk in made]
        assert [offset for choice in choices for offset in choice["logprobs"]["text_offset"]] == offsets
        assert [len(choice["logprobs"]["tokens"]) for choice in choices] == [1, 1, 1, 1]


async def test_a_stop_token_is_in_the_text_only_where_it_is_asked_for(vocabulary: Vocabulary) -> None:
    ids = byte_ids(vocabulary, b"ab.")
    deltas = [Delta(0, 0, ids, [Position(-1.0, 1, [], [])] * 3, Finish(FinishReason.STOP, ids[2]))]
    for include_stop, text, offset in ((False, "ab", 2), (True, "ab.", 2)):
        choice = (await whole(rendering(vocabulary, Sampling(9, logprobs=0), include_stop=include_stop), deltas))["choices"][0]
        assert (choice["text"], choice["stop_reason"]) == (text, ids[2])
        assert choice["logprobs"]["text_offset"][-1] == offset
        assert len(choice["logprobs"]["tokens"]) == 3


async def test_a_stop_string_can_be_included(vocabulary: Vocabulary) -> None:
    sampling = Sampling(99, stop=("lo w",), logprobs=1)
    deltas = deltas_of(vocabulary, vocabulary.encode("hello world", add_special_tokens=False), sampling)
    choice = (await whole(rendering(vocabulary, sampling, include_stop=True), deltas))["choices"][0]
    assert (choice["text"], choice["stop_reason"]) == ("hello w", "lo w")


async def test_eos_can_be_included_where_special_tokens_are_text(vocabulary: Vocabulary) -> None:
    sampling = Sampling(99, skip_special_tokens=False)
    deltas = deltas_of(vocabulary, [*byte_ids(vocabulary, b"hi"), 1], sampling)
    assert (await whole(rendering(vocabulary, sampling), deltas))["choices"][0]["text"] == "hi"
    assert (await whole(rendering(vocabulary, sampling, include_stop=True), deltas))["choices"][0]["text"] == "hi<|end_of_text|>"


async def test_token_ids_are_given_where_they_are_asked_for(vocabulary: Vocabulary) -> None:
    sampling, ids = Sampling(9), byte_ids(vocabulary, b"hi")
    choice = (await whole(rendering(vocabulary, sampling, return_token_ids=True), deltas_of(vocabulary, ids, sampling)))["choices"][0]
    assert (choice["token_ids"], choice["prompt_token_ids"]) == (ids, (0, 5, 6))
    one = rendering(vocabulary, sampling, return_token_ids=True)
    chunks = [chunk["choices"][0] for delta in deltas_of(vocabulary, ids, sampling) for chunk in one.chunks(0, delta)]
    assert [chunk["prompt_token_ids"] for chunk in chunks] == [(0, 5, 6), None]
    assert [chunk["token_ids"] for chunk in chunks] == [ids[:1], ids[1:]]
