"""The entrance before a gateway that is there, leaves, or never was; and before clients that do not behave."""

import asyncio
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from deployments import haproxy_config, listener
from deployments.entrance import Haproxy, HaproxyFailed
from deployments.frames import socket_folder
from deployments.haproxy_config import Address
from deployments.listener import Listener
from tests.cluster import free_port
from tests.router.errors import assert_error

OK = {"type": "http.response.start", "status": 200, "headers": []}


class App:
    """Sends the address of who asks, in pieces, and remembers the headers."""

    headers: dict[bytes, bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers = dict(scope["headers"])
        await send(OK)
        for piece in (scope["client"][0], " ", scope["scheme"]):
            await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})
            await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def home() -> Iterator[Path]:
    """Short enough for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="entrance-") as folder:
        yield Path(folder)


@pytest.fixture
async def entrance(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Haproxy]:
    monkeypatch.setattr(haproxy_config, "HEADER_SECONDS", 1)
    monkeypatch.setattr(haproxy_config, "CLIENT_SECONDS", 2)
    held = home / "held.lua"
    held.write_text(haproxy_config.HELD.read_text().replace("SECONDS, STEP_MILLISECONDS = 20,", "SECONDS, STEP_MILLISECONDS = 1,"))
    monkeypatch.setattr(haproxy_config, "HELD", held)
    one = Haproxy(Address("127.0.0.1", free_port()), home)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def gateway(home: Path) -> AsyncIterator[Listener]:
    one = Listener(App(), socket_folder(home))
    yield one
    await one.close()


async def get(entrance: Haproxy, path: str = "/v1/models", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{entrance.port}", trust_env=False, timeout=10) as client:
        return await client.get(path, headers=headers)


async def answered(entrance: Haproxy, status: int) -> httpx.Response:
    async with asyncio.timeout(10):
        while (answer := await get(entrance)).status_code != status:
            await asyncio.sleep(0.05)
    return answer


async def test_without_a_gateway_it_says_so_in_the_end(entrance: Haproxy) -> None:
    began = time.monotonic()
    answer = await get(entrance)
    assert 0.5 < time.monotonic() - began < 5
    assert_error(answer, 503, "not_ready")
    assert answer.headers["retry-after"] == "2"


async def test_who_comes_while_no_gateway_is_there_waits_for_the_next(entrance: Haproxy, home: Path) -> None:
    asking = [asyncio.create_task(get(entrance)) for _ in range(20)]
    await asyncio.sleep(0.3)
    next_one = Listener(App(), socket_folder(home))
    assert [answer.status_code for answer in await asyncio.gather(*asking)] == [200] * 20
    await next_one.close()


async def test_who_comes_before_the_first_checks_meets_no_free_place(gateway: Listener, entrance: Haproxy) -> None:
    answers = await asyncio.gather(*(get(entrance) for _ in range(60)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_gateway_is_found_and_asked(entrance: Haproxy, gateway: Listener) -> None:
    assert (await answered(entrance, 200)).text == "127.0.0.1 http"


async def test_nobody_passes_for_somebody_else(entrance: Haproxy, gateway: Listener) -> None:
    await answered(entrance, 200)
    lies = {"x-forwarded-for": "10.9.9.9", "x-forwarded-proto": "https", "forwarded": "for=10.9.9.9"}
    assert (await get(entrance, **lies)).text == "127.0.0.1 http"


async def test_what_is_asked_of_gateways_is_not_there_for_clients(entrance: Haproxy, gateway: Listener) -> None:
    await answered(entrance, 200)
    assert_error(await get(entrance, listener.CHECK_PATH), 404, "not_found")


async def test_gateways_change_and_no_request_fails(entrance: Haproxy, home: Path) -> None:
    first = Listener(App(), socket_folder(home))
    await answered(entrance, 200)
    stop = asyncio.Event()

    async def ask_on() -> list[int]:
        told = []
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{entrance.port}", trust_env=False, timeout=10) as client:
            while not stop.is_set():
                told.append((await client.get("/v1/models")).status_code)
        return told

    asking = [asyncio.create_task(ask_on()) for _ in range(8)]
    second = Listener(App(), socket_folder(home))
    await asyncio.sleep(1)
    await first.close()
    await asyncio.sleep(0.5)
    stop.set()
    told = [status for statuses in await asyncio.gather(*asking) for status in statuses]
    await second.close()
    assert len(told) > 20
    assert set(told) == {200}


async def test_it_is_started_again_after_it_was_killed(entrance: Haproxy) -> None:
    assert entrance._process is not None
    entrance._process.send_signal(signal.SIGKILL)
    entrance._process.wait()
    assert not entrance.alive
    await entrance.start()
    assert_error(await get(entrance), 503, "not_ready")


async def test_a_port_that_another_holds_is_told(home: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder, pytest.raises(HaproxyFailed, match="ended"):
        await Haproxy(Address("127.0.0.1", holder.getsockname()[1]), home).start()


async def closed_within(reader: asyncio.StreamReader, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        return await reader.read()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /v1/models HTTP/1.1\r\nHost:", b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_who_sends_no_more_is_cut(entrance: Haproxy, gateway: Listener, sent: bytes) -> None:
    await answered(entrance, 200)
    reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
    writer.write(sent)
    await closed_within(reader, 8)
    assert (await get(entrance)).status_code == 200
    writer.close()


async def test_a_head_that_comes_byte_by_byte_is_cut(entrance: Haproxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", entrance.port)
    closed = asyncio.create_task(closed_within(reader, 8))
    for byte in b"GET /v1/models HTTP/1.1\r\n" + b"x" * 60:
        if closed.done():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)
    assert b" 408 " in await closed
    writer.close()


async def test_a_head_that_a_gateway_would_refuse_reaches_it(entrance: Haproxy, gateway: Listener) -> None:
    await answered(entrance, 200)
    assert (await get(entrance, **{"x-large": "x" * 200_000})).status_code == 200
    assert (await get(entrance, **{"x-large": "x" * 400_000})).status_code == 400
