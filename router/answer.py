"""The response of a completion: runs the job, sends what it makes, and owns every way it can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import anyio
import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.engine import Engine, EngineError
from router.errors import ApiError, InternalError, from_engine
from router.generation import Generation
from router.render import Rendering
from router.sse import EventWriter
from router.validation import ValidCompletion

log = logging.getLogger(__name__)


class Answer(Response):
    """`seconds`: how long the model lets a request run."""

    def __init__(self, engine: Engine, valid: ValidCompletion, rendering: Rendering, seconds: float) -> None:
        super().__init__()
        self._engine, self._valid, self._rendering, self._seconds = engine, valid, rendering, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ApiError while a status can still be sent, ClientDisconnect once the client has left."""
        await while_connected(receive, self._run(scope, receive, send))

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            generation = await Generation.start(self._engine, self._valid.job, self._seconds)
        except EngineError as error:
            raise self._told(error) from error
        try:
            if self._valid.stream:
                await self._stream(generation, EventWriter(send))
            else:
                response = await self._whole(generation)
                await response(scope, receive, send)
        finally:
            await generation.aclose()

    async def _whole(self, generation: Generation) -> Response:
        try:
            completion = await self._rendering.whole(generation)
        except EngineError as error:
            raise self._told(error) from error
        return Response(msgspec.json.encode(completion), media_type="application/json")

    async def _stream(self, generation: Generation, writer: EventWriter) -> None:
        await writer.open()
        try:
            async for delta in generation:
                await writer.write(self._rendering.chunks(delta))
            await writer.write(self._rendering.last_chunk())
        except ClientDisconnect:
            raise
        except Exception as error:
            await writer.write([self._told(error).body()])
        await writer.close()

    def _told(self, error: Exception) -> ApiError:
        """What the caller is told; the failure's own text goes to the log."""
        if isinstance(error, EngineError):
            log.warning("job %s: %s: %s", self._valid.job.id, type(error).__name__, error)
            return from_engine(error)
        log.error("job %s failed", self._valid.job.id, exc_info=error)
        return InternalError()


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
