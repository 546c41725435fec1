"""Server-sent events: the exact bytes of a stream. The one place that writes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Self

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Send

from router.time_limit import TimeLimit

#: How long a reader may take none of the bytes before it is cut.
STALL_SECONDS = 30.0
#: Bytes of events after which a write goes out, before further events are made.
LARGEST_WRITE = 1 << 16
DONE = b"data: [DONE]\n\n"
HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]

_encoder = msgspec.json.Encoder()


class ReaderStalled(ClientDisconnect):
    """The client keeps the connection but reads nothing."""


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + _encoder.encode(data) + b"\n\n"


class EventWriter:
    """Sends whole events, several to a write. Use it as a context. Raises ReaderStalled, and ClientDisconnect.

    `body_send`: the shorter way of all that follows the head.
    """

    def __init__(self, send: Send, body_send: Send | None = None) -> None:
        self._send, self._body_send, self.opened = send, body_send or send, False
        self._limit = TimeLimit(STALL_SECONDS, each=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._limit.close()

    async def open(self, headers: Mapping[str, str]) -> None:
        """`headers`: those of this answer, beside the ones of every stream."""
        self.opened = True
        own = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._bounded(self._send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *own]}))

    async def write(self, events: Iterable[dict[str, Any]]) -> None:
        data = b""
        for one in events:
            data += event(one)
            if len(data) >= LARGEST_WRITE:
                await self._body(data)
                await asyncio.sleep(0)  # a send that does not wait must not hold up other streams
                data = b""
        if data:
            await self._body(data)

    async def comment(self, text: str) -> None:
        """A line that no client takes for an event."""
        await self._body(b": " + text.encode() + b"\n\n")

    async def _body(self, data: bytes) -> None:
        await self._bounded(self._body_send({"type": "http.response.body", "body": data, "more_body": True}))

    async def close(self) -> None:
        await self._bounded(self._body_send({"type": "http.response.body", "body": DONE, "more_body": False}))

    async def _bounded(self, sent: Awaitable[None]) -> None:
        try:
            await self._limit.wait(sent)
        except TimeoutError:
            raise ReaderStalled from None
        except OSError as error:
            raise ClientDisconnect from error
