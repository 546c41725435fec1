from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from router.body import LARGEST_BODY, Refused, parse
from tests.router.errors import assert_error

HOSTILE = [
    ("nothing", b"", "empty"),
    ("blanks", b" \n\t ", "empty"),
    ("not JSON", b"{'model': 1}", "line 1 column 2"),
    ("cut off", b'{"model": "pi', "not valid JSON"),
    ("two values", b"{} {}", "not valid JSON"),
    ("a comment", b"{} // x", "not valid JSON"),
    ("a trailing comma", b'{"a": 1,}', "not valid JSON"),
    ("a list", b"[]", "must be a JSON object"),
    ("a number", b"5", "must be a JSON object"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "not valid JSON"),
    ("not UTF-8", b'{"a": "\xff"}', "byte 7"),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ("an encoded surrogate", b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
    ("NaN", b'{"a": NaN}', "NaN"),
    ("Infinity", b'{"a": Infinity}', "Infinity"),
    ("minus Infinity", b'{"a": -Infinity}', "-Infinity"),
    ("1e999", b'{"a": 1e999}', "too large"),
    ("-1e999", b'{"a": [-1e999]}', "too large"),
    ("a huge integer", b'{"a": ' + b"9" * 5000 + b"}", "5000 characters"),
    ("a twenty-one digit integer", b'{"a": ' + b"9" * 21 + b"}", "20 are the most"),
    ("a duplicate key", b'{"a": 1, "a": 1}', '"a" twice'),
    ("a duplicate key further down", b'{"a": [{"b": 1, "b": 2}]}', '"b" twice'),
    ("the same key in two spellings", b'{"a": 1, "\\u0061": 2}', '"a" twice'),
    ("thousands of keys", json.dumps({f"k{n}": n for n in range(2000)}).encode(), "2000 keys"),
    ("a lone surrogate", b'{"a": "\\ud800"}', "surrogate"),
    ("a lone low surrogate", b'{"a": "x\\uDFFFy"}', "surrogate"),
    ("a lone surrogate in a key", b'{"\\ud800": 1}', "surrogate"),
    ("surrogates the wrong way round", b'{"a": "\\udc00\\ud800"}', "surrogate"),
    ("nine levels", b'{"a":' + b"[" * 8 + b"]" * 8 + b"}", "deeper than 8"),
    ("a hundred thousand levels", b'{"a":' + b"[" * 100_000, "deeper than 8"),
    ("objects without end", b'{"a":' * 100_000, "deeper than 8"),
    ("a raw control character", b'{"a": "\x00"}', "not valid JSON"),
]


@pytest.mark.parametrize(("data", "says"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_json_leaves_open_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says.replace("[", r"\[")):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b' {"a": null}\r\n',
        b'{"a":' + b"[" * 7 + b"]" * 7 + b"}",
        b'{"a": "\\ud83e\\udd8a"}',
        b'{"a": "\\u0000"}',
        b'{"a": 99999999999999999999}',
    ],
)
def test_what_json_allows_comes_through_unchanged(data: bytes) -> None:
    assert parse(data) == json.loads(data)


def test_a_mutated_body_is_parsed_or_refused_and_nothing_else() -> None:
    chance = random.Random(7)
    original = b'{"model": "pico", "prompt": "h\\u00e9 \\ud83e\\udd8a", "stop": ["a", {"b": [1.5e3, -2, true]}], "n": null}'
    for _ in range(5000):
        data = bytearray(original)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.choice([b"", b"[", b"{", b'"', b"\\u", b"\xff", b"9" * 30, b"NaN", b","])
        with contextlib.suppress(Refused):
            assert isinstance(parse(bytes(data)), dict)


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonp"]
)
async def test_other_content_types_are_refused(client: httpx.AsyncClient, media_type: str | None) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    response = await client.post("/v1/completions", content=b'{"model": "pico", "prompt": "a"}', headers=headers)
    assert_error(response, 415, "unsupported_media_type")


async def test_no_body_at_all_is_an_empty_one_whatever_it_does_not_say(client: httpx.AsyncClient) -> None:
    assert_error(await client.post("/v1/completions"), 400, "invalid_json", says="is empty")


async def test_a_body_of_unknown_length_needs_its_type(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"model": "pico", "prompt": "a"}'

    response = await client.post("/v1/completions", content=chunks())
    assert_error(response, 415, "unsupported_media_type")


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert_error(await client.post("/v1/completions", content=b"\x1f\x8b", headers=headers), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json;",
        "application/json; charset=utf8",
    ],
)
async def test_json_may_name_its_charset(client: httpx.AsyncClient, media_type: str) -> None:
    body = b'{"model": "pico", "prompt": "a"}'
    assert (await client.post("/v1/completions", content=body, headers={"content-type": media_type})).status_code == 200


@pytest.mark.parametrize("size", ["8388609", "9" * 40])
async def test_a_body_that_says_it_is_too_large_is_not_read(client: httpx.AsyncClient, size: str) -> None:
    headers = {"content-type": "application/json", "content-length": size}
    assert_error(await client.post("/v1/completions", content=b"{}", headers=headers), 413, "payload_too_large", says="8388608")


async def test_a_body_that_grows_too_large_is_cut_while_it_comes(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 4 * LARGEST_BODY:
            sent += 1 << 20
            yield b"a" * (1 << 20)

    response = await client.post("/v1/completions", content=endless(), headers={"content-type": "application/json"})
    assert_error(response, 413, "payload_too_large")


async def test_a_hostile_body_is_answered_with_the_error_shape(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", content=b'{"a": NaN}', headers={"content-type": "application/json"})
    assert_error(response, 400, "invalid_json", says="NaN")
    assert response.headers["x-should-retry"] == "false"


def test_the_largest_body_is_parsed_in_a_moment() -> None:
    data = b'{"prompt": [' + b"1," * ((LARGEST_BODY - 64) // 2) + b"1]}"
    start = time.monotonic()
    parse(data)
    assert time.monotonic() - start < 5
