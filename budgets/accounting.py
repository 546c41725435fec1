"""What a gateway process holds of the ledger: every request that it admits is ended exactly once, whatever happens to it.

The order of effects of one request: its row in the flight recorder, admission, the engine, its tokens counted before they
are sent, the settlement. A kill between any two of them is made good by whoever sweeps the folder next.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis, RedisCluster

from budgets import heartbeat
from budgets.awake_timeout import AwakeTimeout
from budgets.barrier import Barrier
from budgets.cancellation import cancelled, heeded
from budgets.connections import beside
from budgets.delivery import Delivery
from budgets.ending import Ending
from budgets.errors import BudgetError, StoreUnavailable, WaitedTooLong
from budgets.flight import FlightRecorder, Row
from budgets.hold import Hold
from budgets.ledger import Ledger
from budgets.line import Line
from budgets.reaper import Reaper
from budgets.requests import Charge, Granted, Limits, Queued, Reservation, Timers
from budgets.spool import Spool
from budgets.store import reaching
from budgets.sweep import sweep

#: Calls to Redis at the same time: of new requests, which share round trips (but in a Cluster, where each needs a connection), of
#: those that wait, and of everything else.
FIRST_AT_ONCE, FIRST_ALONE, AGAIN_AT_ONCE = 256, 24, 8
OTHERS_AT_ONCE = 40
#: Of one question, the wait for its turn included; a refusal is due within two.
ADMIT_SECONDS = 0.9
RECOVERY_SECONDS = 30.0
START_SECONDS = 10.0
CLOSE_SECONDS = 5.0
REAP_SECONDS = TEND_SECONDS = 1.0
SWEEP_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How many requests run and wait, and endings are spooled; whether it admits, and whether it reaches Redis."""

    running: int
    waiting: int
    spooled: int
    open: bool
    reachable: bool


class Accounting:
    """`folder` is this node's, shared by its gateways. `max_wait`: seconds in a key's line. `learning`: seconds after a restart
    of Redis in which other gateways hold again what they run; by default a third of the lease."""

    def __init__(
        self,
        redis: Redis,
        folder: Path,
        timers: Timers | None = None,
        limits: Limits | None = None,
        max_wait: float = 300.0,
        learning: float | None = None,
    ) -> None:
        self._given, self._timers, self._folder = redis, timers or Timers(), folder
        self._others = beside(redis, OTHERS_AT_ONCE)
        self._barrier = Barrier(self._others, self._recover, self._timers.lease / 3000 if learning is None else learning)
        self._admitting = beside(redis, FIRST_ALONE + AGAIN_AT_ONCE, self._barrier.greet)
        self._admissions, self._ledger = (Ledger(client, self._timers, limits) for client in (self._admitting, self._others))
        first = FIRST_ALONE if isinstance(redis, RedisCluster) else FIRST_AT_ONCE
        self._first, self._again = asyncio.Semaphore(first), asyncio.Semaphore(AGAIN_AT_ONCE)
        self._line = Line(self._ask_again, self._timers.waiter / 3000, max_wait)
        self._reaper = Reaper(self._others, self._ledger, self._accounts)
        self._holds: dict[str, Hold] = {}
        self._loops: list[asyncio.Task[None]] = []

    @property
    def closed(self) -> str | None:
        """Why nothing is admitted now; None where it is."""
        return self._barrier.closed or (None if self._spool.writable else "the spool cannot be written")

    @property
    def standing(self) -> Standing:
        """What it has to do at this moment."""
        return Standing(len(self._holds), self._line.length, len(self._spool.pending), self.closed is None, self._barrier.reachable)

    async def start(self) -> None:
        """Takes over what dead processes left here, and opens if Redis is there; otherwise as soon as it is. Raises OSError."""
        self._recorder = FlightRecorder(self._folder)
        self._spool = Spool(self._recorder.path.with_suffix(".spool"))
        self._delivery = Delivery(self._ledger, self._spool, self._barrier, self._folder / "dead-letters.jsonl")
        await self._sweep()
        beat = self._timers.lease / 4000
        periodic = [(beat, self._beat), (REAP_SECONDS, self._reap), (TEND_SECONDS, self._tend), (SWEEP_SECONDS, self._sweep)]
        self._loops = [asyncio.create_task(self._barrier.watch())]
        self._loops += [asyncio.create_task(_every(seconds, step)) for seconds, step in periodic]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._barrier.looked.wait(), START_SECONDS)

    async def close(self) -> None:
        """Ends what still runs at what it has made. What cannot be told within some seconds is left to the next sweep."""
        await cancelled(self._loops)
        self._barrier.closed = "this gateway is stopping"
        await self._wait_for_rows(asyncio.get_running_loop().time() + CLOSE_SECONDS)
        await cancelled(self._delivery.tasks)
        await self._delivery.flush()
        nothing_left = not self._recorder.in_use and not self._spool.pending
        self._spool.close(remove=nothing_left)
        self._recorder.close(remove=nothing_left)
        for client in {self._admitting, self._others} - {self._given}:
            await client.aclose()

    async def admit(self, wanted: Reservation) -> Hold:
        """Waits for the key's turn. The caller owns the hold from its next statement on, so this is awaited directly.

        Raises KeyRefused, BudgetExceeded, BudgetReserved, QueueFull, WaitedTooLong and StoreUnavailable; after these, and
        when it is cancelled, nothing is held.
        """
        if self.closed is not None:
            raise StoreUnavailable(self.closed)
        row = self._row(wanted)
        try:
            granted, waited = await self._granted(wanted)
        except BaseException as error:
            self._leave(wanted, row, error)
            raise
        row.granted(granted.day)
        hold = self._holds[wanted.request_id] = Hold(granted, waited, row, self._end)
        return hold

    async def check(self, wanted: Reservation) -> Granted:
        """What `admit` would grant now, places aside; nothing is held, and nothing waits. Raises as `admit`."""
        if self.closed is not None:
            raise StoreUnavailable(self.closed)
        async with self._suspecting(), AwakeTimeout(ADMIT_SECONDS), self._first:
            return await self._admissions.fits(wanted)

    def _row(self, wanted: Reservation) -> Row:
        try:
            return self._recorder.open(wanted)
        except OSError as error:
            raise StoreUnavailable(f"the flight file cannot grow: {error}") from error

    async def _granted(self, wanted: Reservation) -> tuple[Granted, float]:
        """And the seconds in line."""
        answer = await self._ask(wanted)
        if isinstance(answer, Granted):
            return answer, 0.0
        began = time.monotonic()
        return await self._line.wait(wanted, answer), time.monotonic() - began

    async def _ask(self, wanted: Reservation) -> Granted | Queued:
        """Raises StoreUnavailable within two seconds, also where Redis is frozen and many wait to ask it."""
        async with self._suspecting(), AwakeTimeout(ADMIT_SECONDS), self._first:
            return await self._admissions.admit(wanted)

    async def _ask_again(self, wanted: Reservation) -> Granted | Queued:
        """Many wait, so the wait for the turn has no bound of its own."""
        async with self._again:
            self._barrier.check()
            async with self._suspecting(), AwakeTimeout(ADMIT_SECONDS):
                return await self._admissions.admit(wanted)

    @asynccontextmanager
    async def _suspecting(self) -> AsyncIterator[None]:
        try:
            with heeded():
                async with reaching():
                    yield
        except StoreUnavailable:
            self._barrier.suspect()
            raise

    def _leave(self, wanted: Reservation, row: Row, error: BaseException) -> None:
        """What the ledger itself refused holds nothing and waits nowhere; of everything else nobody knows."""
        if isinstance(error, BudgetError) and not isinstance(error, StoreUnavailable | WaitedTooLong):
            row.clear()
        else:
            self._delivery.deliver(Ending(wanted, "", None, time.time()), row)

    def _end(self, hold: Hold, charge: Charge | None) -> asyncio.Task[None]:
        wanted = hold.granted.reservation
        self._holds.pop(wanted.request_id, None)
        task = self._delivery.deliver(Ending(wanted, hold.granted.day, charge, time.time()), hold.row)
        task.add_done_callback(lambda _: self._line.wake(wanted.key_id))
        return task

    def _accounts(self) -> set[str]:
        return {hold.granted.reservation.account_id for hold in self._holds.values()}

    async def _recover(self) -> None:
        """Of a restarted Redis. Raises StoreUnavailable."""
        await heartbeat.beat(self._ledger, self._holds.values())
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                await self._delivery.retell_recent()
                await self._delivery.replay()
        except TimeoutError:
            log.error("%d endings are still to be told to Redis; they go on beside new requests", len(self._spool.pending))

    async def _beat(self) -> None:
        self._recorder.beat()
        if self._barrier.reachable:
            await heartbeat.beat(self._ledger, self._holds.values())

    async def _reap(self) -> None:
        if self._barrier.closed is None:
            await self._reaper.step()

    async def _tend(self) -> None:
        if self._barrier.closed is None and self._spool.pending:
            await self._delivery.replay()
        else:
            await self._delivery.flush()

    async def _sweep(self) -> None:
        with suppress(OSError):  # the spool says so itself; what is left stays for the next time
            await sweep(self._folder, self._spool)

    async def _wait_for_rows(self, deadline: float) -> None:
        while self._recorder.in_use and asyncio.get_running_loop().time() < deadline:
            self._line.wake_all()
            for hold in list(self._holds.values()):
                hold.end(hold.so_far)
            await asyncio.sleep(0.01)


async def _every(seconds: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await step()
        except StoreUnavailable as error:
            log.debug("left out: %s", error)
        except Exception:
            log.exception("a task of the accounting failed; it goes on")
        await asyncio.sleep(seconds * random.uniform(0.8, 1.0))
