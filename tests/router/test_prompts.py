from __future__ import annotations

import pytest

from router.errors import InvalidRequest
from router.prompts import ValidPrompt, id_faults, least_tokens, length_faults, prompt_faults, refuse_endless, tokenised
from router.tokens import Vocabulary
from tests.conftest import OTHER, PICO


async def test_a_text_becomes_ids_and_is_kept_and_ids_are_never_touched(vocabulary: Vocabulary) -> None:
    text, ids = await tokenised(["hi", [0, 0, 5]], True, vocabulary)
    assert text == ValidPrompt(tuple(vocabulary.encode("hi")), "hi", True)
    assert ids == ValidPrompt((0, 0, 5))


async def test_a_text_gets_bos_once_and_only_where_it_is_wanted(vocabulary: Vocabulary) -> None:
    texts = ["hi", "<|begin_of_text|>hi", "<|begin_of_text|><|begin_of_text|>hi"]
    added = [prompt.ids.count(0) for prompt in await tokenised(texts, True, vocabulary)]
    bare = [prompt.ids.count(0) for prompt in await tokenised(texts, False, vocabulary)]
    assert (added, bare) == ([1, 1, 2], [0, 1, 2])


async def test_a_long_text_is_cut_like_a_short_one(vocabulary: Vocabulary) -> None:
    text = "naïve 🦊 " * 2000
    (prompt,) = await tokenised([text], True, vocabulary)
    assert prompt.ids == tuple(vocabulary.encode(text))


def test_an_empty_prompt_is_told_what_to_send(vocabulary: Vocabulary) -> None:
    (fault,) = prompt_faults("prompt", ["a", ""], PICO, vocabulary)
    assert (fault.param, fault.code) == ("prompt", "invalid_value")
    assert "send [0] for an unconditional sample" in fault.message


@pytest.mark.parametrize(("ids", "faults"), [([], 0), ([0, 4095], 0), ([4096], 1), ([5, 9999, 4096], 1)], ids=str)
def test_ids_beyond_the_vocabulary_are_told_with_its_size(vocabulary: Vocabulary, ids: list[int], faults: int) -> None:
    found = id_faults("stop_token_ids", ids, PICO, vocabulary)
    assert len(found) == faults
    assert all(f"has the token id {max(ids)}; the vocabulary of 'pico' has the ids 0 to 4095" in fault.message for fault in found)


@pytest.mark.parametrize(
    ("lengths", "max_tokens", "param"),
    [
        ([64], 0, None),
        ([63], None, None),
        ([60, 1], 4, None),
        ([65], 0, "prompt"),
        ([64], None, "prompt"),
        ([64], 1, "prompt"),
        ([1, 60], 5, "max_tokens"),
        ([1], 1 << 30, "max_tokens"),
    ],
    ids=str,
)
def test_prompt_and_answer_must_fit_the_context_together(lengths: list[int], max_tokens: int | None, param: str | None) -> None:
    found = length_faults([ValidPrompt((5,) * length) for length in lengths], max_tokens, OTHER)
    assert [fault.param for fault in found] == ([] if param is None else [param])
    for fault in found:
        assert fault.code == "context_length_exceeded"
        numbers = f"{max(lengths)} tokens and max_tokens ({1 if max_tokens is None else max_tokens}) must together be at most 64"
        assert numbers in fault.message


def test_a_text_of_no_tokens_is_refused() -> None:
    (fault,) = length_faults([ValidPrompt((5,)), ValidPrompt((), "", False)], 1, OTHER)
    assert (fault.param, fault.code) == ("prompt", "invalid_value")


@pytest.mark.parametrize("text", ["a", "the quick brown fox", "🦊" * 50, "\n" * 100, " " * 1000, "<|end_of_text|>" * 9])
def test_a_text_never_has_fewer_tokens_than_was_said(vocabulary: Vocabulary, text: str) -> None:
    assert least_tokens(text, vocabulary) <= len(vocabulary.encode(text, add_special_tokens=False))


def test_a_text_that_cannot_fit_is_refused_before_it_is_cut(vocabulary: Vocabulary) -> None:
    refuse_endless("a" * 100, None, OTHER, vocabulary)
    with pytest.raises(InvalidRequest, match="at least 82241 tokens") as raised:
        refuse_endless("a" * (4 << 20), 3, OTHER, vocabulary)
    assert (raised.value.param, raised.value.code) == ("prompt", "context_length_exceeded")
