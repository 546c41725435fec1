"""The application on a loopback port, and one ASGI call by hand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what nothing announces, 5 s at most."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The base address, for as long as the block runs."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:  # named so, asyncio sends at once
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", ws="none"))
        task = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


class Call:
    """A `POST /v1/completions` whose client leaves, or stops reading, when the test says so."""

    def __init__(self, app: FastAPI, key: str, **fields: Any) -> None:
        body = json.dumps({"model": "pico", "prompt": "hi", "max_tokens": 5, **fields}).encode()
        self._requests: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        self._left = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.body = b""
        self.leaves_after = self.breaks_after = self.stalls_after = 1 << 30
        headers = [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")]
        self._scope = {"type": "http", "method": "POST", "path": "/v1/completions", "headers": headers, "query_string": b""}
        self._app = app

    async def run(self) -> None:
        await self._app(dict(self._scope), self._receive, self._send)

    def leave(self) -> None:
        self._left.set()

    async def _receive(self) -> dict[str, Any]:
        if self._requests:
            return self._requests.pop()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if len(self.sent) >= self.breaks_after:
            raise OSError("the connection is gone")
        if len(self.sent) >= self.stalls_after:
            await asyncio.Event().wait()
        self.sent.append(message)
        self.body += message.get("body", b"")
        if len(self.sent) >= self.leaves_after:
            self.leave()
        await asyncio.sleep(0)
