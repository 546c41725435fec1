from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, processors

from router.catalogue import EMBEDDED
from router.tokens import UnreadableTokenizer, Vocabulary, byte_alphabet
from tests.router.byte_tokenizer import BOS, CONFIG, EOS, write_byte_tokenizer


def byte_ids(vocabulary: Vocabulary, data: bytes) -> list[int]:
    """Ids of the tokens that are one byte each."""
    singles = {vocabulary.token_bytes(token_id): token_id for token_id in range(vocabulary.size)}
    return [singles[bytes([byte])] for byte in data]


@pytest.mark.parametrize("text", ["hi", "<|begin_of_text|>hi"])
def test_a_text_gets_bos_exactly_once(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert ids.count(vocabulary.bos_id or 0) == 1
    assert ids[0] == vocabulary.bos_id


def test_a_bos_that_nobody_added_stays() -> None:
    """As with GPT-2: a BOS is named, and the tokenizer puts none before a text."""
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "pico" / "tokenizer.json"))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    vocabulary = Vocabulary(tokenizer, {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}, "digest")
    assert vocabulary.encode("<|begin_of_text|><|begin_of_text|>")[:2] == [0, 0]


def test_special_spellings_in_text_become_their_tokens(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("a<|end_of_text|>")[-1] == vocabulary.eos_id


async def test_a_long_text_is_cut_alike_in_a_thread(vocabulary: Vocabulary) -> None:
    text = "the quick brown fox " * 1000
    assert await vocabulary.encode_aside(text) == vocabulary.encode(text)


@pytest.mark.parametrize("text", ["hello", " naïve 🦊 — €5\n\t", "\x00\x7f\u2028"])
def test_the_bytes_of_all_tokens_are_the_text(vocabulary: Vocabulary, text: str) -> None:
    ids = [token_id for token_id in vocabulary.encode(text) if not vocabulary.is_special(token_id)]
    assert b"".join(vocabulary.token_bytes(token_id) for token_id in ids) == text.encode()


def test_a_tokenizer_with_more_ids_than_the_model_embeds_is_refused(tmp_path: Path) -> None:
    folder = write_byte_tokenizer(tmp_path)
    for config, readable in (({"vocab_size": 258}, True), ({"vocab_size": 257}, False), ({"text_config": {"vocab_size": 257}}, False)):
        (tmp_path / "config.json").write_text(json.dumps(config))
        with contextlib.nullcontext() if readable else pytest.raises(UnreadableTokenizer, match="has 258 ids"):
            Vocabulary.load(folder)


def test_the_alphabet_has_every_byte_once() -> None:
    assert sorted(byte_alphabet().values()) == list(range(256))


def test_a_token_is_spelt_as_text_or_as_bytes(vocabulary: Vocabulary) -> None:
    assert [vocabulary.spell(token_id) for token_id in byte_ids(vocabulary, "a€".encode())] == [
        "a",
        "bytes:\\xe2",
        "bytes:\\x82",
        "bytes:\\xac",
    ]
    assert vocabulary.spell(1) == "<|end_of_text|>"
    assert vocabulary.is_special(1)
    assert vocabulary.spell(vocabulary.size + 5) == ""


def test_ids_are_text_again_with_special_tokens_as_they_are_spelt(vocabulary: Vocabulary) -> None:
    text = "<|begin_of_text|>naïve 🦊<|end_of_text|>"
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.decode(byte_ids(vocabulary, b"a\xe2\x82b\xff")) == "a\ufffdb\ufffd"
    assert vocabulary.decode([]) == ""


def test_a_token_has_a_name_in_the_byte_alphabet(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode(" the")
    assert vocabulary.pieces(ids) == ["<|begin_of_text|>", "Ġthe"]
    assert vocabulary.pieces([vocabulary.size + 5]) == [""]


def test_a_tokenizer_is_the_same_in_another_folder_but_not_with_another_config(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, config in zip(folders, (CONFIG, CONFIG, CONFIG | {"eos_token": BOS}), strict=True):
        folder.mkdir()
        write_byte_tokenizer(folder, config)
    one, same, other = (Vocabulary.load(str(folder)) for folder in folders)
    assert one.same_as(same)
    assert not one.same_as(other)


@pytest.mark.parametrize("config", [CONFIG, {}, {"bos_token": None, "eos_token": EOS}], ids=str)
def test_where_the_config_names_no_bos_it_is_what_the_tokenizer_adds(tmp_path: Path, config: dict[str, Any]) -> None:
    vocabulary = Vocabulary.load(write_byte_tokenizer(tmp_path, config))
    assert vocabulary.bos_id == 256
    assert vocabulary.encode(BOS + "a") == vocabulary.encode("a") == [256, ord("a")]


def test_an_end_that_the_tokenizer_adds_is_no_beginning(tmp_path: Path) -> None:
    assert Vocabulary.load(write_byte_tokenizer(tmp_path, {"eos_token": BOS})).bos_id is None


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTokenizer, match=r"tokenizer\.json"):
        Vocabulary.load(str(tmp_path))


def test_a_tokenizer_that_is_not_byte_level_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"decoder": {"type": "Metaspace"}}')
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(UnreadableTokenizer, match="byte-level"):
        Vocabulary.load(str(tmp_path))
