"""A Serve handle as the router's engine.

A job is one Serve call, open while the job runs: it carries cancellation, failure and load. The tokens
come as frames (`frames.py`); `router.generation` finds out when some are missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from deployments import model, replica_sets
from deployments.frames import FrameReceiver
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
            return EngineBroken(str(error), RETRY_BROKEN_SECONDS) if ours is EngineBroken else ours(str(error))
    return EngineDied(f"{type(error).__name__}: {error}")


def handle_of(spec: ModelSpec) -> DeploymentHandle:
    """A handle to the model's replicas; the app need not exist yet."""
    handle = serve.get_deployment_handle(model.DEPLOYMENT, app_name=model.APP_PREFIX + spec.id, _check_exists=False)
    if not handle.is_initialized:  # Serve keeps handles: a model that changed, or came back, has the one it had
        handle._init(_prefer_local_routing=True, _run_router_in_separate_loop=False)
    return handle


class HandleEngine:
    def __init__(self, spec: ModelSpec, handle: DeploymentHandle, frames: FrameReceiver, standing: Callable[[ModelSpec], Standing]) -> None:
        self._spec, self._handle, self._frames, self._standing = spec, handle, frames, standing
        self._encoder = msgspec.msgpack.Encoder()

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See `router.engine.Engine`. Raises EngineCold at once for a model that has no replica: nothing is queued here."""
        if self._standing(self._spec).state != State.READY:
            raise self._cold()
        stream, queue = self._frames.open()
        handle = self._handle.options(method_name="generate", session_id=hint_of(job))
        response = handle.remote(self._encoder.encode(job), self._frames.address, stream)
        call = asyncio.ensure_future(self._answer(response))
        call.add_done_callback(lambda _: queue.put_nowait(None))
        unfinished = len(job.seeds)
        try:
            async for delta in self._deltas(queue, call):
                unfinished -= delta.finish is not None
                yield delta
                if not unfinished:
                    return
        finally:
            self._frames.close_stream(stream)
            if not call.done():
                response.cancel()
                call.cancel()

    async def _deltas(self, queue: asyncio.Queue[Delta | None], call: asyncio.Future[None]) -> AsyncGenerator[Delta]:
        """What comes in, until the call fails, or ends and its frames do not follow."""
        first = await self._first(queue)
        if first is not None:
            yield first
        while True:
            if call.done():
                call.result()
            try:
                delta = await asyncio.wait_for(queue.get(), FRAME_GRACE_SECONDS if call.done() else None)
            except TimeoutError:
                raise EngineDied("the call ended but its tokens did not arrive") from None
            if delta is not None:
                yield delta

    async def _first(self, queue: asyncio.Queue[Delta | None]) -> Delta | None:
        """The first delta; raises EngineCold when the model lost its replicas before one took the call."""
        gone = 0
        while True:
            try:
                return await asyncio.wait_for(queue.get(), COLD_CHECK_SECONDS)
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

    async def _answer(self, response: DeploymentResponse[Any]) -> None:
        """Returns when the job has ended; raises an EngineError when it failed."""
        try:
            failed = await response
        except Exception as error:
            raise from_ray(error) from error
        if failed is not None:
            kind, reason, replica = failed
            log.warning("a job failed: %s: %s", kind, reason)
            raise self._failure(kind, reason, replica)
