"""Slow, silent and greedy clients of the real entrance, with a whole gateway and scripted engines behind it: each is cut in time,
costs no engine anything, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from budgets.keys import ApiKey
from deployments import haproxy_config
from deployments.entrance import Haproxy
from deployments.frames import socket_folder
from deployments.haproxy_config import Address
from deployments.listener import Listener
from router import body as body_module
from router import sse
from router.scripted_engine import ScriptedEngine
from tests.cluster import free_port
from tests.router.errors import assert_error

#: In the place of 10, 30 and 20 s.
HEADER, CLIENT, BODY = 1, 2, 2
#: What a healthy client may wait, whatever the others do.
SLOWEST_SECONDS = 2.0


class Door:
    """The entrance, and how to come in."""

    def __init__(self, haproxy: Haproxy, key: str) -> None:
        self.haproxy, self.key = haproxy, key
        self.base = f"http://127.0.0.1:{haproxy.port}"

    def head(self, length: int) -> bytes:
        lines = ["POST /v1/completions HTTP/1.1", "Host: x", f"Authorization: Bearer {self.key}", "Content-Type: application/json"]
        return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.haproxy.port)

    async def ask(self, client: httpx.AsyncClient) -> float:
        """Seconds of one small request that is answered as it should be."""
        began = time.monotonic()
        answer = await client.post("/v1/completions", json={"model": "pico", "prompt": "hi", "max_tokens": 2})
        assert answer.status_code == 200, answer.text
        return time.monotonic() - began

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.base, headers={"x-api-key": self.key}, trust_env=False, timeout=20)


@pytest.fixture
def most_files() -> int:
    return haproxy_config.MOST_FILES


@pytest.fixture
async def door(
    app: FastAPI, api_key: tuple[str, ApiKey], most_files: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    for module, name, value in (
        (haproxy_config, "HEADER_SECONDS", HEADER),
        (haproxy_config, "CLIENT_SECONDS", CLIENT),
        (haproxy_config, "MOST_FILES", most_files),
        (body_module, "BODY_SECONDS", BODY),
        (sse, "STALL_SECONDS", CLIENT),
    ):
        monkeypatch.setattr(module, name, value)
    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        gateway = Listener(app, socket_folder(Path(folder)))
        haproxy = Haproxy(Address("127.0.0.1", free_port()), Path(folder))
        await haproxy.start()
        one = Door(haproxy, api_key[0])
        async with one.client() as client, asyncio.timeout(10):
            while (await client.get("/health")).status_code != 200:
                await asyncio.sleep(0.05)
        yield one
        await haproxy.stop()
        await gateway.close()


async def closed(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """What comes until the connection is closed."""
    async with asyncio.timeout(seconds):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def drip(writer: asyncio.StreamWriter, every: float, done: Callable[[], bool]) -> None:
    while not done():
        try:
            writer.write(b" ")
            await writer.drain()
        except ConnectionError:
            return
        await asyncio.sleep(every)


def test_who_sends_as_slowly_as_may_be_is_cut_within_35_seconds() -> None:
    """Of plain http, and of https once the handshake is done; that alone may take as long as a silent reader."""
    assert haproxy_config.HEADER_SECONDS + body_module.BODY_SECONDS <= 35
    assert haproxy_config.CLIENT_SECONDS <= 35


async def test_a_body_that_comes_byte_by_byte_is_cut(door: Door, engine: ScriptedEngine) -> None:
    """Each byte in time, and never whole: HAProxy would wait for ever."""
    reader, writer = await door.connect()
    writer.write(door.head(1 << 20))
    answer = asyncio.create_task(closed(reader, BODY + CLIENT + 5))
    await drip(writer, 0.3, answer.done)
    assert b"The body did not come within" in await answer
    assert engine.jobs == []
    writer.close()


async def test_a_reader_that_stalls_ends_the_engines_work(
    door: Door, engine: ScriptedEngine, follow: Callable[..., None]
) -> None:
    follow(seconds_per_delta=0.001)
    wanted: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 2_000, "logprobs": 100, "stream": True, "ignore_eos": True}
    sent = json.dumps(wanted).encode()
    with socket.socket() as reader:
        reader.setblocking(False)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, ("127.0.0.1", door.haproxy.port))
        await loop.sock_sendall(reader, door.head(len(sent)) + sent)
        async with asyncio.timeout(10):
            while not engine.jobs:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(CLIENT * 2 + 10):
            while engine.running:
                await asyncio.sleep(0.05)
    assert engine.made < 2_000


async def test_a_client_that_is_silent_after_an_answer_keeps_nobody_out(door: Door) -> None:
    async with door.client() as first, door.client() as second:
        await door.ask(first)
        await asyncio.sleep(CLIENT + 1)
        assert await door.ask(second) < SLOWEST_SECONDS
        assert await door.ask(first) < SLOWEST_SECONDS, "between two requests it may be silent for longer"


@pytest.mark.timeout(90)
async def test_five_hundred_that_stall_are_cut_and_others_do_not_notice(door: Door) -> None:
    kinds = [b"", b"GET /v1/models HTTP/1.1\r\nHost:", door.head(100) + b"{"]
    stalled = [await door.connect() for _ in range(500)]
    for number, (_, writer) in enumerate(stalled):
        writer.write(kinds[number % len(kinds)])
    async with door.client() as client:
        slowest = max([await door.ask(client) for _ in range(20)])
        cut = await asyncio.gather(*(closed(reader, CLIENT + BODY + 10) for reader, _ in stalled))
    assert slowest < SLOWEST_SECONDS
    assert len(cut) == 500
    for _, writer in stalled:
        writer.close()


@pytest.mark.parametrize("most_files", [400])
async def test_more_connections_than_there_may_be_wait_and_who_is_in_goes_on(door: Door) -> None:
    """HAProxy takes about half as many as it may have files; the rest waits in the kernel until a place is free."""
    async with door.client() as inside:
        await door.ask(inside)
        silent = [await door.connect() for _ in range(300)]
        assert await door.ask(inside) < SLOWEST_SECONDS
        async with door.client() as newcomer:
            assert await door.ask(newcomer) < 4 * HEADER + SLOWEST_SECONDS
        for _, writer in silent:
            writer.close()


async def test_headers_that_are_too_large_are_refused_and_the_next_request_is_not(door: Door) -> None:
    async with door.client() as client:
        assert_error(await client.get("/v1/models", headers={"x-large": "x" * 70_000}), 431, "headers_too_large")
        await door.ask(client)
