"""All models of the gateway's `user_config`, and how each stands: by what its replicas say, what Serve runs, and who wants it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack

from redis.asyncio import Redis

from budgets.errors import StoreUnavailable
from deployments import controller, model, replica_sets
from deployments.channels import Channels
from deployments.controller import Told
from deployments.frames import FrameReceiver
from deployments.handles import HandleEngine, handle_of
from deployments.standings import Seen, after, standing_of, unforeseen
from router.boots import Boot, Boots
from router.catalogue import Catalogue, ModelSpec
from router.engine import Engine, EngineBroken
from router.eta import Durations, usual
from router.fleet import Fleet
from router.lifecycle import Standing, State
from router.wishes import LATE_SECONDS, TooManyBoots, Wish, Wishes

STATUS_SECONDS = 2.0
STATUS_TIMEOUT_SECONDS = 5.0
STALE_STATUS_SECONDS = 15.0
NO_CONTROLLER = "the cluster's controller does not answer"
#: How often Redis is asked how boots stand: while some model is on its way, and otherwise.
MOVING_SECONDS, SETTLED_SECONDS = 0.25, 1.0
#: A wish is repeated at most so often, and holds for so many times of the model's longest boot.
WISH_SECONDS, WISH_BOOTS = 1.0, 2

log = logging.getLogger("ray.serve")


class ServeFleet:
    def __init__(self, frames: FrameReceiver, redis: Redis, channels: Channels) -> None:
        self._frames, self._channels, self._boots, self._wishes = frames, channels, Boots(redis), Wishes(redis)
        self._catalogue: Catalogue | None = None
        self._engines: dict[str, HandleEngine] = {}
        self._standings: dict[str, Standing] = {}
        self._live: list[Boot] = []
        self._wished: dict[str, Wish] = {}
        self._repeated: dict[str, float] = {}
        self._expected: dict[str, Durations] = {}
        self._told: dict[str, Told] = {}
        self._explained: dict[str, str] = {}
        self._watched = ExitStack()
        self._news, self._moved = asyncio.Event(), asyncio.Event()
        self._seen = 0.0
        self._problem: str | None = "the gateway has just started"
        self._tasks = [asyncio.create_task(self._watch_serve()), asyncio.create_task(self._watch_boots())]

    def replace(self, catalogue: Catalogue) -> None:
        """Takes over a changed catalogue; models that stay the same keep their engine."""
        old = {} if self._catalogue is None else {spec.id: spec for spec in self._catalogue.models}
        kept = {spec.id: self._engines[spec.id] for spec in catalogue.models if old.get(spec.id) == spec}
        self._engines = {spec.id: kept.get(spec.id) or self._new_engine(spec) for spec in catalogue.models}
        self._catalogue = catalogue
        self._watched.close()
        for spec in catalogue.models:
            self._watched.enter_context(replica_sets.watching(model.APP_PREFIX + spec.id, lambda _: self._news.set()))
        self._news.set()

    def close(self) -> None:
        self._watched.close()
        self._channels.close()
        for task in self._tasks:
            task.cancel()

    def _new_engine(self, spec: ModelSpec) -> HandleEngine:
        return HandleEngine(spec, handle_of(spec), self._frames, self.standing, self._channels)

    @property
    def serves(self) -> bool:
        """Whether it has its list of models."""
        return self._catalogue is not None

    @property
    def catalogue(self) -> Catalogue:
        assert self._catalogue is not None, "Serve calls reconfigure before any request"
        return self._catalogue

    def engine(self, spec: ModelSpec) -> Engine:
        return self._engines[spec.id]

    def standing(self, spec: ModelSpec) -> Standing:
        return self._standings.get(spec.id, Standing(State.COLD, time.time()))

    async def wake(self, spec: ModelSpec, waker: str) -> None:
        """See `router.fleet.Fleet`. Repeated at once, nothing is written: the wish holds for longer than that."""
        if time.monotonic() - self._repeated.get(spec.id, -WISH_SECONDS) < WISH_SECONDS and spec.id in self._wished:
            return
        self._repeated[spec.id] = time.monotonic()
        try:
            seconds = WISH_BOOTS * spec.boot_timeout_seconds
            self._wished[spec.id] = await self._wishes.add(spec.id, waker, seconds, spec.max_boots_per_hour)
        except TooManyBoots as error:
            raise EngineBroken(str(error), error.retry_after_seconds) from error
        self._judge()
        self._news.set()

    async def changed(self, spec: ModelSpec, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)

    async def problem(self) -> str | None:
        if self._problem is None and time.monotonic() - self._seen > STALE_STATUS_SECONDS:
            return NO_CONTROLLER
        return self._problem

    async def _watch_serve(self) -> None:
        """Asks the controller for all states, every STATUS_SECONDS, off the event loop."""
        while True:
            try:
                self._told = await asyncio.wait_for(asyncio.to_thread(controller.models), STATUS_TIMEOUT_SECONDS)
                self._seen, self._problem = time.monotonic(), None
            except Exception as error:
                log.warning("the controller's status could not be read: %s", error)
                self._problem = NO_CONTROLLER
            await asyncio.sleep(STATUS_SECONDS)

    async def _watch_boots(self) -> None:
        """As soon as there is news, and otherwise as often as models move."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self._ask_redis()
                self._judge()
                await self._end_late_wishes()
                await self._explain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), MOVING_SECONDS if self._moving else SETTLED_SECONDS)

    async def _end_late_wishes(self) -> None:
        """Those of gateways that heard late that the model was ready: nobody else would end them."""
        for spec in self._models:
            standing, wish = self.standing(spec), self._wished.get(spec.id)
            if wish is not None and standing.state == State.READY and time.time() - max(standing.since, wish.since) > LATE_SECONDS:
                await self._wishes.end(spec.id)

    async def _explain(self) -> None:
        """What cannot be placed is told to the operator; a boot that fails says so itself."""
        for spec in self._models:
            standing = self.standing(spec)
            reason = standing.reason if standing.state == State.STARTING else ""
            if reason != self._explained.get(spec.id, ""):
                log.warning("model %s finds no place: %s", spec.id, reason) if reason else None
                await self._boots.explain(spec.id, reason)
                self._explained[spec.id] = reason

    @property
    def _moving(self) -> bool:
        return any(standing.state in (State.STARTING, State.FAILED) for standing in self._standings.values())

    async def _ask_redis(self) -> None:
        self._news.clear()
        self._live, self._wished = await self._boots.now(), await self._wishes.all()
        for spec in self._models:
            if spec.id not in self._expected or self.standing(spec).state == State.STARTING:
                self._expected[spec.id] = usual(await self._boots.past(spec.id))

    def _expectation(self, spec: ModelSpec) -> Durations:
        """Learned from the model's own boots; before the first, from another's on as many GPUs, which is better than no guess."""
        peers = (self._expected.get(other.id, {}) for other in self._models if other.gpus == spec.gpus)
        return self._expected.get(spec.id) or next(filter(None, peers), {})

    @property
    def _models(self) -> Sequence[ModelSpec]:
        return () if self._catalogue is None else self._catalogue.models

    def _judge(self) -> None:
        """Every model's standing anew; who waits for a change is told."""
        for spec in self._models:
            before = self._standings.get(spec.id)
            now = after(before, standing_of(self._seen_of(spec), time.time()))
            if unforeseen(before, now):
                log.warning("model %s: %s after %s", spec.id, now.state, before and before.state)
            self._standings[spec.id] = now
        self._channels.keep([replica for spec in self._models for replica in replica_sets.running(model.APP_PREFIX + spec.id) or ()])
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _seen_of(self, spec: ModelSpec) -> Seen:
        app = model.APP_PREFIX + spec.id
        told = self._told.get(app, Told())
        return Seen(
            replicas=replica_sets.running(app),
            boots=[boot for boot in self._live if boot.model == spec.id],
            wish=self._wished.get(spec.id),
            counts=told.counts,
            expected=self._expectation(spec),
            message=told.message,
        )


_fleet_is_a_fleet: type[Fleet] = ServeFleet
