"""The straight way gives what FastAPI's own gives: of /v1/completions and of /m/{model}/v1/completions, which has no other."""

import re
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

from router.app import STRAIGHT
from router.engine import EngineError

ASKED: dict[str, dict[str, Any]] = {
    "whole": {"prompt": "the end", "max_tokens": 3, "seed": 1},
    "stream": {"prompt": "the end", "max_tokens": 3, "seed": 1, "stream": True},
    "a wrong field": {"prompt": "the end", "max_tokens": -1},
    "a field that nobody knows": {"prompt": "the end", "tokens": 5},
    "too long": {"prompt": [5] * 3000},
    "no prompt": {},
}
BODIES = {"/v1/completions": ASKED, "/v1/score": {"scores": {"prompt": "the", "continuations": [" end", " sea"]}, "no prompt": {}}}
CASES = [(path, body) for path, bodies in BODIES.items() for body in bodies.values()]


def same(response: httpx.Response) -> tuple[int, dict[str, str], str]:
    """But for what differs between any two answers."""
    headers = {name: value for name, value in response.headers.items() if not name.startswith(("x-r", "x-queue", "content-length"))}
    return response.status_code, headers, re.sub(r'"cmpl-\w+"|"score-\w+"|"created":\d+', "", response.text)


def test_they_are_the_paths_of_routes() -> None:
    assert {one.path for one in STRAIGHT} == set(BODIES)


@pytest.mark.parametrize(("path", "body"), CASES)
async def test_both_ways_answer_alike(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    straight = same(await client.post(path, json={"model": "pico", **body}))
    assert straight == same(await client.post(f"/m/pico{path}", json=body))


@pytest.mark.parametrize("path", list(BODIES))
async def test_without_a_key_and_with_a_body_that_is_none_both_refuse_alike(client: httpx.AsyncClient, path: str) -> None:
    unknown = {"authorization": "Bearer nobody"}
    assert same(await client.post(path, headers=unknown)) == same(await client.post(f"/m/pico{path}", headers=unknown))
    assert same(await client.post(path, content=b"{")) == same(await client.post(f"/m/pico{path}", content=b"{"))
    origin = {"origin": "https://a.example"}
    assert same(await client.post(path, headers=origin)) == same(await client.post(f"/m/pico{path}", headers=origin))


@pytest.mark.parametrize("fault", [{"refusal": EngineError("scripted")}, {"die_after": 0}])
async def test_an_engine_that_fails_is_told_alike(client: httpx.AsyncClient, follow: Callable[..., None], fault: dict[str, Any]) -> None:
    follow(**fault)
    body = {"prompt": "the", "max_tokens": 2}
    straight = same(await client.post("/v1/completions", json={"model": "pico", **body}))
    assert straight[0] >= 500
    assert straight == same(await client.post("/m/pico/v1/completions", json=body))


async def test_only_what_is_posted_there_goes_straight(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way is really another: with no route left, it still answers."""
    application = cast(httpx.ASGITransport, client._transport).app
    monkeypatch.setattr(application.router, "routes", [])  # type: ignore[attr-defined]
    assert (await client.post("/v1/completions", json={"model": "pico", "prompt": "the", "max_tokens": 1})).status_code == 200
    assert (await client.get("/v1/completions")).status_code == 404
