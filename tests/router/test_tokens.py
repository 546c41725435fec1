from __future__ import annotations

import random
from pathlib import Path

import pytest

from router.tokens import StopFinder, StopScanner, TextStream, UnreadableTokenizer, Vocabulary, byte_alphabet

#: Bytes whose runs are valid, unfinished and broken UTF-8 in every way.
AWKWARD = bytes([0x41, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xA0, 0xFF, 0xC3, 0xB6, 0xEF, 0xBF, 0xBD, 0xF4, 0x90, 0xE0])


def byte_ids(vocabulary: Vocabulary, data: bytes) -> list[int]:
    """Ids of the tokens that are one byte each."""
    singles = {vocabulary.token_bytes(token_id): token_id for token_id in range(vocabulary.size)}
    return [singles[bytes([byte])] for byte in data]


@pytest.mark.parametrize("text", ["hi", "<|begin_of_text|>hi"])
def test_a_text_gets_bos_exactly_once(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert ids.count(vocabulary.bos_id or 0) == 1
    assert ids[0] == vocabulary.bos_id


def test_special_spellings_in_text_become_their_tokens(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("a<|end_of_text|>")[-1] == vocabulary.eos_id


async def test_a_long_text_is_cut_alike_in_a_thread(vocabulary: Vocabulary) -> None:
    text = "the quick brown fox " * 1000
    assert await vocabulary.encode_aside(text) == vocabulary.encode(text)


@pytest.mark.parametrize("text", ["hello", " naïve 🦊 — €5\n\t", "\x00\x7f\u2028"])
def test_the_bytes_of_all_tokens_are_the_text(vocabulary: Vocabulary, text: str) -> None:
    ids = [token_id for token_id in vocabulary.encode(text) if not vocabulary.is_special(token_id)]
    assert b"".join(vocabulary.token_bytes(token_id) for token_id in ids) == text.encode()


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


def test_every_part_of_a_character_has_its_offset_and_the_last_its_text(vocabulary: Vocabulary) -> None:
    stream = TextStream(vocabulary)
    assert [stream.feed(token_id) for token_id in byte_ids(vocabulary, "é€x".encode())] == [
        ("", 0),
        ("é", 0),
        ("", 1),
        ("", 1),
        ("€", 1),
        ("x", 2),
    ]


def test_a_special_token_has_no_text_and_breaks_no_character(vocabulary: Vocabulary) -> None:
    first, second = byte_ids(vocabulary, "é".encode())
    stream = TextStream(vocabulary)
    assert [stream.feed(token_id) for token_id in (first, 1, second)] == [("", 0), ("", 0), ("é", 0)]


def test_text_and_offsets_are_exact_for_any_bytes(vocabulary: Vocabulary) -> None:
    chance = random.Random(1)
    ids = dict(zip(AWKWARD, byte_ids(vocabulary, AWKWARD), strict=True))
    for _ in range(5000):
        data = bytes(chance.choice(AWKWARD) for _ in range(chance.randrange(1, 9)))
        stream = TextStream(vocabulary)
        fed = [stream.feed(ids[byte]) for byte in data]
        text, offsets = "".join(piece for piece, _ in fed), [offset for _, offset in fed]
        whole = data.decode("utf-8", "replace")
        assert whole.startswith(text)
        assert whole[len(text) :] in ("", "\ufffd"), data
        assert offsets == sorted(offsets)
        assert all(text[offset] == "A" for byte, offset in zip(data, offsets, strict=True) if byte == 0x41), data


STOPS = [
    ("the first that is completed wins", ("cd", "abc"), "xabcd", "x", "abc"),
    ("a shorter one inside a longer one wins", ("abc", "b"), "abcd", "a", "b"),
    ("of two completed at once the first in the list wins", ("bc", "c"), "abc", "a", "bc"),
    ("also when it is the shorter", ("c", "bc"), "abc", "ab", "c"),
    ("a beginning that goes wrong is given back", ("abd",), "ababc", "ababc", None),
    ("a beginning inside a beginning is kept", ("aab",), "aaab", "a", "aab"),
    ("nothing is found in nothing", ("a",), "", "", None),
    ("case counts", ("ABC",), "abc", "abc", None),
]


@pytest.mark.parametrize(("stop", "text", "kept", "found"), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS])
@pytest.mark.parametrize("step", [1, 2, 99])
def test_stop_strings(stop: tuple[str, ...], text: str, kept: str, found: str | None, step: int) -> None:
    scanner = StopScanner(stop)
    pieces = [scanner.feed(text[at : at + step]) for at in range(0, len(text), step)]
    assert ("".join(pieces) + scanner.flush(), scanner.found) == (kept, found)


def test_text_waits_only_while_it_may_begin_a_stop_string() -> None:
    scanner = StopScanner(("END",))
    assert [scanner.feed(piece) for piece in ("a", "E", "N", "x", "E", "ND", "more")] == ["a", "", "", "ENx", "", "", ""]


def test_a_finder_names_the_stop_string_at_the_token_that_completes_it(vocabulary: Vocabulary) -> None:
    finder = StopFinder(vocabulary, ("€",))
    assert [finder.feed(token_id) for token_id in byte_ids(vocabulary, "a€".encode())] == [None, None, None, "€"]


def test_no_stop_string_finds_nothing(vocabulary: Vocabulary) -> None:
    finder = StopFinder(vocabulary, ())
    assert [finder.feed(token_id) for token_id in vocabulary.encode("any text")] == [None] * len(vocabulary.encode("any text"))


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTokenizer, match=r"tokenizer\.json"):
        Vocabulary.load(str(tmp_path))


def test_a_tokenizer_that_is_not_byte_level_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"decoder": {"type": "Metaspace"}}')
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(UnreadableTokenizer, match="byte-level"):
        Vocabulary.load(str(tmp_path))
