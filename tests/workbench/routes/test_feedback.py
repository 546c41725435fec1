from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from tests.workbench.routes.test_session import after
from workbench import feedback
from workbench.feedback_bodies import LARGEST_PARAMETERS, LONGEST_TEXT
from workbench.services import Site

SAID = {"text": "Odd.", "page": "/models"}


@pytest.fixture
async def ada(sign_up: SignUp) -> Browser:
    return await sign_up("ada")


async def kept(site: Site) -> list[str]:
    return [one.text for one, _ in await site.inbox.page()]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * LONGEST_TEXT},
        {"text": "  <script> \u202e 🦆 \n "},
        {"request_id": None, "parameters": None},
        {"request_id": "x" * 128},
        {"parameters": {}},
        {"parameters": {"seed": -1, "stop": ["\n", "⟂"], "logit_bias": {"5": 1.5}, "model": "pico", "echo": None}},
        {"parameters": {"a": {"b": {"c": [1]}}}},
    ],
    ids=lambda fields: str(fields)[:40],
)
async def test_what_people_say_is_kept_as_it_is(ada: Browser, site: Site, fields: dict[str, Any]) -> None:
    answer = await ada.post("/site/feedback", json={**SAID, **fields})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await kept(site) == [fields.get("text", "Odd.")]


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"text": ""}, "invalid_value", "text"),
        ({"text": " \n\t"}, "invalid_value", "text"),
        ({"text": "a\x00b"}, "invalid_value", "text"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "invalid_value", "text"),
        ({"text": None}, "missing_parameter", "text"),
        ({"page": "https://elsewhere.example"}, "invalid_value", "page"),
        ({"page": "/a\nb"}, "invalid_value", "page"),
        ({"page": "/" + "x" * 200}, "invalid_value", "page"),
        ({"request_id": ""}, "invalid_value", "request_id"),
        ({"request_id": "x" * 129}, "invalid_value", "request_id"),
        ({"request_id": "a\x00"}, "invalid_value", "request_id"),
        ({"parameters": []}, "invalid_value", "parameters"),
        ({"parameters": {"prompt": "a secret"}}, "invalid_value", "parameters"),
        ({"parameters": {"sent": [{"prompt": [1]}]}}, "invalid_value", "parameters"),
        ({"parameters": {"continuations": [" a"]}}, "invalid_value", "parameters"),
        ({"parameters": {"stop": "\x00"}}, "invalid_value", "parameters"),
        ({"parameters": {"\x00": 1}}, "invalid_value", "parameters"),
        ({"parameters": {"a": {"b": {"c": [[1]]}}}}, "invalid_value", "parameters"),
        ({"parameters": {"stop": "x" * LARGEST_PARAMETERS}}, "invalid_value", "parameters"),
        ({"user": "eve"}, "unknown_parameter", "user"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_wrong_is_said_at_its_field(ada: Browser, site: Site, fields: dict[str, Any], code: str, param: str) -> None:
    assert_error(await ada.post("/site/feedback", json={**SAID, **fields}), 400, code, param)
    assert await kept(site) == []


async def test_so_much_of_one_user_is_taken_in_an_hour(ada: Browser, sign_up: SignUp, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    eve = await sign_up("eve")
    monkeypatch.setattr(feedback, "MOST_AN_HOUR", 2)
    for _ in range(2):
        assert (await ada.post("/site/feedback", json=SAID)).status_code == 204
    answer = await ada.post("/site/feedback", json=SAID)
    assert_error(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    assert (await eve.post("/site/feedback", json=SAID)).status_code == 204
    after(monkeypatch, feedback.HOUR + 1)
    assert (await ada.post("/site/feedback", json=SAID)).status_code == 204
    assert len(await kept(site)) == 4


async def test_who_asks_much_at_once_gets_no_more_in(ada: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST_AN_HOUR", 2)
    answers = await asyncio.gather(*(ada.post("/site/feedback", json=SAID) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] * 2 + [429] * 4
    assert len(await kept(site)) == 2


@pytest.mark.parametrize("most", ["MOST_OF_ONE", "MOST"])
async def test_so_much_is_kept_until_some_is_deleted(ada: Browser, site: Site, monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    monkeypatch.setattr(feedback, most, 1)
    await ada.post("/site/feedback", json=SAID)
    assert_error(await ada.post("/site/feedback", json=SAID), 403, "quota_exceeded", says="Tell an admin")
    (letter, _), admin = (await site.inbox.page())[0], (await site.users.named("ada")).who
    await site.inbox.delete(letter.id, admin)
    assert (await ada.post("/site/feedback", json=SAID)).status_code == 204
