"""The response of a completion: runs its jobs under their meter, sends what they make, and owns every way it can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import anyio
import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.batch import Item, Running, start
from router.cold import Wait, comment
from router.engine import Engine, EngineError, EngineReaderSlow, Job
from router.errors import ApiError, InternalError, from_engine
from router.lifecycle import Standing
from router.metering import LEFT, Meter
from router.render import Rendering
from router.request_id import BODY_SEND
from router.sse import EventWriter

Fold = Callable[[AsyncIterable[Item]], Awaitable[dict[str, Any]]]

#: From so many choices on an answer is encoded in a thread.
MANY_CHOICES = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What one request gives to one engine, which may have to boot. `seconds`: how long the model lets a request run."""

    wait: Wait
    engine: Engine
    jobs: Sequence[Job]
    seconds: float
    meter: Meter


class Answer(Response):
    """The whole answer at once; `whole` folds the deltas into its body."""

    def __init__(self, work: Work, whole: Fold) -> None:
        super().__init__()
        self._work, self._fold = work, whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ApiError while a status can still be sent, ClientDisconnect once the client has left."""
        await while_connected(receive, self._run(scope, receive, send))

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        async for _ in self._work.wait:
            pass
        async with self._work.meter as meter:
            try:
                with meter.until_stopped():
                    body = await self._body()
            except EngineError as error:
                raise self._told(error) from error
        await Response(body, headers=meter.headers, media_type="application/json")(scope, receive, send)

    async def _body(self) -> bytes:
        async with aclosing(await self._start()) as running:
            return await _encoded(await self._fold(running))

    async def _start(self) -> Running:
        work = self._work
        return await start(work.meter.engine(work.engine), work.jobs, work.seconds)

    def _told(self, error: Exception) -> ApiError:
        """What the caller is told; the failure's own text goes to the log."""
        if isinstance(error, EngineError):
            log.warning("job %s: %s: %s", self._work.jobs[0].id, type(error).__name__, error)
            return from_engine(error)
        if isinstance(error, ApiError):
            return error
        log.error("job %s failed", self._work.jobs[0].id, exc_info=error)
        return InternalError()


class StreamedAnswer(Answer):
    """The answer as server-sent events."""

    def __init__(self, work: Work, rendering: Rendering) -> None:
        super().__init__(work, rendering.whole)
        self._rendering = rendering

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        with EventWriter(send, scope.get(BODY_SEND)) as writer:
            try:
                async for standing in self._work.wait:
                    await self._tell(writer, standing)
                await self._stream(writer)
            except ApiError as error:
                if not writer.opened:
                    raise
                self._work.meter.note.outcome = error.code
                await writer.write([error.body()])
            await writer.close()

    async def _tell(self, writer: EventWriter, standing: Standing) -> None:
        """How far the boot is, to a caller who waits for it."""
        if not self._work.wait.told:
            return
        if not writer.opened:
            await writer.open(await self._work.meter.check())
        await writer.comment(comment(standing))

    async def _stream(self, writer: EventWriter) -> None:
        """Raises ApiError for what happens before the first delta."""
        async with self._work.meter as meter, aclosing(await self._first()) as running:
            if not writer.opened:
                await writer.open(meter.headers)
            try:
                with meter.until_stopped():
                    await self._write(running, writer)
            except LEFT:
                raise
            except Exception as error:
                if not isinstance(error, EngineReaderSlow):
                    meter.fail()
                told = self._told(error)
                meter.note.outcome = told.code
                await writer.write([told.body()])

    async def _first(self) -> Running:
        """The jobs with a first delta, which a status may still tell of. Raises ApiError."""
        try:
            with self._work.meter.until_stopped():
                return await self._start()
        except EngineError as error:
            raise self._told(error) from error

    async def _write(self, running: Running, writer: EventWriter) -> None:
        async for prompt, delta in running:
            await writer.write(self._rendering.chunks(prompt, delta))
        await writer.write(self._rendering.last_chunk())


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
