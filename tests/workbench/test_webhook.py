from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tests.router.server import served, until
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench import webhook
from workbench.services import Site
from workbench.webhook import Webhook

SAID = {"text": "a private matter", "page": "/models", "request_id": None, "user": "ada"}

#: No database is asked, but where a page says something.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Chat:
    """An address that is told: `answers` are the statuses it gives, the last one for ever; `heard` what it was told."""

    def __init__(self, *answers: int, seconds: float = 0.0) -> None:
        self.answers, self.seconds, self.heard = list(answers) or [200], seconds, list[Any]()

    async def hear(self, request: Request) -> Response:
        self.heard.append(await request.json())
        await asyncio.sleep(self.seconds)
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return RedirectResponse("/elsewhere", status) if status in (307, 302) else Response(b"x" * 100, status)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSES", (0.01, 0.01))


@pytest.fixture
async def listen() -> AsyncIterator[Callable[[Chat], Awaitable[Webhook]]]:
    """A webhook that tells this chat; a redirect of it would be heard twice."""
    opened: list[Any] = []

    async def listening(chat: Chat) -> Webhook:
        app = FastAPI()
        for path in ("/hook-secret", "/elsewhere"):
            app.add_api_route(path, chat.hear, methods=["GET", "POST"], response_model=None)
        server = served(app)
        opened.append(server)
        hook = Webhook(f"{await server.__aenter__()}/hook-secret")
        opened.append(hook)
        return hook

    yield listening
    for one in reversed(opened):
        await (one.close() if isinstance(one, Webhook) else one.__aexit__(None, None, None))


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "workbench.webhook" and one.levelno == logging.ERROR]


async def test_the_chat_is_told_once(listen: Callable[[Chat], Awaitable[Webhook]], caplog: pytest.LogCaptureFixture) -> None:
    chat = Chat()
    hook = await listen(chat)
    for number in ("1", "2"):
        hook.send(number, SAID)
    await until(lambda: len(chat.heard) == 2)
    await asyncio.sleep(0.1)
    assert chat.heard == [SAID, SAID]
    assert failures(caplog) == []


@pytest.mark.parametrize("status", [500, 503, 408, 429])
async def test_a_chat_that_is_away_is_told_again(listen: Callable[[Chat], Awaitable[Webhook]], status: int) -> None:
    chat = Chat(status, 200)
    (await listen(chat)).send("1", SAID)
    await until(lambda: len(chat.heard) == 2)


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (400, 1), (302, 1), (307, 1)])
async def test_it_gives_up_follows_nowhere_and_the_log_has_neither_text_nor_address(
    listen: Callable[[Chat], Awaitable[Webhook]], caplog: pytest.LogCaptureFixture, status: int, tries: int
) -> None:
    caplog.set_level(logging.INFO)
    chat = Chat(status)
    (await listen(chat)).send("1", SAID)
    await until(lambda: failures(caplog) != [])
    assert failures(caplog) == [f"Feedback 1 could not be sent to the webhook: it answered {status}."]
    assert len(chat.heard) == tries
    everything = " ".join(one.getMessage() for one in caplog.records)
    assert "private" not in everything
    assert "hook-secret" not in everything


async def test_an_address_where_nobody_is_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    hook = Webhook("http://127.0.0.1:9/hook-secret")
    hook.send("1", SAID)
    await until(lambda: failures(caplog) != [])
    assert failures(caplog) == ["Feedback 1 could not be sent to the webhook: ConnectError."]
    await hook.close()


async def test_a_chat_that_does_not_answer_is_not_waited_for(
    listen: Callable[[Chat], Awaitable[Webhook]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.1)
    (await listen(Chat(seconds=1.0))).send("1", SAID)
    await until(lambda: failures(caplog) != [])
    assert "Timeout" in failures(caplog)[0]


async def test_closing_waits_for_no_chat(listen: Callable[[Chat], Awaitable[Webhook]]) -> None:
    chat = Chat(seconds=1.0)
    hook = await listen(chat)
    hook.send("1", SAID)
    await until(lambda: chat.heard != [])
    async with asyncio.timeout(0.5):
        await hook.close()


async def test_only_so_much_waits(
    listen: Callable[[Chat], Awaitable[Webhook]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhook, "MOST_WAITING", 2)
    hook = await listen(Chat())
    for number in "123":
        hook.send(number, SAID)
    assert failures(caplog) == ["Feedback 3 is not sent to the webhook: too much waits to be sent."]


async def test_where_no_address_is_set_nobody_is_told() -> None:
    hook = Webhook(None)
    hook.send("1", SAID)
    assert [one.get_name() for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []
    await hook.close()


@SQLITE
async def test_what_is_said_on_a_page_is_told_with_the_name_of_who_said_it(
    listen: Callable[[Chat], Awaitable[Webhook]], sign_up: SignUp, site: Site
) -> None:
    chat = Chat()
    object.__setattr__(site, "webhook", await listen(chat))
    ada: Browser = await sign_up("ada")
    said = {"text": "Odd.", "page": "/models", "request_id": "abc", "parameters": {"seed": 1}}
    assert (await ada.post("/site/feedback", json=said)).status_code == 204
    await until(lambda: chat.heard != [])
    assert chat.heard == [{"text": "Odd.", "page": "/models", "request_id": "abc", "user": "ada"}]
