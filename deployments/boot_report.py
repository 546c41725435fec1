"""What a replica tells of its engine's boots, to Redis: phases while they happen, the history afterwards, signs of life always."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable

from budgets.errors import StoreUnavailable
from router.boots import BEAT_SECONDS, Boot, Boots
from router.catalogue import ModelSpec
from router.lifecycle import Phase
from router.wishes import ALWAYS, LOAD, WARM_WINDOW, Wishes

RESTART = "engine restart"
#: So long the last words of a replica may take.
CLOSE_SECONDS = 2.0

log = logging.getLogger("ray.serve")


class BootReport:
    """A `host_process.Listener`. Redis may be away: an engine boots and works without anybody being told.

    `busy`: whether the engine has work now; asked every BEAT_SECONDS for the time it stood idle.
    """

    def __init__(self, boots: Boots, wishes: Wishes, spec: ModelSpec, replica: str, busy: Callable[[], bool]) -> None:
        self._boots, self._wishes, self._spec, self._replica, self._busy = boots, wishes, spec, replica, busy
        self._waker, self._asked = "", time.time()
        self._failures, self._reason = 0, ""
        self._boot: Boot | None = None
        self._untold: list[Boot] = []
        self._news, self._telling = asyncio.Event(), asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Finds out who wanted this replica, and begins to tell."""
        self._waker, self._asked = self._waker_without_wish(), time.time()
        with contextlib.suppress(StoreUnavailable):
            wish = (await self._wishes.all()).get(self._spec.id)
            if wish is not None:
                self._waker, self._asked = wish.waker, wish.since
        self._task = asyncio.create_task(self._tell_for_ever())

    def _waker_without_wish(self) -> str:
        if self._spec.warm:
            return ALWAYS
        return WARM_WINDOW if self._spec.warm_policy == "window" else LOAD

    def began(self, how: str) -> None:
        boot_id = f"{time.time_ns():020d}-{secrets.token_hex(2)}"
        self._boot = Boot(boot_id, self._spec.id, self._replica, self._waker, self._asked, how, {Phase.ALLOCATING: self._asked})
        self._boot.failures, self._boot.reason = self._failures, self._reason
        self._news.set()

    def phase(self, phase: Phase, done: int, total: int) -> None:
        if self._boot is not None:
            self._boot.phases.setdefault(phase, time.time())
            self._boot.done, self._boot.total = done, total
            self._news.set()

    def ready(self) -> None:
        if self._boot is not None:
            self._boot.ready = time.time()
            self._failures, self._boot.failures, self._reason, self._boot.reason = 0, 0, "", ""
            self._keep(self._boot)

    def failed(self, reason: str, retry_after: float) -> None:
        if self._boot is not None:
            self._failures, self._reason = self._failures + 1, reason
            self._boot.failures, self._boot.reason = self._failures, reason
            self._boot.ended = time.time()
            self._boot.next_try = self._asked = self._boot.ended + retry_after
            self._keep(self._boot)

    def lost(self, reason: str) -> None:
        if self._boot is not None:
            self._boot.ended, self._boot.reason = time.time(), reason
            self._untold.append(self._boot)
        self._waker, self._asked = RESTART, time.time()

    def _keep(self, boot: Boot) -> None:
        self._untold.append(boot)
        self._news.set()

    async def flush(self) -> None:
        """Tells what is new now, so that who hears of this replica next finds it in Redis."""
        self._news.clear()
        try:
            async with self._telling:
                await self._tell()
        except StoreUnavailable as error:
            log.debug("model %s: its boot is told to nobody: %s", self._spec.id, error)

    async def _tell(self) -> None:
        while self._untold:
            boot = self._untold[0]
            await self._boots.keep(boot)
            if boot.ready is not None:
                await self._wishes.end(self._spec.id)
            self._untold.pop(0)
        if self._boot is not None:
            await self._boots.tell(self._boot)

    async def _tell_for_ever(self) -> None:
        while True:
            await self.flush()
            began = time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), BEAT_SECONDS)
            if self._boot is not None and self._boot.ready is not None and not self._busy():
                self._boot.idle += time.monotonic() - began

    async def close(self) -> None:
        """The replica ends: the last words on its engine."""
        if self._task is not None:
            self._task.cancel()
        if self._boot is None:
            return
        self._boot.ended = time.time()
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._boots.keep(self._boot)
                await self._boots.forget(self._boot)
