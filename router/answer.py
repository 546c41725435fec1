"""The response of a completion: runs the job, sends what it makes, and owns every way it can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from typing import Any

import anyio
import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.batch import Item, Running, start
from router.engine import Engine, EngineError, Job
from router.errors import ApiError, InternalError, from_engine
from router.render import Rendering
from router.sse import EventWriter

Fold = Callable[[AsyncIterable[Item]], Awaitable[dict[str, Any]]]

#: From so many choices on an answer is encoded in a thread.
MANY_CHOICES = 16

log = logging.getLogger(__name__)


class Answer(Response):
    """The whole answer at once. `seconds`: how long the model lets a request run; `whole` folds the deltas into the body."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], seconds: float, whole: Fold) -> None:
        super().__init__()
        self._engine, self._jobs, self._seconds, self._fold = engine, jobs, seconds, whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ApiError while a status can still be sent, ClientDisconnect once the client has left."""
        await while_connected(receive, self._run(scope, receive, send))

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            running = await start(self._engine, self._jobs, self._seconds)
        except EngineError as error:
            raise self._told(error) from error
        try:
            await self._send(running, scope, receive, send)
        finally:
            await running.aclose()

    async def _send(self, running: Running, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            whole = await self._fold(running)
        except EngineError as error:
            raise self._told(error) from error
        await Response(await _encoded(whole), media_type="application/json")(scope, receive, send)

    def _told(self, error: Exception) -> ApiError:
        """What the caller is told; the failure's own text goes to the log."""
        if isinstance(error, EngineError):
            log.warning("job %s: %s: %s", self._jobs[0].id, type(error).__name__, error)
            return from_engine(error)
        log.error("job %s failed", self._jobs[0].id, exc_info=error)
        return InternalError()


class StreamedAnswer(Answer):
    """The answer as server-sent events."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], seconds: float, rendering: Rendering) -> None:
        super().__init__(engine, jobs, seconds, rendering.whole)
        self._rendering = rendering

    async def _send(self, running: Running, scope: Scope, receive: Receive, send: Send) -> None:
        writer = EventWriter(send)
        await writer.open()
        try:
            async for prompt, delta in running:
                await writer.write(self._rendering.chunks(prompt, delta))
            await writer.write(self._rendering.last_chunk())
        except ClientDisconnect:
            raise
        except Exception as error:
            await writer.write([self._told(error).body()])
        await writer.close()


async def _encoded(whole: dict[str, Any]) -> bytes:
    """In a thread where it may be large: a body of 100 MiB takes half a second."""
    large = len(whole.get("choices", ())) > MANY_CHOICES or any(choice["prompt_logprobs"] for choice in whole.get("choices", ()))
    return await asyncio.to_thread(msgspec.json.encode, whole) if large else msgspec.json.encode(whole)


async def while_connected(receive: Receive, work: Awaitable[None]) -> None:
    """Does the work, and cancels it as soon as the client leaves. Raises ClientDisconnect then."""
    with anyio.CancelScope() as scope:
        watcher = asyncio.create_task(_cancel_on_disconnect(receive, scope))
        try:
            await work
        finally:
            watcher.cancel()
    if scope.cancelled_caught:
        raise ClientDisconnect


async def _cancel_on_disconnect(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
