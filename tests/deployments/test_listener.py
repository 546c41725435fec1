"""A gateway's own socket: private, one place for each process, and nothing that runs is cut when it leaves."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from deployments import listener
from deployments.listener import CHECK_PATH, Listener, NoPlace, socket_path

OK = {"type": "http.response.start", "status": 200, "headers": []}


class App:
    """Answers when it may."""

    def __init__(self) -> None:
        self.may, self.asked = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.may.wait()
        await send(OK)
        await send({"type": "http.response.body", "body": str(scope["client"]).encode()})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def one(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    monkeypatch.setattr(listener, "LEAVE_SECONDS", 0.1)
    one = Listener(app, tmp_path)
    yield one
    app.may.set()
    await one.close()


async def ask(folder: Path, path: str, place: int = 1, headers: dict[str, str] | None = None) -> httpx.Response:
    transport = httpx.AsyncHTTPTransport(uds=str(socket_path(folder, place)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get(path, headers=headers)


async def test_it_answers_and_believes_who_stands_before_it(one: Listener, app: App, tmp_path: Path) -> None:
    app.may.set()
    answer = await ask(tmp_path, "/v1/models", headers={"x-forwarded-for": "10.1.2.3"})
    assert (answer.status_code, answer.text) == (200, "('10.1.2.3', 0)")


async def test_only_its_own_user_may_connect(one: Listener, tmp_path: Path) -> None:
    assert stat.S_IMODE(socket_path(tmp_path, 1).stat().st_mode) == 0o600


async def test_two_gateways_have_two_places(one: Listener, app: App, tmp_path: Path) -> None:
    other = Listener(app, tmp_path)
    assert (await ask(tmp_path, CHECK_PATH, place=2)).status_code == 200
    await other.close()


async def test_a_place_that_is_left_is_taken_again(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LEAVE_SECONDS", 0.0)
    for _ in range(2):
        one = Listener(app, tmp_path)
        assert (await ask(tmp_path, CHECK_PATH)).status_code == 200
        await one.close()


async def test_more_gateways_than_places_are_refused(one: Listener, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "PLACES", 1)
    with pytest.raises(NoPlace, match="start fewer replicas"):
        Listener(app, tmp_path)


async def test_one_that_leaves_says_so_first_and_finishes_what_runs(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "LEAVE_SECONDS", 0.3)
    one = Listener(app, tmp_path)
    running = asyncio.create_task(ask(tmp_path, "/v1/completions"))
    await asyncio.wait_for(app.asked.wait(), 5)
    closing = asyncio.create_task(one.close())
    await asyncio.sleep(0)
    assert (await ask(tmp_path, CHECK_PATH)).status_code == 503
    await asyncio.sleep(0.5)
    assert not closing.done()
    app.may.set()
    assert (await asyncio.wait_for(running, 5)).status_code == 200
    await asyncio.wait_for(closing, 5)
    assert not one.alive
