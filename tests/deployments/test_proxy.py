"""What stands before Serve's proxy, around an application that shows what reaches it."""

import anyio
import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments import proxy
from deployments.proxy import Front, bounded
from router.sse import ReaderStalled
from tests.router.errors import assert_error


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    names = ",".join(sorted(name.decode() for name, _ in scope["headers"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{scope['path']} {names}".encode()})


def client(app: ASGIApp = inner) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Front(app)), base_url="http://test", headers={"user-agent": "x"})


@pytest.mark.parametrize(
    "name",
    [
        "x-request-id",
        "X-Request-Timeout-Seconds",
        "x-request-disconnect-disabled",
        "serve_multiplexed_model_id",
        "Serve-Multiplexed-Model-Id",
        "x_session_id",
    ],
)
async def test_serves_control_headers_do_not_get_in(name: str) -> None:
    async with client() as opened:
        answer = await opened.get("/health", headers={name: "1", "x-mine": "2"})
    assert "x-mine" in answer.text
    assert name.lower() not in answer.text


@pytest.mark.parametrize("path", ["/-/healthz", "/-/routes"])
async def test_serves_own_routes_do_not_exist(path: str) -> None:
    async with client() as opened:
        answer = await opened.get(path)
    assert_error(answer, 404, "not_found")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(("status", "told", "code"), [(404, 503, "not_ready"), (503, 503, "not_ready"), (500, 500, "internal_error")])
async def test_what_serve_answers_itself_is_an_error_of_ours(status: int, told: int, code: str) -> None:
    async with client(serves_own(status, b"text/plain")) as opened:
        answer = await opened.get("/v1/models")
    assert_error(answer, told, code)
    assert answer.headers["x-request-id"] == "given"
    assert (answer.headers.get("retry-after") is not None) == (told == 503)


async def test_a_gateway_that_is_lost_before_its_answer_is_an_error_of_ours() -> None:
    async with client(lost) as opened:
        answer = await opened.get("/v1/models")
    assert_error(answer, 500, "internal_error")
    assert answer.headers["x-request-id"]


async def lost(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve's proxy when the gateway dies: it logs that and returns."""


async def test_an_error_of_the_gateway_passes_unchanged() -> None:
    async with client(serves_own(404, b"application/json")) as opened:
        answer = await opened.get("/v1/models")
    assert (answer.status_code, answer.text) == (404, "in two pieces")


def serves_own(status: int, kind: bytes) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), (b"x-request-id", b"given")]})
        await send({"type": "http.response.body", "body": b"in two ", "more_body": True})
        await send({"type": "http.response.body", "body": b"pieces"})

    return app


async def test_a_reader_that_takes_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "STALL_SECONDS", 0.05)

    async def never(message: Message) -> None:
        await anyio.sleep(3600)

    with pytest.raises(ReaderStalled):
        await bounded(never)({"type": "http.response.body", "body": b"x"})
