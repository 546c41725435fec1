"""Whether anything may be admitted now: not while Redis is away, and not before a restarted one is whole again.

A restarted Redis is known by its run id. It may have lost the last that it was told, so first its journal is written anew,
then every process holds again what runs and tells again what ended, and only then something new is admitted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import ConnectionError, NoPermissionError

from budgets import journal
from budgets.awake_timeout import AwakeTimeout
from budgets.connections import servers
from budgets.errors import StoreUnavailable
from budgets.store import reaching

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """Of the server, or of all those of a Cluster. `id` is empty where it does not let us ask; `uptime` in seconds."""

    id: str
    uptime: float


class Barrier:
    """`closed` says why nothing is admitted; None: open. `reachable`: what ends can be told. `looked`: once, at least.
    `cleared`: the id of the run over which may be admitted."""

    def __init__(self, redis: Redis, recover: Callable[[], Awaitable[None]], learning: float) -> None:
        """`learning`: for how many seconds after a restart the other processes get time to hold again what they run.
        `recover` holds and tells again what this one knows; it raises StoreUnavailable, and is bounded in time."""
        self._redis, self._recover, self._learning = redis, recover, learning
        self.cleared: str | None = None
        self._wake = asyncio.Event()
        self.looked = asyncio.Event()
        self.closed: str | None = "Redis was not reached yet"
        self.reachable = False

    def check(self) -> None:
        """Raises StoreUnavailable."""
        if self.closed is not None:
            raise StoreUnavailable(self.closed)

    def greet(self, run_id: str) -> None:
        """Hears of every connection over which requests are admitted, before its first command. Raises ConnectionError: a run
        that was not cleared grants nothing, not even to the request that discovers it."""
        if run_id != self.cleared:
            self.suspect()
            raise ConnectionError("Redis restarted")

    def suspect(self) -> None:
        """Something failed: look at once."""
        self._wake.set()

    async def watch(self) -> None:
        while True:
            await self.look()
            await self._pause()

    async def look(self) -> None:
        try:
            run = await self._run()
            if run.id != self.cleared:
                await self._clear(run)
            self.closed, self.reachable = None, True
        except StoreUnavailable as error:
            self.close(f"Redis is away: {error}")
        self.looked.set()

    async def _clear(self, run: Run) -> None:
        """Nothing is told to Redis before its journal is sound. Raises StoreUnavailable."""
        known = self.cleared is not None
        self.close(f"Redis {'restarted' if known else 'is new to this process'}")
        await journal.rewrite(self._redis, run.id)
        self.reachable = True
        learned = asyncio.get_running_loop().time() + self._learning - (0 if known else run.uptime)
        await self._recover()
        await asyncio.sleep(max(0.0, learned - asyncio.get_running_loop().time()))
        self.cleared = run.id
        log.info("Redis is cleared: requests are admitted")

    def close(self, reason: str) -> None:
        """Until the next look."""
        if self.closed is None:
            log.warning("nothing is admitted: %s", reason)
        self.closed, self.reachable = reason, False

    async def _pause(self) -> None:
        timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._wake.set)
        await self._wake.wait()
        timer.cancel()
        self._wake.clear()

    async def _run(self) -> Run:
        """Raises StoreUnavailable."""
        try:
            async with reaching(), AwakeTimeout(ANSWER_SECONDS):
                stored = [await self._redis.info("server", **server) for server in await servers(self._redis)]
        except StoreUnavailable as error:
            if isinstance(error.__cause__, NoPermissionError):
                return Run("", self._learning)
            raise
        return Run("-".join(sorted(one["run_id"] for one in stored)), min(one["uptime_in_seconds"] for one in stored))
