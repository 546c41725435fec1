"""A client that costs little: raw sockets, the answer's bytes kept as they come, and everything counted after the clock has stopped."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any, cast

ANSWER_SECONDS = 120.0
LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Asked:
    """One answer. `first`: seconds to the first event's first byte."""

    status: int
    seconds: float
    first: float | None
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The whole answer, or the event that has the usage of a stream."""
        if not self.body.startswith(b"data: "):
            return dict(json.loads(self.body))
        events = [json.loads(line[6:]) for line in self.body.split(b"\n") if line.startswith(b"data: {")]
        assert b"data: [DONE]" in self.body, "the stream was cut"
        return dict(next(event for event in reversed(events) if event.get("usage")))


class Connection(asyncio.Protocol):
    """One request at a time, on one connection."""

    def __init__(self) -> None:
        self._received, self._first, self._began = bytearray(), 0.0, 0.0
        self._whole: asyncio.Future[None] | None = None
        self._length: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def ask(self, request: bytes) -> Asked:
        """Raises ConnectionError and TimeoutError."""
        self._received.clear()
        self._first, self._length, self._began = 0.0, None, time.perf_counter()
        self._whole = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await asyncio.wait_for(self._whole, ANSWER_SECONDS)
        took = time.perf_counter() - self._began
        head, _, body = bytes(self._received).partition(b"\r\n\r\n")
        whole = body if self._length is not None else b"".join(_unchunked(body))
        return Asked(int(head[9:12]), took, self._first or None, whole)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._first and b"data: {" in data:
            self._first = time.perf_counter() - self._began
        if self._whole is not None and not self._whole.done() and self._ended():
            self._whole.set_result(None)

    def _ended(self) -> bool:
        if self._received.endswith(LAST_CHUNK):
            return True
        if self._length is None:
            self._length = _length(self._received)
        return self._length is not None and len(self._received) >= self._length

    def connection_lost(self, reason: Exception | None) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(ConnectionResetError("cut"))

    def close(self) -> None:
        self._transport.close()


def _length(received: bytearray) -> int | None:
    """Of a whole answer with its head, where the head tells it."""
    end = received.find(b"\r\n\r\n")
    at = received[: max(0, end)].lower().find(b"content-length:")
    return None if at < 0 else end + 4 + int(received[at + 15 : received.find(b"\r\n", at)])


def _unchunked(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        yield rest[:length]
        body = rest[length + 2 :] if length else b""


def request(path: str, body: dict[str, Any], key: str) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


async def load(ports: int | list[int], requests: list[bytes], at_once: int) -> tuple[list[Asked], float]:
    """All answers, and the seconds they took together; so many are under way at a time, each on a connection of its own."""
    loop, waiting, answers = asyncio.get_running_loop(), iter(requests), list[Asked]()
    turns = cycle([ports] if isinstance(ports, int) else ports)
    made = [await loop.create_connection(Connection, "127.0.0.1", next(turns)) for _ in range(at_once)]
    connections = [connection for _, connection in made]

    async def one(connection: Connection) -> None:
        for wanted in waiting:
            answers.append(await connection.ask(wanted))

    began = time.perf_counter()
    try:
        await asyncio.gather(*map(one, connections))
        return answers, time.perf_counter() - began
    finally:
        for connection in connections:
            connection.close()
