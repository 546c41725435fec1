from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.engine import Delta, Finish, FinishReason, Job, Position, Sampling
from router.logprobs import LogprobLists, entries_of
from router.render import Rendering
from router.tokens import StopFinder, Vocabulary
from router.validation import ValidCompletion
from router.wire import Completion
from tests.router.test_tokens import byte_ids

LENGTH, STOP = Finish(FinishReason.LENGTH), Finish(FinishReason.STOP)


def rendering(vocabulary: Vocabulary, sampling: Sampling, **fields: Any) -> Rendering:
    return Rendering(ValidCompletion(Job("cmpl-1", (0, 5, 6), sampling), **fields), vocabulary, "embedded/pico", "fp_1")


def deltas_of(vocabulary: Vocabulary, ids: list[int], sampling: Sampling, per_delta: int = 1) -> list[Delta]:
    """What an engine says of these tokens, ended by stop string, EOS or length."""
    finder, finish, kept = StopFinder(vocabulary, sampling.stop), LENGTH, []
    for token_id in ids:
        kept.append(token_id)
        found = finder.feed(token_id)
        if found is not None or token_id == vocabulary.eos_id:
            finish = Finish(FinishReason.STOP, found)
            break
    positions = [Position(-1.5, 3, [token_id + 1], [-0.5]) for token_id in kept] if sampling.logprobs is not None else None
    starts = range(0, len(kept), per_delta)
    parts = [(start, slice(start, start + per_delta)) for start in starts]
    return [
        Delta(0, start, kept[part], positions[part] if positions else None, finish if start == starts[-1] else None, 2)
        for start, part in parts
    ]


async def whole(one: Rendering, deltas: list[Delta]) -> dict[str, Any]:
    async def stream() -> AsyncIterator[Delta]:
        for delta in deltas:
            yield delta

    return await one.whole(stream())


async def test_the_whole_answer_has_the_declared_shape(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9, logprobs=1)
    answer = await whole(rendering(vocabulary, sampling, user="me"), deltas_of(vocabulary, vocabulary.encode("hi there")[1:], sampling))
    Completion.model_validate_json(json.dumps(answer), strict=True)
    assert set(answer) == set(Completion.model_fields)
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
    chunks = [chunk for delta in deltas_of(vocabulary, byte_ids(vocabulary, b"abc"), sampling) for chunk in one.chunks(delta)]
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["a", "", "bc"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "length"]


def test_a_choice_may_end_without_a_further_token(vocabulary: Vocabulary) -> None:
    one = rendering(vocabulary, Sampling(3, stop=("bcd",), logprobs=0))
    ids = byte_ids(vocabulary, b"ab")
    position = Position(-1.0, 1, [], [])
    chunks = one.chunks(Delta(0, 0, ids, [position] * 2)) + one.chunks(Delta(0, 2, [], [])) + one.chunks(Delta(0, 2, [], [], LENGTH))
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["a", "", "b"]
    assert chunks[-1]["choices"][0]["logprobs"] is None


def test_one_chunk_per_token_only_where_logprobs_are_asked(vocabulary: Vocabulary) -> None:
    ids = byte_ids(vocabulary, b"abcdef")
    for logprobs, count in ((None, 2), (0, 6)):
        sampling = Sampling(9, logprobs=logprobs)
        one = rendering(vocabulary, sampling)
        assert sum(len(one.chunks(delta)) for delta in deltas_of(vocabulary, ids, sampling, per_delta=3)) == count


def test_usage_is_in_chunks_only_when_it_is_asked_for(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9)
    deltas = deltas_of(vocabulary, byte_ids(vocabulary, b"abc"), sampling)
    plain, counted = rendering(vocabulary, sampling), rendering(vocabulary, sampling, include_usage=True, continuous_usage=True)
    assert [chunk["usage"] for delta in deltas for chunk in plain.chunks(delta)] == [None] * 3
    assert [chunk["usage"]["completion_tokens"] for delta in deltas for chunk in counted.chunks(delta)] == [1, 2, 3]
    assert plain.last_chunk() == []
    assert [(chunk["choices"], chunk["usage"]["total_tokens"]) for chunk in counted.last_chunk()] == [([], 6)]


def test_a_stream_adds_up_to_the_whole_for_any_tokens_and_stops(vocabulary: Vocabulary) -> None:
    chance = random.Random(3)
    alphabet = byte_ids(vocabulary, "ab€".encode())
    for _ in range(400):
        ids = [chance.choice([*alphabet, 1]) if chance.random() > 0.02 else 1 for _ in range(chance.randrange(1, 12))]
        stop = tuple("".join(chance.choice("ab€") for _ in range(chance.randrange(1, 4))) for _ in range(chance.randrange(3)))
        sampling = Sampling(12, stop=stop, logprobs=chance.choice([None, 0, 1]))
        deltas = deltas_of(vocabulary, ids, sampling, per_delta=chance.randrange(1, 4))
        folded = asyncio.run(whole(rendering(vocabulary, sampling), deltas))["choices"][0]
        streamed = rendering(vocabulary, sampling)
        chunks = [chunk["choices"][0] for delta in deltas for chunk in streamed.chunks(delta)]
        assert "".join(chunk["text"] for chunk in chunks) == folded["text"]
        assert [chunk["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
        assert (chunks[-1]["finish_reason"], chunks[-1]["stop_reason"]) == (folded["finish_reason"], folded["stop_reason"])
        if folded["logprobs"]:
            for name in ("tokens", "token_logprobs", "top_logprobs", "token_ids", "token_ranks", "top_token_ids"):
                assert [entry for chunk in chunks for entry in chunk["logprobs"][name]] == folded["logprobs"][name]
            assert all(offset <= len(folded["text"]) for chunk in chunks for offset in chunk["logprobs"]["text_offset"])


def test_offsets_in_a_stream_never_pass_the_text_sent_so_far(vocabulary: Vocabulary) -> None:
    sampling = Sampling(9, stop=("bcd",), logprobs=0)
    one = rendering(vocabulary, sampling)
    chunks = [chunk for delta in deltas_of(vocabulary, byte_ids(vocabulary, b"abcd"), sampling) for chunk in one.chunks(delta)]
    assert [chunk["choices"][0]["logprobs"]["text_offset"] for chunk in chunks] == [[0], [1], [1], [1]]
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["a", "", "", ""]


def test_the_chosen_token_has_one_value_and_its_place_among_the_top() -> None:
    entries, chosen = entries_of(9, Position(-2.0000001, 4, [8, 9, 7], [-1.0, -2.0, -3.0]))
    assert (entries, chosen) == ([(8, -1.0), (9, -2.0), (7, -3.0)], 1)


def test_outside_the_top_it_comes_last_with_the_engines_rank(vocabulary: Vocabulary) -> None:
    lists = LogprobLists(vocabulary)
    lists.add(40, 0, Position(-5.0, 17, [50, 51], [-1.0, -2.0]))
    shown = lists.rendered(9)
    assert shown["top_token_ids"] == [[(50, -1.0), (51, -2.0), (40, -5.0)]]
    assert shown["token_ranks"] == [17]
    assert shown["top_logprobs"][0][shown["tokens"][0]] == shown["token_logprobs"][0] == -5.0


def test_for_logprobs_0_there_is_the_chosen_one(vocabulary: Vocabulary) -> None:
    lists = LogprobLists(vocabulary)
    lists.add(40, 0, Position(-5.0, 17, [], []))
    assert lists.rendered(9)["top_token_ids"] == [[(40, -5.0)]]


def test_tokens_that_are_spelt_alike_keep_the_larger_value(vocabulary: Vocabulary) -> None:
    unknown = vocabulary.size
    lists = LogprobLists(vocabulary)
    lists.add(unknown + 1, 0, Position(-5.0, 17, [unknown], [-1.0]))
    shown = lists.rendered(9)
    assert shown["top_logprobs"] == [{"": -1.0}]
    assert len(shown["top_token_ids"][0]) == 2


@pytest.mark.parametrize("value", [-math.inf, math.nan, -10_000.0])
def test_minus_infinity_is_a_number_in_json(vocabulary: Vocabulary, value: float) -> None:
    lists = LogprobLists(vocabulary)
    lists.add(40, 0, Position(value, 17, [41], [value]))
    shown = lists.rendered(9)
    assert shown["token_logprobs"] == [-9999.0]
    assert shown["top_token_ids"] == [[(41, -9999.0), (40, -9999.0)]]
