from __future__ import annotations

import pytest
from tokenizers import Tokenizer, normalizers

from router.catalogue import EMBEDDED
from router.echo import Echo, characters
from router.prompts import ValidPrompt
from router.tokens import Vocabulary
from tests.router.test_tokens import byte_ids

TEXTS = ["hi there", "naïve 🦊 — €5\n\t", "<|begin_of_text|>x", "a<|end_of_text|>b", " leading", "👩‍👩‍👧 z"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("add_special_tokens", [True, False])
def test_a_text_is_echoed_as_it_was_sent_and_every_offset_points_at_its_token(
    vocabulary: Vocabulary, text: str, add_special_tokens: bool
) -> None:
    ids = vocabulary.encode(text, add_special_tokens)
    echo = Echo.of(ValidPrompt(tuple(ids), text, add_special_tokens), vocabulary, skip_special_tokens=True)
    assert echo.text == text
    assert len(echo.offsets) == len(ids)
    assert echo.offsets == sorted(echo.offsets)
    for token_id, offset in zip(ids, echo.offsets, strict=True):
        spelt = vocabulary.spell(token_id)
        added = token_id == vocabulary.bos_id and not text.startswith(spelt)
        assert added or spelt.startswith("bytes:") or text.startswith(spelt, offset)


def test_an_added_bos_has_no_width(vocabulary: Vocabulary) -> None:
    echo = Echo.of(ValidPrompt(tuple(vocabulary.encode("hi")), "hi"), vocabulary, skip_special_tokens=True)
    assert echo.offsets[:2] == [0, 0]


def test_every_part_of_a_character_has_its_offset(vocabulary: Vocabulary) -> None:
    ids = tuple(byte_ids(vocabulary, "a€b".encode()))
    assert Echo.of(ValidPrompt(ids, "a€b", False), vocabulary, skip_special_tokens=True).offsets == [0, 1, 1, 1, 2]


def test_token_ids_are_echoed_as_their_text_without_special_tokens(vocabulary: Vocabulary) -> None:
    ids = (0, *byte_ids(vocabulary, b"a"), 1, *byte_ids(vocabulary, b"b"))
    assert Echo.of(ValidPrompt(ids), vocabulary, skip_special_tokens=True) == Echo("ab", [0, 0, 1, 1])
    spelt = Echo.of(ValidPrompt(ids), vocabulary, skip_special_tokens=False)
    assert spelt.text == "<|begin_of_text|>a<|end_of_text|>b"


def test_what_token_ids_leave_unfinished_is_not_echoed(vocabulary: Vocabulary) -> None:
    ids = tuple(byte_ids(vocabulary, "a€".encode()[:-1]))
    assert Echo.of(ValidPrompt(ids), vocabulary, skip_special_tokens=True) == Echo("a", [0, 1, 1])


def test_broken_bytes_in_token_ids_are_replacements(vocabulary: Vocabulary) -> None:
    ids = tuple(byte_ids(vocabulary, b"a\xffb"))
    assert Echo.of(ValidPrompt(ids), vocabulary, skip_special_tokens=True) == Echo("a\ufffdb", [0, 1, 2])


def test_where_the_tokenizer_normalises_its_own_account_of_offsets_counts() -> None:
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "pico" / "tokenizer.json"))
    tokenizer.normalizer = normalizers.NFC()
    vocabulary = Vocabulary(tokenizer, {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}, "digest")
    text = "e\u0301 x"
    ids = vocabulary.encode(text)
    echo = Echo.of(ValidPrompt(tuple(ids), text), vocabulary, skip_special_tokens=True)
    assert echo.text == text
    assert len(echo.offsets) == len(ids)
    assert text[echo.offsets[-1] :].strip() == "x"


def test_the_characters_of_bytes() -> None:
    data = "a€b".encode()
    assert [characters(data)[at] for at in range(len(data) + 1)] == [0, 1, 1, 1, 2, 3]
