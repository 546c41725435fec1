from __future__ import annotations

import random

import pytest

from router.engine import Sampling
from router.text import Continuation, StopScanner, TextStream, unfinished_tail
from router.tokens import Vocabulary
from tests.router.test_tokens import byte_ids

#: Bytes whose runs are valid, unfinished and broken UTF-8 in every way.
AWKWARD = bytes([0x41, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xA0, 0xFF, 0xC3, 0xB6, 0xEF, 0xBF, 0xBD, 0xF4, 0x90, 0xE0])


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


def test_a_stop_string_that_is_complete_too_early_does_not_count() -> None:
    scanner = StopScanner(("ab",))
    assert [scanner.feed("xab", armed=False), scanner.feed("a"), scanner.feed("b")] == ["xab", "", ""]
    assert scanner.found == "ab"


def test_a_stop_string_may_begin_before_it_may_end() -> None:
    scanner = StopScanner(("ab",))
    assert [scanner.feed("xa", armed=False), scanner.feed("b")] == ["x", ""]
    assert scanner.found == "ab"


def test_one_that_was_complete_too_early_is_not_found_later_either() -> None:
    """A longer stop string that begins alike keeps it held back."""
    scanner = StopScanner(("STOP", "STOPX"))
    fed = [scanner.feed("ST", armed=False), scanner.feed("OP", armed=False), scanner.feed("y"), scanner.feed(" more")]
    assert ("".join(fed), scanner.found) == ("STOPy more", None)


def continuation(vocabulary: Vocabulary, prompt: bytes, echo: int | None = None, **fields: object) -> Continuation:
    return Continuation(vocabulary, [0, *byte_ids(vocabulary, prompt)], Sampling(9, **fields), echo)  # type: ignore[arg-type]


def test_a_stop_string_is_found_at_the_token_that_completes_it(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, b"x", stop=("€",))
    found = []
    for token_id in byte_ids(vocabulary, "a€".encode()):
        text.feed(token_id)
        found.append(text.found)
    assert found == [None, None, None, "€"]


def test_no_stop_string_finds_nothing(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, b"x")
    fed = [text.feed(token_id)[0] for token_id in vocabulary.encode("any text", add_special_tokens=False)]
    assert ("".join(fed), text.found) == ("any text", None)


@pytest.mark.parametrize(("min_tokens", "found_after"), [(0, 2), (1, 2), (2, 4), (3, 4), (4, None)])
def test_no_stop_string_counts_before_min_tokens(vocabulary: Vocabulary, min_tokens: int, found_after: int | None) -> None:
    """As in vLLM: the token that completes it must be the min_tokens + 1st or a later one."""
    text = continuation(vocabulary, b"x", stop=("ab",), min_tokens=min_tokens)
    after = None
    for count, token_id in enumerate(byte_ids(vocabulary, b"abab"), 1):
        text.feed(token_id)
        after = count if text.found and after is None else after
    assert after == found_after


def test_a_character_that_the_prompt_leaves_unfinished_comes_whole_with_its_last_byte(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, "a€".encode()[:-1])
    assert [text.feed(token_id) for token_id in byte_ids(vocabulary, b"\xac!")] == [("€", 0), ("!", 1)]


def test_one_that_the_generation_leaves_unfinished_stays_the_prompts(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, "a€".encode()[:-1])
    assert [text.feed(token_id) for token_id in byte_ids(vocabulary, b"b!")] == [("b", 0), ("!", 1)]


def test_after_an_echo_it_shows_as_what_it_is(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, "a€".encode()[:-1], echo=1)
    assert [text.feed(token_id) for token_id in byte_ids(vocabulary, b"b!")] == [("\ufffdb", 2), ("!", 3)]


def test_bytes_of_prompt_and_generation_that_nothing_completes_are_one_replacement(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, b"a\xe2")
    assert [text.feed(token_id) for token_id in byte_ids(vocabulary, b"\x82!")] == [("", 0), ("\ufffd!", 1)]


def test_a_stop_string_is_not_looked_for_in_the_prompts_share(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, b"a\xe2", stop=("\ufffd",))
    text.feed(byte_ids(vocabulary, b"b")[0])
    assert text.found is None


def test_special_tokens_have_text_when_they_are_not_skipped(vocabulary: Vocabulary) -> None:
    text = continuation(vocabulary, b"a", skip_special_tokens=False)
    assert [text.feed(token_id) for token_id in (1, *byte_ids(vocabulary, b"b"))] == [("<|end_of_text|>", 0), ("b", 15)]


@pytest.mark.parametrize(
    ("prompt", "tail"), [(b"abc", b""), (b"a\xe2\x82", b"\xe2\x82"), (b"\xf0\x9f\x98", b"\xf0\x9f\x98"), (b"\xac", b"")]
)
def test_the_unfinished_tail_of_a_prompt(vocabulary: Vocabulary, prompt: bytes, tail: bytes) -> None:
    assert unfinished_tail(vocabulary, byte_ids(vocabulary, prompt)) == tail


def test_a_special_token_ends_a_prompts_unfinished_character(vocabulary: Vocabulary) -> None:
    assert unfinished_tail(vocabulary, [*byte_ids(vocabulary, b"\xe2\x82"), 1]) == b""
