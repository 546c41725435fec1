"""Serve handles as the router's ports: `HandleEngine` for one model, `ServeFleet` for all.

A job is one Serve call, open while the job runs: it carries cancellation, failure and load. The tokens
come as frames (`frames.py`); `router.generation` finds out when some are missing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from deployments import model
from deployments.frames import FrameReceiver
from deployments.messages import FailureKind
from router.catalogue import Catalogue, ModelSpec
from router.engine import Delta, Engine, EngineBroken, EngineCold, EngineDied, EngineError, Job
from router.fleet import Fleet
from router.lifecycle import Phase, Standing, State

#: How long frames may lag behind the answer of the call they belong to.
FRAME_GRACE_SECONDS = 5.0
COLD_CHECK_SECONDS = 1.0
RETRY_BROKEN_SECONDS = 10.0
STATUS_SECONDS = 2.0
STATUS_TIMEOUT_SECONDS = 5.0
STALE_STATUS_SECONDS = 15.0
NO_CONTROLLER = "the cluster's controller does not answer"

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
    handle._init(_prefer_local_routing=True, _run_router_in_separate_loop=False)
    return handle


class HandleEngine:
    def __init__(self, spec: ModelSpec, handle: DeploymentHandle, frames: FrameReceiver, standing: Callable[[ModelSpec], Standing]) -> None:
        self._spec, self._handle, self._frames, self._standing = spec, handle, frames, standing
        self._encoder = msgspec.msgpack.Encoder()

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See `router.engine.Engine`. A cold model's boot is waited for, `cold_wait_seconds` at most."""
        stream, queue = self._frames.open()
        response = self._handle.generate.remote(self._encoder.encode(job), self._frames.address, stream)
        call = asyncio.ensure_future(_answer(response))
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
        """The first delta; raises EngineCold when the model does not become ready in time."""
        deadline = time.monotonic() + self._spec.cold_wait_seconds
        while True:
            try:
                return await asyncio.wait_for(queue.get(), COLD_CHECK_SECONDS)
            except TimeoutError:
                standing = self._standing(self._spec)
                if standing.state != State.READY and time.monotonic() > deadline:
                    raise EngineCold(standing.phase or Phase.ALLOCATING, standing.eta_seconds) from None


async def _answer(response: DeploymentResponse[Any]) -> None:
    """Returns when the job has ended; raises an EngineError when it failed."""
    try:
        failed = await response
    except Exception as error:
        raise from_ray(error) from error
    if failed is not None:
        kind, reason = failed
        log.warning("a job failed: %s: %s", kind, reason)
        raise failure(kind, reason)


def failure(kind: str, reason: str) -> EngineError:
    match kind:
        case FailureKind.NOT_READY:
            return EngineBroken(reason, RETRY_BROKEN_SECONDS)
        case FailureKind.REFUSED:
            return EngineError(reason)
        case _:
            return EngineDied(reason)


class ServeFleet:
    """The models of the gateway's `user_config`, and how Serve's controller says they stand."""

    def __init__(self, frames: FrameReceiver) -> None:
        self._frames = frames
        self._catalogue: Catalogue | None = None
        self._engines: dict[str, HandleEngine] = {}
        self._standings: dict[str, Standing] = {}
        self._seen = 0.0
        self._problem: str | None = "the gateway has just started"
        self._task = asyncio.create_task(self._watch())

    def replace(self, catalogue: Catalogue) -> None:
        """Takes over a changed catalogue; models that stay the same keep their engine."""
        old = {} if self._catalogue is None else {spec.id: spec for spec in self._catalogue.models}
        kept = {spec.id: self._engines[spec.id] for spec in catalogue.models if old.get(spec.id) == spec}
        self._engines = {spec.id: kept.get(spec.id) or self._new_engine(spec) for spec in catalogue.models}
        self._catalogue = catalogue

    def _new_engine(self, spec: ModelSpec) -> HandleEngine:
        return HandleEngine(spec, handle_of(spec), self._frames, self.standing)

    @property
    def catalogue(self) -> Catalogue:
        assert self._catalogue is not None, "Serve calls reconfigure before any request"
        return self._catalogue

    def engine(self, spec: ModelSpec) -> Engine:
        return self._engines[spec.id]

    def standing(self, spec: ModelSpec) -> Standing:
        return self._standings.get(spec.id, Standing(State.COLD, time.time()))

    async def problem(self) -> str | None:
        if self._problem is None and time.monotonic() - self._seen > STALE_STATUS_SECONDS:
            return NO_CONTROLLER
        return self._problem

    async def _watch(self) -> None:
        """Asks the controller for all states, every STATUS_SECONDS, off the event loop."""
        while True:
            try:
                status = await asyncio.wait_for(asyncio.to_thread(serve.status), STATUS_TIMEOUT_SECONDS)
                self._take(status)
                self._seen, self._problem = time.monotonic(), None
            except Exception as error:
                log.warning("the controller's status could not be read: %s", error)
                self._problem = NO_CONTROLLER
            await asyncio.sleep(STATUS_SECONDS)

    def _take(self, status: Any) -> None:
        for spec in () if self._catalogue is None else self._catalogue.models:
            app = status.applications.get(model.APP_PREFIX + spec.id)
            deployment = None if app is None else app.deployments.get(model.DEPLOYMENT)
            counts = {} if deployment is None else {str(getattr(k, "value", k)): n for k, n in deployment.replica_states.items()}
            now = standing_of(counts, time.time())
            if not _same(now, self._standings.get(spec.id)):
                self._standings[spec.id] = now


def standing_of(counts: dict[str, int], now: float) -> Standing:
    """Serve's replica counts, by state name, as a Standing that begins now."""
    running, stopping = counts.get("RUNNING", 0), counts.get("STOPPING", 0)
    starting = sum(counts.values()) - running - stopping
    wanted = running + starting
    if running:
        return Standing(State.READY, now, running=running, wanted=wanted)
    if starting:
        return Standing(State.STARTING, now, Phase.LOADING, running=0, wanted=wanted)
    return Standing(State.DRAINING if stopping else State.COLD, now)


def _same(now: Standing, before: Standing | None) -> bool:
    return before is not None and (now.state, now.running, now.wanted) == (before.state, before.running, before.wanted)


_fleet_is_a_fleet: type[Fleet] = ServeFleet
