"""Tells the ledger how requests ended: at once, or from the spool as soon as Redis is back; never not at all.

Who ends a request waits for one attempt and for the disk at most. What was told lately is remembered, because a Redis that
restarts may have lost it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from pathlib import Path

from redis.exceptions import ResponseError

from budgets.barrier import Barrier
from budgets.ending import Ending
from budgets.errors import RequestMismatch, StoreUnavailable
from budgets.flight import Row
from budgets.ledger import Ledger
from budgets.spool import Spool
from budgets.store import reaching

AT_ONCE = 16
#: Of one attempt, the wait for its turn included.
ATTEMPT_SECONDS = 1.8
#: For how long Redis may forget what it has acknowledged.
RETAINED_SECONDS = 60.0
#: Redis remembers for 48 hours what ended; told later than this, an ending could be charged twice.
OLDEST_SECONDS = 36 * 3_600.0
#: So many are told again in a second: a long outage leaves more than that behind, and what is new comes first.
REPLAYED_PER_SECOND = 1_000

log = logging.getLogger(__name__)


class Delivery:
    def __init__(self, ledger: Ledger, spool: Spool, barrier: Barrier, dead_letters: Path) -> None:
        self._ledger, self._spool, self._barrier, self._dead_letters = ledger, spool, barrier, dead_letters
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._told: OrderedDict[str, tuple[float, Ending]] = OrderedDict()
        self._rows: dict[str, Row] = {}  # of endings that the disk did not take
        self.tasks: set[asyncio.Task[None]] = set()

    def deliver(self, ending: Ending, row: Row) -> asyncio.Task[None]:
        """Never raises, and goes on when nobody waits for it. The row lives until Redis or the disk has the ending."""
        row.end(ending.charge)
        task = asyncio.create_task(self._deliver(ending, row))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def replay(self) -> None:
        """What waits in the spool, oldest first. Raises StoreUnavailable."""
        waiting = list(self._spool.pending.values())
        for first in range(0, len(waiting), AT_ONCE):
            await asyncio.gather(*(self._retell(ending) for ending in waiting[first : first + AT_ONCE]))
            await asyncio.sleep(AT_ONCE / REPLAYED_PER_SECOND if len(waiting) > AT_ONCE else 0)
        await self.flush()

    async def retell_recent(self) -> None:
        """What Redis acknowledged lately and may have lost since. Raises StoreUnavailable."""
        self._forget()
        recent = [ending for _, ending in self._told.values()]
        for first in range(0, len(recent), AT_ONCE):
            await asyncio.gather(*(self._attempt(ending) for ending in recent[first : first + AT_ONCE]))

    async def flush(self) -> None:
        """Never raises: the spool itself says when it cannot be written."""
        try:
            await self._spool.flush()
        except OSError:
            return

    async def _deliver(self, ending: Ending, row: Row) -> None:
        try:
            if not self._barrier.reachable:
                raise StoreUnavailable("Redis is away")
            await self._attempt(ending)
        except StoreUnavailable:
            self._barrier.suspect()
            await self._keep(ending, row)
        except Exception:
            log.exception("request %s could not be ended; it is tried again", ending.request_id)
            await self._keep(ending, row)
        else:
            row.clear()

    async def _keep(self, ending: Ending, row: Row) -> None:
        try:
            await self._spool.append([ending])
        except OSError:
            self._rows[ending.request_id] = row
        else:
            row.clear()

    async def _retell(self, ending: Ending) -> None:
        """Raises StoreUnavailable; one that is refused for a reason of its own is left for later and holds up no other."""
        try:
            await self._tell_or_bury(ending)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, ResponseError):
                raise
            log.error("request %s could not be ended: %s", ending.request_id, error)
            return
        self._spool.acknowledge(ending.request_id)
        row = self._rows.pop(ending.request_id, None)
        if row is not None:
            row.clear()

    async def _tell_or_bury(self, ending: Ending) -> None:
        if time.time() - ending.at > OLDEST_SECONDS:
            self._bury(ending, "is too old to be told")
        else:
            await self._attempt(ending)

    async def _attempt(self, ending: Ending) -> None:
        """Raises StoreUnavailable."""
        async with reaching(), asyncio.timeout(ATTEMPT_SECONDS), self._turns:
            try:
                await self._tell(ending)
            except RequestMismatch:
                self._bury(ending, "differs from the request that Redis knows by this id")
        self._told.pop(ending.request_id, None)
        self._told[ending.request_id] = (time.monotonic(), ending)
        self._forget()

    async def _tell(self, ending: Ending) -> None:
        if ending.charge is None:
            await self._ledger.abandon(ending.reservation)
        else:
            await self._ledger.settle(ending.granted, ending.charge)

    def _forget(self) -> None:
        oldest = time.monotonic() - RETAINED_SECONDS
        while self._told and next(iter(self._told.values()))[0] < oldest:
            self._told.popitem(last=False)

    def _bury(self, ending: Ending, why: str) -> None:
        """Into a file for a human to look at, and into the log, which has all of it in case the disk is full."""
        log.error("request %s %s; it is added to %s: %s", ending.request_id, why, self._dead_letters, ending.to_json())
        try:
            with self._dead_letters.open("a") as file:
                file.write(ending.to_json() + "\n")
        except OSError as error:
            log.error("%s cannot be written: %s", self._dead_letters, error)
