"""A circuit breaker per model: an engine that dies again and again is given no more requests until it answers a canary.

`closed -> open` after DEATHS incidents in a row without a success between; `open -> probing` when its time is over;
`probing -> closed` when one token came, else `open` again, for twice as long. Only the death of an engine counts: never what
a caller sent, that a caller left, or that a caller's time was over. All that died at once is one incident.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import StrEnum

from router.engine import Delta, Engine, EngineCold, EngineDied, Job, Sampling

DEATHS = 3
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 60.0
CANARY_SECONDS = 20.0

log = logging.getLogger(__name__)


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


FOLLOWS: dict[Circuit, frozenset[Circuit]] = {
    Circuit.CLOSED: frozenset({Circuit.OPEN}),
    Circuit.OPEN: frozenset({Circuit.PROBING}),
    Circuit.PROBING: frozenset({Circuit.CLOSED, Circuit.OPEN}),
}


class Breaker:
    """Of one model, as one gateway sees it."""

    def __init__(self, model: str, engine: Engine) -> None:
        self._model, self._engine = model, engine
        self.circuit, self.since = Circuit.CLOSED, time.time()
        self._deaths, self._last_death = 0, 0.0
        self._seconds, self._until = FIRST_SECONDS, 0.0
        self._probe: asyncio.Task[None] | None = None

    @property
    def retry_after_seconds(self) -> float | None:
        """Until the next try; None while requests pass."""
        return None if self.circuit == Circuit.CLOSED else max(1.0, self._until - time.monotonic())

    def guarded(self) -> Engine:
        return Guarded(self._engine, self)

    def succeeded(self) -> None:
        self._deaths = 0

    def died(self, began: float) -> None:
        """`began`: when the job that died with its engine was begun (monotonic seconds)."""
        if began < self._last_death or self.circuit != Circuit.CLOSED:
            return
        self._last_death = time.monotonic()
        self._deaths += 1
        if self._deaths >= DEATHS:
            self._open(FIRST_SECONDS)

    def _open(self, seconds: float) -> None:
        self._become(Circuit.OPEN)
        self._seconds, self._until = seconds, time.monotonic() + seconds
        self._probe = asyncio.create_task(self._probe_later(seconds))

    def _become(self, circuit: Circuit) -> None:
        assert circuit in FOLLOWS[self.circuit]
        log.warning("model %s: the circuit is %s", self._model, circuit)
        self.circuit, self.since = circuit, time.time()

    async def _probe_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._become(Circuit.PROBING)
        if await self._sings():
            self._deaths = 0
            self._become(Circuit.CLOSED)
        else:
            self._open(min(2 * self._seconds, LONGEST_SECONDS))

    async def _sings(self) -> bool:
        """Whether one token comes. A model that does not run is not broken: the next request wakes it."""
        job = Job(f"canary-{time.monotonic_ns()}", (0,), Sampling(max_tokens=1, temperature=0.0, ignore_eos=True))
        try:
            async with asyncio.timeout(CANARY_SECONDS), aclosing(self._engine.generate(job)) as deltas:
                return any([delta.finish is not None async for delta in deltas])
        except EngineCold:
            return True
        except Exception as error:
            log.warning("model %s: no canary: %s", self._model, error)
            return False

    def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()


class Guarded:
    """An engine whose successes and deaths its breaker counts."""

    def __init__(self, engine: Engine, breaker: Breaker) -> None:
        self._engine, self._breaker = engine, breaker

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        began = time.monotonic()
        try:
            async with aclosing(self._engine.generate(job)) as deltas:
                async for delta in deltas:
                    self._breaker.succeeded()
                    yield delta
        except EngineDied:
            self._breaker.died(began)
            raise
