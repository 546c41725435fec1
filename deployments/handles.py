"""A model's replicas as the router's engine.

A job is one call, open while the job runs: it carries cancellation, failure and load. It goes straight to a host of this machine,
over which its tokens come too (`direct.py`), and to any other replica as a call of Serve's, beside which they come as frames
(`frames.py`). `router.generation` finds out when some are missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from deployments import model, replica_sets
from deployments.channels import Channels
from deployments.direct import DirectCalls, Failure
from deployments.frames import FrameReceiver
from deployments.inbox import Inbox
from deployments.messages import FailureKind
from deployments.prefix_keys import hint_of
from router.catalogue import ModelSpec
from router.engine import Delta, EngineBroken, EngineCold, EngineDied, EngineError, Job
from router.lifecycle import Phase, Standing, State

#: How long frames may lag behind the answer of the call they belong to.
FRAME_GRACE_SECONDS = 5.0
#: How often a call without a token is looked after, and how many times in a row its model may be without a replica then.
COLD_CHECK_SECONDS, COLD_CHECKS = 1.0, 5
RETRY_BROKEN_SECONDS = 10.0
#: How long a call may take to end after the last token.
LET_END_SECONDS = 10.0

log = logging.getLogger("ray.serve")

#: What Serve and Ray raise from a call, most specific first, and what it means for the job.
FROM_RAY: tuple[tuple[type[Exception], type[EngineError]], ...] = (
    (DeploymentUnavailableError, EngineBroken),
    (BackPressureError, EngineBroken),
    (RayServeException, EngineDied),
    (RayError, EngineDied),
)


def from_ray(error: BaseException) -> EngineError:
    for foreign, ours in FROM_RAY:
        if isinstance(error, foreign):
            return EngineBroken(_said(error), RETRY_BROKEN_SECONDS) if ours is EngineBroken else ours(_said(error))
    return EngineDied(type(error).__name__)


def _said(error: Exception) -> str:
    """Of what a replica's code raised, the kind alone: its words go into logs, and may quote a prompt."""
    return f"{type(error.cause).__name__} in the replica" if isinstance(error, RayTaskError) else str(error)


def handle_of(spec: ModelSpec) -> DeploymentHandle:
    """A handle to the model's replicas; the app need not exist yet."""
    handle = serve.get_deployment_handle(model.DEPLOYMENT, app_name=model.APP_PREFIX + spec.id, _check_exists=False)
    if not handle.is_initialized:  # Serve keeps handles: a model that changed, or came back, has the one it had
        handle._init(_prefer_local_routing=True, _run_router_in_separate_loop=False)
    return handle


class Call(Protocol):
    """A job that runs somewhere: its tokens come into the inbox. `ended` is done when it has, with an EngineError where it failed."""

    inbox: Inbox
    ended: asyncio.Future[None]

    def cut(self) -> None:
        """Aborts it, if it has not ended."""

    def let_end(self) -> None:
        """All of its tokens are here."""


class ServeCall:
    """A call of Serve's, to whatever replica its router chooses; its tokens come as frames."""

    def __init__(self, handle: DeploymentHandle, frames: FrameReceiver, job: bytes, failure: Failure) -> None:
        self._failure = failure
        stream, self.inbox = frames.open()
        self._close = partial(frames.close_stream, stream)
        try:
            self._response: DeploymentResponse[Any] = handle.remote(job, frames.address, stream)
        except BaseException:
            self._close()
            raise
        self.ended: asyncio.Future[None] = asyncio.ensure_future(self._answer())

    async def _answer(self) -> None:
        try:
            failed = await self._response
        except Exception as error:
            raise from_ray(error) from error
        if failed is not None:
            raise self._failure(*failed)

    def cut(self) -> None:
        self._close()
        if not self.ended.done():
            self._response.cancel()
            self.ended.cancel()

    def let_end(self) -> None:
        """It ends by itself in a moment; to cancel it would cost more than all of it."""
        self._close()
        asyncio.get_running_loop().call_later(LET_END_SECONDS, self.cut)


class HandleEngine:
    """`channels`: the straight way to the replicas of this machine."""

    def __init__(
        self,
        spec: ModelSpec,
        handle: DeploymentHandle,
        frames: FrameReceiver,
        standing: Callable[[ModelSpec], Standing],
        channels: Channels | None = None,
    ) -> None:
        self._spec, self._handle, self._frames, self._standing = spec, handle, frames, standing
        self._encoder = msgspec.msgpack.Encoder()
        self._direct = None if channels is None else DirectCalls(model.APP_PREFIX + spec.id, channels)

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See `router.engine.Engine`. Raises EngineCold at once for a model that has no replica: nothing is queued here."""
        if self._standing(self._spec).state != State.READY:
            raise self._cold()
        call, unfinished = await self._begin(job), len(job.seeds)
        try:
            call.ended.add_done_callback(lambda ended: _heard(ended, call.inbox))
            delta = await self._first(call.inbox)
            while True:
                if delta is not None:
                    unfinished -= delta.finish is not None
                    yield delta
                if not unfinished:
                    return
                delta = await _next(call)
        finally:
            call.cut() if unfinished else call.let_end()
            call.inbox.close()

    async def _begin(self, job: Job) -> Call:
        direct = None if self._direct is None else await self._direct.begin(job, self._failure)
        if direct is not None:
            return direct
        handle = self._handle.options(method_name="generate", session_id=hint_of(job))
        return ServeCall(handle, self._frames, self._encoder.encode(job), self._failure)

    async def _first(self, inbox: Inbox) -> Delta | None:
        """The first delta; raises EngineCold when the model lost its replicas before one took the call."""
        gone = 0
        while True:
            try:
                async with asyncio.timeout(COLD_CHECK_SECONDS):
                    return await inbox.get()
            except TimeoutError:
                gone = 0 if self._standing(self._spec).state == State.READY else gone + 1
                if gone == COLD_CHECKS:
                    raise self._cold() from None

    def _cold(self) -> EngineError:
        standing = self._standing(self._spec)
        if standing.state == State.FAILED:
            return EngineBroken(standing.reason, standing.retry_after_seconds or RETRY_BROKEN_SECONDS)
        return EngineCold(standing.phase or Phase.ALLOCATING, standing.eta_seconds)

    def _failure(self, kind: str, reason: str, replica: str) -> EngineError:
        """A replica whose engine died or boots is passed over for a moment; where there is another, that can be asked at once."""
        log.warning("a job failed: %s: %s", kind, reason)
        app = model.APP_PREFIX + self._spec.id
        if kind in (FailureKind.NOT_READY, FailureKind.ENGINE_DIED):
            replica_sets.avoid(app, replica)
        match kind:
            case FailureKind.NOT_READY if not replica_sets.others(app):
                return self._cold()
            case FailureKind.REFUSED:
                return EngineError(reason)
            case _:
                return EngineDied(reason)


async def _next(call: Call) -> Delta | None:
    """What comes in, until the call fails, or ends and its tokens do not follow."""
    if not call.ended.done():
        return await call.inbox.get()
    call.ended.result()
    try:
        async with asyncio.timeout(FRAME_GRACE_SECONDS):
            return await call.inbox.get()
    except TimeoutError:
        raise EngineDied("the call ended but its tokens did not arrive") from None


def _heard(call: asyncio.Future[None], inbox: Inbox) -> None:
    """Wakes the reader, who asks how the call ended if it has not all yet; else nobody does, and asyncio would complain."""
    if not call.cancelled():
        call.exception()
    inbox.put(None)
