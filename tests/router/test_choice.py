"""Properties of whole answers: any request, streamed and not, over tokens of every kind (special ones, parts of characters)."""

from __future__ import annotations

import asyncio
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import batch
from router.catalogue import EMBEDDED
from router.render import Rendering
from router.scripted_engine import Script, ScriptedEngine
from router.tokens import Vocabulary
from router.validation import parse, validate
from tests.conftest import PICO
from tests.router.test_tokens import byte_ids

VOCABULARY = Vocabulary.load(str(EMBEDDED / "pico"))
LISTS = ("tokens", "token_logprobs", "top_logprobs", "text_offset", "token_ids", "token_ranks", "top_token_ids")
#: Tokens that make awkward text: special ones, halves of characters, words that share beginnings with stop strings.
AWKWARD = [0, 1, *byte_ids(VOCABULARY, b"ab.\xe2\x82\xac\xf0\x9f\x98\x80\xff"), *VOCABULARY.encode("the a ab", add_special_tokens=False)]

texts = st.text(st.sampled_from("ab€😀é\n .") | st.characters(codec="utf-8"), min_size=1, max_size=12)
ids = st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=12)
ks = st.none() | st.integers(0, 3)
requests = st.fixed_dictionaries(
    {"prompt": texts | ids | st.lists(texts, min_size=1, max_size=3) | st.lists(ids, min_size=1, max_size=3)},
    optional={
        "max_tokens": st.integers(0, 12),
        "n": st.integers(1, 3),
        "seed": st.integers(-(1 << 63), (1 << 63) - 1),
        "echo": st.booleans(),
        "logprobs": ks,
        "prompt_logprobs": ks,
        "prompt_logprobs_start": st.integers(0, 6),
        "stop": st.lists(st.text(st.sampled_from("ab€."), min_size=1, max_size=3), max_size=3),
        "stop_token_ids": st.lists(st.sampled_from(AWKWARD), max_size=2),
        "ignore_eos": st.booleans(),
        "add_special_tokens": st.booleans(),
        "skip_special_tokens": st.booleans(),
        "include_stop_str_in_output": st.booleans(),
        "return_token_ids": st.booleans(),
    },
)
scripts = st.builds(Script, tokens=st.lists(st.sampled_from(AWKWARD), max_size=12).map(tuple), tokens_per_delta=st.integers(1, 4))


async def _answer(body: dict[str, Any], script: Script) -> list[dict[str, Any]]:
    """The chunks of a stream, or the one whole answer."""
    valid = await validate(parse({"model": "pico", **body}), PICO, VOCABULARY, "account")
    rendering = Rendering(valid, VOCABULARY, "embedded/pico", "fp_1")
    running = await batch.start(ScriptedEngine(VOCABULARY, script), valid.jobs, 60)
    try:
        if not valid.stream:
            return [await rendering.whole(running)]
        chunks = [chunk async for number, delta in running for chunk in rendering.chunks(number, delta)]
        return [*chunks, *rendering.last_chunk()]
    finally:
        await running.aclose()


def whole(body: dict[str, Any], script: Script) -> dict[str, Any]:
    return asyncio.run(_answer(body, script))[0]


def streamed(body: dict[str, Any], script: Script) -> list[dict[str, Any]]:
    return asyncio.run(_answer({**body, "stream": True, "stream_options": {"include_usage": True}}, script))


@settings(max_examples=150, deadline=None)
@given(requests, scripts)
def test_a_stream_adds_up_to_the_whole_field_by_field(body: dict[str, Any], script: Script) -> None:
    complete, chunks = whole(body, script), streamed(body, script)
    assert chunks[-1]["usage"] == complete["usage"]
    parts = [chunk["choices"][0] for chunk in chunks[:-1]]
    for choice in complete["choices"]:
        mine = [part for part in parts if part["index"] == choice["index"]]
        assert "".join(part["text"] for part in mine) == choice["text"]
        assert [part["finish_reason"] for part in mine[:-1]] == [None] * (len(mine) - 1)
        for name in ("finish_reason", "stop_reason"):
            assert mine[-1][name] == choice[name]
        assert mine[0]["prompt_token_ids"] == choice["prompt_token_ids"]
        for name in ("token_ids", "prompt_logprobs"):
            assert joined(part[name] for part in mine) == choice[name]
        for name in (*LISTS, "requested"):
            assert joined(part["logprobs"] and part["logprobs"][name] for part in mine) == (choice["logprobs"] and choice["logprobs"][name])


def joined(lists: Any) -> list[Any] | None:
    present = [one for one in lists if one is not None]
    return [entry for one in present for entry in one] if present else None


@settings(max_examples=150, deadline=None)
@given(requests, scripts)
def test_lists_have_one_length_and_offsets_index_the_text(body: dict[str, Any], script: Script) -> None:
    for choice in whole({**body, "logprobs": 2, "return_token_ids": True}, script)["choices"]:
        lists, shown = choice["logprobs"], len(choice["prompt_token_ids"]) if body.get("echo") else 0
        assert {len(lists[name]) for name in LISTS} == {shown + len(choice["token_ids"])}
        assert lists["text_offset"] == sorted(lists["text_offset"])
        assert all(0 <= offset <= len(choice["text"]) for offset in lists["text_offset"])
        ends = [*lists["text_offset"], len(choice["text"])][1:]
        for token, offset, end in zip(lists["tokens"], lists["text_offset"], ends, strict=True):
            if not token.startswith(("bytes:", "<|")):
                assert token.startswith(choice["text"][offset:end])
        assert [value is None for value in lists["token_logprobs"]] == [bool(shown) and index == 0 for index in range(len(ends))]


@settings(max_examples=80, deadline=None)
@given(requests, scripts, texts)
def test_an_echo_begins_with_the_prompt_and_counts_its_tokens(body: dict[str, Any], script: Script, prompt: str) -> None:
    answer = whole({**body, "prompt": prompt, "echo": True, "logprobs": 0, "return_token_ids": True}, script)
    for choice in answer["choices"]:
        assert choice["text"].startswith(prompt)
        shown = len(choice["logprobs"]["tokens"]) - len(choice["token_ids"])
        assert shown == len(choice["prompt_token_ids"]) == answer["usage"]["prompt_tokens"]


@settings(max_examples=60, deadline=None)
@given(requests, ids)
def test_token_ids_go_round(body: dict[str, Any], prompt: list[int]) -> None:
    """A choice continued by its ids has the logprobs, as an echo, that it had when it was made."""
    first = {**body, "prompt": prompt, "logprobs": 1, "return_token_ids": True, "echo": False, "max_tokens": 6, "n": 1}
    choice = whole(first, Script())["choices"][0]
    again = {"prompt": [*prompt, *choice["token_ids"]], "max_tokens": 0, "echo": True, "logprobs": 1}
    lists = whole(again, Script())["choices"][0]["logprobs"]
    for name in ("token_ids", "token_logprobs", "token_ranks", "top_token_ids", "tokens"):
        assert lists[name][len(prompt) :] == choice["logprobs"][name]


@settings(max_examples=60, deadline=None)
@given(requests, st.lists(texts, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_batch_mates_changes_nothing(body: dict[str, Any], prompts: list[str], chance: Any) -> None:
    order = chance.sample(range(len(prompts)), len(prompts))
    plain = whole({**body, "n": 1, "prompt": prompts}, Script())["choices"]
    shuffled = whole({**body, "n": 1, "prompt": [prompts[index] for index in order]}, Script())["choices"]
    for place, index in enumerate(order):
        assert {**shuffled[place], "index": index} == plain[index]


@pytest.mark.parametrize("temperature", [0, 1])
def test_best_of_gives_the_best_by_mean_logprob(temperature: float) -> None:
    body = {"prompt": "hi", "temperature": temperature, "seed": 3, "max_tokens": 8, "logprobs": 0}
    candidates = whole({**body, "n": 6}, Script())
    best = whole({**body, "n": 2, "best_of": 6}, Script())
    means = {choice["text"]: mean(choice["logprobs"]["token_logprobs"]) for choice in candidates["choices"]}
    wanted = sorted(means.values(), reverse=True)[:2] if temperature else [means[candidates["choices"][0]["text"]]] * 2
    assert [means[choice["text"]] for choice in best["choices"]] == wanted
    assert [choice["index"] for choice in best["choices"]] == [0, 1]
    assert best["usage"]["completion_tokens"] == candidates["usage"]["completion_tokens"]


def test_greedy_choices_are_equal() -> None:
    choices = whole({"prompt": "hi", "temperature": 0, "n": 3}, Script())["choices"]
    assert len({choice["text"] for choice in choices}) == 1


def test_prompts_logprobs_come_in_chunks_of_256_before_the_first_token() -> None:
    chunks = streamed({"prompt": [5] * 600, "echo": True, "logprobs": 1, "prompt_logprobs": 0, "max_tokens": 2}, Script())
    opening = [chunk["choices"][0] for chunk in chunks if "prompt_logprobs_start" in (chunk["choices"] or [{}])[0]]
    assert [choice["prompt_logprobs_start"] for choice in opening] == [0, 256, 512]
    for lists in ([choice["prompt_logprobs"] for choice in opening], [choice["logprobs"]["tokens"] for choice in opening]):
        assert [len(one) for one in lists] == [256, 256, 88]
    assert [choice["text"] for choice in opening] == ["$" * 600, "", ""]
    assert chunks[: len(opening)] == [chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0] in opening]
